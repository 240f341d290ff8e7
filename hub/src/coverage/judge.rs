//! How zones are watched, from travel times and from which stations work. Pure.

use super::times::{Part, Times};
use super::{Watched, ZoneCoverage};
use crate::config::Config;

/// From a wave's arrival at a station until the hub calls it, seconds: the longest stretch that the detector's front compares, 15.5 minutes,
/// and its low-pass's delay of 75 s (`crates/signal/src/tsunami`). Most waves are called sooner.
pub(super) const SEEN_AFTER_S: f64 = 15.5 * 60.0 + 75.0;

/// How the zones are watched. `works`: by sea-level station, in the configuration's order.
pub(super) fn judge(config: &Config, times: &Times, works: &[bool]) -> Vec<ZoneCoverage> {
    let ids: Vec<&str> = config
        .station
        .iter()
        .filter(|s| s.is_at_sea())
        .map(|s| s.id.as_str())
        .collect();
    let zones = config.zone.iter().zip(&times.zones);
    zones
        .map(|(zone, arrivals)| {
            let seen = Seen::of(times, arrivals, works);
            let named = |which: &dyn Fn(usize) -> bool| {
                let all = ids.iter().enumerate();
                all.filter(|(k, _)| which(*k))
                    .map(|(_, id)| (*id).to_owned())
                    .collect()
            };
            let would = |k: usize| seen.by_station[k];
            ZoneCoverage {
                id: zone.id.clone(),
                name: zone.name.clone(),
                state: seen.state(),
                watchers: named(&|k| would(k) && works[k]),
                lost: named(&|k| would(k) && !works[k]),
                blind_towards: stretches(&times.parts, &seen.blind),
                lead_min: seen.lead_min(),
            }
        })
        .collect()
}

/// What is seen in time of the waves towards one zone.
#[derive(Debug, Default)]
struct Seen {
    /// By station: it would see a wave from somewhere in time, if it worked.
    by_station: Vec<bool>,
    /// Parts whose waves are seen in time with every station working.
    ever: usize,
    /// Seconds between, of the parts whose waves are seen in time now.
    leads_s: Vec<f64>,
    /// By part: a wave from there reaches the zone unseen now.
    blind: Vec<bool>,
}

impl Seen {
    fn of(times: &Times, arrivals: &[f32], works: &[bool]) -> Self {
        let mut seen = Self {
            by_station: vec![false; times.stations.len()],
            ..Self::default()
        };
        for (part, arrival) in arrivals.iter().enumerate() {
            let (mut now_s, mut ever) = (f64::NEG_INFINITY, false);
            for (k, station) in times.stations.iter().enumerate() {
                let lead_s = f64::from(*arrival) - (f64::from(station[part]) + SEEN_AFTER_S);
                // Never for a station that no wave from there reaches.
                if arrival.is_finite() && lead_s >= 0.0 {
                    ever = true;
                    seen.by_station[k] = true;
                    if works[k] {
                        now_s = now_s.max(lead_s);
                    }
                }
            }
            seen.ever += usize::from(ever);
            let is_seen = now_s >= 0.0;
            if is_seen {
                seen.leads_s.push(now_s);
            }
            seen.blind.push(arrival.is_finite() && !is_seen);
        }
        seen.leads_s.sort_by(f64::total_cmp);
        seen
    }

    fn state(&self) -> Watched {
        match (self.leads_s.len(), self.ever) {
            (_, 0) => Watched::Unwatched,
            (0, _) => Watched::Blind,
            (now, ever) if now < ever => Watched::Partly,
            _ => Watched::Watched,
        }
    }

    fn lead_min(&self) -> Option<f64> {
        let lead_s = self.leads_s.get(self.leads_s.len() / 2)?;
        Some((lead_s / 6.0).round() / 10.0)
    }
}

/// The blind parts in words, neighbours together.
fn stretches(parts: &[Part], blind: &[bool]) -> Vec<String> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (k, part) in parts.iter().enumerate().filter(|(k, _)| blind[*k]) {
        match runs.last_mut() {
            Some((_, last)) if follows(&parts[*last], part) => *last = k,
            _ => runs.push((k, k)),
        }
    }
    let told = runs.into_iter().map(|(first, last)| {
        let (a, b) = (&parts[first], &parts[last]);
        let before = first.checked_sub(1).map(|k| &parts[k]);
        let begins = before.is_none_or(|before| before.trench != a.trench);
        let ends = parts
            .get(last + 1)
            .is_none_or(|after| after.trench != a.trench);
        match (begins && ends, first == last) {
            (true, _) => a.trench.to_owned(),
            (false, true) => format!("{}: near {}", a.trench, words(a)),
            (false, false) => format!("{}: {} to {}", a.trench, words(a), words(b)),
        }
    });
    told.collect()
}

fn follows(before: &Part, part: &Part) -> bool {
    before.trench == part.trench && before.column + 1 == part.column
}

/// `33° S 72° W`.
fn words(part: &Part) -> String {
    let of = |degrees: f64, [positive, negative]: [char; 2]| {
        let side = if degrees < 0.0 { negative } else { positive };
        format!("{:.0}° {side}", degrees.abs())
    };
    let (lat, lon) = (part.place.lat, part.place.lon);
    let lon = (lon + 180.0).rem_euclid(360.0) - 180.0;
    format!("{} {}", of(lat, ['N', 'S']), of(lon, ['E', 'W']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

    const MINUTE_S: f32 = 60.0;

    /// Two sea-level stations and a road between them, one zone.
    fn config() -> Config {
        let text = r#"
deployment = "bay"
title = "Bay"
mode = "test"
data_dir = "d"
[sender]
id = "a@example.org"
name = "A"
[forecast]
grid = "pacific_10min"
model = false
[[station]]
id = "near"
lat = -33.0
lon = -72.0
quantity = "sea_level"
[[station]]
id = "road"
lat = -33.0
lon = -71.6
quantity = "speed"
[[station]]
id = "far"
lat = -18.0
lon = -86.0
quantity = "water_pressure"
[[zone]]
id = "coast"
name = "Coast"
coast = [[-33.0, -71.7]]
polygon = [[-33.1, -71.7], [-33.1, -71.5], [-32.9, -71.6]]
"#;
        Config::parse("hub.toml", text).expect("sound")
    }

    fn part(trench: &'static str, column: usize, lat: f64, lon: f64) -> Part {
        Part {
            trench,
            column,
            place: Place { lat, lon },
        }
    }

    /// Four parts of two trenches, minutes to `near`, `far` and the coast.
    fn times(minutes: [[f32; 4]; 3]) -> Times {
        let [near, far, coast] = minutes.map(|row| row.map(|m| m * MINUTE_S).to_vec());
        Times {
            parts: vec![
                part("Chile", 7, -36.4, -73.6),
                part("Chile", 8, -35.5, -73.1),
                part("Chile", 9, -34.6, -72.7),
                part("Japan", 0, 38.2, 144.0),
            ],
            stations: vec![near, far],
            zones: vec![coast],
        }
    }

    const NEVER: f32 = f32::INFINITY;

    #[test]
    fn a_coast_is_as_blind_as_its_stations() {
        let config = config();
        // Off Chile `near` is early enough from the first part alone; both see what comes from Japan.
        let times = times([
            [20.0, 30.0, 5.0, 1_250.0],
            [120.0, 110.0, 100.0, 1_100.0],
            [40.0, 35.0, 15.0, 1_300.0],
        ]);
        let told = |works: [bool; 2]| judge(&config, &times, &works).remove(0);
        let all = told([true, true]);
        assert_eq!(all.state, Watched::Watched);
        assert_eq!(all.watchers, ["near", "far"]);
        assert!(all.lost.is_empty());
        // Unseen even so: the two parts that are nearest to the coast.
        assert_eq!(all.blind_towards, ["Chile: 36° S 73° W to 35° S 73° W"]);
        let lead = 1_300.0 - 1_100.0 - SEEN_AFTER_S / 60.0;
        assert!((all.lead_min.expect("seen") - lead).abs() < 0.06);

        let without_near = told([false, true]);
        assert_eq!(without_near.state, Watched::Partly);
        assert_eq!(without_near.lost, ["near"]);
        assert_eq!(without_near.blind_towards, ["Chile"], "all of it");
        // `near` sees all that `far` does, later.
        let without_far = told([true, false]);
        assert_eq!(without_far.state, Watched::Watched);
        assert!(without_far.lead_min < all.lead_min);

        let none = told([false, false]);
        assert_eq!((none.state, none.lead_min), (Watched::Blind, None));
        assert_eq!(none.lost, ["near", "far"]);
        assert_eq!(none.blind_towards, ["Chile", "Japan"]);
    }

    #[test]
    fn a_coast_that_no_station_could_warn_is_unwatched_and_one_without_waves_is_not_blind_towards_them()
     {
        let config = config();
        let times = times([
            [60.0, 60.0, 60.0, NEVER],
            [NEVER, NEVER, NEVER, 10.0],
            [30.0, 31.0, 32.0, NEVER],
        ]);
        let told = judge(&config, &times, &[true, true]).remove(0);
        assert_eq!(told.state, Watched::Unwatched);
        assert!(told.watchers.is_empty() && told.lost.is_empty());
        assert_eq!(told.blind_towards, ["Chile"], "nothing comes from Japan");
        assert_eq!(told.lead_min, None);
    }

    #[test]
    fn a_blind_part_in_the_midst_of_a_trench_is_named_by_its_place() {
        let parts = times([[0.0; 4]; 3]).parts;
        let blind = [false, true, false, true];
        assert_eq!(
            stretches(&parts, &blind),
            ["Chile: near 36° S 73° W", "Japan"]
        );
    }
}
