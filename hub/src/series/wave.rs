//! The quantity `wave`: sea level without tide, metres.
//!
//! The tide is what the hub's own tsunami detector (`signal::tsunami`) predicts at each row from the rows before it: what an officer sees is what the
//! detector saw, and a row does not change when later ones come, unless one belongs before it. The detector needs about half a day to know a station's tide, so rows
//! of [`LEARN_US`] before the time asked for are given to it first.

use signal::tsunami::{Detector, METRES_PER_PASCAL, Settings};
use wire::quantity::Quantity;

use super::ring::Point;

/// The name in the API.
pub const NAME: &str = "wave";
/// Its unit.
pub const UNIT: &str = "m";
/// How far back rows are looked at so that the tide is known.
pub const LEARN_US: i64 = 2 * 24 * 3_600 * 1_000_000;
/// What it can be made of.
pub const SOURCES: [Quantity; 2] = [Quantity::WaterPressure, Quantity::SeaLevel];

/// Takes the tide out of rows of one of [`SOURCES`], and leaves those from `from_us` on. Rows that no detector looks at are not in it.
pub fn residual(rows: &[Point], source: Quantity, from_us: i64) -> Vec<Point> {
    let metres = match source {
        Quantity::WaterPressure => METRES_PER_PASCAL,
        _ => 1.0,
    };
    let mut detector = Detector::new(Settings::default());
    let step = |row: &Point| {
        let value = detector.step(row.time_us, row.value * metres).residual_m;
        // Not finite: nothing that water does (see the detector).
        let shown = row.time_us >= from_us && value.is_finite();
        shown.then_some(Point { value, ..*row })
    };
    rows.iter()
        .filter(|r| r.is_usable())
        .filter_map(step)
        .collect()
}

/// How it was made, in words.
pub fn derivation(rows: &[Point], source: Quantity, from_us: i64) -> String {
    let first_us = rows.first().map_or(from_us, |r| r.time_us);
    let hours = from_us.saturating_sub(first_us).max(0) / 3_600_000_000;
    let metres = match source {
        Quantity::WaterPressure => "water pressure (670 mm of water per psi)",
        _ => "sea level",
    };
    let doubt = if hours < 12 {
        "; a tide is known after about half a day, before that what is left of it is shown too"
    } else {
        ""
    };
    format!(
        "{metres} less the tide that the tsunami detector predicts at each value from those before it, {hours} h of them before the first value shown{doubt}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tide_goes_and_the_wave_stays() {
        let turn = std::f64::consts::TAU;
        // Half a metre of tide, and two waves of 25 minutes.
        let wave_m = |minute: i64| {
            let is_on = (2_500..2_550).contains(&minute);
            let phase = turn * (minute - 2_500) as f64 / 25.0;
            if is_on { 0.2 * phase.sin() } else { 0.0 }
        };
        let rows: Vec<Point> = (0..2 * 1_440)
            .map(|minute| {
                let wave = wave_m(minute);
                let tide = 0.8 * (turn * minute as f64 / 745.2).sin();
                Point {
                    time_us: minute * 60_000_000,
                    value: (4_000.0 + tide + wave) / METRES_PER_PASCAL,
                    quality: 0,
                }
            })
            .collect();
        let from_us = 2_400 * 60_000_000;
        let wave = residual(&rows, Quantity::WaterPressure, from_us);
        assert_eq!(wave.first().map(|p| p.time_us), Some(from_us));
        assert_eq!(wave.len(), 480);
        for p in &wave {
            let minute = p.time_us / 60_000_000;
            let expected = wave_m(minute);
            // What the detector's tide is known to after 40 hours in a quiet sea.
            assert!(
                (p.value - expected).abs() < 0.03,
                "minute {minute}: {}",
                p.value
            );
        }
        assert!(derivation(&rows, Quantity::WaterPressure, from_us).contains("40 h"));
    }
}
