//! What the signs of a map mean, as rows of the panel.

use crate::canvas::{Canvas, Frame, Pen};
use crate::colour::{HATCH, INK, LAND, OUTSIDE, Rgba};
use crate::symbols;
use crate::terrain::hatched;

/// The picture at the left of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sign {
    Swatch(Rgba),
    /// Hatched: nothing is known there.
    Outside,
    /// A line of this colour and width on a patch of sea.
    Line(Rgba, f32),
    Star,
    Rupture,
    Station,
    Point {
        level: usize,
        levels: usize,
    },
}

/// A heading over rows.
pub(crate) struct Section {
    pub title: String,
    pub rows: Vec<(Sign, String)>,
}

/// Draws a sign in its box.
pub(crate) fn draw(canvas: &mut Canvas, sign: Sign, frame: Frame, unit: f32) {
    let (x, y) = ((frame.x0 + frame.x1) * 0.5, (frame.y0 + frame.y1) * 0.5);
    match sign {
        Sign::Swatch(colour) => {
            canvas.fill_frame(frame, colour);
            canvas.stroke_frame(frame, Pen::new(INK.with_alpha(150), 0.8 * unit));
        }
        Sign::Outside => {
            for y in frame.y0.ceil() as u32..frame.y1 as u32 {
                for x in frame.x0.ceil() as u32..frame.x1 as u32 {
                    canvas.set(x, y, if hatched(x, y) { HATCH } else { OUTSIDE });
                }
            }
            canvas.stroke_frame(frame, Pen::new(INK.with_alpha(150), 0.8 * unit));
        }
        Sign::Line(colour, width) => {
            canvas.line((frame.x0, y), (frame.x1, y), Pen::new(colour, width));
        }
        Sign::Star => symbols::epicentre(canvas, x, y, unit * 0.7),
        Sign::Rupture => {
            let f = Frame::around(x, y, frame.width() * 0.4, frame.height() * 0.36);
            let corners = [(f.x0, f.y0), (f.x1, f.y0), (f.x1, f.y1), (f.x0, f.y1)];
            symbols::rupture(canvas, &corners, unit, false);
        }
        Sign::Station => symbols::station(canvas, x, y, unit),
        Sign::Point { level, levels } => symbols::point(canvas, x, y, level, levels, unit),
    }
}

/// The row that says which colour is land.
pub(crate) fn land() -> (Sign, String) {
    (Sign::Swatch(LAND), "land".to_owned())
}
