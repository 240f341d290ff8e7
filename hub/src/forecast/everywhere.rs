//! The same forecast everywhere rather than at points: first arrivals and largest heights over the whole grid, and whole series at stations.

use std::sync::Arc;

use ocean::fault::Mechanism;
use ocean::forecast::{Carried, FirstEstimate, LISTEN_S, LONGEST_S, Point};
use ocean::quake::Quake;
use ocean::travel_time::Field;

use super::inversion::Recorded;
use super::{Ocean, Outlook, Owner, Source, Table};
use crate::config::Policy;

/// Step of the series, seconds: that of the responses.
const STEP_S: f64 = 60.0;

/// What records said of a source, with which curves are made again.
#[derive(Debug, Clone)]
pub struct Given {
    /// The responses.
    pub table: Table,
    /// What stations had recorded.
    pub records: Arc<Vec<Recorded>>,
    /// The forecast before them.
    pub prior: Outlook,
}

/// Heights at one station that are not exceeded with 5, 50 and 95 %, time by time from the origin on, metres.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Step, seconds.
    pub step_s: f64,
    /// 5 %.
    pub p05_m: Vec<f32>,
    /// 50 %.
    pub median_m: Vec<f32>,
    /// 95 %.
    pub p95_m: Vec<f32>,
}

impl Ocean {
    /// First arrivals everywhere, from the rupture from whose edge the forecast counts.
    ///
    /// # Errors
    /// Says why there are none.
    pub fn travel_times(&self, quake: &Quake) -> Result<Field, String> {
        let outlook = FirstEstimate::new(&self.grid)
            .outlook(quake)
            .map_err(|e| e.to_string())?;
        Ok(outlook.field().clone())
    }

    /// The wave of the likeliest rupture everywhere, and the stations that its series belong to. `last_s`: the last arrival of the forecast,
    /// seconds after the origin. `None` when `go_on` said no. Takes seconds to minutes, on all threads of the pool.
    ///
    /// # Errors
    /// Says why there is none.
    pub fn carry(
        &self,
        quake: &Quake,
        mechanism: Option<Mechanism>,
        last_s: f64,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Option<(Carried, Vec<u32>)>, String> {
        let model = self
            .model
            .as_ref()
            .ok_or("this deployment has no propagation model")?;
        let (stations, points): (Vec<u32>, Vec<Point>) = self
            .owners
            .iter()
            .zip(&self.points)
            .filter_map(|(owner, point)| match owner {
                Owner::Station(station) => Some((*station, point.clone())),
                Owner::Zone(_) => None,
            })
            .unzip();
        let duration_s = (last_s + LISTEN_S).min(LONGEST_S);
        let carried = model
            .carry(quake, mechanism, &points, duration_s, STEP_S, go_on)
            .map_err(|e| e.to_string())?;
        Ok(carried.map(|carried| (carried, stations)))
    }

    /// What records say of the wave at each station, time by time. Takes a second or so.
    ///
    /// # Errors
    /// Says why they say nothing.
    pub fn bands(
        &self,
        quake: &Quake,
        given: &Given,
        policy: &Policy,
    ) -> Result<Vec<(u32, Band)>, String> {
        let mut source = Source::new(quake, given.table.clone())?;
        self.invert(&mut source, &given.prior, &given.records, policy)?;
        let stations = self.owners.iter().filter_map(|owner| match owner {
            Owner::Station(station) => Some(*station),
            Owner::Zone(_) => None,
        });
        Ok(stations
            .filter_map(|station| {
                Some((station, source.band(self.receiver(&given.table, station)?)))
            })
            .collect())
    }

    /// The grid's geometry.
    pub fn lattice(&self) -> &ocean::Lattice {
        self.grid.lattice()
    }
}

impl Outlook {
    /// The last arrival at any point, seconds after the origin.
    pub fn last_arrival_s(&self) -> f64 {
        self.points.iter().map(|p| p.arrival_s).fold(0.0, f64::max)
    }

    /// By what the heights of another forecast of the same source are to be multiplied to be those of this one: the mean over all points, in
    /// logarithms.
    pub fn size_against(&self, other: &Self) -> f64 {
        let logs: Vec<f64> = self
            .points
            .iter()
            .filter_map(|p| {
                let before = other.points.iter().find(|o| o.id == p.id)?;
                Some((p.median_m / before.median_m).ln())
            })
            .filter(|ln| ln.is_finite())
            .collect();
        if logs.is_empty() {
            return 1.0;
        }
        (logs.iter().sum::<f64>() / logs.len() as f64).exp()
    }
}
