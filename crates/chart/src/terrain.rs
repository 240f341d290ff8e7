//! The ground under a map: tinted sea floor, land in light relief.

use ocean::Grid;
use tiny_skia::Mask;

use crate::canvas::{Canvas, Pen};
use crate::coast::Coast;
use crate::colour::{self, COAST, HATCH, LAND, OUTSIDE, Rgba};
use crate::sample::Sampler;
use crate::view::View;

/// Light from the north-west, as maps have it: readers see relief inverted when it comes from below.
const LIGHT: (f32, f32) = (-0.7, 0.7);
/// Height over distance that gives about half of the strongest shade: ETOPO5's slopes are gentle.
const SOFT_SLOPE: f32 = 0.02;

/// Relief of a grid: shade from -1 (away from the light) to 1, and height.
pub(crate) struct Terrain<'a> {
    shade: Sampler<'a>,
    height: Sampler<'a>,
}

impl<'a> Terrain<'a> {
    pub fn of(grid: &'a Grid) -> Self {
        let l = grid.lattice();
        let z = grid.z();
        let (nx, ny) = (l.nx(), l.ny());
        let mut shade = vec![0.0_f32; z.len()];
        for j in 0..ny {
            let (east_m, north_m) = l.spacing_m(j);
            let (south, north) = (j.saturating_sub(1), (j + 1).min(ny - 1));
            for i in 0..nx {
                let (west, east) = (i.saturating_sub(1), (i + 1).min(nx - 1));
                let dx =
                    (z[j * nx + east] - z[j * nx + west]) / ((east - west) as f32 * east_m as f32);
                let dy = (z[north * nx + i] - z[south * nx + i])
                    / ((north - south) as f32 * north_m as f32);
                // The ground rises towards the light on its far side: that side is dark.
                let facing = -(dx * LIGHT.0 + dy * LIGHT.1);
                shade[j * nx + i] = facing / (facing.abs() + SOFT_SLOPE);
            }
        }
        Terrain {
            shade: Sampler::new(l, shade, 0),
            height: Sampler::new(l, z.to_vec(), 0),
        }
    }

    /// Land at a place.
    pub fn land(&self, lat: f64, lon: f64) -> Rgba {
        let shade = self.shade.at(lat, lon).unwrap_or(0.0);
        LAND.shaded(1.0 + 0.13 * shade)
    }

    /// Sea floor at a place; `None` outside the grid.
    pub fn sea(&self, lat: f64, lon: f64) -> Option<Rgba> {
        let z = self.height.at(lat, lon)?;
        let shade = self.shade.at(lat, lon).unwrap_or(0.0);
        Some(colour::depth(-z).shaded(1.0 + 0.05 * shade))
    }
}

/// How the ground of a map is painted.
pub(crate) struct Ground<'a> {
    pub terrain: &'a Terrain<'a>,
    pub coast: &'a Coast,
    /// Part of each pixel of the page that is land.
    pub land: Option<&'a Mask>,
    /// Width of the coastline, pixels.
    pub line_px: f32,
    /// The sea is coloured in classes: four samples a pixel smooth their borders.
    pub classes: bool,
}

impl Ground<'_> {
    /// Paints a map: `sea` gives the colour of the sea at (latitude, longitude), land comes from the
    /// terrain, the line between them from the coastline.
    pub fn paint(&self, canvas: &mut Canvas, view: &View, sea: impl Fn(f64, f64) -> Rgba) {
        let frame = view.frame;
        let width = canvas.pixmap.width();
        let (x0, x1) = (frame.x0.floor() as u32, frame.x1.ceil() as u32);
        let (y0, y1) = (frame.y0.floor() as u32, frame.y1.ceil() as u32);
        let lons: Vec<[f64; 2]> = (x0..x1)
            .map(|x| [0.25, 0.75].map(|d| view.lon_at(f64::from(x) + d)))
            .collect();
        for y in y0..y1 {
            let lats = [0.25, 0.75].map(|d| view.lat_at(f64::from(y) + d));
            for (x, lons) in (x0..x1).zip(&lons) {
                let land = self.land.map_or(0, |m| m.data()[(y * width + x) as usize]);
                let (lat, lon) = ((lats[0] + lats[1]) * 0.5, (lons[0] + lons[1]) * 0.5);
                let colour = if land == 255 {
                    self.terrain.land(lat, lon)
                } else {
                    let mut four = if self.classes {
                        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(a, b)| sea(lats[a], lons[b]))
                    } else {
                        [sea(lat, lon); 4]
                    };
                    if four == [OUTSIDE; 4] && hatched(x, y) {
                        four = [HATCH; 4];
                    }
                    let sea = mean(four);
                    if land == 0 {
                        sea
                    } else {
                        sea.towards(self.terrain.land(lat, lon), f32::from(land) / 255.0)
                    }
                };
                canvas.set(x, y, colour);
            }
        }
        canvas.clip(frame);
        if let Some(line) = &self.coast.line {
            canvas.stroke(line, Pen::new(COAST, self.line_px));
        }
        canvas.unclip();
    }
}

/// Thin diagonals, a sign of their own that no print loses.
pub(crate) fn hatched(x: u32, y: u32) -> bool {
    (x + y) % 9 < 2
}

fn mean(colours: [Rgba; 4]) -> Rgba {
    let part =
        |pick: fn(&Rgba) -> u8| (colours.iter().map(|c| u16::from(pick(c))).sum::<u16>() / 4) as u8;
    Rgba {
        r: part(|c| c.r),
        g: part(|c| c.g),
        b: part(|c| c.b),
        a: 255,
    }
}
