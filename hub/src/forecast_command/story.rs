//! What the person at the terminal reads, and the same as `summary.json` for machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::outlook::PointOutlook;
use super::tables::rounded;
use super::{Forecast, skill, words};
use crate::alert::Level;

/// Points listed.
const LISTED: usize = 10;
/// Arrivals that read as +0:00, seconds.
const AT_ONCE_S: f64 = 30.0;
/// Width of a label.
const LABEL: usize = 12;

/// The summary for people.
pub fn text(f: &Forecast) -> String {
    let mut t = String::new();
    if f.exercise {
        t.push_str("EXERCISE EXERCISE EXERCISE - no real danger\n\n");
    }
    let q = &f.quake;
    line(
        &mut t,
        "Earthquake",
        &format!(
            "M {:.1}, {}{}, {}, {:.0} km deep ({})",
            q.magnitude,
            if f.place.is_empty() {
                String::new()
            } else {
                format!("{}, ", f.place)
            },
            words::utc_long(q.origin_us),
            words::place(q.lat, q.lon),
            q.depth_km,
            q.id
        ),
    );
    line(&mut t, "Source", &f.source_words);
    line(&mut t, "Grid", &f.grid_words);
    line(
        &mut t,
        "Waves",
        &format!(
            "{} after the origin, every {} s",
            words::span(f.duration_s),
            f.step_s
        ),
    );
    if let Some(words) = &f.records_words {
        line(&mut t, "Records", words);
    }
    stations(&mut t, f);
    points(&mut t, f);
    for note in &f.notes {
        line(&mut t, "Note", note);
    }
    line(
        &mut t,
        "Files",
        &format!("{}: {}", f.out.display(), listing(&f.written)),
    );
    let total: f64 = f.timings.iter().map(|(_, s)| s).sum();
    let parts: Vec<String> = f
        .timings
        .iter()
        .map(|(what, s)| format!("{what} {s:.1}"))
        .collect();
    line(
        &mut t,
        "Time",
        &format!("{total:.1} s ({})", parts.join(", ")),
    );
    t
}

fn line(t: &mut String, label: &str, words: &str) {
    let _ = writeln!(t, "{label:<LABEL$}{words}");
}

/// File names, series and mareograms counted rather than listed.
fn listing(written: &[String]) -> String {
    let mut names: Vec<String> = Vec::new();
    for dir in ["stations", "mareograms"] {
        let is_product = |w: &&String| w.starts_with(dir) && !w.ends_with(".txt");
        let count = written.iter().filter(is_product).count();
        if count > 0 {
            names.push(format!("{dir}/ ({count})"));
        }
    }
    names.extend(written.iter().filter(|w| !w.contains('/')).cloned());
    names.join(", ")
}

fn stations(t: &mut String, f: &Forecast) {
    if f.stations.is_empty() {
        return;
    }
    let _ = writeln!(t, "\nStations");
    for s in &f.stations {
        let arrival = s.arrival_s.map_or_else(
            || "no wave gets there".to_owned(),
            |a| format!("first arrival {} {}", clock(f, a), words::since(a)),
        );
        let peak = s.peak(f.step_s).map_or_else(String::new, |(at, h)| {
            format!(", highest {h:.3} m {}", words::since(at))
        });
        let _ = writeln!(t, "  {:<10} {arrival}{peak}", s.place.id);
        if !s.part.why().is_empty() {
            let _ = writeln!(t, "  {:10} record {}: {}", "", s.part.name(), s.part.why());
        }
        if let Some(k) = &s.skill {
            let _ = writeln!(
                t,
                "  {:10} against the record {} to {}: variance reduction {}, peak {:.3} of {:.3} m \
                 ({:.2}), arrival {}, peak {}",
                "",
                words::since(k.from_s),
                words::since(k.to_s),
                reduction(k.variance_reduction),
                k.modelled_peak_m,
                k.observed_peak_m,
                k.peak_ratio,
                k.arrival_difference_s
                    .map_or_else(|| "-".to_owned(), signed),
                signed(k.modelled_peak_s - k.observed_peak_s),
            );
        }
        if !s.note.is_empty() {
            let _ = writeln!(t, "  {:10} {}", "", s.note);
        }
    }
    if let Some((k, kappa)) = aida(f) {
        let _ = writeln!(
            t,
            "  Aida's K {k:.2}, kappa {kappa:.2} (1 and 1 are perfect)"
        );
    }
}

/// A variance reduction; below -1 the figure only says how still the record is.
pub fn reduction(part: f64) -> String {
    if part < -1.0 {
        "below -1".to_owned()
    } else {
        format!("{part:.2}")
    }
}

/// `1.5 min late`.
fn signed(seconds: f64) -> String {
    let minutes = seconds / 60.0;
    if minutes.abs() < 0.05 {
        return "on time".to_owned();
    }
    format!(
        "{:.1} min {}",
        minutes.abs(),
        if minutes > 0.0 { "late" } else { "early" }
    )
}

fn aida(f: &Forecast) -> Option<(f64, f64)> {
    skill::aida(
        f.stations
            .iter()
            .filter_map(|s| s.skill.as_ref())
            .map(|k| (k.observed_peak_m, k.modelled_peak_m)),
    )
}

fn clock(f: &Forecast, seconds: f64) -> String {
    let origin_us = f.quake.origin_us;
    words::utc_short(words::after(origin_us, seconds), origin_us)
}

fn points(t: &mut String, f: &Forecast) {
    let off = f.silent.iter().filter(|s| s.off_grid).count();
    let _ = writeln!(
        t,
        "\nCoast      {} of {}{}{}",
        f.points.len(),
        f.points_origin,
        if off > 0 {
            format!("; {off} lie off the grid")
        } else {
            String::new()
        },
        match f.silent.len() - off {
            0 => String::new(),
            n => format!("; {n} without an answer (points.csv says why)"),
        }
    );
    if let Some(better) = &f.larger_grid {
        let _ = writeln!(t, "           {better}");
    }
    if f.points.is_empty() {
        t.push('\n');
        return;
    }
    let count = |level: Level| f.points.iter().filter(|p| p.level == level).count();
    let [advisory, warning, major] = f.policy.heights_m();
    let _ = writeln!(
        t,
        "           major (from {major} m) {}, warning (from {warning} m) {}, advisory (from {advisory} \
         m) {}, below {}",
        count(Level::Major),
        count(Level::Warning),
        count(Level::Advisory),
        count(Level::None)
    );
    let _ = writeln!(
        t,
        "  {:<26}{:>12}  {:>7}  {:>9} {:>15}  level",
        "place", "arrival UTC", "after", "height m", "5-95 %"
    );
    for p in ranked(&f.points).into_iter().take(LISTED) {
        let name = if p.place.country.is_empty() {
            p.place.name.clone()
        } else {
            format!("{}, {}", p.place.name, p.place.country)
        };
        let [p05, p50, p95] = p.height_m.map(words::height);
        let _ = writeln!(
            t,
            "  {}{:>12}  {:>7}  {p50:>9} {:>15}  {}",
            words::fit(&name, 26),
            clock(f, p.arrival_s),
            words::since(p.arrival_s),
            format!("{p05}-{p95}"),
            p.level.name()
        );
    }
    if f.points.iter().any(|p| p.arrival_s < AT_ONCE_S) {
        t.push_str(
            "  +0:00: the sea floor moves at the place itself; its water moves at once, the first crest may be minutes later\n",
        );
    }
    t.push('\n');
}

/// The most endangered first: by level, then by height.
pub fn ranked(points: &[PointOutlook]) -> Vec<&PointOutlook> {
    let mut ranked: Vec<&PointOutlook> = points.iter().collect();
    ranked.sort_by(|a, b| {
        b.level
            .cmp(&a.level)
            .then(b.height_m[1].total_cmp(&a.height_m[1]))
    });
    ranked
}

/// `summary.json`.
pub fn json(f: &Forecast) -> Value {
    let q = &f.quake;
    let stations: Vec<Value> = f
        .stations
        .iter()
        .map(|s| {
            let peak = s.peak(f.step_s);
            json!({
                "id": s.place.id,
                "name": s.place.name,
                "lat": s.place.lat,
                "lon": s.place.lon,
                "depth_m": s.depth_m.round(),
                "arrival_s": s.arrival_s.map(f64::round),
                "arrival_sigma_s": s.arrival_sigma_s.round(),
                "highest_m": peak.map(|p| rounded(p.1, 4)),
                "highest_s": peak.map(|p| p.0),
                "record": s.part.name(),
                "record_words": s.part.why(),
                "skill": s.skill,
                "note": s.note,
            })
        })
        .collect();
    json!({
        "program": concat!("watchfire ", env!("CARGO_PKG_VERSION")),
        "exercise": f.exercise,
        "earthquake": {
            "id": q.id,
            "magnitude": q.magnitude,
            "lat": q.lat,
            "lon": q.lon,
            "depth_km": q.depth_km,
            "origin": words::utc(q.origin_us),
            "place": f.place,
        },
        "source": f.source_words,
        "grid": f.grid_words,
        "records": f.records_words,
        "settings": f.settings,
        "inputs": f.inputs.iter().map(|(role, name, sha)| json!({"role": role, "name": name, "sha256": sha})).collect::<Vec<_>>(),
        "policy": {
            "advisory_m": f.policy.advisory_m,
            "warning_m": f.policy.warning_m,
            "major_m": f.policy.major_m,
            "probability": f.policy.probability,
        },
        "duration_s": f.duration_s,
        "step_s": f.step_s,
        "stations": stations,
        "aida": aida(f).map(|(k, kappa)| json!({"K": rounded(k, 3), "kappa": rounded(kappa, 3)})),
        "points": {"forecast": f.points.len(), "without": f.silent.len()},
        "notes": f.notes,
        "files": f.written,
        "seconds": f.timings.iter().map(|(what, s)| ((*what).to_owned(), json!(rounded(*s, 3)))).collect::<serde_json::Map<_, _>>(),
    })
}
