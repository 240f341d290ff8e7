//! The propagation model's part in an event: waited for, never for long, taken into the journal, and the same when computed again.

use std::sync::Arc;

use hub::config::Config;
use hub::core::{Core, Output};
use hub::entry::{Entry, Item};
use hub::forecast::{Job, Ocean, Task};
use hub::shipped;

const SECOND: i64 = 1_000_000;
/// 2010-02-27T06:34:11Z.
const ORIGIN: i64 = 1_267_252_451_000_000;

const CHILE: &str = include_str!("../../configs/chile/hub.toml");

fn core() -> Core {
    let config = Config::parse("configs/chile/hub.toml", CHILE).expect("sound");
    // One degree: what is tested is who waits for whom.
    let grid = shipped::grid("pacific_10min").expect("shipped");
    let grid = grid.thinned(6).expect("large enough");
    let ocean = Ocean::new(&config, Arc::new(grid)).expect("a model");
    Core::new(Arc::new(config), Some(ocean))
}

fn document(magnitude: f64, extra: &str) -> Vec<u8> {
    format!(
        r#"{{"type":"Feature","id":"us1","properties":{{"mag":{magnitude},"place":"off X","time":{}{extra}}},"geometry":{{"type":"Point","coordinates":[-72.898,-36.122,22.9]}}}}"#,
        ORIGIN / 1_000
    )
    .into_bytes()
}

/// Type and reason of the messages among outputs.
fn told(outputs: &[Output]) -> Vec<(String, String)> {
    outputs
        .iter()
        .filter_map(|o| match o {
            Output::Publish(m) => Some((m.msg_type.clone(), m.reason.clone())),
            _ => None,
        })
        .collect()
}

fn kinds(outputs: &[Output]) -> Vec<String> {
    told(outputs).into_iter().map(|(kind, _)| kind).collect()
}

fn quake(core: &mut Core, magnitude: f64, extra: &str, at_us: i64) -> Vec<Output> {
    let mut outputs = core.quake(&document(magnitude, extra), at_us);
    outputs.extend(core.finish(at_us));
    outputs
}

fn only(jobs: Vec<Job>) -> Job {
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.into_iter().next().expect("one")
}

fn answer(core: &mut Core, job: &Job, at_us: i64) -> Vec<Output> {
    let outlook = core.run_model(job).expect("an ocean");
    let mut outputs = core.modelled(job.number, outlook, at_us);
    outputs.extend(core.finish(at_us));
    outputs
}

#[test]
fn the_first_word_waits_for_the_model() {
    let mut core = core();
    let at = ORIGIN + 300 * SECOND;
    assert!(kinds(&quake(&mut core, 8.8, "", at)).is_empty());
    let job = only(core.take_jobs());
    let first = core.events()[0].outlook.clone();
    assert!(kinds(&core.finish(at + 9 * SECOND)).is_empty());
    assert_eq!(kinds(&answer(&mut core, &job, at + 9 * SECOND)), ["Alert"]);
    assert_ne!(core.events()[0].outlook, first, "the model's own heights");
    assert!(kinds(&core.finish(at + 20 * SECOND)).is_empty());
}

#[test]
fn the_first_estimate_speaks_when_the_model_is_slow() {
    let mut core = core();
    let at = ORIGIN + 300 * SECOND;
    quake(&mut core, 8.8, "", at);
    let job = only(core.take_jobs());
    assert_eq!(core.patience_ends_us(), Some(at + 10 * SECOND));
    assert_eq!(kinds(&core.finish(at + 10 * SECOND)), ["Alert"]);
    assert_eq!(core.patience_ends_us(), None);
    // The answer comes all the same, and is an update where it differs enough.
    let late = told(&answer(&mut core, &job, at + 60 * SECOND));
    for (kind, reason) in &late {
        assert_eq!(
            (kind.as_str(), reason.as_str()),
            ("Update", "the propagation model renewed the forecast")
        );
    }
    assert!(late.len() <= 1, "{late:?}");
    // And only once.
    let outlook = core.run_model(&job).expect("an ocean");
    assert!(
        core.modelled(job.number, outlook, at + 70 * SECOND)
            .is_empty()
    );
}

#[test]
fn a_model_without_an_answer_leaves_the_first_estimate() {
    let mut core = core();
    let at = ORIGIN + 300 * SECOND;
    quake(&mut core, 8.8, "", at);
    let job = only(core.take_jobs());
    let outputs = core.modelled(job.number, Err("out of water".to_owned()), at + SECOND);
    assert_eq!(kinds(&outputs), ["Alert"]);
    let said = outputs.iter().any(
        |o| matches!(o, Output::Say { kind, text, .. } if kind == "no_model" && text.contains("out of water")),
    );
    assert!(said, "{outputs:?}");
}

#[test]
fn what_is_taken_back_while_it_is_waited_for_is_never_told() {
    let mut core = core();
    let at = ORIGIN + 300 * SECOND;
    quake(&mut core, 8.8, "", at);
    let job = only(core.take_jobs());
    let deleted = quake(&mut core, 8.8, r#","status":"deleted""#, at + SECOND);
    assert!(kinds(&deleted).is_empty());
    assert!(kinds(&answer(&mut core, &job, at + 2 * SECOND)).is_empty());
    assert!(kinds(&core.finish(at + 60 * SECOND)).is_empty());
}

#[test]
fn of_two_solutions_the_newer_one_is_modelled() {
    let mut core = core();
    let at = ORIGIN + 300 * SECOND;
    quake(&mut core, 8.0, "", at);
    let old = only(core.take_jobs());
    assert!(kinds(&quake(&mut core, 8.8, "", at + SECOND)).is_empty());
    let new = only(core.take_jobs());
    assert!(kinds(&answer(&mut core, &old, at + 2 * SECOND)).is_empty());
    assert_eq!(kinds(&answer(&mut core, &new, at + 3 * SECOND)), ["Alert"]);
    assert_eq!(core.events()[0].solution.quake.magnitude, 8.8);
    // A revision of what is out waits as well, and the event stays what it was until then.
    assert!(kinds(&quake(&mut core, 9.1, "", at + 60 * SECOND)).is_empty());
    let revised = only(core.take_jobs());
    let outputs = answer(&mut core, &revised, at + 62 * SECOND);
    assert_eq!(kinds(&outputs), ["Update"]);
    assert_eq!(core.events()[0].solution.quake.magnitude, 9.1);
}

/// A first word without the model would be a second alert; a lost revision would be a missed wave.
#[test]
fn a_revision_speaks_without_the_model_too() {
    let mut core = core();
    let at = ORIGIN + 300 * SECOND;
    quake(&mut core, 8.0, "", at);
    let job = only(core.take_jobs());
    answer(&mut core, &job, at + SECOND);
    quake(&mut core, 9.1, "", at + 60 * SECOND);
    let job = only(core.take_jobs());
    assert_eq!(kinds(&core.finish(at + 70 * SECOND)), ["Update"]);
    assert_eq!(core.events()[0].solution.quake.magnitude, 9.1);
    assert!(kinds(&answer(&mut core, &job, at + 80 * SECOND)).len() <= 1);
}

/// The journal of an earthquake and of the model's answer to it three seconds later.
fn taken(quake: Vec<u8>, at_us: i64) -> Vec<Entry> {
    let mut asked = core();
    asked.quake(&quake, at_us);
    let number = only(asked.take_jobs()).number;
    let entry = |received_us, item| Entry {
        received_us,
        items: vec![item],
    };
    vec![
        entry(at_us, Item::Quake(quake)),
        entry(at_us + 3 * SECOND, Item::Modelled(number)),
    ]
}

#[test]
fn the_journal_gives_the_same_again() {
    let at = ORIGIN + 300 * SECOND;
    let entries = taken(document(8.8, ""), at);
    let play = |entries: &[Entry]| {
        let mut core = core();
        let outputs: Vec<Output> = entries.iter().flat_map(|e| core.replay(e)).collect();
        (outputs, core)
    };
    let (outputs, mut whole) = play(&entries);
    assert_eq!(kinds(&outputs), ["Alert"]);
    assert_eq!(format!("{outputs:?}"), format!("{:?}", play(&entries).0));
    let asked: Vec<Task> = whole.take_jobs().iter().map(|j| j.task).collect();
    assert_eq!(asked, [Task::Responses], "the wave is not asked for twice");
    // A hub that was killed before the answer asks for it again.
    let (outputs, mut cut) = play(&entries[..1]);
    assert!(kinds(&outputs).is_empty());
    let job = only(cut.take_jobs());
    assert_eq!(kinds(&answer(&mut cut, &job, at + 5 * SECOND)), ["Alert"]);
}

/// A hub reads a few days of its journal back. Its jobs were numbered from its own start, so that after a restart no answer in the
/// journal belonged to any job.
#[test]
fn the_end_of_a_journal_gives_what_the_whole_gave() {
    let earlier = String::from_utf8(document(8.0, "")).expect("text");
    let earlier = earlier.replace("us1", "us0").replace("-36.122", "-20.0");
    let at = ORIGIN + 300 * SECOND;
    let mut whole = taken(earlier.into_bytes(), at);
    let end = taken(document(8.8, ""), at + 600 * SECOND);
    whole.extend(end.clone());
    let alerts = |entries: &[Entry]| -> Vec<String> {
        let mut core = core();
        let outputs = entries.iter().flat_map(|e| core.replay(e));
        let told = outputs.filter_map(|o| match o {
            Output::Publish(m) if m.event == "us1" => Some(m.xml.clone()),
            _ => None,
        });
        told.collect()
    };
    let told = alerts(&whole);
    assert_eq!(told.len(), 1);
    assert_eq!(alerts(&end), told);
}

/// What the page says of an event follows its forecast from one step to the next, and a restart says the same again.
#[test]
fn the_page_hears_of_every_forecast_and_a_restart_tells_the_same() {
    let at = ORIGIN + 300 * SECOND;
    let mut core = core();
    quake(&mut core, 8.5, "", at);
    let job = only(core.take_jobs());
    assert!(core.events_changed());
    let first = core.event_views().pop().expect("an event");
    assert!(!core.events_changed());
    answer(&mut core, &job, at + 4 * SECOND);
    quake(&mut core, 8.8, "", at + 60 * SECOND);
    let again = only(core.take_jobs());
    answer(&mut core, &again, at + 64 * SECOND);
    let told = core.event_views().pop().expect("an event");

    let basis = |v: &hub::event::view::EventView| serde_json::to_value(v.basis).expect("a word");
    assert_eq!(
        (first.revision, basis(&first)),
        (1, "first_estimate".into())
    );
    assert_eq!((told.revision, basis(&told)), (3, "model".into()));
    assert_eq!(told.title, "M8.8 off X");
    assert_eq!((told.began_us, told.revised_us), (at, at + 64 * SECOND));
    assert_eq!((told.over_us, told.confirmed), (None, false));
    assert!(told.level > first.zones.iter().map(|z| z.level).min().expect("zones"));
    let why: Vec<&str> = told.told.revisions.iter().map(|r| r.why.as_str()).collect();
    assert_eq!(
        why,
        [
            "an earthquake of magnitude 8.5",
            "the propagation model's answer",
            "the earthquake was revised: magnitude 8.8, was 8.5"
        ]
    );
    assert_eq!(told.told.revisions[2].zones, told.zones);
    let sought = core.sought("us1").expect("a source");
    assert_eq!((sought.quake.magnitude, sought.factor), (8.8, 1.0));

    let entries = [
        (at, Item::Quake(document(8.5, ""))),
        (at + 4 * SECOND, Item::Modelled(job.number)),
        (at + 60 * SECOND, Item::Quake(document(8.8, ""))),
        (at + 64 * SECOND, Item::Modelled(again.number)),
    ];
    let mut restarted = self::core();
    for (received_us, item) in entries {
        restarted.replay(&Entry {
            received_us,
            items: vec![item],
        });
    }
    assert_eq!(restarted.event_views(), [told]);
}
