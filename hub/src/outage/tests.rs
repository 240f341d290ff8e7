//! Made cities: no public record has meters with positions and labelled outages.

use super::*;
use std::time::Duration;

const MINUTE_US: i64 = 60 * SECOND_US;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;

/// A city of `side` by `side` meters about 100 m apart, read every ten seconds by edges of their own streets.
struct City {
    outages: Outages,
    side: usize,
    now_us: i64,
    /// Who speaks, and who reads no voltage.
    speaks: Vec<bool>,
    edge: Vec<usize>,
    news: Vec<News>,
}

impl City {
    fn new(side: usize, edges: usize) -> Self {
        let n = side * side;
        let site = |k: usize| Site {
            name: format!("m{k}"),
            place: Place {
                lat: -33.0 + (k / side) as f64 * 0.000_9,
                lon: -71.6 + (k % side) as f64 * 0.001_07,
            },
        };
        let mut city = Self {
            outages: Outages::new((0..n).map(site).collect(), Rules::default(), 10 * SECOND_US),
            side,
            now_us: START,
            speaks: vec![true; n],
            // Interleaved, so that no street belongs to one edge.
            edge: (0..n).map(|k| k % edges).collect(),
            news: Vec::new(),
        };
        city.run(5 * MINUTE_US);
        assert_eq!(city.news, []);
        city
    }

    fn run(&mut self, for_us: i64) {
        let until = self.now_us + for_us;
        while self.now_us < until {
            self.now_us += 10 * SECOND_US;
            for k in 0..self.speaks.len() {
                if self.speaks[k] {
                    let name = format!("e{}", self.edge[k]);
                    let edge = self.outages.edge_heard(&name, self.now_us);
                    self.outages.heard(k, edge, self.now_us);
                }
            }
            let news = self.outages.step(self.now_us);
            self.news.extend(news);
        }
    }

    fn no_voltage(&mut self, meters: &[usize]) {
        for &k in meters {
            self.outages.voltage(k, Some(self.now_us));
        }
    }

    fn silent(&mut self, meters: &[usize]) {
        for &k in meters {
            self.speaks[k] = false;
        }
    }

    fn back(&mut self, meters: &[usize]) {
        for &k in meters {
            self.speaks[k] = true;
            self.outages.voltage(k, None);
        }
    }

    /// A square of meters.
    fn square(&self, x: usize, y: usize, size: usize) -> Vec<usize> {
        (0..size * size)
            .map(|k| (y + k / size) * self.side + x + k % size)
            .collect()
    }

    fn kinds(&self) -> Vec<&str> {
        self.news.iter().map(|n| n.kind).collect()
    }
}

#[test]
fn one_alone_is_a_meter() {
    let mut city = City::new(10, 3);
    city.no_voltage(&[44]);
    city.silent(&[12, 87]);
    city.run(20 * MINUTE_US);
    assert_eq!(city.kinds(), [""; 0]);
}

#[test]
fn several_without_voltage_are_an_outage_at_once() {
    let mut city = City::new(10, 3);
    let dead = city.square(3, 3, 3);
    city.no_voltage(&dead);
    city.silent(&dead);
    city.run(10 * SECOND_US);
    assert_eq!(city.kinds(), ["outage"], "{:?}", city.news);
    let text = &city.news[0].text;
    assert!(text.contains("9 of 9 meters near m44"), "{text}");
    assert!(text.contains("9 read no voltage, 0 are silent"), "{text}");
    let outage = &city.outages.on()[0];
    assert_eq!(outage.members.iter().copied().collect::<Vec<_>>(), dead);
    assert_eq!(outage.area.first(), outage.area.last());
    // 200 m by 200 m and 100 m about it.
    assert!(
        (0.13..0.17).contains(&outage.area_km2),
        "{}",
        outage.area_km2
    );
    let [lat, lon] = outage.area[0];
    assert!((-33.1..-32.9).contains(&lat) && (-71.7..-71.5).contains(&lon));
    city.run(60 * MINUTE_US);
    assert_eq!(city.news.len(), 1, "told once");
}

#[test]
fn silence_alone_is_an_outage_later_and_needs_more() {
    let mut city = City::new(10, 3);
    let three = city.square(5, 5, 2)[..3].to_vec();
    city.silent(&three);
    city.run(20 * MINUTE_US);
    assert_eq!(city.kinds(), [""; 0], "three silent ones are not enough");
    let mut city = City::new(10, 3);
    let four = city.square(5, 5, 2);
    city.silent(&four);
    city.run(90 * SECOND_US);
    assert_eq!(city.kinds(), [""; 0], "not yet silent");
    city.run(2 * MINUTE_US);
    assert_eq!(city.kinds(), ["outage"]);
    let since = city.outages.on()[0].since_us;
    assert_eq!(since, START + 5 * MINUTE_US, "since they were last heard");
}

#[test]
fn ten_silent_among_a_thousand_are_no_outage() {
    let mut city = City::new(32, 5);
    let scattered: Vec<usize> = (0..10).map(|k| 37 + k * 97).collect();
    city.silent(&scattered);
    city.run(30 * MINUTE_US);
    assert_eq!(city.kinds(), [""; 0]);
    // Nor when they stand in one street, with others between them.
    let mut city = City::new(32, 5);
    let street: Vec<usize> = (0..10).map(|k| 10 * 32 + 3 * k).collect();
    city.silent(&street);
    city.run(30 * MINUTE_US);
    assert_eq!(city.kinds(), [""; 0]);
}

#[test]
fn a_dead_meter_of_long_ago_joins_nothing() {
    let mut city = City::new(10, 3);
    city.no_voltage(&[33]);
    city.run(60 * MINUTE_US);
    city.no_voltage(&[34, 43]);
    city.run(20 * MINUTE_US);
    assert_eq!(city.kinds(), [""; 0]);
}

#[test]
fn a_cluster_grows_and_is_restored() {
    let mut city = City::new(12, 3);
    let first = city.square(2, 2, 3);
    city.no_voltage(&first);
    city.run(MINUTE_US);
    let all = city.square(2, 2, 6);
    let more: Vec<usize> = all.iter().copied().filter(|k| !first.contains(k)).collect();
    city.no_voltage(&more);
    city.run(MINUTE_US);
    assert_eq!(city.kinds(), ["outage", "outage"]);
    assert!(city.news[1].text.starts_with("outage-1 grows: 36 of 36"));
    city.back(&all[..28]);
    city.run(MINUTE_US);
    assert_eq!(city.news.len(), 2, "28 of 36 are not enough");
    assert_eq!(city.outages.on()[0].out.len(), 8);
    city.back(&all[28..29]);
    city.run(MINUTE_US);
    assert_eq!(city.kinds(), ["outage", "outage", "outage_over"]);
    let text = &city.news[2].text;
    assert!(
        text.contains("29 of 36 meters are back; 7 are still out"),
        "{text}"
    );
    city.run(30 * MINUTE_US);
    assert_eq!(city.news.len(), 3, "what is left is no new outage");
    city.back(&all);
    city.run(MINUTE_US);
    city.no_voltage(&first);
    city.run(MINUTE_US);
    assert_eq!(city.outages.on()[0].id, "outage-2");
}

#[test]
fn two_that_grow_together_become_one() {
    let mut city = City::new(12, 3);
    let (a, b) = (city.square(0, 0, 3), city.square(6, 0, 3));
    city.no_voltage(&a);
    city.no_voltage(&b);
    city.run(MINUTE_US);
    assert_eq!(city.outages.on().len(), 2);
    let between = city.square(3, 0, 3);
    city.no_voltage(&between);
    city.run(MINUTE_US);
    assert_eq!(city.outages.on().len(), 1);
    assert_eq!(city.outages.on()[0].members.len(), 27);
    assert!(
        city.news
            .iter()
            .any(|n| n.text == "outage-2 is part of outage-1 now")
    );
}

#[test]
fn a_lost_edge_is_a_link() {
    // Streets of one edge: all of them silent at once.
    let mut city = City::new(10, 1);
    city.edge = (0..100).map(|k| k / 20).collect();
    city.run(MINUTE_US);
    let street: Vec<usize> = (40..60).collect();
    city.silent(&street);
    city.run(30 * MINUTE_US);
    assert_eq!(city.kinds(), ["link_lost"]);
    let text = &city.news[0].text;
    assert!(text.contains("all 20 meters of edge e2") && text.contains("no outage"));
    city.back(&street);
    city.run(MINUTE_US);
    assert_eq!(city.kinds(), ["link_lost", "link_back"]);
}

/// A link that came back with one meter's reading made the others, which had not been read yet, an outage.
#[test]
fn a_link_that_returns_is_given_time_to_read_its_meters() {
    let mut city = City::new(10, 1);
    city.edge = (0..100).map(|k| k / 20).collect();
    city.run(MINUTE_US);
    let street: Vec<usize> = (40..60).collect();
    city.silent(&street);
    city.run(30 * MINUTE_US);
    city.back(&street[..1]);
    city.run(MINUTE_US);
    city.back(&street);
    city.run(10 * MINUTE_US);
    assert_eq!(city.kinds(), ["link_lost", "link_back"]);
    // Those that stay silent now are silent themselves.
    city.silent(&street[5..12]);
    city.run(10 * MINUTE_US);
    assert_eq!(city.kinds(), ["link_lost", "link_back", "outage"]);
}

/// A poll that came in five messages made the usual interval a fifth, and every meter silent between two polls.
#[test]
fn a_poll_in_several_messages_is_one_interval() {
    let site = Site {
        name: "m".to_owned(),
        place: Place { lat: 0.0, lon: 0.0 },
    };
    let mut outages = Outages::new(vec![site], Rules::default(), 10 * SECOND_US);
    for poll in 0..100 {
        for message in 0..5 {
            let now_us = START + poll * 300 * SECOND_US + message * 1_500_000;
            let edge = outages.edge_heard("e", now_us);
            outages.heard(0, edge, now_us);
        }
        let later_us = START + (poll + 1) * 300 * SECOND_US;
        assert!(
            poll < 2 || !outages.is_silent(&outages.meters[0], later_us),
            "{poll}: {}",
            outages.meters[0].usual_us
        );
    }
}

#[test]
fn an_edge_whose_meters_lost_voltage_first_is_an_outage() {
    let mut city = City::new(10, 1);
    city.edge = (0..100).map(|k| k / 20).collect();
    city.run(MINUTE_US);
    let street: Vec<usize> = (40..60).collect();
    city.no_voltage(&street[5..7]);
    city.silent(&street);
    city.run(10 * MINUTE_US);
    assert_eq!(city.kinds(), ["outage"], "{:?}", city.news);
    let text = &city.news[0].text;
    assert!(text.contains("20 of 20") && text.contains("2 read no voltage, 18 are silent"));
}

#[test]
fn a_lost_link_beside_an_outage_is_neither_evidence_nor_health() {
    let mut city = City::new(10, 1);
    city.edge = (0..100).map(|k| k / 50).collect();
    city.run(MINUTE_US);
    // The southern half is not heard any more; in the northern one nine meters lose voltage.
    let lost: Vec<usize> = (0..50).collect();
    city.silent(&lost);
    let dead = city.square(2, 5, 3);
    city.no_voltage(&dead);
    city.run(10 * MINUTE_US);
    assert_eq!(city.kinds(), ["outage", "link_lost"]);
    assert_eq!(city.outages.on()[0].members.len(), 9);
}

#[test]
fn time_in_which_the_hub_was_away_is_nobodys_silence() {
    let mut city = City::new(10, 3);
    city.now_us += 3_600 * SECOND_US;
    let news = city.outages.step(city.now_us);
    assert_eq!(news, []);
    city.run(MINUTE_US);
    assert_eq!(city.kinds(), [""; 0]);
}

#[test]
fn the_same_again_gives_the_same() {
    let story = || {
        let mut city = City::new(12, 4);
        let (a, b) = (city.square(1, 1, 4), city.square(5, 5, 3));
        city.no_voltage(&a);
        city.silent(&b);
        city.run(10 * MINUTE_US);
        city.back(&a);
        city.run(10 * MINUTE_US);
        city.news
    };
    assert_eq!(story(), story());
    assert!(!story().is_empty());
}

#[test]
fn rules_may_ask_for_more() {
    let sites = (0..4).map(|k| Site {
        name: format!("m{k}"),
        place: Place {
            lat: 50.0,
            lon: 8.0 + f64::from(k) * 0.01,
        },
    });
    let rules = Rules {
        least_meters: 4,
        together: Duration::from_secs(60),
        ..Rules::default()
    };
    let mut outages = Outages::new(sites.collect(), rules, 10 * SECOND_US);
    let edge = outages.edge_heard("e", START);
    for k in 0..4 {
        outages.heard(k, edge, START);
    }
    for k in 0..3 {
        outages.voltage(k, Some(START));
    }
    assert_eq!(outages.step(START), []);
    outages.voltage(3, Some(START + 90 * SECOND_US));
    assert_eq!(
        outages.step(START + 90 * SECOND_US),
        [],
        "too late for these rules"
    );
    outages.voltage(3, Some(START + 50 * SECOND_US));
    let news = outages.step(START + 92 * SECOND_US);
    assert!(news.is_empty(), "the first three are old by then");
}

/// A city of ten thousand meters behind five hundred edges is judged each second: that must cost little of it.
#[test]
fn ten_thousand_meters_are_judged_within_a_second() {
    let mut city = City::new(100, 500);
    let dark = city.square(20, 20, 60);
    city.no_voltage(&dark);
    let began = std::time::Instant::now();
    city.now_us += 10 * SECOND_US;
    let news = city.outages.step(city.now_us);
    println!("{:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(news[0].text.contains("3600 of 3600"), "{news:?}");
}
