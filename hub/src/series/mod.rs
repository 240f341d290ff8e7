//! Recent readings of every station and quantity, for whoever wants to see how they went.
//!
//! ```text
//! pipeline -- rows of a step --> [bounded channel] --> this thread --> Store <-- read -- HTTP
//!                                                                  intake journal <--'
//! ```
//! Invariants: the pipeline never waits, rows that do not fit are counted and known to be missing; memory stays within `[series] memory_mib`
//! ([`Store`]); who asks for what memory has not, or has only as extremes of minutes, is answered from the journal, a few at once.
//! Nothing here feeds back into detection or alerting.

mod past;
mod ring;
mod settings;
mod store;
mod wave;

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use arrow_array::RecordBatch;
use flume::{Receiver, Sender};
use wire::quantity::Quantity;

pub use ring::{Point, reduce};
pub use settings::Settings;
pub use store::{Known, Store};
pub use wave::{NAME as WAVE, UNIT as WAVE_UNIT};

/// Batches that may wait for the store,
const MOST_BATCHES: usize = 4_096;
/// and rows in them: 34 bytes each.
const MOST_WAITING: usize = 2_000_000;
/// Readers of the journal at once: each reads a disk that the warnings need too.
const MOST_READERS: u32 = 2;

/// What is shared between pipeline, store and readers.
#[derive(Debug, Default)]
struct Flow {
    waiting: AtomicUsize,
    dropped: AtomicU64,
    /// Rows received until then may be missing, microseconds since the Unix epoch.
    missing_until_us: AtomicI64,
    readers: AtomicU32,
}

/// The pipeline's end.
#[derive(Debug, Clone)]
pub struct Tap {
    sender: Sender<RecordBatch>,
    flow: Arc<Flow>,
}

impl Tap {
    /// Hands the rows of a step over; never waits.
    pub fn rows(&self, batch: RecordBatch, now_us: i64) {
        let rows = batch.num_rows();
        let waiting = self.flow.waiting.fetch_add(rows, Ordering::Relaxed);
        if waiting + rows > MOST_WAITING || self.sender.try_send(batch).is_err() {
            self.flow.waiting.fetch_sub(rows, Ordering::Relaxed);
            self.flow.dropped.fetch_add(rows as u64, Ordering::Relaxed);
            self.flow.missing_until_us.store(now_us, Ordering::Relaxed);
        }
    }

    /// Rows that did not fit since the start.
    pub fn dropped(&self) -> u64 {
        self.flow.dropped.load(Ordering::Relaxed)
    }
}

/// A running store.
#[derive(Debug)]
pub struct Running {
    /// Whoever asks.
    pub series: Series,
    tap: Tap,
    thread: std::thread::JoinHandle<()>,
}

/// Takes over a store that what the journal gave has filled.
///
/// # Errors
/// When no thread can be started.
pub fn start(store: Store, journal: PathBuf) -> Result<Running, String> {
    let (sender, receiver) = flume::bounded(MOST_BATCHES);
    let flow = Arc::new(Flow {
        missing_until_us: AtomicI64::new(i64::MIN),
        ..Flow::default()
    });
    let series = Series {
        store: Arc::new(RwLock::new(store)),
        journal,
        flow: flow.clone(),
    };
    let (of_thread, taken) = (series.clone(), flow.clone());
    let thread = std::thread::Builder::new()
        .name("series".to_owned())
        .spawn(move || of_thread.fill(&receiver, &taken))
        .map_err(|e| format!("cannot start the thread of the series: {e}"))?;
    Ok(Running {
        series,
        tap: Tap { sender, flow },
        thread,
    })
}

impl Running {
    /// For the pipeline.
    pub fn tap(&self) -> Tap {
        self.tap.clone()
    }

    /// Waits for the end, which comes with the pipeline's.
    pub fn stop(self) {
        drop(self.tap);
        // A panic there is our own bug and was logged; the readings are in the journal.
        let _ = self.thread.join();
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A quantity as it was measured.
    Measured(Quantity),
    /// Sea level without tide.
    Wave,
}

impl Wanted {
    /// The quantity of a name of the API.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == WAVE {
            return Some(Self::Wave);
        }
        Quantity::from_name(name).map(Self::Measured)
    }

    /// What it is made of, and since when that is needed.
    fn sources(self, from_us: i64) -> (Vec<Quantity>, i64) {
        match self {
            Self::Measured(quantity) => (vec![quantity], from_us),
            Self::Wave => (
                wave::SOURCES.to_vec(),
                from_us.saturating_sub(wave::LEARN_US),
            ),
        }
    }
}

/// A piece of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Oldest first.
    pub points: Vec<Point>,
    /// Some values are not in it: extremes of stretches of time are.
    pub reduced: bool,
    /// How it was derived, where it was.
    pub derived: Option<String>,
    /// Until when this is the answer, microseconds since the Unix epoch: what was asked for, or less where that was too much.
    pub to_us: i64,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The journal would have to be read, and others are reading it.
    #[error(
        "this is older than what the hub has in memory, and others are reading the journal now: try again in some seconds"
    )]
    Busy,
    /// The journal cannot be read.
    #[error("the journal cannot be read: {0}")]
    Journal(String),
}

/// Asks for series. Cheap to clone. Its calls take a lock for milliseconds, or read a disk for seconds: not for threads of the async runtime.
#[derive(Debug, Clone)]
pub struct Series {
    store: Arc<RwLock<Store>>,
    journal: PathBuf,
    flow: Arc<Flow>,
}

impl Series {
    fn fill(&self, receiver: &Receiver<RecordBatch>, flow: &Flow) {
        while let Ok(batch) = receiver.recv() {
            self.store
                .write()
                .unwrap_or_else(|e| e.into_inner())
                .take(&batch);
            flow.waiting.fetch_sub(batch.num_rows(), Ordering::Relaxed);
        }
    }

    fn with<R>(&self, f: impl FnOnce(&Store) -> R) -> R {
        f(&self.store.read().unwrap_or_else(|e| e.into_inner()))
    }

    /// What is known of a station; nothing for one that has not spoken.
    pub fn known(&self, station: &str) -> Vec<Known> {
        self.with(|store| store.known(station))
    }

    /// What is in memory of a series between two times, both included: values as they came, before them the extremes of minutes and quarters.
    pub fn in_memory(&self, station: &str, wanted: Wanted, from_us: i64, to_us: i64) -> Vec<Point> {
        let (quantities, since_us) = wanted.sources(from_us);
        let memory = self.remembered(station, &quantities, since_us, from_us, to_us, 0);
        match (wanted, memory.quantity) {
            (Wanted::Wave, Some(source)) => wave::residual(&memory.rows, source, from_us),
            _ => memory.rows,
        }
    }

    /// Memory taken, bytes, and rows that were not kept.
    pub fn measure(&self) -> (usize, u64) {
        self.with(|store| (store.bytes(), store.refused))
    }

    /// A piece of a series between two times, both included, in at most so many points. A station or quantity that is not known has none.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn piece(
        &self,
        station: &str,
        wanted: Wanted,
        from_us: i64,
        to_us: i64,
        points: usize,
    ) -> Result<Piece, Refused> {
        let (quantities, since_us) = wanted.sources(from_us);
        let memory = self.remembered(station, &quantities, since_us, from_us, to_us, points);
        let (quantity, rows, mut reduced, end_us) = match memory.lacks_until_us {
            None => (memory.quantity, memory.rows, memory.reduced, to_us),
            Some(until_us) => match self.past(station, &quantities, since_us, until_us) {
                Ok(found) => memory.after(found, until_us, to_us),
                // Extremes are better than nothing.
                Err(_) if memory.from_us <= from_us => (memory.quantity, memory.rows, true, to_us),
                Err(refused) => return Err(refused),
            },
        };
        let (rows, derived) = match (wanted, quantity) {
            (Wanted::Wave, Some(source)) => (
                wave::residual(&rows, source, from_us),
                Some(wave::derivation(&rows, source, from_us)),
            ),
            _ => (rows, None),
        };
        let (points, fewer) = reduce(rows, points);
        reduced |= fewer;
        Ok(Piece {
            points,
            reduced,
            derived,
            to_us: end_us,
        })
    }

    fn remembered(
        &self,
        station: &str,
        quantities: &[Quantity],
        since_us: i64,
        from_us: i64,
        to_us: i64,
        points: usize,
    ) -> Memory {
        let missing_us = self.flow.missing_until_us.load(Ordering::Relaxed);
        self.with(|store| {
            let complete_us = store.complete_from_us().max(missing_us);
            let rings = quantities
                .iter()
                .filter_map(|&q| Some((q, store.find(station, q)?)));
            let known = rings
                .map(|(q, ring)| (q, ring, ring.between(since_us, to_us)))
                .max_by_key(|(_, _, rows)| rows.len());
            let Some((quantity, ring, rows)) = known else {
                return Memory {
                    lacks_until_us: (from_us < complete_us).then(|| complete_us.min(to_us)),
                    from_us: complete_us,
                    ..Memory::default()
                };
            };
            let known_us = complete_us.max(ring.known_from_us());
            let whole_us = known_us.max(ring.whole_from_us());
            // Extremes of minutes are as good as values where more than these were not asked for.
            let (coarse_from_us, coarse_to_us) = (from_us.max(known_us), to_us.min(whole_us));
            let coarse = rows
                .iter()
                .filter(|p| (coarse_from_us..=coarse_to_us).contains(&p.time_us))
                .count();
            let span = |from_us: i64, to_us: i64| (i128::from(to_us) - i128::from(from_us)) as f64;
            let share = span(coarse_from_us, coarse_to_us) / span(from_us, to_us).max(1.0);
            let is_fine = share <= 0.0 || coarse as f64 >= share * points as f64 / 2.0;
            let lacks_until_us = if !is_fine {
                Some(whole_us)
            } else {
                (from_us < known_us).then_some(known_us)
            };
            Memory {
                quantity: Some(quantity),
                rows,
                lacks_until_us: lacks_until_us.map(|until_us| until_us.min(to_us)),
                from_us: known_us,
                reduced: share > 0.0,
            }
        })
    }

    fn past(
        &self,
        station: &str,
        quantities: &[Quantity],
        from_us: i64,
        to_us: i64,
    ) -> Result<past::Found, Refused> {
        let readers = &self.flow.readers;
        if readers.fetch_add(1, Ordering::AcqRel) >= MOST_READERS {
            readers.fetch_sub(1, Ordering::AcqRel);
            return Err(Refused::Busy);
        }
        let found = past::read(&self.journal, station, quantities, from_us, to_us);
        readers.fetch_sub(1, Ordering::AcqRel);
        found.map_err(Refused::Journal)
    }
}

/// What memory has to say.
#[derive(Debug)]
struct Memory {
    quantity: Option<Quantity>,
    rows: Vec<Point>,
    /// Until when the journal knows more.
    lacks_until_us: Option<i64>,
    /// From when on it knows anything.
    from_us: i64,
    /// Some of the rows are extremes.
    reduced: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            quantity: None,
            rows: Vec::new(),
            lacks_until_us: None,
            from_us: i64::MIN,
            reduced: false,
        }
    }
}

impl Memory {
    /// Puts what the journal has until some time before what is here: quantity, rows, whether they are reduced, and until when they are the
    /// answer.
    fn after(
        self,
        mut found: past::Found,
        until_us: i64,
        to_us: i64,
    ) -> (Option<Quantity>, Vec<Point>, bool, i64) {
        let most = found.rows.iter().max_by_key(|(_, rows)| rows.len());
        let quantity = self.quantity.or(most.map(|(q, _)| *q));
        let mut rows = quantity
            .and_then(|q| found.rows.remove(&q))
            .unwrap_or_default();
        if found.to_us < until_us && found.to_us < self.from_us {
            return (quantity, rows, false, found.to_us);
        }
        let newer = self.rows.into_iter().filter(|r| r.time_us > found.to_us);
        rows.extend(newer);
        let reduced = self.reduced && found.to_us < to_us;
        (quantity, rows, reduced, to_us)
    }
}
