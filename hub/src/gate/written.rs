//! A message that an officer writes: zones, level and words are the officer's, everything else is the deployment's.

use std::collections::BTreeMap;

use cap::{
    Alert, Category, Certainty, Info, MsgType, NamedValue, ResponseType, Severity, Time, Urgency,
};
use desk::{Grade, Proposal, Refusal, Weight};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use words::{Event, Language, Moment, Phrase, Voice};

use super::cut;
use crate::alert::compose::{Composer, area};
use crate::config::{Config, Zone};

/// Longest text in one language, characters.
const TEXT_MAX: usize = 2_000;

/// An officer's message.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The event to go on with; a new one without.
    #[serde(default)]
    pub event: Option<String>,
    /// It calls back what is in force of the event.
    #[serde(default)]
    pub cancels: bool,
    /// What is asked of the public: `information`, `advisory`, `warning` or `major`.
    pub level: Grade,
    /// It is about a tsunami; otherwise it is a public safety message.
    #[serde(default)]
    pub tsunami: bool,
    /// Zone ids.
    pub zones: Vec<String>,
    /// The words by language; the deployment's first language must be there.
    #[schema(value_type = BTreeMap<String, Words>)]
    pub words: BTreeMap<Language, Words>,
}

/// An officer's words in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// One line.
    pub headline: String,
    /// What happens.
    pub text: String,
    /// What to do; without it, to follow the local authorities.
    #[serde(default)]
    pub instruction: Option<String>,
}

/// An officer's message as something to be said.
///
/// # Errors
/// [`Refusal::Invalid`] that says what to change.
pub fn proposal(
    config: &Config,
    written: &Written,
    by: &str,
    now_us: i64,
) -> Result<(Proposal, Weight), Refusal> {
    let invalid = |what: String| Refusal::Invalid(what);
    let zones = zones(config, written).map_err(invalid)?;
    let words = words(config, written).map_err(invalid)?;
    let event = match &written.event {
        Some(event) => event.clone(),
        None if written.cancels => {
            return Err(invalid(
                "`cancels` needs the `event` that it calls back".to_owned(),
            ));
        }
        None => new_event(written, by, now_us),
    };
    let composer = Composer { config };
    let life_us = config.policy.expires.as_micros() as i64;
    let sent = Time::from_us(now_us);
    // The desk stamps identifier, type and references when the message goes out.
    let mut alert = Alert::new(
        composer.identifier(&event, 1),
        &config.sender.id,
        sent,
        crate::alert::status(config.mode),
        MsgType::Alert,
    );
    alert.incidents = vec![event.clone()];
    for (language, own) in words {
        let kind = if written.tsunami {
            Event::Tsunami
        } else {
            Event::Officer
        };
        let (urgency, severity, response) = asks(written);
        let mut info = Info::new(
            language.tag(),
            if written.tsunami {
                Category::Geo
            } else {
                Category::Safety
            },
            Phrase::Event(kind).say(language),
            urgency,
            severity,
            if written.cancels {
                Certainty::Unlikely
            } else {
                Certainty::Likely
            },
        );
        let when = Moment {
            us: now_us,
            utc_offset_minutes: config.sender.utc_offset_minutes,
            dated: true,
        };
        let notice = Voice::new(language, config.mode).officer(
            &config.sender.name,
            when,
            &own.headline,
            &own.text,
            own.instruction.as_deref(),
        );
        info.headline = Some(notice.headline);
        info.description = Some(notice.description);
        info.instruction = Some(notice.instruction);
        info.response_types = vec![response];
        composer.dress(&mut info, sent.us(), sent.us().saturating_add(life_us));
        for zone in &zones {
            if !written.cancels {
                let level = format!("level={}", name(written.level));
                info.parameters
                    .push(NamedValue::new(format!("zone:{}", zone.id), level));
            }
            info.areas.push(area(zone).map_err(invalid)?);
        }
        alert.infos.push(info);
    }
    let weight = Weight {
        zones: zones
            .iter()
            .map(|zone| (zone.id.clone(), written.level))
            .collect(),
        observed: false,
    };
    let proposal = Proposal {
        key: format!("{event}.{by}.{now_us}"),
        event,
        xml: alert.to_xml().map_err(|e| invalid(e.to_string()))?,
        ending: written.cancels,
        renewal: false,
        reason: "written by an officer".to_owned(),
        sent_us: now_us,
        life_us,
    };
    Ok((proposal, weight))
}

fn zones<'a>(config: &'a Config, written: &Written) -> Result<Vec<&'a Zone>, String> {
    if written.zones.is_empty() {
        return Err("`zones` names none: say whom the message is for".to_owned());
    }
    let mut found: Vec<&Zone> = Vec::new();
    for id in &written.zones {
        let zone = config
            .zone
            .iter()
            .find(|z| z.id == *id)
            .ok_or_else(|| format!("`zones` names \"{}\", which is none", cut(id)))?;
        if found.iter().any(|z| z.id == zone.id) {
            return Err(format!("`zones` names \"{}\" twice", zone.id));
        }
        found.push(zone);
    }
    Ok(found)
}

/// The words in the order of the deployment's languages.
fn words<'a>(config: &Config, written: &'a Written) -> Result<Vec<(Language, &'a Words)>, String> {
    let languages = &config.sender.languages;
    if let Some(other) = written.words.keys().find(|l| !languages.contains(l)) {
        return Err(format!(
            "`words` has {}, which the deployment does not speak",
            other.tag()
        ));
    }
    let first = languages.first().copied().unwrap_or(Language::En);
    if !written.words.contains_key(&first) {
        return Err(format!(
            "`words` lacks {}, the deployment's first language",
            first.tag()
        ));
    }
    for (language, own) in &written.words {
        let texts = [
            ("headline", Some(own.headline.as_str()), words::HEADLINE_MAX),
            ("text", Some(own.text.as_str()), TEXT_MAX),
            ("instruction", own.instruction.as_deref(), TEXT_MAX),
        ];
        for (what, text, most) in texts {
            let Some(text) = text else { continue };
            let n = text.chars().count();
            if text.trim().is_empty() || n > most {
                return Err(format!(
                    "`words.{}.{what}` has {n} characters; write 1 to {most}",
                    language.tag()
                ));
            }
            if text.chars().any(|c| c.is_control() && c != '\n') {
                return Err(format!(
                    "`words.{}.{what}` has a control character",
                    language.tag()
                ));
            }
        }
    }
    Ok(languages
        .iter()
        .filter_map(|language| Some((*language, written.words.get(language)?)))
        .collect())
}

/// An id that no event had before: when, and a few digits of what.
fn new_event(written: &Written, by: &str, now_us: i64) -> String {
    let hash = Sha256::new()
        .chain_update(format!("{now_us} {by} {:?}", written.words))
        .finalize();
    let when = crate::alert::text::compact_utc(now_us);
    format!(
        "officer-{when}-{:02x}{:02x}{:02x}",
        hash[0], hash[1], hash[2]
    )
}

fn asks(written: &Written) -> (Urgency, Severity, ResponseType) {
    if written.cancels {
        return (Urgency::Past, Severity::Minor, ResponseType::AllClear);
    }
    match written.level {
        Grade::Information | Grade::Limit => {
            (Urgency::Expected, Severity::Minor, ResponseType::Monitor)
        }
        Grade::Advisory => (Urgency::Immediate, Severity::Moderate, ResponseType::Avoid),
        Grade::Warning => (Urgency::Immediate, Severity::Severe, ResponseType::Evacuate),
        Grade::Major => (
            Urgency::Immediate,
            Severity::Extreme,
            ResponseType::Evacuate,
        ),
    }
}

const fn name(level: Grade) -> &'static str {
    match level {
        Grade::Information | Grade::Limit => "none",
        Grade::Advisory => "advisory",
        Grade::Warning => "warning",
        Grade::Major => "major",
    }
}
