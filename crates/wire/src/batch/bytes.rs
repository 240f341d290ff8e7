//! Bounded writing and reading of bytes and variable-length integers.
//!
//! Varints are as in postcard and LEB128: seven bits a byte, lowest first, the high bit set on all but
//! the last. Signed numbers are zigzag-mapped first: 0, -1, 1, -2 become 0, 1, 2, 3.
//!
//! Invariant: nothing here panics or reads past its slice, whatever the bytes.

use super::{BatchError, MAX_BATCH_BYTES};
use crate::checksum;

/// A `u64` takes at most this many bytes.
const MAX_VARINT_BYTES: usize = 10;

pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Bytes that [`Writer::varint`] takes for `value`.
pub(super) const fn varint_bytes(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Appends to a slice.
pub(super) struct Writer<'o> {
    out: &'o mut [u8],
    length: usize,
    /// What running out of space means: the caller's buffer, or the format's limit.
    full: BatchError,
}

impl<'o> Writer<'o> {
    pub fn new(out: &'o mut [u8]) -> Self {
        let (out, full) = if out.len() > MAX_BATCH_BYTES {
            (&mut out[..MAX_BATCH_BYTES], BatchError::TooLong)
        } else if out.len() == MAX_BATCH_BYTES {
            (out, BatchError::TooLong)
        } else {
            (out, BatchError::OutputTooSmall)
        };
        Writer {
            out,
            length: 0,
            full,
        }
    }

    pub fn len(&self) -> usize {
        self.length
    }

    /// Goes back to an earlier length, to write a column in another form.
    pub fn rewind(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    #[inline]
    pub fn byte(&mut self, byte: u8) -> Result<(), BatchError> {
        *self.out.get_mut(self.length).ok_or(self.full)? = byte;
        self.length += 1;
        Ok(())
    }

    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), BatchError> {
        let end = self.length + bytes.len();
        self.out
            .get_mut(self.length..end)
            .ok_or(self.full)?
            .copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }

    /// Appends the checksum of all that was written.
    pub fn seal(&mut self) -> Result<(), BatchError> {
        self.bytes(&checksum::seal(&self.out[..self.length]))
    }

    #[inline]
    pub fn varint(&mut self, mut value: u64) -> Result<(), BatchError> {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80)?;
            value >>= 7;
        }
        self.byte(value as u8)
    }
}

/// Takes from the front of a slice, checking as it goes.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    #[inline]
    pub fn byte(&mut self) -> Result<u8, BatchError> {
        let (&byte, rest) = self.0.split_first().ok_or(BatchError::Truncated)?;
        self.0 = rest;
        Ok(byte)
    }

    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], BatchError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(BatchError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], BatchError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(BatchError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    #[inline]
    pub fn varint(&mut self) -> Result<u64, BatchError> {
        if let [byte, rest @ ..] = self.0
            && *byte < 0x80
        {
            self.0 = rest;
            return Ok(u64::from(*byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, BatchError> {
        let mut value = 0;
        for index in 0..MAX_VARINT_BYTES {
            let byte = self.byte()?;
            if index == MAX_VARINT_BYTES - 1 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(BatchError::Varint)
    }

    pub fn varint_u32(&mut self) -> Result<u32, BatchError> {
        u32::try_from(self.varint()?).map_err(|_| BatchError::Varint)
    }

    /// Takes `count` varints unread, having checked each of them.
    pub fn varints(&mut self, count: usize) -> Result<Varints<'a>, BatchError> {
        let start = self.0;
        let mut left = count;
        // Eight bytes at a time while they cannot end the column. Bytes without an end are counted across
        // the border of two words, so that a varint too long for its type cannot hide there; which one it
        // is, and whether it may be ten bytes, is left to the slow way.
        let mut open = 0;
        while left >= 8 {
            let Some((word, rest)) = self.0.split_first_chunk::<8>() else {
                break;
            };
            let ends = !u64::from_le_bytes(*word) & HIGH_BITS;
            if ends == 0 || open + ends.trailing_zeros() / 8 >= MAX_VARINT_BYTES as u32 - 1 {
                return self.varints_slowly(start, count);
            }
            open = ends.leading_zeros() / 8;
            left -= ends.count_ones() as usize;
            self.0 = rest;
        }
        self.finish_varints(start, left)
    }

    /// Completes `left` more varints; the first of them may have begun up to seven bytes earlier.
    fn finish_varints(&mut self, start: &'a [u8], left: usize) -> Result<Varints<'a>, BatchError> {
        let begun = start.len() - self.0.len();
        let carried = start[..begun]
            .iter()
            .rev()
            .take_while(|byte| **byte >= 0x80)
            .count();
        self.0 = &start[begun - carried..];
        for _ in 0..left {
            self.varint()?;
        }
        Ok(Varints(&start[..start.len() - self.0.len()]))
    }

    #[cold]
    fn varints_slowly(&mut self, start: &'a [u8], count: usize) -> Result<Varints<'a>, BatchError> {
        self.0 = start;
        for _ in 0..count {
            self.varint()?;
        }
        Ok(Varints(&start[..start.len() - self.0.len()]))
    }
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Varints that have been checked. Gives zeros after the last one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Varints<'a>(&'a [u8]);

impl Varints<'_> {
    /// No varints: gives zeros for ever, as a column of zero residuals would.
    pub const NONE: Varints<'static> = Varints(&[]);

    /// One and two bytes have branches of their own: where lengths repeat, the processor guesses them and
    /// need not wait for one varint to know where the next begins.
    #[inline]
    pub fn next(&mut self) -> u64 {
        match self.0 {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.0 = rest;
                u64::from(*byte)
            }
            [low, high, rest @ ..] if *high < 0x80 => {
                self.0 = rest;
                u64::from(low & 0x7f) | u64::from(*high) << 7
            }
            [] => 0,
            _ => self.next_long(),
        }
    }

    /// Three bytes or more. Up to eight are gathered from one word without a branch on the length: long
    /// varints are irregular ones.
    #[inline]
    fn next_long(&mut self) -> u64 {
        if let Some(word) = self.0.first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let ends = !word & HIGH_BITS;
            if ends != 0 {
                let last_bit = ends.trailing_zeros();
                self.0 = &self.0[last_bit as usize / 8 + 1..];
                // Keep the bytes up to the last one, drop the high bits, then close the gaps in three
                // steps: 8x7 bits, 4x14, 2x28, 56.
                let word = word & (u64::MAX >> (63 - last_bit)) & !HIGH_BITS;
                let word = (word & 0x007f_007f_007f_007f) | (word & 0x7f00_7f00_7f00_7f00) >> 1;
                let word = (word & 0x0000_3fff_0000_3fff) | (word & 0x3fff_0000_3fff_0000) >> 2;
                return (word & 0x0fff_ffff) | (word & 0x0fff_ffff_0000_0000) >> 4;
            }
        }
        let mut value = 0;
        let mut shift = 0;
        while let [byte, rest @ ..] = self.0 {
            self.0 = rest;
            value |= u64::from(byte & 0x7f).unbounded_shl(shift);
            if *byte < 0x80 {
                break;
            }
            shift += 7;
        }
        value
    }
}
