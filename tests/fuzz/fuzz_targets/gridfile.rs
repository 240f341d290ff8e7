//! A file that somebody brings - a grid, an uplift, an earthquake, a list of stations -, which the first byte picks.
#![no_main]

use std::sync::LazyLock;

use gridfile::{
    Holes, Options, Uplift, Vertical, read_grid_bytes, read_quakes_bytes, read_stations_bytes,
};
use libfuzzer_sys::fuzz_target;
use ocean::{Grid, GridHeader};

static GLOBE: LazyLock<Grid> = LazyLock::new(|| {
    let header = GridHeader {
        nx: 72,
        ny: 36,
        lon0: -177.5,
        lat0: -87.5,
        dlon: 5.0,
        dlat: 5.0,
        ..GridHeader::default()
    };
    Grid::new(&header, vec![-4000; 72 * 36]).expect("a globe")
});

fuzz_target!(|data: &[u8]| {
    let Some((pick, bytes)) = data.split_first() else {
        return;
    };
    let options = Options {
        vertical: if pick & 8 == 0 {
            Vertical::AsWritten
        } else {
            Vertical::Down
        },
        holes: if pick & 16 == 0 {
            Holes::Refuse
        } else {
            Holes::Fill
        },
        near: (pick & 32 != 0).then_some((38.0, 142.0)),
        ..Options::default()
    };
    match pick & 3 {
        0 => match read_grid_bytes("f", bytes.to_vec(), &options) {
            Ok((grid, _)) => {
                assert!(grid.wet_cells() > 0);
                assert!(
                    grid.z()
                        .iter()
                        .all(|z| z.abs() <= ocean::grid::MAX_RELIEF_M)
                );
            }
            Err(e) => assert!(!e.to_string().is_empty()),
        },
        1 => {
            let Ok((uplift, _)) = Uplift::read_bytes("f", bytes.to_vec(), &options) else {
                return;
            };
            assert!(uplift.largest_m() > 0.0 && uplift.core().south >= -90.5);
            let Ok((motions, _)) = uplift.motions(&GLOBE) else {
                return;
            };
            for m in motions {
                assert_eq!(m.patch.metres.len(), m.patch.nx * m.patch.ny);
                assert!(m.patch.nx <= 72 && m.patch.j0 + m.patch.ny <= 36);
                assert!(m.patch.metres.iter().all(|z| z.is_finite()));
                assert!(m.start_s >= 0.0 && m.rise_s >= 0.0);
            }
        }
        2 => {
            let Ok((quakes, _)) = read_quakes_bytes("f", bytes.to_vec()) else {
                return;
            };
            for quake in quakes {
                let q = &quake.quake;
                assert!(q.lat.abs() <= 90.0 && q.lon.abs() <= 360.0 && q.magnitude.is_finite());
                assert!(
                    quake
                        .planes
                        .iter()
                        .all(|p| p.dip_deg > 0.0 && p.strike_deg < 360.0)
                );
            }
        }
        _ => {
            let Ok((stations, _)) = read_stations_bytes("f", bytes) else {
                return;
            };
            assert!(
                stations
                    .iter()
                    .all(|s| s.lat.abs() <= 90.0 && wire::topic::is_id(&s.id))
            );
        }
    }
});
