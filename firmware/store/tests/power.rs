//! The power is cut at every write and every erase, in every way that the model knows, and what was promised is looked for.

use embassy_futures::block_on;
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
        let mut store = Store::open(Borrowed(flash), 0).await?;
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
            boot <= before.boot + 60,
            "{context}: {boot} after {}",
            before.boot
        );
    });
}

/// A flash that is used and comes back whatever happens to its user.
struct Borrowed<'a, const UNIT: usize>(&'a mut Flash<UNIT>);

mod borrowed {
    use super::*;
    use embedded_storage::nor_flash::*;

    impl<const UNIT: usize> ErrorType for Borrowed<'_, UNIT> {
        type Error = NorFlashErrorKind;
    }
    impl<const UNIT: usize> ReadNorFlash for Borrowed<'_, UNIT> {
        const READ_SIZE: usize = 1;
        fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
            self.0.read(at, bytes)
        }
        fn capacity(&self) -> usize {
            self.0.capacity()
        }
    }
    impl<const UNIT: usize> NorFlash for Borrowed<'_, UNIT> {
        const WRITE_SIZE: usize = UNIT;
        const ERASE_SIZE: usize = SECTOR;
        fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
            self.0.erase(from, to)
        }
        fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Self::Error> {
            self.0.write(at, bytes)
        }
    }
    impl<const UNIT: usize> MultiwriteNorFlash for Borrowed<'_, UNIT> {}
}

/// Cuts every step of the history at every point. Returns how many cuts there were.
fn cut_everywhere<const UNIT: usize>(leftovers: &[Leftover], again: bool) -> u64 {
    let mut flash = Flash::<UNIT>::new(&[SECTOR; 2]);
    let mut promised = Promised::default();
    let mut cuts = 0;
    for (number, step) in steps().into_iter().enumerate() {
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
    assert!(
        flash.erases().iter().all(|&erases| erases >= 3),
        "{:?}",
        flash.erases()
    );
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
