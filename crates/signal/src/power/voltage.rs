//! Sag, swell and interruption of one voltage.
//!
//! A dip and an interruption are counted apart, each by its own limit, as IEC 61000-4-30 does (assumed). What was a sag before it
//! became an interruption is a sag again after it, of one length from its own beginning; meanwhile only the interruption is told.
//!
//! A reading is the meter's root mean square over its own interval. A shorter sag is averaged away or looks shallower than it was: the
//! extreme is a bound, and what falls between two readings is not seen.

use super::class::{SUSTAINED_US, Variation};
use super::condition::{Condition, Rules, Told, Verdict, above, below, higher, lower};
use super::settings::Settings;

/// At most three changes by one reading: interruption and sag end, a swell begins.
pub(super) type Changes = [Option<(Variation, Told)>; 3];

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Voltage {
    sag: Condition,
    swell: Condition,
    interruption: Condition,
}

impl Voltage {
    pub(super) const IDLE: Self = Self {
        sag: Condition::IDLE,
        swell: Condition::IDLE,
        interruption: Condition::IDLE,
    };

    pub(super) fn is_interrupted(&self) -> bool {
        self.interruption.is_active()
    }

    pub(super) fn is_low(&self) -> bool {
        self.interruption.is_active() || self.sag.is_active()
    }

    pub(super) fn interrupted_since_us(&self) -> Option<i64> {
        self.interruption.since_us()
    }

    pub(super) fn step(&mut self, time_us: i64, volts: f64, settings: &Settings) -> Changes {
        let v = volts.abs() / settings.nominal_v;
        let back = settings.hysteresis_pu;
        let rules = Rules {
            least_us: 0,
            sustained_us: SUSTAINED_US,
            gap_us: settings.gap_us,
        };
        let gone = below(v, settings.interruption_pu, back);
        let interruption = self.interruption.step(time_us, gone, volts, lower, rules);
        let high = above(v, settings.swell_pu, back);
        let swell = self.swell.step(time_us, high, volts, higher, rules);
        // While nothing is left the sag rests: its length runs on, and it is neither told nor deepened.
        let sag = if self.interruption.is_active() {
            let rules = Rules {
                sustained_us: i64::MAX,
                ..rules
            };
            self.sag
                .step(time_us, Verdict::Between, volts, |_, _| false, rules)
        } else {
            let low = below(v, settings.sag_pu, back);
            self.sag.step(time_us, low, volts, lower, rules)
        };
        let mut changes = [None; 3];
        let told = [
            (Variation::Interruption, interruption),
            (Variation::Swell, swell),
            (Variation::Sag, sag),
        ];
        // Endings before beginnings.
        let mut at = 0;
        for ending in [true, false] {
            for (variation, told) in told {
                if let Some(told) = told
                    && (told.stage == super::Stage::End) == ending
                    && at < changes.len()
                {
                    changes[at] = Some((variation, told));
                    at += 1;
                }
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdicts_leave_no_gap() {
        assert_eq!(below(0.9, 0.9, 0.02), Verdict::Between);
        assert_eq!(below(0.92, 0.9, 0.02), Verdict::Inside);
        assert_eq!(above(1.1, 1.1, 0.02), Verdict::Between);
    }
}
