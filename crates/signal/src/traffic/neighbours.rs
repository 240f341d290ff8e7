//! Two detectors along the road: an incident between them fills the upstream one and empties the downstream one.
//!
//! The tests are those of the California algorithms (Payne and Tignor, "Freeway incident-detection algorithms based on decision trees
//! with states", Transportation Research Record 682, 1978): difference of occupancies, difference relative to upstream, and low
//! occupancy downstream; with states as in their algorithm 7. Thresholds are to be set for each road; the defaults are ours.

/// Thresholds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NeighboursSettings {
    /// Upstream occupancy exceeds downstream by this, percent.
    pub difference: f64,
    /// The difference is this share of upstream's occupancy.
    pub relative: f64,
    /// Downstream is at most this, percent: behind a bottleneck traffic flows.
    pub downstream: f64,
    /// How long it must hold, microseconds.
    pub persistence_us: i64,
}

impl Default for NeighboursSettings {
    fn default() -> Self {
        Self {
            difference: 10.0,
            relative: 0.5,
            downstream: 20.0,
            persistence_us: 4 * 60_000_000,
        }
    }
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Phase {
    /// None.
    #[default]
    Free,
    /// The tests hold, not for long enough.
    Tentative,
    /// They have held for long enough; told once.
    Confirmed,
    /// It goes on.
    Continuing,
}

/// Values older than this are not compared: three steps of 5 minutes.
const STALE_US: i64 = 15 * 60_000_000;

/// Compares two detectors' occupancies.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Neighbours {
    settings: NeighboursSettings,
    upstream: Option<(i64, f64)>,
    downstream: Option<(i64, f64)>,
    phase: Phase,
    since_us: i64,
    clear_us: Option<i64>,
}

impl Neighbours {
    /// With nothing seen yet. Thresholds that are not finite or negative are replaced by their defaults.
    #[must_use]
    pub fn new(settings: NeighboursSettings) -> Self {
        let default = NeighboursSettings::default();
        let or = |value: f64, default: f64| {
            if value.is_finite() && value >= 0.0 {
                value
            } else {
                default
            }
        };
        Self {
            settings: NeighboursSettings {
                difference: or(settings.difference, default.difference),
                relative: or(settings.relative, default.relative),
                downstream: or(settings.downstream, default.downstream),
                persistence_us: settings.persistence_us.max(0),
            },
            upstream: None,
            downstream: None,
            phase: Phase::Free,
            since_us: 0,
            clear_us: None,
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// When the tests began to hold, microseconds; of use unless free.
    #[must_use]
    pub fn since_us(&self) -> i64 {
        self.since_us
    }

    /// Takes the upstream detector's occupancy, percent. Returns the phase when it changes.
    pub fn upstream(&mut self, time_us: i64, occupancy: f64) -> Option<Phase> {
        if !(0.0..=100.0).contains(&occupancy) {
            return None;
        }
        self.upstream = Some((time_us, occupancy));
        self.compare(time_us)
    }

    /// Takes the downstream detector's occupancy, percent. Returns the phase when it changes.
    pub fn downstream(&mut self, time_us: i64, occupancy: f64) -> Option<Phase> {
        if !(0.0..=100.0).contains(&occupancy) {
            return None;
        }
        self.downstream = Some((time_us, occupancy));
        self.compare(time_us)
    }

    fn compare(&mut self, now_us: i64) -> Option<Phase> {
        let fresh = |held: Option<(i64, f64)>| {
            held.filter(|(t, _)| now_us.abs_diff(*t) <= STALE_US as u64)
                .map(|(_, occupancy)| occupancy)
        };
        let (up, down) = (fresh(self.upstream)?, fresh(self.downstream)?);
        let s = &self.settings;
        let difference = up - down;
        let between = difference >= s.difference && difference >= s.relative * up;
        let next = match (self.phase, between) {
            (Phase::Free, true) if down <= s.downstream => {
                self.since_us = now_us;
                Phase::Tentative
            }
            (Phase::Free | Phase::Tentative, false) | (Phase::Free, true) => Phase::Free,
            (Phase::Tentative, true) => {
                if now_us.saturating_sub(self.since_us) >= s.persistence_us {
                    Phase::Confirmed
                } else {
                    Phase::Tentative
                }
            }
            (Phase::Confirmed | Phase::Continuing, true) => Phase::Continuing,
            // The queue discharges: over when the difference has been gone for as long as it took to be believed.
            (phase, false) => {
                let clear_us = *self.clear_us.get_or_insert(now_us);
                if now_us.saturating_sub(clear_us) >= s.persistence_us {
                    Phase::Free
                } else {
                    phase
                }
            }
        };
        if between || next == Phase::Free {
            self.clear_us = None;
        }
        let changed = next != self.phase;
        self.phase = next;
        changed.then_some(next)
    }
}
