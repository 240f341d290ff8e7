//! The tables: a series for each station, a row for each point, the source.
//!
//! Rows and features of points and source carry their `status`, so that those of an exercise stay marked wherever they are copied.
//! A station's series cannot: its columns are what other programs read. A file beside them says it ([`EXERCISE`]).

use std::fmt::Write as _;

use ocean::fault::Fault;
use serde_json::{Value, json};

use super::outlook::{PointOutlook, Silent, StationOutlook};
use super::words;
use crate::alert::Level;

/// `stations/EXERCISE.txt`, which lies beside the series of an exercise.
pub const EXERCISE: &str = "EXERCISE EXERCISE EXERCISE - no real danger. The series in this directory belong to an exercise.\n";

/// Whether rows and features are of an exercise, in a stable word.
pub const fn status(exercise: bool) -> &'static str {
    if exercise { "exercise" } else { "forecast" }
}

/// `stations/<id>.csv`: seconds after the origin and metres, at equal steps.
pub fn station(outlook: &StationOutlook, step_s: f64) -> String {
    let mut text = String::with_capacity(outlook.heights_m.len() * 24);
    text.push_str("time_s,height_m");
    if outlook.band.is_some() {
        text.push_str(",p05_m,p50_m,p95_m");
    }
    text.push('\n');
    for (k, height) in outlook.heights_m.iter().enumerate() {
        let _ = write!(text, "{},{height:.4}", k as f64 * step_s);
        if let Some(band) = &outlook.band {
            for series in [&band.p05_m, &band.p50_m, &band.p95_m] {
                let _ = write!(text, ",{:.4}", series.get(k).copied().unwrap_or(0.0));
            }
        }
        text.push('\n');
    }
    text
}

/// `points.csv`: all points, those without an answer too, with the reason.
pub fn points(
    points: &[PointOutlook],
    silent: &[Silent],
    origin_us: i64,
    exercise: bool,
) -> String {
    let status = status(exercise);
    let mut text = String::from(
        "id,name,country,lat,lon,arrival_s,arrival_utc,arrival_sigma_s,peak_s,p05_m,p50_m,p95_m,level,p_advisory,p_warning,\
         p_major,offshore_m,offshore_lat,offshore_lon,offshore_depth_m,greens_factor,status,note\n",
    );
    for p in points {
        let at = &p.place;
        let [p05, p50, p95] = p.height_m;
        let [advisory, warning, major] = p.exceeds;
        let _ = writeln!(
            text,
            "{},{},{},{},{},{:.0},{},{:.0},{:.0},{p05:.3},{p50:.3},{p95:.3},{},{advisory:.3},{warning:.3},{major:.3},{:.4},{:.4},{:.4},{:.0},{:.2},{status},{}",
            at.id,
            quoted(&at.name),
            quoted(&at.country),
            at.lat,
            at.lon,
            p.arrival_s,
            words::utc(words::after(origin_us, p.arrival_s)),
            p.arrival_sigma_s,
            p.peak_s,
            p.level.name(),
            p.offshore_m,
            p.offshore_at.0,
            p.offshore_at.1,
            p.offshore_depth_m,
            p.greens_factor,
            quoted(&p.note),
        );
    }
    for s in silent {
        let at = &s.place;
        let _ = writeln!(
            text,
            "{},{},{},{},{},,,,,,,,,,,,,,,,,{status},{}",
            at.id,
            quoted(&at.name),
            quoted(&at.country),
            at.lat,
            at.lon,
            quoted(&s.why)
        );
    }
    text
}

/// A field, quoted where CSV wants it.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// `points.geojson`.
pub fn points_geojson(
    points: &[PointOutlook],
    silent: &[Silent],
    origin_us: i64,
    exercise: bool,
) -> Value {
    let answered = points.iter().map(|p| {
        let [p05, p50, p95] = p.height_m.map(|h| rounded(h, 3));
        let [advisory, warning, major] = p.exceeds.map(|x| rounded(x, 3));
        feature(
            p.place.lat,
            p.place.lon,
            json!({
                "id": p.place.id,
                "name": p.place.name,
                "country": p.place.country,
                "arrival_s": p.arrival_s.round(),
                "arrival_utc": words::utc(words::after(origin_us, p.arrival_s)),
                "arrival_sigma_s": p.arrival_sigma_s.round(),
                "peak_s": p.peak_s.round(),
                "height_p05_m": p05,
                "height_p50_m": p50,
                "height_p95_m": p95,
                "level": p.level.name(),
                "status": status(exercise),
                "probability": {"advisory": advisory, "warning": warning, "major": major},
                "offshore": {
                    "height_m": rounded(p.offshore_m, 4),
                    "depth_m": p.offshore_depth_m.round(),
                    "lat": rounded(p.offshore_at.0, 4),
                    "lon": rounded(p.offshore_at.1, 4),
                },
                "greens_factor": rounded(p.greens_factor, 2),
                "note": p.note,
                "marker-color": colour(p.level),
            }),
        )
    });
    let others = silent.iter().map(|s| {
        feature(
            s.place.lat,
            s.place.lon,
            json!({
                "id": s.place.id,
                "name": s.place.name,
                "country": s.place.country,
                "level": null,
                "status": status(exercise),
                "note": s.why,
                "marker-color": "#9e9e9e",
            }),
        )
    });
    json!({
        "type": "FeatureCollection",
        "exercise": exercise,
        "features": answered.chain(others).collect::<Vec<Value>>(),
    })
}

/// A GeoJSON point; longitudes within -180 and 180, as RFC 7946 has them.
fn feature(lat: f64, lon: f64, properties: Value) -> Value {
    json!({
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [rounded(normal(lon), 5), rounded(lat, 5)]},
        "properties": properties,
    })
}

/// Colours that maps of GeoJSON show by themselves (simplestyle), by level.
const fn colour(level: Level) -> &'static str {
    match level {
        Level::None => "#2e7d32",
        Level::Advisory => "#f9a825",
        Level::Warning => "#e65100",
        Level::Major => "#b71c1c",
    }
}

/// Slip of a rectangle that records give a mean and a spread to.
#[derive(Debug, Clone, Copy)]
pub struct SlipSpread {
    /// Standard deviation, metres.
    pub sd_m: f64,
}

/// `source.csv`: the rectangles that slip.
pub fn faults(faults: &[Fault], spread: &[SlipSpread], exercise: bool) -> String {
    let mut text = String::from(
        "lat,lon,depth_km,length_km,width_km,strike_deg,dip_deg,rake_deg,slip_m,start_s,rise_s",
    );
    text.push_str(if spread.is_empty() {
        ",status\n"
    } else {
        ",slip_sd_m,status\n"
    });
    for (k, f) in faults.iter().enumerate() {
        let _ = write!(
            text,
            "{:.5},{:.5},{:.2},{:.2},{:.2},{:.1},{:.1},{:.1},{:.3},{:.0},{:.0}",
            f.lat,
            normal(f.lon),
            f.depth_km,
            f.length_km,
            f.width_km,
            f.strike_deg,
            f.dip_deg,
            f.rake_deg,
            f.slip_m,
            f.start_s,
            f.rise_s
        );
        if let Some(s) = spread.get(k) {
            let _ = write!(text, ",{:.3}", s.sd_m);
        }
        let _ = writeln!(text, ",{}", status(exercise));
    }
    text
}

/// `source.geojson`: their outlines at the surface.
pub fn faults_geojson(faults: &[Fault], spread: &[SlipSpread], exercise: bool) -> Value {
    let features: Vec<Value> = faults
        .iter()
        .enumerate()
        .map(|(k, f)| {
            let ring: Vec<[f64; 2]> = outline(f)
                .iter()
                .map(|(lat, lon)| [rounded(*lon, 5), rounded(*lat, 5)])
                .collect();
            json!({
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {
                    "slip_m": rounded(f.slip_m, 3),
                    "slip_sd_m": spread.get(k).map(|s| rounded(s.sd_m, 3)),
                    "depth_km": rounded(f.depth_km, 2),
                    "strike_deg": rounded(f.strike_deg, 1),
                    "dip_deg": rounded(f.dip_deg, 1),
                    "rake_deg": rounded(f.rake_deg, 1),
                    "start_s": f.start_s,
                    "rise_s": f.rise_s,
                    "status": status(exercise),
                },
            })
        })
        .collect();
    json!({"type": "FeatureCollection", "exercise": exercise, "features": features})
}

/// Corners of a rectangle projected to the surface, closed, counter-clockwise as RFC 7946 has it.
/// Longitudes run on across the
/// date line rather than jump.
pub fn outline(f: &Fault) -> Vec<(f64, f64)> {
    use ocean::sphere::destination;
    let half_width = 0.5 * f.width_km * f.dip_deg.to_radians().cos();
    let corner = |along: f64, down: f64| {
        let (lat, lon) = destination(f.lat, f.lon, f.strike_deg, along);
        let (lat, lon) = destination(lat, lon, f.strike_deg + 90.0, down);
        (lat, lon - ((lon - normal(f.lon)) / 360.0).round() * 360.0)
    };
    let half = 0.5 * f.length_km;
    let mut ring = vec![
        corner(-half, -half_width),
        corner(-half, half_width),
        corner(half, half_width),
        corner(half, -half_width),
    ];
    ring.push(ring[0]);
    ring
}

/// Longitude within -180 and 180.
pub fn normal(lon: f64) -> f64 {
    ocean::sphere::normal_lon(lon)
}

/// A number with so many decimals; JSON needs no noise behind them.
pub fn rounded(x: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (x * scale).round() / scale
}
