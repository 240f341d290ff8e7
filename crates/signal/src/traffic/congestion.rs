//! Free, dense or congested, relative to the detector's own free flow.

use super::Measure;

/// How the road runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Congestion {
    /// As on an empty road, or nothing is known.
    #[default]
    Free,
    /// Below three quarters of free flow.
    Dense,
    /// Below half of free flow.
    Congested,
}

/// Shares of free flow below which traffic is dense and congested (ours).
const DENSE: f64 = 0.75;
const CONGESTED: f64 = 0.5;
/// How far a share must come back.
const HYSTERESIS: f64 = 0.1;
/// Samples that must agree.
const AGREE: u8 = 2;
/// 5-minute samples before the free flow is known: four hours.
const KNOWN: f64 = 48.0;
/// Occupancy, in percent, that is never more than free: freeways reach capacity around 15 to 25 % (ours: dense from 13 %, congested from 20 %).
const FREE_OCCUPANCY: f64 = 10.0;

#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct State {
    /// The value on a free road: 85th percentile of speed, 15th of travel time, median of occupancy.
    free: Option<f64>,
    weight: f64,
    now: Congestion,
    next: Congestion,
    agreed: u8,
}

impl State {
    pub(super) fn now(&self) -> Congestion {
        self.now
    }

    /// The value on a free road, once known.
    pub(super) fn free_flow(&self) -> Option<f64> {
        self.free.filter(|_| self.weight >= KNOWN)
    }

    /// Takes a value; returns the state before when it changes. `spread` is the series' standard deviation.
    pub(super) fn step(
        &mut self,
        measure: Measure,
        value: f64,
        spread: f64,
        weight: f64,
    ) -> Option<Congestion> {
        let quantile = match measure {
            Measure::Speed => 0.85,
            Measure::TravelTime => 0.15,
            Measure::Occupancy => 0.5,
            Measure::Flow | Measure::Other => return None,
        };
        let free = self.free.get_or_insert(value);
        self.weight += weight;
        // Stochastic approximation of the quantile (Robbins and Monro 1951), with a step that never falls below 1 % of the spread.
        let step = spread * weight * (1.0 / libm::sqrt(self.weight + 1.0)).max(0.01);
        *free += if value > *free {
            step * quantile
        } else {
            -step * (1.0 - quantile)
        };
        let free = *free;
        if self.weight < KNOWN {
            return None;
        }
        let share = match measure {
            Measure::Speed if free > 0.0 => value / free,
            Measure::TravelTime if value > 0.0 => free / value,
            Measure::Occupancy if value > 0.0 => (1.25 * free).max(FREE_OCCUPANCY) / value,
            _ => 1.0,
        };
        let back = |limit: f64, inside: bool| limit + if inside { HYSTERESIS } else { 0.0 };
        let seen = if share < back(CONGESTED, self.now == Congestion::Congested) {
            Congestion::Congested
        } else if share < back(DENSE, self.now >= Congestion::Dense) {
            Congestion::Dense
        } else {
            Congestion::Free
        };
        if seen == self.now {
            self.agreed = 0;
            return None;
        }
        self.agreed = if seen == self.next {
            self.agreed + 1
        } else {
            1
        };
        self.next = seen;
        if self.agreed < AGREE {
            return None;
        }
        self.agreed = 0;
        Some(core::mem::replace(&mut self.now, seen))
    }
}
