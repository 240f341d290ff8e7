//! From deviates to an incident: news, confirmation, end.

/// A deviate beyond this is critical.
pub(super) const CRITICAL: f64 = 4.0;
/// One alone is enough beyond this.
const STRONG: f64 = 6.0;
/// An incident is over when deviates are within this again.
const USUAL: f64 = 2.0;
/// Two samples further apart are not successive: two steps of the slowest detectors and a delay.
const SUCCESSIVE_US: i64 = 40 * 60_000_000;
/// What lasts for this long is a new level.
const NEW_LEVEL_US: i64 = 12 * 3_600_000_000;
/// Something is news when it is so many times as unusual as what was seen lately.
const NEWS_RATIO: f64 = 1.1;
/// How fast "lately" fades: half in four hours.
const NEWS_HALF_LIFE_S: f64 = 4.0 * 3600.0;
/// Samples of profile that make an onset half trustworthy: eight hours.
const YOUNG: f64 = 100.0;

/// What an incident's step decided.
#[derive(Clone, Copy)]
pub(super) enum Turn {
    Onset {
        since_us: i64,
        confidence: f64,
    },
    End {
        since_us: i64,
        peak: f64,
        new_level: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Run {
    since_us: i64,
    last_us: i64,
    peak: f64,
}

#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Incident {
    /// The largest deviate lately, fading.
    lately: f64,
    critical: Option<Run>,
    current: Option<Run>,
    usual_us: Option<i64>,
}

impl Incident {
    pub(super) fn is_active(&self) -> bool {
        self.current.is_some()
    }

    /// Score of a deviate as news, 0 to 1.
    pub(super) fn score(&mut self, deviate: f64, elapsed_s: f64) -> f64 {
        let size = libm::fabs(deviate);
        if self.lately > 0.0 {
            self.lately *= libm::exp2(-elapsed_s / NEWS_HALF_LIFE_S);
        }
        let news = size > NEWS_RATIO * self.lately;
        self.lately = self.lately.max(size);
        if news { size / (size + CRITICAL) } else { 0.0 }
    }

    /// Takes a deviate; `weight` is how much the profile has seen.
    pub(super) fn step(&mut self, time_us: i64, deviate: f64, weight: f64) -> Option<Turn> {
        let size = libm::fabs(deviate);
        if let Some(run) = &mut self.current {
            let same = deviate * run.peak > 0.0;
            if same && size > libm::fabs(run.peak) {
                run.peak = deviate;
            }
            run.last_us = time_us;
            let (since_us, peak) = (run.since_us, run.peak);
            let over = size < USUAL || !same;
            let usual_before = self.usual_us.replace(time_us).is_some();
            if !over {
                self.usual_us = None;
            }
            let new_level = time_us.saturating_sub(since_us) >= NEW_LEVEL_US && !over;
            if (over && usual_before) || new_level {
                *self = Self {
                    lately: self.lately,
                    ..Self::default()
                };
                return Some(Turn::End {
                    since_us,
                    peak,
                    new_level,
                });
            }
            return None;
        }
        let before = self.critical.take();
        if size < CRITICAL {
            return None;
        }
        let before = before.filter(|run| {
            run.peak * deviate > 0.0 && time_us.saturating_sub(run.last_us) <= SUCCESSIVE_US
        });
        let run = Run {
            since_us: before.map_or(time_us, |run| run.since_us),
            last_us: time_us,
            peak: before
                .map(|run| run.peak)
                .filter(|peak| libm::fabs(*peak) > size)
                .unwrap_or(deviate),
        };
        if before.is_none() && size < STRONG {
            self.critical = Some(run);
            return None;
        }
        self.current = Some(run);
        self.usual_us = None;
        let alone = CRITICAL / size;
        let doubt = 0.5 * alone * before.map_or(1.0, |run| CRITICAL / libm::fabs(run.peak));
        Some(Turn::Onset {
            since_us: run.since_us,
            confidence: (1.0 - doubt) * weight / (weight + YOUNG),
        })
    }
}
