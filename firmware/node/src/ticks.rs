//! Makes a 64-bit clock of a 32-bit hardware counter.

/// Extends a 32-bit counter. At one tick a microsecond the counter wraps every 71 minutes; the result after 580,000
/// years, which the rest of this crate survives.
///
/// Must see the counter at least once in half its period (35 minutes at 1 MHz). A reading that is a little older than the
/// last one, taken before an interrupt that read it too, is recognised and does not turn the clock by a whole period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extend32 {
    latest: u64,
}

impl Extend32 {
    /// A clock whose counter starts anywhere; the first reading is the result of it.
    #[must_use]
    pub const fn starting_at(ticks: u64) -> Self {
        Self { latest: ticks }
    }

    /// The 64-bit reading that belongs to the counter's `ticks`.
    pub const fn extend(&mut self, ticks: u32) -> u64 {
        let step = ticks.wrapping_sub(self.latest as u32) as i32;
        let reading = self.latest.wrapping_add(step as i64 as u64);
        if step > 0 {
            self.latest = reading;
        }
        reading
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_across_many_wraps() {
        let mut clock = Extend32::default();
        let mut expected = 0u64;
        for round in 0..100_000u64 {
            expected += (round * 7_919) % (1 << 31);
            assert_eq!(clock.extend(expected as u32), expected);
        }
        assert!(expected > 1 << 40);
    }

    #[test]
    fn an_older_reading_is_older_and_no_wrap() {
        let mut clock = Extend32::default();
        assert_eq!(clock.extend(1_000), 1_000);
        assert_eq!(clock.extend(990), 990);
        assert_eq!(clock.extend(1_001), 1_001);
        let mut clock = Extend32::starting_at(1 << 32);
        assert_eq!(
            clock.extend(u32::MAX),
            u64::from(u32::MAX),
            "before the wrap"
        );
        assert_eq!(clock.extend(3), (1 << 32) + 3);
    }

    #[test]
    fn the_64_bit_wrap_is_one_too() {
        let mut clock = Extend32::starting_at(u64::MAX - 2);
        assert_eq!(clock.extend(u32::MAX), u64::MAX);
        assert_eq!(clock.extend(5), 5);
    }
}
