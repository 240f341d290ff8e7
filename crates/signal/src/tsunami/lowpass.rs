//! Causal low-pass for irregular samples: a fourth-order Butterworth filter, solved exactly between samples.
//!
//! Each pole is its own first-order equation `X' = p X + u`, driven by the samples joined by straight lines, for which the
//! solution over a step of any length is closed. So one filter serves 1 s and 15 min samples, without resampling.
//! A flat pass band keeps a tsunami's amplitude; the delay is `2.613 / w` (the Butterworth group delay at zero
//! frequency), 75 s for a 3-minute cut-off. After a gap much longer than the cut-off, the output is the input.

use libm::{cos, exp, sin};

/// Group delay at zero frequency times the angular cut-off: sum of -1/Re(1/p), Butterworth order 4.
const DELAY: f64 = 2.613_125_929_752_753;

#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Complex {
    re: f64,
    im: f64,
}

const fn c(re: f64, im: f64) -> Complex {
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
    fn scale(self, f: f64) -> Self {
        c(self.re * f, self.im * f)
    }
    fn inverse(self) -> Self {
        let n = self.re * self.re + self.im * self.im;
        c(self.re / n, -self.im / n)
    }
}

/// The two poles in the upper half plane and their residues, for a unit cut-off. The other two are conjugates.
/// Poles: exp(i 5/8 pi) and exp(i 7/8 pi).
const POLES: [Complex; 2] = [
    c(-0.382_683_432_365_089_8, 0.923_879_532_511_286_7),
    c(-0.923_879_532_511_286_7, 0.382_683_432_365_089_8),
];

/// Coefficients of one pole for one step length.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Advance {
    decay: Complex,
    from_old: Complex,
    from_new: Complex,
}

/// The filter's state.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Lowpass {
    cutoff: f64,
    residues: [Complex; 2],
    states: [Complex; 2],
    input: f64,
    /// How many samples share the latest time; their mean is the input there.
    shared: f64,
    step_s: f64,
    advance: [Advance; 2],
}

impl Lowpass {
    /// A filter that removes periods well below `cutoff_s` (half the power at `cutoff_s`), at rest at zero.
    pub(super) fn new(cutoff_s: f64) -> Self {
        let mut residues = [c(0.0, 0.0); 2];
        for (k, residue) in residues.iter_mut().enumerate() {
            let p = POLES[k];
            let mut product = c(1.0, 0.0);
            for (m, other) in POLES.iter().enumerate() {
                if m != k {
                    product = product.mul(c(p.re - other.re, p.im - other.im));
                }
                product = product.mul(c(p.re - other.re, p.im + other.im));
            }
            *residue = product.inverse();
        }
        let none = c(0.0, 0.0);
        let advance = [Advance {
            decay: c(1.0, 0.0),
            from_old: none,
            from_new: none,
        }; 2];
        let cutoff = 2.0 * core::f64::consts::PI / cutoff_s;
        Self {
            cutoff,
            residues,
            states: [none; 2],
            input: 0.0,
            shared: 1.0,
            step_s: 0.0,
            advance,
        }
    }

    /// How much later than the input a slow signal comes out, s.
    pub(super) fn delay_s(&self) -> f64 {
        DELAY / self.cutoff
    }

    /// Adds a constant to the past: the output moves by `offset` at once, as if the input had always had it.
    pub(super) fn shift(&mut self, offset: f64) {
        for (state, pole) in self.states.iter_mut().zip(POLES) {
            *state = state.add(pole.inverse().scale(-offset));
        }
        self.input += offset;
    }

    /// Takes the next sample, `step_s` (not negative) after the previous one, and returns the output.
    pub(super) fn step(&mut self, step_s: f64, input: f64) -> f64 {
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
            *state = a
                .decay
                .mul(*state)
                .add(a.from_old.scale(self.input))
                .add(a.from_new.scale(input));
        }
        self.input = input;
        self.shared = 1.0;
        self.output()
    }

    fn output(&self) -> f64 {
        let mut sum = 0.0;
        for (state, residue) in self.states.iter().zip(&self.residues) {
            sum += state.re * residue.re - state.im * residue.im;
        }
        2.0 * sum
    }
}

impl Advance {
    /// `X(h) = e^{ph} X + u0 (A - B) + u1 B` with `A = (e^{ph} - 1) / p`, `B = (e^{ph} - 1 - ph) / (p^2 h)`.
    fn over(pole: Complex, h: f64) -> Self {
        let ph = pole.scale(h);
        let size = exp(ph.re);
        let decay = c(size * cos(ph.im), size * sin(ph.im));
        let (a, b) = if h < 1e-2 {
            // Series: the differences above would cancel.
            let second = ph.mul(ph);
            let a = c(1.0, 0.0)
                .add(ph.scale(1.0 / 2.0))
                .add(second.scale(1.0 / 6.0))
                .add(second.mul(ph).scale(1.0 / 24.0));
            let b = c(0.5, 0.0)
                .add(ph.scale(1.0 / 6.0))
                .add(second.scale(1.0 / 24.0))
                .add(second.mul(ph).scale(1.0 / 120.0));
            (a.scale(h), b.scale(h))
        } else {
            let gone = decay.add(c(-1.0, 0.0));
            let a = gone.mul(pole.inverse());
            let b = gone.add(ph.scale(-1.0)).mul(pole.mul(ph).inverse());
            (a, b)
        };
        Self {
            decay,
            from_old: c(a.re - b.re, a.im - b.im),
            from_new: b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain(period_s: f64, step_s: f64) -> f64 {
        let mut filter = Lowpass::new(180.0);
        let (mut t, mut largest) = (0.0, 0.0_f64);
        while t < period_s * 40.0 + 4000.0 {
            t += step_s;
            let y = filter.step(step_s, sin(2.0 * core::f64::consts::PI * t / period_s));
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
        assert!((gain(180.0, 1.0) - 0.5_f64.sqrt()).abs() < 0.01);
        assert!(gain(60.0, 1.0) < 0.02);
        assert!(gain(20.0, 1.0) < 0.001);
    }

    #[test]
    fn a_ramp_comes_out_late_by_the_stated_delay() {
        for step_s in [1.0, 15.0, 60.0, 900.0] {
            let mut filter = Lowpass::new(180.0);
            let (mut t, mut y) = (0.0, 0.0);
            while t < 9000.0 {
                t += step_s;
                y = filter.step(step_s, t);
            }
            assert!(
                (t - y - filter.delay_s()).abs() < 1e-3 * filter.delay_s(),
                "{step_s}: {}",
                t - y
            );
        }
    }

    #[test]
    fn a_shift_moves_the_output_by_as_much() {
        let mut filter = Lowpass::new(180.0);
        filter.shift(5.0);
        assert!((filter.output() - 5.0).abs() < 1e-9);
        assert!((filter.step(1e-3, 5.0) - 5.0).abs() < 1e-6);
        assert!((filter.step(86_400.0, 5.0) - 5.0).abs() < 1e-6);
    }
}
