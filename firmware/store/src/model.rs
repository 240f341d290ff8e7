//! A NOR flash memory in RAM whose power can be cut: for tests, for the composing of images, and for nodes on a host.
//!
//! - Writing only clears bits; only an erase sets them, a whole sector at a time.
//! - Power can be cut at any write of a unit (a byte or a word) and at any erase. What is cut is left in one of many ways, see
//!   [`Leftover`]. After that nothing works until the power is back.

use std::vec;
use std::vec::Vec;

use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashErrorKind, ReadNorFlash,
};

/// What a cut leaves where it strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leftover {
    /// As it was before.
    Before,
    /// As it should have been after.
    After,
    /// Of a write, the odd bits; of an erase, the first half of the sector is erased.
    FirstHalf,
    /// Of a write, the even bits; of an erase, the second half of the sector is erased.
    SecondHalf,
    /// Every bit that had to change did so or did not, by this seed.
    Random(u64),
    /// Of an erase, all bits are zero, as some chips make them first; of a write, all bits of the unit.
    Zeros,
    /// Of an erase, the first and last 64 bytes of the sector are still there, and the rest is erased; of a write, like `Before`.
    Ends,
    /// Of an erase, every second eight bytes are erased; of a write, like `Before`.
    Stripes,
}

impl Leftover {
    /// Every kind, with one seed.
    pub const ALL: [Self; 8] = [
        Leftover::Before,
        Leftover::After,
        Leftover::FirstHalf,
        Leftover::SecondHalf,
        Leftover::Random(1),
        Leftover::Zeros,
        Leftover::Ends,
        Leftover::Stripes,
    ];
}

/// The memory. `UNIT` is how many bytes are written at once, `SECTOR` what the traits tell as the size of an erase.
#[derive(Clone, Debug)]
pub struct FlashModel<const UNIT: usize, const SECTOR: usize> {
    bytes: Vec<u8>,
    /// Where each sector ends.
    ends: Vec<usize>,
    erases: Vec<u32>,
    steps: u64,
    cut: Option<(u64, Leftover)>,
    has_power: bool,
    broken: Vec<usize>,
    checks: bool,
}

impl<const UNIT: usize, const SECTOR: usize> FlashModel<UNIT, SECTOR> {
    /// An erased memory with sectors of these sizes in bytes.
    pub fn new(sectors: &[usize]) -> Self {
        let mut end = 0;
        let ends: Vec<usize> = sectors
            .iter()
            .map(|bytes| {
                end += bytes;
                end
            })
            .collect();
        Self {
            bytes: vec![0xFF; end],
            erases: vec![0; ends.len()],
            ends,
            steps: 0,
            cut: None,
            has_power: true,
            broken: Vec::new(),
            checks: false,
        }
    }

    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What is in it, to damage it.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// How often each sector was erased.
    pub fn erases(&self) -> &[u32] {
        &self.erases
    }

    /// Writes of a unit and erases of a sector so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Lets `steps` more writes and erases pass and cuts the power in the next.
    pub fn cut_after(&mut self, steps: u64, leftover: Leftover) {
        self.cut = Some((self.steps + steps, leftover));
    }

    /// Whether the power is there.
    pub fn has_power(&self) -> bool {
        self.has_power
    }

    /// The power is back, and stays.
    pub fn restore_power(&mut self) {
        (self.cut, self.has_power) = (None, true);
    }

    /// From now on this byte keeps what it has.
    pub fn break_byte(&mut self, at: usize) {
        self.broken.push(at);
    }

    /// From now on a write that does not leave what it should is an error, as drivers have it that read back.
    pub fn check_writes(&mut self) {
        self.checks = true;
    }

    /// Whether the next step is one that is cut short, and how.
    fn step(&mut self) -> Result<Option<Leftover>, NorFlashErrorKind> {
        if !self.has_power {
            return Err(NorFlashErrorKind::Other);
        }
        if let Some((at, leftover)) = self.cut
            && self.steps == at
        {
            self.has_power = false;
            return Ok(Some(leftover));
        }
        self.steps += 1;
        Ok(None)
    }

    /// Changes the bytes from `at` to `target`, or part of the way.
    fn change(&mut self, at: usize, target: &[u8], cut: Option<Leftover>) {
        let mut random = match cut {
            Some(Leftover::Random(seed)) => seed ^ (at as u64 + 1).wrapping_mul(0x9E37_79B9),
            _ => 0,
        };
        let (is_erase, length) = (target.len() > UNIT, target.len());
        for (index, &target) in target.iter().enumerate() {
            let byte = &mut self.bytes[at + index];
            let mask = match cut {
                None | Some(Leftover::After) => 0xFF,
                Some(Leftover::Before) => 0,
                Some(Leftover::FirstHalf) if is_erase => 0xFF * u8::from(index < length / 2),
                Some(Leftover::SecondHalf) if is_erase => 0xFF * u8::from(index >= length / 2),
                Some(Leftover::FirstHalf) => 0x55,
                Some(Leftover::SecondHalf) => 0xAA,
                Some(Leftover::Ends) => match is_erase && index >= 64 && index + 64 < length {
                    true => 0xFF,
                    false => 0,
                },
                Some(Leftover::Stripes) => 0xFF * u8::from(is_erase && index / 8 % 2 == 1),
                Some(Leftover::Zeros) => {
                    if !self.broken.contains(&(at + index)) {
                        *byte = 0;
                    }
                    continue;
                }
                Some(Leftover::Random(_)) => {
                    // Xorshift, Marsaglia (2003): good enough to be different everywhere.
                    random |= 1;
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    (random >> 24) as u8
                }
            };
            if !self.broken.contains(&(at + index)) {
                *byte = (*byte & !mask) | (target & mask);
            }
        }
    }
}

impl<const UNIT: usize, const SECTOR: usize> ErrorType for FlashModel<UNIT, SECTOR> {
    type Error = NorFlashErrorKind;
}

impl<const UNIT: usize, const SECTOR: usize> ReadNorFlash for FlashModel<UNIT, SECTOR> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        if !self.has_power {
            return Err(NorFlashErrorKind::Other);
        }
        let at = offset as usize;
        let from = self.bytes.get(at..at + bytes.len());
        bytes.copy_from_slice(from.ok_or(NorFlashErrorKind::OutOfBounds)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const UNIT: usize, const SECTOR: usize> NorFlash for FlashModel<UNIT, SECTOR> {
    const WRITE_SIZE: usize = UNIT;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        let mut at = from as usize;
        while at < to as usize {
            let sector = self.ends.iter().position(|&end| at < end);
            let sector = sector.ok_or(NorFlashErrorKind::OutOfBounds)?;
            let start = sector.checked_sub(1).map_or(0, |before| self.ends[before]);
            let end = self.ends[sector];
            if at != start || end > to as usize {
                return Err(NorFlashErrorKind::NotAligned);
            }
            let cut = self.step()?;
            self.erases[sector] += 1;
            self.change(start, &vec![0xFF; end - start], cut);
            if cut.is_some() {
                return Err(NorFlashErrorKind::Other);
            }
            at = end;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        embedded_storage::nor_flash::check_write(self, offset, bytes.len())?;
        for (index, unit) in bytes.chunks(UNIT).enumerate() {
            let at = offset as usize + index * UNIT;
            let cut = self.step()?;
            let old = &self.bytes[at..at + UNIT];
            let new: Vec<u8> = old.iter().zip(unit).map(|(old, new)| old & new).collect();
            self.change(at, &new, cut);
            if cut.is_some() || (self.checks && self.bytes[at..at + UNIT] != *unit) {
                return Err(NorFlashErrorKind::Other);
            }
        }
        Ok(())
    }
}

impl<const UNIT: usize, const SECTOR: usize> MultiwriteNorFlash for FlashModel<UNIT, SECTOR> {}
