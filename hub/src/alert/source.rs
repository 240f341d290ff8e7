//! What made the wave, as parameters of a message: an earthquake, or a source that waves alone have shown.

use cap::Time;

use crate::event::Event;

/// Names and values.
pub fn source_parameters(event: &Event) -> Vec<(&'static str, String)> {
    let quake = &event.solution.quake;
    let place = format!("{:.3},{:.3}", quake.lat, quake.lon);
    let origin = Time::from_us(quake.origin_us).to_string();
    match event.waves() {
        None => vec![
            ("magnitude", format!("{:.1}", quake.magnitude)),
            ("epicentre", place),
            ("depth_km", format!("{:.1}", quake.depth_km)),
            ("origin_time", origin),
        ],
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
