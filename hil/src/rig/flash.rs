//! The flash of an STM32F405, which the emulator does not have: it shows the bytes and knows no controller.
//!
//! Programming clears bits, erasing sets those of a sector (RM0090, section 3). A cut of the power leaves part of the work done, and
//! around the place where it stopped bits that are neither: some kept, some changed.

use super::error::Error;

/// Address of the first byte.
pub const BASE: u32 = 0x0800_0000;
/// Bytes.
pub const SIZE: usize = 1024 * 1024;

const K: usize = 1024;
/// Sizes of the sectors in order (RM0090, table 5).
pub const SECTORS: [usize; 12] = [
    16 * K,
    16 * K,
    16 * K,
    16 * K,
    64 * K,
    128 * K,
    128 * K,
    128 * K,
    128 * K,
    128 * K,
    128 * K,
    128 * K,
];

/// What the firmware asked of its flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Clear bits from an offset on.
    Program {
        /// From the start of the flash.
        offset: usize,
        /// The bytes as they shall be.
        bytes: Vec<u8>,
    },
    /// Set all bits of the sector that begins here.
    Erase {
        /// From the start of the flash.
        offset: usize,
    },
}

/// How much of an operation is done when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing yet.
    Nothing,
    /// This share in 256ths, and a few undecided bits behind it.
    Part(u8),
    /// All, but the firmware has not heard of it.
    All,
}

/// The bytes of the flash.
#[derive(Clone, PartialEq, Eq)]
pub struct Flash {
    bytes: Vec<u8>,
    /// Programmed since the rig began, bytes.
    pub programmed: u64,
    /// Erased since the rig began, by sector.
    pub erased: [u32; SECTORS.len()],
}

impl std::fmt::Debug for Flash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let blank = self.bytes.iter().filter(|b| **b == 0xff).count();
        write!(f, "Flash({} bytes, {blank} blank)", self.bytes.len())
    }
}

impl Default for Flash {
    fn default() -> Self {
        Self::blank()
    }
}

/// The sector that begins at an offset: its number and its size.
#[must_use]
pub fn sector(offset: usize) -> Option<(usize, usize)> {
    let mut start = 0;
    for (number, size) in SECTORS.into_iter().enumerate() {
        if start == offset {
            return Some((number, size));
        }
        start += size;
    }
    None
}

impl Flash {
    /// As it comes from the factory.
    #[must_use]
    pub fn blank() -> Self {
        Self {
            bytes: vec![0xff; SIZE],
            programmed: 0,
            erased: [0; SECTORS.len()],
        }
    }

    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes as a programmer's tool does, whatever was there.
    ///
    /// # Errors
    /// [`Error::Flash`] when it does not fit.
    pub fn place(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        let end = offset.checked_add(bytes.len());
        match end.and_then(|end| self.bytes.get_mut(offset..end)) {
            Some(place) => {
                place.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(Error::Flash(format!(
                "{} bytes at offset {offset:#x} do not fit into 1 MiB",
                bytes.len()
            ))),
        }
    }

    /// Does as much of an operation as the power lasts. Returns the range that may have changed and whether the firmware is told
    /// that it went well; nothing changes for one that makes no sense.
    #[expect(clippy::result_unit_err, reason = "the one way to fail is told")]
    pub fn apply(
        &mut self,
        operation: &Operation,
        done: Done,
    ) -> Result<std::ops::Range<usize>, ()> {
        let (range, target) = match operation {
            Operation::Program { offset, bytes } => {
                let end = offset.checked_add(bytes.len()).filter(|end| *end <= SIZE);
                (*offset..end.ok_or(())?, Some(bytes.as_slice()))
            }
            Operation::Erase { offset } => {
                let (number, size) = sector(*offset).ok_or(())?;
                if done != Done::Nothing {
                    self.erased[number] += 1;
                }
                (*offset..offset + size, None)
            }
        };
        let length = range.len();
        let complete = match done {
            Done::Nothing => 0,
            Done::Part(share) => length * usize::from(share) / 256,
            Done::All => length,
        };
        let is_cut = matches!(done, Done::Part(_));
        let cells = self.bytes.get_mut(range.clone()).ok_or(())?;
        for (n, cell) in cells.iter_mut().enumerate() {
            let full = match target {
                Some(bytes) => *cell & bytes.get(n).copied().unwrap_or(0xff),
                None => 0xff,
            };
            if n < complete {
                *cell = full;
            } else if is_cut && n < complete + 4 {
                // Neither as it was nor as it shall be; the same for the same cut, so that a failure can be repeated.
                let mask = (n as u8).wrapping_mul(0x9d) ^ 0x5a;
                *cell = (*cell & !mask) | (full & mask);
            }
        }
        if target.is_some() {
            self.programmed += complete as u64;
        }
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sectors_are_those_of_the_manual() {
        assert_eq!(SECTORS.iter().sum::<usize>(), SIZE);
        assert_eq!(sector(0), Some((0, 16 * K)));
        assert_eq!(sector(0x1_0000), Some((4, 64 * K)));
        assert_eq!(sector(0xe_0000), Some((11, 128 * K)));
        assert_eq!(sector(0x1_0004), None);
        assert_eq!(sector(SIZE), None);
    }

    #[test]
    fn programming_clears_bits_and_erasing_sets_those_of_a_sector() {
        let mut flash = Flash::blank();
        let write = |offset, bytes: &[u8]| Operation::Program {
            offset,
            bytes: bytes.to_vec(),
        };
        assert_eq!(
            flash.apply(&write(0x4000, &[0x0f, 0xf0]), Done::All),
            Ok(0x4000..0x4002)
        );
        assert!(
            flash
                .apply(&write(0x4000, &[0xff, 0x3c]), Done::All)
                .is_ok()
        );
        assert_eq!(flash.bytes()[0x4000..0x4003], [0x0f, 0x30, 0xff]);
        assert_eq!(
            flash.apply(&Operation::Erase { offset: 0x4000 }, Done::All),
            Ok(0x4000..0x8000)
        );
        assert_eq!(flash.bytes(), Flash::blank().bytes());
        assert_eq!(flash.erased[1], 1);
        let beyond = write(SIZE - 1, &[0, 0]);
        assert_eq!(flash.apply(&beyond, Done::All), Err(()));
        assert_eq!(
            flash.apply(&Operation::Erase { offset: 4 }, Done::All),
            Err(())
        );
    }

    #[test]
    fn a_cut_leaves_a_part_and_undecided_bits() {
        let mut flash = Flash::blank();
        let zeros = Operation::Program {
            offset: 0,
            bytes: vec![0; 64],
        };
        flash.apply(&zeros, Done::Nothing).expect("in range");
        assert_eq!(flash.bytes(), Flash::blank().bytes());
        flash.apply(&zeros, Done::Part(128)).expect("in range");
        assert!(flash.bytes()[..32].iter().all(|b| *b == 0));
        let undecided = &flash.bytes()[32..36];
        assert!(
            undecided.iter().all(|b| *b != 0 && *b != 0xff),
            "{undecided:?}"
        );
        assert!(flash.bytes()[36..].iter().all(|b| *b == 0xff));
    }
}
