//! A response bank's file: any bytes, and a sound one with some bytes changed.
#![no_main]

use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use bank::provenance::{FORMAT, GridOrigin, ReceiverOrigin, SolverOrigin};
use bank::{Bank, Provenance};
use libfuzzer_sys::fuzz_target;
use ocean::response::{Receiver, ResponseTable, UnitSource};

/// A sound file: what is changed at random reaches the last check only from here.
static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let provenance = Provenance {
        format: FORMAT,
        title: "fuzz".into(),
        program: "fuzz".into(),
        grid: GridOrigin {
            name: "fuzz".into(),
            nx: 9,
            ny: 9,
            lon0: 0.0,
            lat0: 0.0,
            dlon: 1.0,
            dlat: 1.0,
            blake3: "0".repeat(64),
        },
        solver: SolverOrigin {
            name: "none".into(),
            version: 1,
            dt_s: 1.0,
            settings: Default::default(),
        },
        step_s: 60.0,
        samples: 3,
        units: ["a", "b"]
            .map(|id| UnitSource {
                id: id.into(),
                lat: 1.0,
                lon: 2.0,
                depth_km: 3.0,
                length_km: 4.0,
                width_km: 5.0,
                strike_deg: 6.0,
                dip_deg: 7.0,
                rake_deg: 8.0,
            })
            .to_vec(),
        receivers: ["x", "y"]
            .map(|id| ReceiverOrigin {
                place: Receiver {
                    id: id.into(),
                    lat: 1.0,
                    lon: 2.0,
                    coastal: true,
                    depth_m: 3.0,
                },
                name: id.into(),
                cells: vec![(1, 2, 1.0)],
                blake3: String::new(),
            })
            .to_vec(),
        asked: Default::default(),
    };
    let folder = std::env::temp_dir().join(format!("watchfire-fuzz-bank-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("scratch folder");
    let out = folder.join("bank");
    let compute = |k: usize, _: &AtomicBool| Ok(vec![k as f32; 6]);
    bank::build(&out, provenance, 1, &compute, &|_| {}, &AtomicBool::new(false)).expect("built");
    let bytes = std::fs::read(&out).expect("read");
    std::fs::remove_dir_all(&folder).expect("scratch folder");
    bytes
});

fuzz_target!(|data: &[u8]| {
    let check = |bytes: &[u8]| {
        let Ok(bank) = Bank::from_bytes(bytes) else {
            return;
        };
        let each = bank.units().len() * bank.samples();
        for k in 0..bank.receivers().len() {
            let heights = bank.responses(k);
            assert!(heights.len() == each && heights.iter().all(|h| h.is_finite()));
        }
    };
    check(data);
    // Triples of place and value, in the sound file.
    let mut bytes = SOUND.clone();
    for change in data.chunks_exact(3).take(64) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
        bytes[at] = change[2];
    }
    check(&bytes);
});
