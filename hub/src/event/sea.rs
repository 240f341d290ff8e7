//! What stations see, held against where the wave can be: shaking, the wave, its growth, its end.

use signal::tsunami::{Change, Sign};

use super::waves::FITTED_SLACK_US;
use super::{Event, MINUTE_US, Observed, Reason, SECOND_US, Stations, Step, against, say};
use crate::alert::text::utc;
use crate::config::Policy;
use crate::forecast::{Ocean, Outlook, StationOutlook};

/// How much earlier than forecast a wave may be: the first estimate's source is a circle or strip, and long-wave theory on a 10'
/// grid errs by a few percent of the travel time (Watada et al. 2014 find up to 2 % late arrivals over trans-Pacific paths).
const EARLY_FRACTION: f64 = 0.08;
/// See [`EARLY_FRACTION`]: floor for near stations.
const EARLY_LEAST_US: i64 = 5 * MINUTE_US;
/// Later waves of one tsunami arrive for hours; an onset this long after the forecast still belongs to it.
const LATE_MOST_US: i64 = 6 * 3_600 * SECOND_US;
impl Event {
    /// Earliest and latest onset at a station that the ocean allows.
    pub fn window(&self, station: &StationOutlook) -> (i64, i64) {
        let slack_us = self.waves.map_or(0, |_| FITTED_SLACK_US);
        window_of(&self.outlook, station, slack_us)
    }

    /// Whether an onset at a station lies in the window of this event's wave.
    pub fn could_be(&self, station: u32, onset_us: i64) -> bool {
        self.outlook.station(station).is_some_and(|s| {
            let (earliest, latest) = self.window(s);
            (earliest..=latest).contains(&onset_us)
        })
    }

    /// A sea-level finding. Returns `None` when it is not this event's.
    pub fn sea(
        &mut self,
        station: u32,
        time_us: i64,
        change: &Change,
        stations: &impl Stations,
        ocean: &Ocean,
        policy: &Policy,
    ) -> Option<Vec<Step>> {
        let outlook = self.outlook.station(station)?.clone();
        if self.over.is_some() {
            return None;
        }
        let name = stations.name(station);
        match *change {
            Change::Shaking { since_us, peak_m } => {
                let origin = self.outlook.origin_us();
                (since_us >= origin - MINUTE_US && since_us < outlook.arrival_us).then(|| {
                    vec![say(
                        time_us,
                        "shaking",
                        format!("{name} shakes by {peak_m:.2} m: seismic waves, not a tsunami, which is not due before {}", utc(outlook.arrival_us)),
                    )]
                })
            }
            Change::Onset { onset_us, sign, .. } => {
                let (earliest, latest) = self.window(&outlook);
                // A fitted source may be elsewhere: what comes too early for it is held against all other onsets.
                let least = if self.waves.is_some() {
                    earliest
                } else {
                    self.outlook.origin_us()
                };
                if onset_us > latest || onset_us < least {
                    return None;
                }
                if onset_us < earliest {
                    return Some(vec![say(
                        time_us,
                        "early_signal",
                        format!(
                            "{name} moves at {}, before the tsunami can be there ({}): not counted as the wave",
                            utc(onset_us),
                            utc(earliest)
                        ),
                    )]);
                }
                let fresh = !self.observed.contains_key(&station);
                if !fresh {
                    if let Some(o) = self.observed.get_mut(&station) {
                        o.quiet_since_us = None;
                        if onset_us < o.onset_us {
                            (o.onset_us, o.sign) = (onset_us, sign);
                        }
                    }
                    return Some(Vec::new());
                }
                Some(self.confirm(&outlook, time_us, onset_us, sign, &name))
            }
            Change::Growth {
                amplitude_m,
                time_us: at_us,
                period_s,
            } => {
                let mut steps = Vec::new();
                if !self.observed.contains_key(&station) {
                    // The detector was in the middle of something else, such as shaking, when the wave came: what grows beyond
                    // that in the wave's own window is the wave.
                    let (earliest, latest) = self.window(&outlook);
                    if at_us < earliest || at_us > latest {
                        return None;
                    }
                    let sign = if amplitude_m < 0.0 {
                        Sign::Fall
                    } else {
                        Sign::Rise
                    };
                    steps = self.confirm(&outlook, time_us, at_us, sign, &name);
                }
                let observed = self.observed.get_mut(&station)?;
                // A smaller wave train that follows does not lower what has been measured.
                if amplitude_m.abs() > observed.amplitude_m.abs() {
                    observed.amplitude_m = amplitude_m;
                    observed.amplitude_us = at_us;
                }
                let passed = period_s.is_some();
                let newly = passed && !observed.passed;
                observed.passed |= passed;
                if newly {
                    let period = period_s.map_or(String::new(), |p| {
                        format!(", period about {:.0} min", p / 60.0)
                    });
                    steps.push(say(
                        time_us,
                        "amplitude",
                        format!(
                            "{name}: highest so far {amplitude_m:+.2} m at {}{period}",
                            utc(at_us)
                        ),
                    ));
                }
                self.renew(ocean, policy);
                // Whoever has been told already hears from `tick`, at the end of this step.
                if self.chain.is_empty() {
                    steps.extend(self.begin());
                }
                Some(steps)
            }
            Change::End {
                quiet_since_us,
                amplitude_m,
                ..
            } => {
                let observed = self.observed.get_mut(&station)?;
                observed.quiet_since_us = Some(quiet_since_us);
                observed.passed = true;
                Some(vec![say(
                    time_us,
                    "quiet",
                    format!(
                        "{name} is quiet since {} (highest {amplitude_m:+.2} m)",
                        utc(quiet_since_us)
                    ),
                )])
            }
        }
    }

    /// Counts a station as having seen the wave.
    fn confirm(
        &mut self,
        outlook: &StationOutlook,
        time_us: i64,
        onset_us: i64,
        sign: Sign,
        name: &str,
    ) -> Vec<Step> {
        self.observed.insert(
            outlook.station,
            Observed {
                onset_us,
                sign,
                amplitude_m: 0.0,
                amplitude_us: onset_us,
                passed: false,
                quiet_since_us: None,
            },
        );
        let late_min = (onset_us - outlook.arrival_us) as f64 / MINUTE_US as f64;
        let first = match sign {
            Sign::Rise => "rising",
            Sign::Fall => "falling",
        };
        let mut steps = vec![say(
            time_us,
            "confirmed",
            format!(
                "the wave is confirmed at {name}: {first} since {} ({})",
                utc(onset_us),
                against(late_min)
            ),
        )];
        // Without a level there is nobody to warn yet; the amplitude that follows may change that.
        self.confirmed = true;
        if !self.told_confirmed && self.is_published() {
            steps.push(Step::Publish(Reason::Confirmed));
        }
        steps
    }
}

/// See [`Event::window`]; `slack_us` is what the source's own time is in doubt by.
pub(super) fn window_of(outlook: &Outlook, station: &StationOutlook, slack_us: i64) -> (i64, i64) {
    let travel = station.arrival_us - outlook.origin_us();
    let sigma_us = (3.0 * station.forecast.arrival_sigma_s * 1e6) as i64;
    let early = ((travel as f64 * EARLY_FRACTION) as i64)
        .max(EARLY_LEAST_US)
        .max(sigma_us)
        .max(slack_us);
    (
        (station.arrival_us - early).max(outlook.origin_us() - slack_us),
        station.arrival_us + LATE_MOST_US,
    )
}
