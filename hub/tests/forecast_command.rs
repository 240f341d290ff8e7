//! `watchfire forecast` as people run it: good input gives every product, bad input a word on what to do and exit code 2.

use std::path::Path;
use std::process::{Command, Output};

fn watchfire(dir: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_watchfire"))
        .arg("forecast")
        .args(line.split_whitespace())
        .current_dir(dir)
        .output()
        .expect("the program starts")
}

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).expect("written");
}

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn quake(magnitude: f64, lon: f64, lat: f64, depth_km: f64) -> String {
    format!(
        r#"{{"type":"Feature","id":"q","properties":{{"mag":{magnitude},"place":"somewhere","time":1700000000000}},
        "geometry":{{"type":"Point","coordinates":[{lon},{lat},{depth_km}]}}}}"#
    )
}

#[test]
fn an_earthquake_alone_gives_every_product() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    write(dir, "quake.geojson", &quake(8.6, 119.2, 16.5, 20.0));
    write(
        dir,
        "stations.csv",
        "id,lat,lon,depth_m\nd1,17.5,117.5,4000\nland,16.0,121.0,\nfar,0.0,-100.0,4000\n",
    );
    write(
        dir,
        "points.csv",
        "id,name,lat,lon\nsf,\"San Fernando, La Union\",16.61,120.30\nfar,Far,0,-100\n",
    );
    let done = watchfire(
        dir,
        "--quake quake.geojson --stations stations.csv --points points.csv --grid southchinasea_5min --hours 3 --out out --exercise",
    );
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(told.starts_with("EXERCISE"), "{told}");
    assert!(
        told.contains("San Fernando") && told.contains("manila"),
        "{told}"
    );
    assert!(told.contains("station far: off the grid"), "{told}");

    let out = dir.join("out");
    let series = read(&out, "stations/d1.csv");
    let rows: Vec<&str> = series.lines().collect();
    assert_eq!((rows[0], rows.len()), ("time_s,height_m", 1 + 3 * 240 + 1));
    assert!(rows[2].starts_with("15,"), "{}", rows[2]);
    let highest = rows[1..]
        .iter()
        .filter_map(|r| r.split_once(',')?.1.parse::<f64>().ok())
        .fold(0.0, f64::max);
    assert!((0.1..20.0).contains(&highest), "{highest}");

    let points = read(&out, "points.csv");
    assert_eq!(points.lines().count(), 3);
    let columns = points.lines().next().expect("a header").split(',').count();
    assert!(points.contains("\"San Fernando, La Union\""));
    let far = points
        .lines()
        .find(|l| l.starts_with("far,"))
        .expect("the far one too");
    assert_eq!(far.split(',').count(), columns, "{far}");
    assert!(far.ends_with("off the grid"));

    let map: serde_json::Value = serde_json::from_str(&read(&out, "points.geojson")).expect("JSON");
    assert_eq!(map["exercise"], true);
    let features = map["features"].as_array().expect("features");
    assert!(
        features
            .iter()
            .all(|f| f["properties"]["status"] == "exercise")
    );
    assert!(far.contains(",exercise,"), "{far}");
    assert!(read(&out, "stations/EXERCISE.txt").starts_with("EXERCISE"));
    let sf = &map["features"][0]["properties"];
    let height = |name: &str| sf[name].as_f64().expect("a height");
    assert!(
        height("height_p05_m") < height("height_p50_m")
            && height("height_p50_m") < height("height_p95_m")
    );
    let p = |level: &str| sf["probability"][level].as_f64().expect("a probability");
    assert!(p("advisory") >= p("warning") && p("warning") >= p("major"));
    assert!(
        sf["arrival_utc"]
            .as_str()
            .expect("an instant")
            .starts_with("2023-11-1")
    );

    let source: serde_json::Value =
        serde_json::from_str(&read(&out, "source.geojson")).expect("JSON");
    let ring = source["features"][0]["geometry"]["coordinates"][0]
        .as_array()
        .expect("a ring")
        .clone();
    assert_eq!((ring.len(), &ring[0]), (5, &ring[4]));
    assert_eq!(source["exercise"], true);
    let table = read(&out, "source.csv");
    assert!(table.lines().count() == 2 && table.trim_end().ends_with(",exercise"));

    let summary: serde_json::Value =
        serde_json::from_str(&read(&out, "summary.json")).expect("JSON");
    assert_eq!(summary["inputs"].as_array().expect("inputs").len(), 3);
    assert!(summary["settings"]["time_step_s"].as_f64().expect("a step") > 0.0);
    for picture in ["maximum-height.png", "travel-time.png", "mareograms/d1.png"] {
        let bytes = std::fs::read(out.join(picture)).unwrap_or_else(|e| panic!("{picture}: {e}"));
        assert_eq!(&bytes[1..4], b"PNG", "{picture}");
    }
}

#[test]
fn the_same_line_gives_the_same_tables() {
    let dir = tempfile::tempdir().expect("a directory");
    let line = |out: &str| {
        format!(
            "--quake chile-2010 --area 280/-45/292/-25 --points chile --hours 1 --every 60 --quiet --out {out}"
        )
    };
    for out in ["a", "b"] {
        let done = watchfire(dir.path(), &line(out));
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        assert!(done.stdout.is_empty());
    }
    let points = std::fs::read_to_string(dir.path().join("a/points.csv")).expect("points");
    assert!(points.contains(",forecast,") && !points.contains("exercise"));
    for file in [
        "points.csv",
        "points.geojson",
        "source.csv",
        "maximum-height.png",
    ] {
        let bytes = |out: &str| std::fs::read(dir.path().join(out).join(file)).expect(file);
        assert_eq!(bytes("a"), bytes("b"), "{file}");
    }
}

#[test]
fn what_is_wrong_is_said_with_exit_code_2() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    write(dir, "good.geojson", &quake(8.0, -72.9, -36.1, 20.0));
    write(dir, "small.geojson", &quake(4.0, -72.9, -36.1, 20.0));
    write(dir, "large.geojson", &quake(9.9, -72.9, -36.1, 20.0));
    write(dir, "deep.geojson", &quake(8.0, -72.9, -36.1, 400.0));
    write(dir, "inland.geojson", &quake(6.5, -60.0, -25.0, 20.0));
    write(dir, "atlantic.geojson", &quake(8.0, -30.0, 35.0, 20.0));
    write(dir, "nonsense.json", "{\"a\": 1");
    write(
        dir,
        "table.csv",
        "lon,lat,depth,length,width,strike,dip,rake,slip\n-72.9,-36.1,20,50,50,15,18,90,abc\n",
    );
    write(
        dir,
        "elsewhere.csv",
        "lon_c,lat_c,depth,length,width,strike,dip,rake,slip\n142,38,20,50,50,200,10,90,5\n",
    );
    write(dir, "stations.csv", "id,lat,lon\nx,-95,10\n");
    write(dir, "one.csv", "id,lat,lon\n32412,-17.975,-86.392\n");
    write(dir, "file", "");
    std::fs::create_dir(dir.join("empty")).expect("a directory");
    std::fs::create_dir(dir.join("bad")).expect("a directory");
    write(dir, "bad/32412.txt", "no numbers here\n");
    let good = "--quake good.geojson --out out";
    for (line, word) in [
        ("--out out --quake none.geojson".to_owned(), "none.geojson"),
        (
            "--out out --quake nonsense.json".to_owned(),
            "nonsense.json",
        ),
        ("--out out --quake small.geojson".to_owned(), "too small"),
        (
            "--out out --quake large.geojson".to_owned(),
            "larger than any",
        ),
        ("--out out --quake deep.geojson".to_owned(), "too deep"),
        ("--out out --quake inland.geojson".to_owned(), "sea"),
        ("--out out --quake atlantic.geojson".to_owned(), "--grid"),
        (
            "--out file/below --quake good.geojson".to_owned(),
            "--out file/below",
        ),
        (format!("{good} --grid atlantis"), "sepacific_5min"),
        (
            format!("{good} --grid indian_10min"),
            "lies outside the grid",
        ),
        (format!("{good} --source table.csv"), "line 2"),
        (
            format!("{good} --grid sepacific_5min --source elsewhere.csv"),
            "lies outside the grid",
        ),
        (format!("{good} --source none.fsp"), "none.fsp"),
        (format!("{good} --stations stations.csv"), "stations.csv"),
        (format!("{good} --points atlantis"), "chile"),
        (format!("{good} --records none"), "no such directory"),
        (
            format!("{good} --stations one.csv --records empty --until 1h"),
            "32412.txt",
        ),
        (
            format!("{good} --stations one.csv --records bad --until 1h"),
            "bad",
        ),
        (format!("{good} --until 1h"), "--records"),
        (format!("{good} --hours 31"), "at most 30"),
        (format!("{good} --hours 0"), "above 0"),
        (format!("{good} --every 0"), "seconds"),
        (format!("{good} --area 1/2/3"), "west/south/east/north"),
        (format!("{good} --area 100/0/110/10"), "--area"),
    ] {
        let done = watchfire(dir, &line);
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{line}: {told}");
        assert!(told.contains(word), "{line}: {told}");
        assert!(!told.contains("panicked"), "{line}: {told}");
    }
}

/// 40 x 30 cells of 15' off Chile as ESRI ASCII; `depth` gives the value of a column and row.
fn esri(depth: impl Fn(usize, usize) -> String) -> String {
    let mut text =
        "ncols 40\nnrows 30\nxllcenter 283\nyllcenter -39\ncellsize 0.25\nNODATA_value -9999\n"
            .to_owned();
    for row in 0..30 {
        let values: Vec<String> = (0..40).map(|column| depth(column, row)).collect();
        text.push_str(&values.join(" "));
        text.push('\n');
    }
    text
}

/// Follows the advice of the error that a line gives: the line again, with the option that the error names.
fn advised(dir: &Path, line: &str, option: &str) -> String {
    let refused = watchfire(dir, line);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{line}: {told}");
    let name = option.split(' ').next().expect("a name");
    assert!(told.contains(name), "{line}: {told}");
    let done = watchfire(dir, &format!("{line} {option}"));
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "{line} {option}: {told}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    told
}

#[test]
fn what_files_leave_open_is_answered_by_the_option_that_the_error_names() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path();
    write(dir, "quake.geojson", &quake(8.0, -73.5, -36.1, 20.0));
    write(dir, "points.csv", "id,lat,lon\na,-36.0,-74.4\n");
    let line = |more: &str| {
        format!("--quake quake.geojson --points points.csv --hours 0.5 --every 60 --out out {more}")
    };
    // Depths that count down, without a word of it.
    let sea = |column: usize| if column > 35 { -100 } else { 4000 };
    write(dir, "down.asc", &esri(|c, _| sea(c).max(0).to_string()));
    let told = advised(dir, &line("--grid down.asc"), "--grid-positive down");
    assert!(told.contains("positive down, as asked"), "{told}");
    // A hole.
    let holed = |c: usize, r: usize| match (c, r) {
        (2, 2) => "-9999".to_owned(),
        _ => (-sea(c)).to_string(),
    };
    write(dir, "holes.asc", &esri(holed));
    let told = advised(dir, &line("--grid holes.asc"), "--holes filled");
    assert!(
        told.contains("1 cells without a value are taken as land"),
        "{told}"
    );
    // Two fields in one file.
    let depths = |i| if i > 35 { 100.0 } else { -4000.0 };
    let two = fields(("survey-1987", depths), ("survey-2009", depths));
    std::fs::write(dir.join("grid.nc"), two).expect("written");
    advised(dir, &line("--grid grid.nc"), "--grid-variable survey-2009");
    let two = fields(
        ("quick", |_| 0.0),
        ("final", |i| if (8..12).contains(&i) { 3.0 } else { 0.0 }),
    );
    std::fs::write(dir.join("lift.nc"), two).expect("written");
    let lifted = line("--grid sepacific_5min --source lift.nc");
    let told = advised(dir, &lifted, "--source-variable final");
    assert!(told.contains("uplift lift.nc"), "{told}");
    // Metres of a zone that is not said, and an epicentre too far away to tell.
    std::fs::write(dir.join("metres.nc"), uplift_in_metres()).expect("written");
    write(dir, "quake.geojson", &quake(8.0, -80.0, -20.0, 20.0));
    advised(
        dir,
        &line("--grid sepacific_5min --source metres.nc"),
        "--source-zone utm18s",
    );
    // What answers nothing is refused.
    for (more, word) in [
        (
            "--grid sepacific_5min --grid-positive down",
            "leave them away",
        ),
        ("--grid-positive down", "--grid"),
        ("--source lift.nc --source-zone 99x", "no UTM zone"),
        ("--holes perhaps", "filled"),
    ] {
        let done = watchfire(dir, &line(more));
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{more}: {told}");
        assert!(told.contains(word), "{more}: {told}");
    }
}

/// A netCDF file of doubles, version 1: dimensions, texts and numbers as attributes, variables with the numbers of their dimensions.
fn netcdf(
    dims: &[(&str, u32)],
    attributes: &[(&str, u32, Vec<u8>)],
    variables: &[(&str, &[u32], Vec<f64>)],
) -> Vec<u8> {
    let name = |out: &mut Vec<u8>, name: &str| {
        out.extend((name.len() as u32).to_be_bytes());
        out.extend(name.as_bytes());
        out.resize(out.len().next_multiple_of(4), 0);
    };
    let list = |out: &mut Vec<u8>, tag: u32, n: usize| {
        out.extend((if n == 0 { 0 } else { tag }).to_be_bytes());
        out.extend((n as u32).to_be_bytes());
    };
    let header = |start: usize| {
        let mut out = b"CDF\x01\0\0\0\0".to_vec();
        list(&mut out, 10, dims.len());
        for (dim, length) in dims {
            name(&mut out, dim);
            out.extend(length.to_be_bytes());
        }
        list(&mut out, 12, attributes.len());
        for (attribute, kind, bytes) in attributes {
            name(&mut out, attribute);
            out.extend(kind.to_be_bytes());
            let each = if *kind == 6 { 8 } else { 1 };
            out.extend((bytes.len() as u32 / each).to_be_bytes());
            out.extend(bytes);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        list(&mut out, 11, variables.len());
        let mut at = start;
        for (variable, of, values) in variables {
            name(&mut out, variable);
            out.extend((of.len() as u32).to_be_bytes());
            of.iter().for_each(|d| out.extend(d.to_be_bytes()));
            list(&mut out, 0, 0);
            out.extend(6u32.to_be_bytes());
            out.extend((8 * values.len() as u32).to_be_bytes());
            out.extend((at as u32).to_be_bytes());
            at += 8 * values.len();
        }
        out
    };
    let mut out = header(header(0).len());
    for value in variables.iter().flat_map(|v| &v.2) {
        out.extend(value.to_be_bytes());
    }
    out
}

/// Two fields on one lattice, off Maule.
fn fields(first: (&str, fn(usize) -> f64), second: (&str, fn(usize) -> f64)) -> Vec<u8> {
    let values = |of: fn(usize) -> f64| (0..40 * 30).map(|k| of(k % 40)).collect();
    netcdf(
        &[("lat", 30), ("lon", 40)],
        &[],
        &[
            (
                "lat",
                &[0],
                (0..30).map(|j| -39.0 + 0.25 * f64::from(j)).collect(),
            ),
            (
                "lon",
                &[1],
                (0..40).map(|i| 283.0 + 0.25 * f64::from(i)).collect(),
            ),
            (first.0, &[0, 1], values(first.1)),
            (second.0, &[0, 1], values(second.1)),
        ],
    )
}

/// An uplift of 2 m in UTM metres of zone 18 south, which its file does not name.
fn uplift_in_metres() -> Vec<u8> {
    let places = || (0..400).map(|k| (f64::from(k % 20), f64::from(k / 20)));
    let inside = |x: f64| (5.0..15.0).contains(&x);
    netcdf(
        &[("number_of_points", 400), ("number_of_dimensions", 2)],
        &[
            ("projection", 2, b"UTM".to_vec()),
            ("zone", 6, (-1.0f64).to_be_bytes().to_vec()),
        ],
        &[
            (
                "points",
                &[0, 1],
                places()
                    .flat_map(|(i, j)| [600e3 + 5e3 * i, 5.95e6 + 5e3 * j])
                    .collect(),
            ),
            (
                "elevation",
                &[0],
                places()
                    .map(|(i, j)| if inside(i) && inside(j) { 2.0 } else { 0.0 })
                    .collect(),
            ),
        ],
    )
}
