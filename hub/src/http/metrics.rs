//! `/metrics` in the Prometheus text format, version 0.0.4.
//!
//! The board's own counters come out under their names with `watchfire_` in front, see [`metric_names`]. Added here: readiness, conditions, stations by state, messages by type, and what the HTTP
//! side itself does.
//!
//! Invariants: each metric is one group with HELP and TYPE, each series appears once, every label value is escaped. A label
//! set that is not well-formed becomes one label `text`, so that a bad one cannot spoil the whole page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wire::topic::Mode;

use super::metric_names;
use super::traffic::Traffic;
use crate::access::Access;
use crate::feed;
use crate::view::{StationState, View};

/// Media type of the format.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const STATES: [(StationState, &str); 5] = [
    (StationState::Good, "good"),
    (StationState::Late, "late"),
    (StationState::Unknown, "unknown"),
    (StationState::Fault, "fault"),
    (StationState::Finding, "finding"),
];

/// Metrics by name, each with its series by label set.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    families: BTreeMap<String, Family>,
}

#[derive(Debug)]
struct Family {
    help: String,
    series: BTreeMap<String, f64>,
}

impl Exposition {
    /// Reads everything that comes from the board. Called under the view's lock; copies numbers and labels only.
    pub(super) fn of(view: &View) -> Self {
        let mut page = Self::default();
        page.set(
            "build_info",
            "Version of the hub; always 1.",
            &[("version", env!("CARGO_PKG_VERSION"))],
            1.0,
        );
        page.set(
            "ready",
            "1 when the hub is ready, else 0.",
            &[("deployment", &view.deployment)],
            f64::from(u8::from(view.ready)),
        );
        page.set(
            "clock_seconds",
            "The hub's clock, seconds since the Unix epoch.",
            &[],
            seconds(view.now_us),
        );
        page.set(
            "conditions",
            "How many conditions degrade the hub now.",
            &[],
            view.conditions.len() as f64,
        );
        for condition in &view.conditions {
            page.set(
                "condition",
                "1 for each condition that degrades the hub now.",
                &[("code", &condition.code)],
                1.0,
            );
        }
        page.stations(view);
        page.alerts(view);
        for ((name, labels), value) in &view.counters {
            page.counter(name, labels, *value);
        }
        page
    }

    fn stations(&mut self, view: &View) {
        for (_, state) in STATES {
            self.set(
                "stations",
                "Stations by state of their data.",
                &[("state", state)],
                0.0,
            );
        }
        for station in view.stations.values() {
            for (state, name) in STATES {
                let here = station.state == state;
                if here {
                    self.add("stations", &[("state", name)], 1.0);
                }
                self.set(
                    "station_state",
                    "1 for the state that a station's data is in, 0 for the others.",
                    &[
                        ("station", &station.id),
                        ("domain", station.domain),
                        ("state", name),
                    ],
                    f64::from(u8::from(here)),
                );
            }
            if let Some(newest_us) = station.latest.values().map(|l| l.time_us).max() {
                self.set(
                    "station_last_reading_seconds",
                    "Time of a station's newest reading, seconds since the Unix epoch.",
                    &[("station", &station.id)],
                    seconds(newest_us),
                );
            }
        }
    }

    fn alerts(&mut self, view: &View) {
        for mode in Mode::ALL {
            self.set(
                "alerts_in_force",
                "Messages neither replaced nor expired.",
                &[("mode", mode.name())],
                0.0,
            );
        }
        for msg_type in ["Alert", "Update", "Cancel"] {
            self.set(
                "alerts",
                "CAP messages that the hub has published and keeps, by mode and message type.",
                &[("mode", view.mode.name()), ("msg_type", msg_type)],
                0.0,
            );
        }
        for alert in &view.alerts {
            let mode = alert.mode.name();
            self.add(
                "alerts",
                &[("mode", mode), ("msg_type", &alert.msg_type)],
                1.0,
            );
            if feed::is_in_force(alert, view.now_us) {
                self.add("alerts_in_force", &[("mode", mode)], 1.0);
            }
        }
    }

    /// A counter or gauge of the board.
    fn counter(&mut self, name: &str, labels: &str, value: u64) {
        let name = metric_names::exposed(name);
        let help = metric_names::meaning(&name);
        let labels = match parse_labels(labels) {
            Some(pairs) => pairs,
            None => vec![("text".to_owned(), labels.to_owned())],
        };
        let labels: Vec<(&str, &str)> = labels
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        self.set(&name, &help, &labels, value as f64);
    }

    /// Adds what the HTTP side counts.
    pub(super) fn traffic(&mut self, traffic: &Traffic, listeners: usize, stalled: bool) {
        self.set(
            "stalled",
            "1 when the hub's clock stands still, else 0.",
            &[],
            f64::from(u8::from(stalled)),
        );
        self.set(
            "http_listeners",
            "Listeners of the event stream now.",
            &[],
            listeners as f64,
        );
        for (class, count) in traffic.answers() {
            self.set(
                "http_responses_total",
                "HTTP responses by class of status.",
                &[("class", class)],
                count as f64,
            );
        }
        for (reason, count) in traffic.refusals() {
            self.set(
                "http_refused_total",
                "Connections and listeners refused or cut, by reason.",
                &[("reason", reason)],
                count as f64,
            );
        }
    }

    /// Adds what is counted of those who act.
    pub(super) fn access(&mut self, access: &Access) {
        for (result, count) in access.counters.logins() {
            self.set(
                "logins_total",
                "Attempts to log in, by result.",
                &[("result", result)],
                count as f64,
            );
        }
        for (reason, count) in access.counters.refusals() {
            self.set(
                "access_refused_total",
                "Requests that wanted to act or to see what is not public and were refused, by reason.",
                &[("reason", reason)],
                count as f64,
            );
        }
        self.set(
            "sessions_active",
            "Sessions of people who are logged in.",
            &[],
            access.sessions() as f64,
        );
        self.set(
            "approvers_active",
            "Accounts that may approve and are not disabled.",
            &[],
            access.approvers() as f64,
        );
    }

    /// Sets a series; the first help of a metric counts.
    fn set(&mut self, name: &str, help: &str, labels: &[(&str, &str)], value: f64) {
        let series = render_labels(labels);
        self.families
            .entry(format!("watchfire_{}", identifier(name)))
            .or_insert_with(|| Family {
                help: help.to_owned(),
                series: BTreeMap::new(),
            })
            .series
            .insert(series, value);
    }

    /// Adds to a series of a metric that has been set before.
    fn add(&mut self, name: &str, labels: &[(&str, &str)], by: f64) {
        if let Some(family) = self.families.get_mut(&format!("watchfire_{name}")) {
            *family.series.entry(render_labels(labels)).or_default() += by;
        }
    }

    /// The page.
    pub(super) fn render(&self) -> String {
        let mut page = String::new();
        for (name, family) in &self.families {
            let kind = if name.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            };
            let help = family.help.replace('\\', "\\\\").replace('\n', "\\n");
            let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (labels, value) in &family.series {
                let _ = writeln!(page, "{name}{labels} {value}");
            }
        }
        page
    }
}

/// A metric or label name: letters, digits and underscores, no digit first.
fn identifier(name: &str) -> String {
    let mut clean: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if clean.is_empty() || clean.starts_with(|c: char| c.is_ascii_digit()) {
        clean.insert(0, '_');
    }
    clean
}

fn render_labels(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let mut text = String::from("{");
    for (at, (name, value)) in labels.iter().enumerate() {
        let value = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{}=\"{value}\"", identifier(name));
    }
    text.push('}');
    text
}

/// Reads a label set as the board keeps it, `a="x",b="y"`; `None` if it is not one.
fn parse_labels(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"")?;
        if name.is_empty()
            || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            || name.starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next()? {
                (at, '"') => break at,
                (_, '\\') => match chars.next()?.1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                (_, other) => value.push(other),
            }
        };
        pairs.push((name.to_owned(), value));
        rest = &after[end + 1..];
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    Some(pairs)
}

fn seconds(time_us: i64) -> f64 {
    time_us as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Board;

    #[test]
    fn label_sets_are_read_strictly() {
        let pairs = |text| {
            parse_labels(text).map(|p| {
                p.into_iter()
                    .map(|(k, v)| format!("{k}={v}"))
                    .collect::<Vec<_>>()
                    .join(";")
            })
        };
        assert_eq!(pairs("").as_deref(), Some(""));
        assert_eq!(pairs(r#"reason="crc""#).as_deref(), Some("reason=crc"));
        assert_eq!(
            pairs(r#"a="x\"y",b="c:\\d""#).as_deref(),
            Some(r#"a=x"y;b=c:\d"#)
        );
        for bad in [
            "reason=crc",
            r#"a="x"b="y""#,
            r#"a="x"#,
            r#"="x""#,
            r#"1a="x""#,
            r#"a b="x""#,
            r#"a="x\"#,
        ] {
            assert_eq!(pairs(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_bad_label_cannot_spoil_the_page() {
        let board = Board::new("d", "D", Mode::Test);
        board.count("frames_refused_total", "reason=\"crc\"", 3);
        board.count("frames_refused_total", "evil\" 1\nwatchfire_ready 0", 1);
        board.set("watchfire_queue_depth", "", 7);
        let page = board.read(Exposition::of).render();
        assert!(
            page.contains("# TYPE watchfire_frames_refused_total counter\n"),
            "{page}"
        );
        assert!(page.contains("watchfire_frames_refused_total{reason=\"crc\"} 3\n"));
        assert!(
            page.contains(
                r#"watchfire_frames_refused_total{text="evil\" 1\nwatchfire_ready 0"} 1"#
            )
        );
        assert!(page.contains("# HELP watchfire_queue_depth Queue depth.\n# TYPE watchfire_queue_depth gauge\nwatchfire_queue_depth 7\n"));
        assert_eq!(
            page.matches("# TYPE watchfire_frames_refused_total")
                .count(),
            1
        );
        assert!(page.contains("watchfire_ready{deployment=\"d\"} 0\n"));
    }
}
