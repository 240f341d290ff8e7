//! A published finite-fault table in any of its formats, and what it does to a sea.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ocean::fault::table::{ReadOptions, Reference, read};
use ocean::fault::{LiftOptions, lift};
use ocean::{Grid, GridHeader};

fuzz_target!(|data: &[u8]| {
    let Some((pick, bytes)) = data.split_first() else {
        return;
    };
    let options = ReadOptions {
        reference: (pick & 1 == 1).then_some(Reference::TopCorner),
        rake_deg: (pick & 2 == 2).then_some(100.0),
        size_km: (pick & 4 == 4).then_some((50.0, 40.0)),
    };
    let Ok(table) = read(&String::from_utf8_lossy(bytes), &options) else {
        return;
    };
    assert!(!table.faults.is_empty());
    for f in &table.faults {
        assert!(f.lat.abs() <= 90.0 && f.lon.abs() <= 1080.0, "{f:?}");
        assert!((0.0..=90.0).contains(&f.dip_deg) && f.depth_km >= 0.0, "{f:?}");
        assert!(f.length_km > 0.0 && f.width_km > 0.0 && f.slip_m.is_finite(), "{f:?}");
        assert!(f.start_s >= 0.0 && f.rise_s >= 0.0, "{f:?}");
    }
    // A globe of coarse cells, dry in the north: whatever was read lifts it, or says why not.
    let header = GridHeader {
        nx: 90,
        ny: 36,
        lon0: -180.0,
        lat0: -70.0,
        dlon: 4.0,
        dlat: 4.0,
        ..GridHeader::default()
    };
    let z = (0..90 * 36).map(|k| if k < 90 * 30 { -4000 } else { 100 }).collect();
    let grid = Grid::new(&header, z).expect("the grid is good");
    let few = &table.faults[..table.faults.len().min(20)];
    let options = LiftOptions {
        kajiura: pick & 8 == 8,
        horizontal: pick & 16 == 16,
    };
    let Ok(motions) = lift(few, &grid, &options) else {
        return;
    };
    for m in &motions {
        assert_eq!(m.patch.metres.len(), m.patch.nx * m.patch.ny);
        assert!(m.patch.i0 < 90 && m.patch.nx <= 90 && m.patch.j0 + m.patch.ny <= 36);
        assert!(m.patch.metres.iter().all(|u| u.is_finite()));
    }
});
