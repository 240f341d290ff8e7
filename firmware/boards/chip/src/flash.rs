//! The chip's own flash, as `embedded-storage`.
//!
//! Erasing stops the processor (one bank): up to 0.8 s for 16 KiB and 4 s for 128 KiB, byte by byte as the HAL does it (datasheet DS8626,
//! "Flash memory programming"; from memory, to be measured on a board). The watchdogs' periods are longer than one sector.
//!
//! The two functions that change flash have names of their own, because emulators do not model the flash controller: the rig stops
//! there, does what the controller would do, and can cut the power before, in the middle of, or after it.

use core::slice;
use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use stm32f4xx_hal::flash::FlashExt as _;
use stm32f4xx_hal::pac::{FLASH, Peripherals};

/// Where flash begins in the address space.
const START: usize = 0x0800_0000;

/// Sectors of all STM32F4 with one bank, from the start, KiB (reference manual RM0090, table 5); 128 from the sixth on.
const SECTORS_KIB: [u32; 5] = [16, 16, 16, 16, 64];

/// Why flash did not do what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Outside the chip's flash, or across its end.
    OutOfBounds,
    /// Not at the start or end of a sector.
    NotAligned,
    /// The controller refused, or the bytes are not what was written.
    Controller,
}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::Controller => NorFlashErrorKind::Other,
        }
    }
}

/// All of the flash. `store::Partition` makes parts of it whose sectors are of one size.
pub struct Flash {
    _registers: FLASH,
    bytes: usize,
}

impl Flash {
    /// Takes the controller over; the chip has `bytes` of flash.
    #[must_use]
    pub const fn new(registers: FLASH, bytes: usize) -> Self {
        Self {
            _registers: registers,
            bytes,
        }
    }
}

/// Number, start and end of the sector that begins at `offset`.
fn sector_at(offset: u32) -> Option<(u8, u32)> {
    let (mut start, mut number) = (0, 0u8);
    while start < offset {
        start += 1_024 * SECTORS_KIB.get(usize::from(number)).copied().unwrap_or(128);
        number += 1;
    }
    let kib = SECTORS_KIB.get(usize::from(number)).copied().unwrap_or(128);
    (start == offset).then_some((number, start + 1_024 * kib))
}

impl ErrorType for Flash {
    type Error = Error;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let offset = offset as usize;
        let end = offset.checked_add(bytes.len()).ok_or(Error::OutOfBounds)?;
        if end > self.bytes {
            return Err(Error::OutOfBounds);
        }
        // SAFETY: `START..START + bytes` is memory-mapped flash of this chip, readable at any time, and nothing writes it while this
        // slice lives: the functions that do are not called between here and the copy.
        let flash = unsafe { slice::from_raw_parts((START + offset) as *const u8, bytes.len()) };
        bytes.copy_from_slice(flash);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    /// The smallest sector; larger ones are erased as a whole or not at all.
    const ERASE_SIZE: usize = 16 * 1_024;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        if to as usize > self.bytes || from > to {
            return Err(Error::OutOfBounds);
        }
        let mut at = from;
        while at < to {
            let (_, end) = sector_at(at).ok_or(Error::NotAligned)?;
            if end > to {
                return Err(Error::NotAligned);
            }
            if watchfire_flash_erase(at) != 0 {
                return Err(Error::Controller);
            }
            at = end;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        let end = (offset as usize)
            .checked_add(bytes.len())
            .ok_or(Error::OutOfBounds)?;
        if end > self.bytes {
            return Err(Error::OutOfBounds);
        }
        let whole = |number: usize| number.is_multiple_of(Self::WRITE_SIZE);
        if !whole(offset as usize) || !whole(bytes.len()) {
            return Err(Error::NotAligned);
        }
        // SAFETY: the pointer and length are a slice's.
        if unsafe { watchfire_flash_program(offset, bytes.as_ptr(), bytes.len() as u32) } != 0 {
            return Err(Error::Controller);
        }
        let mut check = [0; 64];
        for (index, written) in bytes.chunks(check.len()).enumerate() {
            let check = &mut check[..written.len()];
            self.read(offset + (index * 64) as u32, check)?;
            // Bits only fall: writing over what is there may leave less than was asked for.
            if check.iter().zip(written).any(|(is, was)| is != was) {
                return Err(Error::Controller);
            }
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for Flash {}

/// The controller, with the errors of its last operation forgotten: the HAL reads them after each operation and clears none.
fn controller() -> FLASH {
    // SAFETY: `Flash` owns the controller's registers and is the only caller, on one thread.
    let registers = unsafe { Peripherals::steal() }.FLASH;
    // PGSERR, PGPERR, PGAERR, WRPERR, OPERR and EOP are cleared by writing ones (RM0090, 3.9.4).
    // SAFETY: no other bit of this register can be written.
    registers.sr().write(|w| unsafe { w.bits(0xF3) });
    registers
}

/// The caches of the flash may hold what was there before an erase: they are emptied (RM0090, 3.5.2: they must be off for that).
fn forget_cached(registers: &FLASH) {
    let acr = registers.acr();
    let before = acr.read();
    let (data, code) = (before.dcen().bit(), before.icen().bit());
    acr.modify(|_, w| w.dcen().clear_bit().icen().clear_bit());
    acr.modify(|_, w| w.dcrst().set_bit().icrst().set_bit());
    acr.modify(|_, w| w.dcrst().clear_bit().icrst().clear_bit());
    acr.modify(|_, w| w.dcen().bit(data).icen().bit(code));
}

/// Programs `length` bytes at `offset` from the start of flash; 0 when the controller was content.
///
/// # Safety
/// `data` points to `length` readable bytes.
#[unsafe(no_mangle)]
#[inline(never)]
unsafe extern "C" fn watchfire_flash_program(offset: u32, data: *const u8, length: u32) -> u32 {
    // SAFETY: as the caller promises.
    let bytes = unsafe { slice::from_raw_parts(data, length as usize) };
    let done = controller()
        .unlocked()
        .program(offset as usize, bytes.iter());
    u32::from(done.is_err())
}

/// Erases the sector that begins at `offset`; 0 when the controller was content.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn watchfire_flash_erase(offset: u32) -> u32 {
    let Some((sector, _)) = sector_at(offset) else {
        return 1;
    };
    let mut registers = controller();
    let done = crate::time::through(|| registers.unlocked().erase(sector));
    forget_cached(&registers);
    u32::from(done.is_err())
}
