//! Batches: what is written comes back bit for bit, and hostile bytes are refused by name.

use proptest::prelude::*;
use wire::batch::{
    Batch, BatchError, Header, MAX_BATCH_BYTES, MAX_READINGS, MAX_STATIONS, Reading, Station,
    Version, encode, encode_as,
};
use wire::quantity::Quantity;

const HEADER: Header<'static> = Header {
    edge: "edge-1",
    outbox: 0x0102_0304_0506_0708,
    offset: 300,
    sent_us: 1_267_254_842_000_000,
    backlog: false,
};

fn written(header: &Header<'_>, stations: &[Station<'_>], readings: &[Reading]) -> Vec<u8> {
    written_as(Version::LATEST, header, stations, readings)
}

fn written_as(
    version: Version,
    header: &Header<'_>,
    stations: &[Station<'_>],
    readings: &[Reading],
) -> Vec<u8> {
    let mut out = vec![0xaa; MAX_BATCH_BYTES];
    let length = encode_as(version, header, stations, readings, &mut out).expect("fits");
    out.truncate(length);
    out
}

/// Gives bytes that were changed on purpose the checksum that goes with them.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - wire::checksum::BYTES);
    bytes.extend(wire::checksum::seal(&bytes));
    bytes
}

fn station(id: &str) -> Station<'_> {
    Station {
        id,
        node: 70_000,
        boot: 2,
    }
}

fn reading(index: usize) -> Reading {
    Reading {
        station: (index % 3) as u16,
        time_us: HEADER.sent_us - 60_000_000 + index as i64 * 250_000,
        quantity: Quantity::ALL[index % Quantity::ALL.len()],
        value: index as f64 / 100.0 - 1.0,
        quality: (index % 5) as u8,
        seq: 1_000 + (index / 3) as u64,
    }
}

/// NaN is not equal to itself, so readings are compared with their value's bits.
fn bits(reading: &Reading) -> (u16, i64, Quantity, u64, u8, u64) {
    let value = reading.value.to_bits();
    let Reading {
        station,
        time_us,
        quantity,
        quality,
        seq,
        ..
    } = *reading;
    (station, time_us, quantity, value, quality, seq)
}

/// Writes, reads in every way there is, and compares; returns the encoded length.
fn round_trip(header: &Header<'_>, stations: &[Station<'_>], readings: &[Reading]) -> usize {
    let bytes = written(header, stations, readings);
    // The version before says the same and is four bytes shorter.
    let before = written_as(Version::V1, header, stations, readings);
    assert_eq!(before[1..], bytes[1..bytes.len() - wire::checksum::BYTES]);
    let read = |bytes: &[u8]| {
        let batch = Batch::parse(bytes).expect("just written");
        (
            batch.header().edge.to_owned(),
            batch.readings().map(|r| bits(&r)).collect::<Vec<_>>(),
        )
    };
    assert_eq!(read(&before), read(&bytes));
    let batch = Batch::parse(&bytes).expect("just written");
    assert_eq!(batch.version(), Version::V2);
    assert_eq!(batch.header(), *header);
    assert_eq!(batch.stations().collect::<Vec<_>>(), stations);
    assert_eq!(batch.len(), readings.len());
    assert_eq!(batch.is_empty(), readings.is_empty());
    assert_eq!(batch.readings().len(), readings.len());

    let expected: Vec<_> = readings.iter().map(bits).collect();
    let mut one_by_one = Vec::new();
    for reading in batch.readings() {
        one_by_one.push(bits(&reading));
    }
    assert_eq!(one_by_one, expected);
    let mut folded = Vec::new();
    let mut rest = batch.readings();
    folded.extend(rest.next().iter().map(bits));
    rest.for_each(|reading| folded.push(bits(&reading)));
    assert_eq!(folded, expected);

    let columns = batch
        .station_indexes()
        .zip(batch.times())
        .zip(batch.quantities())
        .zip(batch.values())
        .zip(batch.qualities())
        .zip(batch.seqs())
        .map(|(((((s, t), q), v), ql), n)| (s, t, q, v.to_bits(), ql, n));
    assert_eq!(columns.collect::<Vec<_>>(), expected);
    bytes.len()
}

const THREE: [Station<'static>; 3] = [
    Station {
        id: "a",
        node: 1,
        boot: 0,
    },
    Station {
        id: "b",
        node: 2,
        boot: u32::MAX,
    },
    Station {
        id: "b",
        node: u32::MAX,
        boot: 1,
    },
];

#[test]
fn batches_of_every_small_size_come_back() {
    for count in 0..40 {
        let readings: Vec<_> = (0..count).map(reading).collect();
        round_trip(&HEADER, &THREE, &readings);
    }
    round_trip(&HEADER, &[], &[]);
}

#[test]
fn the_largest_batch_comes_back() {
    let ids: Vec<_> = (0..MAX_STATIONS).map(|i| format!("{i:048}")).collect();
    let stations: Vec<_> = ids.iter().map(|id| station(id)).collect();
    let readings: Vec<_> = (0..MAX_READINGS)
        .map(|index| Reading {
            station: (index % MAX_STATIONS) as u16,
            ..reading(index)
        })
        .collect();
    round_trip(&HEADER, &stations, &readings);
}

/// The sizes that the design promises (12 bytes) and what regular sensors really take.
#[test]
fn readings_are_small() {
    let one = [station("dart-32412")];
    let dart = |index: usize| Reading {
        station: 0,
        time_us: HEADER.sent_us + index as i64 * 15_000_000,
        quantity: Quantity::SeaLevel,
        value: (43_228_000 + index as i64 % 37) as f64 / 1e4,
        quality: 0,
        seq: 5 + index as u64,
    };
    let readings: Vec<_> = (0..1_000).map(dart).collect();
    let length = round_trip(&HEADER, &one, &readings);
    assert!(length < 1_100, "regular times and decimals: {length}");

    let any_double = |index: usize| Reading {
        value: (index as f64).sin(),
        time_us: dart(index).time_us + index as i64 * 7_919 % 4_001,
        ..dart(index)
    };
    let readings: Vec<_> = (0..1_000).map(any_double).collect();
    let length = round_trip(&HEADER, &one, &readings);
    assert!(length < 11_000, "jitter and full doubles: {length}");

    let single = |index: usize| Reading {
        value: f64::from((index as f32).sin()),
        ..dart(index)
    };
    let readings: Vec<_> = (0..1_000).map(single).collect();
    let length = round_trip(&HEADER, &one, &readings);
    assert!(length < 4_100, "single precision: {length}");
}

#[test]
fn values_keep_their_bits() {
    let special = [
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -f64::NAN,
        f64::from_bits(0x7ff4_0000_0000_0001),
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        0.1,
        1.0 / 3.0,
        1e22,
        9_007_199_254_740_993.0,
        1.5,
    ];
    let at = |(index, value): (usize, &f64)| Reading {
        value: *value,
        ..reading(index * 3)
    };
    // All together, each alone, and each next to a decimal.
    round_trip(
        &HEADER,
        &THREE,
        &special.iter().enumerate().map(at).collect::<Vec<_>>(),
    );
    for value in special {
        round_trip(&HEADER, &THREE, &[at((0, &value))]);
        let pair = [12.34, value, 12.35, value];
        round_trip(
            &HEADER,
            &THREE,
            &pair.iter().enumerate().map(at).collect::<Vec<_>>(),
        );
    }
}

/// A missing value among decimals costs a byte, not the decimal form.
#[test]
fn missing_values_do_not_spoil_the_column() {
    let gap = |index: usize| Reading {
        station: 0,
        value: if index % 50 == 3 { f64::NAN } else { 230.1 },
        quality: 0,
        ..reading(index)
    };
    let readings: Vec<_> = (0..300).map(gap).collect();
    let length = round_trip(&HEADER, &THREE[..1], &readings);
    assert!(length < 1_600, "{length}");
}

#[test]
fn times_and_sequence_numbers_wrap_without_harm() {
    let extremes = [i64::MIN, i64::MAX, 0, -1, i64::MIN, 1];
    let at = |(index, time_us): (usize, &i64)| Reading {
        time_us: *time_us,
        seq: [u64::MAX, 0, 5, 4, u64::MAX / 2, u64::MAX][index],
        ..reading(index)
    };
    let readings: Vec<_> = extremes.iter().enumerate().map(at).collect();
    for sent_us in extremes {
        let header = Header { sent_us, ..HEADER };
        round_trip(&header, &THREE, &readings);
    }
}

#[test]
fn what_does_not_fit_is_refused_when_writing() {
    let out = &mut vec![0; 2 * MAX_BATCH_BYTES];
    let many = vec![reading(0); MAX_READINGS + 1];
    let refused = encode(&HEADER, &THREE, &many, out);
    assert_eq!(refused, Err(BatchError::TooManyReadings));
    let refused = encode(&HEADER, &[station("x"); MAX_STATIONS + 1], &[], out);
    assert_eq!(refused, Err(BatchError::TooManyStations));
    let refused = encode(&HEADER, &THREE[..2], &[reading(2)], out);
    assert_eq!(refused, Err(BatchError::StationIndex(2)));
    let refused = encode(&HEADER, &[station("a b")], &[], out);
    assert_eq!(refused, Err(BatchError::Id));
    let refused = encode(&Header { edge: "", ..HEADER }, &THREE, &[], out);
    assert_eq!(refused, Err(BatchError::Id));

    let readings: Vec<_> = (0..20).map(reading).collect();
    let length = written(&HEADER, &THREE, &readings).len();
    for short in 0..length {
        let refused = encode(&HEADER, &THREE, &readings, &mut out[..short]);
        assert_eq!(refused, Err(BatchError::OutputTooSmall), "{short}");
    }
    let exact = encode(&HEADER, &THREE, &readings, &mut out[..length]);
    assert_eq!(exact, Ok(length));
}

/// Every column at its worst is longer than the format allows; the writer says so instead of writing
/// what no reader takes.
#[test]
fn a_batch_beyond_the_limit_is_refused() {
    let worst = |index: usize| Reading {
        station: (index % MAX_STATIONS) as u16,
        // The square keeps the differences irregular.
        time_us: ((index * index) as i64).wrapping_mul(0x5851_f42d_4c95_7f2d),
        quantity: Quantity::ALL[index % 17],
        value: (index as f64).sqrt(),
        quality: index as u8,
        seq: (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
    };
    let ids: Vec<_> = (0..MAX_STATIONS).map(|i| format!("{i:048}")).collect();
    let stations: Vec<_> = ids.iter().map(|id| station(id)).collect();
    let readings: Vec<_> = (0..MAX_READINGS).map(worst).collect();
    let mut out = vec![0; 4 * MAX_BATCH_BYTES];
    let refused = encode(&HEADER, &stations, &readings, &mut out);
    assert_eq!(refused, Err(BatchError::TooLong));
    round_trip(&HEADER, &stations, &readings[..MAX_READINGS / 2]);
}

#[test]
fn every_truncation_and_every_addition_is_refused() {
    let readings: Vec<_> = (0..50).map(reading).collect();
    let bytes = written(&HEADER, &THREE, &readings);
    for length in 1..bytes.len() {
        let error = Batch::parse(&bytes[..length]).expect_err("cut");
        assert_eq!(error, BatchError::Checksum, "{length}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(Batch::parse(&longer).err(), Some(BatchError::Checksum));
    // Written so, not damaged.
    longer.extend([0; 4]);
    let longer = resealed(longer);
    assert_eq!(Batch::parse(&longer).err(), Some(BatchError::Trailing));

    let bytes = written_as(Version::V1, &HEADER, &THREE, &readings);
    for length in 0..bytes.len() {
        let error = Batch::parse(&bytes[..length]).expect_err("cut");
        assert_eq!(error, BatchError::Truncated, "{length}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(Batch::parse(&longer).err(), Some(BatchError::Trailing));
    let long = vec![0; MAX_BATCH_BYTES + 1];
    assert_eq!(Batch::parse(&long).err(), Some(BatchError::TooLong));
}

/// Each way of being wrong, made from a right batch by one change.
#[test]
fn hostile_fields_are_refused_by_name() {
    let one = |index: usize| Reading {
        station: 0,
        quality: 0,
        ..reading(index)
    };
    let bytes = written(&HEADER, &[station("st")], &[one(0)]);
    let start = 2 + 1 + 6 + 8 + 2 + 8;
    let table = start + 1;
    // Table: length, "st", node in three bytes, boot, first sequence number in two; then the count.
    let count = table + 1 + 2 + 3 + 1 + 2;
    assert_eq!(bytes[start], 1, "one station");
    assert_eq!(bytes[count], 1, "one reading");
    let changed = |at: usize, new: &[u8]| {
        let mut bytes = bytes.clone();
        bytes.splice(at..at + 1, new.iter().copied());
        Batch::parse(&resealed(bytes))
            .map(|batch| batch.len())
            .err()
    };
    assert_eq!(changed(0, &[0xfe]), None);
    // All eight bits of the version turned over: what was the checksum is four bytes too many.
    assert_eq!(changed(0, &[1]), Some(BatchError::Trailing));
    assert_eq!(changed(0, &[0]), Some(BatchError::Version(0)));
    assert_eq!(changed(0, &[2]), Some(BatchError::Version(2)));
    assert_eq!(changed(1, &[1]), None, "backlog");
    assert_eq!(changed(1, &[2]), Some(BatchError::Flags(2)));
    assert_eq!(changed(2, &[0]), Some(BatchError::Id));
    assert_eq!(changed(2, &[0xff]), Some(BatchError::Truncated));
    assert_eq!(changed(3, b"/"), Some(BatchError::Id));
    assert_eq!(changed(3, &[0xff]), Some(BatchError::Id));
    assert_eq!(
        changed(start, &[0x81, 4]),
        Some(BatchError::TooManyStations)
    );
    assert_eq!(changed(table + 1, b"+"), Some(BatchError::Id));
    let wide = [0xff, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(
        changed(table + 3, &wide),
        Some(BatchError::Varint),
        "node above u32"
    );
    assert_eq!(
        changed(count, &[0x81, 0x20]),
        Some(BatchError::TooManyReadings)
    );
    let endless = [0xff; 10];
    assert_eq!(changed(count, &endless), Some(BatchError::Varint));
    // Columns: station (form, index), quantity (form, code), quality (form, bits), time (form, ..).
    assert_eq!(changed(count + 1, &[3]), Some(BatchError::Column(3)));
    assert_eq!(changed(count + 2, &[1]), Some(BatchError::StationIndex(1)));
    assert_eq!(changed(count + 3, &[2]), Some(BatchError::Column(2)));
    assert_eq!(changed(count + 4, &[99]), Some(BatchError::Quantity(99)));
    assert_eq!(changed(count + 5, &[7]), Some(BatchError::Column(7)));
    assert_eq!(changed(count + 7, &[8]), Some(BatchError::Column(8)));
    // The end: value (form, scale, integer).
    let value = bytes.len() - wire::checksum::BYTES - 3;
    assert_eq!(bytes[value], 2, "decimal");
    assert_eq!(changed(value, &[3]), Some(BatchError::Column(3)));
    assert_eq!(changed(value + 1, &[13]), Some(BatchError::Scale(13)));
    assert_eq!(changed(value + 1, &[12]), None);
}

#[test]
fn error_names_are_stable() {
    let errors = [
        BatchError::OutputTooSmall,
        BatchError::TooLong,
        BatchError::TooManyReadings,
        BatchError::TooManyStations,
        BatchError::Version(9),
        BatchError::Checksum,
        BatchError::Flags(9),
        BatchError::Truncated,
        BatchError::Trailing,
        BatchError::Id,
        BatchError::StationIndex(9),
        BatchError::Quantity(9),
        BatchError::Column(9),
        BatchError::Varint,
        BatchError::Scale(99),
    ];
    assert_eq!(errors.map(BatchError::name).as_slice(), BatchError::NAMES);
}

/// Reads everything there is to read.
fn read_all(bytes: &[u8]) {
    if let Ok(batch) = Batch::parse(bytes) {
        assert_eq!(batch.readings().count(), batch.len());
        assert_eq!(batch.quantities().count(), batch.len());
        assert_eq!(batch.values().count(), batch.len());
        assert_eq!(batch.seqs().count(), batch.len());
        assert_eq!(batch.times().count(), batch.len());
        let stations = batch.stations().count();
        assert!(batch.readings().all(|r| usize::from(r.station) < stations));
    }
}

/// Of the version without a checksum, and of the other with one made for the damage: nothing else keeps the columns' reader from seeing it.
#[test]
fn flipped_bits_never_panic() {
    let readings: Vec<_> = (0..30).map(reading).collect();
    for version in [Version::V1, Version::V2] {
        let bytes = written_as(version, &HEADER, &THREE, &readings);
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            read_all(&damaged);
            if version == Version::V2 {
                read_all(&resealed(damaged));
            }
        }
    }
}

/// A byte of one in a hundred was turned over between edge and broker, behind TCP's own checksum: the bent pressure stood in a batch as if
/// it had been measured, and a warning went out a minute before the wave.
#[test]
fn no_single_flipped_bit_is_believed() {
    let readings: Vec<_> = (0..30).map(reading).collect();
    let bytes = written(&HEADER, &THREE, &readings);
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = Batch::parse(&damaged).expect_err("bent");
        match bit / 8 {
            0 => assert_eq!(error, BatchError::Version(damaged[0])),
            _ => assert_eq!(error, BatchError::Checksum, "{bit}"),
        }
    }
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        any::<f32>().prop_map(f64::from),
        (-100_000_000i64..100_000_000, 0..9i32).prop_map(|(k, e)| k as f64 / 10f64.powi(e)),
        Just(f64::NAN),
    ]
}

prop_compose! {
    /// Batches whose columns are each regular or not, since the forms are chosen by column.
    fn any_batch()(
        stations in 1..300usize,
        count in 0..120usize,
        regular in any::<[bool; 6]>(),
    )(
        rows in prop::collection::vec(
            (any::<u16>(), any::<i64>(), 0..17usize, any_value(), any::<u8>(), any::<u64>()),
            count,
        ),
        ids in Just((0..stations).map(|i| "x".repeat(i % 40) + &i.to_string()).collect::<Vec<_>>()),
        scale in 0..6i32,
        regular in Just(regular),
        step_us in -1_000_000..20_000_000i64,
    ) -> (Vec<String>, Vec<Reading>) {
        let readings = rows.into_iter().enumerate().map(|(index, row)| Reading {
            station: if regular[0] { 0 } else { row.0 % ids.len() as u16 },
            time_us: if regular[1] { index as i64 * step_us } else { row.1 >> (row.0 % 64) },
            quantity: Quantity::ALL[if regular[2] { 3 } else { row.2 }],
            value: if regular[3] { (row.1 % 100_000) as f64 / 10f64.powi(scale) } else { row.3 },
            quality: if regular[4] { 64 } else { row.4 },
            seq: if regular[5] { index as u64 } else { row.5 >> (row.0 % 64) },
        }).collect();
        (ids, readings)
    }
}

proptest! {
    #[test]
    fn batches_come_back((ids, readings) in any_batch(), outbox: u64, offset: u64, sent_us: i64, backlog: bool) {
        let stations: Vec<_> = ids.iter().enumerate().map(|(index, id)| Station {
            id,
            node: (index as u32).wrapping_mul(0x9e37_79b9),
            boot: index as u32,
        }).collect();
        let header = Header { edge: "e", outbox, offset, sent_us, backlog };
        round_trip(&header, &stations, &readings);
    }

    #[test]
    fn damaged_batches_never_panic(
        (_, readings) in any_batch(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let stations = [station("s"); 300];
        let mut bytes = written(&HEADER, &stations[..], &readings);
        for (at, byte) in damage {
            *at.get_mut(&mut bytes) = byte;
        }
        read_all(&bytes);
        read_all(&resealed(bytes));
    }

    /// A burst of up to 32 bits is found always, a longer one but for one in 2^32, and so is what was bent here and there. Lost, doubled
    /// and swapped bytes are damage as well.
    #[test]
    fn a_damaged_batch_is_refused(
        (_, readings) in any_batch(),
        at: prop::sample::Index,
        burst in prop::collection::vec(any::<u8>(), 1..40),
        scattered in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        (from, to, length) in any::<(prop::sample::Index, prop::sample::Index, u8)>(),
    ) {
        let stations = [station("s"); 300];
        let sent = written(&HEADER, &stations[..], &readings);
        let mut bent = sent.clone();
        let at = at.index(bent.len());
        bent[at..].iter_mut().zip(burst).for_each(|(byte, bend)| *byte ^= bend);
        prop_assert!(bent == sent || Batch::parse(&bent).is_err());

        let mut bent = sent.clone();
        scattered.into_iter().for_each(|(at, bend)| *at.get_mut(&mut bent) ^= bend);
        prop_assert!(bent == sent || Batch::parse(&bent).is_err());

        let (from, to) = (from.index(sent.len()), to.index(sent.len()));
        let piece = &sent[from..(from + usize::from(length)).min(sent.len())];
        let doubled = [&sent[..to], piece, &sent[to..]].concat();
        prop_assert!(doubled == sent || Batch::parse(&doubled).is_err());
        let lost = [&sent[..from], &sent[from + piece.len()..]].concat();
        prop_assert!(lost == sent || Batch::parse(&lost).is_err());
        let mut swapped = sent.clone();
        swapped.swap(from, to);
        prop_assert!(swapped == sent || Batch::parse(&swapped).is_err());
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_all(&bytes);
        let mut columns = written_as(Version::V1, &HEADER, &THREE, &[]);
        columns.pop();
        columns.extend(&bytes);
        read_all(&columns);
    }
}
