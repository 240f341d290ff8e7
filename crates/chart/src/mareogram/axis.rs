//! Axes: round ticks, their words, and where a value lies.

use crate::canvas::{Canvas, Frame, Pen};
use crate::colour::{GREY, INK, RULE};
use crate::instant;
use crate::text::{self, Anchor, Style};

/// The time axis of a page.
pub(crate) struct Times {
    from_s: f64,
    to_s: f64,
    x0: f32,
    x1: f32,
    step_s: f64,
    unit: f32,
}

/// Round steps of time, seconds.
const STEPS_S: [f64; 14] = [
    10.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0,
    86_400.0, 172_800.0,
];

impl Times {
    pub fn new((from_s, to_s): (f64, f64), x0: f32, x1: f32, unit: f32) -> Self {
        let most = f64::from((x1 - x0) / (86.0 * unit)).max(2.0);
        let step_s = STEPS_S
            .into_iter()
            .find(|s| (to_s - from_s) / s <= most)
            .unwrap_or(432_000.0);
        Times {
            from_s,
            to_s,
            x0,
            x1,
            step_s,
            unit,
        }
    }

    pub fn x(&self, seconds: f64) -> f32 {
        let part = (seconds - self.from_s) / (self.to_s - self.from_s);
        (f64::from(self.x0) + part * f64::from(self.x1 - self.x0)) as f32
    }

    pub fn shows(&self, seconds: f64) -> bool {
        (self.from_s..=self.to_s).contains(&seconds)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let step = self.step_s;
        let first = (self.from_s / step - 1e-9).ceil() as i64;
        let last = (self.to_s / step + 1e-9).floor() as i64;
        (first..=last).map(move |k| k as f64 * step)
    }

    pub fn grid(&self, canvas: &mut Canvas, frame: Frame) {
        for t in self.ticks() {
            let x = self.x(t);
            canvas.line(
                (x, frame.y0),
                (x, frame.y1),
                Pen::new(RULE.with_alpha(150), 0.8 * self.unit),
            );
        }
    }

    /// Two rows below the lowest panel: time after the origin, and UTC when the origin is known.
    pub fn labels(&self, canvas: &mut Canvas, y: f32, origin_unix_s: Option<i64>) {
        let u = self.unit;
        let style = Style::new(12.5 * u, INK).anchored(Anchor::Middle);
        let grey = Style::new(12.5 * u, GREY).anchored(Anchor::Middle);
        let mut day = String::new();
        for t in self.ticks() {
            let x = self.x(t);
            canvas.line((x, y), (x, y + 5.0 * u), Pen::new(INK, 1.0 * u));
            canvas.text(x, y + 18.0 * u, &elapsed(t), &style);
            if let Some(origin) = origin_unix_s {
                let at = origin.saturating_add(t as i64);
                let mut label = instant::clock(at);
                let date = instant::day(at);
                if date != day {
                    label = format!("{date} {label}");
                    day = date;
                }
                canvas.text(x, y + 36.0 * u, &label, &grey);
            }
        }
        // Named in the left margin, where no tick stands.
        let name = Style::new(11.5 * u, GREY).anchored(Anchor::End);
        let edge = self.x0 - 10.0 * u;
        if self
            .ticks()
            .next()
            .is_none_or(|t| self.x(t) - 48.0 * u > edge)
        {
            canvas.text(edge, y + 18.0 * u, "after origin", &name);
            if origin_unix_s.is_some() {
                canvas.text(edge, y + 36.0 * u, "UTC", &name);
            }
        } else {
            let caption = if origin_unix_s.is_some() {
                "hours and minutes after the origin; below it UTC"
            } else {
                "hours and minutes after the origin"
            };
            canvas.text(self.x0, y + 54.0 * u, caption, &Style::new(11.5 * u, GREY));
        }
    }
}

/// `−0:15`, `3:20`, with seconds when they are not round.
pub(crate) fn elapsed(seconds: f64) -> String {
    let s = seconds.abs().round() as i64;
    let sign = if seconds < -0.5 { "−" } else { "" };
    if s % 60 == 0 {
        format!("{sign}{}:{:02}", s / 3600, s / 60 % 60)
    } else {
        format!("{sign}{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    }
}

/// The height axis of a panel.
pub(crate) struct Heights {
    low: f64,
    high: f64,
    step: f64,
    frame: Frame,
    millimetres: bool,
}

impl Heights {
    /// An axis that shows values from `low` to `high` metres and zero.
    pub fn new(low: f64, high: f64, frame: Frame, unit: f32) -> Self {
        let (mut low, mut high) = (low.min(0.0), high.max(0.0));
        // A silent record gets an axis of a centimetre or so, not one that shows rounding.
        if high - low < 1e-4 {
            (low, high) = (-0.01, 0.01);
        }
        let pad = (high - low) * 0.08;
        (low, high) = (low - pad, high + pad);
        let most = f64::from(frame.height() / (30.0 * unit)).clamp(2.0, 9.0);
        let rough = (high - low) / most;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|m| m * power)
            .find(|&s| s >= rough)
            .unwrap_or(rough);
        Heights {
            low,
            high,
            step,
            frame,
            millimetres: high.max(-low) < 0.03,
        }
    }

    pub fn y(&self, metres: f64) -> f32 {
        let part = (metres - self.low) / (self.high - self.low);
        (f64::from(self.frame.y1) - part * f64::from(self.frame.height())) as f32
    }

    pub fn draw(&self, canvas: &mut Canvas, u: f32) {
        let f = self.frame;
        let scale = if self.millimetres { 1e3 } else { 1.0 };
        let decimals = (-(self.step * scale).log10().floor()).clamp(0.0, 6.0) as usize;
        let first = (self.low / self.step).ceil() as i64;
        let last = (self.high / self.step).floor() as i64;
        let style = Style::new(12.0 * u, INK).anchored(Anchor::End);
        for k in first..=last {
            let metres = k as f64 * self.step;
            let y = self.y(metres);
            let pen = if k == 0 {
                Pen::new(GREY, 1.0 * u)
            } else {
                Pen::new(RULE.with_alpha(150), 0.8 * u)
            };
            canvas.line((f.x0, y), (f.x1, y), pen);
            let label = format!("{:.decimals$}", metres * scale).replace('-', "−");
            canvas.text(f.x0 - 7.0 * u, y + 4.3 * u, &label, &style);
        }
        let name = if self.millimetres { "mm" } else { "m" };
        let width = text::width(name, 12.0 * u, true);
        let style = Style::new(12.0 * u, INK)
            .bold()
            .anchored(Anchor::Middle)
            .turned(-90.0);
        canvas.text(
            f.x0 - 60.0 * u + width * 0.1,
            (f.y0 + f.y1) * 0.5,
            name,
            &style,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        assert_eq!(elapsed(-900.0), "−0:15");
        assert_eq!(elapsed(12_000.0), "3:20");
        assert_eq!(elapsed(30.0), "0:00:30");
        assert_eq!(elapsed(-0.2), "0:00");
    }

    #[test]
    fn any_scale_has_a_handful_of_ticks() {
        let frame = Frame::new(0.0, 0.0, 800.0, 200.0);
        for size in [1e-9, 1e-3, 0.02, 0.2, 3.0, 12.0, 1e4] {
            let axis = Heights::new(-size, size * 0.7, frame, 1.0);
            let ticks = (axis.high / axis.step).floor() - (axis.low / axis.step).ceil() + 1.0;
            assert!((2.0..=10.0).contains(&ticks), "{size}: {ticks}");
            assert!(axis.y(-size) <= 200.0 && axis.y(size * 0.7) >= 0.0);
        }
        for span in [1.0, 60.0, 5000.0, 90_000.0, 5e6] {
            let n = Times::new((-0.1 * span, span), 0.0, 900.0, 1.0)
                .ticks()
                .count();
            assert!((1..=14).contains(&n), "{span}: {n}");
        }
    }
}
