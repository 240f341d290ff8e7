//! Any bytes, and any damage to good ones, give a value or an error that says something, never a panic, and what is read is sound.

mod written;

use std::sync::LazyLock;

use gridfile::{
    Holes, Options, Uplift, Vertical, read_grid_bytes, read_quakes_bytes, read_stations_bytes,
};
use ocean::{Cell, Grid};
use proptest::prelude::*;
use written::{Field, every};

fn all(bytes: &[u8]) {
    for vertical in [Vertical::AsWritten, Vertical::Down] {
        let options = Options {
            vertical,
            holes: Holes::Fill,
            near: Some((38.0, 142.0)),
            ..Options::default()
        };
        match read_grid_bytes("f", bytes.to_vec(), &options) {
            Ok((grid, _)) => {
                assert!(grid.z().iter().all(|z| z.is_finite()) && grid.wet_cells() > 0)
            }
            Err(e) => assert!(e.to_string().len() > 4 && e.to_string().len() < 4000, "{e}"),
        }
        if let Ok((uplift, _)) = Uplift::read_bytes("f", bytes.to_vec(), &options) {
            uplift.core();
            if let Ok((motions, _)) = uplift.motions(&GLOBE) {
                for m in motions {
                    assert_eq!(m.patch.metres.len(), m.patch.nx * m.patch.ny);
                    assert!(m.patch.nx <= 36 && m.patch.j0 + m.patch.ny <= 18);
                    assert!(GLOBE.is_wet(Cell {
                        i: m.patch.i0,
                        j: m.patch.j0
                    }));
                    assert!(
                        m.patch
                            .metres
                            .iter()
                            .all(|z| z.abs() <= 1.1 * gridfile::MAX_UPLIFT_M)
                    );
                }
            }
        }
    }
    if let Ok((quakes, _)) = read_quakes_bytes("f", bytes.to_vec()) {
        assert!(
            quakes
                .iter()
                .all(|q| q.quake.lat.abs() <= 90.0 && !q.quake.id.is_empty())
        );
    }
    if let Ok((stations, _)) = read_stations_bytes("f", bytes) {
        assert!(
            stations
                .iter()
                .all(|s| s.lat.abs() <= 90.0 && wire::topic::is_id(&s.id))
        );
    }
}

static GLOBE: LazyLock<Grid> =
    LazyLock::new(|| Field::flat(36, 18, -175.0, -85.0, 10.0, -4000.0).grid());

/// Good files of every format, small.
fn good() -> Vec<Vec<u8>> {
    let f = Field::sea(5, 4, 178.0, -10.0, 0.5, true);
    let small = Field {
        z: f.z.iter().map(|z| z / 1000.0).collect(),
        ..f.clone()
    };
    let mut files: Vec<Vec<u8>> = every(&f)
        .into_iter()
        .chain(every(&small))
        .map(|(_, b)| b)
        .collect();
    files.push(b"3 mx\n2 my\n2 mt\n140 xlower\n36 ylower\n0 t0\n.5 dx\n.5 dy\n9 dt\n1 2 3\n4 5 6\n1 2 3\n4 5 7\n".to_vec());
    files.push(b"0 140 36 1\n0 141 36 1\n0 140 35 1\n0 141 35 2\n".to_vec());
    files.push(include_bytes!("../../../configs/events/chile-2010/quake.geojson").to_vec());
    files.push(b"id,lat,lon,kind\na,1,2,dart\n".to_vec());
    files.push(b"<quakeml><eventParameters><event><origin><time><value>2010-02-27T06:34:11Z</value></time></origin></event></eventParameters></quakeml>".to_vec());
    files
}

#[test]
fn cuts_of_every_format() {
    for file in good() {
        // Seven and four have nothing in common: every place within a number is cut.
        for n in (0..file.len()).step_by(7) {
            all(&file[..n]);
        }
    }
}

proptest! {
    #[test]
    fn damage(pick in 0usize..64, at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let files = good();
        let mut file = files[pick % files.len()].clone();
        for (index, byte) in at {
            let k = index.index(file.len());
            file[k] = byte;
        }
        all(&file);
    }

    #[test]
    fn numbers_swapped(pick in 0usize..64, number in prop::sample::select(vec!["-1", "0", "1e308", "nan", "4294967296", "0.5", "x"]), at in any::<prop::sample::Index>()) {
        let files = good();
        let file = &files[pick % files.len()];
        let Ok(text) = std::str::from_utf8(file) else { return Ok(()) };
        let words: Vec<&str> = text.split(' ').collect();
        let k = at.index(words.len());
        let changed: Vec<&str> = words.iter().enumerate().map(|(i, w)| if i == k { number } else { *w }).collect();
        all(changed.join(" ").as_bytes());
    }

    #[test]
    fn noise(bytes in prop::collection::vec(any::<u8>(), 0..300), start in prop::sample::select(vec![&b""[..], b"CDF\x01", b"CDF\x05", b"DSRB", b"DSBB", b"II*\0", b"<", b"{"])) {
        all(&[start, &bytes].concat());
    }
}
