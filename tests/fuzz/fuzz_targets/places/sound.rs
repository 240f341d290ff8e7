//! What holds for all places that were read.

use std::collections::BTreeSet;

use relief::places::Found;
use relief::{Input, Level, Planning, Zone, assess};

pub fn check(found: &Found) {
    let mut ids = BTreeSet::new();
    for place in &found.places {
        assert!((-90.0..=90.0).contains(&place.lat) && (-180.0..=180.0).contains(&place.lon));
        assert!(ids.insert(&place.id), "an id twice");
        assert!(place.name.chars().count() <= relief::MAX_NAME);
        assert!(place.id.chars().count() <= 2 * relief::MAX_NAME);
    }
    // They can be assessed, and nobody is lost.
    let zone = Zone {
        id: "z".to_owned(),
        name: "z".to_owned(),
        level: Level::Major,
        arrival_us: Some(0),
        arrival_sigma_s: 60.0,
        outlines: vec![vec![[-60.0, -100.0], [60.0, -100.0], [60.0, 100.0], [-60.0, 100.0]]],
        discs: Vec::new(),
    };
    let assessment = assess(Input {
        now_us: 0,
        zones: &[zone],
        places: &found.places,
        roads: None,
        speeds: &Default::default(),
        planning: &Planning::default(),
    });
    assert_eq!(assessment.zones[0].needs, {
        let mut total = assessment.total.clone();
        total.bridges_on_ways = assessment.zones[0].needs.bridges_on_ways;
        total
    });
}
