//! How much of the stack was never used: painted at the start, looked at later.

use core::ptr;

/// What untouched stack looks like. Not a value that code tends to store.
const PAINT: u32 = 0x5AFE_57AC;

/// Left alone below the present top when painting: this function's own frame and an interrupt's.
const MARGIN_WORDS: usize = 64;

unsafe extern "C" {
    /// Where the stack's memory begins, as `memory.rs` tells the linker. Only its address means something.
    static mut _stack_end: u32;
}

/// The lowest word that the stack may use.
fn bottom() -> *mut u32 {
    &raw mut _stack_end
}

/// Paints the unused stack. Call it first thing in `main`, once.
#[inline(never)]
pub fn paint() {
    let here = cortex_m::register::msp::read() as usize;
    let words = here.saturating_sub(bottom() as usize) / 4;
    for word in 0..words.saturating_sub(MARGIN_WORDS) {
        // SAFETY: from its end up to well below the stack pointer the stack's memory is unused, and nothing else lives there;
        // interrupts push below the stack pointer within the margin.
        unsafe { ptr::write_volatile(bottom().add(word), PAINT) };
    }
}

/// Bytes that the stack has never reached since [`paint`].
#[must_use]
pub fn never_used_bytes() -> u32 {
    let mut word = bottom();
    let here = cortex_m::register::msp::read() as usize;
    // SAFETY: reads plain memory between the stack's end and the stack pointer.
    while (word as usize) < here && unsafe { ptr::read_volatile(word) } == PAINT {
        word = word.wrapping_add(1);
    }
    (word as usize - bottom() as usize) as u32
}
