//! Overload against a rating, with the time that its heat allows.
//!
//! Heat is a first-order mean of the squared load with the time constant of what is protected, 1 at the rating: the thermal replica of
//! IEC 60255-149 (assumed) without memory of the ambience. It is an overload when the heat exceeds the square of what may flow for
//! ever, and ends when it is back at the rating's. From cold and with the defaults 1.45 times the rating is told after 9 minutes, twice
//! after 4, six times after 22 s; 1.13 times never.
//!
//! One wrong reading is passed over: the load is the median of the last three. Before the first reading the load is taken to have been the
//! same, at most the rating. Across a gap the heat moves on by no more than the gap that the settings allow.

use super::condition::{Condition, Rules, Told, above, higher};
use super::settings::Settings;

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Load {
    condition: Condition,
    /// The last two loads, newest last, as multiples of the rating.
    last: [f64; 2],
    /// Time of the last one, and the heat then; `None` before the first.
    heat: Option<(i64, f64)>,
    highest: f64,
}

impl Load {
    pub(super) const IDLE: Self = Self {
        condition: Condition::IDLE,
        last: [0.0; 2],
        heat: None,
        highest: 0.0,
    };

    /// Takes a load as a multiple of the rating. The extreme is the highest load, not the heat.
    pub(super) fn step(&mut self, time_us: i64, load: f64, settings: &Settings) -> Option<Told> {
        let load = load.abs();
        let Some((last_us, heat)) = self.heat else {
            let start = load.min(1.0);
            self.last = [start; 2];
            self.heat = Some((time_us, start * start));
            return None;
        };
        let middle = median3(self.last[0], self.last[1], load);
        self.last = [self.last[1], load];
        let dt_us = time_us
            .saturating_sub(last_us)
            .clamp(0, settings.gap_us.max(0));
        // Finite and not negative: a load is a finite reading over a positive rating, and its square may be infinite.
        let square = (middle * middle).min(1e12);
        let moved = 1.0 - libm::exp(-(dt_us as f64) / settings.thermal_us as f64);
        let heat = heat + (square - heat) * moved;
        self.heat = Some((time_us, heat));
        let limit = settings.overload * settings.overload;
        let verdict = above(heat, limit, limit - 1.0);
        let rules = Rules {
            least_us: 0,
            sustained_us: i64::MAX,
            gap_us: settings.gap_us,
        };
        let told = self.condition.step(time_us, verdict, heat, higher, rules);
        self.highest = if self.condition.is_active() || told.is_some() {
            self.highest.max(middle)
        } else {
            middle
        };
        told.map(|told| Told {
            extreme: self.highest,
            ..told
        })
    }
}

fn median3(a: f64, b: f64, c: f64) -> f64 {
    a.min(b).max(a.max(b).min(c))
}
