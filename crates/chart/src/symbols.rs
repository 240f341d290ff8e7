//! Marks of places: epicentre, rupture, stations, coastal points; and their names.

use crate::canvas::{Canvas, Frame, Pen};
use crate::colour::{self, GREY, INK, RUPTURE, Rgba, STAR, STATION, WHITE};
use crate::event::Marks;
use crate::place::{Placed, Room};
use crate::text::{self, Anchor, CAPITALS, Style};
use crate::view::View;

const BLACK_EDGE: Rgba = INK;

pub(crate) fn epicentre(canvas: &mut Canvas, x: f32, y: f32, unit: f32) {
    canvas.star(x, y, 14.0 * unit, STAR, Pen::new(WHITE, 5.0 * unit));
    canvas.star(
        x,
        y,
        12.5 * unit,
        Rgba::hex(0xe3001b),
        Pen::new(INK, 1.6 * unit),
    );
}

pub(crate) fn rupture(canvas: &mut Canvas, corners: &[(f32, f32)], unit: f32, many: bool) {
    let width = if many { 0.8 } else { 1.8 } * unit;
    if !many {
        let mut ring = corners.to_vec();
        ring.extend(corners.first().copied());
        canvas.polyline(&ring, Pen::new(WHITE.with_alpha(200), width + 2.0 * unit));
    }
    canvas.polygon(
        corners,
        RUPTURE.with_alpha(if many { 14 } else { 36 }),
        Pen::new(RUPTURE, width),
    );
}

/// A triangle on its point.
pub(crate) fn station(canvas: &mut Canvas, x: f32, y: f32, unit: f32) {
    let r = 6.5 * unit;
    let points = [(x - r, y - r * 0.6), (x + r, y - r * 0.6), (x, y + r * 0.9)];
    canvas.polygon(&points, WHITE, Pen::new(WHITE, 3.6 * unit));
    canvas.polygon(&points, STATION, Pen::new(INK, 1.2 * unit));
}

/// Half the size of a point's mark.
fn reach(level: usize, unit: f32) -> f32 {
    [3.0, 4.4, 5.4, 6.2, 7.0][level.min(4)] * unit
}

/// A circle, or from the third level up a diamond: shape and size tell what colour tells.
pub(crate) fn point(canvas: &mut Canvas, x: f32, y: f32, level: usize, levels: usize, unit: f32) {
    let r = reach(level, unit);
    let inside = colour::level(level, levels);
    if level < 2 {
        canvas.circle(x, y, r, inside, Pen::new(BLACK_EDGE, 1.1 * unit));
    } else {
        let d = r * 1.15;
        let points = [(x, y - d), (x + d, y), (x, y + d), (x - d, y)];
        canvas.polygon(&points, inside, Pen::new(WHITE, 3.0 * unit));
        canvas.polygon(&points, inside, Pen::new(BLACK_EDGE, 1.2 * unit));
    }
}

/// Draws all marks and the names that find room. What is drawn is taken in `room`, so that later labels
/// keep off.
pub(crate) fn marks(
    canvas: &mut Canvas,
    view: &View,
    marks: &Marks,
    star: Option<(f64, f64)>,
    room: &mut Room,
    unit: f32,
) {
    let many = marks.rupture.len() > 12;
    canvas.clip(view.frame);
    for rectangle in &marks.rupture {
        if let Some(corners) = corners(view, &rectangle.corners) {
            rupture(canvas, &corners, unit, many);
        }
    }
    canvas.unclip();

    let levels = marks.levels.len().max(1);
    let level = |l: usize| l.min(levels - 1);
    let mut points: Vec<(f32, f32, usize, &str)> = marks
        .points
        .iter()
        .filter_map(|p| {
            view.spot(p.lat, p.lon)
                .map(|(x, y)| (x, y, level(p.level), p.name.as_str()))
        })
        .collect();
    // The higher level lies on top; within a level the order given, the first on top.
    points.reverse();
    points.sort_by_key(|p| p.2);
    let stations: Vec<(f32, f32, &str)> = marks
        .stations
        .iter()
        .filter_map(|s| {
            view.spot(s.lat, s.lon)
                .map(|(x, y)| (x, y, s.name.as_str()))
        })
        .collect();
    let star = star.and_then(|(lat, lon)| view.spot(lat, lon));

    if let Some((x, y)) = star {
        room.take(Frame::around(x, y, 13.0 * unit, 13.0 * unit));
    }
    for &(x, y, _) in &stations {
        room.take(Frame::around(x, y, 6.0 * unit, 6.0 * unit));
    }
    for &(x, y, level, _) in &points {
        let r = reach(level, unit) * 0.9;
        room.take(Frame::around(x, y, r, r));
    }

    // Leaders first, so that no mark lies under one.
    let mut labels: Vec<(Placed, String, bool)> = Vec::new();
    let mut name =
        |x: f32, y: f32, radius: f32, name: &str, size: f32, bold: bool, canvas: &mut Canvas| {
            let name = text::fitted(&text::clean(name), size, bold, 190.0 * unit);
            if name.is_empty() {
                return;
            }
            let width = text::width(&name, size, bold) + 4.0 * unit;
            if let Some(placed) = room.beside(x, y, radius, width, size * 1.15) {
                if placed.leader {
                    let f = placed.frame;
                    let end = (x.clamp(f.x0, f.x1), y.clamp(f.y0, f.y1));
                    canvas.line((x, y), end, Pen::new(GREY, 0.9 * unit));
                }
                labels.push((placed, name, bold));
            }
        };
    for &(x, y, text) in &stations {
        name(x, y, 6.5 * unit, text, STATION_PX * unit, false, canvas);
    }
    for &(x, y, level, text) in points.iter().rev().filter(|p| p.2 > 0) {
        name(
            x,
            y,
            reach(level, unit),
            text,
            POINT_PX * unit,
            level > 2,
            canvas,
        );
    }

    for &(x, y, level, _) in &points {
        point(canvas, x, y, level, levels, unit);
    }
    for &(x, y, _) in &stations {
        station(canvas, x, y, unit);
    }
    if let Some((x, y)) = star {
        epicentre(canvas, x, y, unit);
    }
    for (placed, name, bold) in labels {
        let f = placed.frame;
        let size = f.height() / 1.15;
        let mut style = Style::new(size, INK)
            .halo(WHITE.with_alpha(225), 2.2 * unit)
            .anchored(Anchor::Middle);
        style.bold = bold;
        canvas.text(
            (f.x0 + f.x1) * 0.5,
            (f.y0 + f.y1) * 0.5 + size * CAPITALS * 0.5,
            &name,
            &style,
        );
    }
}

const STATION_PX: f32 = 13.0;
const POINT_PX: f32 = 12.5;

/// Corners in pixels, none of them a turn away from the first.
fn corners(view: &View, corners: &[(f64, f64)]) -> Option<Vec<(f32, f32)>> {
    let &(_, first) = corners.first()?;
    let start = view.x(first);
    corners
        .iter()
        .map(|&(lat, lon)| {
            let east = ocean::sphere::normal_lon(lon - first);
            let x = start + (east * view.px_per_deg()) as f32;
            (lat.abs() <= 89.9 && x.is_finite()).then(|| (x, view.y(lat)))
        })
        .collect()
}
