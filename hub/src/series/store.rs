//! All series in memory, within a bound.
//!
//! The room is shared equally: a station that speaks once a second must not push out one that speaks four times an hour. When a new series comes,
//! the others give up some of theirs, the oldest first and what stood out last ([`Ring`]).

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type};
use arrow_array::{Array, RecordBatch};
use wire::quantity::Quantity;

use super::ring::{Point, Ring};
use super::settings::Settings;
use crate::columns::Rows;

/// Most that one series takes, bytes: three days of values once a second, and the minutes and quarters before them.
const MOST_BYTES_EACH: usize = 8 * 1024 * 1024;
/// Most series; names come from outside.
const MOST_SERIES: usize = 50_000;
/// A row stamped later than this after it was received has a wrong clock, and would stand at the end for ever. As intake has it.
const FUTURE_US: i64 = 5 * 60 * 1_000_000;

/// What is known of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// What is measured.
    pub quantity: Quantity,
    /// Time of the first value in memory, microseconds since the Unix epoch.
    pub first_us: i64,
    /// Time of the last value.
    pub last_us: i64,
}

/// All series.
#[derive(Debug)]
pub struct Store {
    most_bytes: usize,
    /// What each series may take now: together they stay within the bound.
    each_bytes: usize,
    names: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
    series: HashMap<(u32, u8), Ring>,
    /// From when on everything that the hub took has been shown to this store, microseconds since the Unix epoch.
    complete_from_us: i64,
    /// Rows that were not kept: from the future, or of too many series.
    pub refused: u64,
}

impl Store {
    /// An empty one.
    pub fn new(settings: &Settings) -> Self {
        let most_bytes = settings.memory_mib.saturating_mul(1024 * 1024);
        Self {
            most_bytes,
            each_bytes: MOST_BYTES_EACH.min(most_bytes),
            names: Vec::new(),
            index: HashMap::new(),
            series: HashMap::new(),
            complete_from_us: i64::MIN,
            refused: 0,
        }
    }

    /// What was before this was not shown to the store.
    pub fn begins(&mut self, from_us: i64) {
        self.complete_from_us = self.complete_from_us.max(from_us);
    }

    /// See [`Store::begins`].
    pub fn complete_from_us(&self) -> i64 {
        self.complete_from_us
    }

    /// Takes the rows of a step, a batch of [`crate::columns::schema`].
    pub fn take(&mut self, batch: &RecordBatch) {
        let Some(rows) = Rows::of(batch) else {
            return;
        };
        self.learn_names(batch);
        let received = batch
            .column_by_name("received")
            .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
            .and_then(|c| c.values().first().copied())
            .unwrap_or(i64::MAX);
        let latest_us = received.saturating_add(FUTURE_US);
        for i in 0..rows.len() {
            let point = Point {
                time_us: rows.time[i],
                value: rows.value[i],
                quality: rows.quality[i],
            };
            // There is no value then; the quality of the station's latest row says why.
            if !point.value.is_finite() {
                continue;
            }
            match self.ring(rows.station[i], rows.quantity[i]) {
                Some(ring) if point.time_us <= latest_us => ring.push(point),
                _ => self.refused += 1,
            }
        }
    }

    fn ring(&mut self, station: u32, quantity: u8) -> Option<&mut Ring> {
        let key = (station, quantity);
        if !self.series.contains_key(&key) {
            if self.series.len() >= MOST_SERIES {
                return None;
            }
            let count = self.series.len() + 1;
            if count * self.each_bytes > self.most_bytes {
                // An eighth less than must be, so that not every newcomer makes all others move.
                self.each_bytes = self.most_bytes / (count + count / 8 + 1);
                for ring in self.series.values_mut() {
                    ring.fit(self.each_bytes);
                }
            }
            self.series.insert(key, Ring::new(self.each_bytes));
        }
        self.series.get_mut(&key)
    }

    fn learn_names(&mut self, batch: &RecordBatch) {
        let dictionary = batch
            .column_by_name("station")
            .and_then(|c| c.as_dictionary_opt::<UInt32Type>())
            .and_then(|d| d.values().as_string_opt::<i32>());
        let Some(names) = dictionary else { return };
        // Names only ever join at the end.
        for i in self.names.len()..names.len() {
            let name: Arc<str> = Arc::from(names.value(i));
            self.index.insert(name.clone(), i as u32);
            self.names.push(name);
        }
    }

    /// The series of a station and a quantity.
    pub fn find(&self, station: &str, quantity: Quantity) -> Option<&Ring> {
        let station = *self.index.get(station)?;
        self.series
            .get(&(station, crate::columns::quantity_key(quantity)))
    }

    /// What is known of a station, in the order of [`Quantity::ALL`].
    pub fn known(&self, station: &str) -> Vec<Known> {
        let known = |&quantity| {
            let (first_us, last_us) = self.find(station, quantity)?.extent_us()?;
            Some(Known {
                quantity,
                first_us,
                last_us,
            })
        };
        Quantity::ALL.iter().filter_map(known).collect()
    }

    /// Memory taken by values, bytes.
    pub fn bytes(&self) -> usize {
        self.series.values().map(Ring::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{Columns, Stations, quantity_key, schema};

    fn batch(stations: &mut Stations, rows: &[(&str, i64, f64)], received_us: i64) -> RecordBatch {
        let mut columns = Columns::default();
        for (station, time_us, value) in rows {
            columns
                .station
                .push(stations.index_of(station).expect("room"));
            columns.time.push(*time_us);
            columns.quantity.push(quantity_key(Quantity::SeaLevel));
            columns.value.push(*value);
            columns.quality.push(0);
            columns.seq.push(0);
        }
        columns
            .take(stations, &schema(), received_us)
            .expect("columns")
    }

    #[test]
    fn rows_are_found_by_station_and_quantity() {
        let mut stations = Stations::new(["a"]);
        let mut store = Store::new(&Settings::default());
        store.take(&batch(&mut stations, &[("a", 1, 0.5)], 10));
        store.take(&batch(
            &mut stations,
            &[("b", 2, 0.25), ("a", 3, f64::NAN)],
            10,
        ));
        let found = |id| store.find(id, Quantity::SeaLevel).map(|r| r.between(0, 9));
        assert_eq!(found("a").expect("a").len(), 1, "no value is no point");
        assert_eq!(found("b").expect("b")[0].value, 0.25);
        assert_eq!(found("c"), None);
        assert_eq!(store.known("b")[0].last_us, 2);
        assert!(store.find("a", Quantity::Speed).is_none());
    }

    #[test]
    fn a_clock_from_next_year_leaves_nothing_behind() {
        let mut stations = Stations::new(["a"]);
        let mut store = Store::new(&Settings::default());
        store.take(&batch(&mut stations, &[("a", FUTURE_US + 11, 0.5)], 10));
        assert_eq!(store.refused, 1);
        assert_eq!(store.known("a"), []);
    }

    #[test]
    fn memory_stays_within_its_bound_however_many_series_there_are() {
        let settings = Settings { memory_mib: 8 };
        let mut stations = Stations::new([]);
        let mut store = Store::new(&settings);
        let names: Vec<String> = (0..80).map(|i| format!("s{i}")).collect();
        for hour in 0..4_i64 {
            for (i, name) in names.iter().enumerate() {
                // Stations join while others have been there for hours.
                if (i as i64) / 20 > hour {
                    continue;
                }
                let rows: Vec<(&str, i64, f64)> = (0..3_600)
                    .map(|s| (name.as_str(), (hour * 3_600 + s) * 1_000_000, s as f64))
                    .collect();
                store.take(&batch(&mut stations, &rows, i64::MAX));
                assert!(store.bytes() <= 8 * 1024 * 1024, "{}", store.bytes());
            }
        }
        let kept = store.find("s0", Quantity::SeaLevel).expect("there");
        let of_first_hour = kept.between(0, 3_599_000_000);
        assert_eq!(of_first_hour.last().map(|p| p.value), Some(3_599.0));
        assert_eq!(of_first_hour.first().map(|p| p.value), Some(0.0));
    }
}
