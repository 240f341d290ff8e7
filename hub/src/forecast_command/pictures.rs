//! The pictures: two maps, and a mareogram for each station.

use chart::{
    Band, ChartError, CoastPoint, EventText, HeightScale, IsochroneMap, MapPage, Mareogram,
    MareogramPage, Marks, MaximumHeightMap, Rupture, Station,
};

use super::files::Output;
use super::outlook::{Part, StationOutlook};
use super::{Forecast, Trouble, story, tables, words};
use crate::alert::Level;

/// Size of a mareogram, pixels.
const MAREOGRAM_PX: (u32, u32) = (1300, 620);
/// What a mareogram shows before and after the first arrival, seconds.
const AROUND_S: (f64, f64) = (3600.0, 5.0 * 3600.0);
/// Least slip that is outlined on maps, as part of the largest.
const OUTLINED_PART: f64 = 0.1;
/// Most rectangles outlined.
const OUTLINED_MAX: usize = 1_000;

/// Draws and writes them; what could not be drawn is a note.
pub fn write(f: &Forecast, out: &mut Output) -> Result<Vec<String>, Trouble> {
    let mut notes = Vec::new();
    let marks = marks(f);
    let page = MapPage::default();
    let mut keep = |name: &str, png: Result<Vec<u8>, ChartError>| match png {
        Ok(bytes) => out.write(name, &bytes),
        Err(why) => {
            notes.push(format!("{name} was not drawn: {why}"));
            Ok(())
        }
    };
    if !f.max_m.is_empty() {
        let event = event(f, "Highest water level", "");
        let map = MaximumHeightMap {
            grid: &f.grid,
            lattice: f.grid.lattice(),
            max_m: &f.max_m,
            scale: &HeightScale::default(),
            hours: Some(tables::rounded(f.duration_s / 3600.0, 1)),
            event: &event,
            marks: &marks,
            page: &page,
        };
        keep("maximum-height.png", map.png())?;
    }
    let told = event(f, "Tsunami travel time", "");
    let map = IsochroneMap {
        grid: &f.grid,
        lattice: f.grid.lattice(),
        seconds: f.field.seconds(),
        bands: true,
        event: &told,
        marks: &marks,
        page: &page,
    };
    keep("travel-time.png", map.png())?;
    for s in &f.stations {
        keep(&format!("mareograms/{}.png", s.place.id), mareogram(f, s))?;
    }
    Ok(notes)
}

fn event(f: &Forecast, title: &str, note: &str) -> EventText {
    EventText {
        title: title.to_owned(),
        status: f.exercise.then(|| "EXERCISE".to_owned()),
        place: f.place.clone(),
        origin_unix_s: Some(f.quake.origin_us.div_euclid(1_000_000)),
        magnitude: Some(f.quake.magnitude),
        epicentre: Some((f.quake.lat, f.quake.lon)),
        depth_km: Some(f.quake.depth_km),
        source: f.source_short.clone(),
        grid: f.grid_short.clone(),
        note: note.to_owned(),
        ..EventText::default()
    }
}

fn marks(f: &Forecast) -> Marks {
    let largest = f.faults.iter().map(|r| r.slip_m.abs()).fold(0.0, f64::max);
    let slips = f
        .faults
        .iter()
        .filter(|r| r.slip_m.abs() >= OUTLINED_PART * largest && r.slip_m != 0.0);
    // The most endangered first: their names are placed first.
    let points = story::ranked(&f.points).into_iter().map(|p| CoastPoint {
        name: p.place.name.clone(),
        lat: p.place.lat,
        lon: p.place.lon,
        level: level(p.level),
    });
    Marks {
        stations: f
            .stations
            .iter()
            .map(|s| Station {
                name: s.place.id.clone(),
                lat: s.place.lat,
                lon: s.place.lon,
            })
            .collect(),
        points: points.collect(),
        levels: levels(f),
        rupture: slips
            .take(OUTLINED_MAX)
            .map(|r| {
                Rupture::rectangle(
                    r.lat,
                    r.lon,
                    r.length_km,
                    r.width_km,
                    r.strike_deg,
                    r.dip_deg,
                )
            })
            .collect(),
    }
}

const fn level(level: Level) -> usize {
    match level {
        Level::None => 0,
        Level::Advisory => 1,
        Level::Warning => 2,
        Level::Major => 3,
    }
}

fn levels(f: &Forecast) -> Vec<String> {
    let [advisory, warning, major] = f.policy.heights_m();
    vec![
        format!("below {advisory} m"),
        format!("advisory, from {advisory} m"),
        format!("warning, from {warning} m"),
        format!("major, from {major} m"),
    ]
}

fn mareogram(f: &Forecast, s: &StationOutlook) -> Result<Vec<u8>, ChartError> {
    let seconds: Vec<f64> = (0..s.heights_m.len())
        .map(|k| k as f64 * f.step_s)
        .collect();
    let wide = |series: &[f32]| series.iter().map(|h| f64::from(*h)).collect::<Vec<f64>>();
    let (low_m, high_m) = s.band.as_ref().map_or((Vec::new(), Vec::new()), |b| {
        (wide(&b.p05_m), wide(&b.p95_m))
    });
    let band = Band {
        seconds,
        median_m: wide(&s.heights_m),
        low_m,
        high_m,
    };
    let until_s = f.until_s.filter(|_| matches!(s.part, Part::Used(_)));
    let arrival_s = s.arrival_s.unwrap_or(0.0);
    let (from_s, to_s) = (
        (arrival_s - AROUND_S.0).max(-1800.0),
        (arrival_s + AROUND_S.1)
            .max(until_s.unwrap_or(0.0))
            .min(f.duration_s),
    );
    let observed: Vec<(f64, f64)> = s
        .observed
        .iter()
        .copied()
        .filter(|o| (from_s..=to_s).contains(&o.0))
        .collect();
    let named = if s.place.name == s.place.id {
        String::new()
    } else {
        format!("{}, ", s.place.name)
    };
    let panel = Mareogram {
        station: s.place.id.clone(),
        detail: format!(
            "{named}{}, {:.0} m",
            words::place(s.place.lat, s.place.lon),
            s.depth_m
        ),
        observed: (!observed.is_empty()).then_some(&observed),
        forecast: Some(&band),
        arrival_s: s.arrival_s,
        used_until_s: until_s,
    };
    let mut notes = Vec::new();
    if !s.part.why().is_empty() {
        notes.push(format!("record {}: {}", s.part.name(), s.part.why()));
    }
    if let Some(k) = &s.skill {
        notes.push(format!(
            "variance reduction {} over {} to {}",
            story::reduction(k.variance_reduction),
            words::since(k.from_s),
            words::since(k.to_s)
        ));
    }
    let note = notes.join("; ");
    MareogramPage {
        panels: &[panel],
        event: &event(f, "Water level at a station", &note),
        width_px: MAREOGRAM_PX.0,
        height_px: MAREOGRAM_PX.1,
        span_s: Some((from_s, to_s)),
    }
    .png()
}
