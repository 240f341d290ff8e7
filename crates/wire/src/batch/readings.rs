//! Iterators over a parsed batch: whole readings, or one column at a time.
//!
//! Invariant: they are made by [`super::Batch`] only, after every byte was checked, so none of them can
//! fail. Time and sequence arithmetic is modulo 2^64: hostile differences give odd times, not panics.

use super::bytes::{Reader, Varints, unzigzag};
use super::parse::{entry, known_id};
use super::{BatchError, MAX_STATIONS, Reading, Station, Values, form};
use crate::quantity::Quantity;
use core::iter::FusedIterator;

/// A column of bytes that may all be the same.
#[derive(Clone, Copy, Debug)]
pub(super) enum ByteColumn<'a> {
    Constant(u8),
    Each(&'a [u8]),
}

impl<'a> ByteColumn<'a> {
    pub fn parse(reader: &mut Reader<'a>, count: usize) -> Result<Self, BatchError> {
        match reader.byte()? {
            form::CONSTANT => Ok(ByteColumn::Constant(reader.byte()?)),
            form::EACH => Ok(ByteColumn::Each(reader.take(count)?)),
            other => Err(BatchError::Column(other)),
        }
    }

    /// The bytes to check: one stands for all when they are the same.
    pub fn distinct(&self) -> impl Iterator<Item = u8> {
        let (one, each) = match self {
            ByteColumn::Constant(byte) => (Some(*byte), &[][..]),
            ByteColumn::Each(bytes) => (None, *bytes),
        };
        one.into_iter().chain(each.iter().copied())
    }

    #[inline]
    pub fn get(&self, index: usize) -> u8 {
        match self {
            ByteColumn::Constant(byte) => *byte,
            ByteColumn::Each(bytes) => bytes.get(index).copied().unwrap_or(0),
        }
    }
}

/// The column of station indexes.
#[derive(Clone, Copy, Debug)]
pub(super) enum StationColumn<'a> {
    Constant(u16),
    Each(&'a [u8]),
    Wide(&'a [[u8; 2]]),
}

impl<'a> StationColumn<'a> {
    /// Takes the column and checks every index against the table of `stations` entries.
    pub fn parse(
        reader: &mut Reader<'a>,
        count: usize,
        stations: usize,
    ) -> Result<Self, BatchError> {
        let column = match reader.byte()? {
            form::CONSTANT => {
                let index = reader.varint()?;
                StationColumn::Constant(u16::try_from(index).map_err(|_| BatchError::Varint)?)
            }
            form::EACH => StationColumn::Each(reader.take(count)?),
            form::WIDE => StationColumn::Wide(reader.take(count * 2)?.as_chunks().0),
            other => return Err(BatchError::Column(other)),
        };
        let highest = match column {
            StationColumn::Constant(index) => index,
            StationColumn::Each(bytes) => bytes.iter().copied().max().unwrap_or(0).into(),
            StationColumn::Wide(pairs) => pairs
                .iter()
                .map(|pair| u16::from_le_bytes(*pair))
                .max()
                .unwrap_or(0),
        };
        if usize::from(highest) < stations {
            Ok(column)
        } else {
            Err(BatchError::StationIndex(highest))
        }
    }

    #[inline]
    pub fn get(&self, index: usize) -> u16 {
        match self {
            StationColumn::Constant(station) => *station,
            StationColumn::Each(bytes) => bytes.get(index).copied().unwrap_or(0).into(),
            StationColumn::Wide(pairs) => {
                u16::from_le_bytes(pairs.get(index).copied().unwrap_or([0; 2]))
            }
        }
    }
}

/// Iterator over the station index of each reading.
#[derive(Clone, Debug)]
pub struct StationIndexes<'a> {
    pub(super) index: usize,
    pub(super) count: usize,
    pub(super) column: StationColumn<'a>,
}

impl Iterator for StationIndexes<'_> {
    type Item = u16;

    #[inline]
    fn next(&mut self) -> Option<u16> {
        if self.index == self.count {
            return None;
        }
        let station = self.column.get(self.index);
        self.index += 1;
        Some(station)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.index;
        (left, Some(left))
    }
}

impl ExactSizeIterator for StationIndexes<'_> {}

/// Iterator over the time of each reading, UTC microseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub struct Times<'a> {
    pub(super) left: usize,
    /// The time expected next.
    pub(super) next_us: i64,
    pub(super) step_us: i64,
    pub(super) residuals: Varints<'a>,
}

impl<'a> Times<'a> {
    /// Takes the column. The first time is stored relative to `sent_us`.
    pub(super) fn parse(
        reader: &mut Reader<'a>,
        count: usize,
        sent_us: i64,
    ) -> Result<Self, BatchError> {
        let form = reader.byte()?;
        let first_us = sent_us.wrapping_add(unzigzag(reader.varint()?));
        let step_us = unzigzag(reader.varint()?);
        let residuals = match form {
            form::CONSTANT => Varints::NONE,
            form::EACH => reader.varints(count.saturating_sub(1))?,
            other => return Err(BatchError::Column(other)),
        };
        Ok(Times {
            left: count,
            next_us: first_us,
            step_us,
            residuals,
        })
    }
}

impl Times<'_> {
    #[inline]
    fn step(&mut self) -> i64 {
        let time_us = self.next_us;
        self.next_us = time_us
            .wrapping_add(self.step_us)
            .wrapping_add(unzigzag(self.residuals.next()));
        time_us
    }
}

impl Iterator for Times<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        Some(self.step())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Times<'_> {}

/// Iterator over the sequence number of each reading.
#[derive(Clone, Debug)]
pub struct Seqs<'a> {
    pub(super) stations: StationIndexes<'a>,
    /// For each station the number expected next.
    pub(super) expected: [u64; MAX_STATIONS],
    pub(super) residuals: Varints<'a>,
}

/// The sequence number of a station's next reading.
#[inline]
fn expect(expected: &mut [u64; MAX_STATIONS], station: u16, residual: i64) -> u64 {
    // The index was checked in `parse`; the remainder only shows the compiler that it is in bounds.
    let expected = &mut expected[usize::from(station) % MAX_STATIONS];
    let seq = expected.wrapping_add_signed(residual);
    *expected = seq.wrapping_add(1);
    seq
}

impl Iterator for Seqs<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        let station = self.stations.next()?;
        let residual = unzigzag(self.residuals.next());
        Some(expect(&mut self.expected, station, residual))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stations.size_hint()
    }
}

impl ExactSizeIterator for Seqs<'_> {}

/// Iterator over a batch's station table.
#[derive(Clone, Debug)]
pub struct Stations<'a> {
    pub(super) left: usize,
    pub(super) reader: &'a [u8],
}

impl<'a> Iterator for Stations<'a> {
    type Item = Station<'a>;

    fn next(&mut self) -> Option<Station<'a>> {
        self.left = self.left.checked_sub(1)?;
        let mut reader = Reader(self.reader);
        let entry = entry(&mut reader, known_id).ok()?;
        self.reader = reader.0;
        Some(Station {
            id: core::str::from_utf8(entry.id).ok()?,
            node: entry.node,
            boot: entry.boot,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Stations<'_> {}

/// Iterator over whole readings, in the order in which they were encoded. `for_each` and `fold` are
/// faster than a `for` loop, see there.
#[derive(Clone, Debug)]
pub struct Readings<'a> {
    pub(super) seqs: Seqs<'a>,
    pub(super) times: Times<'a>,
    pub(super) quantities: ByteColumn<'a>,
    pub(super) qualities: ByteColumn<'a>,
    pub(super) values: Values<'a>,
}

impl Iterator for Readings<'_> {
    type Item = Reading;

    #[inline]
    fn next(&mut self) -> Option<Reading> {
        let index = self.seqs.stations.index;
        let station = self.seqs.stations.next()?;
        let residual = unzigzag(self.seqs.residuals.next());
        Some(Reading {
            station,
            time_us: self.times.next()?,
            quantity: Quantity::from_code(self.quantities.get(index))?,
            value: self.values.next()?,
            quality: self.qualities.get(index),
            seq: expect(&mut self.seqs.expected, station, residual),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.seqs.size_hint()
    }

    /// The same readings as [`Iterator::next`] gives. The array of expected sequence numbers is indexed by
    /// data, which pins whatever lies beside it to memory; taking the struct apart lets the columns'
    /// positions stay in registers.
    fn fold<B, F: FnMut(B, Reading) -> B>(self, init: B, mut f: F) -> B {
        let Readings {
            seqs:
                Seqs {
                    stations,
                    mut expected,
                    mut residuals,
                },
            mut times,
            quantities,
            qualities,
            mut values,
        } = self;
        let mut folded = init;
        for index in stations.index..stations.count {
            let station = stations.column.get(index);
            let residual = unzigzag(residuals.next());
            let (Some(quantity), Some(value)) =
                (Quantity::from_code(quantities.get(index)), values.next())
            else {
                break;
            };
            let reading = Reading {
                station,
                time_us: times.step(),
                quantity,
                value,
                quality: qualities.get(index),
                seq: expect(&mut expected, station, residual),
            };
            folded = f(folded, reading);
        }
        folded
    }
}

impl ExactSizeIterator for Readings<'_> {}
impl FusedIterator for Readings<'_> {}
