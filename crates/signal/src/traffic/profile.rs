//! What is usual at this hour: level, hour of the day, hour of the week, and how much it varies.

const HOURS: usize = 24;
const DAYS: usize = 7;
const HOUR_US: i64 = 3_600_000_000;

/// Samples' worth of doubt in an hour's offset: with as many samples it counts half.
const OFFSET_DOUBT: f64 = 6.0;
/// The same for an hour's variance.
const VARIANCE_DOUBT: f64 = 8.0;
/// Longest memories, in 5-minute samples: a week for the level, a month of its hour for an hour of the day, five weeks for an hour of
/// the week.
const LEVEL_MEMORY: f64 = 2_000.0;
const DAY_MEMORY: f64 = 400.0;
const WEEK_MEMORY: f64 = 60.0;
/// Memories of the variance: 3.5 days, and five days of its hour.
const VARIANCE_MEMORY: f64 = 1_000.0;
const HOUR_VARIANCE_MEMORY: f64 = 60.0;
/// Memory of the series whatever the hour: two days.
const OVERALL_MEMORY: f64 = 576.0;
/// Innovations count for at most so many standard deviations in the profile, and in the variance, where heavy tails must show.
const LEVEL_CLIP: f64 = 3.0;
const VARIANCE_CLIP: f64 = 8.0;
/// Deviations smaller than this share of the level are rounding, not change.
const RESOLUTION: f64 = 1e-9;
/// No deviate is larger.
const LARGEST_DEVIATE: f64 = 1e6;
/// Nothing is judged before so many samples.
const WARM_UP: f64 = 20.0;

/// Two neighbouring bins and their shares.
#[derive(Clone, Copy)]
pub(super) struct Place {
    bins: [(usize, usize, f64); 2],
}

impl Place {
    /// Between the centres of the two nearest hours of the week.
    pub(super) fn of(time_us: i64) -> Self {
        let week_us = DAYS as i64 * HOURS as i64 * HOUR_US;
        let in_week = (time_us.rem_euclid(week_us) + week_us - HOUR_US / 2) % week_us;
        let first = (in_week / HOUR_US) as usize;
        let share = (in_week % HOUR_US) as f64 / HOUR_US as f64;
        let second = (first + 1) % (DAYS * HOURS);
        Self {
            bins: [
                (first / HOURS, first % HOURS, 1.0 - share),
                (second / HOURS, second % HOURS, share),
            ],
        }
    }
}

/// What the profile says about a sample.
#[derive(Clone, Copy)]
pub(super) struct Judged {
    /// The usual value now.
    pub expected: f64,
    /// Standard deviation; zero while unknown.
    pub deviation: f64,
    /// Deviate of the sample; zero while unknown.
    pub deviate: f64,
    day_offset: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Hour {
    offset: f32,
    weight: f32,
    variance_sum: f32,
    variance_weight: f32,
}

/// Mean and variance of the last days, whatever the hour.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Overall {
    mean: f64,
    variance: f64,
    weight: f64,
}

impl Overall {
    fn deviate(&self, value: f64) -> f64 {
        let deviation = libm::sqrt(self.variance);
        if self.weight >= WARM_UP && deviation > RESOLUTION * libm::fabs(self.mean) {
            ((value - self.mean) / deviation).clamp(-LARGEST_DEVIATE, LARGEST_DEVIATE)
        } else {
            0.0
        }
    }

    fn learn(&mut self, value: f64, weight: f64) {
        if self.weight <= 0.0 {
            self.mean = value;
        }
        let mut step = value - self.mean;
        if self.weight >= WARM_UP && self.variance > 0.0 {
            let most = VARIANCE_CLIP * libm::sqrt(self.variance);
            step = step.clamp(-most, most);
        }
        self.weight = (self.weight + weight).min(OVERALL_MEMORY);
        let share = weight / self.weight;
        self.mean += share * step;
        self.variance = (1.0 - share) * (self.variance + share * step * step);
    }
}

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Profile {
    level: f64,
    /// Samples so far, in 5-minute samples.
    weight: f64,
    variance: f64,
    variance_weight: f64,
    overall: Overall,
    day: [Hour; HOURS],
    week_offset: [[f32; HOURS]; DAYS],
    week_weight: [[f32; HOURS]; DAYS],
}

impl Profile {
    pub(super) fn new() -> Self {
        Self {
            level: 0.0,
            weight: 0.0,
            variance: 0.0,
            variance_weight: 0.0,
            overall: Overall::default(),
            day: [Hour::default(); HOURS],
            week_offset: [[0.0; HOURS]; DAYS],
            week_weight: [[0.0; HOURS]; DAYS],
        }
    }

    pub(super) fn weight(&self) -> f64 {
        self.weight
    }

    /// Standard deviation of the whole series about its profile.
    pub(super) fn spread(&self) -> f64 {
        libm::sqrt(self.variance)
    }

    pub(super) fn judge(&self, place: Place, value: f64) -> Judged {
        if self.weight <= 0.0 {
            return Judged {
                expected: value,
                deviation: 0.0,
                deviate: 0.0,
                day_offset: 0.0,
            };
        }
        let (mut day_offset, mut week_offset, mut variance) = (0.0, 0.0, 0.0);
        for (day, hour, share) in place.bins {
            let of_day = &self.day[hour];
            let weight = f64::from(of_day.weight);
            day_offset += share * f64::from(of_day.offset) * weight / (weight + OFFSET_DOUBT);
            let weight = f64::from(self.week_weight[day][hour]);
            week_offset +=
                share * f64::from(self.week_offset[day][hour]) * weight / (weight + OFFSET_DOUBT);
            variance += share * (f64::from(of_day.variance_sum) + VARIANCE_DOUBT * self.variance)
                / (f64::from(of_day.variance_weight) + VARIANCE_DOUBT);
        }
        let expected = self.level + day_offset + week_offset;
        let deviation = libm::sqrt(libm::sqrt(self.variance * variance));
        let known = self.weight >= WARM_UP && deviation > RESOLUTION * libm::fabs(self.level);
        let deviate = if known {
            let of_hour = ((value - expected) / deviation).clamp(-LARGEST_DEVIATE, LARGEST_DEVIATE);
            let both = of_hour * self.overall.deviate(value);
            // To opposite sides: unusual for the hour, and nothing special all the same.
            libm::copysign(libm::sqrt(both.max(0.0)), of_hour)
        } else {
            0.0
        };
        Judged {
            expected,
            deviation: if known { deviation } else { 0.0 },
            deviate,
            day_offset,
        }
    }

    /// Learns a sample that was judged: `weight` in 5-minute samples, `trust` 0 to 1 for level and offsets.
    pub(super) fn learn(
        &mut self,
        place: Place,
        value: f64,
        judged: &Judged,
        weight: f64,
        trust: f64,
    ) {
        if self.weight <= 0.0 {
            self.level = value;
        }
        let clip = |e: f64, deviations: f64| {
            if judged.deviation > 0.0 {
                e.clamp(
                    -deviations * judged.deviation,
                    deviations * judged.deviation,
                )
            } else {
                e
            }
        };
        let residual = value - judged.expected;
        let trusted = weight * trust;
        self.weight += weight;
        self.level += clip(value - self.level, LEVEL_CLIP) * trusted
            / self.weight.clamp(weight, LEVEL_MEMORY);
        let from_day = clip(value - self.level - judged.day_offset, LEVEL_CLIP);
        let from_week = clip(residual, LEVEL_CLIP);
        let squared = clip(residual, VARIANCE_CLIP);
        let squared = squared * squared;
        self.overall.learn(value, weight);
        self.variance_weight = (self.variance_weight + weight).min(VARIANCE_MEMORY);
        self.variance += (squared - self.variance) * weight / self.variance_weight;
        for (day, hour, share) in place.bins {
            let of_day = &mut self.day[hour];
            let size = (f64::from(of_day.weight) + share * weight).min(DAY_MEMORY);
            of_day.weight = size as f32;
            of_day.offset += (share * trusted * from_day / size.max(1.0)) as f32;
            let of_week = &mut self.week_weight[day][hour];
            let size = (f64::from(*of_week) + share * weight).min(WEEK_MEMORY);
            *of_week = size as f32;
            self.week_offset[day][hour] += (share * trusted * from_week / size.max(1.0)) as f32;
            let size = f64::from(of_day.variance_weight) + share * weight;
            let sum = f64::from(of_day.variance_sum) + share * weight * squared;
            let kept = if size > HOUR_VARIANCE_MEMORY {
                HOUR_VARIANCE_MEMORY / size
            } else {
                1.0
            };
            of_day.variance_weight = (size * kept) as f32;
            of_day.variance_sum = (sum * kept) as f32;
        }
    }

    /// What was learnt is doubted: a tenth of its weight stays, and the level starts again at `level`.
    pub(super) fn doubt(&mut self, level: f64) {
        self.level = level;
        self.overall = Overall::default();
        self.weight = (self.weight * 0.1).max(WARM_UP);
        for hour in &mut self.day {
            hour.weight *= 0.1;
        }
        for weight in self.week_weight.iter_mut().flatten() {
            *weight *= 0.1;
        }
    }
}
