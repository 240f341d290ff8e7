//! How fast the node's oscillator runs, from successive clock exchanges.
//!
//! Two exchanges give the rate: the time that passed here against the time that passed at the edge. Each is uncertain by
//! half its round trip, so the longer the two are apart, the better is the rate; a rate that is too old says little,
//! because crystals follow the temperature. The older of the two is therefore kept for up to [`RENEW_US`].
//!
//! The rate corrects the node's idea of UTC. What was measured always carries the uncorrected monotonic clock; the edge
//! maps it to UTC by the same exchanges and never by this estimate.

use crate::time::Fix;
use crate::timer::elapsed;

/// What an oscillator may be off while nothing is measured, parts per billion: a crystal is within 100 ppm over its
/// temperature range, an internal RC oscillator is not and must not be used.
pub(crate) const ASSUMED_PPB: u32 = 150_000;

/// How far a measured rate may move with the temperature until it is measured again, parts per billion.
const WANDER_PPB: u32 = 5_000;

/// A rate more uncertain than this is not used, parts per billion.
const USABLE_PPB: u32 = 20_000;

/// After this long the older exchange is given up for a newer one, microseconds: four hours.
const RENEW_US: u64 = 4 * 3_600_000_000;

/// A measured rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How much the node's clock runs fast, parts per billion; negative when slow.
    pub ppb: i32,
    /// Bound of the error of it, parts per billion.
    pub uncertainty_ppb: u32,
}

/// The exchanges that the rate is made from.
#[derive(Debug, Default)]
pub(crate) struct Drift {
    anchor: Option<Fix>,
    /// Takes the anchor's place when that is too old.
    successor: Option<Fix>,
    rate: Option<Rate>,
    measured_us: u64,
}

impl Drift {
    /// The rate, when it is known well enough to be used.
    pub(crate) fn rate(&self) -> Option<Rate> {
        self.rate.filter(|rate| rate.uncertainty_ppb <= USABLE_PPB)
    }

    /// What the corrected clock may still be off, parts per billion.
    pub(crate) fn bound_ppb(&self) -> u32 {
        self.rate().map_or(ASSUMED_PPB, |rate| {
            rate.uncertainty_ppb.saturating_add(WANDER_PPB)
        })
    }

    /// The clock of one end was stepped: what was learnt compares two different scales.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Takes another exchange.
    pub(crate) fn learn(&mut self, fix: Fix) {
        let Some(anchor) = self.anchor else {
            self.anchor = Some(fix);
            return;
        };
        let here_us = elapsed(fix.mono_us, anchor.mono_us);
        let there_us = fix.unix_us.wrapping_sub(anchor.unix_us);
        if here_us == 0 || there_us <= 0 {
            return;
        }
        // Doubles are exact enough (a microsecond in 285 years) and spare the 128-bit division.
        let ppb = (here_us as f64 - there_us as f64) * 1e9 / there_us as f64;
        let off_us = (anchor.round_trip_us / 2).saturating_add(fix.round_trip_us / 2);
        let uncertainty_ppb = (off_us as f64 * 1e9 / here_us as f64) as u32;
        let rate = Rate {
            ppb: ppb as i32,
            uncertainty_ppb,
        };
        let better = self.rate.is_none_or(|old| {
            uncertainty_ppb <= old.uncertainty_ppb.saturating_mul(2)
                || elapsed(fix.mono_us, self.measured_us) > RENEW_US
        });
        if better {
            self.rate = Some(rate);
            self.measured_us = fix.mono_us;
        }
        if self.successor.is_none() && here_us > RENEW_US / 2 {
            self.successor = Some(fix);
        }
        // A first exchange over a slow line would spoil every rate made from it.
        let poor = here_us < RENEW_US / 2 && fix.round_trip_us < anchor.round_trip_us / 2;
        if poor {
            self.anchor = Some(fix);
        } else if here_us > RENEW_US {
            self.anchor = self.successor.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: u64 = 1_000_000;

    /// An exchange at `mono_us` of a clock that runs `ppm` fast, `late_us` off by an uneven line.
    fn fix(mono_us: u64, ppm: i64, round_trip_us: u64, late_us: i64) -> Fix {
        let unix_us = mono_us as i64 - mono_us as i64 * ppm / 1_000_000;
        Fix {
            mono_us,
            unix_us: 1_267_254_842_000_000 + unix_us + late_us,
            round_trip_us,
        }
    }

    #[test]
    fn the_rate_is_within_its_bound_and_gets_better() {
        for ppm in [-100, -20, 0, 3, 100] {
            let mut drift = Drift::default();
            let mut widest = u32::MAX;
            for exchange in 0..600u64 {
                // Half of a 4 ms round trip at most, either way.
                let late_us = [-2_000, 500, 2_000, 0][exchange as usize % 4];
                drift.learn(fix(exchange * 64 * SECOND_US, ppm, 4_000, late_us));
                if let Some(rate) = drift.rate() {
                    let error = (i64::from(rate.ppb) - ppm * 1_000).unsigned_abs();
                    // A crystal 100 ppm fast by the other scale is 100.01 ppm: the ten are that.
                    assert!(
                        error <= u64::from(rate.uncertainty_ppb) + 11,
                        "{ppm} ppm at {exchange}: {rate:?}"
                    );
                    widest = widest.min(rate.uncertainty_ppb);
                }
            }
            assert!(widest < 300, "{ppm} ppm: {widest} ppb after hours");
            assert!(drift.bound_ppb() < 6_000);
        }
    }

    #[test]
    fn it_follows_a_crystal_that_changes() {
        let mut drift = Drift::default();
        let mut unix_us = 0;
        for exchange in 0..1_000u64 {
            let ppm = if exchange < 400 { 10 } else { -10 };
            unix_us += 64_000_000 - 64 * ppm;
            drift.learn(Fix {
                mono_us: (exchange + 1) * 64 * SECOND_US,
                unix_us,
                round_trip_us: 2_000,
            });
        }
        let rate = drift.rate().expect("seventeen hours");
        assert!((rate.ppb + 10_000).abs() < 300, "{rate:?}");
    }

    #[test]
    fn two_exchanges_at_once_and_impossible_ones_give_no_rate() {
        let mut drift = Drift::default();
        drift.learn(fix(5, 0, 100, 0));
        drift.learn(fix(5, 0, 100, 0));
        drift.learn(Fix {
            unix_us: i64::MIN,
            ..fix(9, 0, 100, 0)
        });
        assert_eq!(drift.rate(), None);
        // Too uncertain to be used: a second apart over a line of 100 ms.
        drift.learn(fix(SECOND_US, 0, 100_000, 0));
        assert_eq!((drift.rate(), drift.bound_ppb()), (None, ASSUMED_PPB));
    }
}
