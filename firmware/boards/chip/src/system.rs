//! Reset cause, watchdog, restart.

use stm32f4xx_hal::pac::{IWDG, RCC};
use stm32f4xx_hal::prelude::*;

/// What the chip says about its last reset. More than one bit of the register is set by most; the most telling one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Power was applied.
    PowerOn,
    /// The supply dipped below the brown-out level.
    BrownOut,
    /// A watchdog ran out.
    Watchdog,
    /// The program asked for it.
    Software,
    /// Return from a sleep that loses memory, or a forbidden one.
    LowPower,
    /// The reset pin.
    Pin,
    /// No bit was set.
    Unknown,
}

/// Reads the cause and clears it for the next time (RCC_CSR; RM0090, 7.3.21). Call it once; the bootloader leaves it alone.
pub fn reset_cause(rcc: &mut RCC) -> Cause {
    let csr = rcc.csr().read();
    // A power-on sets the brown-out and pin bits as well, every reset the pin's.
    let cause = if csr.porrstf().bit() {
        Cause::PowerOn
    } else if csr.borrstf().bit() {
        Cause::BrownOut
    } else if csr.wdgrstf().bit() || csr.wwdgrstf().bit() {
        Cause::Watchdog
    } else if csr.sftrstf().bit() {
        Cause::Software
    } else if csr.lpwrrstf().bit() {
        Cause::LowPower
    } else if csr.padrstf().bit() {
        Cause::Pin
    } else {
        Cause::Unknown
    };
    rcc.csr().modify(|_, w| w.rmvf().set_bit());
    cause
}

/// The independent watchdog: once started, only a reset stops it.
pub struct Watchdog(stm32f4xx_hal::watchdog::IndependentWatchdog);

impl Watchdog {
    /// Starts it: more than 10 s without [`Watchdog::feed`] reset the node. Longer than erasing the largest sector takes.
    #[must_use]
    pub fn start(registers: IWDG) -> Self {
        let mut watchdog = stm32f4xx_hal::watchdog::IndependentWatchdog::new(registers);
        watchdog.start(10_000.millis());
        Self(watchdog)
    }

    /// All is well.
    pub fn feed(&mut self) {
        self.0.feed();
    }
}

/// Starts the chip anew.
pub fn restart() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}
