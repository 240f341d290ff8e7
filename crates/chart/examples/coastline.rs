//! Makes `assets/land-10m.rings` from Natural Earth's land in TopoJSON, as npm's `world-atlas` 2.0.2 packs
//! it:
//!
//! ```text
//! npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
//! cargo run -p chart --example coastline -- package/land-10m.json crates/chart/assets/land-10m.rings
//! ```
//!
//! Rings are unwrapped (no jump at the date line) and one that runs round a pole is closed over it, so that
//! a reader only shifts them by whole turns. The layout of the file is told in `src/coast.rs`.

use std::process::ExitCode;

use serde_json::Value;

/// Steps a turn: 0.0036 degrees, 400 m on the equator, the resolution of the source.
const STEPS: f64 = 100_000.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = arguments.as_slice() else {
        eprintln!("usage: coastline LAND.json OUT.rings");
        return ExitCode::FAILURE;
    };
    let result = std::fs::read(from)
        .map_err(|e| e.to_string())
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|e| e.to_string()))
        .and_then(|topology: Value| {
            convert(&topology).ok_or_else(|| "no TopoJSON of land".to_owned())
        })
        .and_then(|bytes| std::fs::write(to, bytes).map_err(|e| e.to_string()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{from}: {why}");
            ExitCode::FAILURE
        }
    }
}

fn convert(topology: &Value) -> Option<Vec<u8>> {
    let pair = |v: &Value| Some((v.get(0)?.as_f64()?, v.get(1)?.as_f64()?));
    let (sx, sy) = pair(&topology["transform"]["scale"])?;
    let (tx, ty) = pair(&topology["transform"]["translate"])?;
    let mut arcs = Vec::new();
    for arc in topology["arcs"].as_array()? {
        let (mut x, mut y) = (0.0, 0.0);
        let mut points = Vec::new();
        for step in arc.as_array()? {
            let (dx, dy) = pair(step)?;
            (x, y) = (x + dx, y + dy);
            points.push((x * sx + tx, y * sy + ty));
        }
        arcs.push(points);
    }
    let mut rings = Vec::new();
    for geometry in topology["objects"]["land"]["geometries"].as_array()? {
        match geometry["type"].as_str()? {
            "Polygon" => collect(&geometry["arcs"], &arcs, &mut rings)?,
            "MultiPolygon" => {
                for polygon in geometry["arcs"].as_array()? {
                    collect(polygon, &arcs, &mut rings)?;
                }
            }
            _ => return None,
        }
    }
    let mut out = b"WFRINGS1".to_vec();
    // Islands of one or two steps of the source are no rings any more.
    let rings: Vec<_> = rings
        .iter()
        .map(|ring| unwrapped(ring))
        .filter(|(ring, _)| ring.len() >= 3)
        .collect();
    number(&mut out, rings.len() as i64);
    for (ring, closed_over_pole) in rings {
        number(&mut out, ring.len() as i64);
        out.push(u8::from(closed_over_pole));
        let (mut x, mut y) = (0, 0);
        for (px, py) in ring {
            number(&mut out, px - x);
            number(&mut out, py - y);
            (x, y) = (px, py);
        }
    }
    Some(out)
}

fn collect(
    polygon: &Value,
    arcs: &[Vec<(f64, f64)>],
    rings: &mut Vec<Vec<(f64, f64)>>,
) -> Option<()> {
    for ring in polygon.as_array()? {
        let mut points: Vec<(f64, f64)> = Vec::new();
        for index in ring.as_array()? {
            let index = index.as_i64()?;
            let arc = arcs.get(usize::try_from(if index < 0 { !index } else { index }).ok()?)?;
            // The first point of an arc is the last of the one before.
            points.pop();
            if index < 0 {
                points.extend(arc.iter().rev());
            } else {
                points.extend(arc);
            }
        }
        rings.push(points);
    }
    Some(())
}

/// The ring in steps without jumps, first point not repeated; true when three points over a pole were added.
fn unwrapped(ring: &[(f64, f64)]) -> (Vec<(i64, i64)>, bool) {
    let step = 360.0 / STEPS;
    let mut out: Vec<(i64, i64)> = Vec::new();
    let turn = STEPS as i64;
    for &(lon, lat) in ring {
        let mut x = (lon / step).round() as i64;
        if let Some(&(before, _)) = out.last() {
            x -= ((x - before) as f64 / STEPS).round() as i64 * turn;
        }
        let point = (x, (lat / step).round() as i64);
        if out.last() != Some(&point) {
            out.push(point);
        }
    }
    let (Some(&first), Some(&last)) = (out.first(), out.last()) else {
        return (out, false);
    };
    if first == last {
        out.pop();
        return (out, false);
    }
    let round_pole = (last.0 - first.0).abs() == turn;
    if round_pole {
        let pole = if first.1 < 0 { -turn / 4 } else { turn / 4 };
        out.push((last.0, pole));
        out.push((first.0, pole));
    }
    (out, round_pole)
}

/// Zigzag and seven bits a byte, the lowest first, as in Protocol Buffers.
fn number(out: &mut Vec<u8>, value: i64) {
    let mut bits = ((value << 1) ^ (value >> 63)) as u64;
    while bits > 127 {
        out.push((bits & 127) as u8 | 128);
        bits >>= 7;
    }
    out.push(bits as u8);
}
