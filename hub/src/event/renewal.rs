//! The forecast of an event, and when it has become another one: the model's answer, the source that the records say, amplitudes;
//! and whether what was told still says as much.

use super::{Event, Reason, Step};
use crate::alert::Level;
use crate::config::Policy;
use crate::forecast::{Ocean, Outlook};

/// A zone's level is lowered when the probability of its height has fallen below this part of the policy's: a forecast that is
/// renewed every minute would otherwise go up and down at the border.
const LOWERED_BELOW: f64 = 0.8;
/// A change of a forecast height that is worth a new message by itself.
const WORTH_TELLING: f64 = 1.25;

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
        } else if self.worth_telling() {
            vec![Step::Publish(Reason::Modelled)]
        } else {
            Vec::new()
        }
    }

    /// The forecast without records.
    pub fn prior(&self) -> &Outlook {
        &self.prior
    }

    /// The forecast from the source that the records say. It takes the place of what amplitudes alone gave.
    pub fn inverted(&mut self, mut outlook: Outlook, policy: &Policy) -> Vec<Step> {
        if self.over.is_some() {
            return Vec::new();
        }
        self.hold_levels(&mut outlook, policy);
        self.inverted = Some(outlook.clone());
        self.outlook = outlook;
        if self.chain.is_empty() && self.outlook.level() > Level::None {
            vec![Step::Publish(Reason::Earthquake)]
        } else if self.is_published() && self.outlook.level() > self.told_level() {
            vec![Step::Publish(Reason::Forecast)]
        } else {
            // What is less urgent than a higher level waits for `tick`.
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
                // A wave that has not passed is only known to be at least this high.
                amplitude > 0.0
                    && (o.passed
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

    pub(super) fn worth_telling(&self) -> bool {
        self.outlook.zones.iter().any(|z| {
            let told = self.published.iter().find(|p| p.0 == z.zone);
            told.map_or(z.level > Level::None, |(_, level, height)| {
                *level != z.level
                    || (z.level > Level::None
                        && (z.median_m / height > WORTH_TELLING
                            || height / z.median_m > WORTH_TELLING))
            })
        })
    }

    pub(super) fn told_level(&self) -> Level {
        self.published
            .iter()
            .map(|p| p.1)
            .max()
            .unwrap_or(Level::None)
    }

    pub(super) fn level_rose(&self) -> bool {
        self.outlook.zones.iter().any(|z| {
            self.published
                .iter()
                .find(|p| p.0 == z.zone)
                .map_or(Level::None, |p| p.1)
                < z.level
        })
    }
}
