//! Roads in GeoJSON from anybody: what is read can be joined, and people can be sent over it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relief::roads::{Network, read};
use relief::{Input, Kind, Level, People, Place, Planning, Status, Zone, assess};

fuzz_target!(|data: &[u8]| {
    let Ok(read) = read(data) else {
        return;
    };
    let ends: Vec<[f64; 2]> = read
        .lines
        .iter()
        .take(8)
        .filter_map(|l| l.points.last().copied())
        .collect();
    let network = Network::build(read.lines, 1.0);
    let place = |k: usize, [lat, lon]: [f64; 2], kind| Place {
        id: format!("{k}"),
        kind,
        name: String::new(),
        lat,
        lon,
        capacity: Some(10),
        occupancy: None,
        population: (kind == Kind::Population).then_some(People::whole(7)),
        status: Status::Open,
        source: String::new(),
        updated: String::new(),
    };
    let places: Vec<Place> = ends
        .iter()
        .enumerate()
        .map(|(k, at)| {
            let kind = if at[1] > 0.0 { Kind::Population } else { Kind::Shelter };
            place(k, *at, kind)
        })
        .collect();
    let zone = Zone {
        id: "z".to_owned(),
        name: "z".to_owned(),
        level: Level::Major,
        arrival_us: None,
        arrival_sigma_s: 0.0,
        outlines: vec![vec![[-90.0, 0.0], [90.0, 0.0], [90.0, 180.0], [-90.0, 180.0]]],
        discs: Vec::new(),
    };
    let assessment = assess(Input {
        now_us: 0,
        zones: &[zone],
        places: &places,
        roads: Some(&network),
        speeds: &Default::default(),
        planning: &Planning::default(),
    });
    let promised: People = assessment.shelters.iter().map(|s| s.promised).sum();
    assert_eq!(promised, assessment.total.with_bed);
});
