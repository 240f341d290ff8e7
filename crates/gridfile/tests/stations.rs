//! Station lists in any order of columns, under any of the usual names, with errors that name the line.

use gridfile::{Station, StationKind, read_stations_bytes};

fn read(text: &str) -> Result<Vec<Station>, String> {
    read_stations_bytes("list", text.as_bytes())
        .map(|(stations, _)| stations)
        .map_err(|e| e.to_string())
}

#[test]
fn columns_under_many_names_in_any_order() {
    for text in [
        "id,name,lat,lon,depth_m,kind\n21418,Off Honshu,38.735,148.655,5663,dart\nofunato,Ofunato,39.02,141.75,,gauge\n",
        "Longitude;Latitude;Station Name;Station ID;coastal;depth\r\n148.655;38.735;Off Honshu;21418;no;5663\r\n\r\n141.75;39.02;Ofunato;ofunato;yes;NA\r\n",
        "# stations\nstation\tlng\tlatitude\tname\ttype\twater_depth_m\tnote\n21418\t148.655\t38.735\tOff Honshu\tbuoy\t5663\tx\nofunato\t141.75\t39.02\tOfunato\ttide gauge\t\t\n",
    ] {
        let stations = read(text).expect("a list");
        assert_eq!(stations.len(), 2, "{text}");
        let [deep, coast] = &stations[..] else {
            panic!("two")
        };
        assert_eq!(
            (deep.id.as_str(), deep.name.as_str(), deep.lat, deep.lon),
            ("21418", "Off Honshu", 38.735, 148.655)
        );
        assert_eq!(
            (deep.depth_m, deep.kind),
            (Some(5663.0), Some(StationKind::SeaFloor))
        );
        assert_eq!(
            (coast.id.as_str(), coast.depth_m, coast.kind),
            ("ofunato", None, Some(StationKind::Coast))
        );
    }
    let buoy = read("id,lat,lon,kind\n802,39.2586,142.0969,GPS buoy\n").expect("a list");
    assert_eq!(buoy[0].kind, Some(StationKind::Surface));
    let ports =
        read(include_str!("../../../configs/forecast-points.csv")).expect("the shipped ports");
    assert!(ports.len() >= 100 && ports.iter().all(|p| p.country.is_some()));
}

#[test]
fn easywave_and_geojson() {
    let pois = "! points of interest\n21418  148.655 38.735\nofunato 141.75 39.02 1\n\n";
    let geojson = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","id":21418,"properties":{"name":"Off Honshu","depth":5663},"geometry":{"type":"Point","coordinates":[148.655,38.735]}},
        {"type":"Feature","properties":{"station":"ofunato"},"geometry":{"type":"Point","coordinates":["141.75","39.02"]}}]}"#;
    for text in [pois, geojson] {
        let stations = read(text).expect("a list");
        let places: Vec<(&str, f64, f64)> = stations
            .iter()
            .map(|s| (s.id.as_str(), s.lat, s.lon))
            .collect();
        assert_eq!(
            places,
            [("21418", 38.735, 148.655), ("ofunato", 39.02, 141.75)]
        );
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let list = |row: &str| format!("id,lat,lon\na,1,2\n{row}\n");
    for (text, what) in [
        (list("b,north,2"), "line 3: latitude \"north\" is no number"),
        (list("b,,2"), "line 3: no latitude"),
        (list("b,1"), "line 3: no longitude"),
        (list("b,138.7,38.7"), "the wrong way round"),
        (list("b,NaN,2"), "no latitude"),
        (list("a,3,4"), "line 3: station \"a\" was there before"),
        (list(",3,4"), "line 3: no id"),
        (list("??,3,4"), "line 3: id"),
        (
            "id,lat\na,1\n".to_owned(),
            "no column \"lon\"; the header has: id, lat",
        ),
        ("id,lat,lon\n".to_owned(), "holds no stations"),
        (String::new(), "holds no stations"),
        (
            "a 1 2\nb 1\n".to_owned(),
            "line 2: \"b 1\" is not `id lon lat`",
        ),
        (
            "id,lat,lon,kind\na,1,2,submarine\n".to_owned(),
            "kind \"submarine\"",
        ),
        ("id,lat,lon,depth\na,1,2,50000\n".to_owned(), "depth 50000"),
        ("{}".to_owned(), "neither a Feature"),
        ("{\"type\":\"Feature\",\n".to_owned(), "line 2"),
        (
            r#"{"type":"Feature","geometry":{"type":"Polygon","coordinates":[]}}"#.to_owned(),
            "feature 1",
        ),
    ] {
        let error = read(&text).expect_err(what);
        assert!(
            error.starts_with("list: ") && error.contains(what),
            "{text}: {error}"
        );
    }
    let error = read_stations_bytes("list", b"id,lat,lon\na,1,2\n\xff,1,2\n").expect_err("no text");
    assert!(error.to_string().contains("line 3: no UTF-8"), "{error}");
}

#[test]
fn ids_become_names_of_files() {
    let (stations, notes) = read_stations_bytes(
        "list",
        "id,lat,lon\nPuerto Montt/2,-41.5,-72.9\n".as_bytes(),
    )
    .expect("a list");
    assert_eq!(
        (stations[0].id.as_str(), stations[0].name.as_str()),
        ("Puerto-Montt-2", "Puerto Montt/2")
    );
    assert_eq!(notes.iter().count(), 1);
}
