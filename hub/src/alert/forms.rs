//! Other forms of a published message, made from the message itself: the text bulletin and the short messages.
//!
//! Nothing but the CAP is needed, so that they are there for every message of the log, after a restart too. What a message does not
//! say, for instance because another version wrote it, its forms do not say either; the mode's word comes from its status.

use cap::{Alert, Info, MsgType, Status, Time};
use wire::topic::Mode;
use words::{
    BulletinInput, Event, Gauge, Language, Level, Moment, Next, Pages, Phrase, Short, Source,
    Voice, ZoneForecast, bulletin, sms,
};

use super::compose::UTC_OFFSET;

/// What is made of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forms {
    /// The bulletin.
    pub bulletin: String,
    /// Tag of the language that it is made from: English where the message has it, else the first.
    pub bulletin_from: String,
    /// The short message in each language of the message that the texts exist in, in its order.
    pub short: Vec<(Language, Pages)>,
}

impl Forms {
    /// Reads a message and makes its forms.
    ///
    /// # Errors
    /// Why it cannot be read, or that it has no info block.
    pub fn read(xml: &str) -> Result<Self, String> {
        let (alert, _) = cap::read(xml.as_bytes()).map_err(|e| e.to_string())?;
        Self::of(&alert).ok_or_else(|| "the message has no info block".to_owned())
    }

    /// The forms of a message; `None` if it has no info block.
    pub fn of(alert: &Alert) -> Option<Self> {
        let mode = match alert.status {
            Status::Actual => Mode::Actual,
            Status::Exercise => Mode::Exercise,
            // Nobody acts on a test.
            Status::Test | Status::System | Status::Draft => Mode::Test,
        };
        let english = |info: &&Info| Language::from_tag(&info.language) == Some(Language::En);
        let told = alert.infos.iter().find(english).or(alert.infos.first())?;
        let short = alert.infos.iter().filter_map(|info| {
            let language = Language::from_tag(&info.language)?;
            Some((language, short(alert, info, Voice::new(language, mode))))
        });
        Some(Self {
            bulletin: write_bulletin(alert, told, mode),
            bulletin_from: told.language.clone(),
            short: short.collect(),
        })
    }

    /// The short message in a language.
    pub fn in_language(&self, language: Language) -> Option<&Pages> {
        let mut short = self.short.iter();
        short.find(|(l, _)| *l == language).map(|(_, pages)| pages)
    }
}

fn write_bulletin(alert: &Alert, info: &Info, mode: Mode) -> String {
    let language = Language::from_tag(&info.language).unwrap_or(Language::En);
    let voice = Voice::new(language, mode);
    let zones = zones(info, language);
    let description = voice.unmarked(info.description.as_deref().unwrap_or_default());
    // The zones' own lines are in the tables.
    let evaluation: Vec<&str> = description
        .lines()
        .filter(|line| {
            !zones.iter().any(|zone| {
                let rest = line.strip_prefix(zone.name);
                rest.is_some_and(|rest| rest.starts_with(" - "))
            })
        })
        .collect();
    let next = match (alert.msg_type, info.expires) {
        (MsgType::Cancel | MsgType::Error, _) => Next::Final,
        (_, Some(expires)) => Next::By(expires.us()),
        (_, None) => Next::WhenItChanges,
    };
    bulletin(&BulletinInput {
        mode,
        subject: &info.event,
        number: alert.references.len() + 1,
        identifier: &alert.identifier,
        sender: info.sender_name.as_deref().unwrap_or(&alert.sender),
        sent_us: alert.sent.us(),
        headline: voice.unmarked(info.headline.as_deref().unwrap_or(&info.event)),
        evaluation: &evaluation.join("\n"),
        source: source(info),
        zones: &zones,
        gauges: &gauges(info),
        actions: voice.unmarked(info.instruction.as_deref().unwrap_or_default()),
        next,
        web: info.web.as_deref(),
        contact: info.contact.as_deref(),
    })
}

fn short(alert: &Alert, info: &Info, voice: Voice) -> Pages {
    let sent_us = alert.sent.us();
    let utc_offset_minutes = parameter(info, UTC_OFFSET)
        .and_then(|minutes| minutes.parse().ok())
        .unwrap_or(0);
    let calls_back = matches!(alert.msg_type, MsgType::Cancel | MsgType::Error);
    let first_us = zones(info, voice.language())
        .iter()
        .filter_map(|zone| Some(zone.forecast?.0))
        .min();
    let first_wave = first_us
        .filter(|_| !calls_back)
        .map(|us| (us > sent_us).then(|| Moment::seen_from(us, sent_us, utc_offset_minutes)));
    let areas: Vec<&str> = info.areas.iter().map(|a| a.description.as_str()).collect();
    sms(&Short {
        voice,
        headline: info.headline.as_deref().unwrap_or(&info.event),
        areas: &areas,
        first_wave,
        instruction: info.instruction.as_deref().unwrap_or_default(),
        sender: info.sender_name.as_deref().unwrap_or(&alert.sender),
    })
}

fn parameter<'a>(info: &'a Info, name: &str) -> Option<&'a str> {
    let mut parameters = info.parameters.iter();
    parameters
        .find(|p| p.name == name)
        .map(|p| p.value.as_str())
}

fn source(info: &Info) -> Option<Source<'_>> {
    let number = |name| parameter(info, name)?.parse::<f64>().ok();
    let time = |name| Some(Time::parse(parameter(info, name)?)?.us());
    if let Some(magnitude) = number("magnitude") {
        let [lat, lon] = place(parameter(info, "epicentre")?)?;
        return Some(Source::Earthquake {
            magnitude,
            lat,
            lon,
            depth_km: number("depth_km")?,
            origin_us: time("origin_time")?,
            location: parameter(info, "location").unwrap_or_default(),
        });
    }
    let [lat, lon] = place(parameter(info, "source_place")?)?;
    Some(Source::Waves {
        lat,
        lon,
        sigma_km: number("source_place_sigma_km")?,
        time_us: time("source_time")?,
        stations: parameter(info, "source_stations")?.parse().ok()?,
    })
}

/// Zones of a tsunami message, in the order of the areas. An officer's message has levels alone; one about something else than a tsunami
/// has levels that are no tsunami's.
fn zones(info: &Info, language: Language) -> Vec<ZoneForecast<'_>> {
    if info.event != Phrase::Event(Event::Tsunami).say(language) {
        return Vec::new();
    }
    let zone = |area: &cap::Area| {
        let id = area.geocodes.iter().find(|g| g.name == "watchfire:zone")?;
        let value = parameter(info, &format!("zone:{}", id.value))?;
        let level = match field(value, "level")? {
            "major" => Level::Major,
            "warning" => Level::Warning,
            "advisory" => Level::Advisory,
            _ => Level::None,
        };
        Some((level, forecast(value)))
    };
    info.areas
        .iter()
        .filter_map(|area| {
            let (level, forecast) = zone(area)?;
            Some(ZoneForecast {
                name: &area.description,
                level,
                forecast,
            })
        })
        .collect()
}

fn forecast(value: &str) -> Option<(i64, [f64; 3])> {
    let number = |key| field(value, key)?.parse::<f64>().ok();
    let arrival = Time::parse(field(value, "arrival")?)?;
    let heights_m = [
        number("height_p05_m")?,
        number("height_m")?,
        number("height_p95_m")?,
    ];
    Some((arrival.us(), heights_m))
}

fn gauges(info: &Info) -> Vec<Gauge<'_>> {
    info.parameters
        .iter()
        .filter(|p| p.name.starts_with("observed:"))
        .filter_map(|p| {
            let (value, name) = p.value.split_once(";name=")?;
            let time = |key| Some(Time::parse(field(value, key)?)?.us());
            Some(Gauge {
                name,
                place: field(value, "place").and_then(place),
                time_us: time("time").or_else(|| time("onset"))?,
                amplitude_m: field(value, "amplitude_m").and_then(|m| m.parse().ok()),
                period_min: None,
            })
        })
        .collect()
}

/// The value of `key` in `key=value;key=value`.
fn field<'a>(value: &'a str, key: &str) -> Option<&'a str> {
    value
        .split(';')
        .find_map(|part| part.strip_prefix(key)?.strip_prefix('='))
}

/// Degrees north and east.
fn place(value: &str) -> Option<[f64; 2]> {
    let (lat, lon) = value.split_once(',')?;
    Some([lat.parse().ok()?, lon.parse().ok()?])
}
