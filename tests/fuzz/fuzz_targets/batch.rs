//! A batch from an edge: what parses can be walked to its end, and written again it says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::batch::{
    Batch, MAX_BATCH_BYTES, MAX_READINGS, MAX_STATIONS, Reading, Station, Version, encode,
};

fn bits(r: &Reading) -> (u16, i64, u8, u64, u8, u64) {
    (
        r.station,
        r.time_us,
        r.quantity.code(),
        r.value.to_bits(),
        r.quality,
        r.seq,
    )
}

fuzz_target!(|data: &[u8]| {
    // No fuzzer finds a checksum by chance: what follows the version is also tried with its own, and means the same with it.
    let sealed = data.split_first().map(|(_, content)| {
        let mut sealed = [&[Version::V2.byte()], content].concat();
        sealed.extend(wire::checksum::seal(&sealed));
        sealed
    });
    if let Some(sealed) = &sealed
        && sealed.len() <= MAX_BATCH_BYTES
        && data.first() == Some(&Version::V1.byte())
    {
        let (one, other) = (Batch::parse(data), Batch::parse(sealed));
        assert_eq!(one.as_ref().err(), other.as_ref().err());
        assert_eq!(one.map(|b| b.len()).ok(), other.map(|b| b.len()).ok());
    }
    let Ok(batch) = Batch::parse(data) else {
        return;
    };
    let header = batch.header();
    let stations: Vec<Station<'_>> = batch.stations().collect();
    let readings: Vec<Reading> = batch.readings().collect();
    assert!(stations.len() <= MAX_STATIONS && readings.len() <= MAX_READINGS);
    assert_eq!(readings.len(), batch.len());
    assert!(wire::topic::is_id(header.edge));
    assert!(
        readings
            .iter()
            .all(|r| usize::from(r.station) < stations.len())
    );

    // By column, the same.
    let times: Vec<i64> = batch.times().collect();
    let values: Vec<u64> = batch.values().map(f64::to_bits).collect();
    let seqs: Vec<u64> = batch.seqs().collect();
    assert!(readings.iter().zip(&times).all(|(r, t)| r.time_us == *t));
    assert!(
        readings
            .iter()
            .zip(&values)
            .all(|(r, v)| r.value.to_bits() == *v)
    );
    assert!(readings.iter().zip(&seqs).all(|(r, s)| r.seq == *s));
    assert_eq!(batch.station_indexes().count(), readings.len());
    assert_eq!(batch.quantities().count(), readings.len());
    assert_eq!(batch.qualities().count(), readings.len());

    let mut out = vec![0; MAX_BATCH_BYTES];
    // A hostile batch may have been shorter than our own form of it, for which there may be no room.
    let Ok(n) = encode(&header, &stations, &readings, &mut out) else {
        return;
    };
    let again = Batch::parse(&out[..n]).expect("what was written parses");
    assert_eq!(again.header(), header);
    assert!(again.stations().eq(stations.iter().copied()));
    assert!(
        again
            .readings()
            .map(|r| bits(&r))
            .eq(readings.iter().map(bits))
    );
});
