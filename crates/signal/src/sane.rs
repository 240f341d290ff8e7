//! Settings that make no sense.

/// The value when it is a positive number, else its default.
pub(crate) fn positive_or(value: f64, default: f64) -> f64 {
    if value.is_finite() && value > 0.0 {
        value
    } else {
        default
    }
}
