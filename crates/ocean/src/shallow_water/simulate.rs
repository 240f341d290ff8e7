//! The whole job: what moves, for how long, who listens.

use super::model::Model;
use super::run::Run;
use crate::lattice::Cell;
use crate::motion::{Motion, Patch};

/// Most samples of all gauges together: 1 GB of `f32`.
pub const MAX_SAMPLES: usize = 256 * 1024 * 1024;
/// Longest simulation, seconds: ten days. Waves of the largest earthquakes are lost in noise before that.
const MAX_DURATION_S: f64 = 10.0 * 86_400.0;

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What the sea floor does, and the surface above it.
    pub motions: &'a [Motion],
    /// Until when, seconds after the origin.
    pub duration_s: f64,
    /// Cells whose heights are wanted.
    pub gauges: &'a [Cell],
    /// Sampling step of the gauges, seconds.
    pub every_s: f64,
    /// Whether the largest height of each cell is kept.
    pub maxima: bool,
}

/// What was simulated.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Simulation {
    /// Sampling step of the gauges, seconds: the one asked for.
    pub step_s: f64,
    /// Heights in metres of each gauge; sample `k` is at `k * step_s`, linear between time steps, up to the duration.
    pub gauges: Vec<Vec<f32>>,
    /// Largest height of each cell in metres, storage order, NaN on land. At or above zero: still water counts.
    pub max_m: Option<Vec<f32>>,
    /// Time step of the model, seconds.
    pub dt_s: f64,
    /// Time steps taken.
    pub steps: usize,
}

/// Why nothing was simulated.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SimulationError {
    /// The duration is not a positive number of at most ten days.
    #[error("a duration of {0} s: between 0 and ten days is possible")]
    Duration(f64),
    /// The sampling step is not a positive number.
    #[error("a sampling step of {0} s: above 0 is possible")]
    Every(f64),
    /// More samples than [`MAX_SAMPLES`].
    #[error("{gauges} gauges of {samples} samples each: at most {MAX_SAMPLES} in all")]
    TooMany {
        /// Gauges asked for.
        gauges: usize,
        /// Samples of each.
        samples: usize,
    },
    /// A gauge off the grid.
    #[error("gauge {index} at cell ({i}, {j}) lies outside the grid")]
    GaugeOutside {
        /// Which gauge, from 0.
        index: usize,
        /// Column asked for.
        i: usize,
        /// Row asked for.
        j: usize,
    },
    /// A gauge where no wave comes.
    #[error("gauge {index} at cell ({i}, {j}) is on land")]
    GaugeDry {
        /// Which gauge, from 0.
        index: usize,
        /// Column asked for.
        i: usize,
        /// Row asked for.
        j: usize,
    },
    /// A motion whose patch does not hold as many values as it has cells.
    #[error("motion {index} holds {found} values for {cells} cells")]
    PatchSize {
        /// Which motion, from 0.
        index: usize,
        /// Its cells.
        cells: usize,
        /// Its values.
        found: usize,
    },
    /// A motion that reaches beyond the grid.
    #[error("motion {index} reaches beyond the grid")]
    PatchOutside {
        /// Which motion, from 0.
        index: usize,
    },
    /// A motion with a displacement, start or rise time that is no finite number, or a negative rise time.
    #[error("motion {index} holds a number that is not usable")]
    PatchNumber {
        /// Which motion, from 0.
        index: usize,
    },
    /// Every displaced cell is on land, or nothing is displaced.
    #[error("no motion displaces any sea")]
    NothingMoves,
}

impl Model {
    /// Simulates. Computes in the current rayon pool; the answer is the same bit for bit in any.
    ///
    /// `progress` hears the part that is done, 0 to 1, now and then.
    ///
    /// # Errors
    /// [`SimulationError`] for a request that cannot be carried out as it stands.
    pub fn simulate(
        &self,
        request: &Request<'_>,
        progress: &mut dyn FnMut(f64),
    ) -> Result<Simulation, SimulationError> {
        let samples = self.check(request)?;
        let steps = (request.duration_s / self.dt_s).ceil() as usize;
        let mut run = Run::new(self);
        let mut gauges = vec![Vec::with_capacity(samples); request.gauges.len()];
        let mut before = vec![0f32; request.gauges.len()];
        let mut max = vec![
            0f32;
            if request.maxima {
                self.lattice.len()
            } else {
                0
            }
        ];
        for n in 0..=steps {
            if n > 0 {
                run.advance(1);
            }
            for motion in request.motions {
                let part = risen_at_step(motion, n, self.dt_s);
                if part != 0.0 {
                    run.add(&motion.patch, part as f32);
                }
            }
            for (k, &cell) in request.gauges.iter().enumerate() {
                let now = run.height_m(cell);
                let samples = &mut gauges[k];
                while samples.len() < samples.capacity().min(self.samples(request)) {
                    let place =
                        samples.len() as f64 * request.every_s / self.dt_s - (n as f64 - 1.0);
                    if place > 1.0 {
                        break;
                    }
                    samples.push(before[k] + (now - before[k]) * place as f32);
                }
                before[k] = now;
            }
            if request.maxima {
                for (j, row) in max.chunks_exact_mut(self.lattice.nx()).enumerate() {
                    for (max, &now) in row.iter_mut().zip(run.row(j)) {
                        *max = max.max(now);
                    }
                }
            }
            progress(n as f64 / steps as f64);
        }
        for (k, max) in max.iter_mut().enumerate() {
            if !self.is_sea(self.lattice.cell(k)) {
                *max = f32::NAN;
            }
        }
        Ok(Simulation {
            step_s: request.every_s,
            gauges,
            max_m: request.maxima.then_some(max),
            dt_s: self.dt_s,
            steps,
        })
    }

    /// Samples of each gauge: from the origin to the duration, both included.
    fn samples(&self, request: &Request<'_>) -> usize {
        // A duration of 60 s in steps of 0.1 s is 600 of them, whatever the binary fraction says.
        (request.duration_s / request.every_s + 1e-9).floor() as usize + 1
    }

    fn check(&self, request: &Request<'_>) -> Result<usize, SimulationError> {
        if !(request.duration_s > 0.0 && request.duration_s <= MAX_DURATION_S) {
            return Err(SimulationError::Duration(request.duration_s));
        }
        if !(request.every_s > 0.0 && request.every_s.is_finite()) {
            return Err(SimulationError::Every(request.every_s));
        }
        let (samples, count) = (self.samples(request), request.gauges.len());
        if samples
            .checked_mul(count.max(1))
            .is_none_or(|n| n > MAX_SAMPLES)
        {
            return Err(SimulationError::TooMany {
                gauges: count,
                samples,
            });
        }
        for (index, &cell) in request.gauges.iter().enumerate() {
            let Cell { i, j } = cell;
            if self.lattice.index(cell).is_none() {
                return Err(SimulationError::GaugeOutside { index, i, j });
            }
            if !self.is_sea(cell) {
                return Err(SimulationError::GaugeDry { index, i, j });
            }
        }
        let mut moves = false;
        for (index, motion) in request.motions.iter().enumerate() {
            moves |= self.check_motion(index, motion)?;
        }
        if moves {
            Ok(samples)
        } else {
            Err(SimulationError::NothingMoves)
        }
    }

    /// Whether the motion displaces any sea.
    fn check_motion(&self, index: usize, motion: &Motion) -> Result<bool, SimulationError> {
        let Patch { i0, j0, nx, ny, .. } = motion.patch;
        let metres = &motion.patch.metres;
        let cells = nx.saturating_mul(ny);
        if metres.len() != cells {
            let found = metres.len();
            return Err(SimulationError::PatchSize {
                index,
                cells,
                found,
            });
        }
        let l = &self.lattice;
        let east = if l.is_periodic() {
            i0 < l.nx() && nx <= l.nx()
        } else {
            i0.checked_add(nx).is_some_and(|end| end <= l.nx())
        };
        if !(east && j0.checked_add(ny).is_some_and(|end| end <= l.ny())) {
            return Err(SimulationError::PatchOutside { index });
        }
        let times = motion.start_s.is_finite() && motion.rise_s.is_finite() && motion.rise_s >= 0.0;
        if !(times && metres.iter().all(|m| m.is_finite())) {
            return Err(SimulationError::PatchNumber { index });
        }
        Ok(metres.iter().enumerate().any(|(k, &m)| {
            let i = (i0 + k % nx) % l.nx();
            m != 0.0 && self.is_sea(Cell { i, j: j0 + k / nx })
        }))
    }
}

/// The part of a motion that comes up at time step `n`: its rise weighted by the triangle between the steps before and
/// after, so that nothing is late or early by part of a step. All that rose before the origin is there at step 0.
pub(super) fn risen_at_step(motion: &Motion, n: usize, dt_s: f64) -> f64 {
    // The integral of `Motion::risen`, whose second difference is that weight.
    let sum = |seconds: f64| {
        let since = seconds - motion.start_s;
        if since <= 0.0 {
            0.0
        } else if since < motion.rise_s {
            since * since / (2.0 * motion.rise_s)
        } else {
            since - 0.5 * motion.rise_s
        }
    };
    let t = n as f64 * dt_s;
    // Long after the rise the differences would only be rounding.
    if t - dt_s >= motion.start_s + motion.rise_s {
        return 0.0;
    }
    let ahead = sum(t + dt_s) - sum(t);
    let part = if n == 0 {
        ahead
    } else {
        ahead - (sum(t) - sum(t - dt_s))
    };
    part / dt_s
}
