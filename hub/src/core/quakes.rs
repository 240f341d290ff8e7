//! Earthquakes: which open an event, revise one, or are passed over.

use super::{Core, MOST_EVENTS, Output, UNCLAIMED_US, say};
use crate::detect::{Finding, What};
use crate::event::Event;
use crate::intake::quakes::{self, Solution};

/// Two solutions this close are one earthquake: location and origin errors of first solutions of great earthquakes, with room.
const SAME_QUAKE_US: i64 = 60_000_000;
/// See [`SAME_QUAKE_US`], degrees.
const SAME_QUAKE_DEG: f64 = 2.0;

impl Core {
    /// Takes an earthquake document.
    pub fn quake(&mut self, bytes: &[u8], now_us: i64) -> Vec<Output> {
        let document = match quakes::read(bytes) {
            Ok(document) => document,
            Err(refused) => {
                self.intake.count("quakes_refused", refused.reason);
                return vec![Output::Say {
                    time_us: now_us,
                    kind: "refused".to_owned(),
                    text: format!("earthquake document refused: {refused}"),
                }];
            }
        };
        for refused in &document.refused {
            self.intake.count("quakes_refused", refused.reason);
        }
        let mut out = Vec::new();
        for solution in document.solutions {
            self.intake.count("quakes", "solution");
            self.solution(solution, now_us, &mut out);
        }
        out
    }

    fn solution(&mut self, solution: Solution, now_us: i64, out: &mut Vec<Output>) {
        let quake = &solution.quake;
        let known = self
            .events
            .iter()
            .position(|e| same(&e.solution, &solution));
        if solution.deleted {
            if let Some(at) = known {
                say(
                    out,
                    now_us,
                    "earthquake",
                    format!("the agency has taken {} back", quake.id),
                );
                let steps = self.events[at].withdraw();
                self.carry_out(at, steps, now_us, out);
            }
            return;
        }
        if known.is_none() && quake.magnitude < self.config.policy.min_magnitude {
            self.intake
                .count("quakes_passed_over", "below_min_magnitude");
            return;
        }
        // An old catalogue entry is history, not news: a feed that is polled for a week must not raise last week's alerts.
        const OLD_US: i64 = 24 * 3_600 * 1_000_000;
        if known.is_none() && now_us.saturating_sub(quake.origin_us) > OLD_US {
            self.intake.count("quakes_passed_over", "older_than_a_day");
            return;
        }
        if known.is_some_and(|at| self.events[at].solution == solution) {
            self.intake.count("quakes_passed_over", "told_before");
            return;
        }
        say(
            out,
            now_us,
            "earthquake",
            format!(
                "earthquake M{:.1}, {}, {:.0} km deep, at {} ({})",
                quake.magnitude,
                if solution.place.is_empty() {
                    format!("{:.2} {:.2}", quake.lat, quake.lon)
                } else {
                    solution.place.clone()
                },
                quake.depth_km,
                crate::alert::text::utc(quake.origin_us),
                quake.id
            ),
        );
        let Some(ocean) = &self.ocean else { return };
        let outlook = match ocean.forecast(quake, &self.config.policy) {
            Ok(outlook) => outlook,
            Err(why) => {
                say(
                    out,
                    now_us,
                    "no_forecast",
                    format!("no forecast for {}: {why}; this is no all-clear", quake.id),
                );
                if let Some(at) = known
                    && quake.magnitude < self.config.policy.min_magnitude
                {
                    let steps = self.events[at].withdraw();
                    self.carry_out(at, steps, now_us, out);
                }
                return;
            }
        };
        if !outlook.unanswered.is_empty() {
            let list = outlook.unanswered.join("; ");
            say(
                out,
                now_us,
                "no_forecast",
                format!("no forecast for {list}; this is no all-clear"),
            );
        }
        match known {
            Some(at) => {
                let steps = self.events[at].revise(solution, outlook, ocean, &self.config.policy);
                self.tell_forecast(at, out);
                self.carry_out(at, steps, now_us, out);
            }
            None => {
                if self.events.len() == MOST_EVENTS {
                    // The oldest that is over, or the oldest at all: sixty-four great earthquakes at once are not the sea's doing.
                    let at = self.events.iter().position(Event::is_over).unwrap_or(0);
                    self.events.remove(at);
                    self.intake.count("events_dropped", "bound");
                }
                self.events.push(Event::new(solution, outlook));
                let at = self.events.len() - 1;
                self.tell_forecast(at, out);
                let steps = self.events[at].begin();
                self.carry_out(at, steps, now_us, out);
                // The wave may have been seen before the earthquake was told.
                let waiting: Vec<Finding> = self
                    .unclaimed
                    .drain(..)
                    .filter(|f| now_us.saturating_sub(f.time_us) <= UNCLAIMED_US)
                    .collect();
                for finding in waiting {
                    if let What::Sea(change) = finding.what {
                        self.sea(&finding, &change, now_us, out, false);
                    }
                }
            }
        }
    }
}

fn same(known: &Solution, new: &Solution) -> bool {
    let (a, b) = (&known.quake, &new.quake);
    let lon = (a.lon - b.lon).rem_euclid(360.0);
    a.id == b.id
        || ((a.origin_us - b.origin_us).abs() <= SAME_QUAKE_US
            && (a.lat - b.lat).abs() <= SAME_QUAKE_DEG
            && lon.min(360.0 - lon) <= SAME_QUAKE_DEG)
}
