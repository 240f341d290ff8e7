//! Which command goes to which edge now: at once, again while there is no answer, and again when an edge comes back.
//!
//! Pure: time is told. A command that is sent again is signed anew, with a later expiry, a higher counter and the edge's latest word.

use std::collections::BTreeMap;
use std::time::Duration;

use wire::command::CommandId;

use super::book::Book;
use super::reports::Reports;
use super::settings::SirenZone;

/// First pause before an unanswered command is sent again; doubles up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_secs(2);

/// Longest pause.
const LONGEST: Duration = Duration::from_secs(60);

/// Least time between two commands for one order to one edge, whatever it says: a babbling edge must not make the hub babble.
const LEAST: Duration = Duration::from_millis(500);

/// A command to be made and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The order, by its place in the book.
    pub order: usize,
    /// To whom.
    pub edge: String,
    /// The word that the edge gave last; 0 for none.
    pub word: u64,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Duration,
    word: u64,
    tries: u32,
}

/// What has been sent.
#[derive(Debug, Default)]
pub struct Round {
    sent: BTreeMap<(CommandId, String), Sent>,
}

impl Round {
    /// What is due at `now`; counts as sent.
    pub fn due(
        &mut self,
        book: &Book,
        zones: &[SirenZone],
        reports: &Reports,
        now: Duration,
    ) -> Vec<Delivery> {
        let mut due = Vec::new();
        for (at, order) in book.orders().iter().enumerate() {
            let zone = &zones[order.zone];
            for edge in zone.edges() {
                if is_answered(zone, edge, order.id, reports) {
                    continue;
                }
                let word = reports.word(edge);
                let key = (order.id, edge.to_owned());
                let sent = self.sent.get(&key).copied();
                let waited = sent.map(|sent| now.saturating_sub(sent.at));
                let is_due = match (sent, waited) {
                    (Some(sent), Some(waited)) => {
                        let pause = SHORTEST.saturating_mul(1 << sent.tries.min(8)).min(LONGEST);
                        let back = word != 0 && word != sent.word;
                        waited >= pause || (back && waited >= LEAST)
                    }
                    _ => true,
                };
                if is_due {
                    let tries =
                        sent.map_or(0, |sent| if sent.word == word { sent.tries + 1 } else { 0 });
                    self.sent.insert(
                        key,
                        Sent {
                            at: now,
                            word,
                            tries,
                        },
                    );
                    due.push(Delivery {
                        order: at,
                        edge: edge.to_owned(),
                        word,
                    });
                }
            }
        }
        let standing = |id: CommandId| book.orders().iter().any(|order| order.id == id);
        self.sent.retain(|(id, _), _| standing(*id));
        due
    }
}

/// Whether every siren that is expected at this edge has said something final about the order. One that fails is driven on by its edge.
fn is_answered(zone: &SirenZone, edge: &str, order: CommandId, reports: &Reports) -> bool {
    zone.sirens
        .iter()
        .filter(|name| name.edge == edge)
        .all(|name| {
            reports.ack(edge, &name.siren, order).is_some_and(|ack| {
                // A siren that is busy with something graver may be free later.
                !(ack.state == "refused" && ack.reason.as_deref() == Some("busy"))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::super::settings::SirenName;
    use super::*;
    use crate::alert::Level;
    use crate::view::AlertView;
    use wire::topic::Mode;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn rig() -> (Book, Vec<SirenZone>, Reports) {
        let zones = vec![SirenZone {
            id: "bay".to_owned(),
            zones: Vec::new(),
            areas: Vec::new(),
            sirens: ["e/hill", "e/pier", "f/mole"]
                .map(|name| SirenName::try_from(name.to_owned()).unwrap())
                .to_vec(),
            places: Default::default(),
            advisory: None,
            warning: Some("warning".to_owned()),
            major: None,
        }];
        let alert = AlertView {
            identifier: "w.1".to_owned(),
            file: String::new(),
            event: "e".to_owned(),
            mode: Mode::Actual,
            msg_type: "Alert".to_owned(),
            severity: String::new(),
            sent_us: 0,
            expires_us: 100,
            headline: String::new(),
            summary: String::new(),
            areas: Vec::new(),
            superseded: false,
            xml: "".into(),
        };
        let mut book = Book::default();
        book.issued("d", &alert, &zones, &[Level::Warning]);
        let reports = Reports::new(&zones);
        (book, zones, reports)
    }

    fn tell(
        reports: &mut Reports,
        edge: &str,
        word: u64,
        acks: &[(&str, &str, &str)],
        id: CommandId,
    ) {
        let acks: Vec<_> = acks
            .iter()
            .map(|(siren, state, reason)| serde_json::json!({ "command": id.to_string(), "siren": siren, "state": state, "reason": reason }))
            .collect();
        let report =
            serde_json::json!({ "edge": edge, "word": format!("{word:016x}"), "acks": acks });
        reports
            .take(edge, report.to_string().as_bytes(), 0)
            .unwrap();
    }

    #[test]
    fn is_sent_at_once_then_less_and_less_often_until_all_sirens_have_answered() {
        let (book, zones, mut reports) = rig();
        let id = book.orders()[0].id;
        let mut round = Round::default();
        let mut edges = |reports: &Reports, now| {
            let due = round.due(&book, &zones, reports, now);
            due.into_iter()
                .map(|d| format!("{} {}", d.edge, d.word))
                .collect::<Vec<_>>()
        };
        assert_eq!(edges(&reports, ms(0)), ["e 0", "f 0"]);
        assert!(edges(&reports, ms(1_999)).is_empty());
        assert_eq!(edges(&reports, ms(2_000)), ["e 0", "f 0"]);
        assert!(edges(&reports, ms(5_999)).is_empty());
        // It comes back with a word: at once, but never at its own pace.
        tell(&mut reports, "e", 7, &[], id);
        assert_eq!(edges(&reports, ms(3_000)), ["e 7"]);
        tell(&mut reports, "e", 8, &[], id);
        assert!(edges(&reports, ms(3_100)).is_empty());
        assert_eq!(edges(&reports, ms(3_500)), ["e 8"]);
        tell(&mut reports, "e", 8, &[("hill", "sounding", "")], id);
        assert_eq!(
            edges(&reports, ms(5_500)),
            ["e 8"],
            "the pier has not answered"
        );
        tell(
            &mut reports,
            "e",
            8,
            &[("hill", "done", ""), ("pier", "refused", "busy")],
            id,
        );
        assert_eq!(edges(&reports, ms(60_000)), ["e 8", "f 0"]);
        tell(
            &mut reports,
            "e",
            8,
            &[("hill", "done", ""), ("pier", "failed", "no line")],
            id,
        );
        assert_eq!(edges(&reports, ms(600_000)), ["f 0"]);
        reports.lose_all();
        tell(&mut reports, "e", 9, &[], id);
        assert_eq!(
            edges(&reports, ms(600_500)),
            ["e 9"],
            "an edge that forgot is told again"
        );
    }
}
