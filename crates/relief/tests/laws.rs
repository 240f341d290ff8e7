//! What holds for any places, roads and zones.

mod town;

use proptest::prelude::*;
use relief::roads::{Line, Network, Speeds};
use relief::{Assessment, Figure, Input, Kind, Level, People, Place, Planning, Zone, assess};
use town::{cell, place, road, shelter, zone};

/// A town of streets on a grid of 6 by 6 corners, 400 m apart, of which some are missing, closed or fast; cells, schools and shelters anywhere.
#[derive(Clone, Debug)]
struct Town {
    zones: Vec<Zone>,
    places: Vec<Place>,
    lines: Vec<Line>,
    speeds: Speeds,
}

const SIDE: u32 = 6;

fn km(corner: u32) -> f64 {
    f64::from(corner) * 0.4
}

fn streets() -> impl Strategy<Value = Vec<Line>> {
    let street = (0..SIDE, 0..SIDE, any::<bool>(), 0_u8..8, 1_u8..30);
    prop::collection::vec(street, 5..70).prop_map(|all| {
        let mut lines: Vec<Line> = Vec::new();
        for (north, east, up, sort, speed) in all {
            let (n, e) = if up {
                (north + 1, east)
            } else {
                (north, east + 1)
            };
            let id = format!("s{north}{east}{up}");
            if lines.iter().any(|l| l.id == id) {
                continue;
            }
            let mut line = road(&id, &[(km(north), km(east)), (km(n), km(e))]);
            line.closed = sort == 0;
            line.bridge = sort == 1;
            line.speed_m_s = (sort > 3).then(|| f64::from(speed));
            line.foot = sort != 7;
            line.cars = match sort {
                2 => relief::roads::Cars::No,
                5 => relief::roads::Cars::Forward,
                6 => relief::roads::Cars::Backward,
                _ => relief::roads::Cars::Both,
            };
            lines.push(line);
        }
        lines
    })
}

fn places() -> impl Strategy<Value = Vec<Place>> {
    let one = (0.0..2.6_f64, 0.0..2.6_f64, 0_u8..8, 0_u32..200);
    prop::collection::vec(one, 1..40).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(k, (north, east, sort, number))| {
                let id = format!("p{k}");
                match sort {
                    0 => place(Kind::School, &id, north, east),
                    1 => place(Kind::Population, &id, north, east),
                    2 | 3 => shelter(&id, north, east, number),
                    4 => place(Kind::Shelter, &id, north, east),
                    _ => cell(&id, north, east, number),
                }
            })
            .collect()
    })
}

fn zones() -> impl Strategy<Value = Vec<Zone>> {
    let one = (
        0_u8..3,
        0.0..2.0_f64,
        0.0..2.0_f64,
        0.1..1.5_f64,
        0.1..1.5_f64,
    );
    prop::collection::vec(one, 1..4).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(k, (level, south, west, height, width))| {
                let level = Level::ALL[usize::from(level)];
                zone(
                    &format!("z{k}"),
                    level,
                    south,
                    west,
                    south + height,
                    west + width,
                )
            })
            .collect()
    })
}

fn towns() -> impl Strategy<Value = Town> {
    let speeds = prop::collection::btree_map("s[0-5][0-5](true|false)", 0.0..20.0_f64, 0..8);
    (zones(), places(), streets(), speeds).prop_map(|(zones, places, lines, speeds)| Town {
        zones,
        places,
        lines,
        speeds,
    })
}

fn run(town: &Town, by_road: bool) -> Assessment {
    let roads = Network::build(town.lines.clone(), 1.0);
    assess(Input {
        now_us: 0,
        zones: &town.zones,
        places: &town.places,
        roads: by_road.then_some(&roads),
        speeds: &town.speeds,
        planning: &Planning::default(),
    })
}

/// Time by road from each place inside to its nearest shelter.
fn times(a: &Assessment) -> Vec<(String, Option<f64>)> {
    a.inside
        .iter()
        .map(|i| {
            let travel_s = i.nearest.as_ref().and_then(|n| n.travel_s);
            (i.place.id.clone(), travel_s)
        })
        .collect()
}

fn longer(before: Option<f64>, after: Option<f64>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => after > before,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn sums_over_zones_are_the_totals(town in towns(), by_road: bool) {
        let a = run(&town, by_road);
        let sum = |f: fn(&relief::assess::Needs) -> People| -> People {
            a.zones.iter().map(|z| f(&z.needs)).sum()
        };
        let people = |figure: Figure| figure.people().unwrap_or_default();
        prop_assert_eq!(sum(|n| n.people.people().unwrap_or_default()), people(a.total.people));
        prop_assert_eq!(sum(|n| n.to_evacuate.people().unwrap_or_default()), people(a.total.to_evacuate));
        prop_assert_eq!(sum(|n| n.lacking.people().unwrap_or_default()), people(a.total.lacking));
        prop_assert_eq!(sum(|n| n.with_bed), a.total.with_bed);
        prop_assert_eq!(people(a.total.lacking).plus(a.total.with_bed), people(a.total.to_evacuate));
        let cells: usize = a.zones.iter().map(|z| z.needs.cells).sum();
        prop_assert_eq!(cells, a.total.cells);
        let schools: usize = a.zones.iter().map(|z| z.needs.schools).sum();
        prop_assert_eq!(schools, a.total.schools);
        // Known only where every zone is.
        let all_known = a.zones.iter().all(|z| matches!(z.needs.people, Figure::Known(_)));
        prop_assert_eq!(matches!(a.total.people, Figure::Known(_)), all_known);
        for z in &a.zones {
            prop_assert_eq!(z.needs.people == Figure::Unknown, z.needs.cells == z.needs.cells_without_number);
        }
    }

    #[test]
    fn no_bed_is_promised_twice(town in towns(), by_road: bool) {
        let a = run(&town, by_road);
        let promised: People = a.shelters.iter().map(|s| s.promised).sum();
        prop_assert_eq!(promised, a.total.with_bed);
        for s in &a.shelters {
            prop_assert!(s.promised <= People::whole(s.free.unwrap_or_default()));
            // None of them lies in a zone.
            prop_assert!(a.inside.iter().all(|i| i.place.id != s.place.id));
        }
        // Nobody who has a way to a shelter goes without a bed while one is free there: all that is free is out of everybody's reach.
        let lacking = a.total.lacking.people().unwrap_or_default();
        if !by_road && lacking > People::ZERO {
            prop_assert!(a.shelters.iter().all(|s| s.left().unwrap_or_default() == 0));
        }
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(town in towns(), by_road: bool, seed: u64) {
        let mut other = town.clone();
        // A rotation and a reversal: every pair changes places in one of the cases.
        let turn = |n: usize| if n == 0 { 0 } else { (seed % n as u64) as usize };
        let (p, l, z) = (turn(other.places.len()), turn(other.lines.len()), turn(other.zones.len()));
        other.places.rotate_left(p);
        other.lines.rotate_left(l);
        other.zones.rotate_left(z);
        if seed % 2 == 0 {
            other.places.reverse();
            other.lines.reverse();
            other.zones.reverse();
        }
        prop_assert_eq!(run(&town, by_road), run(&other, by_road));
    }

    #[test]
    fn another_shelter_never_lengthens_a_way(town in towns(), north in 0.0..2.6_f64, east in 0.0..2.6_f64) {
        let before = run(&town, true);
        let mut more = town.clone();
        more.places.push(shelter("another", north, east, 10));
        let after = run(&more, true);
        let after_times = times(&after);
        for (id, time) in times(&before) {
            let (_, now) = after_times.iter().find(|(other, _)| *other == id).expect("still inside");
            prop_assert!(!longer(time, *now), "{id}: {time:?} {now:?}");
        }
        if after.shelters.len() > before.shelters.len() {
            let lacking = |a: &Assessment| a.total.lacking.people().unwrap_or_default();
            prop_assert!(after.shelters.iter().any(|s| s.place.id == "another"));
            prop_assert!(lacking(&after) <= lacking(&before));
        }
    }

    #[test]
    fn closing_a_road_never_shortens_a_way(town in towns(), which: prop::sample::Index) {
        let before = run(&town, true);
        let mut fewer = town.clone();
        let at = which.index(fewer.lines.len());
        fewer.lines[at].closed = true;
        let after = run(&fewer, true);
        for ((id, time), (_, now)) in times(&before).into_iter().zip(times(&after)) {
            prop_assert!(!longer(now, time), "{id}: {time:?} {now:?}");
        }
        for (b, a) in before.inside.iter().zip(&after.inside) {
            prop_assert!(!longer(a.out_s, b.out_s));
        }
        // What stands where does not depend on roads.
        prop_assert_eq!(before.total.people, after.total.people);
    }

    #[test]
    fn faster_traffic_never_lengthens_a_way(town in towns(), factor in 1.0..5.0_f64) {
        let before = run(&town, true);
        let mut faster = town.clone();
        for speed in faster.speeds.values_mut() {
            *speed *= factor;
        }
        for ((id, time), (_, now)) in times(&before).into_iter().zip(times(&run(&faster, true))) {
            prop_assert!(!longer(time, now), "{id}: {time:?} {now:?}");
        }
    }
}
