//! Displacements come out where they belong, with the volume that they had.

mod written;

use std::path::PathBuf;

use gridfile::{Holes, Options, Problem, Uplift};
use ocean::motion::{Motion, Patch};
use ocean::{Cell, Grid};
use written::{Field, Netcdf, double, doubles, every, shared, text};

fn sea(nx: usize, ny: usize, lon0: f64, lat0: f64, step: f64) -> Grid {
    Field::flat(nx, ny, lon0, lat0, step, -4000.0).grid()
}

fn read(bytes: Vec<u8>, options: &Options) -> Result<(Uplift, Vec<String>), Problem> {
    let (uplift, notes) = Uplift::read_bytes("file", bytes, options).map_err(|e| e.problem)?;
    Ok((uplift, notes.iter().map(str::to_owned).collect()))
}

fn motion(bytes: Vec<u8>, grid: &Grid) -> Motion {
    let (uplift, _) = read(bytes, &Options::default()).expect("an uplift");
    let (mut motions, _) = uplift.motions(grid).expect("on the grid");
    assert_eq!(motions.len(), 1);
    motions.remove(0)
}

/// Cubic metres over the sphere.
fn volume(patch: &Patch, grid: &Grid) -> f64 {
    let l = grid.lattice();
    let area = |row: usize| {
        let (east, north) = l.spacing_m(patch.j0 + row);
        east * north
    };
    let sum = |(row, z): (usize, &[f32])| z.iter().map(|&z| f64::from(z)).sum::<f64>() * area(row);
    patch.rows().enumerate().map(sum).sum()
}

fn at(patch: &Patch, grid: &Grid, lat: f64, lon: f64) -> f32 {
    let Cell { i, j } = grid.cell_at(lat, lon).expect("on the grid");
    let column = (i + grid.lattice().nx() - patch.i0) % grid.lattice().nx();
    match (j.checked_sub(patch.j0), column < patch.nx) {
        (Some(row), true) if row < patch.ny => patch.metres[row * patch.nx + column],
        _ => 0.0,
    }
}

#[test]
fn equal_nodes_keep_their_values_in_every_format() {
    let f = Field::hump(21, 17, 140.0, 36.0, 0.25);
    // The same nodes and more around them.
    let grid = sea(61, 57, 135.0, 31.0, 0.25);
    for (format, bytes) in every(&f) {
        let Motion {
            patch,
            start_s,
            rise_s,
        } = motion(bytes, &grid);
        assert_eq!((start_s, rise_s), (0.0, 0.0));
        assert!(
            patch.nx < 21 && patch.ny < 17,
            "{format}: cut to what moves"
        );
        for k in 0..f.z.len() {
            let z = at(&patch, &grid, f.lat(k / f.nx), f.lon(k % f.nx));
            assert!(
                (z - f.z[k]).abs() <= 1e-4,
                "{format}, node {k}: {z} for {}",
                f.z[k]
            );
        }
    }
}

#[test]
fn the_volume_stays_on_coarser_grids_and_nearly_on_finer_ones() {
    let f = Field::hump(121, 97, 140.0, 36.0, 1.0 / 30.0);
    let own = sea(181, 157, 139.0, 35.0, 1.0 / 30.0);
    let bytes = written::dsbb(&f);
    let reference = volume(&motion(bytes.clone(), &own).patch, &own);
    assert!(reference > 1e10);
    // Coarser by any ratio, nodes anywhere: to the rounding of single precision and the tenth of a millimetre that counts as still.
    for (step, lon0, lat0) in [
        (1.0 / 12.0, 130.0, 30.0),
        (1.0 / 6.0, 130.05, 30.02),
        (0.05, 135.0, 30.0),
        (1.0, 130.0, 30.5),
    ] {
        let grid = sea(
            (25.0 / step) as usize,
            (20.0 / step) as usize,
            lon0,
            lat0,
            step,
        );
        let ratio = volume(&motion(bytes.clone(), &grid).patch, &grid) / reference;
        assert!((ratio - 1.0).abs() < 3e-5, "step {step}: {ratio}");
    }
    // Finer: a linear interpolation, which is second order.
    let grid = sea(700, 600, 138.0, 34.0, 1.0 / 73.0);
    let ratio = volume(&motion(bytes, &grid).patch, &grid) / reference;
    assert!((ratio - 1.0).abs() < 3e-3, "finer: {ratio}");
}

#[test]
fn across_the_date_line_and_round_the_globe() {
    let f = Field::hump(41, 33, 170.0, -30.0, 0.5);
    let here = sea(101, 81, 160.0, -40.0, 0.5);
    let expected = motion(written::dsaa(&f), &here).patch;
    let west = Field {
        lon0: f.lon0 - 360.0,
        ..f.clone()
    };
    assert_eq!(
        motion(written::dsaa(&west), &here).patch,
        expected,
        "counted from -190"
    );
    // A globe whose first column lies in the middle of the source.
    let globe = sea(720, 361, -180.0, -90.0, 0.5);
    assert!(globe.lattice().is_periodic());
    let round = motion(written::dsaa(&f), &globe).patch;
    assert_eq!(
        (round.nx, round.ny, &round.metres),
        (expected.nx, expected.ny, &expected.metres)
    );
    assert!(round.i0 + round.nx > 720, "it runs past the last column");
    assert_eq!(
        globe.lattice().lon(round.i0) + 360.0 - 360.0,
        here.lattice().lon(expected.i0) - 0.0
    );
}

#[test]
fn beyond_the_grid_is_noted_or_refused() {
    let f = Field::hump(41, 33, 140.0, 36.0, 0.25);
    let (uplift, _) = read(written::dsbb(&f), &Options::default()).expect("an uplift");
    let core = uplift.core();
    assert!(
        core.west > 140.5 && core.east < 149.5 && core.south > 36.3 && core.north < 43.7,
        "{core:?}"
    );
    let half = sea(201, 161, 145.0, 30.0, 0.125);
    let (motions, notes) = uplift.motions(&half).expect("its eastern half");
    assert_eq!(motions.len(), 1);
    let notes: Vec<&str> = notes.iter().collect();
    assert!(
        notes[0].contains("% of the displaced volume lies beyond"),
        "{notes:?}"
    );
    let away = sea(41, 41, 200.0, -40.0, 0.5);
    assert!(matches!(
        uplift.motions(&away),
        Err(Problem::OffGrid { .. })
    ));
    let land = Field::flat(61, 57, 138.0, 34.0, 0.25, 100.0).grid();
    assert!(matches!(uplift.motions(&land), Err(Problem::Still(_))));
}

#[test]
fn what_is_no_displacement_is_refused() {
    let depths = Field::sea(7, 5, 140.0, 36.0, 0.25, true);
    let error = read(written::esri(&depths, true), &Options::default()).expect_err("depths");
    assert!(matches!(error, Problem::Beyond { .. }), "{error}");
    let mut still = depths.clone();
    still.z.fill(0.0);
    assert!(matches!(
        read(written::dsbb(&still), &Options::default()),
        Err(Problem::Still(_))
    ));
    let mut holed = Field::hump(7, 5, 140.0, 36.0, 0.25);
    holed.z[0] = f32::NAN;
    assert!(matches!(
        read(written::dsbb(&holed), &Options::default()),
        Err(Problem::Holes { .. })
    ));
    let fill = Options {
        holes: Holes::Fill,
        ..Options::default()
    };
    let (_, notes) = read(written::dsbb(&holed), &fill).expect("filled");
    assert!(notes[0].contains("no movement"), "{notes:?}");
    for (bytes, what) in [
        (&b""[..], "none of the formats"),
        (b"0 140 36 1\n", "no full grid"),
    ] {
        let error = read(bytes.to_vec(), &Options::default())
            .expect_err(what)
            .to_string();
        assert!(error.contains(what), "{error}");
    }
}

/// A dtopo file of type 3: the hump at one half, at nothing and whole, at the instants 0, 30 and 60 s.
fn film(f: &Field) -> Vec<u8> {
    let mut out = format!(
        "{} mx\n{} my\n3 mt\n{} xlower\n{} ylower\n0.0 t0\n{} dx\n{} dy\n30.0 dt\n",
        f.nx, f.ny, f.lon0, f.lat0, f.step, f.step
    );
    for part in [0.0, 0.5, 1.0] {
        for row in f.north_first().collect::<Vec<_>>().chunks(f.nx) {
            out += &row
                .iter()
                .map(|z| (z * part).to_string())
                .collect::<Vec<_>>()
                .join(" ");
            out += "\n";
        }
    }
    out.into_bytes()
}

/// The same as type 1: `t x y dz`.
fn film_of_lines(f: &Field) -> Vec<u8> {
    let mut out = String::new();
    for (t, part) in [(0.0, 0.0), (30.0, 0.5), (60.0, 1.0)] {
        for (k, z) in f.north_first().enumerate() {
            let (i, j) = (k % f.nx, f.ny - 1 - k / f.nx);
            out += &format!("{t} {} {} {}\n", f.lon(i), f.lat(j), z * part);
        }
    }
    out.into_bytes()
}

#[test]
fn moving_topography_gives_a_motion_for_every_interval() {
    let f = Field::hump(21, 17, 140.0, 36.0, 0.25);
    let grid = sea(61, 57, 135.0, 31.0, 0.25);
    let whole = motion(written::dsbb(&f), &grid).patch;
    for (kind, bytes) in [(3, film(&f)), (1, film_of_lines(&f))] {
        let (uplift, _) = read(bytes, &Options::default()).expect("a film");
        let (motions, _) = uplift.motions(&grid).expect("on the grid");
        let times: Vec<(f64, f64)> = motions.iter().map(|m| (m.start_s, m.rise_s)).collect();
        assert_eq!(
            times,
            [(0.0, 30.0), (30.0, 30.0)],
            "type {kind}: the first instant is still"
        );
        let sum: f64 = motions.iter().map(|m| volume(&m.patch, &grid)).sum();
        assert!(
            (sum / volume(&whole, &grid) - 1.0).abs() < 1e-5,
            "type {kind}"
        );
    }
    // One instant stands at once.
    let single = String::from_utf8(film(&f))
        .expect("text")
        .replacen("3 mt", "1 mt", 1);
    let cut: Vec<&str> = single.lines().take(9 + f.ny).collect();
    assert!(matches!(
        read(cut.join("\n").into_bytes(), &Options::default()),
        Err(Problem::Still(_))
    ));
    for (from, to, what) in [
        ("3 mt", "4 mt", "values are announced"),
        ("3 mt", "30000 mt", "at most"),
        ("30.0 dt", "-30.0 dt", "not usable"),
        ("0.0 t0", "1e9 t0", "after the origin"),
    ] {
        let bad = String::from_utf8(film(&f))
            .expect("text")
            .replacen(from, to, 1);
        let error = read(bad.into_bytes(), &Options::default())
            .expect_err(what)
            .to_string();
        assert!(error.contains(what), "{to}: {error}");
    }
}

/// Points as ANUGA writes them.
fn points(xyz: &[(f64, f64, f64)], zone: f64) -> Vec<u8> {
    Netcdf {
        version: 2,
        records: 0,
        dims: vec![
            ("number_of_points", xyz.len() as u32),
            ("number_of_dimensions", 2),
        ],
        attributes: vec![
            text("projection", "UTM"),
            double("zone", zone),
            double("false_northing", 1e7),
        ],
        variables: vec![
            doubles("points", &[0, 1], xyz.iter().flat_map(|p| [p.0, p.1])),
            doubles("elevation", &[0], xyz.iter().map(|p| p.2)),
        ],
    }
    .bytes()
}

#[test]
fn scattered_points_are_gathered() {
    // A hump of 3 m, 200 km wide, on points that stand like the seeds of a sunflower around 142 E, 38 N.
    let n = 4000;
    let place = |k: usize| {
        let (r, angle) = ((k as f64 / n as f64).sqrt(), k as f64 * 2.399_963);
        (
            142.0 + 1.5 * r * angle.cos(),
            38.0 + 1.2 * r * angle.sin(),
            r,
        )
    };
    let xyz: Vec<(f64, f64, f64)> = (0..n)
        .map(place)
        .map(|(x, y, r)| (x, y, 3.0 * (1.0 - r * r).max(0.0).powi(2)))
        .collect();
    let grid = sea(121, 97, 137.0, 34.0, 1.0 / 12.0);
    let (uplift, notes) = read(points(&xyz, -1.0), &Options::default()).expect("degrees");
    assert!(notes[0].contains("scattered"), "{notes:?}");
    let (motions, _) = uplift.motions(&grid).expect("on the grid");
    let patch = &motions[0].patch;
    assert!((at(patch, &grid, 38.0, 142.0) - 3.0).abs() < 0.1);
    assert!((at(patch, &grid, 38.0, 143.0) - 0.93).abs() < 0.1);
    assert_eq!(at(patch, &grid, 38.0, 144.0), 0.0);
    // The integral of 3 (1 - r^2)^2 over the ellipse is pi a b.
    let (a, b) = (
        1.5f64.to_radians() * 38.0f64.to_radians().cos() * 6.371e6,
        1.2f64.to_radians() * 6.371e6,
    );
    let ratio = volume(patch, &grid) / (std::f64::consts::PI * a * b);
    assert!((ratio - 1.0).abs() < 0.02, "{ratio}");
}

#[test]
fn utm_needs_a_zone_from_somewhere() {
    // Around 140.6 E, 40.0 N in zone 54 north (PROJ: 466917 4426592).
    let mut xyz = Vec::new();
    for (i, j) in (0..400).map(|k| (k % 20, k / 20)) {
        let z = if (5..15).contains(&i) && (5..15).contains(&j) {
            2.0
        } else {
            0.0
        };
        xyz.push((
            466_917.0 + f64::from(i) * 5e3,
            4_426_592.0 + f64::from(j) * 5e3,
            z,
        ));
    }
    let grid = sea(121, 97, 137.0, 36.0, 1.0 / 12.0);
    let zone = |zone: Option<&str>, near: Option<(f64, f64)>| Options {
        zone: zone.map(|z| z.parse().expect("a zone")),
        near,
        ..Options::default()
    };
    let centre = |options: &Options| -> Result<(f64, f64), Problem> {
        let (uplift, _) = read(points(&xyz, -1.0), options)?;
        let core = uplift.core();
        uplift.motions(&grid)?;
        Ok((
            (core.south + core.north) / 2.0,
            (core.west + core.east) / 2.0,
        ))
    };
    assert!(matches!(centre(&zone(None, None)), Err(Problem::Zone(said)) if said == "zone = -1"));
    let (lat, lon) = centre(&zone(Some("utm54n"), None)).expect("as told");
    assert!(
        (lat - 40.41).abs() < 0.05 && (lon - 141.17).abs() < 0.05,
        "{lat} {lon}"
    );
    assert_eq!(
        centre(&zone(None, Some((40.0, 142.0)))).expect("by the epicentre"),
        (lat, lon)
    );
    // Half-way between two zones nobody can tell.
    let error = centre(&zone(None, Some((40.0, 144.2))))
        .expect_err("two are possible")
        .to_string();
    assert!(
        error.contains("utm54n") && error.contains("utm55n"),
        "{error}"
    );
    assert!(matches!(
        centre(&zone(None, Some((-36.0, -73.0)))),
        Err(Problem::Zone(_))
    ));
    assert!(matches!(
        centre(&zone(Some("utm19s"), None)),
        Err(Problem::OffGrid { .. })
    ));
    // The file itself may know.
    let (uplift, _) = read(points(&xyz, 54.0), &zone(Some("54n"), None)).expect("a zone");
    assert!(uplift.largest_m() > 1.9);
}

#[test]
fn published_uplifts_of_tohoku() {
    let grid = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../configs/bathymetry/nwpacific_5min.i16le.gz"
    ));
    let (grid, _) = gridfile::read_grid(&grid, &Options::default()).expect("a shipped grid");
    // Largest values as the files have them; on cells of 5' a little less.
    for (name, largest) in [
        ("Ammon", 9.54),
        ("Caltech", 7.07),
        ("Fujii", 12.77),
        ("Hayes", 8.98),
        ("UCSB3", 16.01),
    ] {
        let Some(path) = shared(&format!("sources/tohoku2011/uplift/{name}.pts")) else {
            continue;
        };
        let told = Options {
            zone: "utm54n".parse().ok(),
            ..Options::default()
        };
        let (uplift, notes) = Uplift::read(&path, &told).expect(name);
        assert!(
            notes.is_empty(),
            "a grid of latitude and longitude again: {notes:?}"
        );
        assert!(
            (uplift.largest_m() - largest).abs() < 0.01,
            "{name}: {}",
            uplift.largest_m()
        );
        let (motions, notes) = uplift.motions(&grid).expect(name);
        assert!(notes.is_empty(), "{notes:?}");
        let most = motions[0].patch.metres.iter().copied().fold(0.0, f32::max);
        assert!(most > 0.9 * largest && most <= largest, "{name}: {most}");
        let near = Options {
            near: Some((38.30, 142.37)),
            ..Options::default()
        };
        let (found, _) = gridfile::read_uplift(&path, &grid, &near).expect(name);
        assert_eq!(found, motions, "{name}: the epicentre finds the zone");
    }
}

#[test]
fn okushiri_as_a_geotiff() {
    let (Some(uplift), Some(depths)) = (
        shared("okushiri1993/HNO1993.tif"),
        shared("okushiri1993/OK24.tif"),
    ) else {
        return;
    };
    let (grid, _) = gridfile::read_grid(&depths, &Options::default()).expect("depths");
    let l = grid.lattice();
    assert_eq!((l.nx(), l.ny()), (600, 710));
    // The north-western corner of the north-western pixel is at 137.5333334 E, 44.2666666 N.
    assert!((l.lon(0) - l.dlon() / 2.0 - 137.533_333_4).abs() < 1e-7);
    assert!((l.lat(709) + l.dlat() / 2.0 - 44.266_666_6).abs() < 1e-7);
    let (motions, _) =
        gridfile::read_uplift(&uplift, &grid, &Options::default()).expect("an uplift");
    let metres = &motions[0].patch.metres;
    let (least, most) = metres
        .iter()
        .fold((0.0f32, 0.0f32), |(a, b), &z| (a.min(z), b.max(z)));
    assert!(
        (4.5..=4.88).contains(&most) && (-1.12..-1.0).contains(&least),
        "{least} {most}"
    );
}

#[test]
fn tables_of_faults_are_no_uplifts_and_uplifts_no_tables() {
    let f = Field::hump(21, 17, 140.0, 36.0, 0.25);
    for (format, bytes) in every(&f) {
        assert!(gridfile::is_uplift(&bytes), "{format}");
        let packed = if format.ends_with("gzip") {
            bytes
        } else {
            written::gzip(&bytes)
        };
        assert!(gridfile::is_uplift(&packed), "{format}, packed");
    }
    assert!(gridfile::is_uplift(&film(&f)) && gridfile::is_uplift(&film_of_lines(&f)));
    let Some(folder) = shared("sources") else {
        return;
    };
    let mut tables = 0;
    for event in std::fs::read_dir(folder).expect("sources").flatten() {
        for file in std::fs::read_dir(event.path()).expect("an event").flatten() {
            if file.path().is_file() {
                let bytes = std::fs::read(file.path()).expect("readable");
                assert!(!gridfile::is_uplift(&bytes), "{}", file.path().display());
                tables += 1;
            }
        }
    }
    assert!(tables >= 15, "{tables}");
}
