//! The node's program without its board: tasks over traits.
//!
//! | Module | Task |
//! |---|---|
//! | [`sense`] | asks the sensor when a sample is due, hands readings to the node |
//! | [`link`] | bytes from the edge into the node, frames from the node to the edge |
//! | [`duty`] | what the edge wants done: siren, settings, updates |
//! | [`watch`] | feeds the watchdog when all of the others have checked in |
//!
//! [`run`] starts from lasting memory: counts the boot up before anything is sent, finds who the node is and what it is set to. A node
//! that cannot count its boots is mute: a boot number used twice would let a listener forge its frames. It says so to a debugger,
//! blinks, and tries again by starting anew.
//!
//! Invariants: nothing waits for anything slow while it holds the node; a task that stands still stops the feeding of the watchdog.
#![no_std]
#![forbid(unsafe_code)]

pub mod board;
mod duty;
mod image;
mod link;
mod log;
mod memory;
mod sense;
mod shared;
mod watch;

use board::Board;
use core::cell::RefCell;
use embassy_futures::join::join5;
use embassy_time::{Duration, Timer};
use memory::Mute;
use node::Slot;
use shared::{Ours, Shared, now_us};
use static_cell::ConstStaticCell;

/// Samples and findings that wait for the edge, in memory that a reset clears: 8.5 h of one quantity every 15 s, 64 KiB.
pub const RING: usize = 2_048;

static SLOTS: ConstStaticCell<[Slot; RING]> = ConstStaticCell::new([Slot::EMPTY; RING]);

/// Runs the node for ever.
pub async fn run<B: Board>(mut board: B) -> ! {
    let Some(flash) = board.open_flash() else {
        board.restart()
    };
    let flash = RefCell::new(flash);
    let (store, start) = match memory::open(&flash).await {
        Ok(opened) => opened,
        Err(why) => mute(board, why).await,
    };
    let mut images = image::Images::open(&flash, B::CODE, store.security());
    let mut config = start.config::<B>(board.reset_cause(), now_us());
    config.firmware = image::VERSION;
    config.image = images.state();
    let Ok(mut node) = Ours::with_slots(config, SLOTS.take()) else {
        mute(board, Mute::Settings).await
    };
    for _ in 0..start.faults {
        node.count_storage_error();
    }
    node.set_stalled(board.stalled_before());
    let sensor = sense::Attached::open(&mut board, &start.settings);
    let Some((link_in, link_out)) = board.open_link() else {
        board.restart()
    };
    let Some(shared) = Shared::new(node, board) else {
        unreachable!("four tasks are fewer than eight")
    };
    join5(
        sense::run(&shared, sensor),
        link::hear(&shared, link_in),
        link::speak(&shared, link_out),
        duty::run(&shared, store, images),
        watch::run(&shared),
    )
    .await
    .0
}

/// A node that must not speak: shows it, and tries again by starting anew.
async fn mute<B: Board>(mut board: B, why: Mute) -> ! {
    log::alert!("mute: {}", why);
    for blink in 0..240 {
        board.set_lamp(blink % 2 == 0);
        board.feed_watchdog();
        Timer::after(Duration::from_millis(250)).await;
    }
    board.restart()
}
