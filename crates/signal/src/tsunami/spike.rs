//! Single wild samples: held back until the next sample tells whether they were real.

use libm::fabs;

/// A jump is suspect beyond this, m: a tsunami of 10 m rises 0.2 m in 15 s, shaking is told by its own level.
const LEAST_JUMP_M: f64 = 0.25;
/// ... and beyond this many times the current fast motion.
const FAST_FACTOR: f64 = 6.0;
/// After a gap longer than this a jump says nothing, s.
const GAP_S: f64 = 1800.0;

/// Holds back one suspect sample.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Guard {
    previous_m: f64,
    held: Option<(f64, f64)>,
    step_s: f64,
}

impl Guard {
    /// Takes a residual `dt_s` after the previous one. `None`: held back. Otherwise a held sample that proved real (with its step),
    /// if there is one, and this one. `slow_m` is the slow motion, `fast_m` the size of the fast motion now.
    pub(super) fn pass(
        &mut self,
        dt_s: f64,
        residual_m: f64,
        slow_m: f64,
        fast_m: f64,
    ) -> Option<(Option<(f64, f64)>, f64)> {
        let limit = LEAST_JUMP_M.max(FAST_FACTOR * fast_m);
        let jump = fabs(residual_m - self.previous_m).min(fabs(residual_m - slow_m));
        if let Some((held_s, held_m)) = self.held.take() {
            let agrees = fabs(residual_m - held_m) < fabs(residual_m - self.previous_m);
            if agrees {
                self.step_s = dt_s;
                self.previous_m = residual_m;
                return Some((Some((held_s, held_m)), residual_m));
            }
            // The held one was alone: it is gone, its time step is not.
            self.step_s = held_s;
        } else {
            self.step_s = 0.0;
        }
        if jump > limit && dt_s < GAP_S {
            self.held = Some((self.step_s + dt_s, residual_m));
            return None;
        }
        self.step_s += dt_s;
        self.previous_m = residual_m;
        Some((None, residual_m))
    }

    /// The step that belongs to the sample just passed, s.
    pub(super) fn take_step(&self) -> f64 {
        self.step_s
    }
}
