//! The executor's loop.
//!
//! embassy's own sleeps by WFE, which emulators burn a processor on; this one sleeps by WFI with interrupts masked, so that a wake
//! between the last look and the sleep is not slept through: a pending interrupt ends WFI whether it is masked or not
//! (ARMv7-M Architecture Reference Manual, B1.5.19).

use core::sync::atomic::{AtomicBool, Ordering};
use embassy_executor::{Spawner, raw::Executor};
use static_cell::StaticCell;

static WOKEN: AtomicBool = AtomicBool::new(false);
static EXECUTOR: StaticCell<Executor> = StaticCell::new();

/// Called by the executor when a task has become ready.
#[unsafe(export_name = "__pender")]
fn pender(_context: *mut ()) {
    WOKEN.store(true, Ordering::Release);
}

/// Runs tasks for ever. `init` spawns them.
///
/// # Panics
/// When called twice.
pub fn run(init: impl FnOnce(Spawner)) -> ! {
    let executor = EXECUTOR.init(Executor::new(core::ptr::null_mut()));
    let executor: &'static Executor = executor;
    init(executor.spawner());
    loop {
        WOKEN.store(false, Ordering::Release);
        // SAFETY: `poll` must not be called recursively nor from two threads: this is the only call, in thread mode, and it does not
        // return here from within itself; `pender` does not call it.
        unsafe { executor.poll() };
        cortex_m::interrupt::disable();
        if !WOKEN.load(Ordering::Acquire) {
            watchfire_idle();
        }
        // SAFETY: no critical section is open here; the interrupt that ended the sleep runs now.
        unsafe { cortex_m::interrupt::enable() };
    }
}

/// Sleeps until an interrupt is pending. The rig stops the emulated processor on the first instruction, where the node has nothing
/// left to do and everything it has to say is said, and lets it go on with the second. The first reads a word that nobody else reads:
/// watching it costs the emulator a third of what a breakpoint costs.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn watchfire_idle() {
    core::arch::naked_asm!(
        ".balign 4",
        "ldr.n r0, 1f",
        "wfi",
        "bx lr",
        ".balign 4",
        "1: .word 0",
    )
}
