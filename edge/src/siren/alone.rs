//! Whether the sirens sound without the hub: never, unless the policy says so, the hub has been out of reach for long enough, and this
//! edge's own nodes have seen enough.
//!
//! One sensor is never enough by itself: a ship, a fault or a forged node would sound a coast. What counts are the node's own findings
//! (`firmware/node/src/detect.rs`); readings are judged by the hub.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Now;
use super::settings::{Alone as Settings, Needs, Policy};

/// Codes of the node's findings on the wire: shaking, the onset, growth and end of a wave.
const SHAKING: u8 = 16;
const ONSET: u8 = 17;
const GROWTH: u8 = 18;
const END: u8 = 19;

/// How far ahead of this edge's clock a finding may be stamped, microseconds: what node clocks are uncertain by, and more.
const MAX_AHEAD_US: i64 = 60 * 1_000_000;

/// A finding as this room needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Station of the node.
    pub station: String,
    /// The node is a simulation: it proves nothing for a real warning.
    pub simulated: bool,
    /// As listed by the node's firmware.
    pub code: u8,
    /// Metres, for the codes that count here.
    pub value: f64,
    /// UTC by this edge's clock, microseconds since the Unix epoch.
    pub time_us: i64,
}

/// What one station's nodes have seen, UTC microseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    shaking_us: Option<i64>,
    wave: Option<(i64, f64)>,
}

/// The state of the decision.
#[derive(Debug)]
pub struct Alone {
    settings: Settings,
    seen: BTreeMap<String, Seen>,
    /// Since when the hub has been out of reach.
    cut_since: Option<Duration>,
    sounded: Option<Duration>,
    /// Something was found since.
    news: bool,
}

impl Alone {
    /// At the start nobody is known to be there.
    pub const fn new(settings: Settings, now: Duration) -> Self {
        Self {
            settings,
            seen: BTreeMap::new(),
            cut_since: Some(now),
            sounded: None,
            news: false,
        }
    }

    /// What the configuration says.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The hub is in reach, or is not.
    pub const fn link(&mut self, up: bool, now: Duration) {
        match (up, self.cut_since) {
            (true, _) => self.cut_since = None,
            (false, None) => self.cut_since = Some(now),
            (false, Some(_)) => {}
        }
    }

    /// Whether the hub has been out of reach for as long as the policy wants.
    pub fn is_cut_off(&self, now: Duration) -> bool {
        self.cut_since
            .is_some_and(|since| now.saturating_sub(since) >= self.settings.after)
    }

    /// When [`Alone::is_cut_off`] will hold if nothing changes.
    pub fn next(&self, now: Duration) -> Option<Duration> {
        let since = self.cut_since?;
        (since + self.settings.after)
            .checked_sub(now)
            .filter(|left| !left.is_zero())
    }

    /// A node has found something.
    pub fn found(&mut self, found: &Found) {
        let real = self.settings.mode == Some(super::settings::ModeName::Actual);
        if found.simulated && real {
            return;
        }
        let seen = self.seen.entry(found.station.clone()).or_default();
        match found.code {
            SHAKING => seen.shaking_us = seen.shaking_us.max(Some(found.time_us)),
            ONSET | GROWTH if found.value.abs() >= self.settings.min_height_m => {
                if seen.wave.is_none_or(|(at_us, _)| at_us < found.time_us) {
                    seen.wave = Some((found.time_us, found.value));
                }
            }
            END => seen.wave = None,
            _ => return,
        }
        self.news = true;
    }

    /// Whether to sound now, and what has been seen, in words.
    pub fn decide(&mut self, now: Now) -> Option<String> {
        let settings = &self.settings;
        if settings.policy == Policy::Never || !self.news || !self.is_cut_off(now.mono) {
            return None;
        }
        let again = |at: Duration| now.mono.saturating_sub(at) >= settings.again;
        if !self.sounded.is_none_or(again) {
            return None;
        }
        let because = self.evidence(now.wall_us)?;
        self.sounded = Some(now.mono);
        self.news = false;
        Some(because)
    }

    fn evidence(&self, wall_us: i64) -> Option<String> {
        let within_us = i64::try_from(self.settings.within.as_micros()).unwrap_or(i64::MAX);
        let recent = |at_us: i64| {
            let age_us = wall_us.saturating_sub(at_us);
            (-MAX_AHEAD_US..=within_us).contains(&age_us)
        };
        let waves: Vec<(&str, i64, f64)> = self
            .seen
            .iter()
            .filter_map(|(station, seen)| {
                let (at_us, height_m) = seen.wave.filter(|(at_us, _)| recent(*at_us))?;
                Some((station.as_str(), at_us, height_m))
            })
            .collect();
        let told = |(station, at_us, height_m): &(&str, i64, f64)| {
            format!(
                "{height_m:+.2} m at {station} ({})",
                clock::format_utc(*at_us)
            )
        };
        match self.settings.needs {
            Needs::TwoSensors if waves.len() >= 2 => Some(
                waves
                    .iter()
                    .take(4)
                    .map(told)
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            Needs::TwoSensors => None,
            Needs::ShakingAndWave => {
                let shaken = self.seen.iter().filter_map(|(station, seen)| {
                    Some((station, seen.shaking_us.filter(|at_us| recent(*at_us))?))
                });
                let (station, shaking_us) = shaken.min_by_key(|(_, at_us)| *at_us)?;
                let wave = waves.iter().find(|(_, at_us, _)| *at_us >= shaking_us)?;
                Some(format!("shaking at {station}, then {}", told(wave)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::ModeName;
    use super::*;

    const S: i64 = 1_000_000;
    const NOON_US: i64 = 1_800_000_000 * S;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn at(seconds: u64) -> Now {
        Now {
            mono: s(seconds),
            wall_us: NOON_US + seconds as i64 * S,
            trusted: false,
        }
    }

    fn alone(needs: Needs) -> Alone {
        let settings = Settings {
            policy: Policy::Sound,
            mode: Some(ModeName::Actual),
            needs,
            ..Settings::default()
        };
        Alone::new(settings, s(0))
    }

    fn found(station: &str, code: u8, value: f64, seconds: i64) -> Found {
        Found {
            station: station.to_owned(),
            simulated: false,
            code,
            value,
            time_us: NOON_US + seconds * S,
        }
    }

    #[test]
    fn two_stations_and_a_cut_sound_once() {
        let mut alone = alone(Needs::TwoSensors);
        alone.found(&found("a", ONSET, 0.4, 10));
        alone.found(&found("b", GROWTH, -0.5, 20));
        assert_eq!(alone.decide(at(119)), None, "not cut off for long enough");
        let because = alone.decide(at(120)).unwrap();
        assert!(
            because.contains("+0.40 m at a") && because.contains("-0.50 m at b"),
            "{because}"
        );
        assert_eq!(alone.decide(at(121)), None, "once");
        alone.found(&found("b", GROWTH, 0.9, 130));
        assert_eq!(alone.decide(at(131)), None, "not so soon");
        assert_eq!(
            alone.decide(at(120 + 1_800)),
            None,
            "what was seen is too old"
        );
        alone.found(&found("a", GROWTH, 1.0, 2_000));
        alone.found(&found("b", GROWTH, 1.0, 2_000));
        assert!(alone.decide(at(2_001)).is_some());
    }

    /// A ship, a fault or a forged node is one sensor.
    #[test]
    fn one_station_however_often_is_not_enough() {
        let mut alone = alone(Needs::TwoSensors);
        for second in 0..50 {
            alone.found(&found("a", GROWTH, 5.0, second));
            alone.found(&found("a", SHAKING, 5.0, second));
        }
        assert_eq!(alone.decide(at(200)), None);
        for (code, value) in [(ONSET, 0.29), (1, 9.0), (SHAKING, 9.0)] {
            alone.found(&found("b", code, value, 60));
            assert_eq!(alone.decide(at(200)), None, "{code} {value}");
        }
        alone.found(&found("b", ONSET, 0.3, 61));
        assert!(alone.decide(at(200)).is_some());
    }

    #[test]
    fn a_wave_alone_or_before_the_shaking_is_not_shaking_and_wave() {
        let mut alone = alone(Needs::ShakingAndWave);
        alone.found(&found("a", ONSET, 1.0, 10));
        assert_eq!(alone.decide(at(200)), None);
        alone.found(&found("a", SHAKING, 0.2, 20));
        assert_eq!(alone.decide(at(200)), None, "the wave came first");
        alone.found(&found("a", GROWTH, 1.5, 900));
        let because = alone.decide(at(901)).unwrap();
        assert!(
            because.starts_with("shaking at a, then +1.50 m"),
            "{because}"
        );
    }

    #[test]
    fn with_a_hub_or_without_a_policy_it_is_silent() {
        let mut connected = alone(Needs::TwoSensors);
        connected.link(true, s(1));
        let mut never = alone(Needs::TwoSensors);
        never.settings.policy = Policy::Never;
        let mut simulated = alone(Needs::TwoSensors);
        let mut over = alone(Needs::TwoSensors);
        for station in ["a", "b", "c"] {
            let wave = found(station, ONSET, 3.0, 500);
            for case in [&mut connected, &mut never, &mut over] {
                case.found(&wave);
            }
            simulated.found(&Found {
                simulated: true,
                ..wave
            });
        }
        over.found(&found("a", END, 3.0, 501));
        over.found(&found("b", END, 3.0, 501));
        for case in [&mut connected, &mut never, &mut simulated, &mut over] {
            assert_eq!(case.decide(at(600)), None);
        }
        connected.link(false, s(600));
        connected.link(false, s(650));
        assert_eq!(connected.decide(at(719)), None);
        assert_eq!(connected.next(s(719)), Some(s(1)));
        assert!(connected.decide(at(720)).is_some());
    }
}
