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
        let mut out = Vec::new();
        let events: Vec<String> = self.book.active().map(|(id, _)| id.to_owned()).collect();
        for id in events {
            // A refusal here means that the stamp broke a rule which it kept when it was proposed; the draft stays, and is shown.
            if let Ok(message) = self.pass(&id, now_us) {
                out.extend(message);
            }
        }
        out
    }

    fn pass(&mut self, id: &str, now_us: i64) -> Result<Option<Published>, Refusal> {
        let Some(event) = self.event(id).cloned() else {
            return Ok(None);
        };
        if let Some(waiting) = &event.waiting
            && let Some(draft) = self.book.drafts.get(waiting)
            && draft.standing == Standing::Waiting
            && draft.due_us <= now_us
        {
            return match draft.gate.at_deadline {
                FailSafe::Issue => self.issue(waiting, "deadline", now_us).map(published),
                FailSafe::Hold => {
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
        if event.in_force.is_some() && event.waiting.is_some() && event.unsaid && now_us >= renew_us
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
            reason: "still in force, while what follows waits for approval".to_owned(),
            ..draft.proposal
        };
        let message = envelope::stamp::<M>(&proposal, &self.naming, &event.chain, now_us)
            .map_err(Refusal::Invalid)?;
        self.issued(&id, "renewal", &Author::System, weight, message, now_us)
    }
}
