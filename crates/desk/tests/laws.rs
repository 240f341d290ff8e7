//! Whatever happens in whatever order: the laws of the desk.

mod common;

use std::collections::BTreeSet;

use common::*;
use desk::{Actual, Author, Desk, Exercise, Grade, Mode, Outcome, Published, Test, Weight};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["ana", "ben", "eva"];
const GATES: [&str; 4] = [
    "",
    "covers = \"lesser\"\n[[rule]]\nlevels = [\"warning\", \"major\"]\napprovals = 2\ndeadline = \"3m\"\nat_deadline = \"hold\"\n",
    "[[rule]]\napprovals = 1\ndeadline = \"2m\"\nat_deadline = \"issue\"\n",
    "covers = \"nothing\"\n[[rule]]\nzones = [\"north\"]\napprovals = 2\ndeadline = \"1m\"\nat_deadline = \"issue\"\n\
     [[rule]]\nlevels = [\"all_clear\"]\napprovals = 1\ndeadline = \"1m\"\nat_deadline = \"hold\"\n",
];

#[derive(Debug, Clone)]
enum Step {
    Propose {
        event: u8,
        grade: u8,
        both: bool,
        ending: bool,
        renewal: bool,
        author: Option<u8>,
        other_mode: bool,
    },
    Approve {
        which: usize,
        who: u8,
    },
    Refuse {
        which: usize,
        who: u8,
    },
    Withdraw {
        which: usize,
        who: u8,
    },
    Correct {
        event: u8,
        who: u8,
        other_mode: bool,
    },
    Wait {
        minutes: i64,
    },
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let propose = (
        0..3_u8,
        0..5_u8,
        any::<bool>(),
        prop::bool::weighted(0.2),
        any::<bool>(),
        prop::option::weighted(0.2, 0..3_u8),
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(event, grade, both, ending, renewal, author, other_mode)| Step::Propose {
                event,
                grade,
                both,
                ending,
                renewal,
                author,
                other_mode,
            },
        );
    prop_oneof![
        4 => propose,
        3 => (any::<usize>(), 0..3_u8).prop_map(|(which, who)| Step::Approve { which, who }),
        1 => (any::<usize>(), 0..3_u8).prop_map(|(which, who)| Step::Refuse { which, who }),
        1 => (any::<usize>(), 0..3_u8).prop_map(|(which, who)| Step::Withdraw { which, who }),
        1 => (0..3_u8, 0..3_u8, prop::bool::weighted(0.2)).prop_map(|(event, who, other_mode)| Step::Correct { event, who, other_mode }),
        3 => (0..90_i64).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Restart),
    ]
}

/// Plays steps on a desk of mode `M`; where a step says so, with a message of mode `O`.
fn play<M: Mode, O: Mode>(gate: &str, steps: &[Step]) -> Result<Vec<Published>, TestCaseError> {
    let mut desk = desk::<M>(gate);
    let (mut now, mut n, mut out, mut log) = (T0, 0_u32, Vec::new(), Vec::new());
    // Who has agreed to which words.
    let mut signed = BTreeSet::new();
    for step in steps {
        n += 1;
        match step.clone() {
            Step::Propose {
                event,
                grade,
                both,
                ending: ends,
                renewal,
                author,
                other_mode,
            } => {
                let event = format!("e{event}");
                let mut p = if other_mode {
                    proposal::<O>(&event, n, now)
                } else {
                    proposal::<M>(&event, n, now)
                };
                (p.ending, p.renewal) = (ends, renewal);
                let grade = [
                    Grade::Information,
                    Grade::Limit,
                    Grade::Advisory,
                    Grade::Warning,
                    Grade::Major,
                ][usize::from(grade)];
                let mut w = weight(&[("north", grade)]);
                if both {
                    w.zones.insert("south".to_owned(), grade);
                }
                let author = author.map_or(Author::System, |a| {
                    Author::Person(NAMES[usize::from(a)].to_owned())
                });
                let before = desk.head();
                match desk.propose(p, w, &author, now) {
                    Ok(outcome) => {
                        prop_assert!(!other_mode, "a message of another mode was taken");
                        if let Outcome::Issued(m) = outcome {
                            prop_assert_eq!(
                                &author,
                                &Author::System,
                                "a person's text went out unread"
                            );
                            out.push(*m);
                        }
                    }
                    Err(_) => prop_assert_eq!(desk.head(), before, "a refusal left a trace"),
                }
            }
            Step::Approve { which, who } => {
                if let Some(id) = pick(&desk, which) {
                    let name = NAMES[usize::from(who)];
                    let before = desk.drafts().into_iter().find(|d| d.id == id);
                    let agreed = desk.approve(&id, None, name, now);
                    if let (Ok(_), Some(before)) = (&agreed, &before) {
                        signed.insert((name.to_owned(), before.digest.to_string()));
                    }
                    if let Ok(Some(m)) = agreed {
                        let before = before.expect("it was there");
                        for earlier in &before.approvals {
                            prop_assert!(
                                signed.contains(&(earlier.clone(), before.digest.to_string())),
                                "{earlier} has not read what went out"
                            );
                        }
                        let mut names: BTreeSet<&str> =
                            before.approvals.iter().map(String::as_str).collect();
                        names.insert(name);
                        prop_assert!(names.len() >= usize::from(before.gate.approvals));
                        prop_assert!(
                            names.iter().any(|n| *n != before.author),
                            "its author alone let it out"
                        );
                        out.push(m);
                    }
                }
            }
            Step::Refuse { which, who } => {
                if let Some(id) = pick(&desk, which) {
                    let _ = desk.refuse(&id, NAMES[usize::from(who)], "no", now);
                }
            }
            Step::Withdraw { which, who } => {
                if let Some(id) = pick(&desk, which) {
                    let _ = desk.withdraw(&id, NAMES[usize::from(who)], now);
                }
            }
            Step::Correct {
                event,
                who,
                other_mode,
            } => {
                let event = format!("e{event}");
                let p = if other_mode {
                    ending::<O>(&event, n, now)
                } else {
                    ending::<M>(&event, n, now)
                };
                if let Ok(m) = desk.correct(p, NAMES[usize::from(who)], now) {
                    prop_assert!(!other_mode);
                    out.push(m);
                }
            }
            Step::Wait { minutes } => {
                now += minutes * MINUTE_US;
                out.extend(desk.tick(now));
            }
            Step::Restart => {
                keep(&mut desk, &mut log)?;
                let again =
                    Desk::<M>::restore(naming(), policy(gate), log.clone()).expect("its own log");
                prop_assert_eq!(again.head(), desk.head());
                prop_assert_eq!(again.drafts(), desk.drafts());
                desk = again;
            }
        }
        now += 1_000;
    }
    keep(&mut desk, &mut log)?;
    Ok(out)
}

fn keep<M: Mode>(
    desk: &mut Desk<M>,
    log: &mut Vec<(desk::Record, desk::Hash)>,
) -> Result<(), TestCaseError> {
    for record in desk.take_unwritten() {
        prop_assert_eq!(record.n, log.len() as u64);
        let prev = log.last().map_or(desk::Hash::ZERO, |l| l.1);
        prop_assert_eq!(record.prev, prev);
        // The hash of a record is what the next one says; of the last, what the desk says.
        if let Some(last) = log.last_mut() {
            last.1 = record.prev;
        }
        log.push((record, desk::Hash::ZERO));
        let next = log.len();
        if let Some(hash) = hash_of(&log[next - 1].0) {
            log[next - 1].1 = hash;
        }
    }
    Ok(())
}

fn hash_of(record: &desk::Record) -> Option<desk::Hash> {
    use sha2::{Digest, Sha256};
    let body = serde_json::to_vec(record).ok()?;
    let hash = Sha256::new()
        .chain_update(b"watchfire desk record v1\0")
        .chain_update(body)
        .finalize();
    Some(desk::Hash(hash.into()))
}

fn pick<M: Mode>(desk: &Desk<M>, which: usize) -> Option<String> {
    let drafts = desk.drafts();
    (!drafts.is_empty()).then(|| drafts[which % drafts.len()].id.clone())
}

/// What holds of everything that ever goes out.
fn holds<M: Mode>(out: &[Published]) -> Result<(), TestCaseError> {
    let mut seen = BTreeSet::new();
    for (at, message) in out.iter().enumerate() {
        prop_assert!(
            seen.insert(message.identifier.clone()),
            "{} twice",
            message.identifier
        );
        let (alert, complaints) = cap::read(message.xml.as_bytes()).expect("readable");
        prop_assert!(complaints.is_empty());
        prop_assert_eq!(alert.status, M::STATUS);
        prop_assert_eq!(message.mode(), M::WORD);
        let word = format!(".{}.", M::WORD.name());
        prop_assert!(message.identifier.contains(&word));
        let before: Vec<&str> = out[..at]
            .iter()
            .filter(|m| m.event == message.event)
            .map(|m| m.identifier.as_str())
            .collect();
        let refers: Vec<&str> = alert
            .references
            .iter()
            .map(|r| r.identifier.as_str())
            .collect();
        prop_assert_eq!(&refers, &before, "the whole chain, and nothing else");
        prop_assert_eq!(alert.msg_type == cap::MsgType::Alert, before.is_empty());
    }
    // A cancellation calls something back: never the first of its event, never two in a row.
    for event in out.iter().map(|m| &m.event).collect::<BTreeSet<_>>() {
        let types: Vec<&str> = out
            .iter()
            .filter(|m| m.event == *event)
            .map(|m| m.msg_type.as_str())
            .collect();
        prop_assert_ne!(types[0], "Cancel");
        prop_assert!(!types.windows(2).any(|w| w == ["Cancel", "Cancel"]));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_sequence_makes_an_exercise_or_a_test_an_actual_alert(
        gate in prop::sample::select(GATES.to_vec()),
        steps in prop::collection::vec(step(), 0..60),
    ) {
        holds::<Exercise>(&play::<Exercise, Actual>(gate, &steps)?)?;
        holds::<Test>(&play::<Test, Exercise>(gate, &steps)?)?;
        holds::<Actual>(&play::<Actual, Exercise>(gate, &steps)?)?;
    }

    #[test]
    fn the_same_steps_give_the_same_bytes(
        gate in prop::sample::select(GATES.to_vec()),
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let once = play::<Actual, Test>(gate, &steps)?;
        prop_assert_eq!(once, play::<Actual, Test>(gate, &steps)?);
    }

    #[test]
    fn max_is_the_least_that_neither_exceeds(a in any_weight(), b in any_weight()) {
        let max = a.max(&b);
        prop_assert!(!a.exceeds(&max) && !b.exceeds(&max));
        prop_assert_eq!(&max, &b.max(&a));
        prop_assert!(!max.exceeds(&a) || b.exceeds(&a));
    }
}

fn any_weight() -> impl Strategy<Value = Weight> {
    let grade = prop::sample::select(vec![
        Grade::Information,
        Grade::Advisory,
        Grade::Warning,
        Grade::Major,
    ]);
    (
        prop::collection::btree_map("[ns]", grade, 0..3),
        any::<bool>(),
    )
        .prop_map(|(zones, observed)| Weight { zones, observed })
}
