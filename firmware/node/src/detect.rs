//! The node's own detection: it decides when to report rapidly, and what to say when nobody else can.
//!
//! Only values that the sensor stands by reach a detector: a missing, impossible or faulty sample is not evidence.
//! A growing wave is reported when it has grown by a quarter since the last report, so that findings, which are never
//! dropped in favour of samples, stay few.

use crate::config::{Config, MAX_WATCHES, TsunamiWatch, Watch};
use signal::threshold::{Kind, LimitsError, Threshold, Transition};
use signal::tsunami::{Change, Detector};
use wire::quantity::Quantity;

/// What a finding frame says; the code on the wire.
///
/// A finding is about the nearest sample before it in sequence: that sample decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FindingCode {
    /// A value rose above its limit; the value.
    AboveRaised = 1,
    /// It came back; the value.
    AboveCleared = 2,
    /// A value fell below its limit; the value.
    BelowRaised = 3,
    /// It came back; the value.
    BelowCleared = 4,
    /// A value changes faster than its limit; the rate per second.
    RateRaised = 5,
    /// It calmed down; the rate per second.
    RateCleared = 6,
    /// Seismic shaking, not a tsunami; its size in metres of water.
    Shaking = 16,
    /// A tsunami; the height above the tide in metres.
    TsunamiOnset = 17,
    /// The tsunami grew; its largest height so far in metres, signed.
    TsunamiGrowth = 18,
    /// The tsunami is over; its largest height in metres, signed.
    TsunamiEnd = 19,
}

impl FindingCode {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::AboveRaised,
        Self::AboveCleared,
        Self::BelowRaised,
        Self::BelowCleared,
        Self::RateRaised,
        Self::RateCleared,
        Self::Shaking,
        Self::TsunamiOnset,
        Self::TsunamiGrowth,
        Self::TsunamiEnd,
    ];

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The finding behind a code; `None` for codes of other versions.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.code() == code)
    }

    /// Whether something began, so that the node should report rapidly.
    #[must_use]
    pub const fn is_alarming(self) -> bool {
        !matches!(
            self,
            Self::AboveCleared | Self::BelowCleared | Self::RateCleared | Self::TsunamiEnd
        )
    }
}

/// One conclusion from one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub code: FindingCode,
    pub value: f64,
}

/// At most three transitions per watch and one change of the tsunami detector follow from one sample.
pub(crate) const MAX_FOUND: usize = MAX_WATCHES * 3 + 1;

/// How much a wave must have grown since the last report to be reported again.
const GROWTH_STEP: f64 = 1.25;

#[derive(Debug)]
pub(crate) struct Detection {
    watches: heapless::Vec<(Quantity, Threshold), MAX_WATCHES>,
    tsunami: Option<(TsunamiWatch, Detector)>,
    /// Largest height reported for the wave that is passing, metres.
    reported_m: f64,
}

impl Detection {
    pub(crate) fn new(config: &Config) -> Result<Self, LimitsError> {
        let mut watches = heapless::Vec::new();
        for Watch { quantity, limits } in &config.watches {
            let pushed = watches.push((*quantity, Threshold::new(*limits)?));
            debug_assert!(pushed.is_ok(), "both lists have the same capacity");
        }
        let tsunami = config
            .tsunami
            .map(|watch| (watch, Detector::new(watch.settings)));
        Ok(Self {
            watches,
            tsunami,
            reported_m: 0.0,
        })
    }

    /// Follows changed settings. What has not changed keeps its state, above all the tsunami detector, which takes days
    /// to learn the tide. Returns the end of every condition whose limit is gone or another, with the limit that was.
    pub(crate) fn reconfigure(&mut self, config: &Config) -> heapless::Vec<Found, MAX_FOUND> {
        let mut ended = heapless::Vec::new();
        let mut watches = heapless::Vec::new();
        for Watch { quantity, limits } in &config.watches {
            let kept = self
                .watches
                .iter()
                .position(|(watched, threshold)| {
                    watched == quantity && threshold.limits() == limits
                })
                .map(|index| self.watches.swap_remove(index));
            // Settings are checked before they get here.
            let watch = kept.or_else(|| Some((*quantity, Threshold::new(*limits).ok()?)));
            watches.extend(watch);
        }
        for (_, threshold) in core::mem::replace(&mut self.watches, watches) {
            let limits = threshold.limits();
            for (kind, code, limit) in [
                (Kind::Above, FindingCode::AboveCleared, limits.above),
                (Kind::Below, FindingCode::BelowCleared, limits.below),
                (Kind::Rate, FindingCode::RateCleared, limits.max_rate_per_s),
            ] {
                if let (true, Some(value)) = (threshold.is_active(kind), limit) {
                    ended.extend([Found { code, value }]);
                }
            }
        }
        self.tsunami = match (self.tsunami.take(), config.tsunami) {
            (Some((watch, detector)), Some(wanted)) if watch == wanted => Some((watch, detector)),
            (before, wanted) => {
                if before.is_some() && self.reported_m != 0.0 {
                    ended.extend([Found {
                        code: FindingCode::TsunamiEnd,
                        value: self.reported_m,
                    }]);
                    self.reported_m = 0.0;
                }
                wanted.map(|watch| (watch, Detector::new(watch.settings)))
            }
        };
        ended
    }

    /// Takes one good sample, `time_us` after the node's start, and returns what follows from it.
    pub(crate) fn step(
        &mut self,
        time_us: i64,
        quantity: Quantity,
        value: f64,
    ) -> heapless::Vec<Found, MAX_FOUND> {
        let mut found = heapless::Vec::new();
        for (watched, threshold) in &mut self.watches {
            if *watched != quantity {
                continue;
            }
            let mut next = threshold.step(time_us, value);
            while let Some(transition) = next {
                let pushed = found.push(Found {
                    code: code_of(&transition),
                    value: transition.value,
                });
                if pushed.is_err() {
                    // The rest stays pending in the threshold and comes with the next sample.
                    break;
                }
                next = threshold.pending();
            }
        }
        if let Some((watch, detector)) = &mut self.tsunami
            && watch.quantity == quantity
        {
            let step = detector.step(time_us, value * watch.metres_per_unit);
            let news = step
                .change
                .and_then(|change| weigh(change, step.slow_m, &mut self.reported_m));
            if let Some(news) = news {
                let pushed = found.push(news);
                debug_assert!(pushed.is_ok(), "the list has room for every detector");
            }
        }
        found
    }
}

/// What a change of the tsunami detector is worth saying, given the largest height already said.
fn weigh(change: Change, slow_m: f64, reported_m: &mut f64) -> Option<Found> {
    match change {
        Change::Shaking { peak_m, .. } => Some(Found {
            code: FindingCode::Shaking,
            value: peak_m,
        }),
        Change::Onset { .. } => {
            *reported_m = slow_m.abs();
            Some(Found {
                code: FindingCode::TsunamiOnset,
                value: slow_m,
            })
        }
        Change::Growth { amplitude_m, .. } => {
            let grown = amplitude_m.abs() >= *reported_m * GROWTH_STEP;
            grown.then(|| {
                *reported_m = amplitude_m.abs();
                Found {
                    code: FindingCode::TsunamiGrowth,
                    value: amplitude_m,
                }
            })
        }
        Change::End { amplitude_m, .. } => {
            *reported_m = 0.0;
            Some(Found {
                code: FindingCode::TsunamiEnd,
                value: amplitude_m,
            })
        }
    }
}

const fn code_of(transition: &Transition) -> FindingCode {
    match (transition.kind, transition.active) {
        (Kind::Above, true) => FindingCode::AboveRaised,
        (Kind::Above, false) => FindingCode::AboveCleared,
        (Kind::Below, true) => FindingCode::BelowRaised,
        (Kind::Below, false) => FindingCode::BelowCleared,
        (Kind::Rate, true) => FindingCode::RateRaised,
        (Kind::Rate, false) => FindingCode::RateCleared,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_stay_what_they_are() {
        for code in FindingCode::ALL {
            assert_eq!(FindingCode::from_code(code.code()), Some(code));
        }
        assert_eq!(FindingCode::from_code(0), None);
        assert_eq!(
            FindingCode::TsunamiOnset.code(),
            17,
            "codes are on the wire: they never change"
        );
    }

    #[test]
    fn growth_is_reported_in_steps() {
        let growth = |amplitude_m| Change::Growth {
            amplitude_m,
            time_us: 0,
            period_s: None,
        };
        let mut reported_m = 0.0;
        let onset = Change::Onset {
            onset_us: 0,
            sign: signal::tsunami::Sign::Rise,
            confidence: 0.9,
        };
        assert!(weigh(onset, 0.04, &mut reported_m).is_some());
        assert_eq!(weigh(growth(0.045), 0.045, &mut reported_m), None);
        assert!(weigh(growth(0.06), 0.06, &mut reported_m).is_some());
        assert_eq!(weigh(growth(-0.07), -0.07, &mut reported_m), None);
        assert!(weigh(growth(-0.08), -0.08, &mut reported_m).is_some());
    }
}
