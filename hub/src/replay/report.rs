//! How late or early, and how high or low, each forecast was against the record.

use record::{Event, Station};
use signal::tsunami::{Change, Detector, Settings};

use super::sink::Row;
use crate::event::against;

/// What the record itself says: read off the whole series by the detector that the hub runs, with the tide removed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recorded {
    /// When the wave began, microseconds since the Unix epoch.
    pub onset_us: i64,
    /// Largest height, signed, metres.
    pub amplitude_m: f64,
    /// When it was reached.
    pub amplitude_us: i64,
}

/// Reads arrival and largest height off what was played of a record (`played`: first and last instant), looking from `from_us` on.
pub fn recorded(station: &Station, played: (i64, i64), from_us: i64) -> Option<Recorded> {
    let mut detector = Detector::new(Settings::default());
    let mut found: Option<Recorded> = None;
    for sample in station.series.between(played.0, played.1) {
        let Some(value) = sample.value else { continue };
        match detector.step(sample.time_us, value).change {
            Some(Change::Onset { onset_us, .. }) if onset_us >= from_us && found.is_none() => {
                found = Some(Recorded {
                    onset_us,
                    amplitude_m: 0.0,
                    amplitude_us: onset_us,
                });
            }
            Some(Change::Growth {
                amplitude_m,
                time_us,
                ..
            }) => {
                if let Some(r) = found
                    .as_mut()
                    .filter(|r| amplitude_m.abs() > r.amplitude_m.abs())
                {
                    (r.amplitude_m, r.amplitude_us) = (amplitude_m, time_us);
                }
            }
            _ => {}
        }
    }
    found
}

/// One line per station: the first forecast and the last against the record.
pub fn lines(event: &Event, rows: &[Row]) -> Vec<String> {
    let mut out = Vec::new();
    let origin_us = event.origin_us;
    for station in &event.stations {
        let of = |r: &&Row| r.kind == "station" && r.id == station.id;
        let (Some(first), Some(last)) = (rows.iter().find(of), rows.iter().rfind(of)) else {
            out.push(format!("{}: no forecast was made for it", station.name));
            continue;
        };
        // A tsunami cannot come before it is due; what moves the sensor earlier is shaking.
        let travel = first.arrival_us - origin_us;
        let Some(r) = recorded(
            station,
            (event.start_us, event.end_us),
            origin_us + travel / 10 * 9 - 5 * 60_000_000,
        ) else {
            out.push(format!(
                "{}: forecast {} {}, nothing seen in the record",
                station.name,
                after(first.arrival_us, origin_us),
                heights(first)
            ));
            continue;
        };
        let late_min = (r.onset_us - first.arrival_us) as f64 / 60e6;
        out.push(format!(
            "{}: arrival forecast {}, recorded {} ({}); height forecast {}{}, recorded {:.2} m",
            station.name,
            after(first.arrival_us, origin_us),
            after(r.onset_us, origin_us),
            against(late_min),
            heights(first),
            if last == first {
                String::new()
            } else {
                format!(", after the records {}", heights(last))
            },
            r.amplitude_m.abs()
        ));
    }
    out
}

fn heights(row: &Row) -> String {
    let [low, middle, high] = row.heights_m;
    format!("{middle:.2} m ({low:.2} to {high:.2})")
}

/// `T+03:05`, or `T-01:10` before the earthquake.
pub fn after(us: i64, origin_us: i64) -> String {
    let minutes = (us - origin_us).div_euclid(60_000_000);
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("T{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}
