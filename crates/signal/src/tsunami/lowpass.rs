//! Causal low-pass for irregular samples: a fourth-order Butterworth filter, solved exactly between samples.
//!
//! Each pole is its own first-order equation `X' = p X + u`, driven by the samples joined by straight lines, for which the
//! solution over a step of any length is closed. So one filter serves 1 s and 15 min samples, without resampling.
//! A flat pass band keeps a tsunami's amplitude; the delay is `2.613 / w` (the Butterworth group delay at zero
//! frequency), 75 s for a 3-minute cut-off. After a gap much longer than the cut-off, the output is the input.
//!
//! Single precision: a state moves by its change (`e^{ph} - 1` times itself), so that rounding is small against the change and not
//! against the state. At 1 s a metre comes out good to a hundredth of a millimetre, at 100 samples a second to a millimetre.

use libm::{cosf, expf, sinf};

/// Group delay at zero frequency times the angular cut-off: sum of -1/Re(1/p), Butterworth order 4.
const DELAY: f64 = 2.613_125_929_752_753;

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Complex {
    re: f32,
    im: f32,
}

const fn c(re: f32, im: f32) -> Complex {
    Complex { re, im }
}

impl Complex {
    fn mul(self, o: Self) -> Self {
        c(
            self.re * o.re - self.im * o.im,
            self.re * o.im + self.im * o.re,
        )
    }
    fn add(self, o: Self) -> Self {
        c(self.re + o.re, self.im + o.im)
    }
    fn scale(self, f: f32) -> Self {
        c(self.re * f, self.im * f)
    }
}

/// The two poles in the upper half plane for a unit cut-off, exp(i 5/8 pi) and exp(i 7/8 pi). The other two are conjugates.
const POLES: [Complex; 2] = [c(-0.382_683_43, 0.923_879_5), c(-0.923_879_5, 0.382_683_43)];
/// Their inverses (they lie on the unit circle).
const INVERSES: [Complex; 2] = [
    c(-0.382_683_43, -0.923_879_5),
    c(-0.923_879_5, -0.382_683_43),
];
/// Their residues: 1 / ((p - p*)(p - q)(p - q*)), q being the other pole.
const RESIDUES: [Complex; 2] = [
    c(-0.461_939_77, 0.191_341_72),
    c(0.461_939_77, -1.115_221_3),
];

/// Coefficients of one pole for one step length.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Advance {
    /// What the state changes by, as a part of itself: `e^{ph} - 1`.
    change: Complex,
    from_old: Complex,
    from_new: Complex,
}

/// The filter's state.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Lowpass {
    /// Angular, 1/s.
    cutoff: f32,
    states: [Complex; 2],
    input: f32,
    /// How many samples share the latest time; their mean is the input there.
    shared: f32,
    step_s: f32,
    advance: [Advance; 2],
}

impl Lowpass {
    /// A filter that removes periods well below `cutoff_s` (half the power at `cutoff_s`), at rest at zero.
    pub(super) fn new(cutoff_s: f64) -> Self {
        let none = c(0.0, 0.0);
        let advance = [Advance {
            change: none,
            from_old: none,
            from_new: none,
        }; 2];
        Self {
            cutoff: (2.0 * core::f64::consts::PI / cutoff_s) as f32,
            states: [none; 2],
            input: 0.0,
            shared: 1.0,
            step_s: 0.0,
            advance,
        }
    }

    /// How much later than the input a slow signal comes out of a filter with a cut-off, s.
    pub(super) fn delay_s(cutoff_s: f64) -> f64 {
        DELAY * cutoff_s / (2.0 * core::f64::consts::PI)
    }

    /// Adds a constant to the past: the output moves by `offset` at once, as if the input had always had it.
    pub(super) fn shift(&mut self, offset: f32) {
        for (state, inverse) in self.states.iter_mut().zip(INVERSES) {
            *state = state.add(inverse.scale(-offset));
        }
        self.input += offset;
    }

    /// Takes the next sample, `step_s` (not negative) after the previous one, and returns the output.
    pub(super) fn step(&mut self, step_s: f32, input: f32) -> f32 {
        if step_s <= 0.0 {
            self.shared += 1.0;
            self.input += (input - self.input) / self.shared;
            return self.output();
        }
        if step_s != self.step_s {
            self.step_s = step_s;
            for (advance, pole) in self.advance.iter_mut().zip(POLES) {
                *advance = Advance::over(pole, step_s * self.cutoff);
            }
        }
        for (state, a) in self.states.iter_mut().zip(&self.advance) {
            let change = a
                .change
                .mul(*state)
                .add(a.from_old.scale(self.input))
                .add(a.from_new.scale(input));
            *state = state.add(change);
        }
        self.input = input;
        self.shared = 1.0;
        self.output()
    }

    fn output(&self) -> f32 {
        let mut sum = 0.0;
        for (state, residue) in self.states.iter().zip(RESIDUES) {
            sum += state.re * residue.re - state.im * residue.im;
        }
        2.0 * sum
    }
}

impl Advance {
    /// `X(h) = e^{ph} X + u0 (A - B) + u1 B` with `A = (e^{ph} - 1) / p`, `B = (e^{ph} - 1 - ph) / (p^2 h)`.
    fn over(pole: Complex, h: f32) -> Self {
        let one = c(1.0, 0.0);
        let ph = pole.scale(h);
        // (e^{ph} - 1 - ph) / (ph)^2, (e^{ph} - 1) / (ph), and e^{ph} - 1
        let (rest, mean, change) = if h < 0.7 {
            // By the series, since the difference would cancel: 1/2! + ph/3! + ... + (ph)^7/9!, the next term is 2e-8.
            let mut sum = one;
            for n in [9.0_f32, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0] {
                sum = one.add(ph.mul(sum).scale(1.0 / n));
            }
            let rest = sum.scale(0.5);
            let mean = one.add(ph.mul(rest));
            (rest, mean, ph.mul(mean))
        } else {
            let size = expf(ph.re);
            let change = c(size * cosf(ph.im) - 1.0, size * sinf(ph.im));
            // The poles lie on the unit circle: 1 / (ph) is their conjugate over h.
            let inverse = c(pole.re, -pole.im).scale(1.0 / h);
            let mean = change.mul(inverse);
            (mean.add(c(-1.0, 0.0)).mul(inverse), mean, change)
        };
        let (a, b) = (mean.scale(h), rest.scale(h));
        Self {
            change,
            from_old: a.add(b.scale(-1.0)),
            from_new: b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain(period_s: f64, step_s: f32) -> f32 {
        let mut filter = Lowpass::new(180.0);
        let (mut t, mut largest) = (0.0, 0.0_f32);
        while t < period_s * 40.0 + 4000.0 {
            t += f64::from(step_s);
            let x = libm::sin(2.0 * core::f64::consts::PI * t / period_s);
            let y = filter.step(step_s, x as f32);
            if t > period_s * 20.0 + 2000.0 {
                largest = largest.max(y.abs());
            }
        }
        largest
    }

    #[test]
    fn passes_tsunami_periods_and_stops_shaking() {
        assert!((gain(600.0, 15.0) - 1.0).abs() < 0.01);
        assert!((gain(1800.0, 60.0) - 1.0).abs() < 0.01);
        assert!((gain(180.0, 1.0) - 0.5_f32.sqrt()).abs() < 0.01);
        assert!((gain(180.0, 0.01) - 0.5_f32.sqrt()).abs() < 0.01);
        assert!(gain(60.0, 1.0) < 0.02);
        assert!(gain(20.0, 1.0) < 0.001);
    }

    /// Rounding accumulates: a constant comes out as itself, to a ten-thousandth even at 100 samples a second.
    #[test]
    fn a_constant_comes_out_as_itself() {
        for (step_s, part) in [
            (0.01, 1e-3),
            (0.1, 1e-4),
            (1.0, 1e-5),
            (15.0, 1e-5),
            (60.0, 1e-5),
            (900.0, 1e-5),
        ] {
            let mut filter = Lowpass::new(180.0);
            let y = (0..400_000).fold(0.0, |_, _| filter.step(step_s, 3.0));
            assert!((y / 3.0 - 1.0).abs() < part, "{step_s}: {y}");
        }
    }

    #[test]
    fn a_ramp_comes_out_late_by_the_stated_delay() {
        for step_s in [1.0_f32, 15.0, 60.0, 900.0] {
            let mut filter = Lowpass::new(180.0);
            let (mut t, mut y) = (0.0, 0.0);
            while t < 9000.0 {
                t += step_s;
                y = filter.step(step_s, t);
            }
            let late_s = f64::from(t - y);
            assert!(
                (late_s - Lowpass::delay_s(180.0)).abs() < 1e-3 * Lowpass::delay_s(180.0),
                "{step_s}: {late_s}"
            );
        }
    }

    #[test]
    fn the_series_and_the_closed_form_meet() {
        for pole in POLES {
            let (below, above) = (Advance::over(pole, 0.699_999), Advance::over(pole, 0.7));
            for (a, b) in [
                (below.change, above.change),
                (below.from_old, above.from_old),
                (below.from_new, above.from_new),
            ] {
                assert!(
                    (a.re - b.re).abs() < 3e-6 && (a.im - b.im).abs() < 3e-6,
                    "{a:?} {b:?}"
                );
            }
        }
    }

    #[test]
    fn a_shift_moves_the_output_by_as_much() {
        let mut filter = Lowpass::new(180.0);
        filter.shift(5.0);
        assert!((filter.output() - 5.0).abs() < 1e-5);
        assert!((filter.step(1e-3, 5.0) - 5.0).abs() < 1e-5);
        for step_s in [86_400.0, 1e13] {
            assert!((filter.step(step_s, 5.0) - 5.0).abs() < 1e-5);
        }
    }
}
