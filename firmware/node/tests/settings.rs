//! Settings over the link: checked as a whole, stored before they are true, and what is told is what is in force.

mod rig;

use node::{Config, FindingCode, Proposal, Role, Settings};
use proptest::prelude::*;
use rig::{Edge, Faults, Item, Random, Rig, config};
use wire::frame::{Body, Setting, SettingKey};
use wire::quality::Quality;

fn meter(boot: u32, revision: u32, settings: Settings) -> Config {
    let mut config = config(boot, 0);
    config.use_settings(revision, settings);
    config
}

fn write(revision: u32, values: &[(SettingKey, f64)]) -> Body {
    Body::SetSettings {
        revision,
        values: values
            .iter()
            .map(|(key, value)| Setting::new(*key, *value))
            .collect(),
    }
}

/// A meter that has been heard, with its settings at revision 4.
fn rig() -> Rig<64> {
    let config = meter(1, 4, Settings::defaults(Role::Energy));
    let mut rig = Rig::new(config, Edge::new(1), Faults::NONE, 1);
    rig.run_until(100_000);
    rig.edge.told.clear();
    rig
}

fn run(rig: &mut Rig<64>) {
    rig.run_until(rig.now_us + 10_000);
}

/// The settings frames that the edge was told since the last look: revision, and health interval.
fn told(rig: &mut Rig<64>) -> Vec<(u32, f64)> {
    rig.edge
        .told
        .drain(..)
        .filter_map(|body| match body {
            Body::Settings { revision, values } => {
                assert_eq!(values.len(), SettingKey::ALL.len(), "everything is told");
                let health = values
                    .iter()
                    .find(|setting| setting.key == SettingKey::HealthS.code());
                Some((revision, health.expect("among everything").value))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn a_write_is_told_only_when_it_is_stored() {
    let mut rig = rig();
    rig.send(&write(5, &[(SettingKey::HealthS, 30.0)]));
    run(&mut rig);
    assert_eq!(told(&mut rig), [], "not stored, so not said");
    let proposal = rig.node.take_settings().expect("a checked write");
    assert_eq!((proposal.revision, proposal.settings.health_s), (5, 30));
    assert_eq!(rig.node.take_settings(), None, "handed out once");
    assert_eq!(rig.node.settings().map(|(revision, _)| revision), Some(4));
    assert!(!rig.node.settings_stored(true), "no restart for that");
    run(&mut rig);
    assert_eq!(told(&mut rig), [(5, 30.0)]);
    rig.send(&Body::ReadSettings);
    run(&mut rig);
    assert_eq!(told(&mut rig), [(5, 30.0)]);
    // The answer was lost, the edge repeats itself: nothing to store, the same answer.
    rig.send(&write(5, &[(SettingKey::HealthS, 30.0)]));
    run(&mut rig);
    assert_eq!(told(&mut rig), [(5, 30.0)]);
    assert_eq!(rig.node.take_settings(), None);
    assert_eq!(rig.node.stats().refused.settings, 0);
    assert_eq!(rig.node.stats().settings_writes, 1);
}

#[test]
fn what_cannot_be_stored_is_not_in_force() {
    let mut rig = rig();
    rig.send(&write(5, &[(SettingKey::HealthS, 30.0)]));
    run(&mut rig);
    rig.node.take_settings().expect("a checked write");
    rig.node.settings_stored(false);
    run(&mut rig);
    assert_eq!(told(&mut rig), [(4, 60.0)]);
    assert_eq!(rig.node.stats().storage_errors, 1);
    // The edge tries again with the same revision.
    rig.send(&write(5, &[(SettingKey::HealthS, 30.0)]));
    run(&mut rig);
    rig.node.take_settings().expect("again");
    rig.node.settings_stored(true);
    run(&mut rig);
    assert_eq!(told(&mut rig), [(5, 30.0)]);
}

#[test]
fn refused_writes_are_answered_with_what_is_in_force() {
    let mut rig = rig();
    for (revision, values) in [
        (
            3,
            [(SettingKey::HealthS, 30.0), (SettingKey::MaxHoldMs, 1.0)],
        ),
        (
            5,
            [(SettingKey::HealthS, 30.0), (SettingKey::HealthS, 31.0)],
        ),
        (
            5,
            [(SettingKey::HealthS, 30.0), (SettingKey::SensorBaud, 1.0)],
        ),
        (
            5,
            [
                (SettingKey::HealthS, 30.0),
                (SettingKey::RapidIntervalMs, 9_999.0),
            ],
        ),
    ] {
        rig.send(&write(revision, &values));
        run(&mut rig);
        assert_eq!(told(&mut rig), [(4, 60.0)], "{values:?}");
        assert_eq!(rig.node.take_settings(), None);
    }
    assert_eq!(rig.node.stats().refused.settings, 4);
}

#[test]
fn one_write_at_a_time() {
    let mut rig = rig();
    rig.send(&write(5, &[(SettingKey::HealthS, 30.0)]));
    rig.send(&write(6, &[(SettingKey::HealthS, 40.0)]));
    run(&mut rig);
    // Nobody has taken the first one, so the second replaces it.
    let proposal = rig.node.take_settings().expect("the second");
    assert_eq!((proposal.revision, proposal.settings.health_s), (6, 40));
    rig.send(&write(7, &[(SettingKey::HealthS, 50.0)]));
    run(&mut rig);
    assert_eq!(told(&mut rig), [], "busy; the answer to 6 is to come");
    rig.node.settings_stored(true);
    run(&mut rig);
    assert_eq!(told(&mut rig), [(6, 40.0)]);
    rig.send(&write(7, &[(SettingKey::HealthS, 50.0)]));
    run(&mut rig);
    assert_eq!(
        rig.node.take_settings().map(|taken| taken.revision),
        Some(7)
    );
}

/// The first frame after a reset is the likeliest to be lost, and samples are acknowledged without it.
#[test]
fn whoever_reads_the_settings_is_told_who_it_is() {
    let mut rig = rig();
    let births = rig.edge.births;
    rig.send(&Body::ReadSettings);
    run(&mut rig);
    assert_eq!(told(&mut rig), [(4, 60.0)]);
    assert_eq!(rig.edge.births, births + 1);
    assert!(rig.node.is_known(), "the birth was acknowledged");
    rig.run_until(rig.now_us + 60_000_000);
    assert_eq!(rig.edge.births, births + 1, "and is not repeated");
}

#[test]
fn a_node_without_settings_says_so() {
    let mut rig = Rig::<64>::new(config(1, 0), Edge::new(1), Faults::NONE, 1);
    rig.send(&write(5, &[(SettingKey::HealthS, 30.0)]));
    rig.run_until(100_000);
    let nothing = Body::Settings {
        revision: 0,
        values: heapless::Vec::new(),
    };
    assert!(rig.edge.told.contains(&nothing));
    assert_eq!(rig.node.stats().refused.settings, 1);
}

#[test]
fn stored_settings_take_effect_at_once() {
    let mut rig = rig();
    let sample = |rig: &mut Rig<64>, volts| {
        let (mono_us, quantity) = (rig.mono_us(), wire::quantity::Quantity::Voltage);
        rig.node.sample(mono_us, quantity, volts, Quality::GOOD);
        rig.run_until(rig.now_us + 100_000);
    };
    let set = |rig: &mut Rig<64>, revision, values: &[(SettingKey, f64)]| {
        rig.send(&write(revision, values));
        rig.run_until(rig.now_us + 10_000);
        assert!(rig.node.take_settings().is_some());
        rig.node.settings_stored(true)
    };
    sample(&mut rig, 260.0);
    assert_eq!(rig.node.stats().findings, 0, "no limit yet");
    assert_eq!(rig.node.interval_us(rig.mono_us()), 1_000_000);
    set(&mut rig, 5, &[(SettingKey::ThresholdAbove, 253.0)]);
    sample(&mut rig, 260.0);
    assert!(rig.node.is_rapid(rig.mono_us()));
    assert_eq!(rig.node.interval_us(rig.mono_us()), 500_000);
    // Another setting keeps what the limit knows; another limit ends it.
    set(&mut rig, 6, &[(SettingKey::RapidIntervalMs, 250.0)]);
    sample(&mut rig, 261.0);
    assert_eq!(rig.node.stats().findings, 1, "still the same excess");
    set(&mut rig, 7, &[(SettingKey::ThresholdAbove, 270.0)]);
    sample(&mut rig, 261.0);
    set(&mut rig, 8, &[(SettingKey::ThresholdAbove, f64::NAN)]);
    sample(&mut rig, 290.0);
    let codes: Vec<_> = rig
        .edge
        .of(1)
        .into_iter()
        .filter_map(|item| match item {
            Item::Finding { code, .. } => FindingCode::from_code(code),
            Item::Sample { .. } => None,
        })
        .collect();
    assert_eq!(codes, [FindingCode::AboveRaised, FindingCode::AboveCleared]);
    assert!(
        set(&mut rig, 9, &[(SettingKey::SensorAddress, 7.0)]),
        "restart"
    );
}

/// A board's lasting memory.
#[derive(Default)]
struct Memory {
    bytes: Option<Vec<u8>>,
}

impl Memory {
    fn config(&self, boot: u32) -> Config {
        let (revision, settings) = self
            .bytes
            .as_deref()
            .map_or((0, Settings::defaults(Role::Road)), |bytes| {
                Settings::from_bytes(bytes).expect("what was stored")
            });
        meter(boot, revision, settings)
    }

    fn store(&mut self, proposal: &Proposal) {
        self.bytes = Some(proposal.settings.to_bytes(proposal.revision).to_vec());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is lost, and whenever the power fails: what the edge was told survives.
    #[test]
    fn what_was_told_is_never_lost(seed in any::<u64>(), lose in 0u64..50) {
        let faults = Faults { lose, duplicate: 20, flip: 10, noise: 10, delay_us: 20_000 };
        let mut memory = Memory::default();
        let mut boot = 1;
        let mut rig = Rig::<64>::new(memory.config(boot), Edge::new(1), faults, seed);
        let mut random = Random(seed ^ 1);
        let (mut wanted, mut highest_told) = (0, 0);
        for _ in 0..200 {
            if random.percent(20) {
                wanted += u32::from(random.percent(50));
                rig.send(&write(wanted.max(1), &[(SettingKey::HealthS, f64::from(wanted.max(1)))]));
            }
            rig.run_until(rig.now_us + random.below(100_000));
            if let Some(proposal) = rig.node.take_settings() {
                let fate = random.below(10);
                if fate > 0 {
                    memory.store(&proposal);
                }
                // The power fails before or after the storing, and before the confirmation.
                if fate > 2 {
                    rig.node.settings_stored(true);
                } else {
                    boot += 1;
                    rig.restart(memory.config(boot));
                }
            }
            for body in rig.edge.told.drain(..) {
                if let Body::Settings { revision, values } = body {
                    let health = values.iter().find(|setting| setting.key == SettingKey::HealthS.code());
                    let expected = if revision == 0 { 60.0 } else { f64::from(revision) };
                    prop_assert_eq!(health.map(|setting| setting.value), Some(expected));
                    highest_told = highest_told.max(revision);
                }
            }
            let stored = memory.bytes.as_deref().and_then(Settings::from_bytes).map_or(0, |read| read.0);
            prop_assert!(stored >= highest_told, "told {highest_told}, stored {stored}");
        }
    }
}
