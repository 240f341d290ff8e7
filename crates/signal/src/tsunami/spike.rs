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
    /// Step from the previous sample, and the residual.
    held: Option<(f64, f64)>,
}

/// What came through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Passed {
    /// A sample held back until now that proved real: its step, s, and residual, m.
    pub(super) earlier: Option<(f64, f64)>,
    /// Step from the sample that came through before, s.
    pub(super) step_s: f64,
    /// This sample's residual, m.
    pub(super) residual_m: f64,
}

impl Guard {
    /// The tide's prediction moved: the past moves with it.
    pub(super) fn shift(&mut self, by_m: f64) {
        self.previous_m += by_m;
        if let Some((_, held_m)) = &mut self.held {
            *held_m += by_m;
        }
    }

    /// Takes a residual `step_s` after the previous one; `None`: held back. `slow_m` is the slow motion, `fast_m` the
    /// size of the fast motion now.
    pub(super) fn pass(
        &mut self,
        step_s: f64,
        residual_m: f64,
        slow_m: f64,
        fast_m: f64,
    ) -> Option<Passed> {
        let mut step_s = step_s;
        let held = self.held.take();
        if let Some((held_s, held_m)) = held {
            if fabs(residual_m - held_m) < fabs(residual_m - self.previous_m) {
                // Two agree: it was real.
                self.previous_m = residual_m;
                return Some(Passed {
                    earlier: held,
                    step_s,
                    residual_m,
                });
            }
            // It stood alone and is gone; its time is not.
            step_s += held_s;
        }
        let jump = fabs(residual_m - self.previous_m).min(fabs(residual_m - slow_m));
        if jump > LEAST_JUMP_M.max(FAST_FACTOR * fast_m) && step_s < GAP_S {
            self.held = Some((step_s, residual_m));
            return None;
        }
        self.previous_m = residual_m;
        Some(Passed {
            earlier: None,
            step_s,
            residual_m,
        })
    }
}
