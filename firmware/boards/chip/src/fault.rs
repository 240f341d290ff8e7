//! What happens when the program itself is wrong: it says so to a debugger and starts anew.
//!
//! A node that stands still is a missed wave. The cause of the reset in the next birth is `software`, and the edge counts it.

use cortex_m_rt::{ExceptionFrame, exception};
use defmt_rtt as _;

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    // The place, not the message: the code that formats messages would be a seventh of the image.
    if let Some(place) = info.location() {
        defmt::error!("panic at {=str}:{=u32}", place.file(), place.line());
    }
    crate::system::restart()
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    defmt::error!(
        "hard fault at {=u32:#x}, called from {=u32:#x}",
        frame.pc(),
        frame.lr()
    );
    crate::system::restart()
}

defmt::timestamp!("{=u64:us}", embassy_time::Instant::now().as_micros());
