//! What a replay says, and that anyone can add an event.

use std::path::{Path, PathBuf};
use std::process::Command;

use cap::{MsgType, Severity};
use scenarios::chain;
use scenarios::program::installed;
use scenarios::recorded::shared;
use scenarios::replayed::{Replayed, run};

const MINUTE_S: f64 = 60.0;
const HOUR_S: f64 = 3_600.0;

/// Runs the schema over every message.
fn validate(replayed: &Replayed) {
    let Some(schema) = shared("cap/CAP-v1.2.xsd") else {
        return;
    };
    let Some(xmllint) = installed("xmllint", "libxml2-utils") else {
        return;
    };
    for (name, ..) in &replayed.messages {
        let output = Command::new(&xmllint)
            .args(["--noout", "--nonet", "--schema"])
            .arg(&schema)
            .arg(replayed.out.join(name))
            .output()
            .expect("xmllint starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{name}: {said}");
    }
}

/// In every message: English and Spanish, the exercise unmistakable, and what differs between languages only the words.
fn languages(replayed: &Replayed) {
    for (name, xml, alert) in &replayed.messages {
        let tags: Vec<&str> = alert.infos.iter().map(|i| i.language.as_str()).collect();
        assert_eq!(tags, ["en", "es"], "{name}");
        for info in &alert.infos {
            let headline = info.headline.as_deref().expect("a headline");
            let word = if info.language == "es" {
                "SIMULACRO"
            } else {
                "EXERCISE"
            };
            assert!(headline.starts_with(word), "{name}: {headline}");
            assert_eq!(info.severity, alert.infos[0].severity, "{name}");
            assert!(!info.areas.is_empty(), "{name}");
        }
        assert!(
            xml.contains("<status>Exercise</status>") && !xml.contains(">Actual<"),
            "{name}"
        );
    }
}

#[test]
fn the_maule_tsunami_from_earthquake_to_all_clear() {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let replayed = Replayed::new(
        Path::new("chile-2010"),
        "max",
        &directory.path().join("out"),
    );

    // The first alert with the earthquake's message, five minutes after the origin.
    let alerts = replayed.of_kind("alert");
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(
        (alerts[0].0 - 5.0 * MINUTE_S).abs() < MINUTE_S,
        "{alerts:?}"
    );
    // The Rayleigh wave shakes the sensor at eight minutes. That is said, and is no tsunami.
    let shaking = replayed.of_kind("shaking");
    assert!(shaking.iter().any(|s| s.0 < 30.0 * MINUTE_S), "{shaking:?}");
    // The wave is seen once, when it came: FACTS has its crest at 3.267 h.
    let confirmed = replayed.of_kind("confirmed");
    assert_eq!(confirmed.len(), 1, "{confirmed:?}");
    let window = 3.0 * HOUR_S + 5.0 * MINUTE_S..3.0 * HOUR_S + 20.0 * MINUTE_S;
    assert!(window.contains(&confirmed[0].0), "{confirmed:?}");
    let updates = replayed.of_kind("update");
    assert!(updates.iter().all(|u| u.0 >= confirmed[0].0), "{updates:?}");
    assert!(
        updates.iter().any(|u| u.0 == confirmed[0].0),
        "the confirmation is told: {updates:?}"
    );
    let cancels = replayed.of_kind("cancel");
    assert_eq!(cancels.len(), 1, "{cancels:?}");

    // Each is a message, with what it took to compute.
    let told = ["alert", "update", "cancel"];
    let lines = replayed
        .timeline
        .iter()
        .filter(|l| told.contains(&l["kind"].as_str().unwrap_or("")));
    let took: Vec<f64> = lines
        .map(|l| l["compute_ms"].as_f64().expect("compute_ms"))
        .collect();
    assert_eq!(took.len(), replayed.messages.len());
    assert!(took.iter().all(|ms| *ms > 0.0), "{took:?}");
    let (_, _, last) = replayed.messages.last().expect("messages");
    assert_eq!(last.msg_type, MsgType::Cancel);
    assert_eq!(replayed.messages[0].2.infos[0].severity, Severity::Extreme);

    validate(&replayed);
    languages(&replayed);

    // Forecasts for the sensor: its wave was there three minutes after it was forecast at five past the origin.
    let forecasts = replayed.forecasts();
    assert!(
        forecasts.starts_with("issued,event,kind,id,arrival,"),
        "{forecasts}"
    );
    let first = forecasts
        .lines()
        .find(|l| l.contains(",station,32412,"))
        .expect("a forecast for the sensor");
    let arrival = clock::parse_utc(first.split(',').nth(4).expect("an arrival")).expect("a time");
    let origin = clock::parse_utc("2010-02-27T06:34:11.530Z").expect("a time");
    let arrival_s = (arrival - origin) as f64 / 1e6;
    assert!(
        (arrival_s - 3.1 * HOUR_S).abs() < 10.0 * MINUTE_S,
        "{first}"
    );
    assert!(forecasts.lines().any(|l| l.contains(",zone,")));

    // The feed that is left behind lists every message, newest first.
    let feed = std::fs::read_to_string(replayed.out.join("exercise-feed.atom")).expect("a feed");
    let files: Vec<String> = chain::atom_ids(&feed)
        .into_iter()
        .map(|id| id.rsplit_once('/').expect("a URL").1.to_owned())
        .collect();
    let names: Vec<&str> = replayed
        .messages
        .iter()
        .rev()
        .map(|(name, ..)| name.as_str())
        .collect();
    assert_eq!(files, names);
}

/// The Tohoku earthquake of 2011 as the two DART stations recorded its wave, in a directory of its own.
struct Tohoku {
    directory: PathBuf,
    stations: String,
}

impl Tohoku {
    fn new(directory: PathBuf) -> Self {
        std::fs::create_dir(&directory).expect("a scratch directory");
        let quake = r#"{"type":"Feature","id":"official20110311054624120_30",
            "properties":{"mag":9.1,"place":"2011 Great Tohoku Earthquake, Japan","time":1299822384000,"updated":1299822564000,
            "status":"automatic","magType":"mww","type":"earthquake","title":"M 9.1 - Tohoku"},
            "geometry":{"type":"Point","coordinates":[142.373,38.297,29]}}"#;
        std::fs::write(directory.join("quake.geojson"), quake).expect("a scratch file");
        Self {
            directory,
            stations: String::new(),
        }
    }

    fn station(&mut self, id: &str, lat: f64, lon: f64, depth_m: u32, file: &str, format: &str) {
        self.stations.push_str(&format!(
            "[[station]]\nid = \"{id}\"\nname = \"DART {id}\"\nlat = {lat}\nlon = {lon}\ndepth_m = {depth_m}\n\
             quantity = \"sea_level\"\nfile = \"{file}\"\n{format}\n"
        ));
    }

    fn write(&self) {
        let text = format!(
            "name = \"Tohoku, Japan, 11 March 2011\"\norigin = 2011-03-11T05:46:24Z\nstart = \"-2h\"\nend = \"+6h\"\n\
             deployment = \"pacific\"\n[[quake]]\nfile = \"quake.geojson\"\nafter = \"3m\"\n{}",
            self.stations
        );
        std::fs::write(self.directory.join("event.toml"), text).expect("a scratch file");
    }
}

const DARTS: [(&str, f64, f64, u32); 2] = [
    ("21418", 38.735, 148.655, 5_663),
    ("21413", 30.533, 152.132, 5_825),
];

/// Raw DART text of the US National Data Buoy Center, tide and Rayleigh wave and all, and the same values as CSV, as somebody else's
/// archive would have them: nobody wrote code for either, and both say the same.
#[test]
fn anyone_can_add_an_event() {
    let Some(records) = shared("dart/21418.txt") else {
        return;
    };
    let records = records.parent().expect("a directory");
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let mut ndbc = Tohoku::new(scratch.path().join("tohoku-ndbc"));
    let mut csv = Tohoku::new(scratch.path().join("tohoku-csv"));
    for (id, lat, lon, depth_m) in DARTS {
        let file = format!("{id}.txt");
        std::fs::copy(records.join(&file), ndbc.directory.join(&file)).expect("a record");
        ndbc.station(id, lat, lon, depth_m, &file, "format = \"ndbc\"");
    }
    ndbc.write();
    let event = record::Event::load(&record::Directory::new(&ndbc.directory)).expect("the event");
    for ((id, lat, lon, depth_m), station) in DARTS.into_iter().zip(&event.stations) {
        let mut text = String::from("\"time\",\"station\",\"height\"\n");
        for sample in &station.series.samples {
            let value = sample.value.map_or(String::new(), |v| v.to_string());
            text.push_str(&format!(
                "{},{id},{value}\n",
                clock::format_utc(sample.time_us)
            ));
        }
        let file = format!("{id}.csv");
        std::fs::write(csv.directory.join(&file), text).expect("a scratch file");
        let format = "format = \"csv\"\ncsv = { time = \"time\", value = \"height\" }";
        csv.station(id, lat, lon, depth_m, &file, format);
    }
    csv.write();

    let replayed = Replayed::new(&ndbc.directory, "max", &scratch.path().join("out-ndbc"));
    let alerts = replayed.of_kind("alert");
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(
        (alerts[0].0 - 3.0 * MINUTE_S).abs() < MINUTE_S,
        "{alerts:?}"
    );
    // FACTS: the Rayleigh waves pass at 3.6 to 15.6 min; the wave's crest is at 21418 at 32.6 min and at 21413 at 80.6 min.
    let confirmed = replayed.of_kind("confirmed");
    for (id, crest_min) in [("21418", 32.6), ("21413", 80.6)] {
        let at: Vec<f64> = confirmed
            .iter()
            .filter(|c| c.1.contains(id))
            .map(|c| c.0 / MINUTE_S)
            .collect();
        let [at] = at[..] else {
            panic!("{id} confirms once: {confirmed:?}")
        };
        assert!(
            at > 17.0 && at > crest_min / 2.0 && at < crest_min + 10.0,
            "{id} confirms at {at} min"
        );
    }
    validate(&replayed);
    let other = Replayed::new(&csv.directory, "max", &scratch.path().join("out-csv"));
    assert_eq!(other.files(), replayed.files());
    assert_eq!(other.story(), replayed.story());
}

/// Runs a replay that must be refused before anything runs; what it says must hold all the words.
fn refused(event: &Path, words: &[&str]) {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let output = run(event, "max", &scratch.path().join("out"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said:?}");
    }
    assert!(
        !scratch.path().join("out").exists(),
        "nothing is left behind"
    );
}

#[test]
fn a_directory_that_is_no_event_is_refused_with_the_reason() {
    refused(
        Path::new("no-such-event"),
        &["no-such-event", "chile-2010", "configs/README.md"],
    );

    let scratch = tempfile::tempdir().expect("a scratch directory");
    let empty = scratch.path().join("empty");
    std::fs::create_dir(&empty).expect("a scratch directory");
    refused(&empty, &["event.toml"]);

    let mut event = Tohoku::new(scratch.path().join("event"));
    let good =
        "#YY MM DD hh mm ss T HEIGHT\n2011 03 11 05 00 00 1 5662.1\n2011 03 11 06 00 00 1 5662.2\n";
    std::fs::write(event.directory.join("21418.txt"), good).expect("a scratch file");
    let write = |event: &mut Tohoku, file: &str, format: &str| {
        event.stations.clear();
        event.station("21418", 38.735, 148.655, 5_663, file, format);
        event.write();
    };
    write(&mut event, "missing.txt", "format = \"ndbc\"");
    refused(&event.directory, &["missing.txt"]);
    write(&mut event, "../quake.txt", "format = \"ndbc\"");
    refused(
        &event.directory,
        &["event.toml:", "inside the event's directory"],
    );
    write(&mut event, "21418.txt", "format = \"xml\"");
    refused(&event.directory, &["event.toml:", "xml", "ndbc"]);
    write(&mut event, "21418.txt", "formta = \"ndbc\"");
    refused(
        &event.directory,
        &["event.toml:", "formta", "did you mean", "format"],
    );
    write(&mut event, "21418.txt", "format = \"csv\"");
    refused(&event.directory, &["event.toml:", "csv"]);
    std::fs::write(event.directory.join("bad.txt"), "no\nnumbers\nhere\n").expect("a scratch file");
    write(&mut event, "bad.txt", "format = \"ndbc\"");
    refused(&event.directory, &["bad.txt"]);

    // Refused, not replayed without its earthquake.
    write(&mut event, "21418.txt", "format = \"ndbc\"");
    std::fs::remove_file(event.directory.join("quake.geojson")).expect("was written");
    refused(&event.directory, &["quake.geojson"]);
}
