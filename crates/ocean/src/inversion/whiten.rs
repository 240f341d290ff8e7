//! Errors that remember, made independent: a Kalman filter with two states runs down every column of a station's equations.
//!
//! Error of a sample = background (exponential memory, the station's own) + model error (exponential memory, its size
//! follows the wave) + shaking and resolution (no memory). Filtering data and model alike by the innovations of that process
//! gives equations with independent errors of variance 1, at any spacing of the samples, in time linear in them.

/// The error process of one station.
pub(super) struct Errors<'a> {
    pub(super) times_s: &'a [f64],
    pub(super) background_sd_m: f64,
    pub(super) background_s: f64,
    /// Standard deviation of the model error at each sample, metres.
    pub(super) model_sd_m: &'a [f64],
    pub(super) model_s: f64,
    /// Variance without memory at each sample, square metres.
    pub(super) white_m2: &'a [f64],
    /// Factor on all variances.
    pub(super) scale: f64,
}

/// The filter on its way down the samples.
pub(super) struct Whitener<'a> {
    errors: Errors<'a>,
    /// Next sample.
    at: usize,
    /// Covariance of the two states: background, and model error in units of its standard deviation.
    covariance: [f64; 3],
    /// The two states of each column.
    first: Vec<f64>,
    second: Vec<f64>,
}

impl<'a> Whitener<'a> {
    /// For so many columns.
    pub(super) fn new(errors: Errors<'a>, columns: usize) -> Self {
        Whitener {
            covariance: [errors.background_sd_m.powi(2), 0.0, 1.0],
            errors,
            at: 0,
            first: vec![0.0; columns],
            second: vec![0.0; columns],
        }
    }

    /// Whitens the next sample's row in place. All columns before `from` have been zero so far and are not given.
    #[inline(always)]
    pub(super) fn row(&mut self, from: usize, row: &mut [f64]) {
        let (errors, k) = (&self.errors, self.at);
        let (first, second) = (&mut self.first[from..], &mut self.second[from..]);
        let mut p = self.covariance;
        let (mut a, mut b) = (1.0, 1.0);
        if k > 0 {
            let step = errors.times_s[k] - errors.times_s[k - 1];
            a = decay(step, errors.background_s);
            b = decay(step, errors.model_s);
            p = [
                a * a * p[0] + (1.0 - a * a) * errors.background_sd_m.powi(2),
                a * b * p[1],
                b * b * p[2] + 1.0 - b * b,
            ];
        }
        let h = errors.model_sd_m[k];
        let (u, v) = (p[0] + h * p[1], p[1] + h * p[2]);
        let variance = u + h * v + errors.white_m2[k];
        let (ga, gb) = (u / variance, v / variance);
        let over_sd = 1.0 / (variance * errors.scale).sqrt();
        for ((x, first), second) in row.iter_mut().zip(first).zip(second) {
            let (was_first, was_second) = (a * *first, b * *second);
            let innovation = *x - was_first - h * was_second;
            *first = was_first + ga * innovation;
            *second = was_second + gb * innovation;
            *x = innovation * over_sd;
        }
        self.covariance = [p[0] - ga * u, p[1] - ga * v, p[2] - gb * v];
        self.at += 1;
    }
}

fn decay(step_s: f64, memory_s: f64) -> f64 {
    if memory_s > 0.0 {
        (-step_s / memory_s).exp()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn the_filter_is_the_inverse_root_of_the_covariance() {
        let times = [0.0, 60.0, 120.0, 135.0, 400.0, 460.0, 1300.0];
        let model = [0.0, 0.01, 0.03, 0.05, 0.2, 0.1, 0.02];
        let white = [1e-6, 1e-6, 4e-4, 4e-4, 1e-6, 1e-5, 1e-6];
        let errors = Errors {
            times_s: &times,
            background_sd_m: 0.005,
            background_s: 500.0,
            model_sd_m: &model,
            model_s: 300.0,
            white_m2: &white,
            scale: 1.7,
        };
        let covariance = Array2::from_shape_fn((7, 7), |(i, j)| {
            let apart = f64::abs(times[i] - times[j]);
            let memory =
                2.5e-5 * (-apart / 500.0).exp() + model[i] * model[j] * (-apart / 300.0).exp();
            1.7 * (memory + if i == j { white[i] } else { 0.0 })
        });
        let mut rows = Array2::eye(7);
        let mut whitener = Whitener::new(errors, 7);
        for mut row in rows.rows_mut() {
            let row = row.as_slice_mut().expect("rows are contiguous");
            whitener.row(0, row);
        }
        let product = rows.dot(&covariance).dot(&rows.t());
        let off = (&product - &Array2::<f64>::eye(7)).mapv(f64::abs);
        assert!(off.iter().all(|d| *d < 1e-9), "{product:?}");
    }

    #[test]
    fn columns_that_begin_later_are_whitened_the_same() {
        let errors = || Errors {
            times_s: &[0.0, 60.0, 120.0, 180.0],
            background_sd_m: 0.005,
            background_s: 500.0,
            model_sd_m: &[0.0, 0.01, 0.03, 0.05],
            model_s: 300.0,
            white_m2: &[1e-6; 4],
            scale: 1.0,
        };
        let rows = [[0.0, 1.0], [0.0, -2.0], [0.7, 0.3], [0.2, 0.1]];
        let (mut all, mut late) = (Whitener::new(errors(), 2), Whitener::new(errors(), 2));
        for (k, row) in rows.into_iter().enumerate() {
            let (mut whole, mut part) = (row, row);
            all.row(0, &mut whole);
            let from = usize::from(k < 2);
            late.row(from, &mut part[from..]);
            assert_eq!(whole, part);
        }
    }
}
