//! Reading a batch: one pass that checks everything, then columns that cannot fail.

use super::bytes::{Reader, Varints};
use super::readings::{ByteColumn, StationColumn};
use super::{
    BatchError, FLAG_BACKLOG, Header, MAX_BATCH_BYTES, MAX_READINGS, MAX_STATIONS, Readings, Seqs,
    StationIndexes, Stations, Times, Values, Version, form,
};
use crate::checksum;
use crate::quantity::Quantity;
use crate::topic::is_id_bytes;

/// A batch whose bytes have been checked; it borrows them.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    version: Version,
    header: Header<'a>,
    stations: Stations<'a>,
    count: usize,
    station: StationColumn<'a>,
    quantity: ByteColumn<'a>,
    quality: ByteColumn<'a>,
    times: Times<'a>,
    seq_residuals: Varints<'a>,
    values: Values<'a>,
}

impl<'a> Batch<'a> {
    /// Checks all of `bytes` and gives access to what they hold.
    ///
    /// Takes time proportional to the length of `bytes`, and no memory.
    ///
    /// # Errors
    /// A [`BatchError`] that names the first thing found wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BatchError> {
        if bytes.len() > MAX_BATCH_BYTES {
            return Err(BatchError::TooLong);
        }
        let &version = bytes.first().ok_or(BatchError::Truncated)?;
        let version = Version::from_byte(version).ok_or(BatchError::Version(version))?;
        let content = match version {
            Version::V1 => bytes,
            Version::V2 => checksum::unseal(bytes).ok_or(BatchError::Checksum)?,
        };
        // After the version byte; there is always one, since the checksum of nothing is 0 and no version.
        let mut reader = Reader(content.get(1..).unwrap_or_default());
        let flags = reader.byte()?;
        if flags & !FLAG_BACKLOG != 0 {
            return Err(BatchError::Flags(flags));
        }
        let header = Header {
            edge: core::str::from_utf8(id(&mut reader)?).map_err(|_| BatchError::Id)?,
            outbox: u64::from_le_bytes(reader.array()?),
            offset: reader.varint()?,
            sent_us: i64::from_le_bytes(reader.array()?),
            backlog: flags & FLAG_BACKLOG != 0,
        };
        let stations = stations(&mut reader)?;
        let count = bounded(&mut reader, MAX_READINGS, BatchError::TooManyReadings)?;
        let batch = if count == 0 {
            Self::empty(version, header, stations)
        } else {
            Self::columns(&mut reader, version, header, stations, count)?
        };
        if reader.0.is_empty() {
            Ok(batch)
        } else {
            Err(BatchError::Trailing)
        }
    }

    /// A batch without readings has no columns at all.
    fn empty(version: Version, header: Header<'a>, stations: Stations<'a>) -> Self {
        Batch {
            version,
            header,
            stations,
            count: 0,
            station: StationColumn::Constant(0),
            quantity: ByteColumn::Constant(0),
            quality: ByteColumn::Constant(0),
            times: Times {
                left: 0,
                next_us: 0,
                step_us: 0,
                residuals: Varints::NONE,
            },
            seq_residuals: Varints::NONE,
            values: Values::NONE,
        }
    }

    fn columns(
        reader: &mut Reader<'a>,
        version: Version,
        header: Header<'a>,
        stations: Stations<'a>,
        count: usize,
    ) -> Result<Self, BatchError> {
        let station = StationColumn::parse(reader, count, stations.len())?;
        let quantity = ByteColumn::parse(reader, count)?;
        if let Some(code) = quantity
            .distinct()
            .find(|code| Quantity::from_code(*code).is_none())
        {
            return Err(BatchError::Quantity(code));
        }
        let quality = ByteColumn::parse(reader, count)?;
        let times = Times::parse(reader, count, header.sent_us)?;
        let seq_residuals = match reader.byte()? {
            form::CONSTANT => Varints::NONE,
            form::EACH => reader.varints(count)?,
            other => return Err(BatchError::Column(other)),
        };
        let values = Values::parse(reader, count)?;
        Ok(Batch {
            version,
            header,
            stations,
            count,
            station,
            quantity,
            quality,
            times,
            seq_residuals,
            values,
        })
    }

    /// In which version it came: answer in the same.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Where the batch comes from.
    pub fn header(&self) -> Header<'a> {
        self.header
    }

    /// How many readings there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no readings.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The station table. Entries need not differ, and may have no reading.
    pub fn stations(&self) -> Stations<'a> {
        self.stations.clone()
    }

    /// All readings, in order. Where only some columns are needed, their own iterators are faster.
    pub fn readings(&self) -> Readings<'a> {
        Readings {
            seqs: self.seqs(),
            times: self.times(),
            quantities: self.quantity,
            qualities: self.quality,
            values: self.values(),
        }
    }

    /// The station index of each reading.
    pub fn station_indexes(&self) -> StationIndexes<'a> {
        StationIndexes {
            index: 0,
            count: self.count,
            column: self.station,
        }
    }

    /// The time of each reading, UTC microseconds since the Unix epoch.
    pub fn times(&self) -> Times<'a> {
        self.times.clone()
    }

    /// The quantity of each reading.
    pub fn quantities(&self) -> impl Iterator<Item = Quantity> + use<'a> {
        let column = self.quantity;
        (0..self.count).filter_map(move |index| Quantity::from_code(column.get(index)))
    }

    /// The quantity, when it is the same for all readings and stored so.
    pub fn only_quantity(&self) -> Option<Quantity> {
        match self.quantity {
            ByteColumn::Constant(code) => Quantity::from_code(code),
            ByteColumn::Each(_) => None,
        }
    }

    /// The value of each reading, in its quantity's canonical unit.
    pub fn values(&self) -> Values<'a> {
        self.values.clone()
    }

    /// The [`crate::quality::Quality`] bits of each reading.
    pub fn qualities(&self) -> impl ExactSizeIterator<Item = u8> + use<'a> {
        let column = self.quality;
        (0..self.count).map(move |index| column.get(index))
    }

    /// The sequence number of each reading.
    pub fn seqs(&self) -> Seqs<'a> {
        let mut expected = [0; MAX_STATIONS];
        let mut reader = Reader(self.stations.reader);
        for place in expected.iter_mut().take(self.stations.left) {
            *place = entry(&mut reader, known_id).map_or(0, |entry| entry.first_seq);
        }
        Seqs {
            stations: self.station_indexes(),
            expected,
            residuals: self.seq_residuals,
        }
    }
}

/// Takes the station table, checking every entry.
fn stations<'a>(reader: &mut Reader<'a>) -> Result<Stations<'a>, BatchError> {
    let left = bounded(reader, MAX_STATIONS, BatchError::TooManyStations)?;
    let stations = Stations {
        left,
        reader: reader.0,
    };
    for _ in 0..left {
        entry(reader, id)?;
    }
    Ok(stations)
}

/// One entry of the station table.
pub(super) struct Entry<'a> {
    /// Valid as an id, therefore text.
    pub id: &'a [u8],
    pub node: u32,
    pub boot: u32,
    /// The sequence number expected first.
    pub first_seq: u64,
}

/// Takes one entry of the station table. The check of the id is for `parse`; later it is known.
#[inline]
pub(super) fn entry<'a>(
    reader: &mut Reader<'a>,
    id: impl Fn(&mut Reader<'a>) -> Result<&'a [u8], BatchError>,
) -> Result<Entry<'a>, BatchError> {
    Ok(Entry {
        id: id(reader)?,
        node: reader.varint_u32()?,
        boot: reader.varint_u32()?,
        first_seq: reader.varint()?,
    })
}

fn id<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], BatchError> {
    let bytes = known_id(reader)?;
    if is_id_bytes(bytes) {
        Ok(bytes)
    } else {
        Err(BatchError::Id)
    }
}

/// Takes an id that was checked before.
pub(super) fn known_id<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], BatchError> {
    let length = usize::from(reader.byte()?);
    reader.take(length)
}

fn bounded(reader: &mut Reader<'_>, most: usize, error: BatchError) -> Result<usize, BatchError> {
    usize::try_from(reader.varint()?)
        .ok()
        .filter(|count| *count <= most)
        .ok_or(error)
}
