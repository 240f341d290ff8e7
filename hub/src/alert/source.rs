//! What made the wave, and what stations saw of it, as parameters of a message.

use std::fmt::Write as _;

use cap::{NamedValue, Time};

use crate::config::Config;
use crate::event::Event;

/// Names and values.
pub fn source_parameters(event: &Event) -> Vec<(&'static str, String)> {
    let quake = &event.solution.quake;
    let place = format!("{:.3},{:.3}", quake.lat, quake.lon);
    let origin = Time::from_us(quake.origin_us).to_string();
    match event.waves() {
        None => {
            let mut parameters = vec![
                ("magnitude", format!("{:.1}", quake.magnitude)),
                ("epicentre", place),
                ("depth_km", format!("{:.1}", quake.depth_km)),
                ("origin_time", origin),
            ];
            if !event.solution.place.trim().is_empty() {
                parameters.push(("location", event.solution.place.clone()));
            }
            parameters
        }
        // Not an earthquake's names: nobody must take a fitted equivalent for one.
        Some(waves) => vec![
            ("source", "waves without a known earthquake".to_owned()),
            ("source_place", place),
            ("source_place_sigma_km", format!("{:.0}", waves.region_km)),
            ("source_time", origin),
            ("source_stations", waves.count.to_string()),
            (
                "source_equivalent_magnitude",
                format!("{:.1}", quake.magnitude),
            ),
        ],
    }
}

/// What stations saw, one parameter each, for the bulletin: `observed:<station>`. The name comes last, as it may have any character.
pub fn observed_parameters(
    event: &Event,
    config: &Config,
    station_name: impl Fn(u32) -> String,
) -> Vec<NamedValue> {
    event
        .observed
        .iter()
        .map(|(&station, seen)| {
            let name = station_name(station);
            let configured = config.station.get(station as usize);
            let id = configured.map_or(name.as_str(), |s| s.id.as_str());
            let mut value = format!("onset={}", Time::from_us(seen.onset_us));
            // Zero until the height is known.
            if seen.amplitude_m != 0.0 {
                let at = Time::from_us(seen.amplitude_us);
                let _ = write!(value, ";time={at};amplitude_m={:.2}", seen.amplitude_m);
            }
            if let Some(s) = configured {
                let _ = write!(value, ";place={:.3},{:.3}", s.lat, s.lon);
            }
            let _ = write!(value, ";name={name}");
            NamedValue::new(format!("observed:{id}"), value)
        })
        .collect()
}
