//! When a fault acts.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// A span of virtual time: from `begin_us`, up to but not including `end_us`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant, microseconds since the rig's start.
    pub begin_us: u64,
    /// First instant after it; without one it lasts.
    pub end_us: Option<u64>,
}

impl Window {
    /// From the rig's start to its end.
    pub const ALWAYS: Self = Self::new(0, None);

    /// From `begin_us` to before `end_us`.
    #[must_use]
    pub const fn new(begin_us: u64, end_us: Option<u64>) -> Self {
        Self { begin_us, end_us }
    }

    /// Whether `us` is in it.
    #[must_use]
    pub fn contains(self, us: u64) -> bool {
        us >= self.begin_us && self.end_us.is_none_or(|end_us| us < end_us)
    }
}

/// The phases of something intermittent: within the window it is off, then on, then off again, each phase between half and
/// one and a half times its mean length. Outside the window it is on.
#[derive(Clone, Debug)]
pub struct Phases {
    window: Window,
    on_us: u64,
    off_us: u64,
    random: Pcg64Mcg,
    is_on: bool,
    until_us: u64,
}

impl Phases {
    /// The phases of this seed. Lengths of 0 are taken as 1 microsecond.
    #[must_use]
    pub fn new(seed: u64, window: Window, on_us: u64, off_us: u64) -> Self {
        let mut phases = Self {
            window,
            on_us: on_us.max(1),
            off_us: off_us.max(1),
            random: Pcg64Mcg::seed_from_u64(seed),
            is_on: false,
            until_us: window.begin_us,
        };
        phases.until_us = window.begin_us.saturating_add(phases.length_us());
        phases
    }

    fn length_us(&mut self) -> u64 {
        let mean_us = if self.is_on { self.on_us } else { self.off_us };
        let below = self.random.next_u64() % (mean_us.saturating_add(1));
        (mean_us / 2).saturating_add(below).max(1)
    }

    /// Goes on to the phase of `us`, which must not run backwards.
    fn advance(&mut self, us: u64) {
        while us >= self.until_us && self.until_us < u64::MAX {
            self.is_on = !self.is_on;
            self.until_us = self.until_us.saturating_add(self.length_us());
        }
    }

    /// Whether it is on at `us`, which must not run backwards.
    pub fn is_on(&mut self, us: u64) -> bool {
        if !self.window.contains(us) {
            return true;
        }
        self.advance(us);
        self.is_on
    }

    /// When it changes next after `us`, which must not run backwards; nothing once the window is over.
    pub fn next_change_us(&mut self, us: u64) -> Option<u64> {
        if us < self.window.begin_us {
            return Some(self.window.begin_us);
        }
        if !self.window.contains(us) {
            return None;
        }
        self.advance(us);
        Some(self.until_us.min(self.window.end_us.unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_alternate_begin_off_and_have_their_mean_lengths() {
        let window = Window::new(1_000_000, Some(2_001_000_000));
        let mut phases = Phases::new(5, window, 3_000_000, 1_000_000);
        assert!(phases.is_on(999_999));
        assert!(!phases.is_on(1_000_000));
        let (mut on_us, mut changes, mut us) = (0, 0, 1_000_000);
        while let Some(next_us) = phases.next_change_us(us) {
            let was_on = phases.is_on(us);
            on_us += if was_on { next_us - us } else { 0 };
            assert_eq!(phases.is_on(next_us - 1), was_on, "no change between");
            us = next_us;
            changes += 1;
        }
        assert!(phases.is_on(us), "on again after the window");
        // 500 pairs of phases are expected, 75 % on; each phase scatters by 29 % of its mean.
        assert!((900..1_100).contains(&changes), "{changes}");
        let share = on_us as f64 / 2e9;
        assert!((share - 0.75).abs() < 0.02, "{share}");
    }
}
