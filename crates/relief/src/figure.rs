//! Numbers of people, and what is known of them.

/// A number of people in thousandths: gridded population has fractions, and a sum must not depend on its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct People(u64);

impl People {
    /// Nobody.
    pub const ZERO: Self = Self(0);
    /// Most people that one place is believed to have: more is a mistake in the data.
    pub const MOST: u64 = 100_000_000;

    /// So many whole people, at most [`People::MOST`].
    pub const fn whole(count: u32) -> Self {
        Self(count as u64 * 1_000)
    }

    /// From a number with a fraction, rounded to thousandths; `None` when it is negative, no number, or above [`People::MOST`].
    pub fn from_f64(count: f64) -> Option<Self> {
        (count >= 0.0 && count <= Self::MOST as f64).then(|| Self((count * 1_000.0).round() as u64))
    }

    /// Whole people, rounded up: half a person is one who needs a bed.
    pub const fn count(self) -> u64 {
        self.0.div_ceil(1_000)
    }

    /// As a number.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }

    /// What is left of it.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for People {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Self::plus)
    }
}

/// What is known about a number of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Figure {
    /// Nothing: there are no data, which is not 0.
    #[default]
    Unknown,
    /// This many, and places whose number is missing.
    AtLeast(People),
    /// This many, as far as the data go.
    Known(People),
}

impl Figure {
    /// The number, when there is one.
    pub const fn people(self) -> Option<People> {
        match self {
            Self::Unknown => None,
            Self::AtLeast(people) | Self::Known(people) => Some(people),
        }
    }

    /// Of `known` places with together `people`, and `missing` places without a number.
    pub const fn of(people: People, known: usize, missing: usize) -> Self {
        match (known, missing) {
            (0, _) => Self::Unknown,
            (_, 0) => Self::Known(people),
            _ => Self::AtLeast(people),
        }
    }

    /// The same knowledge of another number.
    #[must_use]
    pub const fn with(self, people: People) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::AtLeast(_) => Self::AtLeast(people),
            Self::Known(_) => Self::Known(people),
        }
    }

    /// Of two areas together: known only when both are.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, Self::Unknown) => Self::Unknown,
            (Self::Known(a), Self::Known(b)) => Self::Known(a.plus(b)),
            (Self::Unknown, Self::Known(a) | Self::AtLeast(a))
            | (Self::Known(a) | Self::AtLeast(a), Self::Unknown) => Self::AtLeast(a),
            (Self::AtLeast(a) | Self::Known(a), Self::AtLeast(b) | Self::Known(b)) => {
                Self::AtLeast(a.plus(b))
            }
        }
    }

    /// `1200`, `at least 1200`, `unknown`.
    pub fn words(self) -> String {
        match self {
            Self::Unknown => "unknown".to_owned(),
            Self::AtLeast(people) => format!("at least {}", people.count()),
            Self::Known(people) => people.count().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_never_nothing() {
        let known = Figure::Known(People::whole(5));
        assert_eq!(Figure::Unknown.and(Figure::Unknown), Figure::Unknown);
        assert_eq!(
            Figure::Unknown.and(known),
            Figure::AtLeast(People::whole(5))
        );
        assert_eq!(
            known.and(Figure::AtLeast(People::whole(1))),
            Figure::AtLeast(People::whole(6))
        );
        assert_eq!(Figure::of(People::ZERO, 0, 0).words(), "unknown");
        assert_eq!(Figure::of(People::ZERO, 1, 0).words(), "0");
        assert_eq!(Figure::of(People::whole(2), 1, 1).words(), "at least 2");
    }

    #[test]
    fn fractions_add_up() {
        let third = People::from_f64(1.0 / 3.0).expect("a number");
        assert_eq!([third; 3].into_iter().sum::<People>().count(), 1);
        assert_eq!(People::from_f64(-1.0), None);
        assert_eq!(People::from_f64(f64::NAN), None);
        assert_eq!(People::from_f64(1e12), None);
    }
}
