//! The ground: which stations shake, and whether they shake together.
//!
//! Purpose: an earthquake is felt by accelerometers seconds to a minute after it, minutes before an agency has told of it. Stations that
//! begin to shake within the time that a seismic wave needs between them make one likely. Officers are told, what moves at sea shortly after
//! is seen in that light, and nothing else follows.
//!
//! Rules:
//! - Each pair of stations has a time of its own ([`Shaking::travel_us`]): a network may be as large as a country, and one window for it
//!   would put unrelated lorries together.
//! - A station counts once. Shaking that fits at least half of an episode's stations joins it, whatever the order in which it comes to be known.
//! - Memory is bounded: [`MOST_SHAKES`] of a station, [`MOST_EPISODES`], for [`KEPT_US`].
//!
//! Refuses: to locate, to say a magnitude, to warn, to read a clock.

pub mod settings;

use std::collections::BTreeMap;

use signal::stalta::Trigger;

use settings::Shaking;

/// Beginnings of shaking that are remembered of a station.
pub const MOST_SHAKES: usize = 8;
/// Episodes that are remembered.
pub const MOST_EPISODES: usize = 16;
/// For how long: aftershocks and the wave's own way to the gauges.
pub const KEPT_US: i64 = 6 * 3_600 * 1_000_000;
/// A station that has not said that its shaking is over says nothing any more after this long; the detector's own patience is 10 of its
/// long windows.
const LONGEST_US: i64 = 15 * 60 * 1_000_000;
/// How long after the last station's shaking the sea may still move with the ground, beside the waves' way there: surface waves of a great
/// earthquake, and what they leave swinging, pass a buoy in about this (assumed).
const AFTER_US: i64 = 20 * 60 * 1_000_000;
/// Stations at sea further from the shaking than this are not said to shake with it, km.
const SEA_KM: f64 = 1_500.0;

/// Shaking at one station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shake {
    /// Since when, microseconds since the Unix epoch.
    pub since_us: i64,
    /// Until when, once it is over.
    pub until_us: Option<i64>,
}

/// Stations that shake together.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Its number; it keeps it when stations join.
    pub number: u64,
    /// The first of them began, microseconds since the Unix epoch.
    pub since_us: i64,
    /// The last of them was still, once all are.
    pub until_us: Option<i64>,
    /// Stations and when each began, in that order.
    pub stations: Vec<(u32, i64)>,
    /// Middle of the stations, degrees: not the place of the earthquake.
    pub centre: (f64, f64),
}

/// What is new.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Stations shake together.
    Together(Episode),
    /// All of them are still.
    Over(Episode),
}

/// All accelerometers.
#[derive(Debug)]
pub struct Ground {
    settings: Shaking,
    /// Latitude and longitude by station.
    places: Vec<(f64, f64)>,
    shakes: BTreeMap<u32, Vec<Shake>>,
    episodes: Vec<Episode>,
    next: u64,
}

impl Ground {
    /// `places`: latitude and longitude of each configured station.
    pub fn new(settings: Shaking, places: Vec<(f64, f64)>) -> Self {
        Self {
            settings,
            places,
            shakes: BTreeMap::new(),
            episodes: Vec::new(),
            next: 1,
        }
    }

    /// Takes news of one station; `time_us` is the time of the row that brought it.
    pub fn step(&mut self, station: u32, time_us: i64, trigger: &Trigger) -> Option<News> {
        if station as usize >= self.places.len() {
            return None;
        }
        let shakes = self.shakes.entry(station).or_default();
        match *trigger {
            Trigger::On { since_us, .. } => {
                if shakes.len() == MOST_SHAKES {
                    shakes.remove(0);
                }
                shakes.push(Shake {
                    since_us,
                    until_us: None,
                });
                self.began(station, since_us)
            }
            Trigger::Off { since_us, .. } => {
                for shake in shakes.iter_mut().filter(|s| s.since_us == since_us) {
                    shake.until_us = Some(time_us);
                }
                self.ended()
            }
        }
    }

    /// Lets the hub's time pass.
    pub fn pass(&mut self, now_us: i64) -> Option<News> {
        for shake in self.shakes.values_mut().flatten() {
            // A station that fell silent while it shook.
            if shake.until_us.is_none() && now_us.saturating_sub(shake.since_us) > LONGEST_US {
                shake.until_us = Some(shake.since_us + LONGEST_US);
            }
        }
        let news = self.ended();
        let old = |t: i64| now_us.saturating_sub(t) > KEPT_US;
        self.shakes.retain(|_, shakes| {
            shakes.retain(|s| s.until_us.is_none() || !old(s.since_us));
            !shakes.is_empty()
        });
        self.episodes
            .retain(|e| e.until_us.is_none() || !old(e.since_us));
        news
    }

    /// Since when a station shakes, if it does.
    pub fn shakes_since_us(&self, station: u32) -> Option<i64> {
        let last = self.shakes.get(&station)?.last()?;
        last.until_us.is_none().then_some(last.since_us)
    }

    /// Whether anything shakes.
    pub fn is_busy(&self) -> bool {
        let mut all = self.shakes.values().flatten();
        all.any(|s| s.until_us.is_none()) || self.episodes.iter().any(|e| e.until_us.is_none())
    }

    /// The episodes that are remembered, over or not.
    pub fn episodes(&self) -> &[Episode] {
        &self.episodes
    }

    /// The newest episode, over or not.
    pub fn newest(&self) -> Option<&Episode> {
        self.episodes.iter().max_by_key(|e| e.since_us)
    }

    /// The episode with which the water at a place may move at a time, and how far the nearest of its stations is, km.
    pub fn moves(&self, lat: f64, lon: f64, at_us: i64) -> Option<(&Episode, f64)> {
        let mut newest: Option<(&Episode, f64)> = None;
        for episode in &self.episodes {
            let km = episode
                .stations
                .iter()
                .map(|s| self.km_to(s.0, (lat, lon)))
                .fold(f64::INFINITY, f64::min);
            let last_us = episode.until_us.unwrap_or(i64::MAX);
            let travel_us = self.settings.travel_us(km);
            // The earthquake may lie anywhere: the place may have shaken as long before the stations as a wave takes to them.
            let from_us = episode.since_us.saturating_sub(travel_us);
            let until_us = last_us.saturating_add(travel_us).saturating_add(AFTER_US);
            let later = newest.is_none_or(|(known, _)| known.since_us < episode.since_us);
            if km <= SEA_KM && (from_us..=until_us).contains(&at_us) && later {
                newest = Some((episode, km));
            }
        }
        newest
    }

    fn km_to(&self, station: u32, place: (f64, f64)) -> f64 {
        let (lat, lon) = self.places[station as usize];
        ocean::sphere::distance_km(lat, lon, place.0, place.1)
    }

    /// Whether shaking that began at two stations can be of one wave.
    fn fits(&self, a: (u32, i64), b: (u32, i64)) -> bool {
        let km = self.km_to(a.0, self.places[b.0 as usize]);
        let apart_us = a.1.saturating_sub(b.1).saturating_abs();
        km <= self.settings.reach_km && apart_us <= self.settings.travel_us(km)
    }

    fn began(&mut self, station: u32, since_us: i64) -> Option<News> {
        let me = (station, since_us);
        let joined = (0..self.episodes.len()).rev().find(|at| {
            let stations = &self.episodes[*at].stations;
            let others = stations.iter().filter(|s| s.0 != station);
            2 * others.filter(|s| self.fits(me, **s)).count() >= stations.len()
        });
        if let Some(at) = joined {
            if !self.episodes[at].stations.iter().any(|s| s.0 == station) {
                let mut stations = self.episodes[at].stations.clone();
                stations.push(me);
                // Whoever joins shakes: it is not over.
                self.episodes[at] = self.episode(self.episodes[at].number, stations);
            }
            return None;
        }
        // Those that began nearest in time first; each must fit all that are in.
        let mut others: Vec<(u32, i64)> = self
            .shakes
            .iter()
            .filter(|(s, _)| **s != station)
            .flat_map(|(s, shakes)| shakes.iter().map(|shake| (*s, shake.since_us)))
            .filter(|o| self.fits(me, *o) && !self.is_told(*o))
            .collect();
        others.sort_by_key(|o| (o.1.saturating_sub(since_us).saturating_abs(), o.0));
        let mut stations = vec![me];
        for other in others {
            if stations
                .iter()
                .all(|s| s.0 != other.0 && self.fits(*s, other))
            {
                stations.push(other);
            }
        }
        if stations.len() < self.settings.stations {
            return None;
        }
        let episode = self.episode(self.next, stations);
        self.next += 1;
        if self.episodes.len() == MOST_EPISODES {
            self.episodes.remove(0);
        }
        self.episodes.push(episode.clone());
        Some(News::Together(episode))
    }

    fn is_told(&self, shake: (u32, i64)) -> bool {
        self.episodes.iter().any(|e| e.stations.contains(&shake))
    }

    fn episode(&self, number: u64, mut stations: Vec<(u32, i64)>) -> Episode {
        stations.sort_by_key(|s| (s.1, s.0));
        let mut middle = [0.0; 3];
        for (station, _) in &stations {
            let (lat, lon) = self.places[*station as usize];
            let (lat, lon) = (lat.to_radians(), lon.to_radians());
            middle[0] += lat.cos() * lon.cos();
            middle[1] += lat.cos() * lon.sin();
            middle[2] += lat.sin();
        }
        let [x, y, z] = middle;
        Episode {
            number,
            since_us: stations[0].1,
            until_us: None,
            centre: (z.atan2(x.hypot(y)).to_degrees(), y.atan2(x).to_degrees()),
            stations,
        }
    }

    /// The first episode that is over and was not.
    fn ended(&mut self) -> Option<News> {
        for at in 0..self.episodes.len() {
            if self.episodes[at].until_us.is_some() {
                continue;
            }
            let ends = self.episodes[at].stations.iter().map(|(station, since)| {
                let shake = self
                    .shakes
                    .get(station)
                    .and_then(|shakes| shakes.iter().find(|s| s.since_us == *since));
                // What is not remembered any more is long over.
                shake.map_or(Some(*since), |s| s.until_us)
            });
            let all: Option<Vec<i64>> = ends.collect();
            if let Some(last) = all.and_then(|ends| ends.into_iter().max()) {
                self.episodes[at].until_us = Some(last);
                return Some(News::Over(self.episodes[at].clone()));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    /// Stations 30 km apart on a line.
    fn ground(count: u32, stations: usize) -> Ground {
        let settings = Shaking {
            stations,
            ..Shaking::default()
        };
        let place = |k| (-20.0 + 0.27 * f64::from(k), -70.0);
        Ground::new(settings, (0..count).map(place).collect())
    }

    fn on(ground: &mut Ground, station: u32, at_s: f64) -> Option<News> {
        let since_us = (at_s * 1e6) as i64;
        ground.step(
            station,
            since_us,
            &Trigger::On {
                since_us,
                ratio: 5.0,
            },
        )
    }

    fn off(ground: &mut Ground, station: u32, since_s: f64, at_s: f64) -> Option<News> {
        let off = Trigger::Off {
            since_us: (since_s * 1e6) as i64,
            peak: 9.0,
        };
        ground.step(station, (at_s * 1e6) as i64, &off)
    }

    #[test]
    fn three_within_a_waves_time_shake_together_and_the_fourth_joins() {
        let mut ground = ground(4, 3);
        assert_eq!(on(&mut ground, 0, 100.0), None);
        assert_eq!(on(&mut ground, 1, 107.0), None);
        let Some(News::Together(told)) = on(&mut ground, 2, 114.0) else {
            panic!("three stations")
        };
        assert_eq!(told.since_us, 100 * SECOND_US);
        assert_eq!(told.stations.len(), 3);
        assert!((told.centre.0 + 19.73).abs() < 0.01 && (told.centre.1 + 70.0).abs() < 1e-9);
        assert_eq!(on(&mut ground, 3, 120.0), None, "told once");
        assert_eq!(ground.newest().expect("on").stations.len(), 4);
        for (station, since_s) in [(0, 100.0), (1, 107.0), (2, 114.0)] {
            assert_eq!(off(&mut ground, station, since_s, 160.0), None);
        }
        let Some(News::Over(over)) = off(&mut ground, 3, 120.0, 171.0) else {
            panic!("all are still")
        };
        assert_eq!(over.until_us, Some(171 * SECOND_US));
        assert!(!ground.is_busy());
        // An aftershock is another one.
        for k in 0..2 {
            assert_eq!(on(&mut ground, k, 600.0), None);
        }
        assert!(matches!(on(&mut ground, 2, 601.0), Some(News::Together(_))));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let mut ground = ground(3, 3);
        assert_eq!(on(&mut ground, 2, 114.0), None);
        assert_eq!(on(&mut ground, 0, 100.0), None);
        let Some(News::Together(told)) = on(&mut ground, 1, 107.0) else {
            panic!("three stations")
        };
        assert_eq!(told.stations[0], (0, 100 * SECOND_US));
    }

    #[test]
    fn lorries_are_no_earthquake() {
        let mut ground = ground(4, 3);
        // One station again and again, two together, and all four minutes apart.
        for k in 0..100 {
            assert_eq!(on(&mut ground, 0, 10.0 * f64::from(k)), None);
        }
        assert_eq!(on(&mut ground, 1, 990.0), None);
        for k in 0..4 {
            assert_eq!(on(&mut ground, k, 2_000.0 + 60.0 * f64::from(k)), None);
        }
        assert_eq!(ground.newest(), None);
    }

    #[test]
    fn memory_is_bounded_and_a_station_that_falls_silent_does_not_shake_for_ever() {
        let mut ground = ground(4, 2);
        for k in 0..1_000 {
            on(&mut ground, k % 4, f64::from(k) * 40.0);
        }
        assert!(ground.episodes.len() <= MOST_EPISODES);
        assert!(ground.shakes.values().all(|s| s.len() <= MOST_SHAKES));
        let now_us = 40_000 * SECOND_US + LONGEST_US + SECOND_US;
        while ground.pass(now_us).is_some() {}
        assert!(!ground.is_busy());
        ground.pass(now_us + KEPT_US);
        assert_eq!((ground.shakes.len(), ground.newest()), (0, None));
    }

    #[test]
    fn a_lane_takes_no_more_memory_at_a_high_rate() {
        // The averages are recursive: there is no window of samples.
        assert!(size_of::<signal::stalta::StaLta>() <= 160);
    }

    #[test]
    fn the_sea_near_by_may_move_with_it_for_a_while() {
        let mut ground = ground(3, 3);
        for k in 0..3 {
            on(&mut ground, k, 100.0);
        }
        for k in 0..3 {
            off(&mut ground, k, 100.0, 160.0);
        }
        let minute = |m: i64| (100 + 60 * m) * SECOND_US;
        let (episode, km) = ground.moves(-20.0, -72.0, minute(3)).expect("near");
        assert_eq!(episode.stations.len(), 3);
        assert!((km - 209.0).abs() < 5.0, "{km}");
        assert!(ground.moves(-20.0, -72.0, minute(40)).is_none());
        assert!(ground.moves(-20.0, -72.0, minute(-5)).is_none());
        assert!(ground.moves(20.0, -110.0, minute(3)).is_none());
    }
}
