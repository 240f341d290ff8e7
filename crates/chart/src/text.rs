//! Text as outlines: measured, wrapped, turned, with a halo.
//!
//! Fonts are DejaVu Sans Condensed, regular and bold, cut down to Latin, Greek, Cyrillic and the signs that
//! charts need (`assets/README.md`). A character that they lack is drawn as the font's empty box.
//! Right-to-left scripts are not set.

use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::canvas::{Canvas, Frame, Pen};
use crate::colour::Rgba;

static REGULAR: &[u8] = include_bytes!("../assets/DejaVuSansCondensed.subset.ttf");
static BOLD: &[u8] = include_bytes!("../assets/DejaVuSansCondensed-Bold.subset.ttf");

/// Longest text that is set, characters; the rest gives way to an ellipsis.
const MAX_CHARS: usize = 300;

/// Where the given point lies in a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub size: f32,
    pub bold: bool,
    pub colour: Rgba,
    /// Colour and width round the letters.
    pub halo: Option<(Rgba, f32)>,
    pub anchor: Anchor,
    /// Degrees, clockwise.
    pub angle_deg: f32,
}

impl Style {
    pub fn new(size: f32, colour: Rgba) -> Self {
        Style {
            size,
            bold: false,
            colour,
            halo: None,
            anchor: Anchor::Start,
            angle_deg: 0.0,
        }
    }
    pub fn bold(self) -> Self {
        Style { bold: true, ..self }
    }
    pub fn anchored(self, anchor: Anchor) -> Self {
        Style { anchor, ..self }
    }
    pub fn halo(self, colour: Rgba, width: f32) -> Self {
        Style {
            halo: Some((colour, width)),
            ..self
        }
    }
    pub fn turned(self, angle_deg: f32) -> Self {
        Style { angle_deg, ..self }
    }
}

/// Height of capitals over the size: 0.729 em in DejaVu Sans.
pub(crate) const CAPITALS: f32 = 0.729;

fn face(bold: bool) -> Option<Face<'static>> {
    Face::parse(if bold { BOLD } else { REGULAR }, 0).ok()
}

/// The text without control characters and not longer than a picture can use.
pub(crate) fn clean(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_CHARS)
        .collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        out.push('…');
    }
    out.trim().to_owned()
}

/// Glyphs with their positions in font units.
fn layout(face: &Face<'_>, text: &str) -> (Vec<(GlyphId, f32)>, f32) {
    let mut x = 0.0;
    let mut glyphs: Vec<(GlyphId, f32)> = Vec::new();
    for c in text.chars() {
        let glyph = face.glyph_index(c).unwrap_or(GlyphId(0));
        if let Some(&(before, _)) = glyphs.last() {
            x += kerning(face, before, glyph);
        }
        glyphs.push((glyph, x));
        x += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0));
    }
    (glyphs, x)
}

fn kerning(face: &Face<'_>, left: GlyphId, right: GlyphId) -> f32 {
    let Some(kern) = face.tables().kern else {
        return 0.0;
    };
    kern.subtables
        .into_iter()
        .filter(|t| t.horizontal && !t.variable)
        .find_map(|t| t.glyphs_kerning(left, right))
        .map_or(0.0, f32::from)
}

/// Width in pixels at a size.
pub(crate) fn width(text: &str, size: f32, bold: bool) -> f32 {
    face(bold).map_or(0.0, |face| {
        layout(&face, text).1 * size / f32::from(face.units_per_em())
    })
}

/// The text cut to fit, with an ellipsis when something is missing.
pub(crate) fn fitted(text: &str, size: f32, bold: bool, most: f32) -> String {
    if width(text, size, bold) <= most {
        return text.to_owned();
    }
    let mut chars: Vec<char> = text.chars().collect();
    while chars.pop().is_some() {
        let mut short: String = chars.iter().collect::<String>().trim_end().to_owned();
        short.push('…');
        if width(&short, size, bold) <= most {
            return short;
        }
    }
    String::new()
}

/// Lines no wider than `most` pixels, broken at spaces, at most `lines` of them.
pub(crate) fn wrapped(text: &str, size: f32, bold: bool, most: f32, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = match out.last() {
            Some(line) => format!("{line} {word}"),
            None => String::new(),
        };
        let full = out.len() == lines;
        match out.last_mut() {
            Some(line) if width(&longer, size, bold) <= most || full => *line = longer,
            _ => out.push(word.to_owned()),
        }
    }
    for line in &mut out {
        *line = fitted(line, size, bold, most);
    }
    out
}

struct Pencil {
    path: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
    pen: f32,
    cos: f32,
    sin: f32,
}

impl Pencil {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = ((x + self.pen) * self.scale, -y * self.scale);
        (
            self.x + x * self.cos - y * self.sin,
            self.y + x * self.sin + y * self.cos,
        )
    }
}

impl OutlineBuilder for Pencil {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }
    fn close(&mut self) {
        self.path.close();
    }
}

fn outline(x: f32, y: f32, text: &str, style: &Style) -> Option<Path> {
    let face = face(style.bold)?;
    let (glyphs, advance) = layout(&face, text);
    let (sin, cos) = style.angle_deg.to_radians().sin_cos();
    let start = match style.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -advance * 0.5,
        Anchor::End => -advance,
    };
    let mut pencil = Pencil {
        path: PathBuilder::new(),
        x,
        y,
        scale: style.size / f32::from(face.units_per_em()),
        pen: 0.0,
        cos,
        sin,
    };
    for (glyph, at) in glyphs {
        pencil.pen = start + at;
        face.outline_glyph(glyph, &mut pencil);
    }
    pencil.path.finish()
}

impl Canvas {
    /// One line of text whose baseline passes through (`x`, `y`).
    pub fn text(&mut self, x: f32, y: f32, text: &str, style: &Style) {
        let Some(path) = outline(x, y, text, style) else {
            return;
        };
        if let Some((colour, width)) = style.halo {
            self.stroke(&path, Pen::new(colour, width * 2.0));
        }
        self.fill(&path, style.colour);
    }
}

/// The upright box that holds a line of text turned about its middle, with a little air.
pub(crate) fn turned_box(x: f32, y: f32, width: f32, size: f32, angle_deg: f32) -> Frame {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let (w, h) = (width * 0.5 + 2.0, size * 0.5 + 1.0);
    Frame::around(
        x,
        y,
        w * cos.abs() + h * sin.abs(),
        w * sin.abs() + h * cos.abs(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_a_chart_needs_is_in_both_fonts() {
        for bold in [false, true] {
            let face = face(bold).expect("the font is valid");
            for c in
                "AZaz09 .,:;+-–—−°±µμ×≥≤′″→←↑↓²³ÄÖÜßÉéèñçøåłőşŽžąę ĀāŌōŪū Владивосток Ả ★▲▼".chars()
            {
                assert!(face.glyph_index(c).is_some_and(|g| g.0 != 0), "{c:?}");
            }
        }
    }

    #[test]
    fn text_is_cut_to_fit() {
        assert_eq!(fitted("Valparaíso", 14.0, false, 500.0), "Valparaíso");
        let short = fitted("Valparaíso", 14.0, false, 40.0);
        assert!(
            short.ends_with('…') && width(&short, 14.0, false) <= 40.0,
            "{short}"
        );
        assert_eq!(fitted("Valparaíso", 14.0, false, 0.0), "");
        for lines in 1..4 {
            let out = wrapped(
                "off the coast of Maule, central Chile",
                14.0,
                true,
                90.0,
                lines,
            );
            assert!(
                out.len() <= lines && out.iter().all(|l| width(l, 14.0, true) <= 90.0),
                "{out:?}"
            );
        }
        assert_eq!(clean("a\u{7}b\n").as_str(), "a b");
        assert_eq!(clean(&"x".repeat(900)).chars().count(), MAX_CHARS + 1);
    }
}
