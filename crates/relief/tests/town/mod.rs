//! A made-up town on the equator: a coast road and a road inland, where a degree is a degree.

#![allow(dead_code, reason = "each test file uses a part")]

use relief::roads::{Cars, Line};
use relief::{Kind, Level, People, Place, Status, Zone};

/// A kilometre in degrees, on the equator and along meridians.
pub const KM: f64 = 1.0 / 111.195_08;

pub fn place(kind: Kind, id: &str, km_north: f64, km_east: f64) -> Place {
    Place {
        id: id.to_owned(),
        kind,
        name: format!("the {id}"),
        lat: km_north * KM,
        lon: km_east * KM,
        capacity: None,
        occupancy: None,
        population: None,
        status: Status::Unknown,
        source: "town".to_owned(),
        updated: String::new(),
    }
}

pub fn cell(id: &str, km_north: f64, km_east: f64, people: u32) -> Place {
    Place {
        population: Some(People::whole(people)),
        ..place(Kind::Population, id, km_north, km_east)
    }
}

pub fn shelter(id: &str, km_north: f64, km_east: f64, beds: u32) -> Place {
    Place {
        capacity: Some(beds),
        occupancy: Some(0),
        status: Status::Open,
        ..place(Kind::Shelter, id, km_north, km_east)
    }
}

/// A rectangle.
pub fn zone(id: &str, level: Level, south: f64, west: f64, north: f64, east: f64) -> Zone {
    let corners = [(south, west), (south, east), (north, east), (north, west)];
    Zone {
        id: id.to_owned(),
        name: format!("zone {id}"),
        level,
        arrival_us: Some(3_600_000_000),
        arrival_sigma_s: 300.0,
        outlines: vec![corners.iter().map(|(n, e)| [n * KM, e * KM]).collect()],
        discs: Vec::new(),
    }
}

pub fn road(id: &str, points: &[(f64, f64)]) -> Line {
    Line {
        id: id.to_owned(),
        name: String::new(),
        points: points.iter().map(|(n, e)| [n * KM, e * KM]).collect(),
        cars: Cars::Both,
        foot: true,
        speed_m_s: None,
        bridge: false,
        closed: false,
    }
}
