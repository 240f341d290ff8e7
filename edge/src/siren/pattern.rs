//! When an output is on and when it is off, as data.

use std::time::Duration;

/// Longest sounding that can be configured. Sirens overheat, and a sound that never ends says nothing.
pub const MAX_LASTS: Duration = Duration::from_secs(30 * 60);

/// Shortest on or off phase: relays and frames to nodes are not faster.
pub const MIN_PHASE: Duration = Duration::from_millis(10);

/// An output that is on for a while, off for a while, and so on, and after some time stays off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// How long each tone is.
    pub on: Duration,
    /// How long each pause is; zero is one long tone.
    pub off: Duration,
    /// How long it all is.
    pub lasts: Duration,
}

/// What a pattern says about one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// Whether the output is on.
    pub on: bool,
    /// Until it changes or the pattern ends.
    pub left: Duration,
}

impl Pattern {
    /// What holds `elapsed` after the begin; `None` after the end.
    pub fn at(&self, elapsed: Duration) -> Option<Phase> {
        let left = self
            .lasts
            .checked_sub(elapsed)
            .filter(|left| !left.is_zero())?;
        if self.off.is_zero() {
            return Some(Phase { on: true, left });
        }
        let period = (self.on + self.off).as_nanos();
        // Below 30 minutes in nanoseconds: fits by far.
        let into = Duration::from_nanos((elapsed.as_nanos() % period) as u64);
        let (on, phase) = if into < self.on {
            (true, self.on - into)
        } else {
            (false, self.on + self.off - into)
        };
        Some(Phase {
            on,
            left: phase.min(left),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn is_on_and_off_in_turn_and_ends() {
        let pattern = Pattern {
            on: ms(300),
            off: ms(100),
            lasts: ms(750),
        };
        let at = |elapsed| {
            pattern
                .at(ms(elapsed))
                .map(|p| (p.on, p.left.as_millis() as u64))
        };
        assert_eq!(at(0), Some((true, 300)));
        assert_eq!(at(299), Some((true, 1)));
        assert_eq!(at(300), Some((false, 100)));
        assert_eq!(at(400), Some((true, 300)));
        assert_eq!(
            at(700),
            Some((false, 50)),
            "the end comes before the next tone"
        );
        assert_eq!(at(750), None);
        assert_eq!(at(u64::MAX / 2), None);
    }

    #[test]
    fn without_pauses_it_is_one_tone() {
        let pattern = Pattern {
            on: ms(5),
            off: ms(0),
            lasts: ms(60_000),
        };
        let phase = pattern.at(ms(59_000));
        assert_eq!(
            phase,
            Some(Phase {
                on: true,
                left: ms(1_000)
            })
        );
    }
}
