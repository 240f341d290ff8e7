//! Rows that come late show that a wave was none: what was said is taken back, and nobody is told that it is safe.

use std::sync::Arc;

use hub::config::Config;
use hub::core::{Core, Output};
use wire::batch::{Batch, Header, Reading, Station};
use wire::quantity::Quantity;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// 2010-02-27T06:34:11Z.
const ORIGIN: i64 = 1_267_252_451_000_000;
/// In which only some rows come at first: the wave is due within it.
const DOUBTFUL: std::ops::Range<i64> = 190 * MINUTE..240 * MINUTE;

struct Rig {
    core: Core,
    seq: u64,
    outputs: Vec<(i64, Output)>,
}

impl Rig {
    fn new() -> Self {
        let text = include_str!("../../configs/chile/hub.toml");
        let mut config = Config::parse("configs/chile/hub.toml", text).expect("sound");
        config.forecast.as_mut().expect("a grid").model = false;
        let ocean = hub::service::ocean(&config).expect("a grid");
        Self {
            core: Core::new(Arc::new(config), ocean),
            seq: 0,
            outputs: Vec::new(),
        }
    }

    fn quake(&mut self) {
        let document = format!(
            r#"{{"type":"Feature","id":"us1","properties":{{"mag":8.8,"place":"off X","time":{}}},"geometry":{{"type":"Point","coordinates":[-72.898,-36.122,22.9]}}}}"#,
            ORIGIN / 1_000
        );
        let outputs = self.core.quake(document.as_bytes(), ORIGIN + 5 * MINUTE);
        self.outputs
            .extend(outputs.into_iter().map(|o| (5 * MINUTE, o)));
        self.take(5 * MINUTE, &[]);
    }

    /// Rows (time after the origin, height) that arrive at a time after it.
    fn take(&mut self, at_us: i64, rows: &[(i64, f64)]) {
        let now = ORIGIN + at_us;
        let readings: Vec<Reading> = rows
            .iter()
            .map(|(time_us, value)| {
                self.seq += 1;
                Reading {
                    station: 0,
                    time_us: ORIGIN + time_us,
                    quantity: Quantity::SeaLevel,
                    value: *value,
                    quality: 0,
                    seq: self.seq,
                }
            })
            .collect();
        if !readings.is_empty() {
            let header = Header {
                edge: "e",
                outbox: 1,
                offset: self.seq,
                sent_us: now,
                backlog: false,
            };
            let station = Station {
                id: "32412",
                node: 1,
                boot: 1,
            };
            let mut out = vec![0; 65_536];
            let n = wire::batch::encode(&header, &[station], &readings, &mut out).expect("fits");
            self.core
                .batch(&Batch::parse(&out[..n]).expect("valid"), now);
        }
        let outputs = self.core.finish(now);
        self.outputs.extend(outputs.into_iter().map(|o| (at_us, o)));
    }

    fn said(&self, wanted: &str) -> Vec<&str> {
        let mut lines = Vec::new();
        for (_, output) in &self.outputs {
            if let Output::Say { kind, text, .. } = output
                && kind == wanted
            {
                lines.push(text.as_str());
            }
        }
        lines
    }

    /// Minute, type and reason of each message.
    fn messages(&self) -> Vec<(i64, &str, &str)> {
        let message = |(at, o): &'_ (i64, Output)| match o {
            Output::Publish(_) => Some(*at / MINUTE),
            _ => None,
        };
        let minutes = self.outputs.iter().filter_map(message);
        let words = self.outputs.iter().filter_map(|(_, o)| match o {
            Output::Publish(m) => Some((m.msg_type.as_str(), m.reason.as_str())),
            _ => None,
        });
        minutes.zip(words).map(|(at, (t, r))| (at, t, r)).collect()
    }
}

/// Every 5 s: a calm sea on which the sensor swings by 0.3 m with a period of 40 s while it is doubtful.
fn rows() -> Vec<(i64, f64)> {
    (-5 * HOUR / (5 * SECOND)..9 * HOUR / (5 * SECOND))
        .map(|k| {
            let t = k * 5 * SECOND;
            let calm = 0.001 * (k % 3) as f64;
            let swings = DOUBTFUL.contains(&t);
            let phase = (t % (40 * SECOND)) as f64 / (40 * SECOND) as f64;
            let swing = if swings {
                0.3 * (std::f64::consts::TAU * phase).sin()
            } else {
                0.0
            };
            (t, calm + swing)
        })
        .collect()
}

/// Of each minute the row that a wave of 25 minutes would have left behind; none of its other rows.
fn misleading(rows: &[(i64, f64)]) -> Vec<(i64, f64)> {
    let mut picked = Vec::new();
    for minute in rows.chunk_by(|a, b| a.0.div_euclid(MINUTE) == b.0.div_euclid(MINUTE)) {
        let at = (minute[0].0 - DOUBTFUL.start) as f64 / (25 * MINUTE) as f64;
        let wave = if DOUBTFUL.contains(&minute[0].0) {
            0.25 * (std::f64::consts::TAU * at).sin()
        } else {
            0.0
        };
        let off = |r: &&(i64, f64)| ((r.1 - wave).abs() * 1e9) as i64;
        picked.extend(minute.iter().min_by_key(off));
    }
    picked
}

#[test]
fn a_confirmation_that_never_was_is_taken_back_and_nobody_is_told_that_it_is_safe() {
    let rows = rows();
    let mut rig = Rig::new();
    let first = misleading(&rows);
    let until = |to_us: i64| first.iter().filter(move |r| r.0 < to_us);
    for row in until(5 * MINUTE) {
        rig.take(row.0, &[*row]);
    }
    rig.quake();
    for row in until(240 * MINUTE).filter(|r| r.0 >= 5 * MINUTE) {
        rig.take(row.0, &[*row]);
    }
    let before = rig.messages().len();
    assert!(
        rig.messages()
            .iter()
            .any(|m| m.2 == "the tsunami is confirmed"),
        "{:?}",
        rig.messages()
    );
    assert!(rig.core.events()[0].is_confirmed());
    let told = rig.core.events()[0].outlook.level();
    // Now the rest of what was measured comes.
    let rest: Vec<(i64, f64)> = rows
        .iter()
        .filter(|r| DOUBTFUL.contains(&r.0) && !first.contains(r))
        .copied()
        .collect();
    for part in rest.chunks(200) {
        rig.take(240 * MINUTE, part);
    }
    let event = &rig.core.events()[0];
    println!("{:?}\n{:?}", rig.said("taken_back"), rig.said("corrected"));
    assert!(!event.is_confirmed() && event.observed.is_empty() && !event.is_over());
    let taken_back = rig.said("taken_back");
    assert!(
        taken_back
            .last()
            .expect("a line")
            .contains("nothing else confirms the tsunami"),
        "{taken_back:?}"
    );
    assert_eq!(rig.messages().len(), before, "nothing is published at once");
    // From here on all rows come as they are measured.
    for part in rows
        .iter()
        .filter(|r| r.0 >= 240 * MINUTE)
        .collect::<Vec<_>>()
        .chunks(12)
    {
        let part: Vec<(i64, f64)> = part.iter().map(|r| **r).collect();
        rig.take(part.last().expect("rows").0, &part);
    }
    let messages = rig.messages();
    println!("{told:?} {messages:?}");
    let (_, kind, _) = messages
        .iter()
        .find(|m| m.2 == "what had confirmed the tsunami is taken back")
        .expect("the public hears of it");
    assert_eq!(*kind, "Update");
    // The sensor spoke all along and saw nothing: that ends it, as it would have without the mistake.
    assert_eq!(
        messages.last().expect("an end").2,
        "no wave came where it was due"
    );
}
