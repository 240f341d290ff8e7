//! Who is believed, with which clock and which memory.

use wire::command::{Action, MAX_BYTES, Signer};
use wire::topic::Mode;

use super::*;

const S: i64 = 1_000_000;
const NOON_US: i64 = 1_800_000_000 * S;

fn signer() -> Signer {
    Signer::new(&[1; 32])
}

fn gate() -> Gate {
    Gate {
        deployment: "chile".to_owned(),
        issuers: vec![signer().issuer()],
        words: Words::new(77, Duration::ZERO),
    }
}

fn command() -> Command<'static> {
    Command {
        deployment: "chile",
        mode: Mode::Actual,
        counter: 10,
        id: CommandId([3; 16]),
        alert: "w.1",
        issued_us: NOON_US,
        expires_us: NOON_US + 900 * S,
        session: 0,
        action: Action::Sound { signal: "warning" },
        zones: ["pier"].into_iter().collect(),
    }
}

fn now(wall_us: i64, trusted: bool) -> Now {
    Now {
        mono: Duration::from_secs(100),
        wall_us,
        trusted,
    }
}

/// What becomes of a command, in one word.
fn fate(
    gate: &Gate,
    command: &Command<'_>,
    now: Now,
    known: Known,
    orders: &[CommandId],
) -> &'static str {
    let mut out = [0; MAX_BYTES];
    let length = command.encode(&signer(), &mut out).unwrap();
    let verdict = gate.judge(&out[..length], now, |_| known, |id| orders.contains(&id));
    match verdict {
        Ok(Verdict::New(..)) => "new",
        Ok(Verdict::Again(_)) => "again",
        Err((_, refusal)) => refusal.name(),
    }
}

const SURE: Known = Known {
    highest: 9,
    certain: true,
};
const UNSURE: Known = Known {
    highest: 9,
    certain: false,
};

#[test]
fn a_trusted_clock_and_a_known_counter_need_no_word() {
    let (gate, plain) = (gate(), command());
    let judge = |wall_us| fate(&gate, &plain, now(wall_us, true), SURE, &[]);
    assert_eq!(judge(NOON_US), "new");
    assert_eq!(judge(NOON_US + 900 * S), "new");
    assert_eq!(judge(NOON_US + 901 * S), "expired");
    assert_eq!(judge(NOON_US - MAX_AHEAD_US), "new");
    assert_eq!(
        judge(NOON_US - MAX_AHEAD_US - 1),
        "unproven",
        "this clock is behind: it cannot tell what has expired"
    );
}

/// A siren that stays silent because NTP is dead is a missed wave; one that sounds on a recorded command is a false alarm. Neither.
#[test]
fn without_the_time_the_word_decides() {
    let gate = gate();
    for wall_us in [0, NOON_US, NOON_US + 86_400 * S] {
        let judge = |session| {
            let command = Command {
                session,
                ..command()
            };
            fate(&gate, &command, now(wall_us, false), SURE, &[])
        };
        assert_eq!(judge(77), "new");
        assert_eq!(judge(0), "unproven");
        assert_eq!(judge(76), "unproven");
    }
}

#[test]
fn without_a_memory_the_word_decides_and_a_good_clock_may_still_say_expired() {
    let gate = gate();
    let judge = |session, wall_us| {
        let command = Command {
            session,
            ..command()
        };
        fate(&gate, &command, now(wall_us, true), UNSURE, &[])
    };
    assert_eq!(judge(0, NOON_US), "unproven", "it may be a recording");
    assert_eq!(judge(77, NOON_US), "new");
    assert_eq!(judge(77, NOON_US + 901 * S), "expired");
}

#[test]
fn a_counter_counts_once_and_copies_of_known_orders_are_acknowledged_again() {
    let gate = gate();
    for counter in [1, 9] {
        let command = Command {
            counter,
            session: 77,
            ..command()
        };
        let judge = |orders: &[CommandId]| fate(&gate, &command, now(NOON_US, true), SURE, orders);
        assert_eq!(judge(&[]), "replayed");
        assert_eq!(judge(&[command.id]), "again");
    }
}

#[test]
fn words_grow_old_and_linger() {
    let mut words = Words::new(1, Duration::ZERO);
    assert!(!words.is_old(WORD_LASTS - Duration::from_secs(1)) && words.is_old(WORD_LASTS));
    words.renew(2, WORD_LASTS);
    assert!(words.proves(1, WORD_LASTS) && words.proves(2, WORD_LASTS));
    let later = WORD_LASTS + WORD_LINGERS;
    assert!(!words.proves(1, later) && words.proves(2, later));
    words.renew(0, later);
    assert!(!words.proves(0, later), "no random number, no word");
}

#[test]
fn others_are_refused_by_name() {
    let gate = gate();
    let other = Command {
        deployment: "peru",
        session: 77,
        ..command()
    };
    let judged = fate(&gate, &other, now(NOON_US, true), SURE, &[]);
    assert_eq!(judged, "wrong_deployment");
    let mut out = [0; MAX_BYTES];
    let length = command().encode(&Signer::new(&[2; 32]), &mut out).unwrap();
    let forged = gate.judge(&out[..length], now(NOON_US, true), |_| SURE, |_| false);
    let expected = (None, Refusal::Wire(CommandError::UnknownKey));
    assert_eq!(
        forged,
        Err(expected),
        "nothing of it is believed, not even its id"
    );
    for refusal in [
        Refusal::Zone,
        Refusal::Replayed,
        Refusal::Wire(CommandError::Field),
    ] {
        assert!(Refusal::NAMES.contains(&refusal.name()));
    }
}
