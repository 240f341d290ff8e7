//! Event directories: the shipped one, and what is said about broken ones.

use record::{Directory, Embedded, Error, Event, Files as _, Role};
use std::path::Path;
use wire::quantity::Quantity;

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;

fn shipped() -> Directory {
    Directory::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/events/chile-2010"))
}

#[test]
fn the_shipped_event_is_what_its_readme_says() {
    let event = Event::load(&shipped()).expect("the shipped event");
    assert_eq!(event.id, "chile-2010");
    assert_eq!(event.origin_us, 1_267_252_451_530_000);
    assert_eq!(event.start_us, event.origin_us - 6 * HOUR_US);
    assert_eq!(event.end_us, event.origin_us + 30 * HOUR_US);
    assert_eq!(event.deployment.as_deref(), Some("chile"));
    assert_eq!(event.quakes.len(), 1);
    assert_eq!(event.quakes[0].arrival_us, event.origin_us + 5 * MINUTE_US);
    assert!(String::from_utf8_lossy(&event.quakes[0].bytes).contains("\"mag\": 8.8"));
    assert_eq!((event.sensors().count(), event.checks().count()), (1, 0));

    let station = &event.stations[0];
    assert_eq!(
        (station.quantity, station.role, station.detided),
        (Quantity::SeaLevel, Role::Sensor, true)
    );
    let series = &station.series;
    // Of 1,322 rows, those that say the same twice are gone; the rest have instants of their own.
    assert_eq!(series.samples.len() + series.skipped.len(), 1322);
    assert!(series.skipped.len() < 10, "{:?}", series.skipped);
    assert!(
        series
            .samples
            .windows(2)
            .all(|pair| pair[0].time_us < pair[1].time_us)
    );
    assert!(
        series
            .samples
            .windows(2)
            .all(|pair| pair[1].time_us - pair[0].time_us <= 16 * MINUTE_US)
    );

    // Where the file has 15-minute steps, they fall on the quarter hours (the reason for `zero`).
    let quiet = series.between(event.start_us, event.origin_us - 2 * HOUR_US);
    assert!(quiet.len() > 15);
    assert!(
        quiet
            .iter()
            .all(|sample| sample.time_us % (15 * MINUTE_US) == 0)
    );

    // The surface wave within the first quarter of an hour is larger than the tsunami.
    let after = |from_us: i64, to_us: i64| {
        series.between(event.origin_us + from_us, event.origin_us + to_us)
    };
    let largest = |samples: &[record::Sample]| {
        samples
            .iter()
            .filter_map(|sample| Some((sample.value?.abs(), sample.time_us)))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .expect("values")
    };
    let shaking = largest(after(0, 30 * MINUTE_US));
    assert!((0.35..0.37).contains(&shaking.0), "{shaking:?}");
    let wave = largest(after(2 * HOUR_US, 5 * HOUR_US));
    assert!((0.234..0.236).contains(&wave.0), "{wave:?}");
    let hours = (wave.1 - event.origin_us) as f64 / HOUR_US as f64;
    assert!((3.25..3.28).contains(&hours), "{hours}");
}

const TOML: &str = "name = \"Test\"\norigin = \"2010-02-27T06:34:14Z\"\n\
    [[quake]]\nfile = \"b.json\"\nafter = \"9m\"\n[[quake]]\nfile = \"a.json\"\nafter = \"5m\"\n\
    [[station]]\nid = \"s\"\nname = \"S\"\nlat = 1\nlon = 2\nquantity = \"speed\"\nfile = \"s.csv\"\nformat = \"csv\"\n\
    csv = { time = \"t\", value = \"v\" }\n\
    [[station]]\nid = \"c\"\nname = \"C\"\nlat = 1\nlon = 2\nquantity = \"sea_level\"\nfile = \"c.txt\"\n\
    format = \"seconds\"\nzero = 2010-02-27T06:34:00Z\nrole = \"check\"\n";

fn load(toml: &str) -> Result<Event, Error> {
    let files: &[(&str, &[u8])] = &[
        ("event.toml", toml.as_bytes()),
        ("a.json", b"{}"),
        ("b.json", b"{\"later\":1}"),
        ("empty.json", b""),
        (
            "s.csv",
            b"t,v\n2010-02-27 05:00:00,50\n2010-02-27 08:00:00,60\n",
        ),
        ("c.txt", b"-360000 0.1\n360000 0.2\n"),
        ("bad.txt", b"nothing here\n"),
    ];
    Event::load(&Embedded {
        id: "a test!",
        files,
    })
}

fn complaint(from: &str, to: &str) -> String {
    assert!(TOML.contains(from), "{from:?}");
    load(&TOML.replacen(from, to, 1))
        .expect_err("refused")
        .to_string()
}

#[test]
fn an_embedded_event_plays_what_its_sensors_recorded() {
    let event = load(TOML).expect("an event");
    let origin_us = 1_267_252_454_000_000;
    assert_eq!((event.id.as_str(), event.origin_us), ("a-test-", origin_us));
    // Checks do not widen the window.
    assert_eq!(event.start_us, event.stations[0].series.samples[0].time_us);
    assert_eq!(event.end_us, event.stations[0].series.samples[1].time_us);
    let arrivals: Vec<(&str, i64)> = event
        .quakes
        .iter()
        .map(|quake| (quake.file.as_str(), quake.arrival_us - origin_us))
        .collect();
    assert_eq!(
        arrivals,
        [("a.json", 5 * MINUTE_US), ("b.json", 9 * MINUTE_US)]
    );
    assert_eq!(
        event.stations[1].series.samples[0].time_us,
        origin_us - 14_000_000 - 100 * HOUR_US
    );
    assert_eq!(
        event
            .checks()
            .map(|station| station.id.as_str())
            .collect::<Vec<_>>(),
        ["c"]
    );

    let window = |lines: &str| {
        load(&TOML.replacen("[[quake]]", &format!("{lines}\n[[quake]]"), 1)).expect("an event")
    };
    let shorter = window("start = \"-1h\"\nend = \"1h\"");
    assert_eq!(
        (shorter.start_us, shorter.end_us),
        (origin_us - HOUR_US, origin_us + HOUR_US)
    );
    let wider = window("start = \"-90d\"\nend = \"90d\"");
    assert_eq!(
        (wider.start_us, wider.end_us),
        (event.start_us, event.end_us)
    );
}

#[test]
fn mistakes_are_answered_with_line_and_remedy() {
    assert_eq!(
        complaint("quantity = \"speed\"", "quantty = \"speed\""),
        "a test!/event.toml:14:1: unknown key \"quantty\" in [station[0]]; did you mean \"quantity\"?"
    );
    assert_eq!(
        complaint("value = \"v\"", "vaule = \"v\""),
        "a test!/event.toml:17:21: unknown key \"vaule\" in [station[0].csv]; did you mean \"value\"?"
    );
    let text = complaint("quantity = \"speed\"", "quantity = \"sped\"");
    assert!(
        text.starts_with("a test!/event.toml:14:12: station[0].quantity: "),
        "{text}"
    );
    assert_eq!(
        complaint("id = \"c\"", "id = \"s\""),
        "a test!/event.toml:19:6: station[1].id: \"s\" is taken by an earlier station"
    );
    assert!(
        complaint("id = \"c\"", "id = \"ä\"").contains("station[1].id: an id has 1 to 48 letters")
    );
    assert!(complaint("lat = 1", "lat = 91").contains(":12:7: station[0].lat: degrees north"));
    assert!(complaint("lon = 2", "lon = nan").contains("station[0].lon: degrees east"));
    assert!(
        complaint("format = \"seconds\"", "format = \"csv\"").contains("csv needs [station.csv]")
    );
    assert!(
        complaint("format = \"seconds\"", "format = \"ndbc\"")
            .contains("zero: only for format = \"seconds\"")
    );
    assert!(
        complaint("format = \"csv\"", "format = \"seconds\"")
            .contains("csv: only for format = \"csv\"")
    );
    assert!(
        complaint("file = \"c.txt\"", "file = \"../c.txt\"")
            .contains("station[1].file: a file name inside")
    );
    assert!(
        complaint("file = \"a.json\"", "file = \"/etc/passwd\"")
            .contains("quake[1].file: a file name inside")
    );
    assert!(
        complaint("file = \"a.json\"", "file = \"empty.json\"").contains("quake[1].file: 0 bytes")
    );
    assert!(complaint("after = \"5m\"", "after = 5").contains("such as \"-3h\" or \"+20h\""));
    assert!(complaint("Z\"\n", "\"\n").contains("not an RFC 3339 time"));
    assert!(
        complaint("Z\"\n", "Z\"\nend = \"-3h\"\n").contains("end: leaves nothing of the record")
    );
    assert_eq!(
        complaint("file = \"c.txt\"", "file = \"bad.txt\""),
        "a test!/bad.txt: not one sample (skipped: 1 for time, first at line 1); is this the right format?"
    );
    assert!(
        complaint("file = \"c.txt\"", "file = \"gone.txt\"")
            .starts_with("a test!/gone.txt: cannot read: ")
    );
    assert!(
        complaint("time = \"t\"", "time = \"x\"").contains("no column \"x\"; the header has: t, v")
    );
    assert!(load("name = \"x\"\norigin = 2010-02-27T06:34:14Z\nstation = []\n").is_err());
}

#[test]
fn a_directory_reads_inside_itself_only() {
    let directory = tempfile::tempdir().expect("a directory");
    let event = directory.path().join("event-1");
    std::fs::create_dir(&event).expect("made");
    std::fs::write(directory.path().join("secret"), "x").expect("written");
    std::fs::write(event.join("event.toml"), TOML).expect("written");
    let files = Directory::new(&event);
    assert_eq!(files.id(), "event-1");
    assert!(files.read("./event.toml").is_ok());
    for name in ["../secret", "/etc/hostname", "", "a/../../secret"] {
        assert!(files.read(name).is_err(), "{name:?}");
    }
    let message = Event::load(&files).expect_err("no records").to_string();
    assert!(message.contains("s.csv: cannot read: "), "{message}");
    let message = Event::load(&Directory::new(directory.path()))
        .expect_err("no event")
        .to_string();
    assert!(message.contains("event.toml: cannot read: "), "{message}");
    let file = std::fs::File::create(event.join("big")).expect("created");
    file.set_len(record::MAX_FILE_BYTES as u64 + 1)
        .expect("sparse");
    assert_eq!(
        files.read("big").expect_err("too large").kind(),
        std::io::ErrorKind::FileTooLarge
    );
}
