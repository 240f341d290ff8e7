//! What the tasks share. All of them run on one thread, and none holds a borrow while it waits.

use crate::RING;
use crate::board::Board;
use core::cell::RefCell;
use drivers::Reading;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Instant, Timer};
use node::{Guardian, Node, Slot, Task};

/// The node's logic; its slots lie in static memory, because a stack could not hold them on their way there.
pub(crate) type Ours = Node<RING, &'static mut [Slot; RING]>;

/// How often every task shows that it runs, microseconds. All at the same instants, so that the processor wakes once.
const TICK_US: u64 = 4_000_000;

/// Longest time between two feedings of the watchdog, microseconds. The hardware waits for 25 s by an oscillator that may be half as
/// fast again, so that a task is named at the third look and the reset comes after the fourth.
const LIMIT_US: u64 = 11_000_000;

/// Microseconds since the start.
pub(crate) fn now_us() -> u64 {
    Instant::now().as_micros()
}

/// The tasks that the watchdog's guardian waits for, in the order of their bits in the health report.
#[derive(Clone, Copy)]
pub(crate) struct Tasks {
    pub sense: Task,
    pub hear: Task,
    pub speak: Task,
    pub duty: Task,
}

pub(crate) struct Shared<B> {
    pub node: RefCell<Ours>,
    pub board: RefCell<B>,
    pub guardian: RefCell<Guardian>,
    pub tasks: Tasks,
    /// The node may have something to send.
    pub to_say: Signal<NoopRawMutex, ()>,
    /// The node may have something for the board to do.
    pub to_do: Signal<NoopRawMutex, ()>,
    /// The sampling schedule may have changed.
    pub to_sense: Signal<NoopRawMutex, ()>,
}

impl<B: Board> Shared<B> {
    pub fn new(node: Ours, board: B) -> Option<Self> {
        let mut guardian = Guardian::new(LIMIT_US, now_us());
        let tasks = Tasks {
            sense: guardian.register()?,
            hear: guardian.register()?,
            speak: guardian.register()?,
            duty: guardian.register()?,
        };
        Some(Self {
            node: RefCell::new(node),
            board: RefCell::new(board),
            guardian: RefCell::new(guardian),
            tasks,
            to_say: Signal::new(),
            to_do: Signal::new(),
            to_sense: Signal::new(),
        })
    }

    /// The task works.
    pub fn check_in(&self, task: Task) {
        self.guardian.borrow_mut().check_in(task);
    }

    /// Until the next instant at which every task shows that it runs.
    pub async fn tick(&self) {
        Timer::at(Instant::from_micros(self.next_tick_us())).await;
    }

    /// That instant, microseconds.
    pub fn next_tick_us(&self) -> u64 {
        (now_us() / TICK_US + 1) * TICK_US
    }

    /// A reading of the sensor.
    pub fn take(&self, reading: Reading) {
        self.node.borrow_mut().sample(
            reading.mono_us,
            reading.quantity,
            reading.value,
            reading.quality,
        );
        self.to_say.signal(());
    }
}
