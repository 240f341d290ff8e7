//! From what the sensors have recorded so far to the source, and from it to every point: `ocean::inversion` on the hub's own terms.

use std::collections::BTreeMap;
use std::sync::Arc;

use ocean::forecast::PointForecast;
use ocean::inversion::{Inversion, Noise, Posterior, Prior, Record, Verdict};
use ocean::quake::Quake;
use ocean::response::{Receiver, ResponseTable, UnitSource};
use ocean::tide::Tide;

use super::{Band, Ocean, Outlook, Owner};
use crate::config::Policy;

/// Standard normal quantile of 95 %.
const Z95: f64 = 1.644_854;
/// Widest log-normal that a posterior is told as: a factor of ten thousand between its quantiles says "unknown".
const SIGMA_MOST: f64 = 2.8;
/// Least median that is told, metres: below it the logarithm says nothing.
const MEDIAN_LEAST_M: f64 = 1e-3;

/// Responses, computed for one earthquake or read in place from a bank.
#[derive(Clone)]
pub struct Table(pub Arc<dyn ResponseTable + Send + Sync>);

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (units, receivers) = (self.0.units().len(), self.0.receivers().len());
        write!(f, "Table({units} units, {receivers} receivers)")
    }
}

impl ResponseTable for Table {
    fn step_s(&self) -> f64 {
        self.0.step_s()
    }
    fn samples(&self) -> usize {
        self.0.samples()
    }
    fn units(&self) -> &[UnitSource] {
        self.0.units()
    }
    fn receivers(&self) -> &[Receiver] {
        self.0.receivers()
    }
    fn responses(&self, receiver: usize) -> &[f32] {
        self.0.responses(receiver)
    }
}

/// The inversion of one event, and what is known of each station's tide.
///
/// It is made once for an earthquake's solution and a table, a quarter of a second of work where the table is large, and kept as long as
/// both stay. What it says follows from the records given last alone.
#[derive(Debug)]
pub struct Source {
    table: Table,
    inversion: Inversion<Table>,
    /// By station; `None` where too little was recorded before the event.
    tides: BTreeMap<u32, Option<Tide>>,
}

/// What one station has recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The station.
    pub station: u32,
    /// Its rows by time, from before the event on: microseconds since the Unix epoch, metres.
    pub rows: Vec<(i64, f64)>,
    /// Until when the first waves pass it, by which source and station are judged.
    pub judged_until_us: i64,
}

/// What an inversion says.
#[derive(Debug, Clone)]
pub struct Inverted {
    /// The forecast that follows.
    pub outlook: Outlook,
    /// What the first waves say of the source and of the stations.
    pub judgement: Judgement,
}

/// What the records say of the source, and how they fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Moment magnitude of the slip: 5 %, 50 %, 95 %.
    pub magnitude: [f64; 3],
    /// Whether records and model agree.
    pub consistent: bool,
    /// Stations whose records count, and those that were left out with the reason.
    pub used: Vec<u32>,
    /// See [`Judgement::used`].
    pub left_out: Vec<(u32, &'static str)>,
}

impl Source {
    /// Prepares the inversion for an earthquake, so that the first update is as quick as the next.
    ///
    /// # Errors
    /// Says why the responses do not fit the earthquake.
    pub fn new(quake: &Quake, table: Table) -> Result<Self, String> {
        let belief = Prior::from_quake(table.units(), quake).map_err(|e| e.to_string())?;
        let inversion = Inversion::new(table.clone(), &belief).map_err(|e| e.to_string())?;
        inversion.prepare();
        Ok(Self {
            table,
            inversion,
            tides: BTreeMap::new(),
        })
    }

    /// The responses that it rests on.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// What the records given last say of the wave at a receiver, time by time.
    pub(super) fn band(&self, receiver: usize) -> Band {
        let told = self.inversion.posterior().forecast(receiver);
        Band {
            step_s: told.step_s,
            p05_m: told.p05_m,
            median_m: told.p50_m,
            p95_m: told.p95_m,
        }
    }
}

impl Ocean {
    /// Inverts what stations have recorded. `prior`: the forecast without records, whose arrivals stay.
    ///
    /// The forecast rests on all that was recorded. Whether records and model agree, which stations count and how large the earthquake
    /// was rests on the first waves: what follows them are echoes from coasts that the grid does not know.
    ///
    /// # Errors
    /// Says why the records give no forecast; the one before stands then.
    pub fn invert(
        &self,
        source: &mut Source,
        prior: &Outlook,
        records: &[Recorded],
        policy: &Policy,
    ) -> Result<Inverted, String> {
        let (mut stations, mut all, mut first) = (BTreeMap::new(), Vec::new(), Vec::new());
        for recorded in records {
            let station = recorded.station;
            let Some(receiver) = self.receiver(&source.table, station) else {
                continue;
            };
            let (times, heights): (Vec<f64>, Vec<f64>) = recorded
                .rows
                .iter()
                .map(|(t, h)| ((t - prior.origin_us) as f64 / 1e6, *h))
                .unzip();
            let tide = source
                .tides
                .entry(station)
                .or_insert_with(|| Tide::fit(&times, &heights, 0.0).ok());
            let record = record(receiver, tide.as_ref(), times, heights);
            let until_s = (recorded.judged_until_us - prior.origin_us) as f64 / 1e6;
            first.push(until(&record, until_s));
            all.push(record);
            stations.insert(receiver, station);
        }
        if stations.is_empty() {
            return Err("no station has responses".to_owned());
        }
        let inversion = &mut source.inversion;
        observe(inversion, &first)?;
        let judgement = judgement(&inversion.posterior(), &stations);
        if judgement.used.is_empty() {
            return Err("no record is usable".to_owned());
        }
        let lengths =
            |records: &[Record]| -> usize { records.iter().map(|r| r.times_s.len()).sum() };
        if lengths(&all) > lengths(&first) {
            observe(inversion, &all)?;
        }
        let posterior = inversion.posterior();
        if !posterior.stations().iter().any(|s| s.verdict.counts()) {
            return Err("no record is usable any more".to_owned());
        }
        let table = &source.table;
        let mut outlook = prior.clone();
        for point in &mut outlook.points {
            if let Some(receiver) = table.receivers().iter().position(|r| r.id == point.id) {
                let told = posterior.forecast(receiver);
                *point = log_normal(point, [told.max_m.p05, told.max_m.p50, told.max_m.p95]);
            }
        }
        self.spread(&mut outlook, policy);
        Ok(Inverted { outlook, judgement })
    }

    pub(super) fn receiver(&self, table: &Table, station: u32) -> Option<usize> {
        let at = self
            .owners
            .iter()
            .position(|o| *o == Owner::Station(station))?;
        let id = &self.points[at].id;
        table.receivers().iter().position(|r| r.id == *id)
    }
}

/// Gives these records, and no others.
fn observe(inversion: &mut Inversion<Table>, records: &[Record]) -> Result<(), String> {
    inversion.forget();
    records
        .iter()
        .try_for_each(|record| inversion.observe(record).map_err(|e| e.to_string()))
}

/// The record until a time, seconds after the origin.
fn until(record: &Record, until_s: f64) -> Record {
    let rows = record.times_s.iter().zip(&record.heights_m);
    let (times_s, heights_m) = rows.filter(|(t, _)| **t <= until_s).unzip();
    Record {
        times_s,
        heights_m,
        ..record.clone()
    }
}

fn judgement(posterior: &Posterior<'_, Table>, stations: &BTreeMap<usize, u32>) -> Judgement {
    let (mut used, mut left_out) = (Vec::new(), Vec::new());
    for fit in posterior.stations() {
        let Some(&station) = stations.get(&fit.receiver) else {
            continue;
        };
        match fit.verdict {
            Verdict::Used | Verdict::DownWeighted { .. } => used.push(station),
            Verdict::Contradicts => {
                left_out.push((station, "contradicts the others and the model"))
            }
            Verdict::Stuck => left_out.push((station, "is stuck")),
            Verdict::Absurd => left_out.push((station, "gives no sea levels")),
            Verdict::TooFew => left_out.push((station, "has too few values")),
        }
    }
    let magnitude = posterior.magnitude();
    Judgement {
        magnitude: [magnitude.p05, magnitude.p50, magnitude.p95],
        consistent: posterior.consistent(),
        used,
        left_out,
    }
}

/// A station's record without its tide; where that is not known, its level is left to the inversion, which doubts every level.
fn record(receiver: usize, tide: Option<&Tide>, times: Vec<f64>, heights: Vec<f64>) -> Record {
    let known = tide.and_then(|t| {
        let residual = t.residual(&times, &heights).ok()?;
        Some((residual.times_s, residual.heights_m, t.noise()))
    });
    let (times_s, heights_m, noise) = known.unwrap_or_else(|| {
        let mut sorted: Vec<f64> = heights.iter().copied().filter(|h| h.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
        let level = heights.iter().map(|h| h - middle).collect();
        (times, level, Noise::assumed())
    });
    Record {
        receiver,
        times_s,
        heights_m,
        noise,
        on_the_ground: true,
    }
}

/// Quantiles of a posterior as the log-normal that shares its median and the ratio of the outer two.
fn log_normal(before: &PointForecast, [low, middle, high]: [f64; 3]) -> PointForecast {
    let median_m = middle.max(MEDIAN_LEAST_M);
    let low = low.clamp(median_m * (-Z95 * SIGMA_MOST).exp(), median_m);
    let high = high.clamp(median_m, median_m * (Z95 * SIGMA_MOST).exp());
    let sigma_ln = ((high / low).ln() / (2.0 * Z95)).clamp(1e-3, SIGMA_MOST);
    PointForecast {
        median_m,
        sigma_ln,
        // What is still in doubt is each point's own: the records have spoken about the rest.
        common_sigma_ln: 0.0,
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_the_first_waves_is_not_judged() {
        let times: Vec<f64> = (0..10).map(|k| 60.0 * f64::from(k)).collect();
        let heights = vec![0.1; 10];
        let all = record(3, None, times, heights);
        let first = until(&all, 300.0);
        assert_eq!(first.times_s, all.times_s[..6]);
        assert_eq!(first.heights_m, all.heights_m[..6]);
        assert_eq!((first.receiver, first.noise), (3, all.noise));
        assert_eq!(until(&all, 1e9), all);
        assert!(until(&all, -1.0).times_s.is_empty());
    }
}
