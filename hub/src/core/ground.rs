//! Accelerometers in the core: what shakes goes to the timeline and stands beside what the sea does. Nobody is warned of it.

use signal::stalta::Trigger;
use signal::tsunami::Change;

use super::{Core, Output, say};
use crate::alert::text::utc;
use crate::detect::{Finding, What};
use crate::ground::{Episode, News};

/// What is known later than this is no news of the present.
const LATE_US: i64 = 10 * 60 * 1_000_000;

impl Core {
    /// A station's accelerometer begins to shake, or is still again.
    pub(super) fn ground_finding(
        &mut self,
        finding: &Finding,
        trigger: &Trigger,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        if matches!(trigger, Trigger::On { .. }) {
            self.intake.count("ground_shaking", "station");
        }
        let news = self.ground.step(finding.station, finding.time_us, trigger);
        self.tell_ground(news, now_us, out);
    }

    /// Lets time pass for the ground.
    pub(super) fn pass_ground(&mut self, now_us: i64, out: &mut Vec<Output>) {
        while let Some(news) = self.ground.pass(now_us) {
            self.tell_ground(Some(news), now_us, out);
        }
    }

    fn tell_ground(&mut self, news: Option<News>, now_us: i64, out: &mut Vec<Output>) {
        match news {
            Some(News::Together(episode)) => {
                self.intake.count("ground_shaking", "together");
                let newest_us = episode.stations.iter().map(|s| s.1).max();
                // From a backlog it is known hours later.
                let shakes = if now_us.saturating_sub(episode.since_us) > LATE_US {
                    "shook"
                } else {
                    "shakes"
                };
                let text = format!(
                    "the ground {shakes} at {} since {}: an earthquake is likely near; its place and size are not known",
                    self.shaken(&episode),
                    utc(episode.since_us)
                );
                say(
                    out,
                    newest_us.unwrap_or(episode.since_us),
                    "shaking_ground",
                    text,
                );
            }
            Some(News::Over(episode)) => {
                let until_us = episode.until_us.unwrap_or(episode.since_us);
                let text = format!(
                    "the ground is still again at {}, after {} s",
                    self.shaken(&episode),
                    (until_us - episode.since_us) / 1_000_000
                );
                say(out, until_us, "shaking_ground_over", text);
            }
            None => {}
        }
    }

    fn shaken(&self, episode: &Episode) -> String {
        self.names_of(episode.stations.iter().map(|s| s.0))
    }

    /// An onset while the ground may still move the sensor: said beside it, and nothing more. The detector has told shaking from a wave
    /// already, and the wave of a near earthquake begins in the middle of it.
    pub(super) fn say_ground(&self, finding: &Finding, out: &mut Vec<Output>) {
        let What::Sea(Change::Onset { onset_us, .. }) = finding.what else {
            return;
        };
        let Some(station) = self.config.station.get(finding.station as usize) else {
            return;
        };
        if let Some((episode, km)) = self.ground.moves(station.lat, station.lon, onset_us) {
            let text = format!(
                "{} moves since {}, and the ground shook since {} at {}, {km:.0} km away: seismic waves may be part of it",
                self.station_name(finding.station),
                utc(onset_us),
                utc(episode.since_us),
                self.shaken(episode)
            );
            say(out, finding.time_us, "shaking_ground_near", text);
        }
    }

    /// The newest time at which stations' ground shook together, over or not; forgotten after six hours.
    pub fn ground(&self) -> Option<&Episode> {
        self.ground.newest()
    }

    /// What a station's accelerometer says now, in words.
    pub(super) fn ground_text(&self, station: u32) -> Option<String> {
        let since_us = self.ground.shakes_since_us(station)?;
        let together = self
            .ground
            .newest()
            .is_some_and(|e| e.until_us.is_none() && e.stations.iter().any(|s| s.0 == station));
        let with = if together { ", with others" } else { "" };
        Some(format!("ground shakes since {}{with}", utc(since_us)))
    }
}
