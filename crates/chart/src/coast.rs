//! Land, from Natural Earth 1:10 million, as rings ready for a view.
//!
//! `assets/land-10m.rings` (made by `examples/coastline.rs`): the text `WFRINGS1`, the number of rings,
//! then for each ring its number of points, a byte that is 1 when its last two points lie on a pole, and
//! its points, each as the step east and north from the one before in 0.0036 degrees. Numbers are zigzag
//! variable-length integers. Rings do not jump at the date line.

use tiny_skia::{FillRule, Mask, Path, PathBuilder, Transform};

use crate::view::View;

static RINGS: &[u8] = include_bytes!("../assets/land-10m.rings");
/// Degrees a step.
const STEP: f64 = 360.0 / 100_000.0;
/// Points nearer than this to the last one are left out, pixels.
const FINEST_PX: f32 = 0.6;

/// What of the land is on a map, in pixels.
pub(crate) struct Coast {
    /// Filled: land.
    pub land: Option<Path>,
    /// Stroked: coastline, without the edges that close a ring over a pole.
    pub line: Option<Path>,
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }
    fn number(&mut self) -> Option<i64> {
        let mut bits = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            bits |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some((bits >> 1) as i64 ^ -((bits & 1) as i64));
            }
        }
        None
    }
}

struct Ring {
    /// (longitude, latitude), degrees.
    points: Vec<(f64, f64)>,
    over_pole: bool,
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

fn next_ring(reader: &mut Reader<'_>) -> Option<Ring> {
    let count = usize::try_from(reader.number()?).ok()?;
    let over_pole = reader.byte()? != 0;
    let mut ring = Ring {
        points: Vec::new(),
        over_pole,
        west: f64::INFINITY,
        east: f64::NEG_INFINITY,
        south: f64::INFINITY,
        north: f64::NEG_INFINITY,
    };
    let (mut x, mut y) = (0, 0);
    for _ in 0..count {
        x += reader.number()?;
        y += reader.number()?;
        let (lon, lat) = (x as f64 * STEP, y as f64 * STEP);
        ring.points.push((lon, lat));
        ring.west = ring.west.min(lon);
        ring.east = ring.east.max(lon);
        ring.south = ring.south.min(lat);
        ring.north = ring.north.max(lat);
    }
    Some(ring)
}

impl Coast {
    /// The land of a view, with `margin_px` round it.
    pub fn of(view: &View, margin_px: f32) -> Self {
        let mut reader = Reader(RINGS.strip_prefix(b"WFRINGS1").unwrap_or_default());
        let mut land = PathBuilder::new();
        let mut line = PathBuilder::new();
        let rings = reader.number().unwrap_or(0);
        for _ in 0..rings {
            let Some(ring) = next_ring(&mut reader) else {
                break;
            };
            add(&ring, view, margin_px, &mut land, &mut line);
        }
        Coast {
            land: land.finish(),
            line: line.finish(),
        }
    }

    /// Part of each pixel that is land, 0 to 255, rows downward; a page without land gives `None`.
    pub fn mask(&self, width: u32, height: u32) -> Option<Mask> {
        let land = self.land.as_ref()?;
        let mut mask = Mask::new(width, height)?;
        mask.fill_path(land, FillRule::EvenOdd, true, Transform::identity());
        Some(mask)
    }
}

fn add(ring: &Ring, view: &View, margin: f32, land: &mut PathBuilder, line: &mut PathBuilder) {
    let frame = view.frame.grown(margin);
    let (top, bottom) = (view.y(ring.north), view.y(ring.south));
    if bottom < frame.y0 || top > frame.y1 {
        return;
    }
    let first_turn = ((view.west() - ring.east) / 360.0).floor() as i32;
    for turn in first_turn..first_turn + 4 {
        let shift = f64::from(turn) * 360.0;
        let (left, right) = (
            view.x_straight(ring.west + shift),
            view.x_straight(ring.east + shift),
        );
        if right < frame.x0 || left > frame.x1 {
            continue;
        }
        // An island of less than a pixel would be a grey speck.
        if (right - left).max(bottom - top) < FINEST_PX * 1.5 {
            continue;
        }
        let points = thinned(ring, view, shift, &frame);
        if points.len() < 3 {
            continue;
        }
        let closing = if ring.over_pole { 2 } else { 0 };
        trace(&points, 0, land);
        trace(&points, closing, line);
    }
}

/// Points in pixels, those left out that a reader could not see, those far outside pulled to just outside:
/// a rasteriser does not like numbers much larger than its page, and no edge of the map moves by it.
fn thinned(ring: &Ring, view: &View, shift: f64, frame: &crate::canvas::Frame) -> Vec<(f32, f32)> {
    let (w, h) = (frame.width(), frame.height());
    let mut out: Vec<(f32, f32)> = Vec::new();
    let kept = ring.points.len() - if ring.over_pole { 2 } else { 0 };
    for (k, &(lon, lat)) in ring.points.iter().enumerate() {
        let x = view
            .x_straight(lon + shift)
            .clamp(frame.x0 - w, frame.x1 + w);
        let y = view.y(lat).clamp(frame.y0 - h, frame.y1 + h);
        let far = out
            .last()
            .is_none_or(|&(px, py)| (px - x).abs().max((py - y).abs()) >= FINEST_PX);
        if far || k + 1 >= kept {
            out.push((x, y));
        }
    }
    out
}

/// A closed ring, or, with `open_end` points left out at the end, an open line.
fn trace(points: &[(f32, f32)], open_end: usize, path: &mut PathBuilder) {
    for (k, &(x, y)) in points[..points.len() - open_end].iter().enumerate() {
        if k == 0 {
            path.move_to(x, y)
        } else {
            path.line_to(x, y)
        }
    }
    if open_end == 0 {
        path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_coastline_is_whole() {
        let mut reader = Reader(RINGS.strip_prefix(b"WFRINGS1").expect("its mark"));
        let rings = reader.number().expect("a count");
        let mut points = 0;
        let mut over_pole = 0;
        for _ in 0..rings {
            let ring = next_ring(&mut reader).expect("a whole ring");
            assert!(ring.south >= -90.001 && ring.north <= 84.0 && ring.points.len() >= 3);
            let steps = ring.points.windows(2).map(|w| (w[1].0 - w[0].0).abs());
            assert!(ring.over_pole || steps.fold(0.0, f64::max) < 20.0);
            points += ring.points.len();
            over_pole += usize::from(ring.over_pole);
        }
        assert!(reader.0.is_empty() && rings > 4000 && points > 400_000);
        assert_eq!(over_pole, 1, "Antarctica");
    }
}
