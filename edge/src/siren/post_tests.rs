//! Commands from the gate to the output, across restarts, with real files.

use std::path::PathBuf;

use clock::Clock;
use wire::command::{MAX_BYTES, Signer};

use super::super::output::FileOutput;
use super::super::settings::{ModeName, Needs, OutputKind, Siren, SirenPattern};
use super::*;

const S: i64 = 1_000_000;
const NOON_US: i64 = 1_800_000_000 * S;
const WORD: u64 = 77;

fn signer() -> Signer {
    Signer::new(&[1; 32])
}

fn at(seconds: u64) -> Now {
    Now {
        mono: Duration::from_secs(seconds),
        wall_us: NOON_US + seconds as i64 * S,
        trusted: true,
    }
}

/// Two sirens in one zone; the hill also has a sound for exercises.
struct Rig {
    directory: tempfile::TempDir,
    alone: AloneSettings,
}

impl Rig {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            alone: AloneSettings::default(),
        }
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("sounds.txt")
    }

    fn post(&self, now: Now) -> Post {
        let pattern = |id: &str, on, off| SirenPattern {
            id: id.to_owned(),
            on: Duration::from_secs(on),
            off: Duration::from_secs(off),
            lasts: Duration::from_secs(60),
        };
        let patterns = [pattern("wail", 60, 0), pattern("chirp", 1, 59)];
        let horn = |id: &str, exercise: &[(&str, &str)]| {
            let signals = |list: &[(&str, &str)]| {
                let owned = list.iter().map(|(s, p)| ((*s).to_owned(), (*p).to_owned()));
                owned.collect::<BTreeMap<_, _>>()
            };
            let siren = Siren {
                id: id.to_owned(),
                zones: vec!["bay".to_owned(), id.to_owned()],
                output: OutputKind::File,
                chip: None,
                line: None,
                active_low: false,
                node: None,
                file: Some(self.log()),
                actual: signals(&[("warning", "wail")]),
                exercise: signals(exercise),
                test: BTreeMap::new(),
            };
            let output = FileOutput::new(&self.log(), id, &Clock::manual(0));
            Horn::new(&siren, &patterns, Box::new(output))
        };
        let horns = vec![horn("hill", &[("warning", "chirp")]), horn("pier", &[])];
        let gate = Gate {
            deployment: "chile".to_owned(),
            issuers: vec![signer().issuer()],
            words: Words::new(WORD, now.mono),
        };
        let data = self.directory.path();
        Post::new("edge-1", gate, data, horns, self.alone.clone(), now)
    }

    /// Every change of an output: siren, on or off, mode.
    fn sounds(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        text.lines()
            .map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                words[1..4].join(" ")
            })
            .collect()
    }
}

fn sound(counter: u64, order: u8) -> Command<'static> {
    Command {
        deployment: "chile",
        mode: Mode::Actual,
        counter,
        id: CommandId([order; 16]),
        alert: "w.1",
        issued_us: NOON_US,
        expires_us: NOON_US + 900 * S,
        session: WORD,
        action: Action::Sound { signal: "warning" },
        zones: ["bay"].into_iter().collect(),
    }
}

fn give(post: &mut Post, command: &Command<'_>, now: Now) {
    let mut out = [0; MAX_BYTES];
    let length = command.encode(&signer(), &mut out).unwrap();
    post.command(&out[..length], now);
}

/// Acknowledgements as `siren state reason`.
fn acks(post: &Post, order: u8, now: Now) -> Vec<String> {
    let id = CommandId([order; 16]).to_string();
    let report = post.report(now);
    let ours = report
        .acks
        .iter()
        .filter(|ack| ack.command.as_ref() == Some(&id));
    let mut acks: Vec<String> = ours
        .map(|ack| {
            [
                ack.siren.as_deref(),
                Some(ack.state.as_str()),
                ack.reason.as_deref(),
            ]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
        })
        .collect();
    acks.sort();
    acks
}

#[test]
fn a_command_sounds_its_zone_once_however_often_it_comes() {
    let rig = Rig::new();
    let mut post = rig.post(at(0));
    post.tick(at(0));
    for counter in [5, 5, 6, 5] {
        give(&mut post, &sound(counter, 1), at(1));
    }
    assert_eq!(rig.sounds(), ["hill on actual", "pier on actual"]);
    assert_eq!(acks(&post, 1, at(1)), ["hill sounding", "pier sounding"]);
    assert_eq!(post.report(at(1)).repeated, 2, "5 again, and 5 after 6");
    post.tick(at(61));
    assert_eq!(acks(&post, 1, at(61)), ["hill done", "pier done"]);
    give(&mut post, &sound(7, 1), at(62));
    assert_eq!(rig.sounds().len(), 4, "an order that is over is over");
    give(&mut post, &sound(8, 2), at(63));
    assert_eq!(rig.sounds().len(), 6, "another order is another");
    // Nothing is let in that was not fresh, nor that is for elsewhere.
    give(&mut post, &sound(3, 9), at(64));
    give(
        &mut post,
        &Command {
            zones: ["elsewhere"].into_iter().collect(),
            ..sound(9, 4)
        },
        at(64),
    );
    assert_eq!(acks(&post, 9, at(64)), ["refused replayed"]);
    assert_eq!(acks(&post, 4, at(64)), ["refused zone_unknown"]);
    post.command(b"rubbish", at(64));
    let report = post.report(at(64));
    let refused: Vec<_> = report
        .refused
        .iter()
        .map(|(name, n)| (name.as_str(), *n))
        .collect();
    assert_eq!(
        refused,
        [("replayed", 1), ("version", 1), ("zone_unknown", 1)]
    );
    assert!(
        report
            .acks
            .iter()
            .any(|ack| ack.command.is_none() && ack.reason.as_deref() == Some("version"))
    );
}

/// The other half of "one cannot become another": what a siren plays is decided here, by mode.
#[test]
fn an_exercise_sounds_only_what_is_configured_for_exercises_and_never_over_a_warning() {
    let rig = Rig::new();
    let mut post = rig.post(at(0));
    post.tick(at(0));
    let drill = |counter, order| Command {
        mode: Mode::Exercise,
        ..sound(counter, order)
    };
    give(&mut post, &drill(1, 1), at(1));
    assert_eq!(rig.sounds(), ["hill on exercise"]);
    assert_eq!(
        acks(&post, 1, at(1)),
        ["hill sounding", "pier refused mode_not_configured"]
    );
    give(&mut post, &sound(2, 2), at(1));
    assert_eq!(acks(&post, 1, at(1))[0], "hill replaced");
    let playing = |post: &Post| {
        let report = post.report(at(1));
        let modes = report.sirens.iter().map(|siren| siren.mode.clone());
        modes.collect::<Option<Vec<_>>>()
    };
    assert_eq!(playing(&post), Some(vec!["actual".to_owned(); 2]));
    give(&mut post, &drill(3, 3), at(2));
    assert_eq!(
        acks(&post, 3, at(2)),
        ["hill refused busy", "pier refused mode_not_configured"]
    );
    // An exercise's end does not silence a warning.
    let silence = |counter, mode| Command {
        mode,
        action: Action::Silence,
        ..sound(counter, 5)
    };
    give(&mut post, &silence(4, Mode::Exercise), at(3));
    assert_eq!(playing(&post), Some(vec!["actual".to_owned(); 2]));
    give(&mut post, &silence(5, Mode::Actual), at(3));
    assert_eq!(playing(&post), None);
    assert_eq!(acks(&post, 2, at(3)), ["hill silenced", "pier silenced"]);
    assert_eq!(acks(&post, 5, at(3)), ["hill silenced", "pier silenced"]);
    assert_eq!(rig.sounds().last().unwrap(), "pier off end");
}

/// Killed between the command and its acknowledgement: the command is not lost, not done twice, and acknowledged.
#[test]
fn what_sounded_sounds_on_after_a_restart_for_what_is_left() {
    let rig = Rig::new();
    let mut post = rig.post(at(0));
    post.tick(at(0));
    give(&mut post, &sound(5, 1), at(10));
    drop(post);
    let mut post = rig.post(at(30));
    post.tick(at(30));
    assert_eq!(acks(&post, 1, at(30)), ["hill sounding", "pier sounding"]);
    give(&mut post, &sound(5, 1), at(31));
    assert_eq!(post.report(at(31)).repeated, 1);
    give(&mut post, &sound(4, 3), at(31));
    assert_eq!(acks(&post, 3, at(31)), ["refused replayed"]);
    assert!(post.tick(at(69)).is_some());
    assert_eq!(post.report(at(69)).sirens[0].state, "sounding");
    post.tick(at(70));
    assert_eq!(acks(&post, 1, at(70)), ["hill done", "pier done"]);
    drop(post);
    let post = rig.post(at(75));
    assert_eq!(acks(&post, 1, at(75)), ["hill done", "pier done"]);
    assert_eq!(post.report(at(75)).sirens[0].state, "idle");
}

#[test]
fn an_order_that_kills_the_process_is_given_up() {
    let rig = Rig::new();
    let mut post = rig.post(at(0));
    give(&mut post, &sound(5, 1), at(1));
    for restart in 0..MAX_RESUMED {
        let post = rig.post(at(2));
        assert_eq!(post.report(at(2)).sirens[0].state, "sounding", "{restart}");
    }
    let post = rig.post(at(2));
    assert_eq!(post.report(at(2)).sirens[0].state, "idle");
}

/// A power cut in the middle of everything: whatever of the memory survives, the old command never sounds again and a new one does.
#[test]
fn a_torn_memory_neither_reopens_replays_nor_silences() {
    for torn in [0, 1] {
        let rig = Rig::new();
        let mut post = rig.post(at(0));
        for order in 1..5 {
            give(&mut post, &sound(u64::from(order), order), at(1));
        }
        post.tick(at(62));
        drop(post);
        let file = rig.directory.path().join(format!("sirens-{torn}.json"));
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        let heard = rig.sounds().len();
        let mut post = rig.post(at(100));
        assert!(
            post.report(at(100))
                .conditions
                .contains(&"siren_memory_damaged".to_owned())
        );
        post.words().renew(WORD + 1, at(100).mono);
        // Long enough that the old word no longer counts.
        for order in 1..5 {
            give(&mut post, &sound(u64::from(order), order), at(200));
        }
        post.tick(at(200));
        assert_eq!(
            rig.sounds().len(),
            heard,
            "nothing old, with file {torn} torn"
        );
        let fresh = Command {
            session: WORD + 1,
            ..sound(6, 6)
        };
        give(&mut post, &fresh, at(201));
        assert_eq!(acks(&post, 6, at(201)), ["hill sounding", "pier sounding"]);
    }
}

#[test]
fn a_disk_that_is_gone_does_not_silence_a_siren() {
    let rig = Rig::new();
    let mut post = rig.post(at(0));
    // A directory where the file should be: writing fails whoever we are.
    std::fs::create_dir(rig.directory.path().join("sirens-1.new")).unwrap();
    give(&mut post, &sound(1, 1), at(1));
    assert_eq!(rig.sounds(), ["hill on actual", "pier on actual"]);
    let report = post.report(at(1));
    assert_eq!(report.conditions, ["siren_memory_not_saved"]);
}

#[test]
fn an_output_that_cannot_be_had_is_a_failed_acknowledgement() {
    let rig = Rig::new();
    std::fs::create_dir(rig.log()).unwrap();
    let mut post = rig.post(at(0));
    give(&mut post, &sound(1, 1), at(1));
    let told = acks(&post, 1, at(1));
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|ack| ack.contains("failed")), "{told:?}");
    let test = Command {
        action: Action::SelfTest,
        ..sound(2, 2)
    };
    post.tick(at(62));
    give(&mut post, &test, at(63));
    assert!(
        acks(&post, 2, at(63))
            .iter()
            .all(|ack| ack.contains("failed"))
    );
    std::fs::remove_dir(rig.log()).unwrap();
    give(&mut post, &Command { counter: 3, ..test }, at(64));
    assert_eq!(acks(&post, 2, at(64)), ["hill passed", "pier passed"]);
    assert_eq!(rig.sounds(), Vec::<String>::new(), "a self-test is silent");
}

#[test]
fn cut_off_with_two_waves_it_sounds_by_itself_and_says_so() {
    let mut rig = Rig::new();
    rig.alone.policy = Policy::Sound;
    rig.alone.mode = Some(ModeName::Actual);
    rig.alone.needs = Needs::TwoSensors;
    let mut post = rig.post(at(0));
    let wave = |station: &str| Found {
        station: station.to_owned(),
        simulated: false,
        code: 17,
        value: 0.8,
        time_us: NOON_US + 10 * S,
    };
    post.found(&wave("buoy"));
    post.tick(at(500));
    assert_eq!(
        rig.sounds(),
        Vec::<String>::new(),
        "one sensor is never enough"
    );
    post.found(&wave("gauge"));
    post.tick(at(501));
    assert_eq!(rig.sounds(), ["hill on actual", "pier on actual"]);
    let report = post.report(at(501));
    assert_eq!(report.conditions, ["siren_on_its_own", "siren_cut_off"]);
    assert!(report.alone[0].because.contains("buoy") && report.alone[0].because.contains("gauge"));
    assert_eq!(
        (report.sirens[0].command.as_ref(), report.acks.len()),
        (None, 0)
    );
    // The hub is back and says that it is nothing.
    post.link(true, at(510).mono);
    let silence = Command {
        action: Action::Silence,
        ..sound(1, 1)
    };
    give(&mut post, &silence, at(511));
    assert_eq!(rig.sounds().last().unwrap(), "pier off end");
    drop(post);
    let post = rig.post(at(600));
    assert_eq!(
        post.report(at(600)).alone.len(),
        1,
        "told after a restart too"
    );
}
