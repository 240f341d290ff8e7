//! What time does: deadlines, renewals, ends.

use super::{Desk, Refusal, published};
use crate::book::Event;
use crate::draft::{Author, Proposal, Standing};
use crate::envelope;
use crate::gate::FailSafe;
use crate::mode::Mode;
use crate::published::Published;
use crate::record::Act;

/// Renewed with a tenth of the life left, so that a poll between expiry and renewal never finds nothing.
const RENEW_AT_TENTHS: i64 = 9;
impl<M: Mode> Desk<M> {
    /// Time has passed: fail-safes act, what would lapse while its successor waits is renewed, and ends are noted.
    pub fn tick(&mut self, now_us: i64) -> Vec<Published> {
        self.tick_when(now_us, |_| true)
    }

    /// The same, where a fail-safe acts only once `may` says so of its draft too: a clock that is set forward by an hour must not pass
    /// deadlines that nobody had.
    pub fn tick_when(&mut self, now_us: i64, may: impl Fn(&str) -> bool) -> Vec<Published> {
        let mut out = Vec::new();
        let events: Vec<String> = self.book.active().map(|(id, _)| id.to_owned()).collect();
        self.trouble = None;
        for id in events {
            match self.pass(&id, now_us, &may) {
                Ok(message) => out.extend(message),
                // The stamp broke a rule which it kept when the draft was proposed.
                Err(why) => self.trouble = Some(format!("{id}: {why}")),
            }
        }
        out
    }

    fn pass(
        &mut self,
        id: &str,
        now_us: i64,
        may: &impl Fn(&str) -> bool,
    ) -> Result<Option<Published>, Refusal> {
        let Some(event) = self.event(id).cloned() else {
            return Ok(None);
        };
        if let Some(waiting) = &event.waiting
            && let Some(draft) = self.book.drafts.get(waiting)
            && draft.standing == Standing::Waiting
            && draft.due_us <= now_us
            && may(waiting)
        {
            // A hub that was off for longer than the message would have held does not tell it as news.
            let stale = now_us.saturating_sub(draft.due_us) > draft.proposal.life_us;
            return match draft.gate.at_deadline {
                FailSafe::Issue if !stale => self.issue(waiting, "deadline", now_us).map(published),
                FailSafe::Issue | FailSafe::Hold => {
                    let act = Act::Held {
                        draft: waiting.clone(),
                    };
                    self.write(now_us, &Author::System, act).map(|()| None)
                }
            };
        }
        let (Some(last), false) = (event.chain.last(), event.expired) else {
            return Ok(None);
        };
        let life_us = event.expires_us.saturating_sub(last.sent_us);
        let renew_us = last.sent_us.saturating_add(life_us / 10 * RENEW_AT_TENTHS);
        // Something newer is on the desk or was refused there: what is in force holds until it is ended.
        let goes_on =
            event.waiting.is_some() || event.end_unsaid || event.proposed_us > last.sent_us;
        if event.in_force.is_some()
            && event.issued.is_some()
            && event.unsaid
            && goes_on
            && (renew_us..event.expires_us).contains(&now_us)
        {
            return self.renew(&event, now_us).map(Some);
        }
        if event.expires_us <= now_us {
            let act = Act::Expired {
                event: id.to_owned(),
                identifier: last.identifier.clone(),
            };
            self.write(now_us, &Author::System, act)?;
        }
        Ok(None)
    }

    /// Says again what is in force, because its successor still waits for a person.
    fn renew(&mut self, event: &Event, now_us: i64) -> Result<Published, Refusal> {
        let id = event.issued.clone().unwrap_or_default();
        let Some((draft, weight)) = self
            .book
            .drafts
            .get(&id)
            .cloned()
            .zip(event.in_force.clone())
        else {
            return Err(Refusal::NoDraft(id));
        };
        let proposal = Proposal {
            reason: "still in force".to_owned(),
            ..draft.proposal()
        };
        let message = envelope::stamp::<M>(&proposal, &self.naming, &event.chain, now_us)
            .map_err(Refusal::Invalid)?;
        self.issued(&id, "renewal", &Author::System, weight, message, now_us)
    }
}
