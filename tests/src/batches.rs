//! Batches as an edge makes them, by hand.

use wire::batch::{self, Header, MAX_BATCH_BYTES, Reading, Station};
use wire::quantity::Quantity;

use crate::site::EDGE;

/// The outbox of all hand-made batches.
pub const OUTBOX: u64 = 7;

/// A reading of node 1, the only station of its batch.
pub fn reading(seq: u64, time_us: i64, quantity: Quantity, value: f64) -> Reading {
    Reading {
        station: 0,
        time_us,
        quantity,
        value,
        quality: 0,
        seq,
    }
}

/// A batch of readings of node 1 in boot 1 at `station`, as entry `offset` of [`OUTBOX`].
///
/// # Panics
/// When it does not fit.
pub fn batch(
    station: &str,
    offset: u64,
    sent_us: i64,
    backlog: bool,
    readings: &[Reading],
) -> Vec<u8> {
    let header = Header {
        edge: EDGE,
        outbox: OUTBOX,
        offset,
        sent_us,
        backlog,
    };
    let stations = [Station {
        id: station,
        node: 1,
        boot: 1,
    }];
    let mut bytes = vec![0; MAX_BATCH_BYTES];
    let length = batch::encode(&header, &stations, readings, &mut bytes).expect("it fits");
    bytes.truncate(length);
    bytes
}
