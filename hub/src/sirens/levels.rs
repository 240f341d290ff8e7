//! At which level a message puts each zone with sirens.
//!
//! A message about zones says the level of each in its parameter `zone:<id>` (`level=warning;...`); one severity holds for the whole
//! message, and would sound zones that are at a lower level. Where there is no such parameter, severity and the areas' names count.

use crate::alert::Level;
use crate::sirens::settings::SirenZone;
use crate::view::AlertView;

/// The level of every siren zone, in their order; none for a message that calls everything off.
pub fn of(alert: &AlertView, zones: &[SirenZone]) -> Vec<Level> {
    let nothing = vec![Level::None; zones.len()];
    if alert.msg_type == "Cancel" {
        return nothing;
    }
    let Ok((message, _)) = cap::read(alert.xml.as_bytes()) else {
        // It was written by our own strict writer; whatever this is, it orders nothing.
        tracing::error!(
            identifier = alert.identifier,
            "an issued message cannot be read: no siren is ordered by it"
        );
        return nothing;
    };
    let told: Vec<(&str, Level)> = message
        .infos
        .first()
        .into_iter()
        .flat_map(|info| &info.parameters)
        .filter_map(|parameter| {
            let zone = parameter.name.strip_prefix("zone:")?;
            let level = parameter
                .value
                .split(';')
                .find_map(|part| part.strip_prefix("level="))?;
            Some((zone, named(level)?))
        })
        .collect();
    let of_severity = match alert.severity.as_str() {
        "Extreme" => Level::Major,
        "Severe" => Level::Warning,
        "Moderate" => Level::Advisory,
        _ => Level::None,
    };
    zones
        .iter()
        .map(|zone| {
            let by_zone = told
                .iter()
                .filter(|(id, _)| zone.has_zone(id))
                .map(|(_, level)| *level)
                .max();
            let by_area = || {
                let named = zone.areas.iter().any(|area| alert.areas.contains(area));
                (told.is_empty() && named).then_some(of_severity)
            };
            by_zone.or_else(by_area).unwrap_or(Level::None)
        })
        .collect()
}

fn named(word: &str) -> Option<Level> {
    [Level::None, Level::Advisory, Level::Warning, Level::Major]
        .into_iter()
        .find(|level| level.name() == word)
}
