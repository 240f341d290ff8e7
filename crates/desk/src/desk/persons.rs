//! What persons do to a draft.

use super::{Desk, Outcome, Refusal, draft_id, published};
use crate::draft::{Agreed, Author, Draft, Proposal, Standing};
use crate::envelope;
use crate::gate::Gate;
use crate::mode::Mode;
use crate::published::Published;
use crate::record::{Act, Hash};

/// Longest reason that a person may give, characters.
const MOST_WHY: usize = 500;

impl<M: Mode> Desk<M> {
    /// A person agrees to a draft. Goes out when enough have. `read` is the [`DraftView::digest`](crate::DraftView::digest) of what the
    /// person has read; a machine that only knows the id, which stands for the words too, may leave it out.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has happened then.
    pub fn approve(
        &mut self,
        id: &str,
        read: Option<Hash>,
        by: &str,
        now_us: i64,
    ) -> Result<Option<Published>, Refusal> {
        let draft = self.open_draft(id)?;
        let digest = draft.digest;
        if read.is_some_and(|read| read != digest) {
            return Err(Refusal::OtherWords(id.to_owned()));
        }
        if draft.has(by) {
            return Err(Refusal::Twice(by.to_owned()));
        }
        let mut agreed = draft.clone();
        agreed.agreed.push(Agreed {
            by: by.to_owned(),
            at_us: now_us,
        });
        if agreed.has_passed() {
            // What cannot be issued is not noted as agreed to.
            let chain = self.chain(&agreed.proposal.event);
            envelope::stamp::<M>(&agreed.proposal(), &self.naming, &chain, now_us)
                .map_err(Refusal::Invalid)?;
        }
        let act = Act::Approved {
            draft: id.to_owned(),
            digest: Some(digest),
            carried: false,
        };
        self.write(now_us, &Author::Person(by.to_owned()), act)?;
        if self.book.drafts.get(id).is_some_and(Draft::has_passed) {
            return self.issue(id, "approved", now_us).map(published);
        }
        Ok(None)
    }

    /// A person says no. The event is not proposed again until it is worse.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has happened then.
    pub fn refuse(&mut self, id: &str, by: &str, why: &str, now_us: i64) -> Result<(), Refusal> {
        self.open_draft(id)?;
        let act = Act::Refused {
            draft: id.to_owned(),
            why: cut(why),
        };
        self.write(now_us, &Author::Person(by.to_owned()), act)
    }

    /// The author takes a draft back.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has happened then.
    pub fn withdraw(&mut self, id: &str, by: &str, now_us: i64) -> Result<(), Refusal> {
        let draft = self.open_draft(id)?;
        let by = Author::Person(by.to_owned());
        if draft.author != by {
            return Err(Refusal::NotAuthor(draft.author.name().to_owned()));
        }
        let act = Act::Withdrawn {
            draft: id.to_owned(),
        };
        self.write(now_us, &by, act)
    }

    /// Calls back what is in force of an event, in one step: the deployment has approved beforehand that one person may. `proposal`
    /// is its text; the event is not issued again until it is worse than what was called back.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has happened then.
    pub fn correct(
        &mut self,
        proposal: Proposal,
        by: &str,
        now_us: i64,
    ) -> Result<Published, Refusal> {
        let event = proposal.event.clone();
        let state = self.event(&event).cloned().unwrap_or_default();
        let Some(weight) = state.in_force.clone() else {
            return Err(Refusal::NotInForce(event));
        };
        if !proposal.ending {
            return Err(Refusal::Invalid("a correction calls back".to_owned()));
        }
        envelope::stamp::<M>(&proposal, &self.naming, &state.chain, now_us)
            .map_err(Refusal::Invalid)?;
        let id = draft_id(&proposal);
        let author = Author::Person(by.to_owned());
        let act = Act::Proposed {
            draft: id.clone(),
            proposal,
            weight,
            gate: Gate::OPEN,
            due_us: now_us,
        };
        self.write(now_us, &author, act)?;
        if let Some(old) = state.waiting {
            let act = Act::Superseded {
                draft: old,
                by: id.clone(),
            };
            self.write(now_us, &Author::System, act)?;
        }
        match self.issue_by(&id, "correction", &author, now_us)? {
            Outcome::Issued(message) => Ok(*message),
            _ => Err(Refusal::NoDraft(id)),
        }
    }

    fn open_draft(&self, id: &str) -> Result<&Draft, Refusal> {
        let draft = self
            .book
            .drafts
            .get(id)
            .ok_or_else(|| Refusal::NoDraft(cut(id)))?;
        if draft.standing.is_open() {
            return Ok(draft);
        }
        Err(Refusal::Closed {
            draft: id.to_owned(),
            standing: format!("{:?}", draft.standing).to_lowercase(),
            hint: match draft.standing {
                Standing::Superseded => "a newer draft of the same event waits",
                Standing::Issued => "correct it if it is wrong",
                _ => "nothing is to be decided",
            },
        })
    }
}

fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MOST_WHY)
        .collect()
}
