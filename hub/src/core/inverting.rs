//! Records into forecasts: as soon as a station has seen the wave, what all stations have recorded says where the floor slipped.

use std::sync::Arc;

use super::{Core, Output, say};
use crate::alert::Level;
use crate::event::Event;
use crate::forecast::{Given, Job, Recorded, Source, Task};

/// Least time between two inversions of one event, in the hub's time: four samples of a buoy in event mode while the first waves
/// pass, the first of them and the others' coming in.
const EVERY_US: i64 = 60 * 1_000_000;
/// Later, when what is learned is learned slowly.
const LATER_EVERY_US: i64 = 10 * EVERY_US;
/// How long after the first onset the first of these holds.
const FRESH_US: i64 = 3_600 * 1_000_000;
/// After this long what a station records are echoes from coasts, which no grid carries well: the source stays as it is.
const ECHOES_US: i64 = 6 * FRESH_US;
/// How long after its onset at a station, or after it was due there, the first waves pass: two of the hour that the longest waves of
/// great earthquakes take (assumed). What comes later has been at coasts, bays and shelves that the grid does not carry, so that it says
/// nothing against the source.
const FIRST_WAVES_US: i64 = 2 * FRESH_US;
/// Most events whose responses are held: some megabytes each, and less than as much again for what the inversion has made of them.
const MOST_SOURCES: usize = 8;

/// One event's inversion.
#[derive(Debug)]
pub(super) struct Inverting {
    event: String,
    source: Source,
    /// What the forecast rests on that it gave last.
    given: Option<Arc<Vec<Recorded>>>,
    /// When it was last done, and how many rows its stations had given then, late ones among them.
    done_us: i64,
    rows: u64,
    /// Whether records and model agreed, as last told.
    told: Option<bool>,
}

impl Core {
    /// Asks for the responses with which an event's records can be inverted, if anybody is to be warned.
    pub(super) fn ask_responses(&mut self, at: usize, now_us: i64) {
        let event = &self.events[at];
        if event.outlook.level() == Level::None || event.is_over() {
            return;
        }
        let id = event.id.clone();
        let job = Job {
            number: 0,
            task: Task::Responses,
            quake: event.solution.quake.clone(),
            mechanism: None,
            first: event.outlook.clone(),
        };
        self.ask_for(job, &id, None, None, now_us);
    }

    /// Takes responses.
    pub(super) fn take_responses(&mut self, event: &str, source: Source) {
        self.inverting.retain(|i| i.event != event);
        if self.inverting.len() == MOST_SOURCES {
            self.inverting.remove(0);
        }
        self.inverting.push(Inverting {
            event: event.to_owned(),
            source,
            given: None,
            done_us: i64::MIN,
            rows: 0,
            told: None,
        });
    }

    /// What an event's forecast rests on, where records have said a source.
    pub(super) fn given(&self, event: &Event) -> Option<Given> {
        let inverting = self.inverting.iter().find(|i| i.event == event.id)?;
        let records = inverting.given.clone().filter(|_| event.is_inverted())?;
        Some(Given {
            table: inverting.source.table().clone(),
            records,
            prior: event.prior().clone(),
        })
    }

    /// Inverts where that is due.
    pub(super) fn invert(&mut self, now_us: i64, out: &mut Vec<Output>) {
        let mut all = std::mem::take(&mut self.inverting);
        all.retain_mut(|inverting| {
            let Some(at) = self.events.iter().position(|e| e.id == inverting.event) else {
                return false;
            };
            if self.events[at].is_over() {
                return false;
            }
            self.invert_one(at, inverting, now_us, out);
            true
        });
        self.inverting = all;
    }

    fn invert_one(
        &mut self,
        at: usize,
        inverting: &mut Inverting,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        let Some(ocean) = &self.ocean else { return };
        let event = &self.events[at];
        let Some(first_us) = event.observed.values().map(|o| o.onset_us).min() else {
            return;
        };
        let since = now_us.saturating_sub(first_us);
        let every = if since < FRESH_US {
            EVERY_US
        } else {
            LATER_EVERY_US
        };
        if since > ECHOES_US || now_us < inverting.done_us.saturating_add(every) {
            return;
        }
        let recorded = event.outlook.stations.iter().map(|s| {
            let seen = event.observed.get(&s.station).map(|o| o.onset_us);
            Recorded {
                station: s.station,
                rows: self.detect.recent_sea(s.station),
                judged_until_us: seen.unwrap_or(s.arrival_us).saturating_add(FIRST_WAVES_US),
            }
        });
        let records: Vec<Recorded> = recorded.filter(|r| !r.rows.is_empty()).collect();
        let rows = records
            .iter()
            .map(|r| self.detect.sea_rows(r.station))
            .sum();
        if rows <= inverting.rows {
            return;
        }
        (inverting.done_us, inverting.rows) = (now_us, rows);
        let answer = ocean.invert(
            &mut inverting.source,
            event.prior(),
            &records,
            &self.config.policy,
        );
        let inverted = match answer {
            Ok(inverted) => inverted,
            Err(why) => {
                if inverting.told.is_none() {
                    inverting.told = Some(false);
                    let text = format!(
                        "the records give no source: {why}; amplitudes alone renew the forecast"
                    );
                    say(out, now_us, "inversion", text);
                }
                return;
            }
        };
        let judgement = &inverted.judgement;
        let why = {
            let names: Vec<&str> = judgement
                .used
                .iter()
                .map(|s| self.intake.stations.name(*s))
                .collect();
            let [low, middle, high] = judgement.magnitude;
            format!(
                "the records of {} say magnitude {middle:.1} ({low:.1} to {high:.1})",
                names.join(", ")
            )
        };
        if inverting.told != Some(judgement.consistent) {
            inverting.told = Some(judgement.consistent);
            let mut text = why.clone();
            for (station, why) in &judgement.left_out {
                text.push_str(&format!("; {} {why}", self.intake.stations.name(*station)));
            }
            if !judgement.consistent {
                text.push_str(
                    "; they contradict the model: another source or a faulty sensor, look at them",
                );
            }
            say(out, now_us, "inversion", text);
        }
        inverting.given = Some(Arc::new(records));
        let before = self.events[at].outlook.clone();
        let steps = self.events[at].inverted(inverted.outlook, &self.config.policy);
        if self.events[at].outlook != before {
            self.tell_forecast(at, why, now_us, out);
        }
        self.carry_out(at, steps, now_us, out);
    }
}
