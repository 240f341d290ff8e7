//! Power that fails at any byte, frames that come again, frames that are forged.

mod rig;

use node::{Config, Role, Settings};
use proptest::prelude::*;
use rig::{Edge, Faults, Random, Rig, config};
use wire::frame::{Body, SIREN_ON, Setting, SettingKey};
use wire::quality::Quality;
use wire::quantity::Quantity;

fn siren_post(boot: u32, start_us: u64) -> Config {
    let mut config = config(boot, start_us);
    config.use_settings(3, Settings::defaults(Role::Tsunami));
    config
}

fn take<const N: usize>(rig: &mut Rig<N>, count: u32, random: &mut Random) -> Vec<u64> {
    (0..count)
        .map(|index| {
            rig.run_until(rig.now_us + random.below(100_000));
            let mono_us = rig.mono_us();
            let value = f64::from(index);
            rig.node
                .sample(mono_us, Quantity::SeaLevel, value, Quality::GOOD);
            value.to_bits()
        })
        .collect()
}

fn values(edge: &Edge, boot: u32) -> Vec<(u64, u64)> {
    edge.items
        .range((boot, 0)..=(boot, u64::MAX))
        .map(|(&(_, seq), item)| match item {
            rig::Item::Sample { value_bits, .. } | rig::Item::Finding { value_bits, .. } => {
                (seq, *value_bits)
            }
        })
        .collect()
}

/// Every downlink frame of a session in which everything was asked of the node.
fn session(seed: u64) -> Rig<128> {
    let mut random = Random(seed ^ 4);
    let faults = Faults {
        delay_us: 30_000,
        ..Faults::NONE
    };
    let mut rig = Rig::<128>::new(siren_post(1, 0), Edge::new(1), faults, seed);
    for round in 0..6u32 {
        take(&mut rig, 10, &mut random);
        rig.send(&Body::SetSettings {
            revision: 4 + round,
            values: [Setting::new(SettingKey::HealthS, 60.0 + f64::from(round))]
                .into_iter()
                .collect(),
        });
        rig.send(&Body::ReadSettings);
        rig.send(&Body::Command {
            id: round,
            code: SIREN_ON,
            argument: 1_000,
            expires_unix_us: i64::MAX,
        });
        rig.send(&Body::UpdateOffer {
            version: [9; 3],
            security: 1,
            length: 1_000,
            digest: [1; 32],
            signature: [2; 64],
        });
        rig.run_until(rig.now_us + 200_000);
        while rig.node.take_command(rig.mono_us()).is_some() {}
        rig.node.take_settings();
        rig.node.settings_stored(true);
    }
    while rig.node.take_update_work().is_some() {}
    assert!(rig.settle(rig.now_us + 60_000_000));
    rig.run_until(rig.now_us + 1_000_000);
    rig
}

/// What a frame could change.
fn state(rig: &mut Rig<128>) -> String {
    let mono_us = rig.mono_us();
    let node = &mut rig.node;
    let command = node.take_command(mono_us);
    let (proposal, work) = (node.take_settings(), node.take_update_work());
    format!(
        "{:?} {command:?} {proposal:?} {work:?} {} {} {:?}",
        node.settings(),
        node.unacknowledged(),
        node.next_seq(),
        node.clock_fix(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Power fails in the middle of a byte, again and again: what was acknowledged stays, numbers are never mixed up
    /// between boots, and the last boot delivers all.
    #[test]
    fn a_reset_at_any_byte_costs_only_what_was_not_acknowledged(
        seed in any::<u64>(), lose in 0u64..30, bytes in prop::collection::vec(any::<u16>(), 1..8)
    ) {
        let faults = Faults { lose, duplicate: 20, flip: 10, noise: 10, delay_us: 50_000 };
        let mut random = Random(seed ^ 5);
        let mut rig = Rig::<128>::new(siren_post(1, 0), Edge::new(1), faults, seed);
        let mut boot = 1;
        for byte in &bytes {
            let taken = take(&mut rig, 20, &mut random);
            let acknowledged = taken.len() - rig.node.unacknowledged();
            boot += 1;
            rig.restart_at_byte(siren_post(boot, random.next()), usize::from(*byte));
            rig.run_until(rig.now_us + 100_000);
            let held = values(&rig.edge, boot - 1);
            for (seq, value) in &held {
                prop_assert_eq!(*value, taken[*seq as usize]);
            }
            for seq in 0..acknowledged as u64 {
                prop_assert!(held.iter().any(|(held, _)| *held == seq), "boot {} lost {}", boot - 1, seq);
            }
        }
        let taken = take(&mut rig, 20, &mut random);
        prop_assert!(rig.settle(rig.now_us + 3_600_000_000), "{:?}", rig.node.stats());
        let held: Vec<u64> = values(&rig.edge, boot).into_iter().map(|(_, value)| value).collect();
        prop_assert_eq!(held, taken);
    }

    /// A listener plays back what it has heard, in any order, as often as it likes: refused, each one counted.
    #[test]
    fn replayed_frames_change_nothing(seed in any::<u64>()) {
        let mut rig = session(seed);
        let before = state(&mut rig);
        let recorded = rig.sent_down.clone();
        let mut random = Random(seed ^ 6);
        let replayed = rig.node.stats().refused.replayed;
        let mono_us = rig.mono_us();
        for _ in 0..500 {
            let frame = &recorded[random.below(recorded.len() as u64) as usize];
            frame.iter().for_each(|&byte| rig.node.receive(byte, mono_us));
        }
        prop_assert_eq!(rig.node.stats().refused.replayed - replayed, 500);
        prop_assert_eq!(state(&mut rig), before);
    }

    /// A forger changes what it has heard and mends the checksum: refused by the tag, each one counted.
    #[test]
    fn forged_frames_change_nothing(seed in any::<u64>()) {
        let mut rig = session(seed);
        let before = state(&mut rig);
        let recorded = rig.sent_down.clone();
        let mut random = Random(seed ^ 7);
        let (mut forged, mono_us) = (0, rig.mono_us());
        let refused = rig.node.stats().refused;
        for _ in 0..500 {
            let frame = &recorded[random.below(recorded.len() as u64) as usize];
            let mut raw = [0; 400];
            let length = cobs::decode(&frame[..frame.len() - 1], &mut raw)
                .expect("a frame")
                .frame_size();
            let checked = length - 4;
            // Behind version and header, so that it is still for this node, in a boot of the edge to come.
            let at = 1 + random.below(checked as u64 - 1) as usize;
            raw[at] ^= 1 << random.below(8);
            let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(&raw[..checked]);
            raw[checked..length].copy_from_slice(&crc.to_le_bytes());
            let mut stuffed = [0; 404];
            let length = cobs::encode(&raw[..length], &mut stuffed);
            stuffed[..=length].iter().for_each(|&byte| rig.node.receive(byte, mono_us));
            forged += 1;
        }
        let after = rig.node.stats().refused;
        let told = |refused: &node::Refused| refused.tag + refused.misaddressed + refused.damaged;
        prop_assert_eq!(told(&after) - told(&refused), forged);
        prop_assert!(after.tag - refused.tag > 400, "most of them reach the tag");
        prop_assert_eq!(after.replayed, refused.replayed);
        prop_assert_eq!(state(&mut rig), before);
    }
}
