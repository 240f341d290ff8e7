//! Values at instants: steps, ramps and recorded series.

use record::Series;

/// Most points that a source holds, as many as a record has rows.
pub const MAX_POINTS: usize = record::MAX_ROWS;

/// What the value is between two points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Between {
    /// On the straight line between them; nothing next to a missing value.
    #[default]
    Linear,
    /// That of the point before.
    Hold,
}

/// Values at instants, sorted.
#[derive(Clone, Debug)]
pub struct Points {
    /// Virtual time in microseconds, negative before the rig's start, and the value or nothing.
    points: Vec<(i64, Option<f64>)>,
    between: Between,
    /// Longest distance of two points that is bridged.
    max_gap_us: Option<u64>,
    /// The first value holds before the first point, the last after the last.
    ends_hold: bool,
}

/// Why points are not a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsError {
    /// Nothing in it.
    #[error("no values")]
    Empty,
    /// More than [`MAX_POINTS`].
    #[error("{0} values; at most {MAX_POINTS} are held")]
    TooMany(usize),
    /// Times do not rise.
    #[error("the time of value {0} (from 1) is not after the one before it")]
    Order(usize),
    /// Not a number.
    #[error("value {0} (from 1) is not a finite number")]
    NotFinite(usize),
}

impl Points {
    /// Points in the order of time. Before the first its value holds, after the last that one.
    ///
    /// # Errors
    /// [`PointsError`].
    pub fn new(points: Vec<(i64, Option<f64>)>, between: Between) -> Result<Self, PointsError> {
        if points.is_empty() {
            return Err(PointsError::Empty);
        }
        if points.len() > MAX_POINTS {
            return Err(PointsError::TooMany(points.len()));
        }
        for (index, pair) in points.windows(2).enumerate() {
            if let [(a, _), (b, _)] = pair
                && a >= b
            {
                return Err(PointsError::Order(index + 2));
            }
        }
        if let Some(index) = points
            .iter()
            .position(|(_, value)| value.is_some_and(|value| !value.is_finite()))
        {
            return Err(PointsError::NotFinite(index + 1));
        }
        Ok(Self {
            points,
            between,
            max_gap_us: None,
            ends_hold: true,
        })
    }

    /// A recorded series; the instant `zero_us` of the record (microseconds since the Unix epoch) is played at the
    /// rig's start. Before its first and after its last sample there is no value.
    ///
    /// # Errors
    /// [`PointsError`].
    pub fn recorded(series: &Series, zero_us: i64, between: Between) -> Result<Self, PointsError> {
        let points = series
            .samples
            .iter()
            .map(|sample| (sample.time_us.saturating_sub(zero_us), sample.value))
            .collect();
        Ok(Self {
            ends_hold: false,
            ..Self::new(points, between)?
        })
    }

    /// Gives no value where two points are further apart than `us`.
    #[must_use]
    pub const fn with_max_gap(mut self, us: u64) -> Self {
        self.max_gap_us = Some(us);
        self
    }

    /// The value at `us` of virtual time.
    #[must_use]
    pub fn value(&self, us: u64) -> Option<f64> {
        let us = i64::try_from(us).unwrap_or(i64::MAX);
        let after = self.points.partition_point(|(at_us, _)| *at_us <= us);
        let next = self.points.get(after);
        let Some((at_us, value)) = after.checked_sub(1).and_then(|at| self.points.get(at)) else {
            return next.filter(|_| self.ends_hold)?.1;
        };
        let Some((next_us, next_value)) = next else {
            // The very last instant of a record is still in it.
            return value.filter(|_| self.ends_hold || *at_us == us);
        };
        if *at_us == us {
            return *value;
        }
        let gap_us = next_us.abs_diff(*at_us);
        if self.max_gap_us.is_some_and(|limit_us| gap_us > limit_us) {
            return None;
        }
        let value = (*value)?;
        Some(match self.between {
            Between::Hold => value,
            Between::Linear => {
                let share = us.abs_diff(*at_us) as f64 / gap_us as f64;
                value + ((*next_value)? - value) * share
            }
        })
    }

    /// Virtual times of the first and the last point.
    #[must_use]
    pub fn extent_us(&self) -> Option<(i64, i64)> {
        Some((self.points.first()?.0, self.points.last()?.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::Sample;

    fn recorded(between: Between) -> Points {
        let samples = [
            (1_000, Some(1.0)),
            (2_000, Some(3.0)),
            (3_000, None),
            (4_000, Some(5.0)),
        ]
        .map(|(time_us, value)| Sample { time_us, value })
        .into();
        let series = Series {
            samples,
            skipped: Vec::new(),
        };
        Points::recorded(&series, 500, between).expect("points")
    }

    #[test]
    fn a_record_is_met_at_its_samples_and_bridged_as_asked() {
        let linear = recorded(Between::Linear);
        let hold = recorded(Between::Hold);
        for (us, on_line, held) in [
            (499, None, None),
            (500, Some(1.0), Some(1.0)),
            (750, Some(1.5), Some(1.0)),
            (1_500, Some(3.0), Some(3.0)),
            (1_501, None, Some(3.0)),
            (2_500, None, None),
            (3_000, None, None),
            (3_500, Some(5.0), Some(5.0)),
            (3_501, None, None),
        ] {
            assert_eq!(linear.value(us), on_line, "{us}");
            assert_eq!(hold.value(us), held, "{us}");
        }
        let short = recorded(Between::Linear).with_max_gap(999);
        assert_eq!((short.value(500), short.value(750)), (Some(1.0), None));
    }

    #[test]
    fn written_points_hold_at_their_ends() {
        let points =
            Points::new(vec![(10, Some(1.0)), (20, Some(2.0))], Between::Hold).expect("points");
        assert_eq!(
            [0, 10, 19, 20, 1_000].map(|us| points.value(us)),
            [Some(1.0), Some(1.0), Some(1.0), Some(2.0), Some(2.0)]
        );
    }

    #[test]
    fn bad_points_are_refused() {
        let new = |points: Vec<(i64, Option<f64>)>| Points::new(points, Between::Hold).err();
        assert_eq!(new(vec![]), Some(PointsError::Empty));
        assert_eq!(new(vec![(1, None), (1, None)]), Some(PointsError::Order(2)));
        assert_eq!(
            new(vec![(1, Some(f64::NAN))]),
            Some(PointsError::NotFinite(1))
        );
    }
}
