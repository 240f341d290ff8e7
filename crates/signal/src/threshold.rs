//! Limits on any quantity: above, below and rate of change, with hysteresis and a minimum duration.
//!
//! Rules, in the order in which they apply to each sample:
//!
//! - A value that is not finite is ignored; it neither raises, clears nor prolongs anything.
//! - A limit is raised once samples beyond it span `min_duration_us`, and is cleared by the first sample that is
//!   back inside by `hysteresis`. A sample inside the limit restarts the duration.
//! - Rate of change is the difference to the previous sample over the time between them. Samples closer than
//!   [`SHORTEST_STEP_US`] (equal times included) give no rate; the earlier one stays the reference.
//! - A clock that steps backwards gives no rate and restarts durations under way; what is raised stays raised.
//! - A gap is silence, not safety: what is raised stays raised, and a duration counts across a gap when the samples on both
//!   sides are beyond the limit. Whoever watches for silent stations reports the gap itself.
//!
//! One call returns at most one transition. When a sample changes more than one condition the rest wait and
//! are returned by the next calls, or at once by [`Threshold::pending`]; a condition that was raised and cleared before it
//! could be told is still told. The module refuses limits that could never clear or never raise.

/// Samples closer together than this give no rate of change, microseconds: timestamps in the field are rounded to
/// milliseconds, so the rate over a shorter step is noise.
pub const SHORTEST_STEP_US: i64 = 1_000;

/// What to watch. `None` leaves a condition out.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Raise while the value is greater than this.
    pub above: Option<f64>,
    /// Raise while the value is less than this.
    pub below: Option<f64>,
    /// How far back inside a limit the value must come to clear it, in the quantity's unit, not negative.
    pub hysteresis: f64,
    /// How long the condition must last before it is raised, microseconds, not negative. Applies to all conditions.
    pub min_duration_us: i64,
    /// Raise while the absolute rate of change exceeds this, unit per second.
    pub max_rate_per_s: Option<f64>,
}

/// Why limits were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitsError {
    /// No condition is set.
    Empty,
    /// A number is not finite.
    NotFinite,
    /// The hysteresis is negative.
    Hysteresis,
    /// The minimum duration is negative.
    Duration,
    /// The rate limit is not greater than zero.
    Rate,
    /// `below` and `above` leave no room between them for the hysteresis, so a limit could never clear.
    Band,
}

impl core::fmt::Display for LimitsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Empty => "no limit is set: give above, below or max_rate_per_s",
            Self::NotFinite => "limits must be finite numbers",
            Self::Hysteresis => "hysteresis must not be negative",
            Self::Duration => "the minimum duration must not be negative",
            Self::Rate => "max_rate_per_s must be greater than zero",
            Self::Band => "above must exceed below by more than the hysteresis",
        })
    }
}

impl core::error::Error for LimitsError {}

/// Which condition changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Kind {
    /// Value above `above`.
    Above,
    /// Value below `below`.
    Below,
    /// Absolute rate of change above `max_rate_per_s`.
    Rate,
}

/// A condition was raised or cleared.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transition {
    /// Which condition.
    pub kind: Kind,
    /// Raised (true) or cleared (false).
    pub active: bool,
    /// Time of the first sample of the condition, microseconds; the same for the raise and its clear.
    pub since_us: i64,
    /// Time of the sample that decided, microseconds.
    pub time_us: i64,
    /// What decided: the value, or for [`Kind::Rate`] the signed rate per second.
    pub value: f64,
}

/// One condition: what holds, and what the caller has been told.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Condition {
    since_us: Option<i64>,
    active: bool,
    told: bool,
    raised: Option<(i64, i64, f64)>,
    cleared: Option<(i64, i64, f64)>,
}

impl Condition {
    fn advance(
        &mut self,
        time_us: i64,
        beyond: bool,
        clear: bool,
        min_duration_us: i64,
        value: f64,
    ) {
        if self.active {
            if clear {
                self.active = false;
                let since_us = self.since_us.take().unwrap_or(time_us);
                self.cleared = Some((since_us, time_us, value));
            }
        } else if beyond {
            let since_us = *self.since_us.get_or_insert(time_us);
            if time_us.saturating_sub(since_us) >= min_duration_us {
                self.active = true;
                if !self.told && self.raised.is_none() {
                    self.raised = Some((since_us, time_us, value));
                }
            }
        } else {
            self.since_us = None;
        }
    }

    fn tell(&mut self, kind: Kind) -> Option<Transition> {
        let transition = |active, (since_us, time_us, value)| Transition {
            kind,
            active,
            since_us,
            time_us,
            value,
        };
        if let Some(raised) = self.raised.take() {
            self.told = true;
            return Some(transition(true, raised));
        }
        if self.told && !self.active {
            self.told = false;
            return self
                .cleared
                .take()
                .map(|cleared| transition(false, cleared));
        }
        None
    }
}

/// Watches one series against its [`Limits`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Threshold {
    limits: Limits,
    above: Condition,
    below: Condition,
    rate: Condition,
    previous: Option<(i64, f64)>,
    latest_us: i64,
}

impl Threshold {
    /// Checks the limits and starts with nothing raised.
    ///
    /// # Errors
    /// [`LimitsError`] when a number makes no sense.
    pub fn new(limits: Limits) -> Result<Self, LimitsError> {
        let Limits {
            above,
            below,
            hysteresis,
            min_duration_us,
            max_rate_per_s,
        } = limits;
        if above.is_none() && below.is_none() && max_rate_per_s.is_none() {
            return Err(LimitsError::Empty);
        }
        let finite = |value: Option<f64>| value.is_none_or(f64::is_finite);
        if !(finite(above) && finite(below) && finite(max_rate_per_s) && hysteresis.is_finite()) {
            return Err(LimitsError::NotFinite);
        }
        if hysteresis < 0.0 {
            return Err(LimitsError::Hysteresis);
        }
        if min_duration_us < 0 {
            return Err(LimitsError::Duration);
        }
        if max_rate_per_s.is_some_and(|rate| rate <= 0.0) {
            return Err(LimitsError::Rate);
        }
        if let (Some(above), Some(below)) = (above, below)
            && above - below <= hysteresis
        {
            return Err(LimitsError::Band);
        }
        let none = Condition::default();
        Ok(Self {
            limits,
            above: none,
            below: none,
            rate: none,
            previous: None,
            latest_us: i64::MIN,
        })
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether a condition is raised now.
    #[must_use]
    pub fn is_active(&self, kind: Kind) -> bool {
        match kind {
            Kind::Above => self.above.active,
            Kind::Below => self.below.active,
            Kind::Rate => self.rate.active,
        }
    }

    /// Takes a sample; returns the first transition not told yet.
    pub fn step(&mut self, time_us: i64, value: f64) -> Option<Transition> {
        if !value.is_finite() {
            return self.pending();
        }
        let limits = self.limits;
        if time_us < self.latest_us {
            // The clock stepped back: durations under way were measured on a scale that no longer holds.
            for condition in [&mut self.above, &mut self.below, &mut self.rate] {
                if !condition.active {
                    condition.since_us = None;
                }
            }
            self.previous = None;
        }
        self.latest_us = time_us;
        if let Some(limit) = limits.above {
            let clear = value <= limit - limits.hysteresis;
            self.above
                .advance(time_us, value > limit, clear, limits.min_duration_us, value);
        }
        if let Some(limit) = limits.below {
            let clear = value >= limit + limits.hysteresis;
            self.below
                .advance(time_us, value < limit, clear, limits.min_duration_us, value);
        }
        if let Some(limit) = limits.max_rate_per_s {
            match self.previous {
                None => self.previous = Some((time_us, value)),
                Some((previous_us, previous)) => {
                    let dt_us = time_us.saturating_sub(previous_us);
                    if dt_us >= SHORTEST_STEP_US {
                        let rate = (value - previous) * 1e6 / dt_us as f64;
                        let beyond = rate > limit || rate < -limit;
                        self.rate
                            .advance(time_us, beyond, !beyond, limits.min_duration_us, rate);
                        self.previous = Some((time_us, value));
                    }
                }
            }
        }
        self.pending()
    }

    /// The next transition that no call has returned yet, without a new sample.
    pub fn pending(&mut self) -> Option<Transition> {
        self.above
            .tell(Kind::Above)
            .or_else(|| self.below.tell(Kind::Below))
            .or_else(|| self.rate.tell(Kind::Rate))
    }
}
