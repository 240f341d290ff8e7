//! One earthquake off Chile and all that follows from it, in four domains, through the core: one situation, explained, and no other.
//!
//! The wave is the recorded one of 2010 at DART 32412; meters and roads of Valparaíso are made.

use std::sync::Arc;

use hub::config::Config;
use hub::core::{Core, Output};
use hub::entry::{Entry, Item};
use hub::service;
use hub::view::SituationView;
use wire::batch::{Batch, Header, Reading, Station};
use wire::quantity::Quantity;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

const METERS: usize = 16;

fn config() -> Arc<Config> {
    let mut text = include_str!("../../configs/chile/hub.toml").to_owned();
    for k in 0..METERS {
        text.push_str(&format!(
            "[[station]]\nid = \"m{k}\"\nname = \"Meter {k}\"\nlat = {}\nlon = {}\nquantity = \"voltage\"\n",
            -33.040 + (k / 4) as f64 * 0.002,
            -71.620 + (k % 4) as f64 * 0.002,
        ));
    }
    // One road by the sea among the meters, one far from all of it.
    for (id, lat) in [("r1", -33.0401), ("r2", -33.045), ("far", -20.2)] {
        text.push_str(&format!(
            "[[station]]\nid = \"{id}\"\nname = \"Road {id}\"\nlat = {lat}\nlon = -71.619\nquantity = \"occupancy\"\n"
        ));
    }
    let mut config = Config::parse("hub.toml", &text).expect("sound");
    config.forecast.as_mut().expect("a grid").model = false;
    Arc::new(config)
}

struct City {
    core: Core,
    journal: Vec<Entry>,
    outputs: Vec<Output>,
    seq: u64,
}

impl City {
    fn new() -> Self {
        let config = config();
        let ocean = service::ocean(&config).expect("a grid");
        Self {
            core: Core::new(config, ocean),
            journal: Vec::new(),
            outputs: Vec::new(),
            seq: 0,
        }
    }

    fn step(&mut self, now_us: i64, items: Vec<Item>) -> Vec<Output> {
        let entry = Entry {
            received_us: now_us,
            items,
        };
        if !entry.items.is_empty() || self.core.is_busy() {
            self.journal.push(entry.clone());
        }
        let out = self.core.replay(&entry);
        self.outputs.extend(out.clone());
        out
    }

    fn batch(&mut self, now_us: i64, rows: &[(&str, Quantity, f64)]) -> Item {
        let stations: Vec<Station<'_>> = rows
            .iter()
            .map(|(id, _, _)| Station {
                id,
                node: 0,
                boot: 0,
            })
            .collect();
        let readings: Vec<Reading> = rows
            .iter()
            .enumerate()
            .map(|(k, (_, quantity, value))| Reading {
                station: k as u16,
                time_us: now_us,
                quantity: *quantity,
                value: *value,
                quality: 0,
                seq: self.seq + k as u64,
            })
            .collect();
        let header = Header {
            edge: "e",
            outbox: hub::intake::OPEN_OUTBOX,
            offset: 0,
            sent_us: now_us,
            backlog: false,
        };
        self.seq += rows.len() as u64;
        let mut bytes = vec![0; 16_384];
        let n = wire::batch::encode(&header, &stations, &readings, &mut bytes).expect("fits");
        bytes.truncate(n);
        assert!(Batch::parse(&bytes).is_ok());
        Item::Batch(bytes)
    }

    fn lines(&self, of: &str) -> Vec<(&str, Option<&str>)> {
        self.outputs
            .iter()
            .filter_map(|o| match o {
                Output::Say {
                    kind,
                    text,
                    situation,
                    ..
                } if kind == of => Some((text.as_str(), situation.as_deref())),
                _ => None,
            })
            .collect()
    }
}

fn jitter(k: i64) -> f64 {
    (k * 37 % 101) as f64 / 101.0 - 0.5
}

fn evidence<'a>(view: &'a SituationView, kind: &str) -> Vec<&'a hub::view::EvidenceView> {
    view.evidence.iter().filter(|e| e.kind == kind).collect()
}

#[test]
fn an_earthquake_a_blackout_a_stopped_road_and_a_wave_are_one_situation() {
    let event = hub::replay::load_event("chile-2010").expect("shipped");
    let origin = event.origin_us;
    let mut city = City::new();
    // Three days of roads as usual.
    let first = origin - 3 * DAY;
    for k in 0..3 * 288 {
        let now = first + k * 5 * MINUTE;
        let usual = |k: i64| 8.0 + 2.0 * jitter(k);
        let rows = [
            ("r1", Quantity::Occupancy, usual(k)),
            ("r2", Quantity::Occupancy, usual(k + 50)),
            ("far", Quantity::Occupancy, usual(k + 20)),
        ];
        let item = city.batch(now, &rows);
        city.step(now, vec![item]);
    }
    assert!(city.core.picture().situations.is_empty());

    let quake = format!(
        r#"{{"type":"Feature","id":"us1","properties":{{"mag":8.8,"place":"offshore Maule","time":{}}},"geometry":{{"type":"Point","coordinates":[-72.898,-36.122,22.9]}}}}"#,
        origin / 1_000
    );
    let buoy: Vec<(i64, f64)> = event.stations[0]
        .series
        .samples
        .iter()
        .filter_map(|s| Some((s.time_us, s.value?)))
        .filter(|s| (origin - DAY..origin + 6 * 3_600 * SECOND).contains(&s.0))
        .collect();
    let mut sea = buoy.iter().peekable();
    for second in (0..6 * 3_600).step_by(15) {
        let now = origin + second * SECOND;
        let mut items = Vec::new();
        while let Some(&&(time_us, height)) = sea.peek().filter(|s| s.0 <= now) {
            let item = city.batch(time_us, &[("32412", Quantity::SeaLevel, height)]);
            items.push(item);
            sea.next();
        }
        let volts: Vec<(String, f64)> = (0..METERS)
            .filter_map(|k| {
                match second {
                    // Two minutes after the earthquake the lights go out, and come back five hours later.
                    120 => Some(0.3),
                    121..18_000 => None,
                    _ => Some(231.0 + second as f64 * 1e-6),
                }
                .map(|v| (format!("m{k}"), v))
            })
            .collect();
        let mut rows: Vec<(&str, Quantity, f64)> = volts
            .iter()
            .map(|(id, v)| (id.as_str(), Quantity::Voltage, *v))
            .collect();
        if second % 300 == 0 {
            let k = 3 * 288 + second / 300;
            // Full for two hours; the road far away goes on as usual.
            let full = (300..7_500).contains(&second);
            let here = if full {
                60.0 + 2.0 * jitter(k)
            } else {
                8.0 + 2.0 * jitter(k)
            };
            rows.push(("r1", Quantity::Occupancy, here));
            rows.push(("r2", Quantity::Occupancy, 8.0 + 2.0 * jitter(k + 50)));
            rows.push(("far", Quantity::Occupancy, 8.0 + 2.0 * jitter(k + 20)));
        }
        if !rows.is_empty() {
            let item = city.batch(now, &rows);
            items.push(item);
        }
        if second == 300 {
            items.push(Item::Quake(quake.clone().into_bytes()));
        }
        city.step(now, items);
    }

    let picture = city.core.picture();
    let titles: Vec<&str> = picture
        .situations
        .iter()
        .map(|s| s.title.as_str())
        .collect();
    assert_eq!(picture.situations.len(), 1, "{titles:#?}");
    let view = &picture.situations[0];
    assert!(
        view.title.starts_with("M8.8 earthquake (offshore Maule): "),
        "{}",
        view.title
    );
    assert_eq!(view.events, ["us1"]);
    for (kind, rule) in [
        ("wave", "earthquake-makes-a-wave"),
        ("warning", "earthquake-makes-a-wave"),
        ("outage", "earthquake-cuts-power"),
        ("incident", "earthquake-stops-traffic"),
    ] {
        let found = evidence(view, kind);
        assert!(!found.is_empty(), "{kind}: {:#?}", view.evidence);
        assert_eq!(found[0].rule.as_deref(), Some(rule), "{kind}");
    }
    let outage = evidence(view, "outage")[0];
    assert!(outage.damage && outage.until_us.is_some());
    assert!(
        evidence(view, "incident")
            .iter()
            .all(|e| e.key.contains("r1"))
    );
    assert!(
        evidence(view, "wave")[0].text.contains("highest"),
        "{:#?}",
        view.evidence
    );

    // One line says that there is damage, and each line about a part says of what it is a part.
    assert_eq!(city.lines("damage").len(), 1);
    for kind in ["outage", "incident", "confirmed"] {
        let lines = city.lines(kind);
        assert!(!lines.is_empty(), "{kind}");
        for (text, situation) in lines {
            assert!(situation.is_some(), "{kind}: {text}");
        }
    }
    assert_eq!(
        city.core.situation_of_event("us1").as_deref(),
        Some(view.id.as_str())
    );

    // The agency takes it back, which the sea has contradicted: the event goes on, the situation too.
    let now = origin + 6 * 3_600 * SECOND;
    let deleted = quake.replace("\"mag\"", "\"status\":\"deleted\",\"mag\"");
    city.step(now, vec![Item::Quake(deleted.into_bytes())]);
    assert!(!city.core.events()[0].is_over());
    let view = &city.core.picture().situations[0];
    assert_eq!(evidence(view, "earthquake").len(), 1);

    // Played back from the journal, the same, to the letter.
    let mut again = City::new();
    for entry in &city.journal {
        let out = again.core.replay(entry);
        again.outputs.extend(out);
    }
    assert_eq!(again.outputs, city.outputs);
    assert_eq!(again.core.picture(), city.core.picture());
}

#[test]
fn check_config_refuses_a_rule_that_cannot_be_meant() {
    let text = format!(
        "{}\n[[situations.rule]]\nid = \"x\"\ncause = [\"outage\"]\neffect = [\"incident\"]\n",
        include_str!("../../configs/chile/hub.toml")
    );
    let why = Config::parse("hub.toml", &text)
        .expect_err("refused")
        .to_string();
    assert!(
        why.contains("[[situations.rule]] \"x\"") && why.contains("radius_km"),
        "{why}"
    );
    let text = text.replace("\"outage\"", "\"outtage\"");
    let why = Config::parse("hub.toml", &text)
        .expect_err("refused")
        .to_string();
    assert!(why.contains("outtage"), "{why}");
}
