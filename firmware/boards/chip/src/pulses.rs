//! Both edges of a contact, with their times.
//!
//! The contact is wired to two pins: one interrupts when it closes (the pin rises), the other when it opens (it falls). So the
//! direction of an edge is known from the line that it came by, without reading a level that a bouncing contact may have left again.

use app::board::Edge;
use core::sync::atomic::{AtomicU32, Ordering};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::Instant;
use stm32f4xx_hal::gpio::{Edge as Trigger, ExtiPin, Input, Pin};
use stm32f4xx_hal::pac::{EXTI, SYSCFG};
use stm32f4xx_hal::prelude::*;
use stm32f4xx_hal::rcc::Rcc;

/// Edges that wait for the sampler: half a second of a contact that bounces every 4 ms.
const WAITING: usize = 128;

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

    /// Called by the interrupt of either line. An interrupt without its pending bit is none: emulators raise them on both edges.
    pub fn on_interrupt(&self, line: u8, closed: bool) {
        // SAFETY: the pending register is written one to clear; nobody else uses this line.
        let exti = unsafe { EXTI::steal() };
        if exti.pr().read().bits() & (1 << line) == 0 {
            return;
        }
        exti.pr().write(|w| unsafe { w.bits(1 << line) });
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

    /// Edges that found no room since the last call.
    pub fn take_lost(&self) -> u32 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

/// The two pins of the contact: the first interrupts when it closes, the second when it opens.
pub fn wire<const P: char, const CLOSES: u8, const OPENS: u8>(
    pins: (Pin<P, CLOSES, Input>, Pin<P, OPENS, Input>),
    syscfg: SYSCFG,
    mut exti: EXTI,
    rcc: &mut Rcc,
) where
    Pin<P, CLOSES, Input>: ExtiPin,
    Pin<P, OPENS, Input>: ExtiPin,
{
    let mut syscfg = syscfg.constrain(rcc);
    let (mut closes, mut opens) = pins;
    closes.make_interrupt_source(&mut syscfg);
    closes.trigger_on_edge(&mut exti, Trigger::Rising);
    closes.enable_interrupt(&mut exti);
    opens.make_interrupt_source(&mut syscfg);
    opens.trigger_on_edge(&mut exti, Trigger::Falling);
    opens.enable_interrupt(&mut exti);
}
