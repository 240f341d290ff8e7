//! The door: who is let in, how fast, in which version, and what happens besides readings.

use std::sync::Arc;

use clock::Clock;
use wire::frame::{
    Board, Body, Image as Standing, NodeKind, RawFrame, ResetCause, Setting, SettingKey,
    UpdateStep, Version,
};

use super::*;
use crate::link::trial::{KEY, NOW_US, Speaker, node, nodes, opened, rules};
use crate::node::keeper;
use crate::node::update::Image;

/// The registry, with a line whose answers can be read.
struct Door {
    nodes: Nodes,
    clock: Clock,
    route: Downlink,
    answers: mpsc::Receiver<Vec<u8>>,
}

impl Door {
    fn new(configured: &[config::Node], rules: Rules) -> Self {
        let clock = Clock::manual(NOW_US);
        let (frames, answers) = mpsc::channel(64);
        Self {
            nodes: nodes(configured, rules, &clock),
            clock,
            route: Downlink {
                link: Arc::from("line"),
                frames,
                paced: true,
            },
            answers,
        }
    }

    fn hear(&self, stuffed: &[u8]) -> Result<Received, &'static str> {
        let mut receiver = wire::frame::Receiver::<320>::new();
        let raw = stuffed
            .iter()
            .find_map(|&byte| match receiver.push(byte) {
                Some(Ok(raw)) => Some(raw.bytes().to_vec()),
                _ => None,
            })
            .unwrap();
        self.nodes
            .receive(RawFrame::new(&raw), self.clock.now_us(), &self.route)
    }

    fn answers(&mut self) -> Vec<(Version, Body)> {
        let mut all = Vec::new();
        while let Ok(bytes) = self.answers.try_recv() {
            all.extend(
                opened(&bytes)
                    .into_iter()
                    .map(|frame| (frame.version, frame.body)),
            );
        }
        all
    }
}

fn birth(firmware: [u8; 3], image: Standing, settings_revision: u32) -> Body {
    Body::Birth {
        firmware,
        kind: NodeKind::TideGauge,
        reset_cause: ResetCause::Watchdog,
        mono_us: 0,
        first_seq: 0,
        board: Board::Stm32f405,
        image,
        settings_revision,
    }
}

/// A frame under a key that is not the node's.
fn forged(id: u32, counter: u32) -> Vec<u8> {
    let header = wire::frame::Header {
        node: id,
        boot: 1,
        counter,
        direction: Direction::Up,
    };
    let mut bytes = [0; 320];
    let other = Key::new([8; 32]);
    let length = frame::encode(Version::V2, &header, &Body::Turn, &other, &mut bytes).unwrap();
    bytes[..length].to_vec()
}

#[test]
fn a_babbler_is_cut_short_and_its_neighbour_is_not() {
    let mut few = rules();
    few.frames_per_s = 5;
    let door = Door::new(&[node(1), node(2)], few);
    let (mut babbler, mut other) = (Speaker::new(1), Speaker::new(2));
    let taken = (0..100)
        .filter(|_| door.hear(&babbler.sample()).is_ok())
        .count();
    assert!((10..20).contains(&taken), "{taken}");
    assert!(door.hear(&other.sample()).is_ok());
    let report = &door.nodes.report()[0];
    assert_eq!(report.refused["too_fast"], 100 - taken as u64);
    assert_eq!(report.traffic.frames, taken as u64);
    // A forger cannot use up a node's share: only authentic frames count.
    for counter in 100..200 {
        assert_eq!(door.hear(&forged(2, counter)).unwrap_err(), "tag");
    }
    assert!(door.hear(&other.sample()).is_ok());
}

#[test]
fn forged_and_repeated_frames_are_refused_and_counted_at_the_node() {
    let door = Door::new(&[node(1)], rules());
    let mut speaker = Speaker::new(1);
    let first = speaker.sample();
    assert!(door.hear(&first).is_ok());
    assert_eq!(door.hear(&first).unwrap_err(), "replayed");
    let mut stranger = Speaker::new(9);
    assert_eq!(door.hear(&stranger.sample()).unwrap_err(), "unknown_node");
    assert_eq!(door.hear(&forged(1, 50)).unwrap_err(), "tag");
    let report = &door.nodes.report()[0];
    assert_eq!((report.refused["replayed"], report.refused["tag"]), (1, 1));
    assert_eq!(report.traffic.frames, 1);
}

#[test]
fn each_node_is_answered_in_the_version_of_its_latest_new_frame() {
    let mut door = Door::new(&[node(1)], rules());
    let mut speaker = Speaker::new(1);
    speaker.version = Version::V1;
    let old = speaker.say(&Body::TimeRequest { t1_us: 1 });
    door.hear(&old).unwrap();
    assert_eq!(door.answers()[0].0, Version::V1);
    speaker.version = Version::V2;
    door.hear(&speaker.say(&Body::TimeRequest { t1_us: 2 }))
        .unwrap();
    assert_eq!(door.answers()[0].0, Version::V2);
    assert!(door.hear(&old).is_err());
    door.nodes.command(1, 1, 2, 0, i64::MAX).unwrap();
    assert_eq!(
        door.answers()[0].0,
        Version::V2,
        "a replayed old frame changes nothing"
    );
    assert_eq!(door.nodes.report()[0].protocol, Some(2));
}

#[test]
fn the_birth_is_told_and_survives_a_restart() {
    let mut door = Door::new(&[node(1)], rules());
    let mut speaker = Speaker::new(1);
    door.hear(&speaker.say(&birth([1, 4, 2], Standing::Trial, 3)))
        .unwrap();
    let report = &door.nodes.report()[0];
    assert_eq!(report.firmware.as_deref(), Some("1.4.2"));
    assert_eq!(
        (report.board, report.image, report.reset_cause, report.kind),
        (
            Some("stm32f405"),
            Some("trial"),
            Some("watchdog"),
            Some("tide_gauge")
        )
    );
    assert_eq!(report.link.as_deref(), Some("line"));
    // A board is asked for its settings although none are wanted, a host is not.
    assert!(door.answers().contains(&(Version::V2, Body::ReadSettings)));
    let state = door.nodes.snapshot(0);
    let later = Nodes::new(
        &[node(1)],
        vec![Some(KEY)],
        &state,
        rules(),
        door.clock.clone(),
        2_000,
    );
    assert_eq!(later.report()[0].firmware.as_deref(), Some("1.4.2"));
}

#[test]
fn settings_are_written_read_back_and_told() {
    let mut wanted = node(1);
    wanted.settings.sample_interval_ms = Some(1_000.0);
    let mut door = Door::new(&[wanted.clone()], rules());
    let mut speaker = Speaker::new(1);
    door.hear(&speaker.sample()).unwrap();
    assert_eq!(door.answers(), [(Version::V2, Body::ReadSettings)]);
    let told = |revision, ms| Body::Settings {
        revision,
        values: [Setting::new(SettingKey::SampleIntervalMs, ms)]
            .into_iter()
            .collect(),
    };
    door.hear(&speaker.say(&told(0, 15_000.0))).unwrap();
    assert!(matches!(
        door.answers()[..],
        [(_, Body::SetSettings { revision: 1, .. })]
    ));
    door.hear(&speaker.say(&told(1, 1_000.0))).unwrap();
    let settings = door.nodes.report()[0].settings.clone().unwrap();
    assert_eq!(
        (settings.state, settings.revision),
        (keeper::Standing::Applied, Some(1))
    );
    wanted.settings.sample_interval_ms = Some(2_000.0);
    let changes = door
        .nodes
        .reconfigure(&[wanted, node(2)], vec![Some(KEY), Some(KEY)], rules());
    assert_eq!(
        changes,
        Changes {
            added: 1,
            kept: 1,
            ..Changes::default()
        }
    );
    for revision in [1, 1, 1, 1] {
        door.hear(&speaker.say(&told(revision, 1_000.0))).unwrap();
    }
    let reports = door.nodes.report();
    assert_eq!(door.nodes.conditions(&reports), ["node_settings_refused"]);
    assert!(reports[1].settings.is_none());
    assert!(reports[0].needs_look && !reports[1].needs_look);
}

#[test]
fn a_node_that_is_taken_out_and_put_back_gets_no_counter_twice() {
    let mut door = Door::new(&[node(1)], rules());
    let mut speaker = Speaker::new(1);
    let mut counters = Vec::new();
    for round in 0..3 {
        // Whatever else goes out has numbers of its own.
        while door.answers.try_recv().is_ok() {}
        door.hear(&speaker.say(&Body::TimeRequest { t1_us: round }))
            .unwrap();
        let bytes = door.answers.try_recv().unwrap();
        counters.push(opened(&bytes)[0].header.counter);
        counters.extend(
            door.answers
                .try_recv()
                .map(|bytes| opened(&bytes)[0].header.counter),
        );
        assert_eq!(door.nodes.reconfigure(&[], Vec::new(), rules()).removed, 1);
        assert_eq!(door.hear(&speaker.sample()).unwrap_err(), "unknown_node");
        assert_eq!(
            door.nodes
                .reconfigure(&[node(1)], vec![Some(KEY)], rules())
                .added,
            1
        );
    }
    assert_eq!(counters, [0, 1, 2, 3, 4, 5], "a reply and a question each");
}

#[test]
fn one_node_of_a_station_is_updated_at_a_time() {
    let pair = [1, 2, 3].map(|id| config::Node {
        station: if id == 3 { "other" } else { "pair" }.to_owned(),
        ..node(id)
    });
    let mut door = Door::new(&pair, rules());
    let mut shelf = Shelf::default();
    shelf.put(Image {
        board: Board::Stm32f405,
        version: [2, 0, 0],
        security: 1,
        digest: [1; 32],
        signature: [2; 64],
        bytes: vec![9; 300],
    });
    door.nodes.stock(shelf);
    let mut speakers = [1, 2, 3].map(Speaker::new);
    let mut offered = |door: &mut Door, index: usize, body: &Body| {
        door.hear(&speakers[index].say(body)).unwrap();
        let answers = door.answers();
        let offers = |(_, body): &(Version, Body)| matches!(body, Body::UpdateOffer { .. });
        let data = |(_, body): &(Version, Body)| matches!(body, Body::UpdateData { .. });
        (answers.iter().any(offers), answers.iter().any(data))
    };
    let old = birth([1, 0, 0], Standing::Confirmed, 0);
    assert_eq!(offered(&mut door, 0, &old), (true, false));
    assert_eq!(
        offered(&mut door, 1, &old),
        (false, false),
        "its neighbour is being updated"
    );
    assert_eq!(
        offered(&mut door, 2, &old),
        (true, false),
        "another station"
    );
    let pull = |next_offset| Body::UpdateState {
        state: UpdateStep::WantsData,
        version: [2, 0, 0],
        next_offset,
    };
    assert_eq!(offered(&mut door, 0, &pull(0)), (false, true));
    assert_eq!(offered(&mut door, 0, &pull(192)), (false, true));
    assert_eq!(offered(&mut door, 0, &pull(300)), (false, false));
    let new = birth([2, 0, 0], Standing::Confirmed, 0);
    assert_eq!(offered(&mut door, 0, &new), (false, false));
    assert_eq!(
        offered(&mut door, 1, &old),
        (true, false),
        "now it is its turn"
    );
    assert_eq!(
        door.nodes.report()[0].update.as_ref().unwrap().state,
        "confirmed"
    );
}

#[test]
fn silence_shows() {
    let door = Door::new(&[node(1), node(2)], rules());
    door.clock.advance_to(NOW_US + 299_000_000);
    let mut speaker = Speaker::new(1);
    door.hear(&speaker.sample()).unwrap();
    assert!(door.nodes.conditions(&door.nodes.report()).is_empty());
    door.clock.advance_to(NOW_US + 301_000_000);
    let reports = door.nodes.report();
    assert_eq!((reports[0].silent, reports[1].silent), (false, true));
    assert_eq!(door.nodes.conditions(&reports), ["node_silent"]);
}

#[test]
fn answers_to_commands_are_counted_and_told() {
    let door = Door::new(&[node(1)], rules());
    let mut speaker = Speaker::new(1);
    door.hear(&speaker.say(&Body::CommandDone {
        id: 4,
        outcome: CommandOutcome::Expired,
        mono_us: 9,
        delay_us: 1_500,
    }))
    .unwrap();
    assert_eq!(door.nodes.tallies.counts.get("commands_expired"), 1);
    let command = door.nodes.report()[0].command.clone().unwrap();
    assert_eq!(
        (command.id, command.outcome, command.delay_us),
        (4, "expired", 1_500)
    );
}

/// A board was replaced by one enrolled anew under its number. The new one began at boot 1, below the old one's, and every
/// frame of it was refused as `old_boot`, also after a restart of the agent, because the session outlived the key.
#[test]
fn a_board_with_another_key_is_another_board() {
    let new_key = Key::new([8; 32]);
    let door = Door::new(&[node(1)], rules());
    let mut old = Speaker::new(1);
    old.boot = 30;
    door.hear(&old.sample()).unwrap();
    let recorded = old.sample();
    door.hear(&recorded).unwrap();
    let changes = door
        .nodes
        .reconfigure(&[node(1)], vec![Some(new_key.clone())], rules());
    assert_eq!((changes.replaced, changes.kept), (1, 0));
    let mut new = Speaker::new(1);
    new.key = new_key.clone();
    let heard = door.hear(&new.sample()).unwrap();
    assert_eq!(heard.group.unwrap().items.len(), 1);
    assert_eq!(door.hear(&recorded).unwrap_err(), "tag");
    // The same when the key changes while the agent is down.
    let later = |state: &State, key: &Key| Door {
        nodes: Nodes::new(
            &[node(1)],
            vec![Some(key.clone())],
            state,
            rules(),
            door.clock.clone(),
            2_000,
        ),
        ..Door::new(&[], rules())
    };
    let mut third = Speaker::new(1);
    third.key = Key::new([9; 32]);
    let door = later(&door.nodes.snapshot(0), &third.key);
    door.hear(&third.sample()).unwrap();
    // Should an old key come back, nothing of its board is taken twice.
    let door = later(&door.nodes.snapshot(0), &KEY);
    assert_eq!(door.hear(&recorded).unwrap_err(), "replayed");
    door.hear(&old.sample()).unwrap();
}

/// Frames were counted against a node's pace before it was checked whether they were repeated: whoever played recorded ones
/// back fast enough silenced the node, and its findings with it.
#[test]
fn repeated_frames_and_readings_leave_room_for_findings() {
    let mut rules = rules();
    rules.frames_per_s = 5;
    let door = Door::new(&[node(1)], rules);
    let mut speaker = Speaker::new(1);
    let recorded = speaker.sample();
    door.hear(&recorded).unwrap();
    for _ in 0..100 {
        assert_eq!(door.hear(&recorded).unwrap_err(), "replayed");
    }
    door.hear(&speaker.sample()).unwrap();
    // It babbles itself; what it has found still comes through, if that is no flood as well.
    while door.hear(&speaker.sample()).is_ok() {}
    let finding = |seq| Body::Finding {
        seq,
        mono_us: 1,
        code: 1,
        value: 1.0,
    };
    let heard = door.hear(&speaker.say(&finding(1_000))).unwrap();
    assert!(heard.finding.is_some());
    let taken = (1_001..1_100)
        .filter(|seq| door.hear(&speaker.say(&finding(*seq))).is_ok())
        .count();
    assert!(taken < 50, "{taken}");
}

/// A node that was taken out and put back had no replay window: what it had sent in the same boot was taken again.
#[test]
fn a_node_that_is_put_back_knows_what_it_has_sent() {
    let door = Door::new(&[node(1)], rules());
    let mut speaker = Speaker::new(1);
    let recorded = speaker.sample();
    door.hear(&recorded).unwrap();
    let put_back = |door: &Door| {
        door.nodes.reconfigure(&[], Vec::new(), rules());
        // Also when the agent is restarted in between.
        let state = door.nodes.snapshot(0);
        assert_eq!((state.nodes.len(), state.retired.len()), (0, 1));
        let nodes = Nodes::new(&[], Vec::new(), &state, rules(), door.clock.clone(), 2_000);
        nodes.reconfigure(&[node(1)], vec![Some(KEY)], rules());
        nodes
    };
    let door = Door {
        nodes: put_back(&door),
        ..door
    };
    assert_eq!(door.hear(&recorded).unwrap_err(), "replayed");
    door.hear(&speaker.sample()).unwrap();
}
