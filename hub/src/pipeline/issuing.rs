//! Messages on their way out: through the gate, and then to everybody at once.

use std::time::Instant;

use desk::Outcome;

use super::{DEADLINES_EVERY, Pipeline, State, reason};
use crate::alert::Published;
use crate::gate::{Answer, Request};
use crate::mqtt::Outbound;
use crate::view::{AlertView, TimelineEntry};

impl Pipeline {
    /// Hands a message of the core's to the gate, and carries out what comes back.
    pub(super) fn propose(&mut self, message: &Published, began: Instant, now_us: i64) {
        match self.gate.propose(message, now_us) {
            Ok(Outcome::Issued(issued)) => self.issue(&issued, Some(began), now_us),
            Ok(Outcome::Known) => {
                // An earlier run proposed it, with what it then knew: that stands.
                tracing::warn!(
                    identifier = message.identifier,
                    "computed again, and proposed before: not published twice"
                );
                self.board.count("alerts_known_before", "", 1);
                if let Some(sent_us) = self.gate.sent_us(&message.identifier) {
                    self.core.told(&message.identifier, sent_us);
                }
            }
            Ok(Outcome::Waiting(draft)) => self.gated(message, &draft, "waiting"),
            Ok(Outcome::Refused(draft)) => self.gated(message, &draft, "refused"),
            Ok(Outcome::Void(draft)) => self.gated(message, &draft, "void"),
            Err(why) => {
                tracing::error!(identifier = message.identifier, %why, "cannot be issued");
            }
        }
        self.board
            .condition("alert_log", self.gate.refusal(), now_us);
    }

    /// What does not go out now. Only officers hear of it: what the public does not get, it does not see on the page either.
    fn gated(&self, message: &Published, draft: &str, outcome: &str) {
        tracing::warn!(
            draft,
            outcome,
            event = message.event,
            "{}",
            message.headline
        );
    }

    /// Does what a person asks of the desk.
    pub(super) fn act(&mut self, request: Request, state: &mut State) {
        let now_us = self.now_us(state);
        let Request { by, action, answer } = request;
        let done = self.gate.act(&by, &action, &self.config, now_us);
        match &done {
            Ok(Answer { text, issued, .. }) => {
                tracing::info!(by, ?action, "{text}");
                if let Some(message) = issued {
                    self.issue(message, None, now_us);
                }
            }
            Err(why) => tracing::info!(by, ?action, %why, "not done"),
        }
        // Whoever asked may be gone; it is done all the same.
        let _ = answer.send(done);
    }

    /// Lets fail-safes act and renews what would lapse.
    pub(super) fn pass_deadlines(&mut self, state: &mut State) {
        state.deadlines = Instant::now();
        if self.gate.is_busy() {
            let now_us = self.now_us(state);
            self.pass_deadlines_at(now_us);
            self.board.update(|v| v.now_us = v.now_us.max(now_us));
        }
    }

    /// The hub's time without a step: what the core does with time passing is not put off by looking at the desk.
    fn now_us(&self, state: &State) -> i64 {
        state.now_us.max(self.clock.now_us())
    }

    pub(super) fn pass_deadlines_at(&mut self, now_us: i64) {
        for message in self.gate.tick(now_us, &self.clock) {
            self.issue(&message, None, now_us);
        }
        let trouble = self
            .gate
            .trouble()
            .map(|why| format!("a message cannot be issued ({why}): tell the public by other means, and report this"));
        self.board.condition("desk", trouble.as_deref(), now_us);
    }

    /// A message goes out: it is in the desk's log already.
    fn issue(&mut self, message: &Published, began: Option<Instant>, now_us: i64) {
        self.board
            .condition("alert_log", self.gate.refusal(), now_us);
        let unsealed = self.gate.unsealed().map(|why| {
            format!("messages go out without the deployment's signature ({why}): see [signature]")
        });
        self.board
            .condition("signature", unsealed.as_deref(), now_us);
        self.board.alert(AlertView::from(message));
        if let Some(assessor) = &self.assessor {
            assessor.issued();
        }
        self.send_alert(message);
        self.outlets.issued(message);
        if let Some(sirens) = &self.sirens {
            sirens.issued(message);
        }
        let kind = match message.msg_type.as_str() {
            "Alert" => "alert",
            "Update" => "update",
            _ => "cancel",
        };
        let entry = TimelineEntry {
            time_us: now_us,
            kind: kind.to_owned(),
            text: format!("{} ({})", message.headline, message.reason),
            compute_ms: began.map(|b| b.elapsed().as_secs_f64() * 1e3),
            situation: self.core.situation_of_event(&message.event),
        };
        self.board
            .count("alerts_published", &reason("type", kind), 1);
        tracing::info!(identifier = message.identifier, kind, "{}", entry.text);
        self.sink.published(message);
        self.sink.said(&entry);
        self.board.timeline(entry);
    }

    fn send_alert(&self, message: &Published) {
        if self
            .outbound
            .send(Outbound::alert(&self.config.deployment, message))
            .is_err()
        {
            tracing::error!(
                identifier = message.identifier,
                "the MQTT outlet is gone; the feeds have the message"
            );
        }
    }
}

const _: () = assert!(
    DEADLINES_EVERY.as_millis() < 1_000,
    "fail-safes act within a second"
);
