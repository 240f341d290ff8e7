//! The map of travel times.

use ocean::{Grid, Lattice};

use crate::canvas::Pen;
use crate::colour::{self, ISOCHRONE, OUTSIDE, Rgba, WHITE};
use crate::contour::{self, Window};
use crate::error::ChartError;
use crate::event::{EventText, Marks};
use crate::legend::{self, Section, Sign};
use crate::map::{MapPage, Sheet, reaches_beyond};
use crate::sample::Sampler;
use crate::text::{self, Anchor, CAPITALS, Style};
use crate::view::View;

/// No wave takes longer: twice the longest ways on Earth at the speed over 4 km of water.
const LONGEST_S: f32 = 100.0 * 3600.0;
/// The spacing of lines and bands follows the time by which this part of the sea is reached: the last
/// corner of a shallow marginal sea may take three times as long.
const USUAL_PERCENT: usize = 90;
/// Sea between coloured bands that no wave comes to: a colour that no band has.
const UNREACHED: Rgba = Rgba::hex(0xb4c6d4);
/// Most lines that are tried.
const MAX_LINES: usize = 150;

/// Travel times as lines over the sea floor.
#[derive(Debug, Clone, Copy)]
pub struct IsochroneMap<'a> {
    /// Sea floor and relief; may be another grid than that of the times.
    pub grid: &'a Grid,
    /// Geometry of the times.
    pub lattice: &'a Lattice,
    /// Seconds after the origin, storage order of `lattice`; not finite where no wave comes.
    pub seconds: &'a [f32],
    /// Colours between the hours instead of the sea floor.
    pub bands: bool,
    /// Words.
    pub event: &'a EventText,
    /// Places.
    pub marks: &'a Marks,
    /// Size and extent.
    pub page: &'a MapPage,
}

/// Minutes between fine, named and heavy lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rhythm {
    fine_min: u32,
    named_min: u32,
    heavy_min: u32,
}

impl Rhythm {
    /// Minutes between lines in the corners that the wave reaches last: finer ones would fill slow water
    /// with ink.
    fn beyond_min(self) -> u32 {
        self.named_min.max(60)
    }
    /// Up to where the finer lines go, minutes.
    fn until_min(self, usual_s: f32) -> u32 {
        ((usual_s / 60.0) as u32 / self.named_min + 1) * self.named_min
    }
    /// What the legend says of lines.
    fn words(self, every_min: u32, usual_s: f32) -> String {
        let every = lapse(every_min);
        if every_min < self.beyond_min() {
            format!("every {every}, up to {}", lapse(self.until_min(usual_s)))
        } else {
            format!("every {every}")
        }
    }
}

/// The rhythm that gives at most about thirty lines until most of the map is reached.
fn rhythm(usual_s: f32) -> Rhythm {
    let (fine_min, named_min, heavy_min) = match usual_s / 3600.0 {
        h if h <= 1.0 => (2, 10, 30),
        h if h <= 2.5 => (5, 15, 60),
        h if h <= 6.0 => (10, 30, 60),
        h if h <= 10.0 => (20, 60, 120),
        h if h <= 30.0 => (60, 60, 180),
        _ => (120, 120, 360),
    };
    Rhythm {
        fine_min,
        named_min,
        heavy_min,
    }
}

/// `45 min`, `3 h`, `1 h 30`.
fn lapse(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m:02}"),
    }
}

/// The squares of a lattice that a view shows, with one to spare.
fn window(view: &View, l: &Lattice) -> Option<Window> {
    let row = |lat: f64| (lat - l.lat(0)) / l.dlat();
    let j0 = (row(view.south()).floor() - 1.0).max(0.0) as usize;
    let j1 = ((row(view.north()).ceil() + 1.0).max(0.0) as usize).min(l.ny() - 1);
    let columns = if l.is_periodic() { l.nx() } else { l.nx() - 1 };
    (j1 > j0).then(|| Window {
        i0: 0,
        columns,
        j0,
        rows: j1 - j0,
    })
}

/// A line of the lattice in pixels, cut where it leaves the map by one side and comes back by the other.
fn in_pixels(view: &View, l: &Lattice, line: &[(f64, f64)]) -> Vec<Vec<(f32, f32)>> {
    let jump = view.frame.width() * 0.5;
    let mut out: Vec<Vec<(f32, f32)>> = vec![Vec::new()];
    for &(i, j) in line {
        let point = (
            view.x(l.lon(0) + i * l.dlon()),
            view.y(l.lat(0) + j * l.dlat()),
        );
        let part = out.len() - 1;
        match out[part].last() {
            Some(last) if (last.0 - point.0).abs() > jump => out.push(vec![point]),
            _ => out[part].push(point),
        }
    }
    out.retain(|part| part.len() > 1);
    out
}

impl IsochroneMap<'_> {
    /// The picture.
    ///
    /// # Errors
    /// [`ChartError`] for a field of the wrong length, an area or a size that cannot be drawn, too many
    /// marks.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        let l = self.lattice;
        if self.seconds.len() != l.len() {
            return Err(ChartError::Field {
                expected: l.len(),
                found: self.seconds.len(),
            });
        }
        let usable = |s: &f32| {
            if (0.0..=LONGEST_S).contains(s) {
                *s
            } else {
                f32::NAN
            }
        };
        let field = Sampler::new(l, self.seconds.iter().map(usable).collect(), 3);
        let mut sheet = Sheet::new(self.page, l, self.event, self.marks, Vec::new(), &[])?;
        let (usual_s, last_s) = self.last_on(&sheet.view);
        let rhythm = rhythm(usual_s);
        // Laid out once more, now that the map knows which lines its legend must explain.
        let legend = self.legend(rhythm, usual_s, sheet.unit);
        let remarks = [
            "First arrival of the wave front, at the speed that the depth of the sea gives it."
                .to_owned(),
            self.event.note.clone(),
        ];
        sheet = Sheet::new(self.page, l, self.event, self.marks, legend, &remarks)?;

        let band_s = band_minutes(usual_s) as f32 * 60.0;
        sheet.ground(self.grid, self.bands, |lat, lon, terrain| {
            let ground = terrain.sea(lat, lon).unwrap_or(OUTSIDE);
            match field.at(lat, lon).filter(|_| self.bands) {
                Some(s) => band_colour(s, band_s, usual_s),
                None if self.bands && ground != OUTSIDE => UNREACHED,
                None => ground,
            }
        });
        let drawn = self.lines(&mut sheet, field.values(), rhythm, usual_s, last_s);
        sheet.symbols();
        names(&mut sheet, &drawn);
        sheet.finish()
    }

    /// The time by which most of the sea on the map is reached, and the last arrival on it, seconds.
    fn last_on(&self, view: &View) -> (f32, f32) {
        let l = self.lattice;
        let mut seen: Vec<f32> = Vec::new();
        for (j, row) in self.seconds.chunks(l.nx()).enumerate() {
            let lat = l.lat(j);
            if (view.south()..=view.north()).contains(&lat) {
                let shown = row.iter().enumerate().filter(|(i, s)| {
                    (0.0..=LONGEST_S).contains(*s) && view.spot(lat, l.lon(*i)).is_some()
                });
                seen.extend(shown.map(|(_, s)| *s));
            }
        }
        seen.sort_unstable_by(f32::total_cmp);
        let nth = |part: usize| {
            seen.get(seen.len() * part / 100)
                .or(seen.last())
                .copied()
                .unwrap_or(0.0)
        };
        (nth(USUAL_PERCENT), nth(100))
    }

    /// True when there is sea that no wave comes to.
    fn leaves_sea(&self) -> bool {
        let l = self.lattice;
        self.seconds.iter().enumerate().any(|(k, s)| {
            let (lat, lon) = (l.lat(k / l.nx()), l.lon(k % l.nx()));
            !s.is_finite()
                && self
                    .grid
                    .cell_at(lat, lon)
                    .is_some_and(|c| self.grid.is_wet(c))
        })
    }

    fn legend(&self, rhythm: Rhythm, usual_s: f32, unit: f32) -> Vec<Section> {
        let mut rows = Vec::new();
        if usual_s > 0.0 {
            rows.push((
                Sign::Line(ISOCHRONE, HEAVY_PX * unit),
                rhythm.words(rhythm.heavy_min, usual_s),
            ));
            rows.push((
                Sign::Line(ISOCHRONE, NAMED_PX * unit),
                rhythm.words(rhythm.named_min, usual_s),
            ));
            if rhythm.fine_min < rhythm.named_min {
                let fine = Sign::Line(ISOCHRONE.with_alpha(FINE_ALPHA), FINE_PX * unit);
                rows.push((fine, rhythm.words(rhythm.fine_min, usual_s)));
            }
        }
        let lines = Section {
            title: "Travel time after the earthquake".to_owned(),
            rows,
        };
        let mut rows = Vec::new();
        if self.bands && usual_s > 0.0 {
            let band = band_minutes(usual_s);
            let mut from = 0;
            while ((from * 60) as f32) < usual_s {
                let colour = band_colour((from * 60) as f32, (band * 60) as f32, usual_s);
                let open = ((from + band) * 60) as f32 >= usual_s;
                let words = if open {
                    format!("after {}", lapse(from))
                } else {
                    format!("{} – {}", lapse(from), lapse(from + band))
                };
                rows.push((Sign::Swatch(colour), words));
                from += band;
            }
        } else {
            for (metres, label) in [
                (100.0, "sea, shallow"),
                (4000.0, "4 km deep"),
                (8000.0, "8 km deep"),
            ] {
                rows.push((Sign::Swatch(colour::depth(metres)), label.to_owned()));
            }
        }
        if self.bands && self.leaves_sea() {
            rows.push((
                Sign::Swatch(UNREACHED),
                "sea without a way there".to_owned(),
            ));
        }
        if reaches_beyond(self.page, self.lattice) {
            rows.push((Sign::Outside, "not computed".to_owned()));
        }
        rows.push(legend::land());
        vec![
            lines,
            Section {
                title: if self.bands { "Time bands" } else { "Ground" }.to_owned(),
                rows,
            },
        ]
    }

    /// Draws the lines; gives those that bear names, in pixels, with their minutes.
    fn lines(
        &self,
        sheet: &mut Sheet<'_>,
        values: &[f32],
        rhythm: Rhythm,
        usual_s: f32,
        last_s: f32,
    ) -> Vec<(u32, Vec<(f32, f32)>)> {
        let mut named = Vec::new();
        let view = sheet.view;
        let Some(window) = window(&view, self.lattice) else {
            return named;
        };
        sheet.canvas.clip_to_sea(view.frame, sheet.land.as_ref());
        let (until, last) = (rhythm.until_min(usual_s), (last_s / 60.0) as u32);
        let minutes: Vec<u32> = (1..=last / rhythm.fine_min)
            .map(|k| k * rhythm.fine_min)
            .filter(|m| *m <= until || m % rhythm.beyond_min() == 0)
            .take(MAX_LINES)
            .collect();
        let levels: Vec<f32> = minutes.iter().map(|m| (m * 60) as f32).collect();
        let lines = contour::lines(self.lattice, values, &levels, window);
        for (minutes, lines) in minutes.into_iter().zip(lines) {
            let heavy = minutes % rhythm.heavy_min == 0;
            let bears_name = minutes % rhythm.named_min == 0;
            let pen = if heavy {
                Pen::new(ISOCHRONE, HEAVY_PX * sheet.unit)
            } else if bears_name {
                Pen::new(ISOCHRONE, NAMED_PX * sheet.unit)
            } else {
                Pen::new(ISOCHRONE.with_alpha(FINE_ALPHA), FINE_PX * sheet.unit)
            };
            for line in lines {
                for part in in_pixels(&view, self.lattice, &line) {
                    sheet.canvas.polyline(&part, pen);
                    if bears_name {
                        named.extend(at_sea(sheet, &part).into_iter().map(|part| (minutes, part)));
                    }
                }
            }
        }
        sheet.canvas.unclip();
        named
    }
}

const HEAVY_PX: f32 = 2.2;
const NAMED_PX: f32 = 1.2;
const FINE_PX: f32 = 0.8;
const FINE_ALPHA: u8 = 130;

/// Minutes of a band: at most eight bands or so.
fn band_minutes(usual_s: f32) -> u32 {
    let minutes = usual_s / 60.0 / 8.0;
    [5, 10, 15, 30, 60, 120, 180, 360]
        .into_iter()
        .find(|&m| m as f32 >= minutes)
        .unwrap_or(720)
}

fn band_colour(s: f32, band_s: f32, usual_s: f32) -> Rgba {
    let bands = (usual_s / band_s).ceil().max(1.0);
    let k = (s / band_s).floor().clamp(0.0, bands);
    colour::band(if bands > 1.0 { k / (bands - 1.0) } else { 0.0 })
}

/// The parts of a line that do not lie on land.
fn at_sea(sheet: &Sheet<'_>, line: &[(f32, f32)]) -> Vec<Vec<(f32, f32)>> {
    let dry = |&(x, y): &(f32, f32)| {
        let index = (y.max(0.0) as usize) * sheet.canvas.width() as usize + x.max(0.0) as usize;
        sheet
            .land
            .as_ref()
            .and_then(|m| m.data().get(index))
            .is_some_and(|&land| land > 127)
    };
    line.split(dry)
        .filter(|part| part.len() > 1)
        .map(<[_]>::to_vec)
        .collect()
}

/// Writes times on their lines: where the line is straight and nothing else is in the way, a good way apart.
fn names(sheet: &mut Sheet<'_>, lines: &[(u32, Vec<(f32, f32)>)]) {
    let u = sheet.unit;
    let size = 13.0 * u;
    let mut order: Vec<usize> = (0..lines.len()).collect();
    // Long lines first: they are what the eye follows.
    let lengths: Vec<f32> = lines.iter().map(|(_, line)| length(line)).collect();
    order.sort_by(|&a, &b| lengths[b].total_cmp(&lengths[a]));
    for k in order {
        let (minutes, line) = &lines[k];
        let label = lapse(*minutes);
        let width = text::width(&label, size, true);
        let mut since = f32::INFINITY;
        let step = 12.0 * u;
        let mut at = width;
        while at + width < lengths[k] {
            if since > 420.0 * u
                && let Some((x, y, angle)) = straight(line, at, width)
                && sheet.view.frame.holds_point(x, y)
                && sheet.room.claim(text::turned_box(x, y, width, size, angle))
            {
                let lift = size * CAPITALS * 0.5;
                let (sin, cos) = angle.to_radians().sin_cos();
                // The line is hidden behind its name, or it would stand between the words like a hyphen.
                let (dx, dy) = (cos * width * 0.5, sin * width * 0.5);
                let plate = Pen::new(WHITE.with_alpha(235), size * 0.5);
                sheet.canvas.line((x - dx, y - dy), (x + dx, y + dy), plate);
                let style = Style::new(size, ISOCHRONE)
                    .bold()
                    .halo(WHITE.with_alpha(230), 2.6 * u)
                    .anchored(Anchor::Middle)
                    .turned(angle);
                sheet
                    .canvas
                    .text(x - lift * sin, y + lift * cos, &label, &style);
                since = 0.0;
            }
            since += step;
            at += step;
        }
    }
}

fn length(line: &[(f32, f32)]) -> f32 {
    line.windows(2)
        .map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1))
        .sum()
}

/// The point at a length along a line.
fn along(line: &[(f32, f32)], at: f32) -> Option<(f32, f32)> {
    if at < 0.0 {
        return None;
    }
    let mut left = at;
    for w in line.windows(2) {
        let (dx, dy) = (w[1].0 - w[0].0, w[1].1 - w[0].1);
        let step = dx.hypot(dy);
        if left <= step && step > 0.0 {
            return Some((w[0].0 + dx * left / step, w[0].1 + dy * left / step));
        }
        left -= step;
    }
    None
}

/// Middle and upright angle of a label centred at a length along the line, or `None` where the line bends.
fn straight(line: &[(f32, f32)], at: f32, width: f32) -> Option<(f32, f32, f32)> {
    let half = width * 0.6;
    let (a, m, b) = (
        along(line, at - half)?,
        along(line, at)?,
        along(line, at + half)?,
    );
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    if dx.hypot(dy) < 2.0 * half * 0.96 {
        return None;
    }
    let mut angle = dy.atan2(dx).to_degrees();
    if angle > 90.0 {
        angle -= 180.0;
    } else if angle <= -90.0 {
        angle += 180.0;
    }
    Some((m.0, m.1, angle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words_and_rhythms() {
        assert_eq!(
            (lapse(45), lapse(180), lapse(90)),
            ("45 min".to_owned(), "3 h".to_owned(), "1 h 30".to_owned())
        );
        for hours in [0.5, 2.0, 5.0, 9.0, 24.0, 60.0] {
            let r = rhythm(hours * 3600.0);
            assert!(
                r.named_min.is_multiple_of(r.fine_min) && r.heavy_min.is_multiple_of(r.named_min)
            );
            assert!(hours * 60.0 / r.fine_min as f32 <= 36.0, "{hours}");
            assert!(
                (3.0..=8.0).contains(&(hours * 60.0 / band_minutes(hours * 3600.0) as f32).ceil())
            );
        }
    }

    #[test]
    fn labels_stand_upright_on_straight_lines_only() {
        let line: Vec<(f32, f32)> = (0..100)
            .map(|k| (200.0 - k as f32, 50.0 + k as f32))
            .collect();
        let (_, _, angle) = straight(&line, 60.0, 30.0).expect("straight");
        assert!((angle + 45.0).abs() < 0.1, "{angle}");
        let bent = [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0)];
        assert!(straight(&bent, 20.0, 25.0).is_none());
        assert!(straight(&line, 1.0, 30.0).is_none());
    }
}
