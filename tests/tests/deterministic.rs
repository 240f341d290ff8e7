//! The same journal gives the same findings, forecasts and alerts, byte for byte, at any speed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use hub::config::{Config, Station};
use hub::core::{Core, Output as Said};
use hub::entry::Entry;
use scenarios::replayed::Replayed;
use scenarios::site::{program, shipped, text};

const EVENT: &str = "chile-2010";

/// Where the replay is that all tests read: in cargo's own scratch directory, since nobody drops what all share.
fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("deterministic")
}

/// One replay for all tests that only read it.
fn replayed() -> &'static Replayed {
    static ONCE: OnceLock<Replayed> = OnceLock::new();
    ONCE.get_or_init(|| Replayed::new(Path::new(EVENT), "max", &scratch()))
}

fn recompute(config: &Path, data: &Path) -> Output {
    Command::new(program("scenario-hub"))
        .args(["recompute", "--config"])
        .arg(config)
        .arg("--data-dir")
        .arg(data)
        .env_remove("RUST_LOG")
        .output()
        .expect("the program starts")
}

/// The shipped deployment in a file, as an operator has it.
fn deployment(directory: &Path) -> PathBuf {
    let file = directory.join("hub.toml");
    std::fs::write(&file, shipped("chile").to_string()).expect("a scratch file");
    file
}

#[test]
fn two_replays_are_the_same_at_any_speed() {
    let first = replayed();
    let directory = tempfile::tempdir().expect("a scratch directory");
    // Fast enough for a test, slow enough that most steps are waited for.
    for speed in ["max", "40000"] {
        let again = Replayed::new(Path::new(EVENT), speed, &directory.path().join(speed));
        assert_eq!(
            again.files(),
            first.files(),
            "CAP messages at speed {speed}"
        );
        assert_eq!(again.story(), first.story(), "timeline at speed {speed}");
        assert_eq!(
            again.forecasts(),
            first.forecasts(),
            "forecasts at speed {speed}"
        );
    }
}

#[test]
fn recomputing_twice_gives_the_same_bytes() {
    let replayed = replayed();
    let directory = tempfile::tempdir().expect("a scratch directory");
    let config = deployment(directory.path());
    let state = replayed.out.join("state");
    let first = text(&recompute(&config, &state));
    assert_eq!(text(&recompute(&config, &state)), first);
    // The deployment knows stations that the replay does not have; what it says must be the same messages to the same people.
    let published: Vec<String> = first
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON"))
        .filter(|line| line["output"] == "publish")
        .map(|line| {
            line["identifier"]
                .as_str()
                .expect("an identifier")
                .to_owned()
        })
        .collect();
    let kept: Vec<&String> = replayed
        .messages
        .iter()
        .map(|(_, _, a)| &a.identifier)
        .collect();
    assert_eq!(published.iter().collect::<Vec<_>>(), kept);
}

/// The deployment as a replay runs it: an exercise with the event's stations.
fn effective() -> Config {
    let text = shipped("chile").to_string();
    let mut config =
        Config::parse("configs/chile/hub.toml", &text).expect("a shipped configuration");
    let event = hub::replay::load_event(EVENT).expect("a shipped event");
    config.station = event
        .stations
        .into_iter()
        .map(|s| Station {
            id: s.id,
            name: s.name,
            lat: s.lat,
            lon: s.lon,
            depth_m: s.depth_m,
            quantity: s.quantity,
            threshold: Vec::new(),
            downstream: None,
            radius_km: 5.0,
            energy: None,
        })
        .collect();
    config
}

/// Plays the journal back through the core.
fn played_back(journal: &Path) -> Vec<Said> {
    let config = effective();
    let ocean = hub::service::ocean(&config).expect("the shipped ocean");
    let mut core = Core::new(Arc::new(config), ocean);
    let entries = journal::read_only(journal).expect("the replay's journal");
    entries
        .flat_map(|entry| {
            let entry = entry.expect("an entry of the journal");
            core.replay(&Entry::decode(&entry.payload).expect("an entry of the hub"))
        })
        .collect()
}

#[test]
fn the_core_says_from_the_journal_what_was_published_live() {
    let replayed = replayed();
    let journal = replayed.out.join("state").join("journal");
    let outputs = played_back(&journal);
    let published: Vec<(String, &str)> = outputs
        .iter()
        .filter_map(|output| match output {
            Said::Publish(message) => Some((message.file(), message.xml.as_str())),
            Said::Say { .. } | Said::Forecast { .. } => None,
        })
        .collect();
    let kept: Vec<(String, &str)> = replayed
        .messages
        .iter()
        .map(|(name, xml, _)| (name.clone(), xml.as_str()))
        .collect();
    assert_eq!(published, kept);
    assert!(outputs.iter().any(|o| matches!(o, Said::Forecast { .. })));
    let bytes = |outputs: &[Said]| serde_json::to_vec(outputs).expect("JSON");
    assert_eq!(bytes(&played_back(&journal)), bytes(&outputs));
}
