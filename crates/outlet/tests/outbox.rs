//! The outbox alone, on a clock that the test moves.

mod peer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cap::{MsgType, Severity, Status};
use outlet::{
    Backoff, Carries, Found, Issued, Ledger, Moment, Note, Outbox, Outcome, PeerState, Profile,
    Repeat, Standing, Step,
};
use peer::{NOW_US, alert, chain, issued, issued_of};

fn at(seconds: u64) -> Moment {
    Moment {
        elapsed: Duration::from_secs(seconds),
        utc_us: NOW_US + seconds as i64 * 1_000_000,
    }
}

fn backoff() -> Backoff {
    Backoff::new(Duration::from_secs(2), Duration::from_secs(300), 7)
}

fn outbox(profile: Profile, repeat: Repeat, ledger: Ledger) -> Outbox {
    Outbox::new(profile, Carries::Messages, repeat, backoff(), ledger)
}

fn plain() -> Outbox {
    outbox(Profile::default(), Repeat::Harmless, Ledger::default())
}

/// What is to be sent now.
fn sends(outbox: &mut Outbox, now: Moment) -> Option<Arc<Issued>> {
    match outbox.next(now, &mut Vec::new()) {
        Step::Send(issued) => Some(issued),
        Step::Wait(_) => None,
        Step::Ask(issued) => panic!("asks for {}", issued.identifier),
    }
}

fn failed(may_have_arrived: bool) -> Outcome {
    Outcome::Failed {
        why: "no connection".to_owned(),
        may_have_arrived,
        retry_after: None,
    }
}

fn answer(outbox: &mut Outbox, outcome: Outcome, now: Moment) {
    outbox.answered(outcome, now, &mut Vec::new());
}

/// Delivers everything that can be delivered now; what was delivered.
fn drain(outbox: &mut Outbox, now: Moment) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(issued) = sends(outbox, now) {
        all.push(issued.identifier.clone());
        answer(outbox, Outcome::DELIVERED, now);
    }
    all
}

#[test]
fn a_subscriber_that_is_down_for_an_hour_gets_its_message_when_it_is_back() {
    let mut outbox = plain();
    outbox.offer(issued("a"), NOW_US);
    let mut attempts = 0;
    for second in 0..3_600 {
        if sends(&mut outbox, at(second)).is_some() {
            assert_eq!(outbox.state(), PeerState::Delivering);
            attempts += 1;
            answer(&mut outbox, failed(false), at(second));
        }
        assert_eq!(outbox.state(), PeerState::BackingOff);
    }
    // 2, 4, ... 256 s, then every 150 to 300 s.
    assert!((18..40).contains(&attempts), "{attempts}");
    assert_eq!(outbox.failing_since_us(), Some(NOW_US));
    assert_eq!(outbox.waiting(), 1);
    let back = (3_600..)
        .find(|s| sends(&mut outbox, at(*s)).is_some())
        .expect("another try");
    assert!(back < 3_900, "{back}");
    answer(&mut outbox, Outcome::DELIVERED, at(back));
    assert_eq!(outbox.state(), PeerState::Idle);
    assert_eq!(
        (
            outbox.waiting(),
            outbox.failing_since_us(),
            outbox.last_error()
        ),
        (0, None, None)
    );
    outbox.offer(issued("a"), NOW_US);
    assert_eq!(
        sends(&mut outbox, at(back + 1)),
        None,
        "once per identifier"
    );
}

#[test]
fn what_the_receiver_asks_for_is_kept() {
    let mut outbox = plain();
    outbox.offer(issued("a"), NOW_US);
    assert!(sends(&mut outbox, at(0)).is_some());
    let busy = Outcome::Failed {
        why: "it answers HTTP 429".to_owned(),
        may_have_arrived: false,
        retry_after: Some(Duration::from_secs(100)),
    };
    answer(&mut outbox, busy, at(0));
    assert_eq!(sends(&mut outbox, at(99)), None);
    assert!(sends(&mut outbox, at(100)).is_some());
}

#[test]
fn the_newest_word_of_an_event_goes_out_and_no_older_one_after_it() {
    let messages = chain("e", 2, false);
    let mut outbox = plain();
    messages
        .iter()
        .for_each(|m| outbox.offer(m.clone(), NOW_US));
    assert_eq!(drain(&mut outbox, at(0)), ["e-3"]);
    assert_eq!(outbox.counts().dropped, 2);
    // Another start: the log offers all of them again.
    let mut again = outbox_with(outbox.ledger().clone());
    messages.iter().for_each(|m| again.offer(m.clone(), NOW_US));
    assert_eq!(drain(&mut again, at(10)), Vec::<String>::new());
}

fn outbox_with(ledger: Ledger) -> Outbox {
    outbox(Profile::default(), Repeat::Harmless, ledger)
}

#[test]
fn each_message_of_an_event_goes_out_in_order_when_nothing_is_in_the_way() {
    let mut outbox = plain();
    let mut all = Vec::new();
    for message in chain("e", 2, true) {
        outbox.offer(message, NOW_US);
        all.extend(drain(&mut outbox, at(0)));
    }
    assert_eq!(all, ["e-1", "e-2", "e-3", "e-4"]);
}

#[test]
fn a_cancellation_goes_to_whoever_may_have_got_what_it_cancels_and_to_nobody_else() {
    // Never heard of it.
    let messages = chain("e", 0, true);
    let mut never = plain();
    messages.iter().for_each(|m| never.offer(m.clone(), NOW_US));
    assert_eq!(drain(&mut never, at(0)), Vec::<String>::new());
    assert_eq!(never.counts().dropped, 2);

    // Tried, and certainly not arrived.
    let mut refused = plain();
    refused.offer(messages[0].clone(), NOW_US);
    assert!(sends(&mut refused, at(0)).is_some());
    answer(&mut refused, failed(false), at(0));
    refused.offer(messages[1].clone(), NOW_US);
    assert_eq!(drain(&mut refused, at(600)), Vec::<String>::new());

    // Perhaps.
    let mut perhaps = plain();
    perhaps.offer(messages[0].clone(), NOW_US);
    assert!(sends(&mut perhaps, at(0)).is_some());
    answer(&mut perhaps, failed(true), at(0));
    perhaps.offer(messages[1].clone(), NOW_US);
    assert_eq!(drain(&mut perhaps, at(600)), ["e-2"]);

    // Perhaps at first; that a second attempt found no connection takes nothing of that away.
    let mut twice = plain();
    twice.offer(messages[0].clone(), NOW_US);
    for (second, arrived) in [(0, true), (600, false)] {
        assert!(sends(&mut twice, at(second)).is_some());
        answer(&mut twice, failed(arrived), at(second));
    }
    twice.offer(messages[1].clone(), NOW_US);
    assert_eq!(drain(&mut twice, at(1_200)), ["e-2"]);
}

#[test]
fn who_was_warned_hears_the_end_even_where_it_would_not_have_asked_for_it() {
    let mut messages = vec![alert("e-1", MsgType::Alert, Status::Actual)];
    let mut update = messages[0].follow(
        "e-2",
        cap::Time::from_us(NOW_US + 1_000_000),
        MsgType::Update,
    );
    update.infos.clone_from(&messages[0].infos);
    update
        .infos
        .iter_mut()
        .for_each(|info| info.severity = Severity::Minor);
    messages.push(update);
    let messages: Vec<_> = messages.iter().map(issued_of).collect();
    let profile = Profile {
        severity: Severity::Severe,
        ..Profile::default()
    };
    let mut warned = outbox(profile.clone(), Repeat::Harmless, Ledger::default());
    warned.offer(messages[0].clone(), NOW_US);
    assert_eq!(drain(&mut warned, at(0)), ["e-1"]);
    warned.offer(messages[1].clone(), NOW_US);
    assert_eq!(drain(&mut warned, at(1)), ["e-2"]);
    // Who was not warned is not told that it was.
    let mut other = outbox(profile, Repeat::Harmless, Ledger::default());
    messages.iter().for_each(|m| other.offer(m.clone(), NOW_US));
    assert_eq!(drain(&mut other, at(1)), Vec::<String>::new());
}

#[test]
fn an_exercise_reaches_nobody_who_did_not_ask_for_exercises() {
    let drill = issued_of(&alert("drill", MsgType::Alert, Status::Exercise));
    let mut outbox = plain();
    outbox.offer(drill.clone(), NOW_US);
    assert_eq!((outbox.waiting(), sends(&mut outbox, at(0))), (0, None));
    assert!(
        Profile::default()
            .form(&drill)
            .expect_err("the last gate")
            .contains("Exercise")
    );
    // Even if what it refers to was delivered.
    let actual = alert("a", MsgType::Alert, Status::Actual);
    let mut mixed = actual.follow("b", cap::Time::from_us(NOW_US + 1_000_000), MsgType::Cancel);
    mixed.status = Status::Exercise;
    mixed.infos.clone_from(&actual.infos);
    outbox.offer(issued_of(&actual), NOW_US);
    assert_eq!(drain(&mut outbox, at(0)), ["a"]);
    outbox.offer(issued_of(&mixed), NOW_US);
    assert_eq!(sends(&mut outbox, at(0)), None);
    let asked = Profile {
        statuses: vec![Status::Exercise],
        ..Profile::default()
    };
    let mut exercises = self::outbox(asked, Repeat::Harmless, Ledger::default());
    exercises.offer(issued_of(&actual), NOW_US);
    exercises.offer(drill, NOW_US);
    assert_eq!(drain(&mut exercises, at(0)), ["drill"]);
}

#[test]
fn zones_choose() {
    let profile = |zone: &str| Profile {
        zones: vec![zone.to_owned()],
        ..Profile::default()
    };
    for (zone, expected) in [("valparaiso", 1), ("arica", 0)] {
        let mut outbox = outbox(profile(zone), Repeat::Harmless, Ledger::default());
        outbox.offer(issued("a"), NOW_US);
        assert_eq!(drain(&mut outbox, at(0)).len(), expected, "{zone}");
    }
}

#[test]
fn the_gravest_goes_first() {
    let mut outbox = plain();
    for (k, severity) in [Severity::Minor, Severity::Extreme, Severity::Moderate]
        .into_iter()
        .enumerate()
    {
        let mut one = alert(&format!("m{k}"), MsgType::Alert, Status::Actual);
        one.infos
            .iter_mut()
            .for_each(|info| info.severity = severity);
        outbox.offer(issued_of(&one), NOW_US);
    }
    assert_eq!(drain(&mut outbox, at(0)), ["m1", "m2", "m0"]);
}

/// A receiver that stumbled over one message got none of the later ones.
#[test]
fn a_message_that_fails_each_time_keeps_no_other_out() {
    let mut outbox = plain();
    outbox.offer(issued("poison"), NOW_US);
    outbox.offer(issued("later"), NOW_US);
    let mut now = 0;
    let mut delivered = Vec::new();
    for _ in 0..4 {
        let Some(one) = sends(&mut outbox, at(now)) else {
            break;
        };
        let outcome = if one.identifier == "poison" {
            failed(true)
        } else {
            delivered.push(one.identifier.clone());
            Outcome::Delivered { remark: None }
        };
        answer(&mut outbox, outcome, at(now));
        now += 600;
    }
    assert_eq!(delivered, ["later"]);
    assert_eq!(outbox.waiting(), 1, "and it is tried on");
}

#[test]
fn what_expires_is_let_go_and_said() {
    let mut outbox = plain();
    outbox.offer(issued("a"), NOW_US);
    assert!(sends(&mut outbox, at(0)).is_some());
    answer(&mut outbox, failed(false), at(0));
    assert_eq!(sends(&mut outbox, at(6 * 3_600)), None);
    assert_eq!(
        (outbox.state(), outbox.waiting(), outbox.counts().expired),
        (PeerState::Expired, 0, 1)
    );
    outbox.offer(
        issued_of(&{
            let mut later = alert("b", MsgType::Alert, Status::Actual);
            later
                .infos
                .iter_mut()
                .for_each(|i| i.expires = Some(cap::Time::from_us(NOW_US + 86_400_000_000)));
            later
        }),
        NOW_US,
    );
    assert_eq!(drain(&mut outbox, at(6 * 3_600)), ["b"]);
    assert_eq!(outbox.state(), PeerState::Idle);
}

#[test]
fn wrong_credentials_block_until_somebody_corrects_them_and_lose_nothing() {
    let mut outbox = plain();
    outbox.offer(issued("a"), NOW_US);
    outbox.offer(issued("b"), NOW_US);
    assert!(sends(&mut outbox, at(0)).is_some());
    answer(
        &mut outbox,
        Outcome::Blocked {
            why: "HTTP 401".to_owned(),
        },
        at(0),
    );
    assert_eq!((outbox.state(), outbox.waiting()), (PeerState::Blocked, 2));
    assert_eq!(sends(&mut outbox, at(299)), None);
    assert_eq!(drain(&mut outbox, at(300)).len(), 2);
    assert_eq!(outbox.state(), PeerState::Idle);
}

#[test]
fn a_message_that_is_refused_holds_up_no_other_and_is_given_up_in_the_end() {
    let mut outbox = plain();
    outbox.offer(issued("bad"), NOW_US);
    outbox.offer(issued("good"), NOW_US);
    let no = || Outcome::Refused {
        why: "language: Value not allowed".to_owned(),
        for_good: false,
    };
    let mut delivered = Vec::new();
    let mut refusals = 0;
    for second in 0..100 {
        let Some(issued) = sends(&mut outbox, at(second)) else {
            continue;
        };
        if issued.identifier == "bad" {
            refusals += 1;
            answer(&mut outbox, no(), at(second));
        } else {
            delivered.push(second);
            answer(&mut outbox, Outcome::DELIVERED, at(second));
        }
    }
    assert_eq!(refusals, 3);
    assert!(delivered[0] <= 1, "{delivered:?}");
    assert_eq!(
        (outbox.state(), outbox.counts().refused),
        (PeerState::Blocked, 1)
    );
    assert!(
        outbox
            .last_error()
            .expect("said")
            .contains("Value not allowed")
    );
    // It is remembered.
    let mut again = outbox_with(outbox.ledger().clone());
    again.offer(issued("bad"), NOW_US);
    assert_eq!(sends(&mut again, at(200)), None);
}

#[test]
fn a_delivery_in_doubt_is_asked_for_and_repeated_only_if_it_is_missing() {
    let in_doubt = || {
        let mut notes = Vec::new();
        let mut killed = outbox(Profile::default(), Repeat::AskFirst, Ledger::default());
        killed.offer(issued("a"), NOW_US);
        assert!(matches!(killed.next(at(0), &mut notes), Step::Send(_)));
        let mut ledger = Ledger::default();
        notes.iter().for_each(|n| ledger.apply(n));
        let mut next = outbox(Profile::default(), Repeat::AskFirst, ledger);
        next.offer(issued("a"), NOW_US);
        next
    };
    let ask = |outbox: &mut Outbox, now| {
        assert!(matches!(outbox.next(now, &mut Vec::new()), Step::Ask(_)));
    };
    let mut there = in_doubt();
    ask(&mut there, at(1));
    there.told(Found::There, at(1), &mut Vec::new());
    assert_eq!((there.waiting(), there.counts().delivered), (0, 1));

    let mut missing = in_doubt();
    ask(&mut missing, at(1));
    missing.told(Found::Missing, at(1), &mut Vec::new());
    assert!(sends(&mut missing, at(1)).is_some());

    // No answer to the question: asked again, and nothing is sent meanwhile.
    let mut silent = in_doubt();
    for second in [1, 600, 1_200, 1_800, 2_400, 3_000] {
        ask(&mut silent, at(second));
        let why = "no connection".to_owned();
        silent.told(
            Found::NoAnswer {
                why,
                retry_after: None,
            },
            at(second),
            &mut Vec::new(),
        );
    }
    assert_eq!(silent.waiting(), 1);

    // Answers that say neither: given up, and said.
    let mut unclear = in_doubt();
    for second in [1, 600, 1_200, 1_800, 2_400] {
        ask(&mut unclear, at(second));
        unclear.told(
            Found::Unclear {
                why: "a page".to_owned(),
            },
            at(second),
            &mut Vec::new(),
        );
    }
    assert_eq!(
        (unclear.waiting(), unclear.state()),
        (0, PeerState::Blocked)
    );
    assert!(unclear.last_error().expect("said").contains("by hand"));
    assert_eq!(unclear.ledger().standing("a"), Some(Standing::InDoubt));
}

#[test]
fn a_word_about_changes_is_said_once_for_all_of_them() {
    let mut outbox = Outbox::new(
        Profile::default(),
        Carries::Changes,
        Repeat::Harmless,
        backoff(),
        Ledger::default(),
    );
    let mut messages = chain("e", 1, true);
    messages.push(issued("f-1"));
    messages
        .iter()
        .for_each(|m| outbox.offer(m.clone(), NOW_US));
    assert_eq!(drain(&mut outbox, at(0)), ["f-1"]);
    let mut again = Outbox::new(
        Profile::default(),
        Carries::Changes,
        Repeat::Harmless,
        backoff(),
        outbox.ledger().clone(),
    );
    messages.iter().for_each(|m| again.offer(m.clone(), NOW_US));
    assert_eq!(drain(&mut again, at(1)), Vec::<String>::new());
}

/// A subscriber over many starts: requests are lost, answers are lost, it is down, and the sender is killed between any two steps. In the
/// end it has each message at most once, each chain's last word unless that was of no use, nothing out of order, and no cancellation of
/// what it never had.
#[test]
fn whatever_fails_each_message_arrives_once_and_in_order() {
    for seed in 0..100 {
        simulate(seed);
    }
}

fn simulate(seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let chains: Vec<Vec<Arc<Issued>>> = (0..3)
        .map(|k| {
            chain(
                &format!("s{k}"),
                random.below(3) as usize,
                random.below(2) == 0,
            )
        })
        .collect();
    // Interleaved, each chain in order.
    let mut log: Vec<Arc<Issued>> = Vec::new();
    let mut rest: Vec<_> = chains.iter().map(|c| c.iter()).collect();
    while !rest.is_empty() {
        let at = random.below(rest.len() as u64) as usize;
        match rest[at].next() {
            Some(message) => log.push(message.clone()),
            None => drop(rest.remove(at)),
        }
    }
    let mut disk = Ledger::default();
    let mut received: Vec<String> = Vec::new();
    let (mut put, mut second) = (0, 0);
    let fresh = |disk: &Ledger, put: usize| {
        let mut outbox = outbox(Profile::default(), Repeat::AskFirst, disk.clone());
        log[..put]
            .iter()
            .for_each(|m| outbox.offer(m.clone(), NOW_US));
        outbox
    };
    let mut outbox = fresh(&disk, put);
    let calm = 2_000;
    for round in 0.. {
        let hostile = round < calm;
        second += random.below(20);
        if put < log.len() && (random.below(4) == 0 || !hostile) {
            outbox.offer(log[put].clone(), NOW_US);
            put += 1;
        }
        if hostile && random.below(25) == 0 {
            outbox = fresh(&disk, put);
        }
        let mut notes = Vec::new();
        let step = outbox.next(at(second), &mut notes);
        if hostile && random.below(25) == 0 {
            // Killed before the note reached the disk: nothing was sent.
            outbox = fresh(&disk, put);
            continue;
        }
        notes.drain(..).for_each(|n| disk.apply(&n));
        match step {
            Step::Wait(None) if !hostile && put == log.len() => break,
            Step::Wait(_) => continue,
            Step::Ask(issued) => {
                let found = match received.contains(&issued.identifier) {
                    _ if hostile && random.below(3) == 0 => Found::NoAnswer {
                        why: String::new(),
                        retry_after: None,
                    },
                    true => Found::There,
                    false => Found::Missing,
                };
                outbox.told(found, at(second), &mut notes);
            }
            Step::Send(issued) => {
                let outcome = match if hostile { random.below(5) } else { 4 } {
                    0 => failed(false),
                    1 => failed(true),
                    2 => {
                        received.push(issued.identifier.clone());
                        failed(true)
                    }
                    _ => {
                        received.push(issued.identifier.clone());
                        Outcome::DELIVERED
                    }
                };
                if hostile && random.below(10) == 0 {
                    // Killed after the message left and before anything came of it was noted.
                    outbox = fresh(&disk, put);
                    continue;
                }
                outbox.answered(outcome, at(second), &mut notes);
            }
        }
        if hostile && random.below(25) == 0 {
            outbox = fresh(&disk, put);
            continue;
        }
        notes.iter().for_each(|n| disk.apply(n));
        assert!(round < 20_000, "seed {seed}: no end");
    }
    let unique: BTreeSet<_> = received.iter().collect();
    assert_eq!(
        unique.len(),
        received.len(),
        "seed {seed}: twice: {received:?}"
    );
    let place: BTreeMap<_, _> = received
        .iter()
        .enumerate()
        .map(|(k, id)| (id.as_str(), k))
        .collect();
    for chain in &chains {
        let places: Vec<_> = chain
            .iter()
            .filter_map(|m| place.get(m.identifier.as_str()))
            .collect();
        assert!(
            places.is_sorted(),
            "seed {seed}: out of order: {received:?}"
        );
        let last = chain.last().expect("one message at least");
        let has_last = place.contains_key(last.identifier.as_str());
        if last.msg_type != MsgType::Cancel {
            assert!(
                has_last,
                "seed {seed}: {} is missing: {received:?}",
                last.identifier
            );
        } else if places.len() > usize::from(has_last) {
            assert!(has_last, "seed {seed}: not told of the end: {received:?}");
        } else if has_last {
            // Alone: only where an earlier one was in doubt when it went out.
            assert!(
                chain
                    .iter()
                    .any(|m| disk.standing(&m.identifier) == Some(Standing::Sending)),
                "seed {seed}: the end of what it never had"
            );
        }
    }
}

struct Random(u64);

impl Random {
    /// SplitMix64.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

#[test]
fn history_is_no_debt() {
    let messages = chain("e", 1, false);
    let later_us = NOW_US + 7 * 3_600_000_000;
    let mut fresh = plain();
    for message in &messages {
        fresh.offer(message.clone(), later_us);
    }
    let now = Moment {
        elapsed: Duration::ZERO,
        utc_us: later_us,
    };
    assert_eq!(sends(&mut fresh, now), None);
    assert_eq!(
        (fresh.state(), fresh.counts().expired, fresh.last_error()),
        (PeerState::Idle, 0, None)
    );
    // What was tried and did not arrive was owed.
    let mut tried = plain();
    tried.offer(messages[0].clone(), NOW_US);
    assert!(sends(&mut tried, at(0)).is_some());
    answer(&mut tried, failed(false), at(0));
    let mut again = outbox_with(tried.ledger().clone());
    again.offer(messages[0].clone(), later_us);
    assert_eq!(sends(&mut again, now), None);
    assert_eq!(
        (again.state(), again.counts().expired),
        (PeerState::Expired, 1)
    );
}

#[test]
fn notes_say_what_happened() {
    let mut outbox = plain();
    outbox.offer(issued("a"), NOW_US);
    let mut notes = Vec::new();
    assert!(matches!(outbox.next(at(0), &mut notes), Step::Send(_)));
    outbox.answered(Outcome::DELIVERED, at(1), &mut notes);
    let standings: Vec<_> = notes
        .iter()
        .map(|n| match n {
            Note::Now {
                identifier,
                standing,
                ..
            } => (identifier.as_str(), *standing),
            Note::All { .. } => panic!("no such note here"),
        })
        .collect();
    assert_eq!(
        standings,
        [("a", Standing::Sending), ("a", Standing::Delivered)]
    );
}
