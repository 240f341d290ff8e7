//! A part of a flash memory that several owners share.
//!
//! The STM32F4 has sectors of 16, 64 and 128 KiB, and its HAL names one size for all of them. A partition lies on sectors of
//! one size and says which; so the records can use the small ones and the boot loader the large ones of the same memory.

use core::cell::RefCell;

use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError as _, NorFlashErrorKind, ReadNorFlash,
};

/// `bytes` from `start` of a flash, on sectors of `SECTOR` bytes each. Words are four bytes, whatever smaller size the flash has.
pub struct Partition<'f, F, const SECTOR: usize> {
    flash: &'f RefCell<F>,
    start: u32,
    bytes: u32,
}

impl<'f, F: NorFlash, const SECTOR: usize> Partition<'f, F, SECTOR> {
    /// The part of `flash` that begins `start` bytes from its first and holds `bytes`.
    ///
    /// # Panics
    /// When `start` or `bytes` are no multiples of `SECTOR`, or the flash ends before the partition: a board's table is wrong.
    pub fn new(flash: &'f RefCell<F>, start: u32, bytes: u32) -> Self {
        const {
            assert!(4 % F::WRITE_SIZE == 0 && F::READ_SIZE == 1 && SECTOR.is_multiple_of(4));
        }
        let whole = |number: u32| (number as usize).is_multiple_of(SECTOR);
        assert!(whole(bytes) && (start as usize).is_multiple_of(4));
        assert!(start as usize + bytes as usize <= flash.borrow().capacity());
        Self {
            flash,
            start,
            bytes,
        }
    }

    fn check(&self, offset: u32, length: usize) -> Result<u32, NorFlashErrorKind> {
        let end = (offset as usize).checked_add(length);
        match end.is_some_and(|end| end <= self.bytes as usize) {
            true => Ok(self.start + offset),
            false => Err(NorFlashErrorKind::OutOfBounds),
        }
    }
}

impl<F, const SECTOR: usize> ErrorType for Partition<'_, F, SECTOR> {
    type Error = NorFlashErrorKind;
}

impl<F: NorFlash, const SECTOR: usize> ReadNorFlash for Partition<'_, F, SECTOR> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        let at = self.check(offset, bytes.len())?;
        let mut flash = self.flash.borrow_mut();
        flash.read(at, bytes).map_err(|e| e.kind())
    }

    fn capacity(&self) -> usize {
        self.bytes as usize
    }
}

impl<F: NorFlash, const SECTOR: usize> NorFlash for Partition<'_, F, SECTOR> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        embedded_storage::nor_flash::check_erase(self, from, to)?;
        let mut flash = self.flash.borrow_mut();
        flash
            .erase(self.start + from, self.start + to)
            .map_err(|e| e.kind())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        embedded_storage::nor_flash::check_write(self, offset, bytes.len())?;
        let mut flash = self.flash.borrow_mut();
        flash
            .write(self.start + offset, bytes)
            .map_err(|e| e.kind())
    }
}

impl<F: MultiwriteNorFlash, const SECTOR: usize> MultiwriteNorFlash for Partition<'_, F, SECTOR> {}
