//! Responses by reciprocity: one run of the solver for each receiver, however many unit sources there are.
//!
//! # Why one run is enough
//! With heights at nodes of area `a` and fluxes at faces, the scheme is `a d2 eta/dt2 = -K eta` with a symmetric `K` (what flows
//! through a face is weighted alike seen from either side), and open edges add a term that acts on each edge node alone. So
//! the height at node `r` after lifting node `s` by one metre, times the area of `r`, is the height at `s` after lifting
//! `r`, times the area of `s`, at every time step. Lifting the receiver once and listening at all lifted nodes gives
//!
//! `response(r, t) = sum over s of lift(s) a(s) / a(r) . eta(s, t after lifting r)`
//!
//! That is exact for any depths, coasts and open edges, with dispersion or without, and for a receiver between nodes (which
//! are lifted by their weights over their areas). What remains is rounding, 3e-6 of a response's peak.
//!
//! Not so with the Earth's rotation. It changes sign on the way back, which could be arranged; but the scheme averages fluxes
//! over uneven depths for it, and its transposed is another scheme: measured off Chile, 3 to 13 % of the peak, as much as
//! rotation itself does. It is refused, as forecasts leave it out too ([`Settings`]).
//!
//! `tests/bank.rs` compares with runs from the sources and states the tolerances.
//!
//! # What a response is
//! Height of the sea surface above the sea at rest, after one metre of slip at the origin, at once; Kajiura-smoothed uplift
//! ([`crate::fault::lift()`]). Sample 0 is the surface right after it has risen. It does not move with the ground: the
//! inversion takes the rise off where an instrument does ([`crate::inversion`]).
//!
//! # Refuses
//! The Earth's rotation; a receiver without sea; unit sources none of which lifts sea; no samples.

mod near;
mod place;
mod sum;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub use near::{Patches, units_near};
pub use place::Stand;

use crate::fault::{Fault, LiftOptions, SourceError, lift};
use crate::forecast::{Point, Unanswered};
use crate::grid::Grid;
use crate::response::{Responses, UnitSource};
use crate::shallow_water::{Model, ModelError, Run, Settings};
use place::Sea;
use sum::Lifted;

/// Version of the way in which responses are computed: whoever keeps responses compares it. To be raised whenever bits change,
/// by the solver, the uplift or this module.
pub const VERSION: u32 = 2;
/// Metres by which a receiver is lifted. The solver is linear, and rounds heights far below this to nothing; a power of two,
/// so that dividing by it again costs no bit.
const IMPULSE_M: f32 = 1024.0;
/// Most samples of a response: two days at 10 s.
pub const MAX_SAMPLES: usize = 17_280;

/// Why responses cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BankError {
    /// The grid cannot be computed on.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The settings ask for the Earth's rotation, with which a wave goes another way there than back.
    #[error(
        "responses are computed backwards, and a turning Earth has no way back: coriolis = false, please"
    )]
    Rotation,
    /// There is no unit source.
    #[error("no unit source")]
    NoUnits,
    /// The time step is no positive number, or there are no samples or more than [`MAX_SAMPLES`].
    #[error(
        "{samples} samples every {step_s} s: between 1 and {MAX_SAMPLES} at a positive step are possible"
    )]
    Samples {
        /// Time step asked for, seconds.
        step_s: f64,
        /// Samples asked for.
        samples: usize,
    },
    /// No unit source lifts sea of this grid; the first of them, and why it does not.
    #[error("no unit source lifts the sea of this grid; \"{id}\": {why}")]
    NothingLifts {
        /// Its id.
        id: String,
        /// Why.
        why: SourceError,
    },
    /// It was told to stop.
    #[error("stopped")]
    Stopped,
}

/// Unit sources laid on a grid, ready for any number of receivers. Shared between threads.
#[derive(Debug)]
pub struct Builder<'g> {
    model: Model,
    sea: Sea<'g>,
    units: Vec<UnitSource>,
    left_out: Vec<(UnitSource, SourceError)>,
    lifted: Vec<Lifted>,
    step_s: f64,
    samples: usize,
}

impl<'g> Builder<'g> {
    /// Lays the unit sources on the grid.
    ///
    /// `samples` heights of each response, `step_s` seconds apart, the first at the origin.
    ///
    /// # Errors
    /// [`BankError`]. Unit sources that lift no sea are left out and told by [`Builder::left_out`]; an error when that is all.
    pub fn new(
        grid: &'g Grid,
        settings: &Settings,
        units: &[UnitSource],
        step_s: f64,
        samples: usize,
    ) -> Result<Self, BankError> {
        let step = step_s.is_finite() && step_s > 0.0;
        if !step || !(1..=MAX_SAMPLES).contains(&samples) {
            return Err(BankError::Samples { step_s, samples });
        }
        if settings.coriolis {
            return Err(BankError::Rotation);
        }
        if units.is_empty() {
            return Err(BankError::NoUnits);
        }
        let options = LiftOptions::default();
        let lattice = grid.lattice();
        let (mut kept, mut lifted) = (Vec::new(), Vec::new());
        let mut left_out = Vec::new();
        for unit in units {
            match lift(&[Fault::from(unit)], grid, &options) {
                Ok(motions) => {
                    kept.push(unit.clone());
                    lifted.push(Lifted::new(lattice, &motions));
                }
                Err(why) => left_out.push((unit.clone(), why)),
            }
        }
        if kept.is_empty() {
            let (unit, why) = left_out.swap_remove(0);
            return Err(BankError::NothingLifts { id: unit.id, why });
        }
        let sea = Sea::of(grid, &lifted);
        Ok(Self {
            sea,
            model: Model::new(grid, settings)?,
            units: kept,
            left_out,
            lifted,
            step_s,
            samples,
        })
    }

    /// The unit sources, in the order of the responses.
    pub fn units(&self) -> &[UnitSource] {
        &self.units
    }

    /// Unit sources that lift nothing here, and why: under land, or outside the grid.
    pub fn left_out(&self) -> &[(UnitSource, SourceError)] {
        &self.left_out
    }

    /// The solver's time step, seconds.
    pub fn dt_s(&self) -> f64 {
        self.model.dt_s()
    }

    /// The nodes that stand for a place. A sensor is between the four nodes round it where all of them are sea, else at the
    /// nearest that is; a coastal point at the nearest of enough depth ([`crate::offshore`]).
    ///
    /// # Errors
    /// [`Unanswered`] where there is no sea that the unit sources' waves reach.
    pub fn stand(&self, point: &Point) -> Result<Stand, Unanswered> {
        self.sea.stand(point)
    }

    /// The responses of one receiver to all unit sources: `units x samples` heights in metres for a metre of slip. One run of
    /// the solver in the current rayon pool, whose size does not show in the bits.
    ///
    /// # Errors
    /// [`BankError::Stopped`] soon after `stop` has become true.
    pub fn responses(&self, stand: &Stand, stop: &AtomicBool) -> Result<Vec<f32>, BankError> {
        let mut run = Run::new(&self.model);
        let lattice = self.sea.lattice();
        for &(cell, weight) in &stand.cells {
            let area = lattice.cos_lat(cell.j);
            let metres = f64::from(IMPULSE_M) * f64::from(weight) / area;
            run.add_cell(cell, metres as f32);
        }
        let dt = self.model.dt_s();
        let mut out = vec![0f32; self.units.len() * self.samples];
        // Sums over the sources at the two time steps round the sample; the later one is often the next sample's earlier.
        let (mut step, mut now) = (0usize, vec![0f64; self.units.len()]);
        let mut before = now.clone();
        self.listen(&run, &mut now);
        for k in 0..self.samples {
            if stop.load(Ordering::Relaxed) {
                return Err(BankError::Stopped);
            }
            let place = k as f64 * self.step_s / dt;
            let later = place.ceil() as usize;
            if later > step {
                if later > step + 1 {
                    run.advance(later - 1 - step);
                    self.listen(&run, &mut now);
                }
                std::mem::swap(&mut before, &mut now);
                run.advance(1);
                self.listen(&run, &mut now);
                step = later;
            }
            // Part of the way back from the later step to the one before it; 0 on the step.
            let back = later as f64 - place;
            for (u, (b, n)) in before.iter().zip(&now).enumerate() {
                out[u * self.samples + k] = ((n + (b - n) * back) / f64::from(IMPULSE_M)) as f32;
            }
        }
        Ok(out)
    }

    /// What is heard of each unit source now.
    fn listen(&self, run: &Run<'_>, sums: &mut [f64]) {
        for (sum, lifted) in sums.iter_mut().zip(&self.lifted) {
            *sum = lifted.weigh(|j| run.row(j));
        }
    }

    /// The responses of many places, in memory: for one earthquake while it is young. Places run in parallel, as many at a time
    /// as the current rayon pool has threads. `progress` hears how many of them are done, from any thread.
    ///
    /// Places without an answer are given back with the reason and take no part.
    ///
    /// # Errors
    /// [`BankError::Stopped`] soon after `stop` has become true.
    pub fn table(
        &self,
        points: &[Point],
        stop: &AtomicBool,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<(Responses, Vec<(Point, Unanswered)>), BankError> {
        let mut stands = Vec::new();
        let mut without = Vec::new();
        for point in points {
            match self.stand(point) {
                Ok(stand) => stands.push(stand),
                Err(why) => without.push((point.clone(), why)),
            }
        }
        let done: Vec<Mutex<Option<Vec<f32>>>> = stands.iter().map(|_| Mutex::new(None)).collect();
        let (next, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            // One thread to a run: the runs are what goes in parallel. Without such a pool it runs in the one at hand.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
            loop {
                let k = next.fetch_add(1, Ordering::Relaxed);
                let Some(stand) = stands.get(k) else { return };
                let heights = match &pool {
                    Ok(pool) => pool.install(|| self.responses(stand, stop)),
                    Err(_) => self.responses(stand, stop),
                };
                let Ok(heights) = heights else { return };
                if let Ok(mut place) = done[k].lock() {
                    *place = Some(heights);
                }
                progress(finished.fetch_add(1, Ordering::Relaxed) + 1);
            }
        };
        let threads = rayon::current_num_threads().clamp(1, stands.len().max(1));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
        let heights: Option<Vec<Vec<f32>>> = done
            .into_iter()
            .map(|place| place.into_inner().ok().flatten())
            .collect();
        let heights = heights.ok_or(BankError::Stopped)?;
        let table = Responses {
            step_s: self.step_s,
            samples: self.samples,
            units: self.units.clone(),
            receivers: stands.into_iter().map(|s| s.receiver).collect(),
            heights,
        };
        Ok((table, without))
    }
}
