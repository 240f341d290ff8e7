//! Mareograms: what stations measured and what was forecast for them, one panel each, on one time axis.

mod axis;
mod draw;

use crate::canvas::{Canvas, Frame, check_size};
use crate::error::ChartError;
use crate::event::EventText;
use crate::map::heading;

/// Most panels of a page.
pub const MAX_PANELS: usize = 12;
/// Most samples of one series.
pub const MAX_SAMPLES: usize = 500_000;
/// Times beyond it, before or after the origin, are not drawn, seconds: thirty days.
const MAX_SPAN_S: f64 = 30.0 * 86_400.0;

/// What a station measured: (seconds after the origin, metres without the tide). Not finite means missing,
/// and so does a gap.
pub type Observed = [(f64, f64)];

/// A forecast with its uncertainty. Series shorter than `seconds` end early; values that are not finite are
/// left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Band {
    /// Seconds after the origin, ascending.
    pub seconds: Vec<f64>,
    /// Median, metres.
    pub median_m: Vec<f64>,
    /// 5 %, metres; empty for a forecast without uncertainty.
    pub low_m: Vec<f64>,
    /// 95 %, metres; empty for a forecast without uncertainty.
    pub high_m: Vec<f64>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mareogram<'a> {
    /// Name of the station: the panel's title.
    pub station: String,
    /// What else to say of it: place, kind, depth.
    pub detail: String,
    /// Record.
    pub observed: Option<&'a Observed>,
    /// Forecast.
    pub forecast: Option<&'a Band>,
    /// Forecast arrival, seconds after the origin.
    pub arrival_s: Option<f64>,
    /// Records up to here were used for the forecast, seconds after the origin.
    pub used_until_s: Option<f64>,
}

/// A page of panels, one below the other.
#[derive(Debug, Clone, Copy)]
pub struct MareogramPage<'a> {
    /// Panels from the top, at most [`MAX_PANELS`].
    pub panels: &'a [Mareogram<'a>],
    /// Words. UTC is on the axis when the origin time is known.
    pub event: &'a EventText,
    /// Pixels across.
    pub width_px: u32,
    /// Most pixels down; panels are never higher than a third of the width.
    pub height_px: u32,
    /// Seconds after the origin from left to right; `None` shows all there is, from just before the origin.
    pub span_s: Option<(f64, f64)>,
}

impl MareogramPage<'_> {
    /// The picture.
    ///
    /// # Errors
    /// [`ChartError`] for a page without panels or with too many, too many samples, a size that cannot be
    /// drawn.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        check_size(self.width_px, self.height_px)?;
        if self.panels.is_empty() {
            return Err(ChartError::Empty);
        }
        let longest = self.panels.iter().map(samples).max().unwrap_or(0);
        for (what, found, most) in [
            ("panels", self.panels.len(), MAX_PANELS),
            ("samples in a series", longest, MAX_SAMPLES),
        ] {
            if found > most {
                return Err(ChartError::TooMany { what, found, most });
            }
        }
        let width = self.width_px as f32;
        let u = (width / 1300.0).clamp(0.6, 2.4);
        let status = if self.event.status.is_some() {
            36.0 * u
        } else {
            0.0
        };
        let (top, below) = (status + 92.0 * u, 100.0 * u);
        let (left, right, gap) = (76.0 * u, 22.0 * u, 40.0 * u);
        let count = self.panels.len() as f32;
        let room = (self.height_px as f32 - top - below - gap * count) / count;
        let panel_h = room.min(width / 3.0).max(24.0 * u).floor();
        let height = (top + count * (gap + panel_h) + below)
            .ceil()
            .min(self.height_px as f32);
        let mut canvas = Canvas::new(self.width_px, height as u32)?;
        let span = span(self.panels, self.span_s);
        let times = axis::Times::new(span, left, width - right, u);
        heading(&mut canvas, self.event, u);
        draw::key(
            &mut canvas,
            self.panels,
            left,
            status + 78.0 * u,
            width - right,
            u,
        );
        let mut y = top;
        for panel in self.panels {
            let frame = Frame::new(
                left,
                (y + gap).floor(),
                width - right,
                (y + gap).floor() + panel_h,
            );
            draw::panel(&mut canvas, panel, &times, frame, u);
            y += gap + panel_h;
        }
        times.labels(&mut canvas, y, self.event.origin_unix_s);
        draw::foot(
            &mut canvas,
            self.event,
            left,
            height - 10.0 * u,
            width - right,
            u,
        );
        canvas.png()
    }
}

fn samples(panel: &Mareogram<'_>) -> usize {
    let band = panel.forecast.map_or(0, |b| {
        b.seconds
            .len()
            .max(b.median_m.len())
            .max(b.low_m.len())
            .max(b.high_m.len())
    });
    panel.observed.map_or(0, <[(f64, f64)]>::len).max(band)
}

/// The time axis in seconds: as asked, else from all that is drawn.
fn span(panels: &[Mareogram<'_>], asked: Option<(f64, f64)>) -> (f64, f64) {
    let usable = |t: f64| t.is_finite() && t.abs() <= MAX_SPAN_S;
    if let Some((from, to)) = asked
        && usable(from)
        && usable(to)
        && to - from >= 1.0
    {
        return (from, to);
    }
    let mut from = 0.0_f64;
    let mut to = 0.0_f64;
    for panel in panels {
        let observed = panel
            .observed
            .into_iter()
            .flatten()
            .filter(|(_, v)| v.is_finite())
            .map(|s| s.0);
        let forecast = panel
            .forecast
            .into_iter()
            .flat_map(|b| b.seconds.iter().copied());
        let marks = panel.arrival_s.into_iter().chain(panel.used_until_s);
        for t in observed.chain(forecast).chain(marks).filter(|t| usable(*t)) {
            from = from.min(t);
            to = to.max(t);
        }
    }
    if to - from < 60.0 {
        to = from + 3600.0;
    }
    // A little before the origin, so that its line is seen; not more, when a record began days ago.
    (from.max(-0.15 * to.max(60.0)).min(-0.02 * to), to)
}
