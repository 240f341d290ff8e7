//! Readings from before what memory holds, from the intake journal.
//!
//! The journal stands in the order in which the hub received, a reading in the order of its own time. So what is asked for is looked for from
//! shortly before its time (a clock may be fast) until [`LATE_US`] after it: readings that came later than that, after a long outage of a link, are
//! found in memory while it has them and not here. Bounded in bytes, rows and time; the answer says how far it got.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use wire::batch::Batch;
use wire::quantity::Quantity;

use super::ring::Point;
use crate::entry::{Entry, Item};

/// A clock may be fast by as much; see `intake`.
const EARLY_US: i64 = 5 * 60 * 1_000_000;
/// How much later than measured a reading may have been received.
const LATE_US: i64 = 6 * 3_600 * 1_000_000;
/// Most rows of one answer.
const MOST_ROWS: usize = 1_000_000;
/// Most bytes of the journal that are read for it.
const MOST_BYTES: usize = 2 * 1024 * 1024 * 1024;
/// Longest that is read.
const LONGEST: Duration = Duration::from_secs(15);

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// Rows by quantity, in the order of their time.
    pub rows: BTreeMap<Quantity, Vec<Point>>,
    /// Until when the journal was read, microseconds since the Unix epoch: all that was asked for, or less when it was too much.
    pub to_us: i64,
}

/// Reads a station's rows of some quantities between two times, both included.
///
/// # Errors
/// Text that names the file and the place.
pub fn read(
    journal: &Path,
    station: &str,
    quantities: &[Quantity],
    from_us: i64,
    to_us: i64,
) -> Result<Found, String> {
    let began = Instant::now();
    let mut found = Found {
        rows: BTreeMap::new(),
        to_us,
    };
    let mut reader = begin(journal, from_us.saturating_sub(EARLY_US))?;
    let (mut rows, mut bytes) = (0, 0);
    while let Some((_, payload)) = reader.advance().map_err(|e| e.to_string())? {
        bytes += payload.len();
        let entry = Entry::decode(payload).map_err(|e| e.to_string())?;
        if entry.received_us > to_us.saturating_add(LATE_US) {
            break;
        }
        if rows > MOST_ROWS || bytes > MOST_BYTES || began.elapsed() > LONGEST {
            found.to_us = to_us.min(entry.received_us);
            break;
        }
        for item in &entry.items {
            let Item::Batch(batch) = item else { continue };
            let batch =
                Batch::parse(batch).map_err(|e| format!("a batch in the journal: {}", e.name()))?;
            rows += take(
                &batch,
                station,
                quantities,
                from_us..=to_us,
                &mut found.rows,
            );
        }
    }
    for rows in found.rows.values_mut() {
        rows.retain(|r| r.time_us <= found.to_us);
        rows.sort_by_key(|r| r.time_us);
    }
    Ok(found)
}

/// The rows of one station; returns how many.
fn take(
    batch: &Batch<'_>,
    station: &str,
    quantities: &[Quantity],
    times: std::ops::RangeInclusive<i64>,
    out: &mut BTreeMap<Quantity, Vec<Point>>,
) -> usize {
    // One station may stand there several times, with several nodes.
    let ours: Vec<bool> = batch.stations().map(|s| s.id == station).collect();
    if !ours.contains(&true) {
        return 0;
    }
    let mut rows = 0;
    for r in batch.readings() {
        let is_ours = ours.get(usize::from(r.station)) == Some(&true);
        if is_ours
            && quantities.contains(&r.quantity)
            && times.contains(&r.time_us)
            && r.value.is_finite()
        {
            let out_of_range = if r.quantity.is_possible(r.value) {
                0
            } else {
                wire::quality::Quality::OUT_OF_RANGE.0
            };
            out.entry(r.quantity).or_default().push(Point {
                time_us: r.time_us,
                value: r.value,
                quality: r.quality | out_of_range,
            });
            rows += 1;
        }
    }
    rows
}

/// A reader in front of the first entry that was received at some time, or shortly before it: at the beginning of its segment.
fn begin(journal: &Path, from_us: i64) -> Result<journal::Reader, String> {
    let firsts = journal::segments(journal).map_err(|e| e.to_string())?;
    // Halving over segments, not over entries: each look costs one file.
    let (mut low, mut high) = (0, firsts.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let mut reader = at(journal, firsts[middle])?;
        let received_us = match reader.advance().map_err(|e| e.to_string())? {
            Some((_, payload)) => {
                Entry::decode(payload)
                    .map_err(|e| e.to_string())?
                    .received_us
            }
            None => i64::MAX,
        };
        if received_us < from_us {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    at(
        journal,
        firsts.get(low.saturating_sub(1)).copied().unwrap_or(0),
    )
}

fn at(journal: &Path, first: u64) -> Result<journal::Reader, String> {
    journal::read_only_from(journal, first).map_err(|e| e.to_string())
}
