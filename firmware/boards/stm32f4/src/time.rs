//! embassy-time on SysTick, without a regular tick.
use core::cell::RefCell;
use cortex_m::peripheral::{SYST, syst::SystClkSource};
use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

const TICKS_PER_US: u64 = 21;
const MAX: u32 = 0x00ff_ffff;
/// Shortest span that is worth an interrupt of its own, ticks.
const MIN: u64 = 42;
/// Ticks that pass between reading the counter and its new start.
const RELOAD_TICKS: u64 = 2;

struct State {
    syst: Option<SYST>,
    /// Ticks up to the last start of the counter.
    base: u64,
    /// Ticks that the counter runs before it wraps.
    span: u32,
    queue: Queue,
}

struct SysTickDriver {
    state: Mutex<RefCell<State>>,
}

embassy_time_driver::time_driver_impl!(static DRIVER: SysTickDriver = SysTickDriver {
    state: Mutex::new(RefCell::new(State { syst: None, base: 0, span: 0, queue: Queue::new() })),
});

impl State {
    fn now(&mut self) -> u64 {
        let Some(syst) = self.syst.as_mut() else {
            return 0;
        };
        let mut value = syst.cvr.read();
        if syst.has_wrapped() {
            self.base += u64::from(self.span);
            value = syst.cvr.read();
        }
        // 0 is the last tick of a span.
        let passed = if value == 0 {
            u64::from(self.span) - 1
        } else {
            u64::from(self.span) - u64::from(value)
        };
        self.base + passed
    }

    fn arm(&mut self) {
        let now = self.now();
        let next = self.queue.next_expiration(now / TICKS_PER_US);
        let ticks = if next == u64::MAX {
            u64::from(MAX)
        } else {
            (next.saturating_mul(TICKS_PER_US))
                .saturating_sub(now)
                .clamp(MIN, u64::from(MAX))
        };
        let Some(syst) = self.syst.as_mut() else {
            return;
        };
        let end = self.base + u64::from(self.span);
        // A span that ends soon enough, and not much too soon, is left alone.
        if now + ticks == end {
            return;
        }
        let now2 = {
            let v = syst.cvr.read();
            if v == 0 {
                self.base + u64::from(self.span) - 1
            } else {
                self.base + u64::from(self.span) - u64::from(v)
            }
        };
        syst.set_reload(ticks as u32 - 1);
        syst.clear_current();
        if syst.has_wrapped() {}
        self.base = now2 + RELOAD_TICKS;
        self.span = ticks as u32;
    }
}

impl Driver for SysTickDriver {
    fn now(&self) -> u64 {
        critical_section::with(|cs| self.state.borrow_ref_mut(cs).now() / TICKS_PER_US)
    }
    fn schedule_wake(&self, at: u64, waker: &core::task::Waker) {
        critical_section::with(|cs| {
            let mut state = self.state.borrow_ref_mut(cs);
            if state.queue.schedule_wake(at, waker) {
                state.arm();
            }
        })
    }
}

pub fn start(mut syst: SYST) {
    syst.set_clock_source(SystClkSource::External);
    syst.set_reload(MAX - 1);
    syst.clear_current();
    syst.enable_interrupt();
    syst.enable_counter();
    critical_section::with(|cs| {
        let mut s = DRIVER.state.borrow_ref_mut(cs);
        s.span = MAX;
        s.syst = Some(syst);
    });
}

#[cortex_m_rt::exception]
fn SysTick() {
    critical_section::with(|cs| DRIVER.state.borrow_ref_mut(cs).arm());
}
