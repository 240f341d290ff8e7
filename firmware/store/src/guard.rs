//! Sectors that know whether they were erased to the end.
//!
//! An erase that is cut leaves anything: old bytes, new bytes, a mixture, even a sector that looks in use or blank. The records'
//! own layout cannot tell, and would repair itself from the wrong sector. So the first bytes of each sector hold a seal, out
//! of the records' sight:
//!
//! 1. before an erase the seal is overwritten with zeros, which NOR flash always can;
//! 2. the sector is erased and read back blank;
//! 3. the seal is written.
//!
//! A sector without a seal is one whose erase was begun and not finished; [`Guard::open`] erases it again. Neither a half erased
//! seal nor a zeroed one resembles a whole one: more than [`TOLERANCE`] of its bits are wrong, while a good sector may have
//! some flipped.

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// Bytes at the start of each sector that the records do not see.
pub(crate) const SEAL_BYTES: usize = 32;

/// What the very first record may have left when the power was cut in it: its two copies and the mark of a page in use.
const BEGIN_BYTES: usize = 64;

/// The records' word, bytes: the same on every board, so that an area composed on a host fits.
pub(crate) const WORD: usize = 4;

/// About half of its bits are ones: as far from erased as from overwritten.
const SEAL: &[u8; SEAL_BYTES] = b"watchfire store: sector is ready";

/// Wrong bits of 256 that still make a seal.
const TOLERANCE: u32 = 31;

/// How the sectors were found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Found {
    /// Sectors whose erase was begun and not finished. It is finished now.
    pub unfinished: usize,
    /// Nothing was ever written, apart from seals and the first [`BEGIN_BYTES`] of the first sector.
    pub blank: bool,
}

/// Whole sectors of a flash, each behind its seal.
pub(crate) struct Guard<F> {
    flash: F,
}

impl<F: MultiwriteNorFlash> Guard<F> {
    /// Takes the whole of `flash` and finishes what a power cut interrupted.
    pub async fn open(flash: F) -> Result<(Self, Found), NorFlashErrorKind> {
        let mut guard = Self { flash };
        let mut found = Found {
            unfinished: 0,
            blank: true,
        };
        for sector in 0..guard.sectors() {
            let begin = if sector == 0 { BEGIN_BYTES } else { 0 };
            found.blank &= guard.is_blank(sector, SEAL_BYTES + begin).await?;
        }
        for sector in 0..guard.sectors() {
            if !guard.is_sealed(sector).await? {
                found.unfinished += 1;
                guard.finish(sector).await?;
            }
        }
        Ok((guard, found))
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// Number of sectors.
    pub fn sectors(&self) -> usize {
        self.flash.capacity() / F::ERASE_SIZE
    }

    async fn is_sealed(&mut self, sector: usize) -> Result<bool, NorFlashErrorKind> {
        let mut bytes = [0; SEAL_BYTES];
        let at = start::<F>(sector);
        self.flash.read(at, &mut bytes).await.map_err(kind)?;
        let wrong = bytes.iter().zip(SEAL).map(|(a, b)| (a ^ b).count_ones());
        Ok(wrong.sum::<u32>() <= TOLERANCE)
    }

    async fn is_blank(&mut self, sector: usize, from: usize) -> Result<bool, NorFlashErrorKind> {
        let mut bytes = [0; SEAL_BYTES];
        for offset in (from..F::ERASE_SIZE).step_by(SEAL_BYTES) {
            let at = start::<F>(sector) + offset as u32;
            self.flash.read(at, &mut bytes).await.map_err(kind)?;
            if bytes.iter().any(|&byte| byte != 0xFF) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn finish(&mut self, sector: usize) -> Result<(), NorFlashErrorKind> {
        let at = start::<F>(sector);
        // A new chip's sectors are blank: nothing to wear, and no erase that a cut could leave half done.
        if !self.is_blank(sector, 0).await? {
            let end = start::<F>(sector + 1);
            self.flash.erase(at, end).await.map_err(kind)?;
            if !self.is_blank(sector, 0).await? {
                return Err(NorFlashErrorKind::Other);
            }
        }
        self.flash.write(at, SEAL).await.map_err(kind)?;
        if self.is_sealed(sector).await? {
            Ok(())
        } else {
            Err(NorFlashErrorKind::Other)
        }
    }

    /// Erases everything. Cut at any point after the seals are gone, [`Guard::open`] finds no sector with a seal, and no record.
    pub async fn erase_all(&mut self) -> Result<(), NorFlashErrorKind> {
        for sector in 0..self.sectors() {
            let at = start::<F>(sector);
            self.flash.write(at, &[0; SEAL_BYTES]).await.map_err(kind)?;
        }
        for sector in 0..self.sectors() {
            self.finish(sector).await?;
        }
        Ok(())
    }

    async fn erase_sector(&mut self, sector: usize) -> Result<(), NorFlashErrorKind> {
        let at = start::<F>(sector);
        let zeros = [0; SEAL_BYTES];
        self.flash.write(at, &zeros).await.map_err(kind)?;
        self.finish(sector).await
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

fn start<F: NorFlash>(sector: usize) -> u32 {
    (sector * F::ERASE_SIZE) as u32
}

fn kind(error: impl NorFlashError) -> NorFlashErrorKind {
    error.kind()
}

impl<F> ErrorType for Guard<F> {
    type Error = NorFlashErrorKind;
}

impl<F: MultiwriteNorFlash> ReadNorFlash for Guard<F> {
    const READ_SIZE: usize = WORD;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        let at = self.place(offset, bytes.len())?;
        self.flash.read(at, bytes).await.map_err(kind)
    }

    fn capacity(&self) -> usize {
        self.sectors() * Self::ERASE_SIZE
    }
}

impl<F: MultiwriteNorFlash> NorFlash for Guard<F> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = F::ERASE_SIZE - SEAL_BYTES;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        let (from, to) = (from as usize, to as usize);
        if !from.is_multiple_of(Self::ERASE_SIZE) || !to.is_multiple_of(Self::ERASE_SIZE) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        let sectors = from / Self::ERASE_SIZE..to / Self::ERASE_SIZE;
        if sectors.end > self.sectors() {
            return Err(NorFlashErrorKind::OutOfBounds);
        }
        for sector in sectors {
            self.erase_sector(sector).await?;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        let at = self.place(offset, bytes.len())?;
        self.flash.write(at, bytes).await.map_err(kind)
    }
}
