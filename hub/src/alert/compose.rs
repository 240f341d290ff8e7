//! From an event to a CAP message. Deterministic: the identifier is deployment, mode, event and number in the chain; the sent time is
//! the hub's clock at the step that caused it.
//!
//! One `<info>` per language, and the same severity in all: a stock Sahana gives every block the last one's (FACTS). Zones below the
//! advisory height are not areas of the message.

use cap::{
    Alert, Area, Category, Certainty, Circle, Info, MsgType, NamedValue, Point, Polygon, Reference,
    ResponseType, Severity, Time, Urgency,
};
use signal::threshold::Kind;

use super::source::{observed_parameters, source_parameters};
use super::text::why;
use super::{Level, Published};
use crate::config::{Config, Language, Severity as Configured, Station, Threshold, Zone};
use crate::event::{Event, Reason};
use words::{Action, Amount, Headline, Limit, Moment, Phrase, Place, Voice};

/// An hour: what arrives within it is immediate (CAP 1.2: "responsive action should be taken immediately").
const IMMEDIATE_US: i64 = 3_600_000_000;

/// Name of the parameter that has the deployment's local time, minutes east of UTC.
pub const UTC_OFFSET: &str = "utc_offset_minutes";

/// Composes messages for a deployment.
#[derive(Debug, Clone, Copy)]
pub struct Composer<'a> {
    /// The deployment.
    pub config: &'a Config,
}

/// A limit at a station, as a message tells it.
#[derive(Debug, Clone, Copy)]
pub struct LimitState<'a> {
    /// The station, when configured.
    pub station: Option<&'a Station>,
    /// Its id.
    pub station_id: &'a str,
    /// The limit.
    pub limit: &'a Threshold,
    /// Above, below or rate.
    pub kind: Kind,
    /// The deciding value, or rate.
    pub value: f64,
    /// When.
    pub time_us: i64,
    /// Back within the limit.
    pub over: bool,
    /// Still beyond it, and the last message would lapse.
    pub renewal: bool,
}

impl<'a> Composer<'a> {
    fn voice(self, language: Language) -> Voice {
        Voice::new(language, self.config.mode)
    }

    fn dated(self, us: i64) -> Moment {
        Moment {
            us,
            utc_offset_minutes: self.config.sender.utc_offset_minutes,
            dated: true,
        }
    }

    /// The identifier of the n-th message (from 1) of an event.
    pub fn identifier(self, event: &str, n: usize) -> String {
        let Config {
            deployment,
            mode,
            sender,
            ..
        } = self.config;
        format!(
            "{}.{deployment}.{}.{event}.{n}",
            sender.identifier_prefix,
            mode.name()
        )
    }

    fn envelope(self, event: &str, sent_us: i64, chain: &[(String, i64)], cancel: bool) -> Alert {
        let identifier = self.identifier(event, chain.len() + 1);
        let status = super::status(self.config.mode);
        let msg_type = match (chain.is_empty(), cancel) {
            (true, _) => MsgType::Alert,
            (false, false) => MsgType::Update,
            (false, true) => MsgType::Cancel,
        };
        // CAP counts in seconds and wants `sent` after what it refers to: two steps within one second are one second apart.
        let sent_us = chain
            .last()
            .map_or(sent_us, |(_, last)| sent_us.max(last + 1_000_000));
        let mut alert = Alert::new(
            identifier,
            &self.config.sender.id,
            Time::from_us(sent_us),
            status,
            msg_type,
        );
        alert.references = chain
            .iter()
            .map(|(identifier, sent_us)| Reference {
                sender: self.config.sender.id.clone(),
                identifier: identifier.clone(),
                sent: Time::from_us(*sent_us),
            })
            .collect();
        alert.incidents = vec![event.to_owned()];
        alert.note = self.voice(Language::En).sentence();
        alert
    }

    pub(crate) fn dress(self, info: &mut Info, sent_us: i64, expires_us: i64) {
        let sender = &self.config.sender;
        info.expires = Some(Time::from_us(expires_us));
        info.effective = Some(Time::from_us(sent_us));
        info.sender_name = Some(sender.name.clone());
        info.web.clone_from(&sender.web);
        info.contact.clone_from(&sender.contact);
        info.parameters
            .push(NamedValue::new("sahana:event type", info.event.clone()));
        // What is made of the message later, a bulletin or a short message, has the same local time.
        if sender.utc_offset_minutes != 0 {
            let minutes = sender.utc_offset_minutes.to_string();
            info.parameters.push(NamedValue::new(UTC_OFFSET, minutes));
        }
    }

    /// A message about a tsunami event as it is now.
    ///
    /// # Errors
    /// The rule of CAP that the message would break; with a checked configuration that is our own bug.
    pub fn tsunami(
        self,
        event: &Event,
        reason: Reason,
        now_us: i64,
        station_name: impl Fn(u32) -> String,
    ) -> Result<Published, String> {
        let cancel = matches!(
            reason,
            Reason::AllClear | Reason::NoWave | Reason::Withdrawn
        );
        let mut alert = self.envelope(&event.id, now_us, &event.chain, cancel);
        let sent_us = alert.sent.us();
        let expires_us = sent_us.saturating_add(self.config.policy.expires.as_micros() as i64);
        let zones: Vec<(&Zone, &crate::forecast::ZoneOutlook)> = event
            .outlook
            .zones
            .iter()
            .filter(|z| z.level > Level::None)
            .filter_map(|z| Some((self.config.zone.get(z.zone)?, z)))
            .collect();
        let highest = event.outlook.level();
        let first_arrival = zones.iter().map(|(_, z)| z.arrival_us).min();
        let seen: Vec<String> = event.observed.keys().map(|s| station_name(*s)).collect();
        let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
        for &language in &self.config.sender.languages {
            let urgency = match (cancel, first_arrival) {
                (true, _) | (false, None) => Urgency::Past,
                (false, Some(arrival)) if arrival > sent_us.saturating_add(IMMEDIATE_US) => {
                    Urgency::Expected
                }
                (false, _) => Urgency::Immediate,
            };
            let certainty = match (reason, event.is_confirmed()) {
                (Reason::NoWave | Reason::Withdrawn, _) => Certainty::Unlikely,
                (_, true) => Certainty::Observed,
                (_, false) => Certainty::Possible,
            };
            let severity = if cancel {
                Severity::Minor
            } else {
                highest.severity()
            };
            let mut info = Info::new(
                language.tag(),
                Category::Geo,
                Phrase::Event(words::Event::Tsunami).say(language),
                urgency,
                severity,
                certainty,
            );
            let names: Vec<&str> = zones.iter().map(|(zone, _)| zone.name.as_str()).collect();
            let voice = self.voice(language);
            info.headline = Some(voice.headline(&if cancel {
                Headline::Cancelled
            } else {
                Headline::Tsunami {
                    level: highest.into(),
                    areas: &names,
                }
            }));
            info.response_types = vec![match (cancel, highest) {
                (true, _) => ResponseType::AllClear,
                (false, Level::Warning | Level::Major) => ResponseType::Evacuate,
                (false, Level::Advisory) => ResponseType::Avoid,
                (false, Level::None) => ResponseType::Monitor,
            }];
            info.description =
                Some(self.description(event, reason, voice, &zones, &seen, cancel, sent_us));
            info.instruction = Some(voice.instruction(if cancel {
                Action::AllClear
            } else {
                Action::Tsunami(highest.into())
            }));
            info.onset = first_arrival
                .filter(|a| !cancel && *a > sent_us)
                .map(Time::from_us);
            self.dress(&mut info, sent_us, expires_us);
            for (name, value) in source_parameters(event) {
                info.parameters.push(NamedValue::new(name, value));
            }
            info.parameters
                .extend(observed_parameters(event, self.config, &station_name));
            for (zone, z) in &zones {
                let value = format!(
                    "level={};arrival={};arrival_sigma_min={:.0};height_m={:.2};height_p05_m={:.2};height_p95_m={:.2};p_advisory={:.2};p_warning={:.2};p_major={:.2}",
                    z.level.name(),
                    Time::from_us(z.arrival_us),
                    z.arrival_sigma_s / 60.0,
                    z.median_m,
                    z.p05_m,
                    z.p95_m,
                    z.exceeds[0],
                    z.exceeds[1],
                    z.exceeds[2]
                );
                info.parameters
                    .push(NamedValue::new(format!("zone:{}", zone.id), value));
                info.areas.push(area(zone)?);
            }
            if info.areas.is_empty() {
                // Nowhere is at a level any more: the message is for those who were warned before.
                for zone in event.lifted().filter_map(|z| self.config.zone.get(z)) {
                    info.areas.push(area(zone)?);
                }
            }
            alert.infos.push(info);
        }
        self.finish(&event.id, &alert, expires_us, reason.words())
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one caller, which has them all at hand"
    )]
    fn description(
        self,
        event: &Event,
        reason: Reason,
        voice: Voice,
        zones: &[(&Zone, &crate::forecast::ZoneOutlook)],
        seen: &[&str],
        cancel: bool,
        sent_us: i64,
    ) -> String {
        let quake = &event.solution.quake;
        let mut text = voice.description();
        if let Some(why) = why(reason) {
            text.sentence(&Phrase::Why(why));
        }
        let when = self.dated(quake.origin_us);
        let place = Place {
            name: &event.solution.place,
            lat: quake.lat,
            lon: quake.lon,
        };
        let none_left = event.waves().is_some() && seen.is_empty();
        text.sentence(&match event.waves() {
            _ if none_left => Phrase::NoWaveLeft,
            None => Phrase::Earthquake {
                magnitude: quake.magnitude,
                place,
                depth_km: quake.depth_km,
                when,
            },
            Some(waves) => Phrase::NoEarthquake {
                place,
                region_km: waves.region_km,
                when,
            },
        });
        if cancel {
            return text.finish();
        }
        if !none_left {
            text.sentence(&if seen.is_empty() {
                Phrase::NoWaveSeen
            } else {
                Phrase::WaveMeasured { stations: seen }
            });
        }
        for (zone, z) in zones {
            let arrival = (z.arrival_us > sent_us).then(|| {
                Moment::seen_from(z.arrival_us, sent_us, self.config.sender.utc_offset_minutes)
            });
            text.line(&Phrase::Zone {
                name: &zone.name,
                level: z.level.into(),
                arrival,
                heights_m: [z.p05_m, z.median_m, z.p95_m],
            });
        }
        let lifted: Vec<&str> = event
            .lifted()
            .filter_map(|z| self.config.zone.get(z))
            .map(|z| z.name.as_str())
            .collect();
        if !lifted.is_empty() {
            text.line(&Phrase::Lifted(&lifted));
        }
        text.line(&Phrase::Nature);
        text.finish()
    }

    /// Writes a message about every zone and every limit, to find out beforehand whether they can be written.
    ///
    /// # Errors
    /// The rule of CAP that a message would break, and where.
    pub fn rehearse(self) -> Result<(), String> {
        let quake = ocean::quake::Quake {
            id: "rehearsal".to_owned(),
            magnitude: 8.0,
            lat: 0.0,
            lon: 0.0,
            depth_km: 10.0,
            origin_us: 0,
        };
        let solution = crate::intake::quakes::Solution {
            quake,
            place: String::new(),
            deleted: false,
            updated_us: None,
        };
        let outlook = crate::forecast::Outlook::rehearsal(self.config);
        if !outlook.zones.is_empty() {
            let event = Event::new("rehearsal".to_owned(), solution, outlook);
            self.tsunami(&event, Reason::Earthquake, 0, |_| String::new())?;
        }
        let own = self
            .config
            .station
            .iter()
            .flat_map(|s| s.threshold.iter().map(move |t| (Some(s), t)));
        for (station, limit) in own.chain(self.config.threshold.iter().map(|t| (None, t))) {
            let state = LimitState {
                station,
                station_id: station.map_or("station", |s| s.id.as_str()),
                limit,
                kind: Kind::Above,
                value: 0.0,
                time_us: 0,
                over: false,
                renewal: false,
            };
            self.limit("rehearsal", &[], &state, 0)?;
        }
        Ok(())
    }

    /// The next message of a limit's chain at a station.
    ///
    /// # Errors
    /// As [`Composer::tsunami`].
    pub fn limit(
        self,
        event: &str,
        chain: &[(String, i64)],
        state: &LimitState<'_>,
        now_us: i64,
    ) -> Result<Published, String> {
        let mut alert = self.envelope(event, now_us, chain, state.over);
        let sent_us = alert.sent.us();
        let expires_us = sent_us.saturating_add(self.config.policy.expires.as_micros() as i64);
        let quantity = state.limit.quantity;
        let domain = crate::domain_name(quantity);
        let name = state
            .station
            .filter(|s| !s.name.is_empty())
            .map_or(state.station_id, |s| s.name.as_str());
        let subject = words::Event::of(quantity);
        let unit = quantity.unit();
        let limit = match state.kind {
            Kind::Above => Limit::Above(state.limit.above.unwrap_or_default()),
            Kind::Below => Limit::Below(state.limit.below.unwrap_or_default()),
            Kind::Rate => Limit::Rate(state.limit.max_rate.unwrap_or_default()),
        };
        let amount = Amount {
            value: state.value,
            quantity,
            per_second: state.kind == Kind::Rate,
        };
        // For machines: canonical unit, decimal point.
        let value = if amount.per_second {
            format!("{:.3} {unit}/s", state.value)
        } else {
            format!("{:.2} {unit}", state.value)
        };
        for &language in &self.config.sender.languages {
            let voice = self.voice(language);
            let named = Phrase::Quantity(quantity).say(language);
            let when = self.dated(state.time_us);
            let category = match domain {
                "traffic" => Category::Transport,
                "energy" => Category::Infra,
                _ => Category::Geo,
            };
            let severity = match state.limit.severity {
                _ if state.over => Severity::Minor,
                Configured::Minor => Severity::Minor,
                Configured::Moderate => Severity::Moderate,
                Configured::Severe => Severity::Severe,
                Configured::Extreme => Severity::Extreme,
            };
            let (urgency, response) = if state.over {
                (Urgency::Past, ResponseType::AllClear)
            } else {
                (Urgency::Immediate, ResponseType::Monitor)
            };
            let mut info = Info::new(
                language.tag(),
                category,
                Phrase::Event(subject).say(language),
                urgency,
                severity,
                Certainty::Observed,
            );
            info.headline = Some(voice.headline(&Headline::Limit {
                what: state.limit.text.as_deref().unwrap_or(&named),
                station: name,
                over: state.over,
            }));
            let mut description = voice.description();
            description.sentence(&if state.over {
                Phrase::LimitOver {
                    station: name,
                    amount,
                    limit,
                    when,
                }
            } else {
                Phrase::LimitPassed {
                    station: name,
                    amount,
                    limit,
                    when,
                }
            });
            info.description = Some(description.finish());
            info.instruction = Some(voice.instruction(if state.over {
                Action::LimitOver
            } else {
                Action::Limit(subject)
            }));
            info.response_types = vec![response];
            self.dress(&mut info, sent_us, expires_us);
            info.parameters
                .push(NamedValue::new("station", state.station_id));
            info.parameters
                .push(NamedValue::new(quantity.name(), value.clone()));
            let mut here = Area::new(name);
            // A station that the configuration does not know has no place: the area is its name alone.
            if let Some(station) = state.station {
                let lon = if station.lon > 180.0 {
                    station.lon - 360.0
                } else {
                    station.lon
                };
                here.circles
                    .push(Circle::new(Point::new(station.lat, lon), station.radius_km));
            }
            info.areas.push(here);
            alert.infos.push(info);
        }
        self.finish(
            event,
            &alert,
            expires_us,
            match (state.over, state.renewal) {
                (true, _) => "back within the limit",
                (false, true) => "still in force",
                (false, false) => "limit passed",
            },
        )
    }

    fn finish(
        self,
        event: &str,
        alert: &Alert,
        expires_us: i64,
        reason: &str,
    ) -> Result<Published, String> {
        let xml = alert.to_xml().map_err(|e| e.to_string())?;
        let info = alert
            .infos
            .first()
            .ok_or("a message without an info block")?;
        Ok(Published {
            identifier: alert.identifier.clone(),
            event: event.to_owned(),
            mode: self.config.mode.name().to_owned(),
            msg_type: alert.msg_type.as_str().to_owned(),
            severity: info.severity.as_str().to_owned(),
            sent_us: alert.sent.us(),
            expires_us,
            headline: info.headline.clone().unwrap_or_default(),
            summary: info.description.clone().unwrap_or_default(),
            areas: info.areas.iter().map(|a| a.description.clone()).collect(),
            reason: reason.to_owned(),
            xml,
        })
    }
}

pub(crate) fn area(zone: &Zone) -> Result<Area, String> {
    let corners = zone
        .polygon
        .iter()
        .map(|[lat, lon]| Point::new(*lat, if *lon > 180.0 { lon - 360.0 } else { *lon }))
        .collect();
    let polygon = Polygon::closed(corners).map_err(|e| format!("zone {}: {e}", zone.id))?;
    let mut area = Area::new(&zone.name);
    area.polygons.push(polygon);
    area.geocodes
        .push(NamedValue::new("watchfire:zone", &zone.id));
    Ok(area)
}
