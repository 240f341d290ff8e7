//! What a message of the core's asks of the public, as it says itself: zones and levels are parameters of it.

use std::collections::BTreeMap;

use cap::{Alert, Certainty};
use desk::{Grade, Proposal, Published, Weight};

use crate::event::Reason;

/// A message as something to be said.
///
/// # Errors
/// Text of the reader; a message that we wrote is readable.
pub fn proposal(message: &Published) -> Result<(Proposal, Weight), String> {
    let weight = weight(message)?;
    let proposal = Proposal {
        key: message.identifier.clone(),
        event: message.event.clone(),
        xml: message.xml.clone(),
        ending: message.msg_type == "Cancel",
        renewal: message.reason == Reason::Renewal.words(),
        reason: message.reason.clone(),
        sent_us: message.sent_us,
        life_us: message.expires_us.saturating_sub(message.sent_us),
    };
    Ok((proposal, weight))
}

/// How much a message asks of the public.
///
/// # Errors
/// As [`proposal`].
pub fn weight(message: &Published) -> Result<Weight, String> {
    let (alert, _) = cap::read(message.xml.as_bytes()).map_err(|e| e.to_string())?;
    Ok(weight_of(&alert))
}

/// How much a message asks of the public.
pub fn weight_of(alert: &Alert) -> Weight {
    let Some(info) = alert.infos.first() else {
        return Weight::default();
    };
    let mut zones = BTreeMap::new();
    for parameter in &info.parameters {
        if let Some(zone) = parameter.name.strip_prefix("zone:") {
            zones.insert(zone.to_owned(), level(&parameter.value));
        } else if parameter.name == "station" {
            zones.insert(parameter.value.clone(), Grade::Limit);
        }
    }
    for code in info.areas.iter().flat_map(|area| &area.geocodes) {
        // A zone that is named without a level has none any more.
        if code.name == "watchfire:zone" {
            zones
                .entry(code.value.clone())
                .or_insert(Grade::Information);
        }
    }
    Weight {
        zones,
        observed: info.certainty == Certainty::Observed,
    }
}

fn level(parameter: &str) -> Grade {
    let word = parameter
        .split(';')
        .find_map(|part| part.strip_prefix("level="));
    match word {
        Some("major") => Grade::Major,
        Some("warning") => Grade::Warning,
        Some("advisory") => Grade::Advisory,
        _ => Grade::Information,
    }
}
