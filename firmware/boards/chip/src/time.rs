//! embassy-time on SysTick, without a regular tick.
//!
//! SysTick is the one timer that every Cortex-M4 and every emulator of it has. It counts 24 bits down at an eighth of the processor's
//! clock and interrupts at zero. This driver lets it run to the next timer of a task, 0.8 s at most, and adds up the spans that have
//! passed: `now = base + (span - counter)`.
//!
//! Starting a new span before the old one has ended costs the ticks between reading the counter and its new start. They are added
//! back ([`RELOAD_TICKS`]); what remains is a fraction of a tick, below 50 ns for each such start. The exchange of time with the edge
//! measures it together with the crystal's drift.

use core::cell::RefCell;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{DCB, DWT, SYST};
use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

/// Longest span, ticks: SysTick has 24 bits.
const LONGEST: u64 = 1 << 24;

/// Shortest span that is started, ticks: 24 us. A timer that is due sooner is served so much late. Much longer than [`IMMINENT`], or
/// spans that repeat would be at their end whenever they are looked at, and never be started anew.
const SHORTEST: u64 = 512;

/// So near its end a span is left alone, ticks: 3 us, longer than what follows takes.
const IMMINENT: u64 = 64;

/// Ticks between reading the counter and its new start: about ten cycles of the processor, and the rest of a tick.
const RELOAD_TICKS: u64 = 2;

struct Ticks {
    syst: Option<SYST>,
    /// Ticks a microsecond: the processor's clock in MHz over eight.
    per_us: u64,
    /// Ticks that had passed when the present span began.
    base: u64,
    /// Length of the present span, and of the next ones if nobody changes it.
    span: u64,
    timers: Queue,
}

struct SysTickDriver(Mutex<RefCell<Ticks>>);

embassy_time_driver::time_driver_impl!(static DRIVER: SysTickDriver = SysTickDriver(Mutex::new(RefCell::new(Ticks {
    syst: None,
    per_us: 1,
    base: 0,
    span: LONGEST,
    timers: Queue::new(),
}))));

impl Ticks {
    /// Ticks since the start. Called with interrupts masked, at least once a span: the interrupt at its end sees to that.
    fn now(&mut self) -> u64 {
        let Some(syst) = self.syst.as_mut() else {
            return 0;
        };
        let mut left = SYST::get_current();
        // Reading the flag clears it. A span that ended before or while the counter was read is added, and the counter read again.
        if syst.has_wrapped() {
            self.base += self.span;
            left = SYST::get_current();
        }
        // Zero lasts one tick: it ends the span before, which has been added, or follows a new start.
        let passed = if left == 0 {
            0
        } else {
            self.span - u64::from(left)
        };
        self.base + passed
    }

    /// Sees to it that an interrupt comes when the next timer is due, and not much too early again and again.
    fn arm(&mut self) {
        let now = self.now();
        let next_us = self.timers.next_expiration(now / self.per_us);
        let wanted = next_us
            .saturating_mul(self.per_us)
            .saturating_sub(now)
            .clamp(SHORTEST, LONGEST);
        let remaining = (self.base + self.span).saturating_sub(now);
        // The end of the span is at hand, and its interrupt calls this again.
        let imminent = remaining < IMMINENT;
        // Coming early once is cheaper than starting anew; coming early all the time is not.
        let fits = remaining <= wanted && wanted < remaining.saturating_mul(4);
        if imminent || fits {
            return;
        }
        let Some(syst) = self.syst.as_mut() else {
            return;
        };
        let mut left = SYST::get_current();
        if syst.has_wrapped() {
            self.base += self.span;
            left = SYST::get_current();
        }
        syst.set_reload(wanted as u32 - 1);
        syst.clear_current();
        self.base += self.span - u64::from(left) + RELOAD_TICKS;
        self.span = wanted;
    }
}

impl Driver for SysTickDriver {
    fn now(&self) -> u64 {
        critical_section::with(|cs| {
            let mut ticks = self.0.borrow_ref_mut(cs);
            ticks.now() / ticks.per_us
        })
    }

    fn schedule_wake(&self, at: u64, waker: &core::task::Waker) {
        critical_section::with(|cs| {
            let mut ticks = self.0.borrow_ref_mut(cs);
            if ticks.timers.schedule_wake(at, waker) {
                ticks.arm();
            }
        });
    }
}

/// Does something that stops the processor for longer than a span, and lets no time be lost over it: the counter's flag tells of one
/// end of a span only, so that the cycle counter has to tell how much passed. Up to 2^32 cycles, 25 s.
pub fn through<T>(work: impl FnOnce() -> T) -> T {
    critical_section::with(|cs| {
        let before = DRIVER.0.borrow_ref_mut(cs).now();
        let begun = DWT::cycle_count();
        let done = work();
        let cycles = DWT::cycle_count().wrapping_sub(begun);
        let mut ticks = DRIVER.0.borrow_ref_mut(cs);
        let passed = ticks.now() - before;
        // Less than what the spans say only where there is no such counter.
        let missed = u64::from(cycles / 8).saturating_sub(passed);
        ticks.base += missed;
        done
    })
}

/// Starts the clock. `hclk_hz` is the processor's clock, a multiple of 8 MHz.
pub fn start(mut syst: SYST, mut dcb: DCB, mut dwt: DWT, hclk_hz: u32) {
    dcb.enable_trace();
    dwt.enable_cycle_counter();
    syst.set_clock_source(SystClkSource::External);
    syst.set_reload(LONGEST as u32 - 1);
    syst.clear_current();
    syst.enable_interrupt();
    syst.enable_counter();
    critical_section::with(|cs| {
        let mut ticks = DRIVER.0.borrow_ref_mut(cs);
        ticks.per_us = u64::from(hclk_hz / 8_000_000);
        ticks.syst = Some(syst);
    });
}

#[cortex_m_rt::exception]
fn SysTick() {
    critical_section::with(|cs| DRIVER.0.borrow_ref_mut(cs).arm());
}
