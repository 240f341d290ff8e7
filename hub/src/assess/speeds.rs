//! The speed of traffic now, from the stations that are bound to road segments.

use relief::roads::Speeds;
use wire::quality::Quality;
use wire::quantity::Quantity;

use super::settings::Relief;
use crate::view::{StationState, View};

/// Flags of a reading that tells nothing about now.
const FAULTY: u8 =
    Quality::SENSOR_FAULT.0 | Quality::OUT_OF_RANGE.0 | Quality::MISSING.0 | Quality::SUSPECT.0;

/// Speeds by segment, m/s, to a whole km/h: a change below that moves nobody. A station that is silent, faulty or too old tells nothing, and its
/// segments go at the speeds that the road data give. Of several stations on a segment the slowest counts.
pub(super) fn now(settings: &Relief, view: &View, now_us: i64) -> Speeds {
    let oldest_us = now_us.saturating_sub(settings.speed_max_age.as_micros() as i64);
    let mut speeds = Speeds::new();
    for binding in &settings.traffic {
        let Some(station) = view.stations.get(&binding.station) else {
            continue;
        };
        let Some(latest) = station.latest.get(Quantity::Speed.name()) else {
            continue;
        };
        if latest.quality & FAULTY != 0
            || latest.time_us < oldest_us
            || matches!(station.state, StationState::Unknown | StationState::Fault)
        {
            continue;
        }
        let speed_m_s = latest.value.round().max(0.0) / 3.6;
        for segment in &binding.segments {
            speeds
                .entry(segment.clone())
                .and_modify(|s| *s = s.min(speed_m_s))
                .or_insert(speed_m_s);
        }
    }
    speeds
}
