//! What the page says of each station, and of coverage as a whole.

use std::collections::BTreeMap;

use wire::quality::Quality;
use wire::quantity::Quantity;

use crate::config::Config;
use crate::core::Core;
use crate::domain_name;
use crate::view::{Latest, StationState, StationView, View};

/// A station as an officer sees it now.
pub fn view(core: &Core, config: &Config, station: u32, now_us: i64) -> StationView {
    let id = core.intake.stations.name(station).to_owned();
    let configured = config.station.get(station as usize);
    let mut latest: BTreeMap<&'static str, Latest> = BTreeMap::new();
    let mut newest: Option<(i64, u8, Quantity)> = None;
    for (quantity, last) in core.detect().latest(station) {
        latest.insert(
            quantity.name(),
            Latest {
                value: last.value,
                unit: quantity.unit(),
                time_us: last.time_us,
                quality: last.quality,
            },
        );
        if newest.is_none_or(|n| last.time_us >= n.0) {
            newest = Some((last.time_us, last.quality, quantity));
        }
    }
    let finding = core.finding_text(station);
    let late_us = config.timing.late.as_micros() as i64;
    let unknown_us = config.timing.unknown.as_micros() as i64;
    const FAULTY: u8 =
        Quality::SENSOR_FAULT.0 | Quality::OUT_OF_RANGE.0 | Quality::MISSING.0 | Quality::SUSPECT.0;
    let state = match newest {
        None => StationState::Unknown,
        Some((time_us, ..)) if now_us.saturating_sub(time_us) > unknown_us => StationState::Unknown,
        Some((_, quality, _)) if quality & FAULTY != 0 => StationState::Fault,
        Some(_) if !finding.is_empty() => StationState::Finding,
        Some((time_us, ..)) if now_us.saturating_sub(time_us) > late_us => StationState::Late,
        Some(_) => StationState::Good,
    };
    let quantity = configured.map(|s| s.quantity).or(newest.map(|n| n.2));
    StationView {
        name: configured
            .filter(|s| !s.name.is_empty())
            .map_or_else(|| id.clone(), |s| s.name.clone()),
        lat: configured.map_or(f64::NAN, |s| s.lat),
        lon: configured.map_or(f64::NAN, |s| s.lon),
        domain: quantity.map_or("health", domain_name),
        id,
        state,
        latest,
        finding,
    }
}

/// Which of the sea's sensors are silent, in words; `None` when all speak.
pub fn coverage_lost(config: &Config, view: &View) -> Option<String> {
    let sea = || config.station.iter().filter(|s| s.is_at_sea());
    let blind: Vec<&str> = sea()
        .filter(|s| {
            view.stations
                .get(&s.id)
                .is_none_or(|v| matches!(v.state, StationState::Unknown | StationState::Fault))
        })
        .map(|s| s.id.as_str())
        .collect();
    if blind.is_empty() {
        return None;
    }
    Some(format!(
        "{} of {} sea-level stations are silent or faulty ({}): a wave there would not be seen",
        blind.len(),
        sea().count(),
        blind.join(", ")
    ))
}
