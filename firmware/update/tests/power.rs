//! The power is cut at every write and every erase of an update's life: download, mark, exchange, trial, return. What the boot
//! loader then starts is one of the two images, complete; and the update can be had again.

mod device;

use device::{Firmware, Flash, active, application, download, firmware, new_board, power_on};
use store::model::Leftover;
use update::ImageState;

/// What happens to the board, one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    /// The old firmware receives the new one and marks it.
    Download,
    /// A reset.
    Boot,
    /// The new firmware's edge acknowledges.
    Confirm,
}

fn happen<const UNIT: usize>(
    flash: &mut Flash<UNIT>,
    event: Event,
    old: &Firmware,
    new: &Firmware,
) -> Result<(), String> {
    let text = |e: &dyn std::fmt::Debug| format!("{e:?}");
    match event {
        Event::Download => download(flash, old, new).map_err(|e| text(&e)),
        Event::Boot => power_on(flash).map(drop).map_err(|e| text(&e)),
        Event::Confirm => application(flash, new.running(), |u| u.confirm()).map_err(|e| text(&e)),
    }
}

/// After a cut: boots, possibly cut once more, and looks at what would run.
fn check<const UNIT: usize>(
    mut flash: Flash<UNIT>,
    event: Event,
    old: &Firmware,
    new: &Firmware,
    is_thorough: bool,
    context: &str,
) {
    flash.restore_power();
    let state = power_on(&mut flash).expect(context);
    let is_old = active(&flash) == old.image;
    let is_new = active(&flash) == new.image;
    assert!(is_old || is_new, "{context}: neither image is whole");
    match state {
        // Only a complete exchange is a trial.
        ImageState::Trial => assert!(is_new, "{context}"),
        ImageState::Returned => assert!(is_old, "{context}"),
        // To be confirmed without a trial that was confirmed is to be the old one.
        ImageState::Confirmed => assert!(is_old || event == Event::Confirm, "{context}"),
    }
    // A reset during a trial brings the old one back, and a second one changes nothing.
    if state == ImageState::Trial {
        assert_eq!(power_on(&mut flash), Ok(ImageState::Returned), "{context}");
        assert_eq!(active(&flash), old.image, "{context}");
        assert_eq!(power_on(&mut flash), Ok(ImageState::Returned), "{context}");
    }
    if !is_thorough {
        return;
    }
    // The update can be had again, whatever happened.
    if active(&flash) == old.image {
        download(&mut flash, old, new).expect(context);
        assert_eq!(power_on(&mut flash), Ok(ImageState::Trial), "{context}");
        assert_eq!(active(&flash), new.image, "{context}");
        happen(&mut flash, Event::Confirm, old, new).expect(context);
    }
    assert_eq!(power_on(&mut flash), Ok(ImageState::Confirmed), "{context}");
    assert_eq!(active(&flash), new.image, "{context}");
}

fn cut_everywhere<const UNIT: usize>(events: &[Event], leftovers: &[Leftover], again: bool) -> u64 {
    let (old, new) = (firmware(1), firmware(2));
    let mut flash = new_board::<UNIT>(&old);
    let mut cuts = 0;
    for (number, &event) in events.iter().enumerate() {
        let start = flash.clone();
        happen(&mut flash, event, &old, &new).unwrap();
        for at in 0..flash.steps() - start.steps() {
            for &leftover in leftovers {
                let mut cut = start.clone();
                cut.cut_after(at, leftover);
                happen(&mut cut, event, &old, &new).unwrap_err();
                assert!(!cut.has_power());
                cuts += 1;
                let context = format!("unit {UNIT}, {number} {event:?}, at {at}, {leftover:?}");
                if again {
                    cuts += cut_the_boot(&cut, event, &old, &new, &context);
                }
                check(cut, event, &old, &new, true, &context);
            }
        }
    }
    cuts
}

/// The power comes back and fails again at every point of what the boot loader does then.
fn cut_the_boot<const UNIT: usize>(
    cut: &Flash<UNIT>,
    event: Event,
    old: &Firmware,
    new: &Firmware,
    context: &str,
) -> u64 {
    let mut start = cut.clone();
    start.restore_power();
    let mut whole = start.clone();
    power_on(&mut whole).expect(context);
    let steps = whole.steps() - start.steps();
    for at in 0..steps {
        let mut twice = start.clone();
        twice.cut_after(at, Leftover::Random(at));
        power_on(&mut twice).unwrap_err();
        let context = format!("{context}, again at {at}");
        check(twice, event, old, new, at + 1 == steps, &context);
    }
    steps
}

const CONFIRMED: [Event; 5] = [
    Event::Boot,
    Event::Download,
    Event::Boot,
    Event::Confirm,
    Event::Boot,
];
const RETURNED: [Event; 5] = [
    Event::Boot,
    Event::Download,
    Event::Boot,
    Event::Boot,
    Event::Boot,
];

#[test]
fn a_cut_at_any_word_leaves_a_whole_image_when_the_trial_is_confirmed() {
    let cuts = cut_everywhere::<4>(&CONFIRMED, &Leftover::ALL, false);
    println!("{cuts} cuts");
    assert!(cuts > 4_000);
}

#[test]
fn a_cut_at_any_word_leaves_a_whole_image_when_nobody_confirms() {
    let cuts = cut_everywhere::<4>(&RETURNED, &Leftover::ALL, false);
    println!("{cuts} cuts");
    assert!(cuts > 4_000);
}

#[test]
fn a_cut_at_any_byte_leaves_a_whole_image() {
    let leftovers = [Leftover::After, Leftover::Random(3)];
    let cuts = cut_everywhere::<1>(&RETURNED, &leftovers, false)
        + cut_everywhere::<1>(&CONFIRMED, &leftovers, false);
    println!("{cuts} cuts");
    assert!(cuts > 10_000);
}

#[test]
fn a_cut_of_the_exchange_that_goes_on_after_a_cut_leaves_a_whole_image() {
    let cuts = cut_everywhere::<4>(&RETURNED[1..], &[Leftover::Random(9)], true);
    println!("{cuts} cuts, one after the other");
    assert!(cuts > 10_000);
}
