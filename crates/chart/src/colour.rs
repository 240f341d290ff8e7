//! Colours, and why these.
//!
//! Heights use the "inferno" sequence (Smith and van der Walt, matplotlib, CC0) from pale to dark: its
//! lightness falls evenly, so that the order of the classes survives every form of colour blindness and a
//! grey print. Sea floor is blue, land is warm grey, and neither is as strong as a class of heights. Levels
//! of forecast points differ in lightness, size and shape as well as in colour.

/// One colour, not premultiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgba {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
    /// Opacity, 255 covers.
    pub a: u8,
}

impl Rgba {
    pub(crate) const fn hex(rgb: u32) -> Self {
        Rgba {
            r: (rgb >> 16) as u8,
            g: (rgb >> 8) as u8,
            b: rgb as u8,
            a: 255,
        }
    }
    pub(crate) const fn with_alpha(self, a: u8) -> Self {
        Rgba { a, ..self }
    }
    /// Part `t` (0 to 1) of the way to `other`.
    pub(crate) fn towards(self, other: Rgba, t: f32) -> Self {
        let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
        let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * t).round() as u8;
        Rgba {
            r: mix(self.r, other.r),
            g: mix(self.g, other.g),
            b: mix(self.b, other.b),
            a: 255,
        }
    }
    /// Lighter (`by` above 1) or darker.
    pub(crate) fn shaded(self, by: f32) -> Self {
        let scale = |c: u8| (f32::from(c) * by).clamp(0.0, 255.0).round() as u8;
        Rgba {
            r: scale(self.r),
            g: scale(self.g),
            b: scale(self.b),
            a: self.a,
        }
    }
    #[cfg(test)]
    /// Relative luminance, 0 to 1 (WCAG 2.2, linearised sRGB).
    pub(crate) fn luminance(self) -> f32 {
        let linear = |c: u8| {
            let c = f32::from(c) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.r) + 0.7152 * linear(self.g) + 0.0722 * linear(self.b)
    }
}

pub(crate) const WHITE: Rgba = Rgba::hex(0xffffff);
pub(crate) const INK: Rgba = Rgba::hex(0x14181d);
pub(crate) const GREY: Rgba = Rgba::hex(0x59626b);
pub(crate) const RULE: Rgba = Rgba::hex(0xc3c9cf);
pub(crate) const LAND: Rgba = Rgba::hex(0xd6d1c6);
pub(crate) const COAST: Rgba = Rgba::hex(0x4a4740);
/// Sea where the wave stays under the lowest class or never comes.
pub(crate) const STILL: Rgba = Rgba::hex(0xe9f1f6);
/// Sea that was not computed: outside the grid.
pub(crate) const OUTSIDE: Rgba = Rgba::hex(0xf4f4f4);
/// Its hatching.
pub(crate) const HATCH: Rgba = Rgba::hex(0xd4d7da);
pub(crate) const STATUS: Rgba = Rgba::hex(0xa8001c);
pub(crate) const RUPTURE: Rgba = Rgba::hex(0x003f8a);
pub(crate) const STAR: Rgba = Rgba::hex(0xffffff);
pub(crate) const STATION: Rgba = Rgba::hex(0x0a5fb4);
/// Hourly lines: dark, so that they stand on every depth.
pub(crate) const ISOCHRONE: Rgba = Rgba::hex(0x5b0f1f);

/// Inferno from pale to dark, without the last tenth at either end.
const HEIGHTS: [Rgba; 10] = [
    Rgba::hex(0xfbf3a2),
    Rgba::hex(0xf6d746),
    Rgba::hex(0xfca50a),
    Rgba::hex(0xf37819),
    Rgba::hex(0xdd513a),
    Rgba::hex(0xbc3754),
    Rgba::hex(0x932667),
    Rgba::hex(0x6a176e),
    Rgba::hex(0x420a68),
    Rgba::hex(0x160b39),
];

/// Colour of class `k` of `n`, 0 the lowest.
pub(crate) fn height(k: usize, n: usize) -> Rgba {
    sequence(
        &HEIGHTS,
        if n < 2 {
            0.5
        } else {
            k as f32 / (n - 1) as f32
        },
    )
}

fn sequence(colours: &[Rgba], t: f32) -> Rgba {
    let x = t.clamp(0.0, 1.0) * (colours.len() - 1) as f32;
    let k = (x.floor() as usize).min(colours.len().saturating_sub(2));
    colours[k].towards(colours[k + 1], x - k as f32)
}

/// Blues of the sea floor at 0, 200, 1000, 3000, 5000 and 8000 m. Light enough for dark lines on all of them.
const DEPTHS: [(f32, Rgba); 6] = [
    (0.0, Rgba::hex(0xeaf4f9)),
    (200.0, Rgba::hex(0xdcecf5)),
    (1000.0, Rgba::hex(0xc8e0ef)),
    (3000.0, Rgba::hex(0xb0d0e6)),
    (5000.0, Rgba::hex(0x98bfdc)),
    (8000.0, Rgba::hex(0x6f9fc6)),
];

/// Tint of the sea at a depth in metres.
pub(crate) fn depth(metres: f32) -> Rgba {
    let mut colour = DEPTHS[0].1;
    for pair in DEPTHS.windows(2) {
        let ((from, above), (to, below)) = (pair[0], pair[1]);
        if metres > from {
            colour = above.towards(below, (metres - from) / (to - from));
        }
    }
    colour
}

/// Bands between isochrones: pale with time, lightness rising evenly ("lajolla"-like warm sequence to
/// blue-white).
const BANDS: [Rgba; 6] = [
    Rgba::hex(0xb5432f),
    Rgba::hex(0xe0814c),
    Rgba::hex(0xf2b56b),
    Rgba::hex(0xf8dc9a),
    Rgba::hex(0xf5ecc0),
    Rgba::hex(0xeef6fa),
];

/// Colour of the band at a fraction of the longest time.
pub(crate) fn band(t: f32) -> Rgba {
    sequence(&BANDS, t)
}

/// Levels of forecast points from none to the highest: lightness falls monotonically.
const LEVELS: [Rgba; 5] = [
    Rgba::hex(0xffffff),
    Rgba::hex(0xffe04d),
    Rgba::hex(0xff8c1a),
    Rgba::hex(0xd3122a),
    Rgba::hex(0x5a0a7d),
];

/// Most levels of forecast points.
pub(crate) const MAX_LEVELS: usize = LEVELS.len();

/// Colour of a level, 0 the lowest of `n`: the lowest is always white, the highest of four or more always
/// red or darker.
pub(crate) fn level(k: usize, n: usize) -> Rgba {
    let spread = match n {
        0..=2 => [0, 3, 3, 3, 3],
        3 => [0, 2, 3, 3, 3],
        _ => [0, 1, 2, 3, 4],
    };
    LEVELS[spread[k.min(MAX_LEVELS - 1)]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_orders_the_classes_without_hue() {
        for n in 2..=12 {
            let light: Vec<f32> = (0..n).map(|k| height(k, n).luminance()).collect();
            assert!(
                light.windows(2).all(|w| w[0] > w[1] + 0.004),
                "{n}: {light:?}"
            );
            assert!(STILL.luminance() < 0.9 && STILL != height(0, n));
        }
        let light: Vec<f32> = (0..5).map(|k| level(k, 5).luminance()).collect();
        assert!(light.windows(2).all(|w| w[0] > w[1] + 0.05), "{light:?}");
        let light: Vec<f32> = (0..=10)
            .map(|k| band(k as f32 / 10.0).luminance())
            .collect();
        assert!(light.windows(2).all(|w| w[0] < w[1]), "{light:?}");
    }

    #[test]
    fn dark_lines_stand_on_every_depth() {
        for metres in [0.0, 100.0, 4000.0, 8000.0, 11000.0] {
            let ratio = (depth(metres).luminance() + 0.05) / (ISOCHRONE.luminance() + 0.05);
            assert!(ratio > 4.5, "contrast {ratio} at {metres} m");
        }
    }
}
