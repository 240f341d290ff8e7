//! Messages about limits at single stations: one chain of messages from the passing of a limit to the return.

use std::collections::BTreeMap;

use signal::threshold::Kind;

use super::{Core, Output, say};
use crate::alert::compose::{Composer, LimitState};
use crate::config::Threshold;
use crate::detect::{Finding, What};

/// Chains by station, limit and kind.
pub(super) type Chains = BTreeMap<(u32, usize, Kind), LimitChain>;

/// A chain of messages about one limit that is passed.
#[derive(Debug)]
pub(super) struct LimitChain {
    pub(super) event: String,
    pub(super) chain: Vec<(String, i64)>,
    value: f64,
    time_us: i64,
}

impl LimitChain {
    /// Puts the next message of the chain out.
    fn publish(
        &mut self,
        composer: Composer<'_>,
        state: &LimitState<'_>,
        now_us: i64,
        out: &mut Vec<Output>,
    ) {
        match composer.limit(&self.event, &self.chain, state, now_us) {
            Ok(message) => {
                self.chain
                    .push((message.identifier.clone(), message.sent_us));
                out.push(Output::Publish(message));
            }
            Err(why) => say(
                out,
                now_us,
                "error",
                format!("no message for {}: {why}", self.event),
            ),
        }
    }
}

impl Core {
    /// A limit was passed, or the value has come back.
    pub(super) fn limit(&mut self, finding: &Finding, now_us: i64, out: &mut Vec<Output>) {
        let What::Limit {
            limit,
            kind,
            active,
            since_us,
            value,
            ..
        } = finding.what
        else {
            return;
        };
        let Some(settings) = self.detect.limit(limit) else {
            return;
        };
        let station = self.config.station.get(finding.station as usize);
        let station_id = self.intake.stations.name(finding.station);
        let name = station
            .filter(|s| !s.name.is_empty())
            .map_or(station_id, |s| s.name.as_str());
        let quantity = settings.quantity;
        let (unit, per) = (quantity.unit(), if kind == Kind::Rate { "/s" } else { "" });
        let what = settings
            .text
            .clone()
            .unwrap_or_else(|| quantity.name().replace('_', " "));
        let state = if active {
            ""
        } else {
            " - back within the limit"
        };
        say(
            out,
            finding.time_us,
            if active {
                "threshold"
            } else {
                "threshold_over"
            },
            format!(
                "{what}: {name} {} {value:.2} {unit}{per}{state}",
                quantity.name().replace('_', " ")
            ),
        );
        let key = (finding.station, limit, kind);
        if active {
            // A limit that is passed twice within a second is two events.
            let last_s = self.limit_starts.get(&key).copied().unwrap_or(i64::MIN);
            let since_s = (since_us / 1_000_000).max(last_s.saturating_add(1));
            let event = limit_event_id(station_id, finding.station, settings, kind, since_s);
            if !self.limits.contains_key(&key) {
                self.limit_starts.insert(key, since_s);
            }
            self.limits.entry(key).or_insert_with(|| LimitChain {
                event,
                chain: Vec::new(),
                value,
                time_us: finding.time_us,
            });
        }
        if settings.notify_only {
            if !active {
                self.limits.remove(&key);
            }
            return;
        }
        let Some(chain) = self.limits.get_mut(&key) else {
            return;
        };
        let composer = Composer {
            config: &self.config,
        };
        let state = LimitState {
            station,
            station_id,
            limit: settings,
            kind,
            value,
            time_us: finding.time_us,
            over: !active,
            renewal: false,
        };
        chain.publish(composer, &state, now_us, out);
        if !active {
            self.limits.remove(&key);
        }
    }

    /// Renews the messages of limits that are still passed, with a tenth of their life left.
    pub(super) fn renew_limits(&mut self, now_us: i64, out: &mut Vec<Output>) {
        let life = self.config.policy.expires.as_micros() as i64;
        let composer = Composer {
            config: &self.config,
        };
        for ((station, limit, kind), chain) in &mut self.limits {
            let due = chain
                .chain
                .last()
                .is_some_and(|(_, sent)| now_us.saturating_sub(*sent) >= life / 10 * 9);
            let Some(settings) = self.detect.limit(*limit).filter(|_| due) else {
                continue;
            };
            let state = LimitState {
                station: self.config.station.get(*station as usize),
                station_id: self.intake.stations.name(*station),
                limit: settings,
                kind: *kind,
                value: chain.value,
                time_us: chain.time_us,
                over: false,
                renewal: true,
            };
            chain.publish(composer, &state, now_us, out);
        }
    }
}

/// Names the event of a limit: an id that fits a topic, unique for station, quantity, limit and start.
fn limit_event_id(
    station: &str,
    index: u32,
    limit: &Threshold,
    kind: Kind,
    since_s: i64,
) -> String {
    let (kind, value) = match kind {
        Kind::Above => ("above", limit.above),
        Kind::Below => ("below", limit.below),
        Kind::Rate => ("rate", limit.max_rate),
    };
    // Two limits on one quantity can be passed in the same second; their values tell them apart.
    let value = value.unwrap_or_default();
    let full = format!(
        "{station}.{}.{kind}{value}.{since_s}",
        limit.quantity.name()
    );
    if wire::topic::is_id(&full) {
        return full;
    }
    let start: String = station.chars().take(8).collect();
    let short = format!(
        "{start}-{index}.{}.{kind}{value}.{since_s}",
        limit.quantity.code()
    );
    if wire::topic::is_id(&short) {
        return short;
    }
    format!(
        "{start}-{index}.{}.{kind}{:x}.{since_s}",
        limit.quantity.code(),
        value.to_bits() >> 32
    )
}
