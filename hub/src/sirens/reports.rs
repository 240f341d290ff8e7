//! What edges have told about their sirens. From outside: bounded, and only from edges that are expected.

use std::collections::{BTreeMap, BTreeSet};

use edge::siren::report::{Ack, AloneReport, MAX_ACKS, MAX_BYTES, Report, SirenReport};
use wire::command::CommandId;
use wire::document;

use super::settings::SirenZone;

/// Most sirens, conditions and soundings of its own that a report may list.
const MAX_LISTED: usize = 64;

/// Longest text of a report that is kept, characters.
const MAX_TEXT: usize = 200;

/// A report and when it came.
#[derive(Debug, Clone)]
pub struct Heard {
    /// What was told.
    pub report: Report,
    /// The hub's time, microseconds since the Unix epoch.
    pub at_us: i64,
}

/// The reports of all edges that have sirens.
#[derive(Debug, Default)]
pub struct Reports {
    expected: BTreeSet<String>,
    heard: BTreeMap<String, Heard>,
}

impl Reports {
    /// Of the edges of these zones.
    pub fn new(zones: &[SirenZone]) -> Self {
        let edges = zones.iter().flat_map(SirenZone::edges);
        Self {
            expected: edges.map(str::to_owned).collect(),
            heard: BTreeMap::new(),
        }
    }

    /// Takes a report; returns when its sirens sounded by themselves, as far as that is new.
    ///
    /// # Errors
    /// The counted name of why it is refused.
    pub fn take(
        &mut self,
        edge: &str,
        payload: &[u8],
        now_us: i64,
    ) -> Result<Vec<AloneReport>, &'static str> {
        if !self.expected.contains(edge) {
            return Err("unknown_edge");
        }
        if payload.len() > MAX_BYTES {
            return Err("too_large");
        }
        // A bent one could tell of a siren that sounds and does not.
        document::is_whole(payload).map_err(|_| "checksum")?;
        let mut report: Report = serde_json::from_slice(payload).map_err(|_| "syntax")?;
        if report.edge != edge {
            return Err("edge_mismatch");
        }
        if report.sirens.len() > MAX_LISTED
            || report.acks.len() > MAX_ACKS
            || report.conditions.len() > MAX_LISTED
            || report.alone.len() > MAX_LISTED
        {
            return Err("too_many");
        }
        let reasons = report.sirens.iter_mut().filter_map(|s| s.reason.as_mut());
        for text in reasons.chain(report.acks.iter_mut().filter_map(|a| a.reason.as_mut())) {
            *text = cut(text);
        }
        for alone in &mut report.alone {
            alone.because = cut(&alone.because);
            alone.time = cut(&alone.time);
        }
        report.conditions = report.conditions.iter().map(|text| cut(text)).collect();
        let before = self
            .heard
            .get(edge)
            .map(|heard| heard.report.alone.clone())
            .unwrap_or_default();
        // A last will lists nothing; what was known before is known still.
        if report.gone {
            report.alone.clone_from(&before);
        }
        let news = report
            .alone
            .iter()
            .filter(|own| !before.contains(own))
            .cloned()
            .collect();
        self.heard.insert(
            edge.to_owned(),
            Heard {
                report,
                at_us: now_us,
            },
        );
        Ok(news)
    }

    /// The connection to the broker is gone: nobody is heard.
    pub fn lose_all(&mut self) {
        for heard in self.heard.values_mut() {
            heard.report.gone = true;
        }
    }

    /// What an edge told last, unless it has vanished since.
    pub fn of(&self, edge: &str) -> Option<&Heard> {
        self.heard.get(edge).filter(|heard| !heard.report.gone)
    }

    /// The word that an edge gave last; 0 for none.
    pub fn word(&self, edge: &str) -> u64 {
        self.of(edge)
            .and_then(|heard| u64::from_str_radix(&heard.report.word, 16).ok())
            .unwrap_or(0)
    }

    /// One siren.
    pub fn siren(&self, edge: &str, siren: &str) -> Option<&SirenReport> {
        self.of(edge)?
            .report
            .sirens
            .iter()
            .find(|known| known.id == siren)
    }

    /// What became of an order at a siren.
    pub fn ack(&self, edge: &str, siren: &str, order: CommandId) -> Option<&Ack> {
        let id = order.to_string();
        self.of(edge)?
            .report
            .acks
            .iter()
            .find(|ack| ack.command.as_ref() == Some(&id) && ack.siren.as_deref() == Some(siren))
    }

    /// The reason for which an edge refused an order as a whole, newest first.
    pub fn refusal(&self, edge: &str, order: CommandId) -> Option<&str> {
        let id = order.to_string();
        let acks = &self.of(edge)?.report.acks;
        let whole = acks
            .iter()
            .rev()
            .find(|ack| ack.command.as_ref() == Some(&id) && ack.siren.is_none());
        whole?.reason.as_deref()
    }
}

fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_TEXT)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::settings::SirenName;
    use super::*;

    fn reports() -> Reports {
        Reports::new(&[SirenZone {
            id: "bay".to_owned(),
            zones: Vec::new(),
            areas: Vec::new(),
            sirens: vec![SirenName::try_from("e/pier".to_owned()).unwrap()],
            places: Default::default(),
            advisory: None,
            warning: None,
            major: None,
        }])
    }

    #[test]
    fn strangers_nonsense_and_too_much_are_refused_by_name() {
        let mut reports = reports();
        let many: Vec<_> = (0..MAX_LISTED + 1)
            .map(|_| serde_json::json!({ "id": "x" }))
            .collect();
        let bent = String::from_utf8(edge::siren::report::will("e")).unwrap();
        let bent = bent.replace("true", "false");
        for (edge, payload, reason) in [
            ("other", r#"{"edge":"other"}"#.to_owned(), "unknown_edge"),
            ("e", "{".to_owned(), "syntax"),
            ("e", r#"{"edge":"e","acks":7}"#.to_owned(), "syntax"),
            ("e", r#"{"edge":"f"}"#.to_owned(), "edge_mismatch"),
            ("e", bent, "checksum"),
            ("e", "x".repeat(MAX_BYTES + 1), "too_large"),
            (
                "e",
                serde_json::json!({ "edge": "e", "sirens": many }).to_string(),
                "too_many",
            ),
        ] {
            assert_eq!(reports.take(edge, payload.as_bytes(), 0), Err(reason));
        }
        assert!(reports.of("e").is_none());
    }

    #[test]
    fn an_edge_that_vanished_is_heard_no_more() {
        let mut reports = reports();
        let told = r#"{"edge":"e","word":"00000000000000ff","sirens":[{"id":"pier","state":"idle"}],"alone":[{"time":"t","because":"two waves"}]}"#;
        assert_eq!(
            reports.take("e", told.as_bytes(), 5).map(|news| news.len()),
            Ok(1)
        );
        assert_eq!(
            reports.take("e", told.as_bytes(), 6).map(|news| news.len()),
            Ok(0)
        );
        assert_eq!(
            (reports.word("e"), reports.siren("e", "pier").is_some()),
            (255, true)
        );
        assert_eq!(
            reports.take("e", br#"{"edge":"e","gone":true}"#, 7),
            Ok(Vec::new())
        );
        assert_eq!((reports.word("e"), reports.siren("e", "pier")), (0, None));
        assert_eq!(
            reports.take("e", told.as_bytes(), 8),
            Ok(Vec::new()),
            "told before"
        );
        reports.lose_all();
        assert!(reports.of("e").is_none());
    }
}
