//! Lines for the officers about roads. Nothing goes to the public by itself: limits do that.

use signal::traffic::{Change, Congestion, Fault};
use wire::quantity::Quantity;

use super::{Core, Output, say};
use crate::detect::Finding;
use crate::detect::roads::News;

impl Core {
    /// Tells news of a road. What is unusual to the harmless side, and dense traffic, is not worth a line.
    pub(super) fn road(&self, finding: &Finding, news: &News, out: &mut Vec<Output>) {
        let name = &self.station_name(finding.station);
        let (kind, text) = match *news {
            News::Series { quantity, change } => match series(name, quantity, change) {
                Some(line) => line,
                None => return,
            },
            News::Impossible { active, .. } => fault_line(
                active,
                format!("{name}: speed, occupancy and flow contradict each other"),
            ),
            News::Between {
                downstream, active, ..
            } => {
                let between = format!("between {name} and {}", self.station_name(downstream));
                if active {
                    (
                        "incident",
                        format!("traffic {between}: full upstream, empty downstream"),
                    )
                } else {
                    ("incident_over", format!("traffic {between}: no longer"))
                }
            }
        };
        say(out, finding.time_us, kind, text);
    }
}

fn fault_line(active: bool, text: String) -> (&'static str, String) {
    if active {
        ("sensor_fault", text)
    } else {
        ("sensor_fault_over", format!("{text} - no longer"))
    }
}

fn series(name: &str, quantity: Quantity, change: Change) -> Option<(&'static str, String)> {
    let (what, unit) = (quantity.name().replace('_', " "), quantity.unit());
    Some(match change {
        Change::Onset {
            worse: true,
            value,
            expected,
            deviate,
            confidence,
            ..
        } => (
            "incident",
            format!(
                "traffic at {name}: {what} {value:.1} {unit}, usual now {expected:.1} ({deviate:+.1} standard deviations, confidence {:.0} %)",
                100.0 * confidence
            ),
        ),
        Change::End {
            worse: true,
            new_level,
            ..
        } => {
            let why = if new_level {
                "has lasted so long that it is the new level"
            } else {
                "usual again"
            };
            ("incident_over", format!("traffic at {name}: {what} {why}"))
        }
        Change::Congestion {
            from,
            to,
            free_flow,
            value,
        } => {
            let line = format!("{name}: {what} {value:.1} {unit}, free flow {free_flow:.1}");
            match (from, to) {
                (_, Congestion::Congested) => ("congestion", format!("congested at {line}")),
                (Congestion::Congested, _) => {
                    ("congestion_over", format!("no longer congested at {line}"))
                }
                _ => return None,
            }
        }
        Change::Fault { fault, active, .. } => {
            let how = match fault {
                Fault::Stuck => "does not change",
                Fault::OutOfRange => "is out of range",
                Fault::Impossible => "is impossible",
            };
            fault_line(active, format!("{name}: {what} {how}"))
        }
        Change::Onset { .. } | Change::End { .. } => return None,
    })
}
