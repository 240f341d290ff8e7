//! Reset cause, watchdog, restart.

use core::mem::MaybeUninit;
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
    /// Starts it: more than 25 s without [`Watchdog::feed`] reset the node. Its oscillator may be half as fast again (17 s): longer than
    /// erasing the largest sector takes (4 s) between two feedings.
    #[must_use]
    pub fn start(registers: IWDG) -> Self {
        Self::of(registers, 25_000)
    }

    /// Starts it with the longest time that it has, 32 s: for the bootloader, whose image starts it anew.
    #[must_use]
    pub fn start_slow(registers: IWDG) -> Self {
        Self::of(registers, 32_000)
    }

    fn of(registers: IWDG, period_ms: u32) -> Self {
        let mut watchdog = stm32f4xx_hal::watchdog::IndependentWatchdog::new(registers);
        watchdog.start(period_ms.millis());
        Self(watchdog)
    }

    /// All is well.
    pub fn feed(&mut self) {
        self.0.feed();
    }
}

/// One word that start-up code does not clear.
#[unsafe(link_section = ".uninit.STALLED")]
static mut STALLED: MaybeUninit<u32> = MaybeUninit::uninit();

/// What the word looks like when it was written by [`remember`]; the lowest byte is what is remembered.
const REMEMBERED: u32 = 0x57A1_1E00;

/// Keeps a byte over a reset.
pub fn remember(byte: u8) {
    // SAFETY: a plain word of ours, touched on one thread only.
    unsafe {
        (&raw mut STALLED)
            .cast::<u32>()
            .write_volatile(REMEMBERED | u32::from(byte))
    };
}

/// What [`remember`] kept before the last reset; 0 when there was nothing. Forgets it.
pub fn recall() -> u8 {
    // SAFETY: as above. After a power cut the word holds anything, which the pattern tells from what was written.
    let word = unsafe { (&raw mut STALLED).cast::<u32>().read_volatile() };
    remember(0);
    if word & !0xFF == REMEMBERED {
        word as u8
    } else {
        0
    }
}

/// Starts the chip anew.
pub fn restart() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}
