//! Which recorded sample is due when.
//!
//! Several series (a gauge's level and its battery, say) are merged by time; equal times keep the order of the tracks.
//! The schedule only moves forward and gives out every sample once.

use record::Series;
use wire::quantity::Quantity;

/// One recorded quantity.
#[derive(Clone, Debug)]
pub struct Track {
    /// What the series holds, in the quantity's unit.
    pub quantity: Quantity,
    /// The samples.
    pub series: Series,
}

/// One sample to be measured by a virtual node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    /// When it was measured, microseconds since the Unix epoch, UTC.
    pub time_us: i64,
    /// What it measures.
    pub quantity: Quantity,
    /// The value, or nothing where the record has none.
    pub value: Option<f64>,
}

/// The samples of all tracks in the order of their times.
#[derive(Clone, Debug)]
pub struct Schedule {
    samples: Vec<Due>,
    next: usize,
}

impl Schedule {
    /// Merges the tracks.
    #[must_use]
    pub fn new(tracks: &[Track]) -> Self {
        let mut samples: Vec<Due> = tracks
            .iter()
            .flat_map(|track| {
                track.series.samples.iter().map(|sample| Due {
                    time_us: sample.time_us,
                    quantity: track.quantity,
                    value: sample.value,
                })
            })
            .collect();
        // Stable, so equal times keep the order of the tracks.
        samples.sort_by_key(|due| due.time_us);
        Self { samples, next: 0 }
    }

    /// Leaves only samples from `from_us` to `until_us`, both included.
    #[must_use]
    pub fn within(mut self, from_us: i64, until_us: i64) -> Self {
        self.samples
            .retain(|due| (from_us..=until_us).contains(&due.time_us));
        self.next = 0;
        self
    }

    /// Moves every sample by `by_us`, to play an old record as if it happened now.
    #[must_use]
    pub fn shifted(mut self, by_us: i64) -> Self {
        for due in &mut self.samples {
            due.time_us = due.time_us.saturating_add(by_us);
        }
        self
    }

    /// Passes over samples before `us`: nobody was there to measure them. Returns how many.
    pub fn skip_before(&mut self, us: i64) -> usize {
        let remaining = self.samples.get(self.next..).unwrap_or_default();
        let skipped = remaining.partition_point(|due| due.time_us < us);
        self.next += skipped;
        skipped
    }

    /// The next sample if it is due at `now_us`.
    pub fn take_due(&mut self, now_us: i64) -> Option<Due> {
        let due = *self
            .samples
            .get(self.next)
            .filter(|due| due.time_us <= now_us)?;
        self.next += 1;
        Some(due)
    }

    /// Time of the next sample, microseconds since the Unix epoch.
    #[must_use]
    pub fn next_us(&self) -> Option<i64> {
        self.samples.get(self.next).map(|due| due.time_us)
    }

    /// Time of the first sample, given out or not.
    #[must_use]
    pub fn first_us(&self) -> Option<i64> {
        self.samples.first().map(|due| due.time_us)
    }

    /// Samples that have not been given out.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.samples.len() - self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::Sample;

    fn track(quantity: Quantity, times: &[i64]) -> Track {
        let samples = times
            .iter()
            .map(|&time_us| Sample {
                time_us,
                value: Some(time_us as f64),
            })
            .collect();
        Track {
            quantity,
            series: Series {
                samples,
                skipped: Vec::new(),
            },
        }
    }

    #[test]
    fn merges_tracks_by_time_and_gives_each_sample_once() {
        let tracks = [
            track(Quantity::SeaLevel, &[10, 30]),
            track(Quantity::BatteryVoltage, &[10, 20]),
        ];
        let mut schedule = Schedule::new(&tracks);
        assert_eq!(schedule.take_due(9), None);
        let order: Vec<_> = std::iter::from_fn(|| schedule.take_due(25))
            .map(|due| (due.time_us, due.quantity))
            .collect();
        assert_eq!(
            order,
            [
                (10, Quantity::SeaLevel),
                (10, Quantity::BatteryVoltage),
                (20, Quantity::BatteryVoltage)
            ]
        );
        assert_eq!((schedule.next_us(), schedule.remaining()), (Some(30), 1));
    }

    #[test]
    fn is_cut_shifted_and_skipped() {
        let schedule = Schedule::new(&[track(Quantity::SeaLevel, &[10, 20, 30, 40])]);
        let mut schedule = schedule.within(20, 40).shifted(100);
        assert_eq!(schedule.first_us(), Some(120));
        assert_eq!(schedule.skip_before(130), 1);
        assert_eq!(schedule.skip_before(130), 0);
        assert_eq!(schedule.take_due(200).map(|due| due.time_us), Some(130));
        assert_eq!(schedule.skip_before(1_000), 1);
        assert_eq!(schedule.take_due(i64::MAX), None);
    }
}
