use super::views::{MOST_EVIDENCE, MOST_SHOWN};
use super::*;
use crate::place::Place;
use crate::view::SituationView;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;

/// A finding so many kilometres east of -33 -71.
fn at(key: &str, kind: Kind, since_us: i64, east_km: f64) -> Finding {
    let origin = Place {
        lat: -33.0,
        lon: -71.0,
    };
    Finding {
        key: key.to_owned(),
        kind,
        shape: Place::at(origin, [east_km, 0.0]).into(),
        since_us: START + since_us,
        until_us: None,
        size: 1.0,
        event: None,
        name: key.to_owned(),
        text: String::new(),
        alone: true,
    }
}

fn quake(key: &str, magnitude: f64, since_us: i64, east_km: f64) -> Finding {
    Finding {
        size: magnitude,
        until_us: Some(START + since_us),
        alone: false,
        ..at(key, Kind::Earthquake, since_us, east_km)
    }
}

fn outage(key: &str, meters: usize, since_us: i64, east_km: f64) -> Finding {
    Finding {
        size: meters as f64,
        ..at(key, Kind::Outage, since_us, east_km)
    }
}

fn shipped() -> Situations {
    Situations::new(&Settings::default())
}

fn take_all(s: &mut Situations, findings: &[Finding]) -> Vec<News> {
    findings.iter().flat_map(|f| s.take(f.clone())).collect()
}

fn keys(view: &SituationView) -> Vec<&str> {
    view.evidence.iter().map(|e| e.key.as_str()).collect()
}

/// Every finding in at most one situation, edges on both sides and within one situation, indices that agree.
fn consistent(s: &Situations) {
    for (at, held) in &s.held {
        assert!(s.placed[&(held.situation, held.finding.kind)].contains(at));
        for edge in &held.edges {
            let other = &s.held[&edge.other];
            assert!(
                other.edges.iter().any(|e| e.other == *at
                    && e.rule == edge.rule
                    && e.is_effect != edge.is_effect)
            );
            assert_eq!(held.situation, other.situation);
            assert!(held.situation.is_some());
        }
        if let Some(situation) = held.situation {
            assert!(s.situations[&situation].findings.contains(at));
        }
    }
    assert_eq!(
        s.placed.values().map(BTreeSet::len).sum::<usize>(),
        s.held.len()
    );
    for (key, at) in &s.by_key {
        assert_eq!(&s.held[at].finding.key, key);
    }
    for (at, situation) in &s.situations {
        assert!(!situation.findings.is_empty());
        for finding in &situation.findings {
            assert_eq!(s.held[finding].situation, Some(*at));
        }
        // It hangs together.
        let mut seen = BTreeSet::from([*situation.findings.first().expect("one")]);
        let mut next: Vec<u64> = seen.iter().copied().collect();
        while let Some(f) = next.pop() {
            for edge in &s.held[&f].edges {
                if seen.insert(edge.other) {
                    next.push(edge.other);
                }
            }
        }
        assert_eq!(seen, situation.findings);
    }
    assert!(s.held.len() <= MOST_FINDINGS && s.situations.len() <= MOST_SITUATIONS);
}

/// The example of the issue: shaking, an outage, traffic that stops, a wave. Whatever comes first.
#[test]
fn an_earthquake_and_what_it_does_are_one_situation_in_any_order() {
    let mut quake = quake("quake", 8.0, 0, -80.0);
    quake.event = Some("e".to_owned());
    quake.alone = true;
    let mut wave = at("wave", Kind::Wave, 20 * MINUTE, -60.0);
    wave.event = Some("e".to_owned());
    let findings = [
        quake,
        Finding {
            until_us: Some(START + 25 * SECOND),
            ..at("shaken", Kind::SeaShaking, 25 * SECOND, -20.0)
        },
        outage("outage", 40, 2 * MINUTE, 0.0),
        at("incident", Kind::Incident, 6 * MINUTE, 0.5),
        at("queue", Kind::Congestion, 9 * MINUTE, 1.5),
        at("sag", Kind::Supply, 2 * MINUTE, 3.0),
        wave,
    ];
    for turn in 0..findings.len() {
        let mut order = findings.to_vec();
        order.rotate_left(turn);
        for order in [order.clone(), order.into_iter().rev().collect()] {
            let mut s = shipped();
            let news = take_all(&mut s, &order);
            consistent(&s);
            let views = s.views();
            assert_eq!(views.len(), 1, "{turn}: {news:#?}");
            let view = &views[0];
            assert_eq!(
                view.title,
                "Quake: 1 station with a tsunami, 1 shaken sea sensor, 1 power outage, 1 traffic incident, 1 congested road, 1 meter with a bad supply"
            );
            assert_eq!(view.events, ["e"]);
            assert_eq!(view.damage, 1);
            assert!(view.evidence[0].because.is_none());
            assert!(view.evidence[1..].iter().all(|e| e.because.is_some()));
            let outage = view
                .evidence
                .iter()
                .find(|e| e.key == "outage")
                .expect("there");
            assert_eq!(outage.rule.as_deref(), Some("earthquake-cuts-power"));
            assert_eq!(
                outage.because.as_deref(),
                Some(
                    "began 2 min after quake, 80 km from it: evidence of damage there (rule earthquake-cuts-power)"
                )
            );
            let queue = view
                .evidence
                .iter()
                .find(|e| e.key == "queue")
                .expect("there");
            assert_eq!(
                queue.because.as_deref(),
                Some(
                    "began 3 min after incident, 1.0 km from it: one incident and its queue (rule incident-and-its-queue)"
                )
            );
            assert_eq!(news.iter().filter(|n| n.kind == "damage").count(), 1);
        }
    }
}

#[test]
fn forty_roads_are_one_line() {
    let mut s = shipped();
    let mut all = vec![quake("quake", 7.0, 0, 0.0)];
    all.extend((0..40).map(|k| {
        at(
            &format!("road-{k}"),
            Kind::Incident,
            (60 + k) * SECOND,
            3.0 * k as f64 - 50.0,
        )
    }));
    let news = take_all(&mut s, &all);
    consistent(&s);
    let views = s.views();
    // 53 km is how far traffic counts at M7: 35 roads and the earthquake.
    assert_eq!(
        views.iter().map(|v| v.evidence.len() + v.more).max(),
        Some(36)
    );
    let lines = news
        .iter()
        .filter(|n| n.text.contains("earthquake-stops-traffic"))
        .count();
    assert_eq!(lines, 1, "{news:#?}");
    assert_eq!(views.len(), 1 + 5, "those too far away stay alone");
}

#[test]
fn what_is_too_far_too_early_too_late_or_too_small_stays_apart() {
    let quake = quake("quake", 6.0, 0, 0.0);
    // Felt to 56 km.
    for (other, together) in [
        (outage("o", 5, 10 * MINUTE, 50.0), true),
        (outage("o", 5, 10 * MINUTE, 60.0), false),
        (outage("o", 4, 10 * MINUTE, 50.0), false),
        (outage("o", 5, -50 * SECOND, 50.0), true),
        (outage("o", 5, -70 * SECOND, 50.0), false),
        (outage("o", 5, 31 * MINUTE, 50.0), false),
        (at("i", Kind::Incident, MINUTE, 16.0), true),
        (at("i", Kind::Incident, MINUTE, 17.5), false),
        // Seismic waves need 66 s to 440 s for 1,100 km; a minute before and ten after are allowed.
        (at("s", Kind::SeaShaking, 10 * SECOND, 1_100.0), true),
        (at("s", Kind::SeaShaking, 2 * SECOND, 1_100.0), false),
        (at("s", Kind::SeaShaking, 1_035 * SECOND, 1_100.0), true),
        (at("s", Kind::SeaShaking, 1_045 * SECOND, 1_100.0), false),
        // Only the ocean's travel times bind a wave.
        (at("w", Kind::Wave, 20 * MINUTE, 1.0), false),
    ] {
        for order in [
            [quake.clone(), other.clone()],
            [other.clone(), quake.clone()],
        ] {
            let mut s = shipped();
            take_all(&mut s, &order);
            consistent(&s);
            let joined = s.of("quake").is_some();
            assert_eq!(joined, together, "{other:?}");
        }
    }
}

#[test]
fn alone_a_road_is_a_situation_and_a_queue_is_none() {
    let mut s = shipped();
    assert!(take_all(&mut s, &[at("queue", Kind::Congestion, 0, 0.0)]).is_empty());
    assert!(s.views().is_empty() && s.of("queue").is_none());
    assert!(take_all(&mut s, &[at("incident", Kind::Incident, 0, 50.0)]).is_empty());
    assert_eq!(s.views().len(), 1);
    assert_eq!(s.views()[0].title, "Incident");
    // Whoever wants queues says so.
    let settings = Settings {
        opens: BTreeSet::from([Kind::Congestion]),
        ..Settings::default()
    };
    let mut s = Situations::new(&settings);
    take_all(&mut s, &[at("queue", Kind::Congestion, 0, 0.0)]);
    assert_eq!(s.views().len(), 1);
}

#[test]
fn an_earthquake_taken_back_takes_its_situation_apart() {
    let mut s = shipped();
    let mut all = vec![quake("quake", 8.0, 0, 0.0)];
    all.push(outage("a", 9, MINUTE, -100.0));
    all.push(outage("b", 9, MINUTE, 100.0));
    all.push(at("queue", Kind::Congestion, MINUTE, 300.0));
    all.push(at("incident", Kind::Incident, MINUTE, 100.5));
    take_all(&mut s, &all);
    assert_eq!(s.views().len(), 1);
    assert!(s.damaged_by("outage-x", Kind::Earthquake).is_none());
    assert_eq!(
        s.damaged_by("a", Kind::Earthquake).map(|f| f.key.as_str()),
        Some("quake")
    );
    let news = s.withdraw("quake", "has been taken back");
    consistent(&s);
    let damage: Vec<&str> = news
        .iter()
        .filter(|n| n.kind == "damage")
        .map(|n| n.text.as_str())
        .collect();
    assert_eq!(
        damage,
        [
            "quake has been taken back: a is no evidence of its damage any more",
            "quake has been taken back: b is no evidence of its damage any more"
        ]
    );
    let views = s.views();
    let mut parts: Vec<Vec<&str>> = views.iter().map(keys).collect();
    parts.sort();
    assert_eq!(parts, [vec!["a"], vec!["b", "incident"]]);
    assert!(s.damaged_by("a", Kind::Earthquake).is_none());
    assert!(s.withdraw("quake", "again").is_empty());
}

#[test]
fn an_earthquake_made_smaller_lets_go_what_it_cannot_have_done() {
    let mut s = shipped();
    take_all(
        &mut s,
        &[
            quake("quake", 8.0, 0, 0.0),
            outage("near", 9, MINUTE, 20.0),
            outage("far", 9, MINUTE, 200.0),
        ],
    );
    assert_eq!(s.views().len(), 1);
    take_all(&mut s, &[quake("quake", 6.0, 0, 0.0)]);
    consistent(&s);
    assert_ne!(s.of("far"), s.of("near"));
    assert_eq!(s.of("quake"), s.of("near"));
    let far = s.views().into_iter().find(|v| keys(v) == ["far"]);
    assert_eq!(far.expect("a situation of its own").damage, 0);
}

#[test]
fn two_become_one_and_the_older_keeps_its_name() {
    let mut s = shipped();
    take_all(
        &mut s,
        &[outage("a", 9, 0, -100.0), outage("b", 9, MINUTE, 100.0)],
    );
    let (a, b) = (s.of("a").map(str::to_owned), s.of("b").map(str::to_owned));
    assert_ne!(a, b);
    let news = take_all(&mut s, &[quake("quake", 8.0, -30 * SECOND, 0.0)]);
    consistent(&s);
    assert_eq!(s.of("b"), a.as_deref());
    let merged: Vec<_> = news
        .iter()
        .filter(|n| n.text.contains("is part of this situation now"))
        .collect();
    assert_eq!(merged.len(), 1, "{news:#?}");
    assert!(merged[0].text.contains(&b.expect("one")));
    assert_eq!(s.views().len(), 1);
}

#[test]
fn over_when_all_has_been_over_for_a_while_and_on_again_when_it_goes_on() {
    let mut s = shipped();
    take_all(
        &mut s,
        &[
            at("incident", Kind::Incident, 0, 0.0),
            at("queue", Kind::Congestion, 5 * MINUTE, 1.0),
        ],
    );
    assert!(s.is_busy());
    s.end("incident", START + 20 * MINUTE);
    assert!(s.pass(START + 3 * HOUR).is_empty(), "the queue is on");
    s.end("queue", START + 3 * HOUR);
    assert!(s.pass(START + 4 * HOUR - SECOND).is_empty());
    let news = s.pass(START + 4 * HOUR);
    assert_eq!(news.len(), 1);
    assert_eq!(news[0].kind, "situation_over");
    assert!(
        news[0]
            .text
            .ends_with("is over: Incident: 1 congested road"),
        "{news:?}"
    );
    assert!(!s.is_busy() && s.pass(START + 5 * HOUR).is_empty());
    assert!(s.views()[0].over_us.is_some(), "shown for a day");
    // The same detector again a day later: another finding, another situation.
    take_all(&mut s, &[at("incident", Kind::Incident, 23 * HOUR, 0.0)]);
    consistent(&s);
    assert_eq!(s.views().len(), 2);
    assert!(s.is_busy());
    s.pass(START + 29 * HOUR);
    assert_eq!(s.views().len(), 1, "the old one is history");
    consistent(&s);
}

#[test]
fn what_begins_again_soon_goes_on() {
    let mut s = shipped();
    for k in 0..10 {
        take_all(
            &mut s,
            &[at("incident", Kind::Incident, k * 20 * MINUTE, 0.0)],
        );
        s.end("incident", START + k * 20 * MINUTE + 10 * MINUTE);
        s.pass(START + k * 20 * MINUTE + 11 * MINUTE);
    }
    consistent(&s);
    let views = s.views();
    assert_eq!((views.len(), views[0].evidence.len()), (1, 1));
    assert_eq!(views[0].evidence[0].since_us, START);
}

#[test]
fn what_never_ends_ends_after_two_days() {
    let mut s = shipped();
    take_all(&mut s, &[at("incident", Kind::Incident, 0, 0.0)]);
    assert!(s.pass(START + 47 * HOUR).is_empty());
    assert_eq!(s.pass(START + 50 * HOUR).len(), 1);
}

#[test]
fn memory_is_bounded_and_what_finds_no_room_is_counted() {
    let mut s = shipped();
    for k in 0..MOST_FINDINGS + 100 {
        take_all(
            &mut s,
            &[at(
                &format!("q{k}"),
                Kind::Congestion,
                k as i64 * SECOND,
                k as f64 * 0.01,
            )],
        );
    }
    assert_eq!(s.refused(), 100);
    consistent(&s);
    for k in 0..MOST_FINDINGS {
        s.end(&format!("q{k}"), START + 3 * HOUR);
    }
    // What is over makes room.
    take_all(&mut s, &[quake("quake", 8.0, 3 * HOUR, 0.0)]);
    assert_eq!(s.refused(), 100);
    // A thousand lonely situations.
    let mut s = shipped();
    for k in 0..300 {
        take_all(
            &mut s,
            &[at(
                &format!("i{k}"),
                Kind::Incident,
                k * HOUR,
                50.0 * k as f64,
            )],
        );
    }
    consistent(&s);
    assert_eq!(s.refused(), 300 - MOST_SITUATIONS as u64);
    assert_eq!(s.views().len(), MOST_SHOWN);
}

#[test]
fn a_storm_of_findings_keeps_what_holds() {
    // A linear congruential generator (Numerical Recipes): its numbers need not be good.
    let mut state = 1_u64;
    let mut random = |n: u64| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) % (1 << 32);
        (state >> 8) % n
    };
    let mut s = shipped();
    for k in 0..4_000_i64 {
        let key = format!("f{}", random(300));
        let kind = Kind::ALL[random(11) as usize];
        let (since, km, size) = (
            k * 5 * SECOND - random(600) as i64 * SECOND,
            random(400) as f64,
            random(9) as f64,
        );
        match random(10) {
            0 => {
                s.withdraw(&key, "was nothing");
            }
            1 | 2 => s.end(&key, START + k * 5 * SECOND),
            3 => {
                s.pass(START + k * 5 * SECOND);
            }
            _ => {
                let event = (random(4) == 0).then(|| "e".to_owned());
                s.take(Finding {
                    size,
                    event,
                    alone: random(2) == 0,
                    ..at(&key, kind, since, km)
                });
            }
        }
        if k % 100 == 0 {
            consistent(&s);
        }
    }
    s.pass(START + 400 * HOUR);
    s.pass(START + 500 * HOUR);
    assert!(s.held.is_empty() && s.situations.is_empty() && s.by_key.is_empty());
}

#[test]
fn a_deployment_adds_replaces_and_takes_rules_away() {
    let settings = |text: &str| -> Settings { settings::parse("test", text).expect("sound") };
    let shipped = Settings::default().rules().expect("sound");
    assert!(shipped.len() > 10);
    let own = settings(
        "[[rule]]\nid = \"outage-stops-traffic\"\nenabled = false\ncause = []\neffect = []\n[[rule]]\nid = \"flood\"\ncause = [\"limit\"]\neffect = [\"congestion\"]\nwithin = \"1h\"\nradius_km = 1.0\n",
    );
    let rules = own.rules().expect("sound");
    assert_eq!(rules.len(), shipped.len());
    assert!(rules.iter().all(|r| r.id != "outage-stops-traffic"));
    let alone = settings("shipped_rules = false\n");
    assert!(alone.rules().expect("sound").is_empty());
    let mut s = Situations::new(&own);
    take_all(
        &mut s,
        &[outage("o", 5, 0, 0.0), at("i", Kind::Incident, MINUTE, 0.0)],
    );
    assert_eq!(s.views().len(), 2);
    for (text, says) in [
        (
            "[[rule]]\nid = \"x\"\ncause = [\"outage\"]\neffect = [\"wave\"]\n",
            "how near",
        ),
        (
            "[[rule]]\nid = \"x\"\ncause = [\"outage\"]\neffect = [\"wave\"]\nradius_km = 1.0\nsea = true\n",
            "how near",
        ),
        (
            "[[rule]]\nid = \"x\"\ncause = [\"outage\"]\neffect = [\"wave\"]\nfelt = 1.0\n",
            "cause = [\"earthquake\"]",
        ),
        (
            "[[rule]]\nid = \"x\"\ncause = [\"outage\"]\neffect = [\"wave\"]\nradius_km = -1.0\n",
            "radius_km",
        ),
        (
            "[[rule]]\nid = \"x y\"\ncause = [\"outage\"]\neffect = [\"wave\"]\nradius_km = 1.0\n",
            "id must be",
        ),
        (
            "[[rule]]\nid = \"x\"\ncause = []\neffect = [\"wave\"]\nradius_km = 1.0\n",
            "at least one kind",
        ),
        (
            "[[rule]]\nid = \"x\"\nenabled = false\ncause = []\neffect = []\n[[rule]]\nid = \"x\"\nenabled = false\ncause = []\neffect = []\n",
            "twice",
        ),
        ("linger = \"1s\"\n", "linger"),
    ] {
        let why = settings(text).check().expect_err(text);
        assert!(why.contains(says), "{text}: {why}");
    }
}

/// A whole grid's meters report at once: that must not hold up a step for long. Printed, not asserted: machines differ.
#[test]
fn a_grid_s_worth_of_findings_in_one_step() {
    let mut s = shipped();
    let began = std::time::Instant::now();
    for k in 0..MOST_FINDINGS {
        let mut meter = at(&format!("f{k}"), Kind::Frequency, k as i64, (k % 64) as f64);
        meter.shape = Place {
            lat: -33.0 + (k / 64) as f64 * 0.01,
            lon: -71.0 + (k % 64) as f64 * 0.01,
        }
        .into();
        s.take(meter);
    }
    println!("{MOST_FINDINGS} findings: {:?}", began.elapsed());
    consistent(&s);
    assert_eq!(s.views().len(), 1);
    assert_eq!(s.views()[0].more, MOST_FINDINGS - MOST_EVIDENCE);
}
