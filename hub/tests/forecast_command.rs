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
    assert!(read(&out, "source.csv").lines().count() == 2);

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
