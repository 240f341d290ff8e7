//! A page of opaque pixels, the shapes that are drawn on it, and its PNG.
//!
//! Everything is given in pixels from the upper left corner. Drawing never fails: a shape that has no
//! finite outline is not drawn. The same calls give the same bytes on every machine (scalar arithmetic, no
//! SIMD dispatch, no time in the file).

use tiny_skia::{
    FillRule, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8,
    Rect, Stroke, StrokeDash, Transform,
};

use crate::colour::Rgba;
use crate::error::ChartError;

/// Fewest pixels of a side: below it not even the legend can be read.
pub const MIN_SIDE_PX: u32 = 480;
/// Most pixels of a side: 64 MB of memory for a square page.
pub const MAX_SIDE_PX: u32 = 4096;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub x0: f32,
    pub y0: f32,
    pub x1: f32,
    pub y1: f32,
}

impl Frame {
    pub fn new(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Frame { x0, y0, x1, y1 }
    }
    pub fn around(x: f32, y: f32, half_width: f32, half_height: f32) -> Self {
        Frame::new(
            x - half_width,
            y - half_height,
            x + half_width,
            y + half_height,
        )
    }
    pub fn width(&self) -> f32 {
        self.x1 - self.x0
    }
    pub fn height(&self) -> f32 {
        self.y1 - self.y0
    }
    pub fn grown(&self, by: f32) -> Self {
        Frame::new(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)
    }
    pub fn overlaps(&self, other: &Frame) -> bool {
        self.x0 < other.x1 && other.x0 < self.x1 && self.y0 < other.y1 && other.y0 < self.y1
    }
    pub fn holds(&self, other: &Frame) -> bool {
        self.x0 <= other.x0 && other.x1 <= self.x1 && self.y0 <= other.y0 && other.y1 <= self.y1
    }
    pub fn holds_point(&self, x: f32, y: f32) -> bool {
        (self.x0..=self.x1).contains(&x) && (self.y0..=self.y1).contains(&y)
    }
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pen {
    pub colour: Rgba,
    pub width: f32,
    /// Lengths of dash and gap, pixels.
    pub dash: Option<(f32, f32)>,
}

impl Pen {
    pub fn new(colour: Rgba, width: f32) -> Self {
        Pen {
            colour,
            width,
            dash: None,
        }
    }
    pub fn dashed(colour: Rgba, width: f32, dash: f32, gap: f32) -> Self {
        Pen {
            colour,
            width,
            dash: Some((dash, gap)),
        }
    }
}

pub(crate) struct Canvas {
    pub(crate) pixmap: Pixmap,
    /// What lies outside is left alone, when set.
    clip: Option<Mask>,
}

fn paint(colour: Rgba) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(colour.r, colour.g, colour.b, colour.a);
    paint.anti_alias = true;
    paint
}

/// A side that can be drawn, or why not.
pub(crate) fn check_size(width: u32, height: u32) -> Result<(), ChartError> {
    let sides = MIN_SIDE_PX..=MAX_SIDE_PX;
    if sides.contains(&width) && sides.contains(&height) {
        return Ok(());
    }
    Err(ChartError::Size {
        width,
        height,
        least: MIN_SIDE_PX,
        most: MAX_SIDE_PX,
    })
}

impl Canvas {
    /// A white page. `width` and `height` are at least 1 and at most [`MAX_SIDE_PX`].
    pub fn new(width: u32, height: u32) -> Result<Self, ChartError> {
        let refused = ChartError::Size {
            width,
            height,
            least: MIN_SIDE_PX,
            most: MAX_SIDE_PX,
        };
        if width > MAX_SIDE_PX || height > MAX_SIDE_PX {
            return Err(refused);
        }
        let mut pixmap = Pixmap::new(width, height).ok_or(refused)?;
        pixmap.fill(tiny_skia::Color::WHITE);
        Ok(Canvas { pixmap, clip: None })
    }

    pub fn width(&self) -> f32 {
        self.pixmap.width() as f32
    }

    /// Draws within `frame` only, until [`Canvas::unclip`].
    pub fn clip(&mut self, frame: Frame) {
        self.clip = Mask::new(self.pixmap.width(), self.pixmap.height()).map(|mut mask| {
            if let Some(path) = rectangle(frame) {
                mask.fill_path(&path, FillRule::Winding, true, Transform::identity());
            }
            mask
        });
    }

    /// Draws within `frame` where `land` is not, until [`Canvas::unclip`].
    pub fn clip_to_sea(&mut self, frame: Frame, land: Option<&Mask>) {
        self.clip(frame);
        if let (Some(clip), Some(land)) = (&mut self.clip, land) {
            for (open, land) in clip.data_mut().iter_mut().zip(land.data()) {
                *open = (*open).min(255 - land);
            }
        }
    }

    pub fn unclip(&mut self) {
        self.clip = None;
    }

    pub fn fill(&mut self, path: &Path, colour: Rgba) {
        self.pixmap.fill_path(
            path,
            &paint(colour),
            FillRule::Winding,
            Transform::identity(),
            self.clip.as_ref(),
        );
    }

    pub fn stroke(&mut self, path: &Path, pen: Pen) {
        let stroke = Stroke {
            width: pen.width,
            line_cap: if pen.dash.is_some() {
                LineCap::Butt
            } else {
                LineCap::Round
            },
            line_join: LineJoin::Round,
            dash: pen
                .dash
                .and_then(|(dash, gap)| StrokeDash::new(vec![dash, gap], 0.0)),
            ..Stroke::default()
        };
        self.pixmap.stroke_path(
            path,
            &paint(pen.colour),
            &stroke,
            Transform::identity(),
            self.clip.as_ref(),
        );
    }

    pub fn fill_frame(&mut self, frame: Frame, colour: Rgba) {
        if let Some(path) = rectangle(frame) {
            self.fill(&path, colour);
        }
    }

    pub fn stroke_frame(&mut self, frame: Frame, pen: Pen) {
        if let Some(path) = rectangle(frame) {
            self.stroke(&path, pen);
        }
    }

    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), pen: Pen) {
        self.polyline(&[from, to], pen);
    }

    pub fn polyline(&mut self, points: &[(f32, f32)], pen: Pen) {
        if let Some(path) = open(points) {
            self.stroke(&path, pen);
        }
    }

    /// A filled polygon with an outline.
    pub fn polygon(&mut self, points: &[(f32, f32)], inside: Rgba, outline: Pen) {
        if let Some(path) = closed(points) {
            self.fill(&path, inside);
            if outline.width > 0.0 {
                self.stroke(&path, outline);
            }
        }
    }

    pub fn circle(&mut self, x: f32, y: f32, radius: f32, inside: Rgba, outline: Pen) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            self.fill(&path, inside);
            if outline.width > 0.0 {
                self.stroke(&path, outline);
            }
        }
    }

    /// A five-pointed star, one point up.
    pub fn star(&mut self, x: f32, y: f32, radius: f32, inside: Rgba, outline: Pen) {
        // The inner radius of a regular pentagram is the outer one times 0.382; a little more reads better
        // when small.
        let points: Vec<(f32, f32)> = (0..10)
            .map(|k| {
                let reach = if k % 2 == 0 { radius } else { radius * 0.42 };
                let angle = std::f32::consts::PI * (k as f32 / 5.0 - 0.5);
                (x + reach * angle.cos(), y + reach * angle.sin())
            })
            .collect();
        self.polygon(&points, inside, outline);
    }

    /// Sets one pixel; outside the page nothing happens.
    pub fn set(&mut self, x: u32, y: u32, colour: Rgba) {
        if x >= self.pixmap.width() || y >= self.pixmap.height() {
            return;
        }
        let k = (y * self.pixmap.width() + x) as usize;
        if let Some(pixel) = PremultipliedColorU8::from_rgba(colour.r, colour.g, colour.b, 255) {
            self.pixmap.pixels_mut()[k] = pixel;
        }
    }

    /// The page as an RGB file without time or text chunks.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        let refused = |e: png::EncodingError| ChartError::Encode(e.to_string());
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, self.pixmap.width(), self.pixmap.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let rgb: Vec<u8> = self
            .pixmap
            .pixels()
            .iter()
            .flat_map(|p| [p.red(), p.green(), p.blue()])
            .collect();
        let mut writer = encoder.write_header().map_err(refused)?;
        writer.write_image_data(&rgb).map_err(refused)?;
        writer.finish().map_err(refused)?;
        Ok(out)
    }
}

fn rectangle(frame: Frame) -> Option<Path> {
    Rect::from_ltrb(frame.x0, frame.y0, frame.x1, frame.y1).map(PathBuilder::from_rect)
}

/// Coordinates far beyond any page break the arithmetic of a rasteriser; they cannot be seen either.
fn drawable(points: &[(f32, f32)]) -> bool {
    points.iter().all(|(x, y)| x.abs() < 1e5 && y.abs() < 1e5)
}

fn open(points: &[(f32, f32)]) -> Option<Path> {
    through(points, 2)?.finish()
}

fn closed(points: &[(f32, f32)]) -> Option<Path> {
    let mut path = through(points, 3)?;
    path.close();
    path.finish()
}

/// A way through points, of which there must be some.
fn through(points: &[(f32, f32)], least: usize) -> Option<PathBuilder> {
    if points.len() < least || !drawable(points) {
        return None;
    }
    let mut path = PathBuilder::new();
    for (k, &(x, y)) in points.iter().enumerate() {
        if k == 0 {
            path.move_to(x, y)
        } else {
            path.line_to(x, y)
        }
    }
    Some(path)
}
