//! Which stations contradict the others.
//!
//! Two signs, each by leaving a station out and looking at what the others then say:
//! - its errors are far less probable together with the others than without them (a sum of squares);
//! - its wave is several times louder or fainter than the others mean, and the others agree better without it. A dead sensor
//!   speaks of a flat sea with a small error, since errors grow with the wave: left in, it could outvote the living.

use ndarray::{Array1, Array2};

use super::equations::{Block, Equations, Knowledge, loudness};
use super::record::Prepared;
use super::reduced::Inversion;
use super::system::{CONTRADICTION_SIGMAS, Mixture, beyond};
use crate::response::ResponseTable;

/// Mean square of a station's errors from which it is looked at more closely.
const STRAINED: f64 = 2.0;
/// Loudness (a logarithm) from which it is: a factor of 1.6.
const LOUD: f64 = 0.5;
/// Loudness with which a station left out is taken for wrong: a factor of 3.3, four times [`LOUDNESS_SIGMA`].
pub(super) const WRONG: f64 = 1.2;
/// Standard deviation of the loudness of a station that is right: model error and what one station does not know of another.
const LOUDNESS_SIGMA: f64 = 0.3;
/// Standard deviations beyond which a disagreement counts no more, so that one wrong station does not drown the others.
const DISCORD_LIMIT: f64 = 5.0;
/// How many of the worst are looked at: a station that fits is not the one to leave out.
const SUSPECTS: usize = 5;

/// What is needed to judge the stations of one pass.
pub(super) struct Court<'a, T: ResponseTable> {
    pub(super) inversion: &'a Inversion<T>,
    pub(super) records: &'a [&'a Prepared],
    pub(super) known: &'a [Option<Knowledge>],
    pub(super) equations: &'a Equations,
    /// How many stations must stay.
    pub(super) fewest: usize,
}

/// The case against one station.
struct Case {
    station: usize,
    /// Disagreement of the others, without it.
    discord: f64,
    normal: Array2<f64>,
    mixture: Mixture,
}

impl<T: ResponseTable> Court<'_, T> {
    /// Loudness of a station by a solution; zero when it does not count.
    pub(super) fn loudness(&self, station: usize, best: &Array1<f64>) -> f64 {
        self.known[station].map_or(0.0, |known| {
            loudness(self.inversion, self.records[station], &known, best)
        })
    }

    fn discord<'s>(&self, stations: impl Iterator<Item = &'s usize>, best: &Array1<f64>) -> f64 {
        stations
            .map(|&k| {
                (self.loudness(k, best) / LOUDNESS_SIGMA)
                    .abs()
                    .min(DISCORD_LIMIT)
                    .powi(2)
            })
            .sum()
    }

    /// Takes stations out of the equations that contradict the others, worst first, as long as a majority stays; returns which.
    pub(super) fn drop_contradictions(
        &self,
        normal: &mut Array2<f64>,
        mixture: &mut Mixture,
    ) -> Vec<usize> {
        let blocks = &self.equations.blocks;
        let mut used: Vec<usize> = (0..blocks.len()).filter(|&k| blocks[k].is_some()).collect();
        let mut dropped = Vec::new();
        while used.len() > self.fewest {
            let best = mixture.mean();
            let suspects = self.suspects(&used, mixture, &best);
            let cases = suspects.into_iter().filter_map(|k| {
                let block = blocks[k].as_ref()?;
                self.case(k, block, &used, normal, mixture, &best)
            });
            let Some(worst) = cases.min_by(|a, b| a.discord.total_cmp(&b.discord)) else {
                break;
            };
            used.retain(|&k| k != worst.station);
            dropped.push(worst.station);
            *normal = worst.normal;
            *mixture = worst.mixture;
        }
        dropped
    }

    /// Stations that fit badly or are much too loud or faint, the worst of either kind.
    fn suspects(&self, used: &[usize], mixture: &Mixture, best: &Array1<f64>) -> Vec<usize> {
        let blocks = &self.equations.blocks;
        let mut strained: Vec<(usize, f64)> = used
            .iter()
            .filter_map(|&k| blocks[k].as_ref().map(|b| (k, b)))
            .map(|(k, b)| (k, self.equations.left(b, &best.view()).0 / rows(b)))
            .collect();
        strained.sort_by(|a, b| b.1.total_cmp(&a.1));
        let all = beyond(mixture.squares, self.equations.count() as f64);
        strained.retain(|s| all || s.1 > STRAINED);
        let mut loud: Vec<(usize, f64)> = used
            .iter()
            .map(|&k| (k, self.loudness(k, best).abs()))
            .filter(|s| s.1 > LOUD)
            .collect();
        loud.sort_by(|a, b| b.1.total_cmp(&a.1));
        strained.truncate(SUSPECTS);
        loud.truncate(SUSPECTS);
        let mut suspects: Vec<usize> = strained.iter().chain(&loud).map(|s| s.0).collect();
        suspects.sort_unstable();
        suspects.dedup();
        suspects
    }

    /// The case against a station, if there is one.
    fn case(
        &self,
        station: usize,
        block: &Block,
        used: &[usize],
        normal: &Array2<f64>,
        mixture: &Mixture,
        best: &Array1<f64>,
    ) -> Option<Case> {
        let normal = normal - &self.equations.normal_of(block);
        let without = Mixture::of(self.inversion, &normal, &mixture.alive());
        let others_say = without.mean();
        let others = || used.iter().filter(|&&k| k != station);
        let discord = self.discord(others(), &others_say);
        let gain = mixture.squares - without.squares;
        let improbable = (gain - rows(block)) / (2.0 * rows(block)).sqrt() > CONTRADICTION_SIGMAS;
        let wrong = self.loudness(station, &others_say).abs() > WRONG
            && discord <= self.discord(others(), best);
        (improbable || wrong).then_some(Case {
            station,
            discord,
            normal,
            mixture: without,
        })
    }
}

fn rows(block: &Block) -> f64 {
    block.number as f64
}
