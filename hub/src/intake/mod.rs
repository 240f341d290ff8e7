//! From what arrives to columns: decode once, drop duplicates, remember what has been taken.
//!
//! Pure: no clock, no disk, no network. The same bytes in the same order give the same columns and the same counters, which is what
//! lets the journal be played back. Every refused message and every refused reading is counted under a stable reason.

pub mod open;
pub mod quakes;
pub mod ranges;

use std::collections::{BTreeMap, HashMap};

use wire::batch::{Batch, Header, Reading, Station, Version};
use wire::quality::Quality;

use crate::columns::{Columns, Stations, quantity_key};
use ranges::{Inserted, Ranges};

/// Boots of one node that are kept apart; a node that restarts more often than this between two backlogs loses none of its newer
/// ones.
const MOST_BOOTS: usize = 64;

/// Edges and publishers that are kept apart.
pub const MOST_EDGES: usize = 20_000;

/// Outboxes that are kept apart; an edge gets a new one when its disk is replaced or full.
const MOST_OUTBOXES: usize = 20_000;

/// Event times that are remembered per open station and quantity to recognise a second delivery.
const OPEN_TIMES_KEPT: usize = 64;

/// A reading stamped later than this after its arrival has a wrong clock: it is kept, flagged suspect, and reaches no detector, since
/// one row from next year would make every honest row after it late.
const FUTURE_US: i64 = 5 * 60 * 1_000_000;

/// Outbox identity of readings that did not come through an edge's outbox.
pub const OPEN_OUTBOX: u64 = 0;

/// Counters by name and reason.
pub type Counters = BTreeMap<(&'static str, &'static str), u64>;

/// What became of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Rows added to the columns.
    pub rows: usize,
    /// Rows that had been taken before.
    pub duplicates: usize,
    /// What to journal in the batch's place.
    pub rest: Rest,
}

/// What to journal for a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// The batch as it came.
    Whole,
    /// These bytes in its place.
    Part(Vec<u8>),
    /// Nothing: every row had been taken before.
    Nothing,
}

#[derive(Debug, Default)]
struct NodeSeen {
    boots: BTreeMap<u32, Ranges>,
}

#[derive(Debug, Default)]
struct OpenSeen {
    times: std::collections::VecDeque<i64>,
    next_seq: u64,
}

/// Decoder and duplicate filter.
#[derive(Debug)]
pub struct Intake {
    /// Station names by index.
    pub stations: Stations,
    /// Rows taken since the last [`Columns::take`].
    pub columns: Columns,
    /// What was refused and why, and what was flagged.
    pub counters: Counters,
    /// By edge and node: a node numbers the readings of all its stations in one sequence.
    seen: HashMap<(u32, u32), NodeSeen>,
    edges: HashMap<String, u32>,
    open: HashMap<(u32, u8), OpenSeen>,
    cursors: BTreeMap<(String, u64), Cursor>,
}

#[derive(Debug, Default)]
struct Cursor {
    base: u64,
    /// The outbox has been heard with a checksum: without one it is not believed any more.
    checked: bool,
    durable: Ranges,
}

impl Intake {
    /// Starts with the configured stations.
    pub fn new<'a>(configured: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            stations: Stations::new(configured),
            columns: Columns::default(),
            counters: Counters::new(),
            seen: HashMap::new(),
            edges: HashMap::new(),
            open: HashMap::new(),
            cursors: BTreeMap::new(),
        }
    }

    /// Counts something under a reason.
    pub fn count(&mut self, name: &'static str, reason: &'static str) {
        *self.counters.entry((name, reason)).or_default() += 1;
    }

    /// Takes a batch: new rows go to the columns.
    pub fn batch(&mut self, batch: &Batch<'_>, received_us: i64) -> Taken {
        let header = batch.header();
        let open = header.outbox == OPEN_OUTBOX;
        // Names are looked up once per batch, not once per reading.
        let table: Vec<(Option<u32>, u32, u32)> = batch
            .stations()
            .map(|s| (self.stations.index_of(s.id), s.node, s.boot))
            .collect();
        if !open {
            self.heard(header.edge, header.outbox, batch.version());
        }
        let before = self.columns.len();
        let edge = self.edge_index(header.edge);
        let mut fresh: Vec<bool> = Vec::new();
        let (mut duplicates, mut n) = (0, 0);
        let mut last_entry = usize::MAX;
        // The ranges of the station that the previous row had: rows of one station come in runs.
        let mut last_ranges: Option<Ranges> = None;
        let mut holes = 0_u64;
        let mut flagged = 0_u64;
        let mut refused = 0_u64;
        let mut future = 0_u64;
        for reading in batch.readings() {
            let entry = usize::from(reading.station);
            let (Some(station), node, boot) = table[entry] else {
                refused += 1;
                mark(&mut fresh, n, false);
                n += 1;
                continue;
            };
            let new = if open {
                self.open_is_new(station, &reading)
            } else {
                // Stations of one node share one sequence.
                let same = table
                    .get(last_entry)
                    .is_some_and(|last| (last.1, last.2) == (node, boot));
                if !same {
                    self.put_back(edge, &table, last_entry, last_ranges.take());
                    last_ranges = Some(self.take_ranges(edge, node, boot));
                }
                last_entry = entry;
                match last_ranges.get_or_insert_default().insert(reading.seq) {
                    Inserted::New => true,
                    Inserted::NewAndHoleClosed => {
                        holes += 1;
                        true
                    }
                    Inserted::Already => false,
                }
            };
            if new {
                let quality = checked_quality(&reading, header.backlog, received_us);
                future += u64::from(reading.time_us > received_us.saturating_add(FUTURE_US));
                flagged += u64::from(quality & Quality::OUT_OF_RANGE.0 != 0);
                self.columns.station.push(station);
                self.columns.time.push(reading.time_us);
                self.columns.quantity.push(quantity_key(reading.quantity));
                self.columns.value.push(reading.value);
                self.columns.quality.push(quality);
                self.columns.seq.push(reading.seq);
                if duplicates > 0 {
                    mark(&mut fresh, n, true);
                }
            } else {
                duplicates += 1;
                mark(&mut fresh, n, false);
            }
            n += 1;
        }
        self.put_back(edge, &table, last_entry, last_ranges);
        for (name, reason, by) in [
            ("readings_duplicate", "seq", duplicates as u64),
            ("readings_refused", "too_many_stations", refused),
            ("readings_flagged", "out_of_range", flagged),
            ("readings_flagged", "future", future),
            ("sequence_holes_given_up", "bound", holes),
        ] {
            if by > 0 {
                *self.counters.entry((name, reason)).or_default() += by;
            }
        }
        let rows = self.columns.len() - before;
        let rest = if rows == n {
            Rest::Whole
        } else if rows == 0 {
            Rest::Nothing
        } else {
            rest(batch, &fresh)
        };
        Taken {
            rows,
            duplicates,
            rest,
        }
    }

    fn edge_index(&mut self, edge: &str) -> u32 {
        if let Some(&index) = self.edges.get(edge) {
            return index;
        }
        // Bounded by `may_come_from`, which the pipeline asks first.
        let index = self.edges.len() as u32;
        self.edges.insert(edge.to_owned(), index);
        index
    }

    /// Whether another batch of this edge and outbox is within bounds: names come from outside.
    pub fn may_come_from(&self, edge: &str, outbox: u64) -> bool {
        let known = self.cursors.contains_key(&(edge.to_owned(), outbox));
        known
            || outbox == OPEN_OUTBOX && self.edges.contains_key(edge)
            || self.cursors.len() < MOST_OUTBOXES && self.edges.len() < MOST_EDGES
    }

    /// Notes in which version an outbox speaks. It is answered in the highest.
    pub fn heard(&mut self, edge: &str, outbox: u64, version: Version) {
        self.cursor(edge, outbox).checked |= version == Version::V2;
    }

    /// The version of an outbox's batches so far.
    pub fn version(&self, edge: &str, outbox: u64) -> Version {
        match self.cursors.get(&(edge.to_owned(), outbox)) {
            Some(cursor) if cursor.checked => Version::V2,
            _ => Version::V1,
        }
    }

    fn take_ranges(&mut self, edge: u32, node: u32, boot: u32) -> Ranges {
        let boots = &mut self.seen.entry((edge, node)).or_default().boots;
        std::mem::take(boots.entry(boot).or_default())
    }

    fn put_back(
        &mut self,
        edge: u32,
        table: &[(Option<u32>, u32, u32)],
        entry: usize,
        ranges: Option<Ranges>,
    ) {
        let Some(ranges) = ranges else { return };
        let Some(&(_, node, boot)) = table.get(entry) else {
            return;
        };
        let boots = &mut self.seen.entry((edge, node)).or_default().boots;
        boots.insert(boot, ranges);
        if boots.len() > MOST_BOOTS {
            boots.pop_first();
        }
    }

    /// A reading without a sequence number is known by its time.
    fn open_is_new(&mut self, station: u32, reading: &Reading) -> bool {
        let seen = self
            .open
            .entry((station, reading.quantity.code()))
            .or_default();
        if seen.times.contains(&reading.time_us) {
            return false;
        }
        if seen.times.len() == OPEN_TIMES_KEPT {
            seen.times.pop_front();
        }
        seen.times.push_back(reading.time_us);
        seen.next_seq = seen.next_seq.max(reading.seq + 1);
        true
    }

    /// The sequence number that an open reading gets.
    pub fn open_seq(&self, station: &str, quantity: wire::quantity::Quantity) -> u64 {
        self.stations
            .find(station)
            .and_then(|s| self.open.get(&(s, quantity.code())))
            .map_or(0, |seen| seen.next_seq)
    }

    /// Notes that an outbox entry is durable here.
    pub fn durable(&mut self, edge: &str, outbox: u64, offset: u64) {
        if outbox != OPEN_OUTBOX && !self.cursor(edge, outbox).durable.insert_if_room(offset) {
            // Not remembered, so not acknowledged: the edge sends it again when the holes before it are filled.
            self.count("outbox_offsets_forgotten", "bound");
        }
    }

    /// Whether an outbox entry is durable here.
    pub fn is_durable(&self, edge: &str, outbox: u64, offset: u64) -> bool {
        self.cursors
            .get(&(edge.to_owned(), outbox))
            .is_some_and(|c| c.durable.contains(offset))
    }

    /// Notes an edge's own word that nothing before `first` is in its outbox any more.
    pub fn outbox_starts(&mut self, edge: &str, outbox: u64, first: u64) {
        let cursor = self.cursor(edge, outbox);
        cursor.base = cursor.base.max(first);
    }

    /// The cumulative acknowledgement for an outbox: every entry below it is durable here.
    pub fn acknowledged(&self, edge: &str, outbox: u64) -> u64 {
        self.cursors
            .get(&(edge.to_owned(), outbox))
            .map_or(0, |c| c.durable.next_from(c.base))
    }

    /// Every outbox known, for acknowledging after a restart.
    pub fn outboxes(&self) -> impl Iterator<Item = (&str, u64)> {
        self.cursors
            .keys()
            .map(|(edge, outbox)| (edge.as_str(), *outbox))
    }

    fn cursor(&mut self, edge: &str, outbox: u64) -> &mut Cursor {
        self.cursors.entry((edge.to_owned(), outbox)).or_default()
    }
}

fn mark(fresh: &mut Vec<bool>, n: usize, new: bool) {
    fresh.resize(n, true);
    fresh.push(new);
}

fn checked_quality(reading: &Reading, backlog: bool, received_us: i64) -> u8 {
    let mut quality = reading.quality;
    let (low, high) = reading.quantity.range();
    if !reading.value.is_finite() {
        quality |= Quality::MISSING.0;
    } else if !(low..=high).contains(&reading.value) {
        quality |= Quality::OUT_OF_RANGE.0;
    }
    if reading.time_us > received_us.saturating_add(FUTURE_US) {
        quality |= Quality::SUSPECT.0;
    }
    if backlog {
        quality |= Quality::BACKLOG.0;
    }
    quality
}

fn rest(batch: &Batch<'_>, fresh: &[bool]) -> Rest {
    let header: Header<'_> = batch.header();
    let stations: Vec<Station<'_>> = batch.stations().collect();
    let readings: Vec<Reading> = batch
        .readings()
        .enumerate()
        .filter(|(i, _)| fresh.get(*i).copied().unwrap_or(true))
        .map(|(_, r)| r)
        .collect();
    let mut out = vec![0; wire::batch::MAX_BATCH_BYTES];
    // In its version: what is read back must say of the outbox what was heard of it.
    match wire::batch::encode_as(batch.version(), &header, &stations, &readings, &mut out) {
        Ok(n) => {
            out.truncate(n);
            Rest::Part(out)
        }
        // A part of a batch that decoded always encodes; should it not, the whole is kept rather than lost.
        Err(_) => Rest::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::quantity::Quantity;

    fn encode(offset: u64, node: u32, boot: u32, seqs: &[u64]) -> Vec<u8> {
        encode_as(Version::LATEST, offset, node, boot, seqs)
    }

    fn encode_as(version: Version, offset: u64, node: u32, boot: u32, seqs: &[u64]) -> Vec<u8> {
        let header = Header {
            edge: "e1",
            outbox: 7,
            offset,
            sent_us: 0,
            backlog: false,
        };
        let stations = [Station {
            id: "buoy",
            node,
            boot,
        }];
        let readings: Vec<Reading> = seqs
            .iter()
            .map(|&seq| Reading {
                station: 0,
                time_us: seq as i64 * 1_000_000,
                quantity: Quantity::SeaLevel,
                value: if seq == 99 { 1e9 } else { 0.1 },
                quality: 0,
                seq,
            })
            .collect();
        let mut out = vec![0; 64 * 1024];
        let written = wire::batch::encode_as(version, &header, &stations, &readings, &mut out);
        out.truncate(written.expect("fits"));
        out
    }

    fn take(intake: &mut Intake, bytes: &[u8]) -> Taken {
        intake.batch(&Batch::parse(bytes).expect("valid"), 1_000_000_000)
    }

    #[test]
    fn a_reading_counts_once_however_often_it_comes() {
        let mut intake = Intake::new(["buoy"]);
        let first = take(&mut intake, &encode(0, 1, 1, &[0, 1, 2]));
        assert_eq!((first.rows, first.rest), (3, Rest::Whole));
        let again = take(&mut intake, &encode(0, 1, 1, &[0, 1, 2]));
        assert_eq!(
            (again.rows, again.duplicates, again.rest),
            (0, 3, Rest::Nothing)
        );
        let part = take(&mut intake, &encode(1, 1, 1, &[2, 3, 1, 5]));
        assert_eq!((part.rows, part.duplicates), (2, 2));
        let Rest::Part(bytes) = part.rest else {
            panic!("a part is left")
        };
        let seqs: Vec<u64> = Batch::parse(&bytes)
            .expect("valid")
            .readings()
            .map(|r| r.seq)
            .collect();
        assert_eq!(seqs, [3, 5]);
        assert_eq!(intake.columns.seq, [0, 1, 2, 3, 5]);
        assert_eq!(intake.counters[&("readings_duplicate", "seq")], 5);
    }

    #[test]
    fn a_restarted_node_starts_over_and_another_node_is_another() {
        let mut intake = Intake::new([]);
        for (node, boot) in [(1, 1), (1, 2), (2, 1)] {
            assert_eq!(take(&mut intake, &encode(0, node, boot, &[0, 1])).rows, 2);
        }
    }

    /// An edge of before is answered as it speaks, also when only a part of its batch is put down in the journal and read back; one that
    /// has shown a checksum is held to it, and no other with it.
    #[test]
    fn an_outbox_is_held_to_the_best_version_that_it_has_spoken() {
        let mut intake = Intake::new(["buoy"]);
        assert_eq!(intake.version("e1", 7), Version::V1);
        let old = encode_as(Version::V1, 0, 1, 1, &[0, 1]);
        take(&mut intake, &old);
        let part = take(&mut intake, &encode_as(Version::V1, 1, 1, 1, &[1, 2]));
        let Rest::Part(part) = part.rest else {
            panic!("a part is left")
        };
        let mut again = Intake::new(["buoy"]);
        take(&mut again, &old);
        take(&mut again, &part);
        assert_eq!(intake.version("e1", 7), Version::V1);
        assert_eq!(again.version("e1", 7), Version::V1);

        take(&mut again, &encode(2, 1, 1, &[3]));
        take(&mut again, &old);
        assert_eq!(again.version("e1", 7), Version::V2);
        assert_eq!(again.version("e1", 8), Version::V1);
        assert_eq!(again.version("e2", 7), Version::V1);
    }

    #[test]
    fn a_value_out_of_range_is_flagged_not_dropped() {
        let mut intake = Intake::new([]);
        assert_eq!(take(&mut intake, &encode(0, 1, 1, &[98, 99])).rows, 2);
        assert_eq!(intake.columns.quality, [0, Quality::OUT_OF_RANGE.0]);
    }

    #[test]
    fn the_acknowledgement_is_cumulative_and_waits_for_the_backlog() {
        let mut intake = Intake::new([]);
        intake.durable("e1", 7, 5);
        assert_eq!(
            intake.acknowledged("e1", 7),
            0,
            "0 to 4 are still on their way"
        );
        for offset in 0..5 {
            intake.durable("e1", 7, offset);
        }
        assert_eq!(intake.acknowledged("e1", 7), 6);
        intake.durable("e1", 8, 40);
        intake.outbox_starts("e1", 8, 40);
        assert_eq!(
            intake.acknowledged("e1", 8),
            41,
            "the edge said that nothing older is left"
        );
    }
}
