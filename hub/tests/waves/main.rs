//! Waves without an earthquake: confirmed where two stations or more fit one source, rejected where they cannot, and neither raised nor
//! hidden by one sensor that lies.

mod lying;
mod sea;

use hub::entry::{Entry, Item};
use hub::fuse::Reach;
use hub::place::Place;
use sea::{
    A, B, BESIDE_A, C, D, HOUR, MINUTE, ORIGIN, SECOND, Sensor, TOHOKU, entries, run, travel_us,
};

#[test]
fn two_stations_confirm_and_warn() {
    let sensors = [Sensor::sees(A, TOHOKU, 0.6), Sensor::sees(B, TOHOKU, 0.35)];
    let later = travel_us(TOHOKU, B).max(travel_us(TOHOKU, A));
    let told = run(&sensors, 4 * HOUR, "");
    let messages = told.messages();
    let (at, kind, reason, xml) = messages.first().expect("a warning");
    assert_eq!(kind, "Alert");
    assert!(reason.contains("without a known earthquake"), "{reason}");
    assert!(
        (later..later + 20 * MINUTE).contains(at),
        "{} min after the second station",
        (at - later) / MINUTE
    );
    for words in ["No earthquake is known", "21418, 21413", "Japan"] {
        assert!(xml.contains(words), "{words}: {xml}");
    }
    assert!(!xml.contains("<valueName>magnitude"), "{xml}");
    let confirmed = told.said("confirmed");
    assert!(
        confirmed[0].contains("21418") && confirmed[0].contains("21413"),
        "{confirmed:?}"
    );
    let [event] = told.core.events() else {
        panic!("one event")
    };
    println!("{}\n{:?}", confirmed[0], event.solution.quake);
    assert!(event.is_confirmed() && event.waves().is_some());
    let off_min = (event.solution.quake.origin_us - ORIGIN).abs() / MINUTE;
    assert!(off_min < 45, "{off_min} min");
}

#[test]
fn three_stations_place_the_source() {
    let sensors = [A, B, C].map(|s| Sensor::sees(s, TOHOKU, 0.5));
    let told = run(&sensors, 4 * HOUR, "");
    let [event] = told.core.events() else {
        panic!("one event")
    };
    let quake = &event.solution.quake;
    println!(
        "{:?}\n{quake:?} {:?}",
        told.said("confirmed"),
        event.waves()
    );
    assert_eq!(event.waves().expect("no earthquake").count, 3);
    let km = ocean::sphere::distance_km(TOHOKU.0, TOHOKU.1, quake.lat, quake.lon);
    assert!(km < 300.0, "{km} km");
    assert!((quake.origin_us - ORIGIN).abs() < 15 * MINUTE);
    assert_eq!(told.messages().iter().filter(|m| m.1 == "Alert").count(), 1);
}

#[test]
fn an_earthquake_that_explains_the_waves_takes_the_event_over() {
    let sensors = [Sensor::sees(A, TOHOKU, 0.6), Sensor::sees(B, TOHOKU, 0.35)];
    let mut told = run(&sensors, 2 * HOUR, "");
    assert_eq!(told.messages().len(), 1, "{:?}", told.outputs);
    let document = format!(
        r#"{{"type":"Feature","id":"us1","properties":{{"mag":8.3,"place":"off Tohoku","time":{}}},"geometry":{{"type":"Point","coordinates":[{},{},20.0]}}}}"#,
        ORIGIN / 1_000,
        TOHOKU.1,
        TOHOKU.0
    );
    told.take(&Entry {
        received_us: ORIGIN + 2 * HOUR + SECOND,
        items: vec![Item::Quake(document.into_bytes())],
    });
    let [event] = told.core.events() else {
        panic!("one event")
    };
    assert!(event.waves().is_none() && event.is_confirmed());
    assert_eq!(event.solution.quake.id, "us1");
    let messages = told.messages();
    let (_, kind, reason, xml) = messages.last().expect("an update");
    assert_eq!(
        (kind.as_str(), reason.as_str()),
        ("Update", "an earthquake explains the waves")
    );
    assert!(
        xml.contains("magnitude 8.3") && xml.contains("<references>"),
        "{xml}"
    );
    assert_eq!(told.said("explained").len(), 1);
    // Told again, nothing more happens.
    let before = told.messages().len();
    told.take(&Entry {
        received_us: ORIGIN + 2 * HOUR + 2 * SECOND,
        items: Vec::new(),
    });
    assert_eq!(told.messages().len(), before);
}

#[test]
fn an_earthquake_elsewhere_does_not() {
    let sensors = [Sensor::sees(A, TOHOKU, 0.6), Sensor::sees(B, TOHOKU, 0.35)];
    let mut told = run(&sensors, 2 * HOUR, "");
    let document = format!(
        r#"{{"type":"Feature","id":"us1","properties":{{"mag":8.3,"place":"off Chile","time":{}}},"geometry":{{"type":"Point","coordinates":[-72.9,-36.1,20.0]}}}}"#,
        ORIGIN / 1_000
    );
    told.take(&Entry {
        received_us: ORIGIN + 2 * HOUR + SECOND,
        items: vec![Item::Quake(document.into_bytes())],
    });
    assert_eq!(told.core.events().len(), 2);
    assert!(told.core.events()[0].waves().is_some());
}

#[test]
fn onsets_that_no_source_explains_are_rejected_with_the_reason() {
    // From A to B a wave needs little more than an hour; they are four hours apart.
    let sensors = [
        Sensor::moves_at(A, ORIGIN, 0.5),
        Sensor::moves_at(B, ORIGIN + 4 * HOUR, 0.5),
    ];
    let told = run(&sensors, 6 * HOUR, "");
    assert!(told.messages().is_empty(), "{:?}", told.messages());
    assert!(told.core.events().is_empty());
    let unexplained = told.said("unexplained");
    assert_eq!(unexplained.len(), 2, "{unexplained:?}");
    assert!(
        unexplained[1].contains("not one wave") && unexplained[1].contains("min apart"),
        "{unexplained:?}"
    );
    println!("{}", unexplained[1]);
}

#[test]
fn neighbours_count_as_one_station() {
    let beside = || [A, BESIDE_A].map(|s| Sensor::sees(s, TOHOKU, 0.5));
    let told = run(&beside(), 4 * HOUR, "");
    assert!(told.messages().is_empty(), "{:?}", told.messages());
    let unexplained = told.said("unexplained");
    assert!(
        unexplained[1].contains("one cause can move both"),
        "{unexplained:?}"
    );
    // A third one farther away makes two.
    let [a, b] = beside();
    let told = run(&[a, b, Sensor::sees(C, TOHOKU, 0.4)], 4 * HOUR, "");
    assert_eq!(
        told.core.events()[0].waves().expect("no earthquake").count,
        2
    );
}

#[test]
fn the_policy_may_ask_for_more_stations_or_for_none() {
    let sensors = [Sensor::sees(A, TOHOKU, 0.6), Sensor::sees(B, TOHOKU, 0.35)];
    for policy in ["without_earthquake = 3", "without_earthquake = 0"] {
        let told = run(&sensors, 4 * HOUR, policy);
        assert!(
            told.messages().is_empty() && told.core.events().is_empty(),
            "{policy}"
        );
        let unexplained = told.said("unexplained");
        assert!(unexplained[1].contains("fit one source"), "{unexplained:?}");
    }
}

/// Harbours swing in storms: agreement of gauges at the coast alone is for officers, unless a deployment says otherwise.
#[test]
fn gauges_at_the_coast_alone_warn_only_where_the_policy_says_so() {
    let coast = |spot: (&'static str, f64, f64, f64)| (spot.0, spot.1, spot.2, 12.0);
    let sees = |a, b| [Sensor::sees(a, TOHOKU, 0.6), Sensor::sees(b, TOHOKU, 0.35)];
    let alone = sees(coast(A), coast(B));
    let told = run(&alone, 4 * HOUR, "");
    assert!(told.messages().is_empty() && told.core.events().is_empty());
    let unexplained = told.said("unexplained");
    assert!(
        unexplained
            .iter()
            .any(|t| t.contains("all of them stand at the coast") && t.contains("officers decide")),
        "{unexplained:?}"
    );
    let told = run(&alone, 4 * HOUR, "coast_alone = 2");
    assert_eq!(told.core.events().len(), 1);
    // One buoy among them is enough.
    let told = run(&sees(A, coast(B)), 4 * HOUR, "");
    assert_eq!(told.core.events().len(), 1);
}

/// Two far stations agree with a source whose wave would have passed two others between, which speak and saw nothing.
#[test]
fn silent_stations_between_speak_against_a_source() {
    let source = TOHOKU;
    let sensors = [
        Sensor::moves_at(D, ORIGIN + travel_us(source, D), 0.8),
        Sensor::moves_at(
            ("51407", 19.57, -156.54, 4_700.0),
            ORIGIN + travel_us(source, ("51407", 19.57, -156.54, 4_700.0)),
            0.8,
        ),
        Sensor::quiet(A),
        Sensor::quiet(B),
    ];
    let told = run(&sensors, 10 * HOUR, "");
    for event in told.core.events() {
        let quake = &event.solution.quake;
        let km = ocean::sphere::distance_km(source.0, source.1, quake.lat, quake.lon);
        assert!(
            km > 1_000.0,
            "the source is where nobody saw it pass: {quake:?}"
        );
    }
}

#[test]
fn the_same_journal_gives_the_same_outputs() {
    let sensors = [A, B, C].map(|s| Sensor::sees(s, TOHOKU, 0.5));
    let first = run(&sensors, 3 * HOUR, "");
    let mut again = sea::Told {
        core: sea::core(&sensors, ""),
        outputs: Vec::new(),
    };
    for entry in entries(&sensors, 3 * HOUR) {
        // As it comes out of the journal.
        again.take(&Entry::decode(&entry.encode()).expect("an entry"));
    }
    assert!(!first.messages().is_empty());
    assert_eq!(first.outputs, again.outputs);
}

#[test]
fn the_order_of_arrival_changes_nothing_that_is_believed() {
    let sensors = [A, B, C].map(|s| Sensor::sees(s, TOHOKU, 0.5));
    let expected = run(&sensors, 4 * HOUR, "");
    let mut told = sea::Told {
        core: sea::core(&sensors, ""),
        outputs: Vec::new(),
    };
    // Twenty minutes each come with the newest first.
    for block in entries(&sensors, 4 * HOUR).chunks(20) {
        let now_us = block.last().expect("not empty").received_us;
        for entry in block.iter().rev() {
            told.take(&Entry {
                received_us: now_us,
                items: entry.items.clone(),
            });
        }
    }
    for wanted in ["confirmed", "corrected", "taken_back", "unexplained"] {
        println!("{wanted}: {:#?}", told.said(wanted));
    }
    let [[a], [b]] = [&told, &expected].map(|t| t.core.events()) else {
        panic!("one event each")
    };
    assert_eq!(a.observed, b.observed);
    assert_eq!(a.waves().expect("no earthquake").count, 3);
    let levels = |e: &hub::event::Event| -> Vec<_> {
        e.outlook.zones.iter().map(|z| (z.zone, z.level)).collect()
    };
    assert_eq!(levels(a), levels(b));
    let (a, b) = (&a.solution.quake, &b.solution.quake);
    let km = ocean::sphere::distance_km(a.lat, a.lon, b.lat, b.lon);
    println!(
        "{km:.0} km, {} s apart",
        (a.origin_us - b.origin_us) / SECOND
    );
    assert!(km < 100.0, "{km} km");
    assert_eq!(told.messages().iter().filter(|m| m.1 == "Alert").count(), 1);
}

/// One of two stations turns out to have swung, once all of its rows are there. The warning rests on one station then, which would have
/// raised none; it stands, the officers know, and nobody is told that it is safe.
#[test]
fn a_wave_that_never_was_is_taken_back_and_ends_no_warning() {
    let sensors = [Sensor::sees(A, TOHOKU, 0.6), Sensor::sees(B, TOHOKU, 0.35)];
    let mut told = run(&sensors, 2 * HOUR, "");
    let before = told.messages().len();
    assert!(before > 0 && told.core.events()[0].observed.len() == 2);
    // Between the rows that came lie others with the opposite of the wave.
    let (wave, calm) = (&sensors[1], Sensor::quiet(B));
    let readings: Vec<wire::batch::Reading> = (0..12 * 120)
        .map(|k| {
            let at_us = ORIGIN + k * MINUTE / 12;
            let swing = wave.honest_m(at_us) - calm.honest_m(at_us);
            let swings = if k % 2 == 0 { 1.0 } else { -1.0 };
            wire::batch::Reading {
                station: 0,
                time_us: at_us,
                quantity: wire::quantity::Quantity::SeaLevel,
                value: calm.honest_m(at_us) + swings * swing,
                quality: 0,
                seq: 1_000_000 + k as u64,
            }
        })
        .filter(|r| (r.time_us - ORIGIN) % MINUTE != 0)
        .collect();
    let now_us = ORIGIN + 2 * HOUR + SECOND;
    let header = wire::batch::Header {
        edge: "sea",
        outbox: 2,
        offset: 0,
        sent_us: now_us,
        backlog: true,
    };
    let station = wire::batch::Station {
        id: B.0,
        node: 2,
        boot: 2,
    };
    let mut out = vec![0; 65_536];
    let n = wire::batch::encode(&header, &[station], &readings, &mut out).expect("fits");
    told.take(&Entry {
        received_us: now_us,
        items: vec![Item::Batch(out[..n].to_vec())],
    });
    let taken_back = told.said("taken_back");
    println!("{taken_back:#?} {:#?}", told.said("corrected"));
    assert!(
        taken_back.len() == 1
            && taken_back[0].contains("21413")
            && taken_back[0].contains("1 of 2 stations"),
        "{taken_back:?}"
    );
    let [event] = told.core.events() else {
        panic!("one event")
    };
    assert!(!event.is_over() && event.observed.len() == 1);
    for minute in 1..90 {
        told.take(&Entry {
            received_us: now_us + minute * MINUTE,
            items: Vec::new(),
        });
    }
    let messages = told.messages();
    assert!(messages.iter().all(|m| m.1 != "Cancel"), "{messages:?}");
}

#[test]
fn travel_times_on_the_thinned_sea_are_those_of_the_whole() {
    let grid = hub::shipped::grid("pacific_10min").expect("shipped");
    let mut reach = Reach::new(&grid);
    for (n, spot) in [A, B, C, D].into_iter().enumerate() {
        let place = Place {
            lat: spot.1,
            lon: spot.2,
        };
        let began = std::time::Instant::now();
        assert!(reach.prepare(n as u32, place));
        println!("a field of {} cells: {:?}", reach.cells(), began.elapsed());
        let source = Place {
            lat: TOHOKU.0,
            lon: TOHOKU.1,
        };
        let here = reach.seconds(n as u32, source).expect("reached");
        let whole = travel_us(TOHOKU, spot) as f64 * 1e-6;
        assert!(
            (here - whole).abs() < 180.0 + 0.02 * whole,
            "{here} {whole}"
        );
    }
}
