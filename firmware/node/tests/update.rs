//! Updates over the link: the image arrives whole or not at all, whatever the line does.

mod rig;

use node::{Config, Offer, UpdateError, UpdateTarget};
use proptest::prelude::*;
use rig::{Edge, Faults, Random, Rig, config};
use wire::frame::{Body, Image, MAX_UPDATE_BYTES, UpdateStep};
use wire::quality::Quality;
use wire::quantity::Quantity;

/// A board's flash memory, which survives the node. An image is good when its bytes sum up to the digest's first.
#[derive(Default)]
struct Flash {
    offer: Option<Offer>,
    bytes: Vec<u8>,
    begun: u32,
    verified: bool,
    fails_at: Option<u32>,
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

impl UpdateTarget for Flash {
    fn begin(&mut self, offer: &Offer) -> Result<u32, UpdateError> {
        self.begun += 1;
        if offer.security < 3 {
            return Err(UpdateError::Downgrade);
        }
        if offer.length > 100_000 {
            return Err(UpdateError::NoRoom);
        }
        if self.offer != Some(*offer) {
            self.offer = Some(*offer);
            self.bytes.clear();
        }
        Ok(self.bytes.len() as u32)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), UpdateError> {
        assert_eq!(offset as usize, self.bytes.len(), "in order, without gaps");
        if self.fails_at.take_if(|at| *at <= offset).is_some() {
            return Err(UpdateError::Storage);
        }
        self.bytes.extend(bytes);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), UpdateError> {
        let offer = self.offer.expect("begun");
        assert_eq!(offer.length as usize, self.bytes.len());
        self.verified = sum(&self.bytes) == offer.digest[0];
        if self.verified {
            Ok(())
        } else {
            self.offer = None;
            Err(UpdateError::Signature)
        }
    }
}

fn image(length: usize) -> Vec<u8> {
    let mut random = Random(9);
    (0..length).map(|_| random.next() as u8).collect()
}

fn offer(image: &[u8]) -> Body {
    let mut digest = [0; 32];
    digest[0] = sum(image);
    Body::UpdateOffer {
        version: [1, 3, 0],
        security: 3,
        length: image.len() as u32,
        digest,
        signature: [7; 64],
    }
}

fn rig_with(image: Vec<u8>, faults: Faults, seed: u64) -> Rig<64> {
    let mut edge = Edge::new(1);
    edge.image = image;
    Rig::new(config(1, u64::MAX - 3_000_000), edge, faults, seed)
}

/// Runs until the node wants to restart or has told an end; in steps of a hundredth of a second.
fn run(rig: &mut Rig<64>, flash: &mut Flash, until_us: u64) {
    let until_us = rig.now_us + until_us;
    while rig.now_us < until_us && ends(rig).is_empty() {
        rig.run_until(rig.now_us + 10_000);
        while rig.node.update(flash, rig.mono_us()) {}
    }
}

fn ends(rig: &Rig<64>) -> Vec<UpdateStep> {
    rig.edge
        .told
        .iter()
        .filter_map(|body| match body {
            Body::UpdateState { state, .. } => Some(*state),
            _ => None,
        })
        .collect()
}

#[test]
fn an_image_is_pulled_verified_and_told() {
    for length in [1, MAX_UPDATE_BYTES, MAX_UPDATE_BYTES + 1, 20_000] {
        let mut flash = Flash::default();
        let mut rig = rig_with(image(length), Faults::NONE, 1);
        rig.run_until(100_000);
        rig.send(&offer(&image(length)));
        run(&mut rig, &mut flash, 10_000_000);
        assert_eq!(ends(&rig), [UpdateStep::Verified]);
        assert!(rig.node.wants_restart() && flash.verified);
        assert_eq!(flash.bytes, image(length));
        let pieces = length.div_ceil(MAX_UPDATE_BYTES) as u32;
        assert_eq!(rig.node.stats().update_pieces, pieces);
        // The new image starts on trial, proves itself, and says so.
        let config = Config {
            firmware: [1, 3, 0],
            image: Image::Trial,
            ..config(2, 0)
        };
        rig.restart(config);
        rig.edge.told.clear();
        rig.run_until(rig.now_us + 100_000);
        rig.node.image_confirmed();
        rig.run_until(rig.now_us + 100_000);
        assert_eq!(ends(&rig), [UpdateStep::Confirmed]);
        assert!(!rig.node.wants_restart());
    }
}

#[test]
fn what_the_target_refuses_is_told_and_told_again() {
    let good = image(500);
    let Body::UpdateOffer { digest, .. } = offer(&good) else {
        unreachable!("that is what it makes")
    };
    let with = |security, length, digest| Body::UpdateOffer {
        version: [1, 3, 0],
        security,
        length,
        digest,
        signature: [7; 64],
    };
    for (offered, step) in [
        (with(2, 500, digest), UpdateStep::RefusedDowngrade),
        (with(3, 200_000, digest), UpdateStep::NoRoom),
        (with(3, 500, [1; 32]), UpdateStep::RefusedSignature),
    ] {
        let mut flash = Flash::default();
        let mut rig = rig_with(good.clone(), Faults::NONE, 1);
        rig.run_until(100_000);
        rig.send(&offered);
        run(&mut rig, &mut flash, 10_000_000);
        assert_eq!(ends(&rig), [step]);
        rig.edge.told.clear();
        rig.send(&offered);
        run(&mut rig, &mut flash, 10_000_000);
        assert_eq!(ends(&rig), [step], "again, without another attempt");
        assert_eq!(flash.begun, 1);
        assert!(!rig.node.wants_restart());
        rig.edge.told.clear();
        rig.send(&offer(&good));
        run(&mut rig, &mut flash, 10_000_000);
        assert_eq!(ends(&rig), [UpdateStep::Verified], "a better offer");
    }
}

#[test]
fn a_failed_write_ends_it_and_the_next_offer_tries_again() {
    let good = image(5_000);
    let mut flash = Flash {
        fails_at: Some(1_920),
        ..Flash::default()
    };
    let mut rig = rig_with(good.clone(), Faults::NONE, 1);
    rig.run_until(100_000);
    rig.send(&offer(&good));
    run(&mut rig, &mut flash, 10_000_000);
    assert_eq!(ends(&rig), [UpdateStep::StorageFault]);
    assert_eq!(rig.node.stats().storage_errors, 1);
    rig.edge.told.clear();
    rig.send(&offer(&good));
    run(&mut rig, &mut flash, 10_000_000);
    assert_eq!(ends(&rig), [UpdateStep::Verified]);
    assert_eq!(flash.bytes, good);
}

#[test]
fn bytes_that_nobody_asked_for_are_refused() {
    let good = image(500);
    let mut flash = Flash::default();
    let mut rig = rig_with(good.clone(), Faults::NONE, 1);
    rig.run_until(100_000);
    let data = |offset, count: usize| Body::UpdateData {
        offset,
        bytes: good[..count].iter().copied().collect(),
    };
    rig.send(&data(0, 192));
    rig.run_until(rig.now_us + 5_000);
    assert_eq!(rig.node.take_update_work(), None, "before any offer");
    // The question after the offer gets lost, so that the node waits.
    rig.send(&offer(&good));
    rig.run_until(rig.now_us + 1_000);
    while rig.node.update(&mut flash, rig.mono_us()) {}
    rig.faults = Faults::CUT;
    rig.run_until(rig.now_us + 10_000);
    rig.faults = Faults::NONE;
    for (offset, count) in [(1, 192), (192, 192), (0, 191), (0, 0)] {
        rig.send(&data(offset, count));
        rig.run_until(rig.now_us + 2_000);
        assert_eq!(rig.node.take_update_work(), None, "{offset} {count}");
    }
    assert_eq!(rig.node.stats().refused.update, 5);
    run(&mut rig, &mut flash, 10_000_000);
    assert_eq!(flash.bytes, good);
}

#[test]
fn an_edge_that_never_answers_is_given_up_with_back_off() {
    let good = image(500);
    let mut flash = Flash::default();
    let mut rig = rig_with(good.clone(), Faults::NONE, 1);
    rig.run_until(100_000);
    rig.send(&offer(&good));
    rig.run_until(rig.now_us + 1_000);
    while rig.node.update(&mut flash, rig.mono_us()) {}
    rig.faults = Faults::CUT;
    let sent = rig.node.stats().frames_sent;
    rig.run_until(rig.now_us + 3_600_000_000);
    assert_eq!(rig.node.stats().updates_failed, 1);
    // A hundred questions, and an hour of clock and health without answers.
    assert!(rig.node.stats().frames_sent - sent < 2_100);
    rig.faults = Faults::NONE;
    rig.send(&offer(&good));
    run(&mut rig, &mut flash, 10_000_000);
    assert_eq!(ends(&rig), [UpdateStep::Verified]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Loss, noise, repetition, a link that goes away, power cuts: an edge that offers until it hears an end gets there,
    /// the image is whole, and not a sample is lost for it.
    #[test]
    fn an_image_arrives_over_any_line(seed in any::<u64>(), lose in 0u64..40, cut in any::<bool>()) {
        let faults = Faults { lose, duplicate: 30, flip: 20, noise: 10, delay_us: 50_000 };
        let good = image(4_000);
        let mut flash = Flash::default();
        let mut rig = rig_with(good.clone(), faults, seed);
        let mut random = Random(seed ^ 3);
        let (mut boot, mut taken) = (1, 0);
        for second in 0..600 {
            if second % 10 == 0 {
                rig.send(&offer(&good));
            }
            let mono_us = rig.mono_us();
            rig.node.sample(mono_us, Quantity::SeaLevel, f64::from(second), Quality::GOOD);
            taken += 1;
            run(&mut rig, &mut flash, 1_000_000);
            if !ends(&rig).is_empty() {
                break;
            }
            if cut && random.percent(5) {
                rig.faults = Faults::CUT;
                rig.run_until(rig.now_us + random.below(20_000_000));
                rig.faults = faults;
            }
            if cut && second < 60 && random.percent(3) {
                prop_assert!(rig.settle(rig.now_us + 600_000_000));
                boot += 1;
                rig.restart(config(boot, random.next()));
            }
        }
        prop_assert_eq!(ends(&rig).pop(), Some(UpdateStep::Verified));
        prop_assert!(flash.verified);
        prop_assert_eq!(&flash.bytes, &good);
        prop_assert!(rig.settle(rig.now_us + 600_000_000));
        prop_assert_eq!(rig.edge.items.len(), taken);
    }
}
