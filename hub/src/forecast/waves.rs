//! A forecast from waves alone: nobody has told of an earthquake, but stations say where a source was, when, and how high its waves are.
//!
//! The first estimate for an earthquake at that place, of the magnitude that gives the recorded amplitudes. Whatever made the waves, that is an
//! equivalent: a landslide's waves spread and fade faster with distance than those of the earthquake that is put in its place, so
//! that far zones are rather over- than underestimated. How uncertain it is is widened accordingly.

use ocean::forecast::{FirstEstimate, Propagation};
use ocean::quake::Quake;

use super::{Ocean, Outlook, Owner};
use crate::config::Policy;
use crate::fuse::Fit;

/// Doubt of the source's size before any amplitude counts, as a standard deviation of the logarithm: a factor of seven either way. The
/// amplitudes are what says the size; this only leaves them room.
const SIZE_SIGMA_LN: f64 = 2.0;
/// What a place known roughly and a mechanism not known at all add to each point's own doubt (assumed: as much as direction and path).
const SOURCE_SIGMA_LN: f64 = 0.45;
/// Magnitudes between which the equivalent is looked for.
const MAGNITUDES: [f64; 2] = [6.0, 9.3];
/// Amplitude grows as 10 to this times the magnitude (`ocean::forecast::first_estimate`).
const LOG_AMPLITUDE_PER_MAGNITUDE: f64 = 0.857;
/// Where the search for the magnitude begins.
const FIRST_MAGNITUDE: f64 = 7.5;
/// Depth of the equivalent's focus, kilometres: shallow, as what moves the sea floor is.
const DEPTH_KM: f64 = 10.0;
/// Speed by which a place's doubt becomes one of arrivals, km/s: a long wave over 4 km of water.
const DEEP_KM_S: f64 = 0.2;

impl Ocean {
    /// The forecast of a source that waves have shown. `observed`: stations and their largest heights so far, metres.
    ///
    /// The outlook is the one before amplitudes count: they are assimilated into it like any other event's.
    ///
    /// # Errors
    /// Says why there is none; that is no all-clear.
    pub fn from_waves(
        &self,
        id: &str,
        fit: &Fit,
        observed: &[(u32, f64)],
        policy: &Policy,
    ) -> Result<(Quake, Outlook), String> {
        let mut quake = Quake {
            id: id.to_owned(),
            magnitude: FIRST_MAGNITUDE,
            lat: fit.place.lat,
            lon: fit.place.lon,
            depth_km: DEPTH_KM,
            origin_us: (fit.origin_s * 1e6) as i64,
        };
        // Two steps: how an amplitude grows with the magnitude is known; what the rupture's length changes in it is small.
        for _ in 0..2 {
            if let Some(ln) = self.mismatch_ln(&quake, observed)? {
                let by = ln / std::f64::consts::LN_10 / LOG_AMPLITUDE_PER_MAGNITUDE;
                quake.magnitude = (quake.magnitude + by).clamp(MAGNITUDES[0], MAGNITUDES[1]);
            }
        }
        let mut outlook = self.forecast(&quake, policy)?;
        for point in &mut outlook.points {
            let own = point.own_sigma_ln().hypot(SOURCE_SIGMA_LN);
            point.common_sigma_ln = SIZE_SIGMA_LN;
            point.sigma_ln = own.hypot(SIZE_SIGMA_LN);
            point.arrival_sigma_s = point
                .arrival_sigma_s
                .hypot(fit.origin_sigma_s)
                .hypot(fit.region_km / std::f64::consts::SQRT_2 / DEEP_KM_S);
        }
        self.spread(&mut outlook, policy);
        Ok((quake, outlook))
    }

    /// Mean of the logarithm of recorded over computed amplitude.
    fn mismatch_ln(&self, quake: &Quake, observed: &[(u32, f64)]) -> Result<Option<f64>, String> {
        let seen = |station: u32| observed.iter().find(|(s, a)| *s == station && *a != 0.0);
        let (points, heights): (Vec<_>, Vec<f64>) = self
            .owners
            .iter()
            .zip(&self.points)
            .filter_map(|(owner, point)| match owner {
                Owner::Station(s) => seen(*s).map(|(_, a)| (point.clone(), a.abs())),
                Owner::Zone(_) => None,
            })
            .unzip();
        let answers = FirstEstimate::new(&self.grid)
            .answers(quake, &points)
            .map_err(|e| e.to_string())?;
        let logs: Vec<f64> = answers
            .into_iter()
            .zip(heights)
            .filter_map(|(answer, height)| Some((height / answer.ok()?.median_m).ln()))
            .filter(|ln| ln.is_finite())
            .collect();
        Ok((!logs.is_empty()).then(|| logs.iter().sum::<f64>() / logs.len() as f64))
    }

    /// The sea as sources are looked for in it.
    pub fn reach(&self) -> crate::fuse::Reach {
        crate::fuse::Reach::new(&self.grid)
    }
}
