//! The standard normal distribution: upper tail and quantile.

/// Probability of a standard normal value above `x`.
pub(crate) fn upper_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The value below which a standard normal value lies with probability `p`, for `p` strictly within 0..1.
///
/// Acklam's rational approximation (2003, relative error 1.2e-9) and one Halley step on [`upper_tail`], which
/// brings it to about 1e-15.
pub(crate) fn quantile(p: f64) -> f64 {
    // The upper half mirrors the lower one: 1 - p is exact for p >= 0.5.
    if p > 0.5 {
        return -quantile(1.0 - p);
    }
    // Coefficients as published.
    const A: [f64; 6] = [
        -3.969683028665376e1,
        2.209460984245205e2,
        -2.759285104469687e2,
        1.383_577_518_672_69e2,
        -3.066479806614716e1,
        2.506628277459239e0,
    ];
    const B: [f64; 5] = [
        -5.447609879822406e1,
        1.615858368580409e2,
        -1.556989798598866e2,
        6.680131188771972e1,
        -1.328068155288572e1,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-3,
        -3.223964580411365e-1,
        -2.400758277161838e0,
        -2.549732539343734e0,
        4.374664141464968e0,
        2.938163982698783e0,
    ];
    const D: [f64; 4] = [
        7.784695709041462e-3,
        3.224671290700398e-1,
        2.445134137142996e0,
        3.754408661907416e0,
    ];
    let poly = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    let x = if p < 0.02425 {
        let q = (-2.0 * p.ln()).sqrt();
        poly(&C, q) / (poly(&D, q) * q + 1.0)
    } else {
        let q = p - 0.5;
        let r = q * q;
        poly(&A, r) * q / (poly(&B, r) * r + 1.0)
    };
    let error = upper_tail(-x) - p;
    let u = error * (2.0 * std::f64::consts::PI).sqrt() * (0.5 * x * x).exp();
    let refined = x - u / (1.0 + 0.5 * x * u);
    // Far out in the tail exp overflows; the approximation alone is good there.
    if refined.is_finite() { refined } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_inverts_the_tail() {
        for p in [
            1e-300, 1e-12, 1e-4, 0.02, 0.025, 0.16, 0.5, 0.84, 0.975, 0.999_999,
        ] {
            let back = upper_tail(-quantile(p));
            assert!((back / p - 1.0).abs() < 1e-9, "{p} {back}");
        }
        // Tables: 97.5 % at 1.959963984540054.
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
        assert_eq!(quantile(0.5), 0.0);
    }
}
