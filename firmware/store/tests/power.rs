//! The power is cut at every write and every erase, in every way that the model knows, and what was promised is looked for.

use embassy_futures::block_on;
use proptest::prelude::*;
use store::model::{FlashModel, Leftover};
use store::{Error, Identity, Store};

/// Small sectors: they are exchanged every few boots.
const SECTOR: usize = 1024;

type Flash<const UNIT: usize> = FlashModel<UNIT, SECTOR>;

#[derive(Clone, Copy, Debug)]
enum Step {
    Boot,
    Settings(u32),
    Identity(u32),
    Security(u32),
}

/// What was promised so far.
#[derive(Clone, Debug, Default, PartialEq)]
struct Promised {
    boot: u32,
    security: u32,
    identity: Option<u32>,
    settings: Option<u32>,
}

fn identity(node: u32) -> Identity {
    Identity {
        node,
        key: [node as u8; 32],
    }
}

/// Settings whose length and bytes follow from their revision.
fn settings(revision: u32) -> Vec<u8> {
    vec![revision as u8 ^ 0xA5; revision as usize * 7 % 90]
}

fn steps() -> Vec<Step> {
    let mut steps = vec![Step::Boot, Step::Identity(1)];
    for round in 1..=12 {
        steps.extend([Step::Boot, Step::Settings(round), Step::Boot, Step::Boot]);
        if round % 4 == 0 {
            steps.extend([Step::Identity(round), Step::Security(round)]);
        }
    }
    steps
}

/// Opens the storage and does one step. What was promised is noted when the storage says that it is done.
fn run<const UNIT: usize>(
    flash: &mut Flash<UNIT>,
    step: Option<Step>,
    promised: &mut Promised,
) -> Result<store::Report, Error> {
    block_on(async {
        let mut store = Store::open(flash, 0).await?;
        match step {
            Some(Step::Boot) => promised.boot = store.next_boot().await?,
            Some(Step::Settings(revision)) => {
                let bytes = settings(revision);
                match store.set_settings(revision, &bytes).await {
                    // It was done before the power failed, and is done.
                    Err(Error::Revision { kept }) if kept == revision => {}
                    other => other?,
                }
                promised.settings = Some(revision);
            }
            Some(Step::Identity(node)) => {
                store.set_identity(&identity(node)).await?;
                promised.identity = Some(node);
            }
            Some(Step::Security(security)) => {
                store.raise_security(security).await?;
                promised.security = security;
            }
            None => {}
        }
        Ok(store.report())
    })
}

/// After a cut in `step`: what was there before, or what the step was to do, and nothing else.
fn check<const UNIT: usize>(mut flash: Flash<UNIT>, step: Step, before: &Promised, context: &str) {
    flash.restore_power();
    block_on(async {
        let mut store = Store::open(flash, 0).await.expect(context);
        let report = store.report();
        assert!(!report.is_loss(), "{context}: {report:?}");
        let node = store.identity().map(|found| {
            assert_eq!(found, identity(found.node), "{context}");
            found.node
        });
        let revision = store.settings().map(|(revision, bytes)| {
            assert_eq!(bytes, settings(revision), "{context}");
            revision
        });
        let (mut node_after, mut revision_after) = (before.identity, before.settings);
        let mut security_after = before.security;
        match step {
            Step::Identity(node) => node_after = Some(node),
            Step::Settings(revision) => revision_after = Some(revision),
            Step::Security(security) => security_after = security,
            Step::Boot => {}
        }
        assert!([before.identity, node_after].contains(&node), "{context}");
        assert!(
            [before.settings, revision_after].contains(&revision),
            "{context}"
        );
        assert!([before.security, security_after].contains(&store.security()));
        let boot = store.next_boot().await.expect(context);
        assert!(boot > before.boot, "{context}: {boot} again");
        assert!(
            boot <= before.boot + 60 || context == "in a life",
            "{context}: {boot} after {}",
            before.boot
        );
    });
}

/// Cuts every step of the history at every point. Returns how many cuts there were.
fn cut_everywhere<const UNIT: usize>(leftovers: &[Leftover], again: bool) -> u64 {
    let mut flash = Flash::<UNIT>::new(&[SECTOR; 2]);
    let mut promised = Promised::default();
    let mut cuts = 0;
    let history = steps();
    // Cuts of cuts are many: a third of the history has every kind of step and two exchanges of sectors.
    let history = &history[..if again { 20 } else { history.len() }];
    for (number, &step) in history.iter().enumerate() {
        let before = promised.clone();
        let start = flash.clone();
        run(&mut flash, Some(step), &mut promised).unwrap();
        let writes = flash.steps() - start.steps();
        for at in 0..writes {
            for &leftover in leftovers {
                let mut cut = start.clone();
                cut.cut_after(at, leftover);
                let mut ignored = before.clone();
                run(&mut cut, Some(step), &mut ignored).unwrap_err();
                assert!(!cut.has_power());
                cuts += 1;
                let context =
                    format!("unit {UNIT}, step {number} {step:?}, write {at}, {leftover:?}");
                if again {
                    cuts += cut_the_repair(&cut, step, &before, &context);
                }
                check(cut, step, &before, &context);
            }
        }
    }
    let exchanges: u32 = flash.erases().iter().sum();
    assert!(exchanges >= if again { 2 } else { 6 }, "{exchanges}");
    cuts
}

/// The power comes back, and fails again at every point of the repair.
fn cut_the_repair<const UNIT: usize>(
    cut: &Flash<UNIT>,
    step: Step,
    before: &Promised,
    context: &str,
) -> u64 {
    let mut start = cut.clone();
    start.restore_power();
    let mut whole = start.clone();
    run(&mut whole, None, &mut before.clone()).expect(context);
    let writes = whole.steps() - start.steps();
    for at in 0..writes {
        let mut twice = start.clone();
        twice.cut_after(at, Leftover::Random(at));
        run(&mut twice, None, &mut before.clone()).unwrap_err();
        check(twice, step, before, &format!("{context}, again at {at}"));
    }
    writes
}

#[test]
fn a_cut_at_any_byte_loses_nothing_and_repeats_no_number() {
    let cuts = cut_everywhere::<1>(&Leftover::ALL, false);
    println!("{cuts} cuts at bytes");
    assert!(cuts > 10_000);
}

#[test]
fn a_cut_at_any_word_loses_nothing_and_repeats_no_number() {
    let mut leftovers = Leftover::ALL.to_vec();
    leftovers.extend((2..12).map(Leftover::Random));
    let cuts = cut_everywhere::<4>(&leftovers, false);
    println!("{cuts} cuts at words");
    assert!(cuts > 10_000);
}

#[test]
fn a_cut_of_the_repair_after_a_cut_loses_nothing_either() {
    let leftovers = [Leftover::Random(7)];
    let cuts = cut_everywhere::<4>(&leftovers, true);
    println!("{cuts} cuts, one after the other");
    assert!(cuts > 10_000);
}

/// A step of a long life: what the node does, and where in it and how the power fails, if it does.
type LifeStep = (u8, Option<(u64, u8, u64)>);

fn life() -> impl Strategy<Value = Vec<LifeStep>> {
    let cut = proptest::option::weighted(0.4, (0_u64..120, 0_u8..8, any::<u64>()));
    proptest::collection::vec((0_u8..8, cut), 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Many cuts, one after the other, in a node that goes on after each.
    #[test]
    fn a_life_with_many_cuts_repeats_no_number_and_loses_nothing(life in life()) {
        let mut flash = Flash::<4>::new(&[SECTOR; 2]);
        let mut promised = Promised::default();
        for (number, (what, cut)) in life.into_iter().enumerate() {
            let number = number as u32 + 1;
            let step = match what {
                0 => Step::Settings(number),
                1 => Step::Identity(number),
                2 => Step::Security(number),
                _ => Step::Boot,
            };
            if let Some((after, kind, seed)) = cut {
                let leftover = match Leftover::ALL[usize::from(kind)] {
                    Leftover::Random(_) => Leftover::Random(seed),
                    other => other,
                };
                flash.cut_after(after, leftover);
            }
            let mut after = promised.clone();
            let done = run(&mut flash, Some(step), &mut after);
            let had_power = flash.has_power();
            flash.restore_power();
            match done {
                Ok(report) => {
                    prop_assert!(!report.is_loss());
                    prop_assert!(had_power);
                    prop_assert!(after.boot >= promised.boot);
                    prop_assert!(what < 3 || after.boot > promised.boot);
                    promised = after;
                }
                Err(error) => {
                    prop_assert!(!had_power, "{error}");
                    check(flash.clone(), step, &promised, "in a life");
                    // What the storage says now is promised from here on.
                    let store = block_on(Store::open(&mut flash, 0)).unwrap();
                    promised.identity = store.identity().map(|i| i.node);
                    promised.settings = store.settings().map(|(revision, _)| revision);
                    promised.security = store.security();
                }
            }
        }
    }
}
