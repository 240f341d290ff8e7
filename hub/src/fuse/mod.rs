//! Fusion over stations: whether onsets that no earthquake explains are one tsunami.
//!
//! Purpose: landslides, volcanoes and earthquakes that nobody has told of yet make waves too. One station's onset is shown to the officers.
//! Two or more that one source and the ocean's travel times explain are a tsunami; those that no source explains are not, with the
//! reason in words.
//!
//! Rules:
//! - Stations nearer to each other than the policy's `separation_km` count as one: one storm, one ship, one power supply or one earthquake
//!   moves both at once, and the travel time between them is then within what an onset is known by, so that agreement says nothing.
//! - A station that shook shortly before its onset counts once half a wave has passed: surface waves sampled rarely can look like a slow
//!   swing, and they reach several stations within minutes.
//! - Memory is bounded: one sighting a station, [`MOST_SIGHTINGS`] of them, for [`KEPT_US`].
//!
//! Refuses: to read a clock, to warn, to say anything about a wave that an earthquake's event has claimed.

mod fit;
mod reach;

pub use fit::{Fit, ONSET_SIGMA_S, Onset, Silent};
pub use reach::Reach;

use std::collections::BTreeMap;

use crate::place::Place;
use signal::tsunami::{Change, Sign};

/// Most stations whose onsets are remembered.
pub const MOST_SIGHTINGS: usize = fit::MOST_ONSETS;
/// How long: the hub's wait for an earthquake to be told, and an ocean's width of travel for most pairs of stations.
pub const KEPT_US: i64 = 6 * 3_600 * 1_000_000;
/// Shaking this long before an onset makes it doubtful: surface waves with the longest source pass an ocean's station within it.
const SHAKEN_US: i64 = 30 * 60 * 1_000_000;

/// Higher is no wave where sensors stand, metres: the highest that a buoy or gauge of this project's records has seen is 6.7 m off Tohoku in
/// 2011; a sensor that moves by more has fallen, broken or been serviced.
const HIGHEST_M: f64 = 30.0;

/// What one station saw, as far as fusion goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    /// The station.
    pub station: u32,
    /// When the wave began there, microseconds since the Unix epoch.
    pub onset_us: i64,
    /// First motion.
    pub sign: Sign,
    /// Largest height so far, signed, metres; 0 until known.
    pub amplitude_m: f64,
    /// When it was reached.
    pub amplitude_us: i64,
    /// Half of the first wave has passed.
    pub passed: bool,
    /// Quiet since, when it is.
    pub quiet_since_us: Option<i64>,
    /// It shook shortly before.
    pub shaken: bool,
}

impl Sighting {
    /// Whether it may count towards a tsunami.
    pub fn counts(&self) -> bool {
        (self.passed || !self.shaken) && self.amplitude_m.abs() <= HIGHEST_M
    }
}

/// Why onsets are no tsunami.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Against {
    /// The two stations are too near to each other to count as two.
    Near {
        /// The other station.
        station: u32,
        /// Their distance, kilometres.
        km: f64,
    },
    /// No source explains both.
    Apart {
        /// The other station.
        station: u32,
        /// What a wave takes from one to the other, seconds.
        travel_s: f64,
        /// How far apart their onsets were, seconds.
        apart_s: f64,
    },
    /// No way by sea from one to the other.
    Unreached {
        /// The other station.
        station: u32,
    },
}

/// What fusion says of the newest onset.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The only one: consistent with any source, confirmed by none.
    Single,
    /// No source explains it with another one.
    Rejected(Vec<Against>),
    /// A source would explain it, but stations that must have seen its wave saw nothing.
    Contradicted(Fit),
    /// One source explains it and at least one more.
    Fits(Fit),
}

/// What is known of stations beside their onsets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// Where it is.
    pub place: Place,
    /// Depth of the water there, metres.
    pub depth_m: f64,
    /// Step of its rows, seconds.
    pub step_s: f64,
}

/// The onsets that no earthquake explains.
#[derive(Debug, Default)]
pub struct Fusion {
    sightings: Vec<Sighting>,
    shaken_us: BTreeMap<u32, i64>,
}

impl Fusion {
    /// Takes a change at a station. Returns whether it is worth judging it anew.
    pub fn see(&mut self, station: u32, change: &Change) -> bool {
        let known = self.sightings.iter_mut().find(|s| s.station == station);
        match (*change, known) {
            (Change::Shaking { since_us, .. }, _) => {
                self.shaken_us.insert(station, since_us);
                false
            }
            (Change::Onset { onset_us, sign, .. }, _) => {
                let shaken = self
                    .shaken_us
                    .get(&station)
                    .is_some_and(|t| (0..=SHAKEN_US).contains(&onset_us.saturating_sub(*t)));
                self.sightings.retain(|s| s.station != station);
                if self.sightings.len() == MOST_SIGHTINGS {
                    self.sightings.remove(0);
                }
                self.sightings.push(Sighting {
                    station,
                    onset_us,
                    sign,
                    amplitude_m: 0.0,
                    amplitude_us: onset_us,
                    passed: false,
                    quiet_since_us: None,
                    shaken,
                });
                true
            }
            (
                Change::Growth {
                    amplitude_m,
                    time_us,
                    period_s,
                },
                Some(s),
            ) => {
                // Growing alone changes no instant: what matters is that there is a height, and that half a wave is through.
                let news = s.amplitude_m == 0.0 || (period_s.is_some() && !s.passed);
                if amplitude_m.abs() > s.amplitude_m.abs() {
                    (s.amplitude_m, s.amplitude_us) = (amplitude_m, time_us);
                }
                s.passed |= period_s.is_some();
                news
            }
            (Change::End { quiet_since_us, .. }, Some(s)) => {
                s.quiet_since_us = Some(quiet_since_us);
                s.passed = true;
                true
            }
            (Change::Growth { .. } | Change::End { .. }, None) => false,
        }
    }

    /// What a station saw.
    pub fn sighting(&self, station: u32) -> Option<&Sighting> {
        self.sightings.iter().find(|s| s.station == station)
    }

    /// Forgets a station's onset: an earthquake's event has claimed it, or the event it belonged to is over.
    pub fn forget(&mut self, station: u32) {
        self.sightings.retain(|s| s.station != station);
    }

    /// Forgets all that a station showed, its shaking too: it is told anew.
    pub fn forget_all(&mut self, station: u32) {
        self.forget(station);
        self.shaken_us.remove(&station);
    }

    /// Lets time pass.
    pub fn pass(&mut self, now_us: i64) {
        let old = |t: i64| now_us.saturating_sub(t) > KEPT_US;
        self.sightings.retain(|s| !old(s.onset_us));
        self.shaken_us.retain(|_, t| !old(*t));
    }

    /// Whether no onset is remembered.
    pub fn is_empty(&self) -> bool {
        self.sightings.is_empty()
    }

    /// Stations with onsets, oldest news first.
    pub fn stations(&self) -> impl Iterator<Item = u32> + '_ {
        self.sightings.iter().map(|s| s.station)
    }

    /// Judges a station's onset with all others. `known` says what is known of a station; `silent` are those that speak and saw nothing.
    pub fn judge(
        &self,
        reach: &mut Reach,
        station: u32,
        known: impl Fn(u32) -> Option<Known>,
        silent: &[Silent],
        separation_km: f64,
    ) -> Verdict {
        let counting = || self.sightings.iter().filter(|s| s.counts());
        let Some(me) = counting().find(|s| s.station == station) else {
            return Verdict::Single;
        };
        let onsets: Vec<Onset> = counting()
            .filter_map(|s| {
                let k = known(s.station)?;
                reach.prepare(s.station, k.place).then(|| Onset {
                    station: s.station,
                    place: k.place,
                    depth_m: k.depth_m,
                    time_s: s.onset_us as f64 * 1e-6,
                    sigma_s: ONSET_SIGMA_S.hypot(0.5 * k.step_s),
                    amplitude_m: s.amplitude_m,
                })
            })
            .collect();
        let Some(newest) = onsets.iter().position(|o| o.station == station) else {
            return Verdict::Single;
        };
        if onsets.len() < 2 {
            return Verdict::Single;
        }
        let silent: Vec<Silent> = silent
            .iter()
            .filter(|s| reach.prepare(s.station, s.place))
            .copied()
            .collect();
        let found = |heed| fit::fit(reach, &onsets, &silent, newest, separation_km, heed);
        if let Some(fit) = found(true) {
            return Verdict::Fits(fit);
        }
        if let Some(fit) = found(false) {
            return Verdict::Contradicted(fit);
        }
        let mine = onsets[newest];
        let others = onsets.iter().filter(|o| o.station != me.station);
        Verdict::Rejected(
            others
                .map(|o| pair(reach, &mine, o, separation_km))
                .collect(),
        )
    }
}

/// Why two onsets are not of one wave.
fn pair(reach: &Reach, a: &Onset, b: &Onset, separation_km: f64) -> Against {
    let station = b.station;
    let km = ocean::sphere::distance_km(a.place.lat, a.place.lon, b.place.lat, b.place.lon);
    if km < separation_km {
        return Against::Near { station, km };
    }
    match reach.seconds(a.station, b.place) {
        Some(travel_s) => Against::Apart {
            station,
            travel_s,
            apart_s: (a.time_s - b.time_s).abs(),
        },
        None => Against::Unreached { station },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: i64 = 60_000_000;

    fn onset(at_us: i64) -> Change {
        Change::Onset {
            onset_us: at_us,
            sign: Sign::Rise,
            confidence: 0.9,
        }
    }

    fn growth(amplitude_m: f64, period_s: Option<f64>) -> Change {
        Change::Growth {
            amplitude_m,
            time_us: 0,
            period_s,
        }
    }

    #[test]
    fn what_shook_counts_once_half_a_wave_has_passed() {
        let mut fusion = Fusion::default();
        let shaking = Change::Shaking {
            since_us: 0,
            peak_m: 0.3,
        };
        assert!(!fusion.see(0, &shaking));
        assert!(fusion.see(0, &onset(5 * MINUTE_US)));
        let counts = |fusion: &Fusion| fusion.sighting(0).expect("seen").counts();
        assert!(!counts(&fusion));
        fusion.see(0, &growth(0.1, None));
        assert!(!counts(&fusion));
        assert!(fusion.see(0, &growth(0.1, Some(900.0))));
        assert!(counts(&fusion));
        // An hour later it is another matter.
        fusion.see(0, &onset(60 * MINUTE_US));
        assert!(counts(&fusion));
        // What no wave can be never counts.
        fusion.see(0, &growth(-900.0, Some(900.0)));
        assert!(!counts(&fusion));
    }

    #[test]
    fn memory_is_bounded_in_number_and_time() {
        let mut fusion = Fusion::default();
        for station in 0..1_000 {
            fusion.see(station, &onset(i64::from(station) * MINUTE_US));
        }
        assert_eq!(fusion.stations().count(), MOST_SIGHTINGS);
        assert!(fusion.sighting(999).is_some());
        fusion.pass(999 * MINUTE_US + KEPT_US);
        assert_eq!(fusion.stations().collect::<Vec<_>>(), [999]);
        fusion.pass(1_000 * MINUTE_US + KEPT_US);
        assert_eq!(fusion.stations().count(), 0);
    }
}
