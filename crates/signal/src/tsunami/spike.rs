//! Single wild samples: held back until the next sample tells whether they were real.

use libm::fabsf;

/// A jump is suspect beyond this, m: a tsunami of 10 m rises 0.2 m in 15 s, shaking is told by its own level.
const LEAST_JUMP_M: f32 = 0.25;
/// ... and beyond this many times the current fast motion.
const FAST_FACTOR: f32 = 6.0;
/// After a lone spike the record is back where it was to within this part of the limit.
const BACK: f32 = 0.25;
/// After a gap longer than this a jump says nothing, s.
const GAP_S: f32 = 1800.0;

/// A lone spike has at least this many good samples before it. Where more would be thrown away it is shaking, and
/// throwing away its largest samples would leave a slow motion that is not there.
const LONE: u8 = 30;

/// Holds back one suspect sample.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Guard {
    previous_m: f32,
    /// Step from the previous sample, and the residual.
    held: Option<(f32, f32)>,
    /// Samples that came through since one was thrown away.
    since_thrown: u8,
}

/// What came through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Passed {
    /// A sample held back until now that proved real: its step, s, and residual, m.
    pub(super) earlier: Option<(f32, f32)>,
    /// Step from the sample that came through before, s.
    pub(super) step_s: f32,
    /// This sample's residual, m.
    pub(super) residual_m: f32,
}

impl Guard {
    /// The tide's prediction moved: the past moves with it.
    pub(super) fn shift(&mut self, by_m: f32) {
        self.previous_m += by_m;
        if let Some((_, held_m)) = &mut self.held {
            *held_m += by_m;
        }
    }

    /// Takes a residual `step_s` after the previous one; `None`: held back. `slow_m` is the slow motion, `fast_m` the
    /// size of the fast motion now, asked only where it matters.
    pub(super) fn pass(
        &mut self,
        step_s: f32,
        residual_m: f32,
        slow_m: f32,
        fast_m: impl Fn() -> f32,
    ) -> Option<Passed> {
        let held = self.held.take();
        let jump = fabsf(residual_m - self.previous_m).min(fabsf(residual_m - slow_m));
        let limit = if held.is_some() || jump > LEAST_JUMP_M {
            LEAST_JUMP_M.max(FAST_FACTOR * fast_m())
        } else {
            LEAST_JUMP_M
        };
        let gone_s = match held {
            Some(_) if jump > BACK * limit => {
                // Two in a row are no lone spike: a wave, a step, or the first seconds of shaking.
                self.previous_m = residual_m;
                return Some(Passed {
                    earlier: held,
                    step_s,
                    residual_m,
                });
            }
            // It stood alone and is gone; its time is not.
            Some((held_s, _)) => {
                self.since_thrown = 0;
                held_s
            }
            None => 0.0,
        };
        let step_s = step_s + gone_s;
        if jump > limit && step_s < GAP_S && self.since_thrown >= LONE {
            self.held = Some((step_s, residual_m));
            return None;
        }
        self.previous_m = residual_m;
        self.since_thrown = self.since_thrown.saturating_add(1);
        Some(Passed {
            earlier: None,
            step_s,
            residual_m,
        })
    }
}
