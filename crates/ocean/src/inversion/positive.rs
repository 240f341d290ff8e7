//! Slip that runs forward only: a posterior held to slip of one sign.
//!
//! On the interface of a trench the plates have slipped one way for millions of years, and an earthquake lets them go on. A normal
//! distribution does not know that: one station's record leaves many patterns of slip open, and patches that slip backwards fit it as
//! well as others. Each guess is therefore taken in two ways. In the first the most probable slip is the most probable one without
//! negative patches, and each sample is the one without negative patches that is nearest to it in the posterior's own measure
//! (randomize, then optimize; Bardsley and Hansen 2020, SIAM J. Sci. Comput. 42:A1317); what that adds to the sum of squares counts
//! against the guess. In the second the slip is free, with [`FREE_WEIGHT`], for ruptures that are not of the interface; what of them looks
//! like slip backwards is then told as such.

use ndarray::{Array1, Array2};

use super::dense::{self, ROWS};
use super::reduced::ReducedGuess;

/// Probability that the slip is not that of the interface alone (assumed; of the great earthquakes at trenches from 2006 to 2013, those of the
/// Kuril Islands in January 2007 and of Samoa in 2009 were normal faults of the outer rise).
pub(super) const FREE_WEIGHT: f64 = 0.1;
/// Slips above this part of the largest standard deviation below zero count as zero.
const TOLERANCE: f64 = 1e-6;
/// Rounds over all patches at most; a few dozen are enough.
const ROUNDS: usize = 200;

/// What holds the slip of one guess to one sign.
#[derive(Debug, Clone)]
pub(super) struct Positive {
    /// Rows of the basis that belong to the guess, with its patterns (and nothing for the delay).
    patches: Array2<f64>,
    /// Covariance of patterns (and delay) with the slip of the patches.
    across: Array2<f64>,
    /// Covariance of the slip of the patches.
    slip: Array2<f64>,
}

impl Positive {
    /// For a guess whose posterior has this Cholesky factor; `None` for one that has no sign.
    pub(super) fn of(
        guess: &ReducedGuess,
        basis: &Array2<f64>,
        root: &Array2<f64>,
    ) -> Option<Self> {
        if guess.units.is_empty() {
            return None;
        }
        let within = basis.select(ROWS, &guess.units);
        // factor^T patches^T, whitened: its square is the slip's covariance.
        let above = guess.factor.slice_axis(ROWS, (..basis.ncols()).into());
        let mut white = above.t().dot(&within.t());
        for mut column in white.columns_mut() {
            dense::forward(root, &mut column);
        }
        let slip = white.t().dot(&white);
        for mut column in white.columns_mut() {
            dense::backward(root, &mut column);
        }
        Some(Positive {
            across: guess.factor.dot(&white),
            patches: within,
            slip,
        })
    }

    /// Moves patterns to the nearest without negative slip; gives by how much the sum of squares rises.
    pub(super) fn hold(&self, patterns: &mut Array1<f64>) -> f64 {
        let n = self.patches.ncols();
        let mut slip = self.patches.dot(&patterns.slice_axis(ROWS, (..n).into()));
        let size = self.slip.diag().iter().copied().fold(0.0, f64::max);
        let least = TOLERANCE * size.sqrt();
        if !slip.iter().any(|s| *s < -least) {
            return 0.0;
        }
        // The push on each patch that is at zero: slip + covariance push >= 0, push >= 0, and one of the two is zero. Patch by
        // patch (projected Gauss-Seidel) until nothing moves.
        let mut push = Array1::<f64>::zeros(slip.len());
        for _ in 0..ROUNDS {
            let mut moved = 0.0f64;
            for k in 0..slip.len() {
                let own = self.slip[[k, k]];
                if own <= f64::EPSILON * size {
                    continue;
                }
                let by = (-slip[k] / own).max(-push[k]);
                if by != 0.0 {
                    push[k] += by;
                    slip.scaled_add(by, &self.slip.row(k));
                    moved = moved.max((by * own).abs());
                }
            }
            if moved <= least {
                break;
            }
        }
        patterns.scaled_add(1.0, &self.across.dot(&push));
        push.dot(&self.slip.dot(&push))
    }
}
