//! The globe as people have it: ETOPO5 of Debian's `ferret-datasets` (`etopo5.cdf`), from which the shipped grids were cut.
//!
//! `WATCHFIRE_ETOPO5` names the file; without it the test says so and passes.

use std::path::{Path, PathBuf};

use gridfile::{Options, read_grid};
use ocean::grid::Area;

#[test]
fn the_shipped_grids_are_cuts_of_etopo5() {
    let Some(path) = std::env::var_os("WATCHFIRE_ETOPO5").map(PathBuf::from) else {
        println!("skipped: etopo5.cdf (WATCHFIRE_ETOPO5 names no file)");
        return;
    };
    let (globe, notes) = read_grid(&path, &Options::default()).expect("etopo5.cdf");
    assert!(globe.lattice().is_periodic());
    assert_eq!(notes.iter().count(), 1, "its steps are rounded: {notes:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/bathymetry");
    for name in ["nwpacific_5min", "sepacific_5min", "southchinasea_5min"] {
        let shipped = folder.join(format!("{name}.json"));
        let (shipped, _) = read_grid(&shipped, &Options::default()).expect(name);
        let l = shipped.lattice();
        let cut = globe
            .window(Area {
                west: l.lon(0),
                south: l.lat(0),
                east: l.lon(l.nx() - 1),
                north: l.lat(l.ny() - 1),
            })
            .expect(name);
        assert_eq!(
            (cut.lattice().nx(), cut.lattice().ny()),
            (l.nx(), l.ny()),
            "{name}"
        );
        let differ = cut
            .z()
            .iter()
            .zip(shipped.z())
            .filter(|(a, b)| a != b)
            .count();
        assert_eq!(differ, 0, "{name}");
    }
}
