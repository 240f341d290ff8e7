//! Sectors that know whether they were erased to the end.
//!
//! An erase that is cut leaves anything: old bytes, new bytes, a mixture, even a sector that looks in use or blank. Layouts on
//! top of it cannot tell: records repair themselves from the wrong sector, and a boot loader copies from where it is not. So
//! the first bytes of each sector hold a seal, out of their sight:
//!
//! 1. before an erase the seal is overwritten with zeros, which NOR flash always can;
//! 2. the sector is erased and read back blank;
//! 3. the seal is written.
//!
//! A sector without a seal is one whose erase was begun and not finished; [`Sealed::open`] erases it again. Neither a half erased
//! seal nor a zeroed one resembles a whole one: more than [`TOLERANCE`] of its bits are wrong, while a good sector may have
//! some flipped.

use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use embedded_storage_async::nor_flash as asynchronous;

/// Bytes at the start of each sector that the records do not see.
pub(crate) const SEAL_BYTES: usize = 32;

/// What the very first record may have left when the power was cut in it: its two copies and the mark of a page in use.
const BEGIN_BYTES: usize = 64;

/// The word of what lies on top, bytes: the same on every board, so that an area composed on a host fits.
pub(crate) const WORD: usize = 4;

/// About half of its bits are ones: as far from erased as from overwritten.
const SEAL: &[u8; SEAL_BYTES] = b"watchfire store: sector is ready";

/// Wrong bits of 256 that still make a seal.
const TOLERANCE: u32 = 31;

/// How the sectors were found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// Sectors whose erase was begun and not finished. It is finished now.
    pub unfinished: usize,
    /// Nothing was ever written, apart from seals and the first [`BEGIN_BYTES`] of the first sector.
    pub blank: bool,
}

/// Whole sectors of a flash, each behind its seal. An erase of one has happened to the end, or it has not begun.
pub struct Sealed<F> {
    flash: F,
    erases: u32,
}

impl<F: MultiwriteNorFlash> Sealed<F> {
    /// Takes the whole of `flash` and finishes what a power cut interrupted.
    ///
    /// # Errors
    /// What the flash reports; also when an erased sector does not read back erased.
    pub fn open(flash: F) -> Result<(Self, Found), NorFlashErrorKind> {
        let mut sealed = Self { flash, erases: 0 };
        let mut found = Found {
            unfinished: 0,
            blank: true,
        };
        for sector in 0..sealed.sectors() {
            let begin = if sector == 0 { BEGIN_BYTES } else { 0 };
            found.blank &= sealed.is_blank(sector, SEAL_BYTES + begin)?;
        }
        for sector in 0..sealed.sectors() {
            if !sealed.is_sealed(sector)? {
                found.unfinished += 1;
                sealed.finish(sector)?;
            }
        }
        Ok((sealed, found))
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// Erases since it was opened, so that somebody can see that there was one.
    pub(crate) fn erases(&self) -> u32 {
        self.erases
    }

    /// Words of a sector that are not erased, seal and marks of the page's state not counted.
    pub(crate) fn written(&mut self, sector: usize) -> Result<usize, NorFlashErrorKind> {
        let mut bytes = [0; SEAL_BYTES];
        let mut count = 0;
        for offset in (SEAL_BYTES..F::ERASE_SIZE).step_by(SEAL_BYTES) {
            let at = start::<F>(sector) + offset as u32;
            self.flash.read(at, &mut bytes).map_err(kind)?;
            let last = offset + SEAL_BYTES == F::ERASE_SIZE;
            let range = if offset == SEAL_BYTES { WORD } else { 0 }..if last {
                SEAL_BYTES - WORD
            } else {
                SEAL_BYTES
            };
            count += written_words(&bytes[range]);
        }
        Ok(count)
    }

    /// Number of sectors.
    pub(crate) fn sectors(&self) -> usize {
        self.flash.capacity() / F::ERASE_SIZE
    }

    fn is_sealed(&mut self, sector: usize) -> Result<bool, NorFlashErrorKind> {
        let mut bytes = [0; SEAL_BYTES];
        let at = start::<F>(sector);
        self.flash.read(at, &mut bytes).map_err(kind)?;
        let wrong = bytes.iter().zip(SEAL).map(|(a, b)| (a ^ b).count_ones());
        Ok(wrong.sum::<u32>() <= TOLERANCE)
    }

    fn is_blank(&mut self, sector: usize, from: usize) -> Result<bool, NorFlashErrorKind> {
        let mut bytes = [0; SEAL_BYTES];
        for offset in (from..F::ERASE_SIZE).step_by(SEAL_BYTES) {
            let at = start::<F>(sector) + offset as u32;
            self.flash.read(at, &mut bytes).map_err(kind)?;
            if bytes.iter().any(|&byte| byte != 0xFF) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn finish(&mut self, sector: usize) -> Result<(), NorFlashErrorKind> {
        self.erases = self.erases.wrapping_add(1);
        let at = start::<F>(sector);
        // A new chip's sectors are blank: nothing to wear, and no erase that a cut could leave half done.
        if !self.is_blank(sector, 0)? {
            let end = start::<F>(sector + 1);
            self.flash.erase(at, end).map_err(kind)?;
            if !self.is_blank(sector, 0)? {
                return Err(NorFlashErrorKind::Other);
            }
        }
        self.flash.write(at, SEAL).map_err(kind)?;
        if self.is_sealed(sector)? {
            Ok(())
        } else {
            Err(NorFlashErrorKind::Other)
        }
    }

    /// Erases everything. Cut at any point after the seals are gone, [`Sealed::open`] finds no sector with a seal, and no record.
    pub(crate) fn erase_all(&mut self) -> Result<(), NorFlashErrorKind> {
        for sector in 0..self.sectors() {
            let at = start::<F>(sector);
            self.flash.write(at, &[0; SEAL_BYTES]).map_err(kind)?;
        }
        for sector in 0..self.sectors() {
            self.finish(sector)?;
        }
        Ok(())
    }

    fn erase_sector(&mut self, sector: usize) -> Result<(), NorFlashErrorKind> {
        let at = start::<F>(sector);
        let zeros = [0; SEAL_BYTES];
        self.flash.write(at, &zeros).map_err(kind)?;
        self.finish(sector)
    }

    /// Where the records' `offset` is in the flash, when `length` bytes from there stay within a sector.
    fn place(&self, offset: u32, length: usize) -> Result<u32, NorFlashErrorKind> {
        let page = F::ERASE_SIZE - SEAL_BYTES;
        let (sector, within) = (offset as usize / page, offset as usize % page);
        if sector >= self.sectors() || length > page - within {
            return Err(NorFlashErrorKind::OutOfBounds);
        }
        Ok(start::<F>(sector) + (SEAL_BYTES + within) as u32)
    }
}

/// Words that are not erased; the last may be cut short.
pub(crate) fn written_words(bytes: &[u8]) -> usize {
    let words = bytes.chunks(WORD);
    words.filter(|word| **word != [0xFF; WORD]).count()
}

fn start<F: NorFlash>(sector: usize) -> u32 {
    (sector * F::ERASE_SIZE) as u32
}

fn kind(error: impl NorFlashError) -> NorFlashErrorKind {
    error.kind()
}

impl<F> ErrorType for Sealed<F> {
    type Error = NorFlashErrorKind;
}

impl<F: MultiwriteNorFlash> ReadNorFlash for Sealed<F> {
    const READ_SIZE: usize = WORD;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        let at = self.place(offset, bytes.len())?;
        self.flash.read(at, bytes).map_err(kind)
    }

    fn capacity(&self) -> usize {
        self.sectors() * <Self as NorFlash>::ERASE_SIZE
    }
}

impl<F: MultiwriteNorFlash> NorFlash for Sealed<F> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = F::ERASE_SIZE - SEAL_BYTES;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        embedded_storage::nor_flash::check_erase(self, from, to)?;
        let page = <Self as NorFlash>::ERASE_SIZE;
        for sector in from as usize / page..to as usize / page {
            self.erase_sector(sector)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        let at = self.place(offset, bytes.len())?;
        self.flash.write(at, bytes).map_err(kind)
    }
}

impl<F: MultiwriteNorFlash> asynchronous::ReadNorFlash for Sealed<F> {
    const READ_SIZE: usize = WORD;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        ReadNorFlash::read(self, offset, bytes)
    }

    fn capacity(&self) -> usize {
        ReadNorFlash::capacity(self)
    }
}

impl<F: MultiwriteNorFlash> asynchronous::NorFlash for Sealed<F> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = <Self as NorFlash>::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        NorFlash::erase(self, from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        NorFlash::write(self, offset, bytes)
    }
}
