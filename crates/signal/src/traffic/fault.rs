//! The sensor and not the road: stuck, out of range, impossible together.

/// What is wrong with a detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Fault {
    /// The same value for longer than its habit of repeating explains.
    Stuck,
    /// A value that the quantity cannot have.
    OutOfRange,
    /// Quantities that contradict each other, such as flow without occupancy.
    Impossible,
}

/// Chance of a run of equal values below which it is a fault, as a natural logarithm: one in six million.
const UNLIKELY: f64 = -15.6;
/// No run shorter than this is a fault.
const SHORTEST_RUN_US: i64 = 3_600_000_000;
/// Samples' worth of belief in [`FIRST_HABIT`], and the longest memory of the habit.
const HABIT_DOUBT: f64 = 20.0;
const HABIT_MEMORY: f64 = 2_000.0;
/// How often a value is that of the sample before until more is known: whole km/h repeat about so often.
const FIRST_HABIT: f64 = 0.2;
/// However much a series repeats, a run of this many times the inverse of the rest is a fault.
const STRONGEST_HABIT: f64 = 0.97;

/// How often values repeat.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Habit {
    repeated: f32,
    seen: f32,
}

impl Habit {
    fn new() -> Self {
        Self {
            repeated: (HABIT_DOUBT * FIRST_HABIT) as f32,
            seen: HABIT_DOUBT as f32,
        }
    }

    fn learn(&mut self, repeats: bool) {
        self.seen += 1.0;
        self.repeated += if repeats { 1.0 } else { 0.0 };
        if self.seen > HABIT_MEMORY as f32 {
            let kept = HABIT_MEMORY as f32 / self.seen;
            self.seen *= kept;
            self.repeated *= kept;
        }
    }

    fn chance(&self) -> f64 {
        (f64::from(self.repeated) / f64::from(self.seen)).clamp(0.02, STRONGEST_HABIT)
    }
}

/// Watches for runs of equal values.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Stuck {
    last: Option<(i64, f64)>,
    run: f64,
    active: bool,
    /// Empty roads repeat zeros; other values have another habit.
    zeros: Habit,
    others: Habit,
}

impl Stuck {
    pub(super) fn new() -> Self {
        Self {
            last: None,
            run: 0.0,
            active: false,
            zeros: Habit::new(),
            others: Habit::new(),
        }
    }

    pub(super) fn is_active(&self) -> bool {
        self.active
    }

    /// Takes a value; returns since when and whether it is stuck, when that changes.
    pub(super) fn step(&mut self, time_us: i64, value: f64) -> Option<(i64, bool)> {
        let Some((since_us, last)) = self.last else {
            self.last = Some((time_us, value));
            return None;
        };
        let habit = if last == 0.0 {
            &mut self.zeros
        } else {
            &mut self.others
        };
        let repeats = value == last;
        // A run that is a fault is no habit.
        if !self.active {
            habit.learn(repeats);
        }
        if !repeats {
            self.last = Some((time_us, value));
            self.run = 0.0;
            return core::mem::take(&mut self.active).then_some((since_us, false));
        }
        self.run += libm::log(habit.chance());
        let long = time_us.saturating_sub(since_us) >= SHORTEST_RUN_US;
        (!self.active && long && self.run < UNLIKELY).then(|| {
            self.active = true;
            (since_us, true)
        })
    }
}

/// Values further apart than this are not of the same interval: two steps of 5 minutes.
const TOGETHER_US: i64 = 10 * 60_000_000;
/// Flow that cannot pass unnoticed by the occupancy of the same interval, vehicles per hour: fifty in 5 minutes. On four lanes at
/// 100 km/h they cover a detector for 1 % of the time.
const NOTICED_FLOW: f64 = 600.0;
/// Occupancy below this is none, percent: smoothed values never quite reach zero.
const NO_OCCUPANCY: f64 = 0.05;
/// Vehicle plus loop over lanes, m: 2 m of a motorcycle and its loop over ten lanes, and twice a road train.
const LENGTH_M: (f64, f64) = (0.2, 60.0);

/// Checks speed, occupancy and flow of one detector against each other (in the manner of Jacobson, Nihan and Bender, "Detecting
/// erroneous loop detector data in a freeway traffic management system", Transportation Research Record 1287, 1990, 151-166: the
/// ratio of volume and occupancy says how long vehicles would have to be).
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Combination {
    speed: Option<(i64, f64)>,
    occupancy: Option<(i64, f64)>,
    flow: Option<(i64, f64)>,
    against: u8,
    since_us: i64,
    active: bool,
}

impl Combination {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a contradiction holds.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Takes a value of one quantity (km/h, %, 1/h; others are ignored). Returns since when and whether the detector contradicts
    /// itself, when that changes: three contradictions in a row raise, three agreements clear.
    pub fn step(
        &mut self,
        measure: super::Measure,
        time_us: i64,
        value: f64,
    ) -> Option<(i64, bool)> {
        let place = match measure {
            super::Measure::Speed => &mut self.speed,
            super::Measure::Occupancy => &mut self.occupancy,
            super::Measure::Flow => &mut self.flow,
            super::Measure::TravelTime | super::Measure::Other => return None,
        };
        if !value.is_finite() || value < 0.0 {
            return None;
        }
        *place = Some((time_us, value));
        let near = |held: Option<(i64, f64)>| {
            held.filter(|(t, _)| time_us.abs_diff(*t) <= TOGETHER_US as u64)
                .map(|(_, value)| value)
        };
        let contradicts = contradiction(near(self.speed), near(self.occupancy), near(self.flow))?;
        if contradicts == self.active {
            self.against = 0;
            return None;
        }
        if self.against == 0 {
            self.since_us = time_us;
        }
        self.against += 1;
        if self.against < 3 {
            return None;
        }
        self.against = 0;
        self.active = contradicts;
        Some((self.since_us, contradicts))
    }
}

/// Whether the values of one interval contradict each other; nothing when there are too few to say.
fn contradiction(speed: Option<f64>, occupancy: Option<f64>, flow: Option<f64>) -> Option<bool> {
    match (speed, occupancy, flow) {
        (Some(speed), Some(occupancy), Some(flow))
            if speed > 5.0 && occupancy > 0.5 && flow >= NOTICED_FLOW =>
        {
            let length_m = occupancy / 100.0 * speed * 1000.0 / flow;
            Some(length_m < LENGTH_M.0 || length_m > LENGTH_M.1)
        }
        (_, Some(occupancy), Some(flow)) => {
            let unseen = flow >= NOTICED_FLOW && occupancy < NO_OCCUPANCY;
            // Standing traffic covers a detector without flow, but does not move.
            let moving = speed.is_some_and(|speed| speed > 20.0);
            Some(unseen || (moving && flow < 1.0 && occupancy > 5.0))
        }
        _ => None,
    }
}
