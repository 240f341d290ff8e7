//! Errors that remember, made independent: a Kalman filter with two states runs down every column of a station's equations.
//!
//! Error of a sample = background (exponential memory, the station's own) + model error (exponential memory, its size
//! follows the wave) + shaking and resolution (no memory). Filtering data and model alike by the innovations of that process
//! gives equations with independent errors of variance 1, at any spacing of the samples, in time linear in them.

use ndarray::ArrayViewMut2;

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

/// Whitens the rows in place, one row per sample; returns the log of the determinant of the errors' covariance.
pub(super) fn whiten(errors: &Errors<'_>, rows: &mut ArrayViewMut2<'_, f64>) -> f64 {
    let columns = rows.ncols();
    let (mut first, mut second) = (vec![0.0; columns], vec![0.0; columns]);
    let background = errors.background_sd_m.powi(2);
    // Covariance of the two states: background, and model error in units of its standard deviation.
    let mut p = [background, 0.0, 1.0];
    let mut log_determinant = 0.0;
    for (k, mut row) in rows.rows_mut().into_iter().enumerate() {
        if k > 0 {
            let step = errors.times_s[k] - errors.times_s[k - 1];
            let a = decay(step, errors.background_s);
            let b = decay(step, errors.model_s);
            p = [
                a * a * p[0] + (1.0 - a * a) * background,
                a * b * p[1],
                b * b * p[2] + 1.0 - b * b,
            ];
            first.iter_mut().for_each(|x| *x *= a);
            second.iter_mut().for_each(|x| *x *= b);
        }
        let h = errors.model_sd_m[k];
        let (u, v) = (p[0] + h * p[1], p[1] + h * p[2]);
        let variance = u + h * v + errors.white_m2[k];
        let (ga, gb) = (u / variance, v / variance);
        let over_sd = 1.0 / (variance * errors.scale).sqrt();
        log_determinant += (variance * errors.scale).ln();
        for ((x, a), b) in row.iter_mut().zip(&mut first).zip(&mut second) {
            let innovation = *x - *a - h * *b;
            *a += ga * innovation;
            *b += gb * innovation;
            *x = innovation * over_sd;
        }
        p = [p[0] - ga * u, p[1] - ga * v, p[2] - gb * v];
    }
    log_determinant
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
    use crate::inversion::dense;

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
        let log_determinant = whiten(&errors, &mut rows.view_mut());
        let product = rows.dot(&covariance).dot(&rows.t());
        let off = (&product - &Array2::<f64>::eye(7)).mapv(f64::abs);
        assert!(off.iter().all(|d| *d < 1e-9), "{product:?}");
        let factor = dense::cholesky(&covariance).unwrap();
        assert!((log_determinant - dense::log_determinant(&factor)).abs() < 1e-9);
    }
}
