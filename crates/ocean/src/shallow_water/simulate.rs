//! The whole job: what moves, for how long, who listens.

use super::model::Model;
use super::run::Run;
use super::sweep::Lift;
use crate::lattice::Cell;
use crate::motion::{Motion, Patch};

/// Most samples of all gauges together: 1 GB of `f32`.
pub const MAX_SAMPLES: usize = 256 * 1024 * 1024;
/// Longest simulation, seconds: ten days. Waves of the largest earthquakes are lost in noise before that.
const MAX_DURATION_S: f64 = 10.0 * 86_400.0;

/// Largest heights are looked at no less often than this (or every step, if that is longer), seconds: a wave
/// of four minutes, the shortest that deep water carries far, moves by 1 part in 13 of its height between two
/// looks at its crest.
const LOOK_S: f64 = 30.0;

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
    /// Heights in metres of each gauge; sample `k` is at `k * step_s`, linear between time steps, up to the
    /// duration.
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
        let mut told = |part: f64| {
            progress(part);
            true
        };
        let whole = self.simulate_while(request, &mut told)?;
        // It was never told to stop.
        Ok(whole.unwrap_or_default())
    }

    /// Simulates for as long as it may: `go_on` hears the part that is done, 0 to 1, now and then, and may take its time to answer.
    /// `None` when it said no.
    ///
    /// # Errors
    /// [`SimulationError`] for a request that cannot be carried out as it stands.
    pub fn simulate_while(
        &self,
        request: &Request<'_>,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Option<Simulation>, SimulationError> {
        let samples = self.check(request)?;
        let steps = (request.duration_s / self.dt_s).ceil() as usize;
        let motions = self.at_sea(request.motions);
        let mut run = if request.maxima {
            Run::with_maxima(self)
        } else {
            Run::new(self)
        };
        for motion in &motions {
            run.add(&motion.patch, risen_at_step(motion, 0, self.dt_s) as f32);
        }
        run.start();
        let mut listeners = Listeners::new(&mut run, request, samples);
        if request.maxima {
            run.look();
        }
        // Largest heights every so many steps.
        let look_every = ((LOOK_S / self.dt_s) as usize).max(1);
        let mut done = 0;
        while done < steps {
            let levels = run.levels().min(steps - done);
            let lifts = self.lifts(&mut run, &motions, done, levels);
            let look = (1..=levels)
                .filter(|k| request.maxima && (done + k).is_multiple_of(look_every))
                .fold(0u64, |bits, k| bits | 1 << (k - 1));
            run.block(levels, &lifts, look);
            listeners.hear(&mut run, done, levels, request.every_s / self.dt_s);
            done += levels;
            if !go_on(done as f64 / steps as f64) {
                return Ok(None);
            }
        }
        Ok(Some(Simulation {
            step_s: request.every_s,
            gauges: listeners.gauges,
            max_m: request.maxima.then(|| self.maxima(&run)),
            dt_s: self.dt_s,
            steps,
        }))
    }

    /// The motions without what lies on land.
    fn at_sea(&self, motions: &[Motion]) -> Vec<Motion> {
        let mut motions = motions.to_vec();
        for Patch {
            i0, j0, nx, metres, ..
        } in motions.iter_mut().map(|m| &mut m.patch)
        {
            for (k, metres) in metres.iter_mut().enumerate() {
                let i = (*i0 + k % *nx) % self.lattice.nx();
                let j = *j0 + k / *nx;
                if !self.is_sea(Cell { i, j }) {
                    *metres = 0.0;
                }
            }
        }
        motions
    }

    /// What comes up during the next `levels` steps.
    fn lifts<'a>(
        &self,
        run: &mut Run<'_>,
        motions: &'a [Motion],
        done: usize,
        levels: usize,
    ) -> Vec<Lift<'a>> {
        let mut lifts = Vec::new();
        for motion in motions {
            let part: Vec<f32> = (1..=levels)
                .map(|k| risen_at_step(motion, done + k, self.dt_s) as f32)
                .collect();
            if part.iter().all(|&p| p == 0.0) {
                continue;
            }
            let patch = &motion.patch;
            for j in patch.j0..patch.j0 + patch.ny {
                let end = patch.i0 + patch.nx;
                let (from, to) = if end > self.lattice.nx() {
                    (0, self.lattice.nx())
                } else {
                    (patch.i0, end)
                };
                run.stir(j + 1, from as u32 + 1, to as u32 + 1);
            }
            lifts.push(Lift { patch, part });
        }
        lifts
    }

    /// Largest heights in storage order.
    fn maxima(&self, run: &Run<'_>) -> Vec<f32> {
        let mut max = Vec::with_capacity(self.lattice.len());
        for j in 0..self.lattice.ny() {
            max.extend_from_slice(run.highest(j));
        }
        for (k, max) in max.iter_mut().enumerate() {
            if !self.is_sea(self.lattice.cell(k)) {
                *max = f32::NAN;
            }
        }
        max
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

/// Gauges and how far each has been heard.
struct Listeners {
    /// By stored row and place within its tap: which gauge.
    order: Vec<Vec<usize>>,
    gauges: Vec<Vec<f32>>,
    /// Height of each at the step before.
    before: Vec<f32>,
    samples: usize,
}

impl Listeners {
    fn new(run: &mut Run<'_>, request: &Request<'_>, samples: usize) -> Self {
        let mut order = vec![Vec::new(); run.taps.len()];
        for (k, cell) in request.gauges.iter().enumerate() {
            order[cell.j + 1].push(k);
            run.taps[cell.j + 1].columns.push(cell.i as u32 + 1);
        }
        let before: Vec<f32> = request.gauges.iter().map(|&c| run.height_m(c)).collect();
        let first = |&height: &f32| {
            let mut heights = Vec::with_capacity(samples);
            heights.push(height);
            heights
        };
        Listeners {
            order,
            gauges: before.iter().map(first).collect(),
            before,
            samples,
        }
    }

    /// Takes the heights of steps `done + 1 ..= done + levels`. `every` is the sampling step in time steps.
    fn hear(&mut self, run: &mut Run<'_>, done: usize, levels: usize, every: f64) {
        for (tap, order) in run.taps.iter_mut().zip(&self.order) {
            // A row that nothing has reached was not computed.
            if !order.is_empty() && tap.heights.is_empty() {
                tap.heights.resize(levels * order.len(), 0.0);
            }
            for (k, heights) in tap.heights.chunks_exact(order.len().max(1)).enumerate() {
                let step = (done + k + 1) as f64;
                for (&gauge, &now) in order.iter().zip(heights) {
                    let before = std::mem::replace(&mut self.before[gauge], now);
                    let samples = &mut self.gauges[gauge];
                    while samples.len() < self.samples {
                        let place = samples.len() as f64 * every - (step - 1.0);
                        if place > 1.0 {
                            break;
                        }
                        samples.push(before + (now - before) * place as f32);
                    }
                }
            }
            tap.heights.clear();
        }
    }
}

/// The part of a motion that is added to the heights of time step `n`. What is added at the origin acts from
/// the origin on (see `Run::start`), what is added at step `n` from half a step before it; a displacement
/// between two such moments is shared between them by its distance, so that nothing is late or early by part
/// of a step. All that rose before the origin is there at step 0.
fn risen_at_step(motion: &Motion, n: usize, dt_s: f64) -> f64 {
    let moment = |n: usize| (n as f64 - 0.5).max(0.0) * dt_s;
    // The integral of `Motion::risen`: differences of its slopes are those shares.
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
    let slope = |a: f64, b: f64| (sum(b) - sum(a)) / (b - a);
    if n == 0 {
        return slope(moment(0), moment(1));
    }
    let (before, now, after) = (moment(n - 1), moment(n), moment(n + 1));
    // Long after the rise the differences would only be rounding.
    if before >= motion.start_s + motion.rise_s {
        return 0.0;
    }
    slope(now, after) - slope(before, now)
}
