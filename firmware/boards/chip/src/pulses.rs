//! Both edges of a contact, with their times.
//!
//! The contact is wired to two pins: one interrupts when it closes (the pin rises), the other when it opens (it falls). So the
//! direction of an edge is known from the line that it came by, without reading a level that a bouncing contact may have left again.

use core::sync::atomic::{AtomicU32, Ordering};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::Instant;

/// Edges that wait for the sampler: half a second of a contact that bounces every 4 ms.
const WAITING: usize = 128;

/// One edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Microseconds since the start.
    pub at_us: u64,
    /// The contact closed.
    pub closed: bool,
}

/// Edges on their way from interrupt to task.
pub struct Pulses {
    edges: Channel<CriticalSectionRawMutex, Edge, WAITING>,
    lost: AtomicU32,
}

impl Default for Pulses {
    fn default() -> Self {
        Self::new()
    }
}

impl Pulses {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            edges: Channel::new(),
            lost: AtomicU32::new(0),
        }
    }

    /// Called by the interrupt of either line, once its pending bit was seen and cleared.
    pub fn on_edge(&self, closed: bool) {
        let edge = Edge {
            at_us: Instant::now().as_micros(),
            closed,
        };
        if self.edges.try_send(edge).is_err() {
            let lost = self.lost.load(Ordering::Relaxed);
            self.lost.store(lost.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// The next edge.
    pub async fn next(&self) -> Edge {
        self.edges.receive().await
    }

    /// Edges that found no room.
    pub fn lost(&self) -> u32 {
        self.lost.load(Ordering::Relaxed)
    }
}
