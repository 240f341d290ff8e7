//! Writing a batch: look at the columns once, then write each in its shortest exact form.

use super::bytes::{Writer, varint_bytes, zigzag};
use super::value::{self, Decimal};
use super::{
    BatchError, FLAG_BACKLOG, Header, MAX_READINGS, MAX_STATIONS, Reading, Station, Version, form,
};
use crate::topic::{MAX_ID_BYTES, is_id};

/// Writes a batch to the front of `out` and returns its length in bytes. A buffer of
/// [`super::MAX_BATCH_BYTES`] is always long enough for what fits the format; readings of ordinary
/// sensors take 3 to 12 bytes each.
///
/// # Errors
/// [`BatchError::TooManyReadings`], `TooManyStations`, `Id`, `StationIndex`, `OutputTooSmall` or
/// `TooLong`. The content of `out` is unspecified then.
pub fn encode(
    header: &Header<'_>,
    stations: &[Station<'_>],
    readings: &[Reading],
    out: &mut [u8],
) -> Result<usize, BatchError> {
    encode_as(Version::LATEST, header, stations, readings, out)
}

/// The same in a version of choice: what stands in an older batch's place is of its version.
///
/// # Errors
/// As [`encode`].
pub fn encode_as(
    version: Version,
    header: &Header<'_>,
    stations: &[Station<'_>],
    readings: &[Reading],
    out: &mut [u8],
) -> Result<usize, BatchError> {
    if readings.len() > MAX_READINGS {
        return Err(BatchError::TooManyReadings);
    }
    if stations.len() > MAX_STATIONS {
        return Err(BatchError::TooManyStations);
    }
    if let Some(reading) = readings
        .iter()
        .find(|reading| usize::from(reading.station) >= stations.len())
    {
        return Err(BatchError::StationIndex(reading.station));
    }
    let mut writer = Writer::new(out);
    writer.byte(version.byte())?;
    writer.byte(if header.backlog { FLAG_BACKLOG } else { 0 })?;
    id(&mut writer, header.edge)?;
    writer.bytes(&header.outbox.to_le_bytes())?;
    writer.varint(header.offset)?;
    writer.bytes(&header.sent_us.to_le_bytes())?;

    let mut expected = first_seqs(readings);
    writer.varint(stations.len() as u64)?;
    for (station, first_seq) in stations.iter().zip(&expected) {
        id(&mut writer, station.id)?;
        writer.varint(station.node.into())?;
        writer.varint(station.boot.into())?;
        writer.varint(*first_seq)?;
    }

    writer.varint(readings.len() as u64)?;
    if let [first, ..] = readings {
        station_column(&mut writer, first, readings, stations.len())?;
        byte_column(&mut writer, readings, |reading| reading.quantity.code())?;
        byte_column(&mut writer, readings, |reading| reading.quality)?;
        time_column(&mut writer, first, readings, header.sent_us)?;
        seq_column(&mut writer, readings, &mut expected)?;
        value_column(&mut writer, readings)?;
    }
    if version == Version::V2 {
        writer.seal()?;
    }
    Ok(writer.len())
}

fn id(writer: &mut Writer<'_>, id: &str) -> Result<(), BatchError> {
    if !is_id(id) {
        return Err(BatchError::Id);
    }
    const { assert!(MAX_ID_BYTES < 0x80, "the length of an id is one byte") };
    writer.byte(id.len() as u8)?;
    writer.bytes(id.as_bytes())
}

/// For each station the sequence number of its first reading; zero without one.
fn first_seqs(readings: &[Reading]) -> [u64; MAX_STATIONS] {
    let mut first = [0; MAX_STATIONS];
    for reading in readings.iter().rev() {
        if let Some(place) = first.get_mut(usize::from(reading.station)) {
            *place = reading.seq;
        }
    }
    first
}

fn station_column(
    writer: &mut Writer<'_>,
    first: &Reading,
    readings: &[Reading],
    stations: usize,
) -> Result<(), BatchError> {
    if readings.iter().all(|r| r.station == first.station) {
        writer.byte(form::CONSTANT)?;
        writer.varint(first.station.into())
    } else if stations <= 256 {
        writer.byte(form::EACH)?;
        readings
            .iter()
            .try_for_each(|r| writer.byte(r.station as u8))
    } else {
        writer.byte(form::WIDE)?;
        readings
            .iter()
            .try_for_each(|r| writer.bytes(&r.station.to_le_bytes()))
    }
}

fn byte_column(
    writer: &mut Writer<'_>,
    readings: &[Reading],
    byte: impl Fn(&Reading) -> u8,
) -> Result<(), BatchError> {
    let first = readings.first().map_or(0, &byte);
    if readings.iter().all(|reading| byte(reading) == first) {
        writer.byte(form::CONSTANT)?;
        writer.byte(first)
    } else {
        writer.byte(form::EACH)?;
        readings.iter().try_for_each(|r| writer.byte(byte(r)))
    }
}

/// Times as differences from a regular step. Three steps are tried: none (stations polled together), the
/// mean (one station with a jittering clock) and the first difference (one station with a gap).
fn time_column(
    writer: &mut Writer<'_>,
    first: &Reading,
    readings: &[Reading],
    sent_us: i64,
) -> Result<(), BatchError> {
    let last = readings.last().unwrap_or(first);
    let second = readings.get(1).unwrap_or(first);
    let steps_us = [
        0,
        last.time_us.wrapping_sub(first.time_us) / (readings.len() as i64 - 1).max(1),
        second.time_us.wrapping_sub(first.time_us),
    ];
    let residual = |pair: &[Reading], step_us: i64| {
        let difference = pair[1].time_us.wrapping_sub(pair[0].time_us);
        zigzag(difference.wrapping_sub(step_us))
    };
    let mut costs = [0; 3];
    let mut zero = [true; 3];
    for pair in readings.windows(2) {
        for (index, step_us) in steps_us.into_iter().enumerate() {
            let residual = residual(pair, step_us);
            costs[index] += varint_bytes(residual);
            zero[index] &= residual == 0;
        }
    }
    let best = (0..3)
        .min_by_key(|index| (!zero[*index], costs[*index]))
        .unwrap_or(0);
    let step_us = steps_us[best];

    writer.byte(if zero[best] {
        form::CONSTANT
    } else {
        form::EACH
    })?;
    writer.varint(zigzag(first.time_us.wrapping_sub(sent_us)))?;
    writer.varint(zigzag(step_us))?;
    if zero[best] {
        return Ok(());
    }
    readings
        .windows(2)
        .try_for_each(|pair| writer.varint(residual(pair, step_us)))
}

/// Sequence numbers as differences from the previous one of the same station, plus one.
fn seq_column(
    writer: &mut Writer<'_>,
    readings: &[Reading],
    expected: &mut [u64; MAX_STATIONS],
) -> Result<(), BatchError> {
    let start = writer.len();
    let mut regular = true;
    writer.byte(form::EACH)?;
    for reading in readings {
        let place = &mut expected[usize::from(reading.station) % MAX_STATIONS];
        let residual = reading.seq.wrapping_sub(*place) as i64;
        *place = reading.seq.wrapping_add(1);
        regular &= residual == 0;
        writer.varint(zigzag(residual))?;
    }
    if regular {
        writer.rewind(start);
        writer.byte(form::CONSTANT)?;
    }
    Ok(())
}

fn value_column(writer: &mut Writer<'_>, readings: &[Reading]) -> Result<(), BatchError> {
    let start = writer.len();
    let choice = value::choose(readings.iter().map(|reading| reading.value));
    let plain_bytes = 1 + readings.len() * if choice.single { 4 } else { 8 };
    if let Some(scale) = choice.scale {
        // The decimal form can need more room than the plain one before it turns out to be longer.
        match decimal_column(writer, readings, scale) {
            Ok(true) if writer.len() - start <= plain_bytes => return Ok(()),
            Ok(_) | Err(BatchError::OutputTooSmall | BatchError::TooLong) => writer.rewind(start),
            Err(error) => return Err(error),
        }
    }
    if choice.single {
        writer.byte(form::SINGLE)?;
        readings
            .iter()
            .try_for_each(|r| writer.bytes(&(r.value as f32).to_le_bytes()))
    } else {
        writer.byte(form::DOUBLE)?;
        readings
            .iter()
            .try_for_each(|r| writer.bytes(&r.value.to_le_bytes()))
    }
}

/// Writes the decimal form; false if some value is not exact in it after all, since a scale that suits
/// one value is not proven to suit those before it.
fn decimal_column(
    writer: &mut Writer<'_>,
    readings: &[Reading],
    scale: u8,
) -> Result<bool, BatchError> {
    writer.byte(form::DECIMAL)?;
    writer.byte(scale)?;
    let mut previous = 0;
    for reading in readings {
        match value::decimal(reading.value, scale) {
            Some(Decimal::Integer(integer)) => {
                // Integers stay within 2^50, so neither the difference nor the one added can overflow.
                writer.varint(zigzag(integer - previous) + 1)?;
                previous = integer;
            }
            Some(Decimal::NaN) => writer.varint(0)?,
            None => return Ok(false),
        }
    }
    Ok(true)
}
