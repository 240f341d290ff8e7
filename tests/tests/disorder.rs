//! Readings come twice, in the wrong order, with holes, hours late, and from clocks that are wrong. The wave is found all the same, and
//! nothing else is.
//!
//! The record of the Maule tsunami goes through the hub's core, which is the same code live and in a replay; what concerns journal and
//! acknowledgements goes to a live hub in batches made by hand. Seeds are fixed and in every message.

use std::sync::{Arc, OnceLock};

use hub::config::Config;
use hub::core::{Core, Output};
use hub::detect::Last;
use scenarios::batches::{OUTBOX, batch, reading};
use scenarios::exported::each_once;
use scenarios::mqtt::{self, Subscriber};
use scenarios::random::Random;
use scenarios::site::{At, Site, shipped, small};
use scenarios::wait::until_true;
use wire::ack::Ack;
use wire::batch::{Batch, Reading};
use wire::quality::Quality;
use wire::quantity::Quantity;

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;
const YEAR_US: i64 = 365 * 24 * HOUR_US;

const STATION: &str = "32412";

fn event() -> &'static record::Event {
    static EVENT: OnceLock<record::Event> = OnceLock::new();
    EVENT.get_or_init(|| hub::replay::load_event("chile-2010").expect("a shipped event"))
}

/// The record until the wave has been there for hours, as the node numbers it.
fn record() -> Vec<Reading> {
    let event = event();
    let end_us = event.origin_us + 6 * HOUR_US;
    let samples = event.stations[0].series.samples.iter();
    samples
        .filter(|s| (event.start_us..=end_us).contains(&s.time_us))
        .enumerate()
        .filter_map(|(seq, s)| Some(reading(seq as u64, s.time_us, Quantity::SeaLevel, s.value?)))
        .collect()
}

/// A core that is fed by hand.
struct Fed {
    core: Core,
    offset: u64,
    told: bool,
    outputs: Vec<Output>,
}

impl Fed {
    fn new() -> Self {
        let text = shipped("chile").to_string();
        let mut config = Config::parse("hub.toml", &text).expect("a shipped configuration");
        // Disorder is the same with either forecast, and the first estimate is there at once.
        config.forecast.as_mut().expect("a grid").model = false;
        let config = Arc::new(config);
        let ocean = hub::service::ocean(&config).expect("the shipped ocean");
        Self {
            core: Core::new(config, ocean),
            offset: 0,
            told: false,
            outputs: Vec::new(),
        }
    }

    /// Tells the earthquake at `now_us`.
    fn quake(&mut self, now_us: i64) {
        self.told = true;
        self.outputs
            .extend(self.core.quake(&event().quakes[0].bytes, now_us));
        self.outputs.extend(self.core.finish(now_us));
    }

    /// Takes readings that arrive together at `now_us`, after the earthquake if it is due.
    fn take(&mut self, now_us: i64, backlog: bool, readings: &[Reading]) {
        if !self.told && event().quakes[0].arrival_us <= now_us {
            self.quake(event().quakes[0].arrival_us);
        }
        let bytes = batch(STATION, self.offset, now_us, backlog, readings);
        self.offset += 1;
        self.again(now_us, &bytes);
    }

    /// Takes a batch as it is.
    fn again(&mut self, now_us: i64, bytes: &[u8]) {
        self.core
            .batch(&Batch::parse(bytes).expect("a batch"), now_us);
        self.outputs.extend(self.core.finish(now_us));
    }

    fn of_kind(&self, wanted: &str) -> Vec<(i64, &str)> {
        self.outputs
            .iter()
            .filter_map(|output| match output {
                Output::Say {
                    time_us,
                    kind,
                    text,
                    ..
                } if kind == wanted => Some((*time_us, text.as_str())),
                _ => None,
            })
            .collect()
    }

    /// Types of the messages published.
    fn published(&self) -> Vec<&str> {
        self.outputs
            .iter()
            .filter_map(|output| match output {
                Output::Publish(message) => Some(message.msg_type.as_str()),
                _ => None,
            })
            .collect()
    }

    fn counted(&self, name: &'static str, reason: &'static str) -> u64 {
        self.core
            .intake
            .counters
            .get(&(name, reason))
            .copied()
            .unwrap_or(0)
    }

    fn last(&self) -> Last {
        let station = self
            .core
            .intake
            .stations
            .find(STATION)
            .expect("a known station");
        self.core
            .detect()
            .latest(station)
            .next()
            .expect("a reading")
            .1
    }

    /// What is believed in the end, and the levels that follow from it, are those of the other.
    fn believes_what(&self, other: &Self, how: &str) {
        let [a, b] = [self, other].map(|fed| {
            let [event] = fed.core.events() else {
                panic!("{how}: {:?}", fed.core.events())
            };
            let zones = &event.outlook.zones;
            let levels: Vec<_> = zones.iter().map(|z| (z.zone, z.level)).collect();
            let heights: Vec<f64> = zones.iter().map(|z| z.median_m).collect();
            let observed: Vec<_> = event.observed.iter().map(|(s, o)| (*s, *o)).collect();
            (observed, event.is_confirmed(), levels, heights)
        });
        assert_eq!(a, b, "{how}");
        let station = self.core.intake.stations.find(STATION).expect("known");
        let told = |fed: &Self| -> Vec<_> {
            let told = fed.core.detect().told(station);
            told.into_iter().map(|t| (t.time_us, t.change)).collect()
        };
        assert_eq!(told(self), told(other), "{how}");
    }

    /// The last that the officers have heard of onset and height is what the other's have.
    fn said_so(&self, other: &Self, how: &str) {
        let station = self.core.intake.stations.find(STATION).expect("known");
        let words = hub::event::words(&other.core.events()[0].observed[&station]);
        let (since, height) = words.split_once(", ").expect("an onset and a height");
        let last = |part: &str, of: &[&str]| {
            let heard = self.outputs.iter().rev().find_map(|output| match output {
                Output::Say { kind, text, .. } if of.contains(&kind.as_str()) => Some(text),
                _ => None,
            });
            let heard = heard.unwrap_or_else(|| panic!("{how}: nothing was said of {part}"));
            let now = heard.split("; said before").next().expect("a line");
            assert!(now.contains(part), "{how}: {now:?} is not {part:?}");
        };
        last(since, &["confirmed", "corrected"]);
        last(height, &["amplitude", "corrected"]);
    }

    /// The wave is found once, at the time it came; it is told, and nothing that is not a wave is.
    fn found_the_wave(&self, how: &str) {
        let confirmed = self.of_kind("confirmed");
        assert_eq!(confirmed.len(), 1, "{how}: {confirmed:?}");
        // In order the onset is found to be at 09:41; an unlucky hole moves it by some minutes.
        let onset = confirmed[0].1.split("since ").nth(1).expect("an onset");
        let near = ["09:3", "09:4", "09:5"]
            .iter()
            .any(|t| onset.starts_with(t));
        assert!(near, "{how}: {confirmed:?}");
        assert_eq!(self.published()[..2], ["Alert", "Update"], "{how}");
        assert!(self.of_kind("unexplained").is_empty(), "{how}");
    }
}

/// Everything in order, one reading at a time, as it was measured.
fn in_order() -> Fed {
    let mut fed = Fed::new();
    for r in record() {
        fed.take(r.time_us, false, &[r]);
    }
    fed
}

#[test]
fn in_order_the_wave_is_found() {
    in_order().found_the_wave("in order");
}

#[test]
fn twice_is_once() {
    let expected = in_order();
    let mut fed = Fed::new();
    let mut random = Random::new(1);
    let mut sent: Vec<Vec<u8>> = Vec::new();
    for r in record() {
        fed.take(r.time_us, false, &[r]);
        sent.push(batch(STATION, fed.offset - 1, r.time_us, false, &[r]));
        // The same entry again, an old one, and an old reading within a batch of its own.
        fed.again(r.time_us, sent.last().expect("just sent"));
        let old = sent[random.between(0, sent.len() as u64) as usize].clone();
        fed.again(r.time_us, &old);
    }
    let count = sent.len() as u64;
    assert_eq!(fed.counted("readings_duplicate", "seq"), 2 * count);
    assert_eq!(fed.outputs, expected.outputs);
}

#[test]
fn the_wrong_order_changes_nothing_that_is_believed() {
    let expected = in_order();
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let mut fed = Fed::new();
        for block in record().chunks(16) {
            let now_us = block.last().expect("not empty").time_us;
            let mut readings = block.to_vec();
            random.shuffle(&mut readings);
            // In one batch, in two, or in as many batches as readings, which overtake each other.
            let together = [16, 8, 1][(seed % 3) as usize];
            for part in readings.chunks(together) {
                fed.take(now_us, false, part);
            }
        }
        let how = format!("seed {seed}");
        fed.believes_what(&expected, &how);
        fed.said_so(&expected, &how);
        if seed % 3 == 0 {
            // One step's order is no order: nothing has to be corrected.
            fed.found_the_wave(&how);
            assert_eq!(line(&fed), line(&expected), "{how}");
            let corrected = fed.of_kind("corrected").len() + fed.of_kind("taken_back").len();
            assert_eq!(corrected, 0, "{how}: {:?}", fed.outputs);
        }
    }
}

#[test]
fn hours_in_the_wrong_order_change_nothing_that_is_believed() {
    let expected = in_order();
    let records = record();
    for seed in 0..3 {
        let mut random = Random::new(seed);
        let mut fed = Fed::new();
        // Blocks of about an hour and a half overtake each other by up to five places, and are shuffled within.
        let mut blocks: Vec<(u64, Vec<Reading>)> = records
            .chunks(64)
            .zip(0u64..)
            .map(|(block, n)| (n + random.between(0, 6), block.to_vec()))
            .collect();
        blocks.sort_by_key(|b| b.0);
        let mut now_us = i64::MIN;
        for (_, mut block) in blocks {
            now_us = now_us.max(block.last().expect("not empty").time_us);
            random.shuffle(&mut block);
            for part in block.chunks(5) {
                fed.take(now_us, true, part);
            }
        }
        let how = format!("seed {seed}");
        fed.believes_what(&expected, &how);
        fed.said_so(&expected, &how);
    }
}

/// When the wave began, in the line that confirms it: "rising since 09:41 UTC".
fn line(fed: &Fed) -> String {
    let line = fed.of_kind("confirmed")[0].1;
    line.split(" (").next().expect("a line").to_owned()
}

#[test]
fn holes_hide_no_wave_and_make_none() {
    for seed in 0..6 {
        let mut random = Random::new(seed);
        let hole_us = event().origin_us + random.between(0, 170) as i64 * MINUTE_US;
        let mut fed = Fed::new();
        for r in record() {
            let in_hole = (hole_us..hole_us + 20 * MINUTE_US).contains(&r.time_us);
            if !in_hole && random.between(0, 5) > 0 {
                fed.take(r.time_us, false, &[r]);
            }
        }
        fed.found_the_wave(&format!("seed {seed}"));
    }
}

#[test]
fn a_wave_that_came_while_the_link_was_down_is_found_in_the_backlog() {
    let origin = event().origin_us;
    let (from, until) = (origin + 170 * MINUTE_US, origin + 300 * MINUTE_US);
    let (lost, live): (Vec<Reading>, Vec<Reading>) = record()
        .into_iter()
        .partition(|r| (from..until).contains(&r.time_us));
    let mut fed = Fed::new();
    let (before, after): (Vec<Reading>, Vec<Reading>) =
        live.into_iter().partition(|r| r.time_us < from);
    for r in before {
        fed.take(r.time_us, false, &[r]);
    }
    assert!(fed.of_kind("confirmed").is_empty());
    // The link is back: live first, the backlog behind it in pieces.
    let mut pieces = lost.chunks(64);
    for r in after {
        fed.take(r.time_us, false, &[r]);
        if r.time_us >= until + 10 * MINUTE_US
            && let Some(piece) = pieces.next()
        {
            fed.take(r.time_us, true, piece);
        }
    }
    assert!(pieces.next().is_none(), "all of it was delivered");
    fed.found_the_wave("backlog");
    let backlog = Quality::BACKLOG.bits();
    assert_eq!(
        fed.last().quality & backlog,
        0,
        "the page shows the live reading"
    );
}

#[test]
fn an_earthquake_that_is_told_after_its_wave_is_confirmed_at_once() {
    let mut fed = Fed::new();
    fed.told = true;
    for r in record() {
        fed.take(r.time_us, false, &[r]);
    }
    let unexplained = fed.of_kind("unexplained").len();
    assert_eq!(
        unexplained, 1,
        "a wave without an earthquake is said to be one: {:?}",
        fed.outputs
    );
    assert!(fed.published().is_empty());
    fed.quake(event().origin_us + 6 * HOUR_US);
    assert_eq!(fed.of_kind("confirmed").len(), 1, "{:?}", fed.outputs);
    assert_eq!(fed.published().first(), Some(&"Alert"));
}

#[test]
fn clocks_that_jump_are_flagged_and_harm_nobody() {
    let mut fed = Fed::new();
    let origin = event().origin_us;
    let mut seq = 1_000_000;
    let (mut ahead, mut back) = (0, 0);
    let mut last_us = 0;
    for r in record() {
        fed.take(r.time_us, false, &[r]);
        let passed = |us: i64| last_us < origin + us && r.time_us >= origin + us;
        if passed(2 * HOUR_US) {
            // A year ahead, and high enough to be a wave.
            for n in 0..5 {
                let wrong = reading(
                    seq,
                    r.time_us + YEAR_US + n * MINUTE_US,
                    Quantity::SeaLevel,
                    3.0,
                );
                seq += 1;
                ahead += 1;
                fed.take(r.time_us, false, &[wrong]);
            }
            assert_ne!(
                fed.last().quality & Quality::SUSPECT.bits(),
                0,
                "shown, and flagged"
            );
        }
        if passed(150 * MINUTE_US) {
            // An hour back: a clock that was set while the sea was quiet.
            for n in 0..10 {
                let wrong = reading(
                    seq,
                    r.time_us - HOUR_US + n * MINUTE_US,
                    Quantity::SeaLevel,
                    r.value,
                );
                seq += 1;
                back += 1;
                fed.take(r.time_us, false, &[wrong]);
            }
            assert_eq!(
                fed.last().time_us,
                r.time_us,
                "the page goes on with the honest clock"
            );
        }
        last_us = r.time_us;
    }
    assert_eq!(fed.counted("readings_flagged", "future"), ahead);
    assert_eq!(back, 10);
    fed.found_the_wave("jumps");
}

#[test]
fn values_that_cannot_be_are_flagged_and_neither_dropped_nor_believed() {
    let mut fed = Fed::new();
    let (low, high) = Quantity::SeaLevel.range();
    let mut seq = 1_000_000;
    for (i, r) in record().into_iter().enumerate() {
        fed.take(r.time_us, false, &[r]);
        if i % 10 == 0 {
            // A second after an honest one, and between two of them.
            for (value, flag) in [
                (high * 2.0, Quality::OUT_OF_RANGE),
                (low * 2.0 - 1.0, Quality::OUT_OF_RANGE),
                (f64::INFINITY, Quality::MISSING),
                (f64::NAN, Quality::MISSING),
            ] {
                let wrong = reading(seq, r.time_us + 1_000_000, Quantity::SeaLevel, value);
                seq += 1;
                fed.take(r.time_us + 1_000_000, false, &[wrong]);
                let last = fed.last();
                let same = last.value == value || (last.value.is_nan() && value.is_nan());
                assert!(same, "{value} is shown as {last:?}");
                assert_ne!(
                    last.quality & flag.bits(),
                    0,
                    "{value} is not flagged: {last:?}"
                );
            }
        }
    }
    assert!(fed.counted("readings_flagged", "out_of_range") > 0);
    fed.found_the_wave("impossible values");
}

/// The journal holds each reading once, the acknowledgement is cumulative and waits for what is missing, and both survive a kill.
#[test]
fn a_live_hub_acknowledges_what_it_has_and_nothing_else() {
    let site = Site::new(
        small("[[station]]\nid = \"buoy\"\nlat = -18\nlon = -86\nquantity = \"sea_level\"\n"),
        At::Embedded,
    );
    let start_us = clock::Clock::System.now_us() - HOUR_US;
    let entry = |offset: u64, seqs: std::ops::Range<u64>| {
        let readings: Vec<Reading> = seqs
            .map(|seq| {
                let value = match seq {
                    3 => f64::NAN,
                    5 => 1e9,
                    _ => 0.01 * seq as f64,
                };
                reading(
                    seq,
                    start_us + seq as i64 * 1_000_000,
                    Quantity::SeaLevel,
                    value,
                )
            })
            .collect();
        batch("buoy", offset, start_us, false, &readings)
    };
    let acknowledged = |subscriber: &Subscriber| {
        let last = subscriber.messages().pop()?;
        let (_, ack) = Ack::decode(&last.bytes).expect("an acknowledgement");
        assert_eq!(ack.outbox, OUTBOX);
        Some(ack.next)
    };
    let send = |port: u16, entries: &[&[u8]]| {
        let topic = site.topic(scenarios::site::EDGE, "batch");
        assert!(mqtt::publish_all(port, &topic, entries));
    };
    let mut hub = site.hub();
    let acks = Subscriber::start(hub.mqtt_port, &site.topic(scenarios::site::EDGE, "ack"));
    until_true("a subscription", || acks.is_ready());
    let (first, second, third, fourth) = (
        entry(0, 0..4),
        entry(1, 4..8),
        entry(2, 8..12),
        entry(3, 10..16),
    );
    send(hub.mqtt_port, &[&first, &third, &third]);
    until_true("the first entry acknowledged", || {
        acknowledged(&acks) == Some(1)
    });
    until_true("three entries of readings", || site.export().len() == 8);
    assert_eq!(acknowledged(&acks), Some(1), "the second is missing");
    hub.program.kill();

    let hub = site.hub();
    let acks = Subscriber::start(hub.mqtt_port, &site.topic(scenarios::site::EDGE, "ack"));
    until_true("a subscription", || acks.is_ready());
    // Half of the fourth is in the third: another outbox of the same node could have sent it so.
    send(hub.mqtt_port, &[&fourth, &third, &first]);
    until_true("an acknowledgement after the kill", || {
        acknowledged(&acks) == Some(1)
    });
    send(hub.mqtt_port, &[&second, &first, &fourth]);
    until_true("everything acknowledged", || acknowledged(&acks) == Some(4));
    let rows = site.export();
    let known = each_once(&rows);
    assert_eq!(known.len(), 16);
    let value = |seq: u64| known[&("buoy".to_owned(), 1, 1, seq)].value;
    assert!(value(3).is_nan());
    assert_eq!(value(5), 1e9);
    assert_eq!(value(15), 0.15);
    let flagged = "watchfire_readings_flagged_total{reason=\"out_of_range\"}";
    until_true("the impossible value to be counted", || {
        hub.metric(flagged) == 1.0
    });
}
