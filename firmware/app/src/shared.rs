//! What the tasks share. All of them run on one thread and none holds a borrow while it waits.

use crate::RING;
use crate::board::Board;
use core::cell::{Cell, RefCell};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Instant, Timer};
use node::Node;

/// How often every task shows that it runs, microseconds. All at the same instants, so that the processor wakes once.
const TICK_US: u64 = 4_000_000;

/// The tasks that the watchdog's guardian waits for; the number is the bit in `Health.stalled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Sense = 0,
    Hear = 1,
    Speak = 2,
    Duty = 3,
}

/// Microseconds since the start.
pub(crate) fn now_us() -> u64 {
    Instant::now().as_micros()
}

pub(crate) struct Shared<B> {
    pub node: RefCell<Node<RING>>,
    pub board: RefCell<B>,
    /// The node may have something to send.
    pub to_say: Signal<NoopRawMutex, ()>,
    /// The node may have something for the board to do.
    pub to_do: Signal<NoopRawMutex, ()>,
    /// The sampling schedule may have changed.
    pub to_sense: Signal<NoopRawMutex, ()>,
    checked_in: Cell<u8>,
}
