//! The bootloader: finishes an exchange of images that is due, or takes back one that was not confirmed, then starts the node.
//!
//! It runs on the oscillator that the chip starts with, and under the watchdog: an image that hangs before it has started its own is
//! ended after 32 s, and then the one before comes back.
#![no_std]
#![no_main]

use chip::flash::{Error, Flash};
use chip::system::{self, Watchdog};
use core::cell::RefCell;
use embedded_storage::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use stm32f4xx_hal::pac;
use store::Partition;
use update::layout::{IMAGE_SECTOR, ONE_MIB, Region, STATE_SECTOR};

/// Bytes that are copied at once.
const PIECE: usize = 2_048;

/// Where a stack can begin: the ends of the chip's memories.
const STACKS: [core::ops::RangeInclusive<u32>; 2] =
    [0x1000_0008..=0x1001_0000, 0x2000_0008..=0x2002_0000];

/// The flash, with a watchdog that is fed before each operation: an exchange takes longer than the watchdog waits, but no step of it.
struct Fed {
    flash: Flash,
    watchdog: Watchdog,
}

impl ErrorType for Fed {
    type Error = Error;
}

impl ReadNorFlash for Fed {
    const READ_SIZE: usize = Flash::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        self.flash.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl NorFlash for Fed {
    const WRITE_SIZE: usize = Flash::WRITE_SIZE;
    const ERASE_SIZE: usize = Flash::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        self.watchdog.feed();
        self.flash.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.watchdog.feed();
        self.flash.write(offset, bytes)
    }
}

impl MultiwriteNorFlash for Fed {}

#[cortex_m_rt::entry]
fn main() -> ! {
    let Some(chip) = pac::Peripherals::take() else {
        system::restart()
    };
    let flash = RefCell::new(Fed {
        flash: Flash::new(chip.FLASH, ONE_MIB.flash_bytes as usize),
        watchdog: Watchdog::start_slow(chip.IWDG),
    });
    let images =
        |region: Region| Partition::<_, IMAGE_SECTOR>::new(&flash, region.offset, region.bytes);
    let state =
        Partition::<_, STATE_SECTOR>::new(&flash, ONE_MIB.state.offset, ONE_MIB.state.bytes);
    let mut buffer = [0; PIECE];
    let decided = update::boot(
        images(ONE_MIB.active),
        images(ONE_MIB.dfu),
        state,
        &mut buffer,
    );
    if decided.is_err() {
        // The exchange goes on from where it stopped.
        system::restart();
    }
    let mut stack = [0; 4];
    let read = flash.borrow_mut().read(ONE_MIB.active.offset, &mut stack);
    let stack = u32::from_le_bytes(stack);
    if read.is_err() || !STACKS.iter().any(|memory| memory.contains(&stack)) {
        // No image: the watchdog tries again, in case a debugger is just writing one.
        loop {
            cortex_m::asm::wfi();
        }
    }
    start(ONE_MIB.active.address())
}

fn start(vectors: u32) -> ! {
    // SAFETY: the last thing that this program does. Interrupts were never unmasked; the image's vector table begins with its stack,
    // which was looked at, and its first instruction; it sets VTOR itself, and again here for the time until then.
    unsafe {
        (*cortex_m::peripheral::SCB::PTR).vtor.write(vectors);
        cortex_m::asm::bootload(vectors as *const u32)
    }
}
