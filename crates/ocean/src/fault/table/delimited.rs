//! Columns under a header.

use super::columns::{Column, Quantity, columns, cut};
use super::infer::{self, Sizes};
use super::{
    FAULTS_MAX, Format, Placed, ReadOptions, Reference, Remark, Row, Table, TableError, finish,
};
use crate::fault::Fault;
use crate::sphere::{EARTH_RADIUS_M, normal_lon};

/// Most columns of a header.
const COLUMNS_MAX: usize = 200;

pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Table, TableError> {
    let mut header: Option<(usize, Vec<String>)> = None;
    let mut remark: Option<(usize, &str)> = None;
    let mut separator = None;
    let mut found: Vec<Column> = Vec::new();
    let mut rows = Rows::default();
    let rake_deg = options.rake_deg.unwrap_or(90.0);
    for (k, line) in text.lines().enumerate() {
        let number = k + 1;
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        if trimmed.starts_with(['#', '%', '!']) {
            remark = Some((number, trimmed.trim_start_matches(['#', '%', '!']).trim()));
            continue;
        }
        let Some((_, names)) = &header else {
            // The header is this line, or the remark above it where this one has numbers only.
            let (at, head) = if is_numbers(trimmed) {
                remark.ok_or(TableError::NoHeader { line: number })?
            } else {
                (number, trimmed)
            };
            separator = [',', ';', '\t'].into_iter().find(|c| head.contains(*c));
            let names = split(head, separator);
            found = columns(at, &names)?;
            if found.is_empty() && at != number {
                return Err(TableError::NoHeader { line: number });
            }
            check_header(at, &names, &found)?;
            header = Some((at, names));
            if at != number {
                rows.push(number, &split(trimmed, separator), &found, rake_deg)?;
            }
            continue;
        };
        let fields = split(trimmed, separator);
        if fields.len() < names.len() {
            return Err(TableError::Short {
                line: number,
                expected: names.len(),
                found: fields.len(),
            });
        }
        rows.push(number, &fields, &found, rake_deg)?;
    }
    let Some((line, names)) = header else {
        return Err(TableError::Empty);
    };
    if !rows.corners.is_empty() {
        let mut remarks = rake_remark(&found, options);
        let fourth = |c: &Column| c.quantity == Quantity::CornerLat(4);
        if !found.iter().any(fourth) {
            remarks.push(Remark::TrianglesAsSquares);
        }
        return finish(
            &rows.corners,
            Format::Delimited,
            Reference::Corners,
            remarks,
        );
    }
    let missing = |what| TableError::MissingColumn {
        line,
        what,
        columns: cut_names(&names),
    };
    build(&rows.rows, &found, options, missing)
}

/// Fields, without blanks and quotes round them.
fn split(line: &str, separator: Option<char>) -> Vec<String> {
    let clean = |f: &str| f.trim().trim_matches(['"', '\'']).trim().to_string();
    match separator {
        None => line.split_whitespace().map(clean).collect(),
        Some(c) => {
            // A separator within double quotes is part of the field.
            let mut inside = false;
            line.split(|x: char| {
                inside ^= x == '"';
                x == c && !inside
            })
            .map(clean)
            .collect()
        }
    }
}

fn is_numbers(line: &str) -> bool {
    line.split([',', ';', '\t', ' '])
        .map(str::trim)
        .filter(|w| !w.is_empty())
        .all(|w| w.parse::<f64>().is_ok())
}

fn cut_names(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(20).map(|n| cut(n)).collect();
    shown.join(", ")
}

fn check_header(line: usize, names: &[String], found: &[Column]) -> Result<(), TableError> {
    let has = |q| found.iter().any(|c| c.quantity == q);
    let missing = |what| {
        Err(TableError::MissingColumn {
            line,
            what,
            columns: cut_names(names),
        })
    };
    if names.len() > COLUMNS_MAX {
        return missing("a subfault in so many columns");
    }
    if has_corners(found) {
        // All of the fourth, or nothing of it.
        let of = |k| {
            [
                Quantity::CornerLat(k),
                Quantity::CornerLon(k),
                Quantity::CornerDepth(k),
            ]
        };
        let last = if of(4).into_iter().any(has) { 4 } else { 3 };
        for k in 1..=last {
            for q in [
                Quantity::CornerLat(k),
                Quantity::CornerLon(k),
                Quantity::CornerDepth(k),
            ] {
                if !has(q) {
                    return missing(q.name());
                }
            }
        }
    } else {
        for q in [Quantity::Lat, Quantity::Lon] {
            if !has(q) {
                return missing(q.name());
            }
        }
        if !has(Quantity::Depth) && !has(Quantity::Top) {
            return missing(Quantity::Depth.name());
        }
    }
    if !has(Quantity::Slip) {
        return missing(Quantity::Slip.name());
    }
    Ok(())
}

fn has_corners(found: &[Column]) -> bool {
    found
        .iter()
        .any(|c| matches!(c.quantity, Quantity::CornerLat(_)))
}

fn rake_remark(found: &[Column], options: &ReadOptions) -> Vec<Remark> {
    let has = found.iter().any(|c| c.quantity == Quantity::Rake);
    if has {
        Vec::new()
    } else {
        vec![Remark::RakeAssumed(options.rake_deg.unwrap_or(90.0))]
    }
}

/// Subfaults by position, or by corners.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    corners: Vec<Placed>,
}

impl Rows {
    fn push(
        &mut self,
        line: usize,
        fields: &[String],
        found: &[Column],
        rake_deg: f64,
    ) -> Result<(), TableError> {
        if self.rows.len() + self.corners.len() >= FAULTS_MAX {
            return Err(TableError::TooManyRows { line });
        }
        let mut row = Row {
            line,
            ..Row::default()
        };
        let mut points = [[f64::NAN; 3]; 4];
        for c in found {
            let text = fields.get(c.index).map_or("", String::as_str);
            let number = text
                .parse::<f64>()
                .ok()
                .filter(|v| v.is_finite())
                .ok_or_else(|| TableError::NotANumber {
                    line,
                    column: c.name.clone(),
                    text: cut(text),
                })?;
            let v = number * c.factor;
            match c.quantity {
                Quantity::Lat => row.lat = v,
                Quantity::Lon => row.lon = v,
                Quantity::Depth => row.depth_km = Some(v),
                Quantity::Top => row.top_km = Some(v),
                Quantity::Bottom => row.bottom_km = Some(v),
                Quantity::Strike => row.strike_deg = Some(v),
                Quantity::Dip => row.dip_deg = Some(v),
                Quantity::Rake => row.rake_deg = Some(v),
                Quantity::Slip => row.slip_m = v,
                Quantity::Length => row.length_km = Some(v),
                Quantity::Width => row.width_km = Some(v),
                Quantity::Start => row.start_s = v,
                Quantity::Rise => row.rise_s = v,
                Quantity::CornerLat(k) => points[usize::from(k - 1)][0] = v,
                Quantity::CornerLon(k) => points[usize::from(k - 1)][1] = v,
                Quantity::CornerDepth(k) => points[usize::from(k - 1)][2] = v,
            }
        }
        if has_corners(found) {
            self.corners.push(by_corners(&row, points, rake_deg)?);
        } else {
            self.rows.push(row);
        }
        Ok(())
    }
}

/// A rectangle from its corners: 1 and 2 on one of the level edges, 3 beside 2 and 4 beside 1 on the other. Without a fourth it is a
/// triangle, and a square of its area, plane and centroid stands for it.
fn by_corners(row: &Row, p: [[f64; 3]; 4], rake_deg: f64) -> Result<Placed, TableError> {
    for (field, k, limit) in [("latitude", 0, 90.0), ("longitude", 1, 1080.0)] {
        if let Some(c) = p.iter().find(|c| c[k].abs() > limit) {
            return Err(TableError::Range {
                line: row.line,
                field,
                value: c[k],
                least: -limit,
                most: limit,
            });
        }
    }
    let corners = if p[3].iter().any(|v| v.is_nan()) {
        &p[..3]
    } else {
        &p[..]
    };
    let n = corners.len() as f64;
    let km = EARTH_RADIUS_M.to_radians() * 1e-3;
    let lat = corners.iter().map(|c| c[0]).sum::<f64>() / n;
    let lon = p[0][1]
        + corners
            .iter()
            .map(|c| normal_lon(c[1] - p[0][1]))
            .sum::<f64>()
            / n;
    let depth_km = corners.iter().map(|c| c[2]).sum::<f64>() / n;
    // East, north and down of the centre, kilometres.
    let local: Vec<[f64; 3]> = corners
        .iter()
        .map(|c| {
            [
                normal_lon(c[1] - lon) * km * lat.to_radians().cos(),
                (c[0] - lat) * km,
                c[2] - depth_km,
            ]
        })
        .collect();
    let (length_km, width_km, strike, dip) = match local[..] {
        [a, b, c, d] => rectangle(a, b, c, d),
        [a, b, c] => triangle(a, b, c),
        _ => (0.0, 0.0, 0.0, 0.0),
    };
    let fault = Fault {
        lat,
        lon,
        depth_km,
        length_km,
        width_km,
        strike_deg: row.strike_deg.unwrap_or(strike).rem_euclid(360.0),
        dip_deg: row.dip_deg.unwrap_or(dip),
        rake_deg: row.rake_deg.unwrap_or(rake_deg),
        slip_m: row.slip_m,
        start_s: row.start_s,
        rise_s: row.rise_s,
    };
    Ok(Placed {
        line: row.line,
        fault,
        centre_depth: true,
    })
}

/// Length, width, strike and dip of a quadrilateral: means of opposite sides.
fn rectangle(a: [f64; 3], b: [f64; 3], c: [f64; 3], d: [f64; 3]) -> (f64, f64, f64, f64) {
    let mut along: [f64; 3] = std::array::from_fn(|k| 0.5 * (b[k] - a[k] + c[k] - d[k]));
    let mut down: [f64; 3] = std::array::from_fn(|k| 0.5 * (d[k] - a[k] + c[k] - b[k]));
    if down[2] < 0.0 {
        down = down.map(|v| -v);
    }
    // Down-dip is to the right of strike.
    if along[1] * down[0] - along[0] * down[1] < 0.0 {
        along = along.map(|v| -v);
    }
    let run = down[0].hypot(down[1]);
    (
        along[0].hypot(along[1]).hypot(along[2]),
        run.hypot(down[2]),
        along[0].atan2(along[1]).to_degrees(),
        down[2].atan2(run).to_degrees(),
    )
}

/// Sides, strike and dip of the square that stands for a triangle.
fn triangle(a: [f64; 3], b: [f64; 3], c: [f64; 3]) -> (f64, f64, f64, f64) {
    let (u, v) = (
        [b[0] - a[0], b[1] - a[1], a[2] - b[2]],
        [c[0] - a[0], c[1] - a[1], a[2] - c[2]],
    );
    let mut normal = [
        u[1] * v[2] - u[2] * v[1],
        u[2] * v[0] - u[0] * v[2],
        u[0] * v[1] - u[1] * v[0],
    ];
    if normal[2] < 0.0 {
        normal = normal.map(|x| -x);
    }
    // The upward normal leans down dip.
    let lean = normal[0].hypot(normal[1]);
    let side = (0.5 * lean.hypot(normal[2])).sqrt();
    (
        side,
        side,
        normal[0].atan2(normal[1]).to_degrees() - 90.0,
        lean.atan2(normal[2]).to_degrees(),
    )
}

/// Completes rows: planes and sizes by spacing where they are missing, the reference point by name or geometry.
fn build(
    rows: &[Row],
    found: &[Column],
    options: &ReadOptions,
    missing: impl Fn(&'static str) -> TableError,
) -> Result<Table, TableError> {
    if rows.is_empty() {
        return Err(TableError::Empty);
    }
    for r in rows {
        for (field, value, limit) in [("latitude", r.lat, 90.0), ("longitude", r.lon, 1080.0)] {
            if value.abs() > limit {
                return Err(TableError::Range {
                    line: r.line,
                    field,
                    value,
                    least: -limit,
                    most: limit,
                });
            }
        }
    }
    let mut remarks = rake_remark(found, options);
    let rake = options.rake_deg.unwrap_or(90.0);
    let has = |q| found.iter().any(|c| c.quantity == q);
    let points: Vec<[f64; 3]> = rows
        .iter()
        .map(|r| [r.lat, r.lon, r.depth_km.or(r.top_km).unwrap_or(0.0)])
        .collect();
    let mut plane = None;
    if !has(Quantity::Strike) || !has(Quantity::Dip) {
        let (strike_deg, dip_deg) =
            infer::plane(&points).ok_or_else(|| missing("strike and dip"))?;
        plane = Some((strike_deg, dip_deg));
        remarks.push(Remark::PlaneBySpacing {
            strike_deg,
            dip_deg,
        });
    }
    let strikes: Vec<f64> = rows
        .iter()
        .map(|r| r.strike_deg.or(plane.map(|p| p.0)).unwrap_or(0.0))
        .collect();
    let mut size = None;
    if !has(Quantity::Length) || !has(Quantity::Width) {
        let (length_km, width_km) = match options.size_km {
            Some(given) => given,
            None => {
                let Sizes { length, width } = infer::sizes(&points, &strikes);
                let length = length.filter(|_| !has(Quantity::Length));
                let width = width.filter(|_| !has(Quantity::Width));
                let needed = |q, v: Option<f64>, what| match (has(q), v) {
                    (true, _) => Ok(0.0),
                    (false, Some(v)) => Ok(v),
                    (false, None) => Err(missing(what)),
                };
                let length_km = needed(Quantity::Length, length, "length")?;
                let width_km = needed(Quantity::Width, width, "width")?;
                remarks.push(Remark::SizeBySpacing {
                    length_km,
                    width_km,
                });
                (length_km, width_km)
            }
        };
        size = Some((length_km, width_km));
    }
    let placed: Vec<Placed> = rows
        .iter()
        .zip(&strikes)
        .map(|(r, strike)| {
            let dip_deg = r.dip_deg.or(plane.map(|p| p.1)).unwrap_or(0.0);
            let width_km = r.width_km.or(size.map(|s| s.1)).unwrap_or(0.0);
            let fall = width_km * dip_deg.to_radians().sin();
            let (depth_km, centre_depth) = match (r.depth_km, r.top_km, r.bottom_km) {
                (None, Some(top), Some(bottom)) => (0.5 * (top + bottom), true),
                (None, Some(top), None) => (top + 0.5 * fall, true),
                (depth, _, _) => (depth.unwrap_or(0.0), false),
            };
            Placed {
                line: r.line,
                fault: Fault {
                    lat: r.lat,
                    lon: r.lon,
                    depth_km,
                    length_km: r.length_km.or(size.map(|s| s.0)).unwrap_or(0.0),
                    width_km,
                    strike_deg: strike.rem_euclid(360.0),
                    dip_deg,
                    rake_deg: r.rake_deg.unwrap_or(rake),
                    slip_m: r.slip_m,
                    start_s: r.start_s,
                    rise_s: r.rise_s,
                },
                centre_depth,
            }
        })
        .collect();
    let named = found.iter().find_map(|c| c.reference);
    let reference = match options.reference.or(named) {
        Some(reference) => reference,
        None => {
            let (reference, remark) = infer::reference(&placed);
            remarks.push(remark);
            reference
        }
    };
    finish(&placed, Format::Delimited, reference, remarks)
}
