use core::sync::atomic::{AtomicBool, Ordering};
use embassy_executor::{Spawner, raw::Executor};

static WOKEN: AtomicBool = AtomicBool::new(false);

#[unsafe(export_name = "__pender")]
fn pender(_: *mut ()) {
    WOKEN.store(true, Ordering::Release);
}

pub fn run(executor: &'static Executor, init: impl FnOnce(Spawner)) -> ! {
    init(executor.spawner());
    loop {
        WOKEN.store(false, Ordering::Release);
        unsafe { executor.poll() };
        cortex_m::interrupt::disable();
        if !WOKEN.load(Ordering::Acquire) {
            idle();
        }
        unsafe { cortex_m::interrupt::enable() };
    }
}

#[unsafe(naked)]
#[unsafe(export_name = "watchfire_idle")]
extern "C" fn idle() {
    core::arch::naked_asm!("nop", "wfi", "bx lr")
}
