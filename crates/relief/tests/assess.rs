//! Assessments of a made-up town, against numbers that can be reckoned by hand.

mod town;

use relief::roads::{Cars, Line, Network, Speeds};
use relief::{
    Assessment, Figure, Input, Kind, Level, People, Place, Planning, Status, Zone, assess,
};
use town::{cell, place, road, shelter, zone};

fn run(zones: &[Zone], places: &[Place], roads: Option<&Network>, speeds: &Speeds) -> Assessment {
    assess(Input {
        now_us: 0,
        zones,
        places,
        roads,
        speeds,
        planning: &Planning::default(),
    })
}

fn network(lines: &[Line]) -> Network {
    Network::build(lines.to_vec(), 1.0)
}

/// The coast is the first kilometre; a road leads 5 km inland over a bridge at 1.5 km.
fn town() -> (Vec<Zone>, Vec<Place>, Vec<Line>) {
    let zones = vec![zone("coast", Level::Warning, 0.0, -5.0, 1.0, 5.0)];
    let places = vec![
        cell("harbour", 0.5, 0.0, 300),
        cell("hill", 3.0, 0.0, 900),
        place(Kind::Hospital, "clinic", 0.5, 0.0),
        place(Kind::School, "school", 2.0, 0.0),
        shelter("hall", 0.6, 0.0, 1000),
        shelter("gym", 2.0, 0.0, 200),
        shelter("barn", 5.0, 0.0, 50),
    ];
    let mut bridge = road("bridge", &[(1.4, 0.0), (1.6, 0.0)]);
    bridge.bridge = true;
    let lines = vec![
        road("coast road", &[(0.5, -5.0), (0.5, 0.0), (0.5, 5.0)]),
        road("inland", &[(0.5, 0.0), (1.4, 0.0)]),
        bridge,
        road("valley", &[(1.6, 0.0), (5.0, 0.0)]),
    ];
    (zones, places, lines)
}

#[test]
fn a_town_by_road() {
    let (zones, places, lines) = town();
    let roads = network(&lines);
    let a = run(&zones, &places, Some(&roads), &Speeds::new());
    let n = &a.zones[0].needs;
    assert_eq!(n.people, Figure::Known(People::whole(300)));
    assert_eq!(n.to_evacuate, n.people);
    // The hall has room for 1,000 and stands in the zone: it is not counted on.
    assert_eq!(n.with_bed, People::whole(250));
    assert_eq!(n.lacking, Figure::Known(People::whole(50)));
    assert_eq!(
        (n.hospitals, n.schools, n.shelters, n.bridges_on_ways),
        (1, 0, 1, 1)
    );
    assert_eq!(n.water_l_day, Some(4_500.0));
    assert_eq!(n.floor_m2, Some(1_050.0));
    assert_eq!(n.toilets, Some(15));
    let promised: Vec<(&str, u64)> = a
        .shelters
        .iter()
        .map(|s| (s.place.id.as_str(), s.promised.count()))
        .collect();
    assert_eq!(promised, [("barn", 50), ("gym", 200)]);
    // 1.5 km at 1.1 m/s, and an hour less five minutes until the wave.
    let clinic = a
        .inside
        .iter()
        .find(|i| i.place.id == "clinic")
        .expect("inside");
    let nearest = clinic.nearest.as_ref().expect("a shelter");
    assert_eq!(nearest.shelter, "gym");
    let travel_s = nearest.travel_s.expect("a way");
    assert!((travel_s - 1_500.0 / 1.1).abs() < 0.5, "{travel_s}");
    assert_eq!(clinic.left_s, Some(3_600 - 300 - travel_s.ceil() as i64));
    assert_eq!(a.bridges.len(), 1);
    assert_eq!(a.bridges[0].people, People::whole(250));
    assert_eq!(a.total, a.zones[0].needs);
}

#[test]
fn traffic_now_decides_whether_to_drive() {
    let (zones, places, mut lines) = town();
    for line in &mut lines {
        line.speed_m_s = Some(10.0);
    }
    let roads = network(&lines);
    let travel_s = |speeds: &Speeds| {
        let a = run(&zones, &places, Some(&roads), speeds);
        let clinic = a.inside.iter().find(|i| i.place.id == "clinic");
        let nearest = clinic.and_then(|i| i.nearest.clone()).expect("a shelter");
        assert!((nearest.on_foot_s.expect("a way") - 1_500.0 / 1.1).abs() < 0.5);
        nearest.travel_s.expect("a way")
    };
    assert!((travel_s(&Speeds::new()) - 150.0).abs() < 0.1);
    let slow = Speeds::from([("inland".to_owned(), 3.0)]);
    assert!((travel_s(&slow) - (60.0 + 300.0)).abs() < 0.1);
    // A jam is left behind on foot.
    let jam = Speeds::from([("inland".to_owned(), 0.2)]);
    assert!((travel_s(&jam) - (60.0 + 900.0 / 1.1)).abs() < 0.1);
    let standstill = Speeds::from([("inland".to_owned(), 0.0)]);
    assert_eq!(travel_s(&standstill), travel_s(&jam));
}

#[test]
fn one_way_streets_are_for_cars() {
    let zones = vec![zone("z", Level::Warning, 0.0, -5.0, 1.0, 5.0)];
    let places = vec![cell("home", 0.5, 0.0, 10), shelter("gym", 2.0, 0.0, 20)];
    let mut line = road("r", &[(2.0, 0.0), (0.5, 0.0)]);
    line.speed_m_s = Some(15.0);
    let wave = |line: &Line| {
        let roads = network(std::slice::from_ref(line));
        let mut places = places.clone();
        places.push(place(Kind::School, "school", 0.5, 0.0));
        let a = run(&zones, &places, Some(&roads), &Speeds::new());
        a.inside[0].nearest.as_ref().and_then(|n| n.travel_s)
    };
    line.cars = Cars::Backward;
    assert!((wave(&line).expect("by car") - 100.0).abs() < 0.1);
    line.cars = Cars::Forward;
    assert!((wave(&line).expect("on foot") - 1_500.0 / 1.1).abs() < 0.5);
    line.foot = false;
    assert_eq!(wave(&line), None);
}

#[test]
fn closed_bridge_cuts_the_way() {
    let (zones, places, mut lines) = town();
    lines[2].closed = true;
    let roads = network(&lines);
    let a = run(&zones, &places, Some(&roads), &Speeds::new());
    let n = &a.zones[0].needs;
    assert_eq!(n.with_bed, People::ZERO);
    assert_eq!(n.lacking, Figure::Known(People::whole(300)));
    let ways = n.ways.expect("there are roads");
    assert_eq!(ways.no_way_to_shelter, People::whole(300));
    // The road still leads out of the zone, as far as the bridge.
    assert_eq!(ways.no_way_out, People::ZERO);
    assert!(a.bridges.is_empty());
}

#[test]
fn a_bridge_of_the_list_is_found_on_its_road() {
    let (zones, mut places, mut lines) = town();
    places.push(Place {
        status: Status::Open,
        ..place(Kind::Bridge, "old bridge", 1.5, 0.01)
    });
    lines[2].bridge = false;
    let roads = network(&lines);
    let a = run(&zones, &places, Some(&roads), &Speeds::new());
    assert_eq!(a.bridges.len(), 1);
    assert_eq!(
        (a.bridges[0].id.as_str(), a.bridges[0].status),
        ("old bridge", Status::Open)
    );
    assert_eq!(a.zones[0].needs.bridges_on_ways, 1);
}

#[test]
fn no_population_data_is_not_nobody() {
    let (zones, mut places, lines) = town();
    places.retain(|p| p.kind != Kind::Population);
    let roads = network(&lines);
    let a = run(&zones, &places, Some(&roads), &Speeds::new());
    let n = &a.zones[0].needs;
    assert_eq!(n.people, Figure::Unknown);
    assert_eq!(n.lacking, Figure::Unknown);
    assert_eq!(n.water_l_day, None);
    assert_eq!(n.ways, None);
    assert!(a.notes[0].contains("unknown, not zero"), "{:?}", a.notes);
    // A cell without a number makes the sum a lower bound.
    places.push(place(Kind::Population, "a", 0.5, 0.0));
    assert_eq!(
        run(&zones, &places, None, &Speeds::new()).total.people,
        Figure::Unknown
    );
    places.push(cell("b", 0.5, 0.1, 7));
    assert_eq!(
        run(&zones, &places, None, &Speeds::new()).total.people,
        Figure::AtLeast(People::whole(7))
    );
}

#[test]
fn unknown_capacity_promises_nothing() {
    let (zones, mut places, lines) = town();
    for p in &mut places {
        if p.kind == Kind::Shelter {
            p.capacity = None;
        }
    }
    let roads = network(&lines);
    let a = run(&zones, &places, Some(&roads), &Speeds::new());
    assert_eq!(a.total.with_bed, People::ZERO);
    // The nearest shelter is still told.
    let clinic = a.inside.iter().find(|i| i.place.id == "clinic");
    assert_eq!(
        clinic
            .and_then(|i| i.nearest.as_ref())
            .map(|n| n.shelter.as_str()),
        Some("gym")
    );
    assert!(
        a.notes.iter().any(|n| n.contains("no known capacity")),
        "{:?}",
        a.notes
    );
}

#[test]
fn closed_shelters_are_left_out() {
    let (zones, mut places, lines) = town();
    for p in &mut places {
        if p.id == "gym" {
            p.status = Status::Closed;
        }
    }
    let a = run(&zones, &places, Some(&network(&lines)), &Speeds::new());
    assert_eq!(a.total.with_bed, People::whole(50));
    assert_eq!(a.shelters_closed, 1);
}

#[test]
fn those_in_an_advisory_zone_stay() {
    let (mut zones, places, lines) = town();
    zones[0].level = Level::Advisory;
    let a = run(&zones, &places, Some(&network(&lines)), &Speeds::new());
    assert_eq!(a.total.people, Figure::Known(People::whole(300)));
    assert_eq!(a.total.to_evacuate, Figure::Known(People::ZERO));
    assert_eq!(a.total.with_bed, People::ZERO);
    // And its shelters are not safe all the same.
    assert!(a.shelters.iter().all(|s| s.place.id != "hall"));
}

#[test]
fn a_place_in_two_zones_counts_in_the_graver() {
    let (mut zones, places, _) = town();
    zones.push(zone("all", Level::Major, -1.0, -6.0, 0.7, 6.0));
    zones.push(zone("low", Level::Advisory, -1.0, -6.0, 4.0, 6.0));
    let a = run(&zones, &places, None, &Speeds::new());
    let people: Vec<(&str, Figure)> = a
        .zones
        .iter()
        .map(|z| (z.zone.id.as_str(), z.needs.people))
        .collect();
    assert_eq!(
        people,
        [
            ("all", Figure::Known(People::whole(300))),
            ("coast", Figure::Unknown),
            ("low", Figure::Known(People::whole(900)))
        ]
    );
    assert_eq!(a.total.people, Figure::AtLeast(People::whole(1_200)));
}

#[test]
fn without_roads_as_the_crow_flies() {
    let (zones, places, _) = town();
    let a = run(&zones, &places, None, &Speeds::new());
    assert!(!a.by_road);
    assert_eq!(a.total.with_bed, People::whole(250));
    assert_eq!(a.total.ways, None);
    let clinic = a.inside.iter().find(|i| i.place.id == "clinic");
    let nearest = clinic.and_then(|i| i.nearest.as_ref()).expect("a shelter");
    assert_eq!(nearest.shelter, "gym");
    assert_eq!(nearest.travel_s, None);
    assert!((nearest.straight_m - 1_500.0).abs() < 0.5);
    assert_eq!(clinic.and_then(|i| i.left_s), None);
}

#[test]
fn too_late_is_said() {
    let (mut zones, places, lines) = town();
    zones[0].arrival_us = Some(600_000_000);
    let a = run(&zones, &places, Some(&network(&lines)), &Speeds::new());
    let ways = a.total.ways.expect("there are roads");
    assert_eq!(ways.too_late_to_shelter, People::whole(300));
    assert_eq!(ways.too_late_out, People::whole(300));
    let clinic = a.inside.iter().find(|i| i.place.id == "clinic");
    assert!(clinic.and_then(|i| i.left_s).expect("known") < 0);
    // No arrival, no time left: it is not known.
    zones[0].arrival_us = None;
    let a = run(&zones, &places, Some(&network(&lines)), &Speeds::new());
    assert_eq!(a.zones[0].wave_in_s, None);
    assert_eq!(a.total.ways.expect("roads").too_late_out, People::ZERO);
    assert!(a.inside.iter().all(|i| i.left_s.is_none()));
}

#[test]
fn the_same_record_of_two_sources_counts_once() {
    let (zones, mut places, _) = town();
    let twice: Vec<Place> = places
        .iter()
        .map(|p| Place {
            source: "other".to_owned(),
            ..p.clone()
        })
        .collect();
    places.extend(twice);
    let a = run(&zones, &places, None, &Speeds::new());
    assert_eq!(a.total.people, Figure::Known(People::whole(300)));
    assert_eq!(a.total.with_bed, People::whole(250));
    assert!(a.notes.iter().any(|n| n.contains("more than one source")));
}

#[test]
fn roads_join_at_vertices_and_not_at_crossings() {
    // Two roads that cross at a common vertex in their middles, and two that merely cross.
    let joined = network(&[
        road("a", &[(0.0, -1.0), (0.0, 0.0), (0.0, 1.0)]),
        road("b", &[(-1.0, 0.0), (0.0, 0.000_5), (1.0, 0.0)]),
    ]);
    assert_eq!((joined.node_count(), joined.edge_count()), (5, 4));
    let flyover = network(&[
        road("a", &[(0.0, -1.0), (0.0, 1.0)]),
        road("b", &[(-1.0, 0.0), (1.0, 0.0)]),
    ]);
    assert_eq!((flyover.node_count(), flyover.edge_count()), (4, 2));
    assert!(flyover.has_segment("b") && !flyover.has_segment("c"));
}
