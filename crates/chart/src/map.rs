//! The page of a map: status band, title, framed map with its graticule, panel at the right, scale bar and
//! projection below.

use ocean::grid::Area;
use ocean::sphere::EARTH_RADIUS_M;
use ocean::{Grid, Lattice};
use tiny_skia::Mask;

use crate::canvas::{Canvas, Frame, Pen, check_size};
use crate::coast::Coast;
use crate::colour::{GREY, INK, Rgba, STATUS, WHITE};
use crate::error::ChartError;
use crate::event::{EventText, Marks};
use crate::legend::{Section, Sign};
use crate::panel::Panel;
use crate::place::Room;
use crate::symbols;
use crate::terrain::{Ground, Terrain};
use crate::text::{self, Anchor, CAPITALS, Style};
use crate::view::{Extent, Projection, View, latitude, longitude};

/// Size and extent of a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapPage {
    /// Most pixels across.
    pub width_px: u32,
    /// Most pixels down. The picture is as large as fits into both; one of the two may stay below.
    pub height_px: u32,
    /// What to show; `None` shows the whole grid.
    pub area: Option<Area>,
    /// How to lay it flat.
    pub projection: Projection,
}

impl Default for MapPage {
    fn default() -> Self {
        MapPage {
            width_px: 1600,
            height_px: 1200,
            area: None,
            projection: Projection::Auto,
        }
    }
}

/// Everything round the sea, drawn before and after it.
pub(crate) struct Sheet<'a> {
    pub canvas: Canvas,
    pub view: View,
    pub room: Room,
    pub unit: f32,
    /// Part of each pixel that is land.
    pub land: Option<Mask>,
    event: &'a EventText,
    marks: &'a Marks,
    panel: Panel,
    panel_x: f32,
    bottom: f32,
}

/// The area of a lattice, half a cell beyond its outer nodes.
fn whole(l: &Lattice) -> Area {
    let (lat, lon) = (l.dlat() * 0.5, l.dlon() * 0.5);
    let width = (l.nx() as f64 * l.dlon()).min(360.0);
    Area {
        west: l.lon(0) - lon,
        south: (l.lat(0) - lat).max(-90.0),
        east: l.lon(0) - lon + width,
        north: (l.lat(l.ny() - 1) + lat).min(90.0),
    }
}

/// True when a page shows sea beyond the lattice: along its edges something is not covered.
pub(crate) fn reaches_beyond(page: &MapPage, l: &Lattice) -> bool {
    let Ok(extent) = Extent::new(page.area.unwrap_or_else(|| whole(l)), page.projection) else {
        return false;
    };
    let view = View::new(extent, Frame::new(0.0, 0.0, 100.0, 100.0));
    (0..=50).any(|k| {
        // A little inside: the edge itself may be rounded off the lattice.
        let t = 0.02 + f64::from(k) * 0.9992 * 2.0;
        let (lat, lon) = (view.lat_at(t), view.lon_at(t));
        let (south, north) = (view.lat_at(99.98), view.lat_at(0.02));
        let (west, east) = (view.lon_at(0.02), view.lon_at(99.98));
        [(south, lon), (north, lon), (lat, west), (lat, east)]
            .iter()
            .any(|&(lat, lon)| !l.covers(lat, lon))
    })
}

/// Width of the panel, and what the page has above and below it, in units of text size.
const PANEL_PX: f32 = 262.0;
const PANEL_AROUND_PX: f32 = 62.0 + 36.0 + 14.0;

impl<'a> Sheet<'a> {
    /// Lays the page out. `legend` comes above the marks' own rows; `remarks` below.
    pub fn new(
        page: &MapPage,
        lattice: &Lattice,
        event: &'a EventText,
        marks: &'a Marks,
        legend: Vec<Section>,
        remarks: &[String],
    ) -> Result<Self, ChartError> {
        check_size(page.width_px, page.height_px)?;
        marks.check()?;
        let extent = Extent::new(page.area.unwrap_or_else(|| whole(lattice)), page.projection)?;
        let (most_w, most_h) = (page.width_px as f32, page.height_px as f32);
        let mut sections = legend;
        sections.push(symbol_rows(event, marks));
        // Sizes of text follow the page, within what can be read; on a low page the panel decides.
        let mut u = (most_w.min(most_h * 1.35) / 1500.0).clamp(0.62, 2.4);
        let mut panel = Panel::new(event, &sections, remarks, PANEL_PX * u, u);
        for _ in 0..3 {
            let needed = panel.height() + PANEL_AROUND_PX * u;
            if needed <= most_h {
                break;
            }
            u *= most_h / needed;
            panel = Panel::new(event, &sections, remarks, PANEL_PX * u, u);
        }
        let panel_w = PANEL_PX * u;

        let (left, right, below) = (50.0 * u, 22.0 * u + panel_w + 16.0 * u, 66.0 * u);
        let top = 62.0 * u
            + if event.status.is_some() {
                36.0 * u
            } else {
                0.0
            };
        let aspect = extent.aspect() as f32;
        let map_w = (most_w - left - right)
            .min((most_h - top - below) * aspect)
            .max(60.0)
            .floor();
        let map_h = (map_w / aspect).max(40.0).floor();
        let width = (left + map_w + right).min(most_w).ceil();
        let height = (top + map_h + below)
            .max(top + panel.height() + 14.0 * u)
            .min(most_h)
            .ceil();
        let frame = Frame::new(
            left.floor(),
            top.floor(),
            left.floor() + map_w,
            top.floor() + map_h,
        );

        Ok(Sheet {
            canvas: Canvas::new(width as u32, height as u32)?,
            view: View::new(extent, frame),
            room: Room::new(frame.grown(-2.0 * u)),
            unit: u,
            land: None,
            event,
            marks,
            panel,
            panel_x: frame.x1 + 22.0 * u,
            bottom: height,
        })
    }

    /// Sea, land and coast; `classes` when the sea's colours have sharp borders.
    pub fn ground(
        &mut self,
        grid: &Grid,
        classes: bool,
        sea: impl Fn(f64, f64, &Terrain<'_>) -> Rgba,
    ) {
        let terrain = Terrain::of(grid);
        let coast = Coast::of(&self.view, 4.0);
        // A world of coasts gets a finer line than a gulf.
        let line_px = if self.view.px_per_deg() < 12.0 {
            0.6
        } else {
            0.9
        } * self.unit;
        self.land = coast.mask(self.canvas.pixmap.width(), self.canvas.pixmap.height());
        let ground = Ground {
            terrain: &terrain,
            coast: &coast,
            land: self.land.as_ref(),
            line_px,
            classes,
        };
        ground.paint(&mut self.canvas, &self.view, |lat, lon| {
            sea(lat, lon, &terrain)
        });
        self.graticule();
    }

    /// Epicentre, rupture, stations and points with their names.
    pub fn symbols(&mut self) {
        let star = self.event.epicentre;
        symbols::marks(
            &mut self.canvas,
            &self.view,
            self.marks,
            star,
            &mut self.room,
            self.unit,
        );
    }

    /// Everything that is left; then the file.
    pub fn finish(mut self) -> Result<Vec<u8>, ChartError> {
        self.stamp();
        self.frame();
        let top = heading(&mut self.canvas, self.event, self.unit);
        debug_assert!(top <= self.view.frame.y0);
        self.scale_bar();
        let (x, y) = (self.panel_x, self.view.frame.y0);
        self.panel.draw(&mut self.canvas, x, y, self.bottom - 2.0);
        self.canvas.png()
    }

    /// The status across the map, faint enough to read what lies below.
    fn stamp(&mut self) {
        let Some(status) = status(self.event) else {
            return;
        };
        let f = self.view.frame;
        let angle = -(f.height() / f.width()).atan().to_degrees().min(32.0);
        let size =
            (f.width() * 0.62 / text::width(&status, 1.0, true).max(0.1)).min(f.height() * 0.34);
        let style = Style::new(size, STATUS.with_alpha(34))
            .bold()
            .anchored(Anchor::Middle)
            .turned(angle);
        // Turned about the middle of its capitals.
        let lift = size * CAPITALS * 0.5;
        let (sin, cos) = angle.to_radians().sin_cos();
        let (x, y) = (
            (f.x0 + f.x1) * 0.5 - lift * sin,
            (f.y0 + f.y1) * 0.5 + lift * cos,
        );
        self.canvas.clip(f);
        self.canvas.text(x, y, &status, &style);
        self.canvas.unclip();
    }

    fn steps(&self) -> (f64, usize) {
        const STEPS: [(f64, usize); 12] = [
            (0.002, 3),
            (0.01, 2),
            (0.05, 2),
            (0.1, 1),
            (0.25, 2),
            (0.5, 1),
            (1.0, 0),
            (2.0, 0),
            (5.0, 0),
            (10.0, 0),
            (20.0, 0),
            (30.0, 0),
        ];
        let room = f64::from(105.0 * self.unit) / self.view.px_per_deg();
        STEPS
            .into_iter()
            .find(|&(step, _)| step >= room)
            .unwrap_or((60.0, 0))
    }

    fn meridians(&self) -> Vec<(f32, f64)> {
        let (step, _) = self.steps();
        let first = (self.view.west() / step - 1e-6).ceil() as i64;
        let last = (self.view.east() / step + 1e-6).floor() as i64;
        (first..=last)
            .map(|k| k as f64 * step)
            .map(|lon| (self.view.x_straight(lon), lon))
            .collect()
    }

    fn parallels(&self) -> Vec<(f32, f64)> {
        let (step, _) = self.steps();
        let first = (self.view.south() / step - 1e-6).ceil() as i64;
        let last = (self.view.north() / step + 1e-6).floor() as i64;
        (first..=last)
            .map(|k| k as f64 * step)
            .map(|lat| (self.view.y(lat), lat))
            .collect()
    }

    fn graticule(&mut self) {
        let f = self.view.frame;
        let pen = Pen::new(INK.with_alpha(38), 0.7 * self.unit);
        for (x, _) in self.meridians() {
            self.canvas.line((x, f.y0), (x, f.y1), pen);
        }
        for (y, _) in self.parallels() {
            self.canvas.line((f.x0, y), (f.x1, y), pen);
        }
    }

    /// Frame with ticks and degrees; a label that would touch its neighbour is left out.
    fn frame(&mut self) {
        let u = self.unit;
        let f = self.view.frame;
        self.canvas.stroke_frame(f, Pen::new(INK, 1.4 * u));
        let (_, decimals) = self.steps();
        let tick = Pen::new(INK, 1.0 * u);
        let style = Style::new(12.5 * u, INK);
        let mut free = f32::NEG_INFINITY;
        for (x, lon) in self.meridians() {
            self.canvas.line((x, f.y1), (x, f.y1 + 5.0 * u), tick);
            let label = longitude(lon, decimals);
            let half = text::width(&label, style.size, false) * 0.5;
            if x - half > free {
                self.canvas
                    .text(x, f.y1 + 18.0 * u, &label, &style.anchored(Anchor::Middle));
                free = x + half + 6.0 * u;
            }
        }
        let mut free = f32::INFINITY;
        for (y, lat) in self.parallels() {
            self.canvas.line((f.x0 - 5.0 * u, y), (f.x0, y), tick);
            if y + 8.0 * u < free {
                let baseline = y + style.size * CAPITALS * 0.5;
                let label = latitude(lat, decimals);
                self.canvas.text(
                    f.x0 - 8.0 * u,
                    baseline,
                    &label,
                    &style.anchored(Anchor::End),
                );
                free = y - 8.0 * u;
            }
        }
    }

    /// Scale bar at the map's middle latitude, the projection and the origin of the coast.
    fn scale_bar(&mut self) {
        let u = self.unit;
        let f = self.view.frame;
        let lat = self.view.middle_lat();
        let km_per_deg = EARTH_RADIUS_M * 1e-3 * lat.to_radians().cos() * 1.0_f64.to_radians();
        let px_per_km = self.view.px_per_deg() / km_per_deg.max(1e-6);
        let Some(km) = round_length(f64::from(f.width() * 0.24) / px_per_km) else {
            return;
        };
        let (x0, y) = (f.x0, f.y1 + 34.0 * u);
        let length = (km * px_per_km) as f32;
        let bar = Frame::new(x0, y, x0 + length, y + 6.0 * u);
        self.canvas.fill_frame(bar, WHITE);
        for quarter in [0.0, 0.5] {
            let x = x0 + length * quarter;
            self.canvas
                .fill_frame(Frame::new(x, bar.y0, x + length * 0.25, bar.y1), INK);
        }
        self.canvas.stroke_frame(bar, Pen::new(INK, 1.0 * u));
        let label = |km: f64| {
            if km < 1.0 {
                format!("{km}")
            } else {
                format!("{km:.0}")
            }
        };
        let style = Style::new(12.0 * u, INK);
        let baseline = y + 20.0 * u;
        self.canvas.text(x0, baseline, "0", &style);
        self.canvas.text(
            x0 + length * 0.5,
            baseline,
            &label(km * 0.5),
            &style.anchored(Anchor::Middle),
        );
        let end = match lat.round() {
            0.0 => format!("{} km at the equator", label(km)),
            lat => format!("{} km at {}", label(km), latitude(lat, 0)),
        };
        let end_x = x0 + length - text::width(&label(km), style.size, false) * 0.5;
        self.canvas.text(end_x, baseline, &end, &style);

        let credit = format!(
            "{}. Coast: Natural Earth 1:10 million.",
            self.view.projection()
        );
        let from = (end_x + text::width(&end, style.size, false)).max(x0 + length) + 20.0 * u;
        let room = f.x1 - from;
        let lines = text::wrapped(&credit, 12.0 * u, false, room, 2);
        for (k, line) in lines.iter().enumerate() {
            let y = y + 4.0 * u + (k as f32 * 16.0 + 4.0) * u;
            self.canvas.text(
                f.x1,
                y,
                line,
                &Style::new(12.0 * u, GREY).anchored(Anchor::End),
            );
        }
    }
}

/// The longest of 1, 2, 4 x 10^n kilometres (halves and quarters are round) that is not longer.
fn round_length(km: f64) -> Option<f64> {
    if !(km.is_finite() && km > 1e-3) {
        return None;
    }
    let power = 10f64.powf(km.log10().floor());
    [4.0, 2.0, 1.0]
        .into_iter()
        .map(|m| m * power)
        .find(|&l| l <= km)
}

pub(crate) fn status(event: &EventText) -> Option<String> {
    let status = text::clean(event.status.as_deref()?);
    let status: String = status.chars().take(40).collect();
    (!status.is_empty()).then_some(status)
}

/// Status band and title at the top of a page; the height they take in pixels.
pub(crate) fn heading(canvas: &mut Canvas, event: &EventText, u: f32) -> f32 {
    let mut top = 0.0;
    let width = canvas.width();
    if event.status.is_some() {
        let band = Frame::new(0.0, 0.0, width, 34.0 * u);
        canvas.fill_frame(band, STATUS);
        if let Some(status) = status(event) {
            let style = Style::new(21.0 * u, WHITE).bold().anchored(Anchor::Middle);
            let every = text::width(&status, style.size, true) + 46.0 * u;
            // As often as there is room for, an odd number, so that one stands in the middle.
            let beside = (((width / every - 1.0) / 2.0).floor().max(0.0) as i32).min(4);
            for k in -beside..=beside {
                canvas.text(width * 0.5 + k as f32 * every, 25.0 * u, &status, &style);
            }
        }
        top = 36.0 * u;
    }
    let left = 16.0 * u;
    let room = width - 2.0 * left;
    let title = text::fitted(&text::clean(&event.title), 24.0 * u, true, room);
    canvas.text(
        left,
        top + 30.0 * u,
        &title,
        &Style::new(24.0 * u, INK).bold(),
    );
    let mut parts: Vec<String> = Vec::new();
    if let Some(m) = event.magnitude.filter(|m| m.is_finite()) {
        parts.push(format!("M {m:.1}"));
    }
    parts.push(text::clean(&event.place));
    parts.extend(event.origin_unix_s.map(crate::instant::full));
    parts.retain(|p| !p.is_empty());
    let line = text::fitted(&parts.join("  ·  "), 14.5 * u, false, room);
    canvas.text(left, top + 51.0 * u, &line, &Style::new(14.5 * u, GREY));
    top + 60.0 * u
}

fn symbol_rows(event: &EventText, marks: &Marks) -> Section {
    let mut rows = Vec::new();
    if event.epicentre.is_some() {
        rows.push((Sign::Star, "epicentre".to_owned()));
    }
    if !marks.rupture.is_empty() {
        rows.push((Sign::Rupture, "rupture area".to_owned()));
    }
    if !marks.stations.is_empty() {
        rows.push((Sign::Station, "sea-level station".to_owned()));
    }
    if !marks.points.is_empty() {
        let levels = marks.levels.len();
        for (level, name) in marks.levels.iter().enumerate().rev() {
            rows.push((Sign::Point { level, levels }, format!("coast: {name}")));
        }
    }
    Section {
        title: "Signs".to_owned(),
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_bars_are_round() {
        for (room, bar) in [(4321.0, 4000.0), (3999.0, 2000.0), (1.9, 1.0), (0.25, 0.2)] {
            assert!((round_length(room).expect("a bar") - bar).abs() < 1e-9);
        }
        assert!(round_length(f64::NAN).is_none() && round_length(0.0).is_none());
    }
}
