//! One detector and quantity: value in, score, state and news out.

use super::congestion::{Congestion, State};
use super::fault::{Fault, Stuck};
use super::incident::{Incident, Turn};
use super::profile::{Place, Profile};

/// What a detector measures. Deviates and scores do not depend on it; ranges, congestion and which side is bad do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Measure {
    /// Mean speed, km/h.
    Speed,
    /// Share of time that the detector is covered, percent.
    Occupancy,
    /// Vehicles per hour.
    Flow,
    /// Time to drive a section, s.
    TravelTime,
    /// Anything else: no range, no congestion.
    Other,
}

impl Measure {
    /// What can be, both ends included, as in the table of quantities on the wire.
    const fn range(self) -> (f64, f64) {
        match self {
            Self::Speed => (0.0, 500.0),
            Self::Occupancy => (0.0, 100.0),
            Self::Flow => (0.0, 72_000.0),
            Self::TravelTime => (0.0, 86_400.0),
            Self::Other => (-LARGEST, LARGEST),
        }
    }

    /// Whether a deviation to this side is what an incident does: slower, fuller, longer. Flow changes either way.
    const fn is_worse(self, above: bool) -> bool {
        match self {
            Self::Speed => !above,
            Self::Occupancy | Self::TravelTime => above,
            Self::Flow | Self::Other => true,
        }
    }
}

/// Values beyond this are no measurements.
const LARGEST: f64 = 1e15;
/// A full sample's time, s.
const FULL_STEP_S: f64 = 300.0;
const FULL_STEP_US: i64 = 300_000_000;
/// Time constant of the smoothing, s: 20-second values are averaged over about six, 5-minute values pass.
const SMOOTH_S: f64 = 60.0;
/// Values are judged at most so often: once a minute, with some slack for jitter. Between, they are only smoothed.
const JUDGE_US: i64 = 45_000_000;
/// How much of an incident the level learns.
const INCIDENT_TRUST: f64 = 0.3;

/// About exp(-x) for x not negative: within 0.01, and a third of the time.
fn fading(x: f64) -> f64 {
    1.0 / (1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0))))
}

/// News about the road or its sensor. Times are microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Change {
    /// Traffic has become unusual for this hour.
    Onset {
        /// Time of the first critical sample.
        since_us: i64,
        /// The value (smoothed) and what is usual now.
        value: f64,
        /// What is usual at this hour.
        expected: f64,
        /// Standard deviations between them, with sign.
        deviate: f64,
        /// Whether it is to the side of an incident: slower, fuller, longer; false where traffic is unusually light or fast.
        worse: bool,
        /// 0 to 1: how far beyond critical, and how long the profile has been learnt. Not a probability that was calibrated.
        confidence: f64,
    },
    /// Traffic is usual again, or this has become usual.
    End {
        /// When it began.
        since_us: i64,
        /// Largest deviate, with sign.
        peak: f64,
        /// Whether that was to the side of an incident.
        worse: bool,
        /// It lasted so long that it is a new level, which is learnt from here.
        new_level: bool,
    },
    /// The road runs otherwise than before.
    Congestion {
        /// Before.
        from: Congestion,
        /// Now.
        to: Congestion,
        /// The value on a free road.
        free_flow: f64,
        /// The value now.
        value: f64,
    },
    /// The sensor fails, or works again.
    Fault {
        /// How.
        fault: Fault,
        /// Fails (true) or works again.
        active: bool,
        /// Since when it fails.
        since_us: i64,
    },
}

/// Most changes of one step: congestion, incident, and one for each fault.
const MOST: usize = 4;

/// What one sample told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// 0 to 1: how much news of an incident the sample is; one half at 4 standard deviations. 0 for samples that are only smoothed.
    pub score: f64,
    /// Standard deviations from the usual; 0 while unknown.
    pub deviate: f64,
    /// The usual value at this hour; NaN where the sample was not judged.
    pub expected: f64,
    /// The smoothed value that was judged; nothing between, and from a faulty sensor.
    pub judged: Option<f64>,
    changes: [Option<Change>; MOST],
}

impl Step {
    fn nothing() -> Self {
        Self {
            score: 0.0,
            deviate: 0.0,
            expected: f64::NAN,
            judged: None,
            changes: [None; MOST],
        }
    }

    fn tell(&mut self, change: Change) {
        if let Some(free) = self.changes.iter_mut().find(|held| held.is_none()) {
            *free = Some(change);
        }
    }

    /// What has changed with this sample.
    pub fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        self.changes.iter().flatten().copied()
    }
}

/// Watches one series. 2,040 bytes, which `tests/bytes.rs` holds.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Detector {
    measure: Measure,
    last_us: Option<i64>,
    judged_us: Option<i64>,
    smooth: f64,
    /// The latest step between samples, and what it leaves of the smoothed value.
    fades: (i64, f64),
    profile: Profile,
    incident: Incident,
    congestion: State,
    stuck: Stuck,
    out_since_us: Option<i64>,
}

impl Detector {
    /// With nothing learnt.
    #[must_use]
    pub fn new(measure: Measure) -> Self {
        Self {
            measure,
            last_us: None,
            judged_us: None,
            smooth: 0.0,
            fades: (0, 1.0),
            profile: Profile::new(),
            incident: Incident::default(),
            congestion: State::default(),
            stuck: Stuck::new(),
            out_since_us: None,
        }
    }

    /// Whether an incident is under way.
    #[must_use]
    pub fn in_incident(&self) -> bool {
        self.incident.is_active()
    }

    /// How the road runs.
    #[must_use]
    pub fn congestion(&self) -> Congestion {
        self.congestion.now()
    }

    /// The value on a free road, once known; only where congestion can be told.
    #[must_use]
    pub fn free_flow(&self) -> Option<f64> {
        self.congestion.free_flow()
    }

    /// The fault that holds.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        if self.out_since_us.is_some() {
            Some(Fault::OutOfRange)
        } else {
            self.stuck.is_active().then_some(Fault::Stuck)
        }
    }

    /// Takes a sample, in the quantity's unit.
    pub fn step(&mut self, time_us: i64, value: f64) -> Step {
        let mut step = Step::nothing();
        if !value.is_finite() || self.last_us.is_some_and(|last_us| time_us <= last_us) {
            return step;
        }
        let (low, high) = self.measure.range();
        if value < low || value > high {
            if self.out_since_us.is_none() {
                self.out_since_us = Some(time_us);
                step.tell(Change::Fault {
                    fault: Fault::OutOfRange,
                    active: true,
                    since_us: time_us,
                });
            }
            return step;
        }
        if let Some(since_us) = self.out_since_us.take() {
            step.tell(Change::Fault {
                fault: Fault::OutOfRange,
                active: false,
                since_us,
            });
        }
        if let Some((since_us, active)) = self.stuck.step(time_us, value) {
            step.tell(Change::Fault {
                fault: Fault::Stuck,
                active,
                since_us,
            });
        }
        self.smooth = if let Some(last_us) = self.last_us {
            let elapsed_us = time_us.saturating_sub(last_us);
            if elapsed_us != self.fades.0 {
                self.fades = (elapsed_us, fading(elapsed_us as f64 * 1e-6 / SMOOTH_S));
            }
            value + (self.smooth - value) * self.fades.1
        } else {
            value
        };
        self.last_us = Some(time_us);
        let since_us = self
            .judged_us
            .map_or(FULL_STEP_US, |judged_us| time_us.saturating_sub(judged_us));
        if !self.stuck.is_active() && since_us >= JUDGE_US {
            self.judged_us = Some(time_us);
            self.judge(time_us, since_us as f64 * 1e-6, &mut step);
        }
        step
    }

    fn judge(&mut self, time_us: i64, elapsed_s: f64, step: &mut Step) {
        let (value, weight) = (self.smooth, (elapsed_s / FULL_STEP_S).min(1.0));
        let place = Place::of(time_us);
        let judged = self.profile.judge(place, value);
        step.judged = Some(value);
        step.expected = judged.expected;
        step.deviate = judged.deviate;
        step.score = self.incident.score(judged.deviate, elapsed_s);
        let turn = self
            .incident
            .step(time_us, judged.deviate, self.profile.weight());
        let unusual =
            self.incident.is_active() || libm::fabs(judged.deviate) > super::incident::CRITICAL;
        let trust = if unusual { INCIDENT_TRUST } else { 1.0 };
        self.profile.learn(place, value, &judged, weight, trust);
        match turn {
            Some(Turn::Onset {
                since_us,
                confidence,
            }) => step.tell(Change::Onset {
                since_us,
                value,
                expected: judged.expected,
                deviate: judged.deviate,
                worse: self.measure.is_worse(judged.deviate > 0.0),
                confidence,
            }),
            Some(Turn::End {
                since_us,
                peak,
                new_level,
            }) => {
                if new_level {
                    self.profile.doubt(value);
                }
                step.tell(Change::End {
                    since_us,
                    peak,
                    worse: self.measure.is_worse(peak > 0.0),
                    new_level,
                });
            }
            None => {}
        }
        let before =
            self.congestion
                .step(self.measure, value, self.profile.spread(), weight * trust);
        if let (Some(from), Some(free_flow)) = (before, self.congestion.free_flow()) {
            step.tell(Change::Congestion {
                from,
                to: self.congestion.now(),
                free_flow,
                value,
            });
        }
    }
}
