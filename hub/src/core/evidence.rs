//! What fusion found, in words: which stations, when, how high, where the source would be, and why onsets are no tsunami.

use signal::tsunami::{Change, Sign};

use super::{Core, Names, Output, say};
use crate::alert::text::utc;
use crate::detect::Finding;
use crate::event::Stations;
use crate::fuse::{Against, Fit};

impl Core {
    pub(super) fn station_name(&self, station: u32) -> String {
        let names = Names {
            config: &self.config,
            intake: &self.intake,
            detect: &self.detect,
        };
        names.name(station)
    }

    pub(super) fn say_unexplained(
        &self,
        finding: &Finding,
        change: &Change,
        why: &str,
        out: &mut Vec<Output>,
    ) {
        let Change::Onset {
            onset_us,
            confidence,
            ..
        } = *change
        else {
            return;
        };
        let mut text = format!(
            "{} moves like a tsunami since {} (confidence {:.0} %), and no earthquake explains it: look at it now",
            self.station_name(finding.station),
            utc(onset_us),
            100.0 * confidence
        );
        if !why.is_empty() {
            text.push_str(". ");
            text.push_str(why);
        }
        say(out, finding.time_us, "unexplained", text);
    }

    /// Why two onsets are no tsunami, in words.
    pub(super) fn why(&self, name: &str, why: &Against) -> String {
        let minutes = |s: f64| s / 60.0;
        match *why {
            Against::Near { station, km } => format!(
                "{} is {km:.0} km away: one cause can move both, a station farther away must see it",
                self.station_name(station)
            ),
            Against::Apart {
                station,
                travel_s,
                apart_s,
            } => format!(
                "not one wave: from {name} to {} it would need {:.0} min, they were {:.0} min apart, and no place in this sea explains both",
                self.station_name(station),
                minutes(travel_s),
                minutes(apart_s)
            ),
            Against::Unreached { station } => format!(
                "not one wave: there is no way by sea from {name} to {}",
                self.station_name(station)
            ),
        }
    }

    pub(super) fn names_of(&self, stations: impl Iterator<Item = u32>) -> String {
        let names: Vec<String> = stations.map(|s| self.station_name(s)).collect();
        names.join(", ")
    }

    /// A fit and what it rests on, in words.
    pub(super) fn evidence(&self, fit: &Fit) -> String {
        let seen = |(station, late_s): &(u32, f64)| {
            let name = self.station_name(*station);
            let Some(s) = self.fusion.sighting(*station) else {
                return name;
            };
            let sign = match s.sign {
                Sign::Rise => "rising",
                Sign::Fall => "falling",
            };
            let height = if s.amplitude_m == 0.0 {
                String::new()
            } else {
                format!(", {:+.2} m so far", s.amplitude_m)
            };
            let late_min = late_s / 60.0;
            format!(
                "{name} ({sign} since {}{height}, {late_min:+.0} min against the fit)",
                utc(s.onset_us)
            )
        };
        let members: Vec<String> = fit.members.iter().map(seen).collect();
        let silent = if fit.against.is_empty() {
            String::new()
        } else {
            format!(
                "; against it: nothing at {}",
                self.names_of(fit.against.iter().copied())
            )
        };
        format!(
            "{} fit one source near {:.1} {:.1} (known to {:.0} km{}) at {}{silent}",
            members.join(" and "),
            fit.place.lat,
            fit.place.lon,
            fit.region_km.max(50.0),
            if fit.likely { ", at a trench" } else { "" },
            utc((fit.origin_s * 1e6) as i64),
        )
    }
}
