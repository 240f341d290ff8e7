//! The same depths in every format are the same grid, and what the formats hide is found.

mod written;

use gridfile::{Holes, Options, Problem, Vertical, read_grid_bytes, read_shipped};
use ocean::{Grid, GridError};
use written::{Field, Netcdf, double, doubles, every, float, floats, netcdf, text};

fn read(bytes: Vec<u8>) -> Result<Grid, Problem> {
    read_with(bytes, &Options::default()).map(|(grid, _)| grid)
}

fn read_with(bytes: Vec<u8>, options: &Options) -> Result<(Grid, Vec<String>), Problem> {
    let (grid, notes) = read_grid_bytes("file", bytes, options).map_err(|e| {
        assert_eq!(e.file, "file");
        e.problem
    })?;
    Ok((grid, notes.iter().map(str::to_owned).collect()))
}

#[test]
fn the_same_depths_in_every_format_are_the_same_grid() {
    for (lon0, lat0, step) in [
        (178.0, -10.0, 0.5),
        (-75.0, -40.0, 1.0 / 12.0),
        (262.0, 3.5, 1.0 / 6.0),
        (120.25, -60.0, 0.25),
        (-180.0, 30.0, 1.0 / 60.0),
    ] {
        let whole = Field::sea(7, 5, lon0, lat0, step, true);
        let grid = whole.grid();
        for (format, bytes) in every(&whole) {
            assert_eq!(
                read(bytes).as_ref().map_err(ToString::to_string),
                Ok(&grid),
                "{format} at {lon0}"
            );
        }
        let (head, body) = written::ours(&whole);
        assert_eq!(read_shipped("ours", &head, &body).expect("ours"), grid);
        let parts = Field::sea(6, 4, lon0, lat0, step, false);
        for (format, bytes) in every(&parts) {
            assert_eq!(
                read(bytes).expect(format),
                parts.grid(),
                "{format}, parts of metres"
            );
        }
    }
}

#[test]
fn files_are_found_by_their_names_and_ours_has_two() {
    let f = Field::sea(7, 5, 178.0, -10.0, 0.5, true);
    let dir = tempfile::tempdir().expect("a directory");
    let (head, body) = written::ours(&f);
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("a.json"), head).expect("written");
    std::fs::write(at("a.i16le.gz"), body).expect("written");
    std::fs::write(at("b.grd"), written::dsbb(&f)).expect("written");
    for name in ["a.json", "a.i16le.gz", "b.grd"] {
        let (grid, notes) = gridfile::read_grid(&at(name), &Options::default()).expect(name);
        assert_eq!(grid, f.grid());
        assert!(notes.is_empty());
    }
    let missing = gridfile::read_grid(&at("c.asc"), &Options::default()).expect_err("not there");
    assert!(
        missing.to_string().contains("c.asc: cannot be read"),
        "{missing}"
    );
    std::fs::remove_file(at("a.json")).expect("removed");
    let half = gridfile::read_grid(&at("a.i16le.gz"), &Options::default()).expect_err("half");
    assert!(half.to_string().contains("a.json"), "{half}");
    let folder = gridfile::read_grid(dir.path(), &Options::default()).expect_err("a directory");
    assert!(folder.to_string().contains("directory"), "{folder}");
}

#[test]
fn netcdf_as_it_comes() {
    let f = Field::sea(7, 5, 178.0, -10.0, 0.5, true);
    let grid = f.grid();
    // Rows from the north.
    let mut north = netcdf(&f, 1, "z");
    north.variables[0] = doubles("lat", &[0], (0..f.ny).rev().map(|j| f.lat(j)));
    north.variables[2] = floats("z", &[0, 1], f.north_first());
    assert_eq!(read(north.bytes()).expect("from the north"), grid);

    // Stored by columns.
    let mut turned = netcdf(&f, 2, "z");
    let column = |k: usize| f.z[k % f.ny * f.nx + k / f.ny];
    turned.variables[2] = floats("z", &[1, 0], (0..f.z.len()).map(column));
    let (columns, notes) = read_with(turned.bytes(), &Options::default()).expect("by columns");
    assert_eq!(columns, grid);
    assert!(notes[0].contains("columns"), "{notes:?}");

    // Packed in 16 bits, with a time of one instant as record dimension, and longitudes that jump at the date line.
    let mut packed = netcdf(&f, 1, "z");
    packed.dims.push(("time", 0));
    packed.records = 1;
    let lon = |i: usize| {
        if f.lon(i) >= 180.0 {
            f.lon(i) - 360.0
        } else {
            f.lon(i)
        }
    };
    packed.variables[1] = doubles("lon", &[1], (0..f.nx).map(lon));
    let mut z = floats("z", &[2, 0, 1], [])
        .with(double("scale_factor", 0.5))
        .with(double("add_offset", -50.0));
    z.kind = 3;
    z.data =
        f.z.iter()
            .flat_map(|z| (((z + 50.0) * 2.0) as i16).to_be_bytes())
            .collect();
    packed.variables[2] = z;
    packed.variables.push(doubles("time", &[2], [0.0]));
    assert_eq!(read(packed.bytes()).expect("packed"), grid);

    // Depths that say themselves that they are positive down.
    for attribute in [
        text("positive", "down"),
        text("standard_name", "sea_floor_depth_below_mean_sea_level"),
    ] {
        let mut down = netcdf(&f, 1, "depth");
        down.variables[2] = floats("depth", &[0, 1], f.z.iter().map(|z| -z)).with(attribute);
        let (depths, notes) = read_with(down.bytes(), &Options::default()).expect("positive down");
        assert_eq!(depths, grid);
        assert!(notes[0].contains("positive down"), "{notes:?}");
    }

    // Several fields: by its usual name, or by the one that is asked for.
    let mut several = netcdf(&f, 1, "elevation");
    several
        .variables
        .push(floats("tid", &[0, 1], f.z.iter().map(|_| 40.0)));
    assert_eq!(read(several.bytes()).expect("the usual name"), grid);
    let mut unnamed = netcdf(&f, 1, "a");
    unnamed
        .variables
        .push(floats("b", &[0, 1], f.z.iter().map(|z| z * 2.0)));
    let error = read(unnamed.bytes()).expect_err("which?").to_string();
    assert!(error.contains("a(lat, lon), b(lat, lon)"), "{error}");
    let asked = Options {
        variable: Some("a".to_owned()),
        ..Options::default()
    };
    assert_eq!(
        read_with(unnamed.bytes(), &asked)
            .expect("the one asked for")
            .0,
        grid
    );
    let other = Options {
        variable: Some("lat".to_owned()),
        ..Options::default()
    };
    assert!(matches!(
        read_with(unnamed.bytes(), &other),
        Err(Problem::Variable { .. })
    ));

    let mut feet = netcdf(&f, 1, "z");
    feet.variables[2].attributes = vec![text("units", "feet")];
    assert!(matches!(read(feet.bytes()), Err(Problem::Units(units)) if units == "feet"));
    let none = Netcdf {
        version: 1,
        ..Netcdf::default()
    };
    assert!(matches!(read(none.bytes()), Err(Problem::Variable { .. })));
    let hdf = read(b"\x89HDF\r\n\x1a\n0000".to_vec())
        .expect_err("HDF5")
        .to_string();
    assert!(hdf.contains("nccopy -k classic"), "{hdf}");
}

#[test]
fn the_globe_is_closed() {
    let f = Field::sea(73, 37, -180.0, -90.0, 5.0, true);
    for (format, bytes) in every(&f) {
        let (grid, notes) = read_with(bytes, &Options::default()).expect(format);
        assert!(
            grid.lattice().is_periodic() && grid.lattice().nx() == 72,
            "{format}"
        );
        assert!(
            notes.iter().any(|n| n.contains("last column")),
            "{format}: {notes:?}"
        );
        assert_eq!(grid.z()[..72], f.z[..72]);
    }
    let whole = Field::sea(72, 36, -177.5, -87.5, 5.0, true);
    for (format, bytes) in every(&whole) {
        assert_eq!(read(bytes).expect(format), whole.grid(), "{format}");
    }
    // Steps that miss the circle a little, as those of ETOPO5 in Debian's ferret-datasets.
    let mut short = netcdf(&whole, 1, "z");
    short.variables[1] = doubles("lon", &[1], (0..72).map(|i| f64::from(i) * 5.003));
    let (grid, notes) = read_with(short.bytes(), &Options::default()).expect("nearly round");
    assert!(grid.lattice().is_periodic() && grid.lattice().dlon() == 5.0);
    assert!(notes[0].contains("miss the circle"), "{notes:?}");
    // More than once round is an error.
    let twice = Field::sea(80, 10, 0.0, 0.0, 5.0, true);
    assert!(matches!(
        read(written::dsaa(&twice)),
        Err(Problem::Grid(GridError::DuplicateColumns { .. }))
    ));
}

#[test]
fn coordinates_in_single_precision_are_rounded_and_uneven_ones_refused() {
    let f = Field::sea(240, 5, 142.0, 30.0, 1.0 / 12.0, true);
    let mut single = netcdf(&f, 1, "z");
    single.variables[0] = floats("lat", &[0], (0..f.ny).map(|j| f.lat(j) as f32));
    single.variables[1] = floats("lon", &[1], (0..f.nx).map(|i| f.lon(i) as f32));
    assert_eq!(read(single.bytes()).expect("single precision"), f.grid());

    let mut mercator = netcdf(&f, 1, "z");
    let stretched = [30.0, 30.0833, 30.2, 30.25, 30.3333];
    mercator.variables[0] = doubles("lat", &[0], stretched);
    let error = read(mercator.bytes()).expect_err("uneven");
    assert!(
        matches!(
            error,
            Problem::Uneven {
                axis: "latitude",
                index: 2,
                ..
            }
        ),
        "{error}"
    );
    let mut hole = netcdf(&f, 1, "z");
    hole.variables[0] = doubles("lat", &[0], [30.0, 30.1, f64::NAN, 30.3, 30.4]);
    assert!(matches!(
        read(hole.bytes()),
        Err(Problem::Uneven { index: 2, .. })
    ));

    let metres = Field::sea(7, 5, 500_000.0, 4_000_000.0, 1000.0, true);
    let error = read(written::esri(&metres, true))
        .expect_err("metres")
        .to_string();
    assert!(
        error.contains("no degrees") && error.contains("gdalwarp"),
        "{error}"
    );
    let swapped = Field::sea(7, 5, 38.0, 142.0, 1.0, true);
    let error = read(written::dsaa(&swapped))
        .expect_err("swapped")
        .to_string();
    assert!(error.contains("wrong way round"), "{error}");
    let pole = Field::sea(7, 50, 0.0, 60.0, 1.0, true);
    assert!(matches!(
        read(written::dsaa(&pole)),
        Err(Problem::NotDegrees {
            axis: "latitude",
            ..
        })
    ));
}

#[test]
fn holes_are_counted_and_placed_or_land() {
    let f = Field::sea(7, 5, 178.0, -10.0, 0.5, true);
    let mut holed = f.clone();
    let code = -9999.0;
    (holed.z[9], holed.z[20]) = (code, code);
    let nan = |f: &Field| Field {
        z: f.z
            .iter()
            .map(|&z| if z == code { f32::NAN } else { z })
            .collect(),
        ..f.clone()
    };
    let blank = |f: &Field, with: f32| Field {
        z: f.z
            .iter()
            .map(|&z| if z == code { with } else { z })
            .collect(),
        ..f.clone()
    };
    let mut filled = netcdf(&holed, 1, "z");
    filled.variables[2] =
        floats("z", &[0, 1], holed.z.iter().copied()).with(float("_FillValue", code));
    for (format, bytes) in [
        ("esri", written::esri(&holed, true)),
        ("esri nan", written::esri(&nan(&holed), true)),
        ("topotype 3", written::topotype(&holed, 3)),
        ("dsaa", written::dsaa(&blank(&holed, 1.70141e38))),
        ("dsbb", written::dsbb(&blank(&holed, 1.70141e38))),
        ("dsrb", written::dsrb(&blank(&holed, 1.70141e38))),
        ("dsbb code", written::dsbb(&blank(&holed, -32768.0))),
        ("netcdf", filled.bytes()),
        ("netcdf nan", netcdf(&nan(&holed), 1, "z").bytes()),
        ("geotiff", written::geotiff(&holed, false, Some("-9999"))),
        ("geotiff nan", written::geotiff(&nan(&holed), false, None)),
    ] {
        match read(bytes.clone()).expect_err(format) {
            Problem::Holes {
                count,
                cells,
                lat,
                lon,
                ..
            } => {
                assert_eq!((count, cells, lat, lon), (2, 35, -9.5, 179.0), "{format}");
            }
            other => panic!("{format}: {other}"),
        }
        let fill = Options {
            holes: Holes::Fill,
            ..Options::default()
        };
        let (grid, notes) = read_with(bytes, &fill).expect(format);
        assert_eq!(
            grid.wet_cells(),
            f.z.iter().filter(|z| **z < 0.0).count() - 2,
            "{format}"
        );
        assert!(
            notes.iter().any(|n| n.contains("2 cells")),
            "{format}: {notes:?}"
        );
    }
    let mut high = f.clone();
    (high.z[3], high.z[4]) = (-20_000.0, 13_000.0);
    let error = read(written::dsbb(&high)).expect_err("no depth");
    assert!(
        matches!(
            error,
            Problem::Beyond {
                value: -20_000.0,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn depths_that_count_down_are_taken_so_only_when_that_is_said() {
    let f = Field::sea(7, 5, 178.0, -10.0, 0.5, true);
    let down = Field {
        z: f.z.iter().map(|z| -z.min(0.0)).collect(),
        ..f.clone()
    };
    let error = read(written::esri(&down, true))
        .expect_err("all positive")
        .to_string();
    assert!(error.contains("positive down"), "{error}");
    let asked = Options {
        vertical: Vertical::Down,
        ..Options::default()
    };
    let (grid, _) = read_with(written::esri(&down, true), &asked).expect("as asked");
    assert_eq!(grid.wet_cells(), f.z.len() - 1);
    // The other way round: a sea that was turned into land.
    let error = read_with(written::esri(&f, true), &asked).map(|(g, _)| g.wet_cells());
    assert!(
        matches!(error, Ok(1)),
        "{error:?}: only the island lies below"
    );
    // Depths of trenches stand out: no land is as high.
    let mut trench = down.clone();
    (trench.z[0], trench.z[1]) = (-3.0, 10_000.0);
    let error = read(written::dsbb(&trench))
        .expect_err("higher than Everest")
        .to_string();
    assert!(error.contains("positive down"), "{error}");
    // Metadata can be overruled.
    let mut wrong = netcdf(&f, 1, "z");
    wrong.variables[2].attributes.push(text("positive", "down"));
    let up = Options {
        vertical: Vertical::Up,
        ..Options::default()
    };
    assert_eq!(read_with(wrong.bytes(), &up).expect("up").0, f.grid());
}

#[test]
fn text_that_is_wrong_is_refused_with_its_line() {
    let f = Field::sea(3, 2, 178.0, -10.0, 0.5, true);
    let good = String::from_utf8(written::esri(&f, true)).expect("text");
    for (from, to, what) in [
        ("ncols 3", "ncols 3.5", "columns"),
        ("nrows 2", "", "number of rows"),
        ("nrows 2", "nrows 2\r\nnrows 2", "line 3"),
        ("CELLSIZE 0.5", "CELLSIZE 0", "step"),
        ("CELLSIZE 0.5", "CELLSIZE x", "line 5"),
        ("CELLSIZE 0.5", "size 0.5", "line 5: \"size\""),
        (
            "-1100 ",
            "-1100,5 ",
            "line 7: \"-1100,5\" is no height; numbers have decimal points",
        ),
        ("-1100 ", "-1100 7 ", "after the last of the 6 values"),
        ("-1100 ", "", "6 values are announced, 5 are there"),
        ("ncols 3", "ncols 30000", "60000 values are announced"),
        ("ncols 3", "ncols 300000000", "too large"),
        ("ncols 3", "ncols 1", "too small"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = read(good.replace(from, to).into_bytes())
            .expect_err(to)
            .to_string();
        assert!(error.contains(what), "{from} -> {to}: {error}");
    }
    for (bytes, what) in [
        (&b""[..], "none of the formats"),
        (b"hello", "none of the formats"),
        (b"DSAA", "line 1"),
        (b"DSAA\n3 2\n1 2\n1 2\n1 2\n1 2 3 4 5\n", "ends early"),
        (b"DSBB", "ends within its header"),
        (b"DSRB\x04\0\0\0\x01\0\0\0DATA", "ends within its header"),
        (b"CDF\x01", "header reaches beyond its end"),
        (b"CDF\x07", "no netCDF version"),
        (b"II*\0", "TIFF"),
        (b"1 2 3\n2 2 3\n", "no full grid"),
        (b"1 2 3\n2 2 3\n1 1\n", "line 3"),
        (b"1 1 3\n2 1 3\n1 2 3\n2.5 2 3\n", "point 4"),
    ] {
        let error = read(bytes.to_vec()).expect_err(what).to_string();
        assert!(error.contains(what), "{}: {error}", bytes.escape_ascii());
    }
}

#[test]
fn rotated_and_projected_rasters_are_refused() {
    let f = Field::sea(7, 5, 178.0, -10.0, 0.5, true);
    let mut rotated = written::dsrb(&f);
    rotated[76..84].copy_from_slice(&30.0f64.to_le_bytes());
    let error = read(rotated).expect_err("rotated").to_string();
    assert!(error.contains("rotated by 30"), "{error}");
    let mut projected = written::geotiff(&f, false, None);
    let key = [1024u16, 0, 1, 2].map(u16::to_le_bytes).concat();
    let at = projected
        .windows(8)
        .position(|w| w == key)
        .expect("the key");
    projected[at + 6] = 1;
    let error = read(projected).expect_err("projected").to_string();
    assert!(error.contains("gdalwarp"), "{error}");
}

#[test]
fn values_that_compress_well_do_not_fill_the_memory() {
    // A gigabyte of zeros in a megabyte of gzip is cut at the limit, and a header without its data allocates nothing.
    let huge = b"DSBB\xff\xff\xff\xff".to_vec();
    assert!(read([huge, vec![0; 48]].concat()).is_err());
    let many =
        b"ncols 11000\nnrows 11000\nxllcorner 0\nyllcorner 0\ncellsize 0.001\n1 2 3\n".to_vec();
    assert!(matches!(read(many), Err(Problem::Short { .. })));
}
