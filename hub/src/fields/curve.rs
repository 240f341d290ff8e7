//! Forecast sea level at a station over time.

use serde::Serialize;

use crate::forecast::{Band, StationOutlook};

/// Heights are told to a tenth of a millimetre.
const PER_METRE: f64 = 1e4;

/// The forecast at one station over time, metres above the tide.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Curve {
    /// Station id.
    pub station: String,
    /// The event's revision that it belongs to.
    pub revision: u32,
    /// What it rests on, in words.
    pub from: &'static str,
    /// Time of the first sample, microseconds since the Unix epoch: the origin of the waves.
    pub start_us: i64,
    /// Step, seconds.
    pub step_s: f64,
    /// Median, time by time, metres.
    pub median_m: Vec<f64>,
    /// 5 % quantile.
    pub p05_m: Vec<f64>,
    /// 95 % quantile.
    pub p95_m: Vec<f64>,
}

/// Which station, revision and origin a curve is for.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Station id.
    pub station: &'a str,
    /// The event's revision.
    pub revision: u32,
    /// Origin, microseconds since the Unix epoch.
    pub origin_us: i64,
}

impl Curve {
    /// What the records of stations say of the source, at this one.
    pub fn of_band(about: About<'_>, band: &Band) -> Self {
        let told = |series: &[f32]| series.iter().map(|h| rounded(f64::from(*h))).collect();
        Self {
            station: about.station.to_owned(),
            revision: about.revision,
            from: "the source that the records of stations say; the band is what they leave open",
            start_us: about.origin_us,
            step_s: band.step_s,
            median_m: told(&band.median_m),
            p05_m: told(&band.p05_m),
            p95_m: told(&band.p95_m),
        }
    }

    /// The likeliest rupture's wave, so high that its crest is the forecast's median; the band is that of the crest. `None` where that wave is
    /// none.
    pub fn of_run(
        about: About<'_>,
        series_m: &[f32],
        step_s: f64,
        outlook: &StationOutlook,
    ) -> Option<Self> {
        let forecast = &outlook.forecast;
        let crest = f64::from(series_m.iter().copied().fold(0.0, f32::max));
        let scale = forecast.median_m / crest;
        if !(crest > 0.0 && scale.is_finite()) {
            return None;
        }
        let outer = |p: f64| forecast.quantile_m(p) / crest;
        let (low, high) = (outer(0.05), outer(0.95));
        let told = |of: fn(f64, f64) -> f64| {
            let at = |h: &f32| rounded(of(low * f64::from(*h), high * f64::from(*h)));
            series_m.iter().map(at).collect()
        };
        Some(Self {
            station: about.station.to_owned(),
            revision: about.revision,
            from: "the modelled wave of the likeliest rupture, scaled to the median height of the forecast; the band is that of the largest height",
            start_us: about.origin_us,
            step_s,
            median_m: series_m
                .iter()
                .map(|h| rounded(scale * f64::from(*h)))
                .collect(),
            // In a trough the larger wave is the lower one.
            p05_m: told(f64::min),
            p95_m: told(f64::max),
        })
    }
}

fn rounded(metres: f64) -> f64 {
    (metres * PER_METRE).round() / PER_METRE
}

#[cfg(test)]
mod tests {
    use ocean::forecast::PointForecast;

    use super::*;

    const ABOUT: About<'_> = About {
        station: "32412",
        revision: 3,
        origin_us: 7,
    };

    #[test]
    fn a_run_is_scaled_to_the_forecast_and_its_troughs_are_banded_the_other_way() {
        let outlook = StationOutlook {
            station: 0,
            arrival_us: 0,
            forecast: PointForecast {
                id: "32412".to_owned(),
                arrival_s: 1.0,
                arrival_sigma_s: 1.0,
                median_m: 0.5,
                sigma_ln: 0.4,
                common_sigma_ln: 0.1,
            },
        };
        let curve = Curve::of_run(ABOUT, &[0.0, 0.25, -0.1], 60.0, &outlook).expect("a wave came");
        assert_eq!((curve.station.as_str(), curve.revision), ("32412", 3));
        assert_eq!(curve.median_m, [0.0, 0.5, -0.2]);
        let q = |p| rounded(outlook.forecast.quantile_m(p));
        assert_eq!((curve.p05_m[1], curve.p95_m[1]), (q(0.05), q(0.95)));
        for k in 0..3 {
            assert!(curve.p05_m[k] <= curve.median_m[k] && curve.median_m[k] <= curve.p95_m[k]);
        }
        assert!(curve.p05_m[2] < -0.2);
        assert_eq!(Curve::of_run(ABOUT, &[0.0, -0.1], 60.0, &outlook), None);
    }

    #[test]
    fn a_band_is_told_as_it_is() {
        let band = Band {
            step_s: 60.0,
            p05_m: vec![-0.1, 0.0],
            median_m: vec![0.0, 0.123_46],
            p95_m: vec![0.1, 0.5],
        };
        let curve = Curve::of_band(ABOUT, &band);
        assert_eq!(curve.median_m, [0.0, 0.1235]);
        assert_eq!((curve.start_us, curve.step_s), (7, 60.0));
    }
}
