//! A small bank whose heights are easy to say and tell apart.

// Each test file takes what it needs.
#![allow(dead_code)]

use std::collections::BTreeMap;

use bank::Provenance;
use bank::provenance::{FORMAT, GridOrigin, ReceiverOrigin, SolverOrigin};
use ocean::response::{Receiver, UnitSource};

/// A bank of `receivers` by `units` by `samples`, without digests.
pub fn provenance(receivers: usize, units: usize, samples: usize) -> Provenance {
    Provenance {
        format: FORMAT,
        title: "Sample".into(),
        program: "bank tests 1".into(),
        grid: GridOrigin {
            name: "sample".into(),
            nx: 100,
            ny: 80,
            lon0: 262.0,
            lat0: -58.0,
            dlon: 1.0 / 12.0,
            dlat: 1.0 / 12.0,
            blake3: "0".repeat(64),
        },
        solver: SolverOrigin {
            name: "none".into(),
            version: 1,
            dt_s: 12.345678901234567,
            settings: BTreeMap::from([("coriolis".into(), "false".into())]),
        },
        step_s: 60.0,
        samples,
        units: (0..units)
            .map(|u| UnitSource {
                id: format!("peru-chile-{u}"),
                lat: -30.1 - u as f64 / 3.0,
                lon: -72.3,
                depth_km: 12.7,
                length_km: 100.0,
                width_km: 50.0,
                strike_deg: 10.0,
                dip_deg: 14.0,
                rake_deg: 90.0,
            })
            .collect(),
        receivers: (0..receivers)
            .map(|r| ReceiverOrigin {
                place: Receiver {
                    id: format!("place-{r}"),
                    lat: -20.0 + r as f64,
                    lon: 279.3,
                    coastal: r % 2 == 1,
                    depth_m: 1234.5,
                },
                name: format!("Place {r}"),
                cells: vec![(r, 2 * r, 0.75), (r + 1, 2 * r, 0.25)],
                blake3: String::new(),
            })
            .collect(),
        asked: BTreeMap::from([("duration".into(), "2h".into())]),
    }
}

/// Heights of a receiver: every one of the bank is another.
pub fn heights(p: &Provenance, receiver: usize) -> Vec<f32> {
    let count = p.heights_per_receiver();
    (0..count)
        .map(|k| (receiver * count + k) as f32 * 1e-3 - 1.0)
        .collect()
}
