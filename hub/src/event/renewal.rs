//! The forecast of an event, and when it has become another one: the model's answer, the source that the records say, amplitudes;
//! and whether what was told still says as much.

use std::time::Duration;

use super::{Event, Reason, Step};
use crate::alert::Level;
use crate::config::Policy;
use crate::forecast::{Ocean, Outlook, ZoneOutlook};

/// A zone's level is lowered when the probability of its height has fallen below this part of the policy's: a forecast that is
/// renewed every minute would otherwise go up and down at the border.
const LOWERED_BELOW: f64 = 0.8;
/// A change of a forecast height that is worth a new message by itself.
const WORTH_TELLING: f64 = 1.25;

/// What is new since the last message, from the least urgent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum News {
    /// A zone's level has fallen, or its height alone, or what had confirmed the wave is taken back: nobody is endangered by hearing of it later.
    Lower,
    /// A zone's height has grown within its level.
    Higher,
    /// A zone's level has risen. Told at once, always.
    LevelUp,
}

impl Event {
    /// The propagation model's answer for the solution that counts: the forecast starts from it from now on.
    pub fn modelled(&mut self, outlook: Outlook, ocean: &Ocean, policy: &Policy) -> Vec<Step> {
        self.prior = outlook;
        self.inverted = None;
        self.renew(ocean, policy);
        if self.over.is_some() {
            Vec::new()
        } else if self.chain.is_empty() {
            self.begin()
        } else if self.news().is_some() {
            vec![Step::Publish(Reason::Modelled)]
        } else {
            Vec::new()
        }
    }

    /// The forecast without records.
    pub fn prior(&self) -> &Outlook {
        &self.prior
    }

    /// Whether the records have said a source, on which the forecast rests.
    pub fn is_inverted(&self) -> bool {
        self.inverted.is_some()
    }

    /// The forecast from the source that the records say. It takes the place of what amplitudes alone gave.
    pub fn inverted(&mut self, mut outlook: Outlook, policy: &Policy) -> Vec<Step> {
        if self.over.is_some() {
            return Vec::new();
        }
        self.hold_levels(&mut outlook, policy);
        self.inverted = Some(outlook.clone());
        self.outlook = outlook;
        // Whoever has been told already hears from `tick`, at the end of this step.
        if self.chain.is_empty() {
            self.begin()
        } else {
            Vec::new()
        }
    }

    /// Keeps the levels that were told where the forecast is hardly below them.
    fn hold_levels(&self, outlook: &mut Outlook, policy: &Policy) {
        for zone in &mut outlook.zones {
            let Some((_, told, _)) = self.published.iter().find(|p| p.0 == zone.zone) else {
                continue;
            };
            let exceeded = match told {
                Level::None => continue,
                Level::Advisory => zone.exceeds[0],
                Level::Warning => zone.exceeds[1],
                Level::Major => zone.exceeds[2],
            };
            if zone.level < *told && exceeded >= LOWERED_BELOW * policy.probability {
                zone.level = *told;
            }
        }
    }

    /// Renews the forecast from the earthquake's and the recorded amplitudes.
    pub(super) fn renew(&mut self, ocean: &Ocean, policy: &Policy) {
        if let Some(inverted) = &self.inverted {
            self.outlook = inverted.clone();
            return;
        }
        let observed: Vec<(u32, f64)> = self
            .observed
            .iter()
            .filter(|(station, o)| {
                let amplitude = o.amplitude_m.abs();
                // A wave that has not passed is only known to be at least this high. Where nothing else says how large the source is, even
                // that counts.
                amplitude > 0.0
                    && (o.passed
                        || self.waves.is_some()
                        || self
                            .prior
                            .station(**station)
                            .is_some_and(|s| amplitude > s.forecast.median_m))
            })
            .map(|(station, o)| (*station, o.amplitude_m.abs()))
            .collect();
        self.outlook = if observed.is_empty() {
            self.prior.clone()
        } else {
            ocean.assimilate(&self.prior, &observed, policy)
        };
    }

    /// What a new message would say beyond the last one: the most urgent of it.
    pub(super) fn news(&self) -> Option<News> {
        let of_zone = |z: &ZoneOutlook| {
            let told = self.published.iter().find(|p| p.0 == z.zone);
            let (level, height_m) = told.map_or((Level::None, z.median_m), |p| (p.1, p.2));
            if z.level != level {
                Some(if z.level > level {
                    News::LevelUp
                } else {
                    News::Lower
                })
            } else if level == Level::None {
                None
            } else if z.median_m > WORTH_TELLING * height_m {
                Some(News::Higher)
            } else {
                (height_m > WORTH_TELLING * z.median_m).then_some(News::Lower)
            }
        };
        let taken_back = (self.told_confirmed && !self.confirmed).then_some(News::Lower);
        self.outlook
            .zones
            .iter()
            .filter_map(of_zone)
            .max()
            .max(taken_back)
    }

    /// Whether there is news that cannot or need not wait any more, the last message being this old.
    pub(super) fn is_due(&self, since_us: i64, policy: &Policy) -> bool {
        let waits_us = |interval: Duration| interval.as_micros() as i64;
        self.news().is_some_and(|news| match news {
            News::LevelUp => true,
            News::Higher => since_us >= waits_us(policy.update_interval),
            News::Lower => since_us >= waits_us(policy.relief_interval),
        })
    }
}

#[cfg(test)]
mod tests {
    use ocean::quake::Quake;

    use super::*;
    use crate::config::Config;
    use crate::intake::quakes::Solution;

    const CHILE: &str = include_str!("../../../configs/chile/hub.toml");
    const MINUTE_US: i64 = 60_000_000;

    struct Silent;

    impl crate::event::Stations for Silent {
        fn name(&self, _: u32) -> String {
            String::new()
        }
        fn last_us(&self, _: u32) -> Option<i64> {
            None
        }
        fn unbroken_since_us(&self, _: u32) -> Option<i64> {
            None
        }
        fn is_restless(&self, _: u32) -> bool {
            false
        }
    }

    /// An event of which zones at warning level were told at time 0.
    fn told() -> (Event, Policy) {
        let config = Config::parse("configs/chile/hub.toml", CHILE).expect("sound");
        let solution = Solution {
            quake: Quake {
                id: "us1".to_owned(),
                magnitude: 8.8,
                lat: -36.0,
                lon: -73.0,
                depth_km: 20.0,
                origin_us: 0,
            },
            place: String::new(),
            deleted: false,
            updated_us: None,
        };
        let mut outlook = Outlook::rehearsal(&config);
        for zone in &mut outlook.zones {
            (zone.level, zone.median_m) = (Level::Warning, 2.0);
        }
        let mut event = Event::new("us1".to_owned(), solution, outlook);
        event.published("first".to_owned(), 0);
        (event, config.policy.clone())
    }

    /// Minutes after the last message at which an event speaks, when its last zone has this level and height.
    fn speaks_after(level: Level, median_m: f64) -> Option<i64> {
        let (mut event, policy) = told();
        let zone = event.outlook.zones.last_mut().expect("zones");
        (zone.level, zone.median_m) = (level, median_m);
        (0..120).find(|minute| {
            event.tick(minute * MINUTE_US, &Silent, &policy) == [Step::Publish(Reason::Forecast)]
        })
    }

    #[test]
    fn a_level_that_rises_is_told_in_the_same_step() {
        // Even where the highest level of all stays, and a moment after another message.
        assert_eq!(speaks_after(Level::Major, 3.5), Some(0));
        let (mut event, policy) = told();
        event.outlook.zones[0].level = Level::Major;
        event.published("second".to_owned(), MINUTE_US);
        event.outlook.zones[1].level = Level::Major;
        // What has fallen elsewhere meanwhile does not hold it up.
        event.outlook.zones[0].level = Level::Advisory;
        let steps = event.tick(MINUTE_US, &Silent, &policy);
        assert_eq!(steps, [Step::Publish(Reason::Forecast)]);
    }

    #[test]
    fn heights_and_relief_are_gathered() {
        assert_eq!(speaks_after(Level::Warning, 2.9), Some(15));
        assert_eq!(speaks_after(Level::Warning, 1.2), Some(60));
        assert_eq!(speaks_after(Level::Advisory, 0.8), Some(60));
        assert_eq!(speaks_after(Level::None, 0.1), Some(60));
        assert_eq!(speaks_after(Level::Warning, 2.3), None);
    }
}
