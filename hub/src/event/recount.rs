//! A station's story told anew: rows that came late show that the wave began at another time, was of another height, or was none.
//!
//! What the event believes of the station is made again from all that its detector says now, so that it is in the end what it would have been
//! with every row in order. The officers hear the difference, by what had been said. The public hears of it as of every other change: levels
//! that rise at once, heights and relief after the policy's times. A confirmation that is taken back lowers nothing by itself and
//! ends nothing: the event goes on as one that no station has confirmed yet, and that is said with the next message, which is then
//! due as relief is. Within that time the wave may be found again.

use signal::tsunami::Sign;

use super::{Event, Observed, Reason, Stations, Step, say};
use crate::alert::text::utc;
use crate::config::Policy;
use crate::detect::sea::Told;
use crate::forecast::Ocean;

/// What a story told anew comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Recount {
    /// Which of its changes are this event's.
    pub claimed: Vec<bool>,
    /// What should happen.
    pub steps: Vec<Step>,
}

impl Event {
    /// Takes all that a station's detector says now in place of what it said before; `time_us` is its newest row's. `None` once the event is over.
    pub fn recount(
        &mut self,
        station: u32,
        time_us: i64,
        story: &[Told],
        stations: &impl Stations,
        ocean: &Ocean,
        policy: &Policy,
    ) -> Option<Recount> {
        if self.is_over() {
            return None;
        }
        let was = self.observed.remove(&station);
        self.confirmed = !self.observed.is_empty();
        let mut claimed = Vec::with_capacity(story.len());
        let mut said = Vec::new();
        for told in story {
            let steps = self.sea(station, told.time_us, &told.change, stations, ocean, policy);
            claimed.push(steps.is_some());
            said.extend(steps.into_iter().flatten().map(|step| (told.news, step)));
        }
        if self.observed.is_empty() {
            // It was made for a wave that none has seen.
            self.inverted = None;
        }
        self.renew(ocean, policy);
        let is = self.observed.get(&station).copied();
        let mut steps = Vec::new();
        let name = stations.name(station);
        match (was, is) {
            (Some(was), Some(is)) => {
                if words(&was) != words(&is) {
                    let text = format!(
                        "{name}: rows that came late say {}; said before: {}",
                        words(&is),
                        words(&was)
                    );
                    steps.push(say(time_us, "corrected", text));
                }
            }
            (Some(was), None) => {
                steps.push(say(
                    time_us,
                    "taken_back",
                    self.without(&name, &was, policy),
                ));
            }
            (None, _) => {}
        }
        steps.extend(said.into_iter().filter_map(|(news, step)| {
            let Step::Say { kind, .. } = &step else {
                // What is to be published follows from where it has come to.
                return None;
            };
            let first = match *kind {
                "confirmed" => was.is_none(),
                "amplitude" => was.is_none_or(|w| !w.passed),
                "quiet" => was.is_none_or(|w| w.quiet_since_us.is_none()),
                _ => news,
            };
            first.then_some(step)
        }));
        if self.confirmed && !self.told_confirmed && self.is_published() {
            steps.push(Step::Publish(Reason::Confirmed));
        } else if self.chain.is_empty() && is.is_some_and(|o| o.amplitude_m != 0.0) {
            steps.extend(self.begin());
        }
        Some(Recount { claimed, steps })
    }

    /// What is left of the event without a station, in words.
    fn without(&self, name: &str, was: &Observed, policy: &Policy) -> String {
        const STANDS: &str = "What was warned of stays in force until the sea is known to be quiet, or officers end it";
        let (count, least) = (self.observed.len(), policy.without_earthquake);
        let left = if !self.confirmed {
            format!("nothing else confirms the tsunami. {STANDS}")
        } else if self.waves.is_some() && count < least {
            format!(
                "what is left is {count} of {least} stations that a warning without an earthquake takes. {STANDS}"
            )
        } else {
            "other stations confirm the tsunami".to_owned()
        };
        format!(
            "{name} has not seen the wave of {}: rows that came late show none there (said before: {}); {left}",
            self.id,
            words(was)
        )
    }
}

/// What a station saw, as precisely as it is told.
pub fn words(seen: &Observed) -> String {
    let first = match seen.sign {
        Sign::Rise => "rising",
        Sign::Fall => "falling",
    };
    let mut text = format!("{first} since {}", utc(seen.onset_us));
    if seen.passed {
        text.push_str(&format!(
            ", highest so far {:+.2} m at {}",
            seen.amplitude_m,
            utc(seen.amplitude_us)
        ));
    }
    text
}
