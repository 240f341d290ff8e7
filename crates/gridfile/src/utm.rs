//! Universal Transverse Mercator coordinates to latitude and longitude on WGS 84.
//!
//! The Krueger series to the sixth order in the third flattening n, as in Karney, "Transverse Mercator with an accuracy of a few
//! nanometers", J. Geodesy 85:475 (2011), equations 36 (inverse coefficients) and 15-20: good to a micrometre within a zone and to
//! millimetres 20 degrees away from its meridian.

use std::fmt;
use std::str::FromStr;

use crate::problem::Problem;

/// Equatorial radius of WGS 84, metres (NIMA TR8350.2).
const A_M: f64 = 6_378_137.0;
/// Flattening of WGS 84 (NIMA TR8350.2).
const F: f64 = 1.0 / 298.257_223_563;
/// Scale on the central meridian (UTM's definition, TM 8358.2).
const K0: f64 = 0.9996;
/// Easting of the central meridian, metres.
const FALSE_EASTING_M: f64 = 500_000.0;
/// Northing of the equator in southern zones, metres.
const FALSE_NORTHING_M: f64 = 10_000_000.0;
/// Farthest from the central meridian that is looked at, metres: 20 degrees at the equator. Sources at the edge of two zones
/// reach a few hundred kilometres beyond their own.
const FARTHEST_M: f64 = 2_300_000.0;

/// A zone: its number and its hemisphere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    number: u8,
    south: bool,
}

impl Zone {
    /// Zone 1 to 60, north or south.
    pub fn new(number: u8, south: bool) -> Option<Self> {
        (1..=60).contains(&number).then_some(Zone { number, south })
    }

    /// The zone that a place lies in, without the exceptions of Norway and Svalbard.
    pub fn of(lat: f64, lon: f64) -> Self {
        let east = (lon + 180.0).rem_euclid(360.0);
        Zone {
            number: ((east / 6.0) as u8).min(59) + 1,
            south: lat < 0.0,
        }
    }

    /// The zones to its west and east, and itself first.
    pub(crate) fn with_neighbours(self) -> [Self; 3] {
        let turned = |by: u8| Zone {
            number: (self.number - 1 + by) % 60 + 1,
            ..self
        };
        [self, turned(59), turned(1)]
    }

    /// From EPSG's codes for WGS 84 / UTM: 32601..32660 north, 32701..32760 south.
    pub(crate) fn of_epsg(code: u32) -> Option<Self> {
        let number = u8::try_from(code % 100).ok()?;
        match code / 100 {
            326 => Zone::new(number, false),
            327 => Zone::new(number, true),
            _ => None,
        }
    }

    /// Latitude and longitude in degrees; longitude within -180 and 180. `None` when the coordinates are far outside any zone.
    pub fn degrees(self, easting_m: f64, northing_m: f64) -> Option<(f64, f64)> {
        let east = easting_m - FALSE_EASTING_M;
        let north = if self.south {
            northing_m - FALSE_NORTHING_M
        } else {
            northing_m
        };
        // A quarter of the meridian is 10,002 km long.
        if !(east.abs() <= FARTHEST_M && north.abs() <= 10_002_000.0) {
            return None;
        }
        let n = F / (2.0 - F);
        let n2 = n * n;
        let radius = A_M / (1.0 + n) * (1.0 + n2 / 4.0 + n2 * n2 / 64.0 + n2 * n2 * n2 / 256.0);
        let (xi, eta) = (north / (K0 * radius), east / (K0 * radius));
        let (mut xi1, mut eta1) = (xi, eta);
        for (k, beta) in inverse_coefficients(n).into_iter().enumerate() {
            let twice = 2.0 * (k + 1) as f64;
            xi1 -= beta * (twice * xi).sin() * (twice * eta).cosh();
            eta1 -= beta * (twice * xi).cos() * (twice * eta).sinh();
        }
        // Conformal latitude and longitude from the meridian, then the geodetic latitude by Newton's method (Karney, eq. 19-21).
        let conformal = xi1.sin() / eta1.sinh().hypot(xi1.cos());
        let lon = eta1.sinh().atan2(xi1.cos());
        let e2 = F * (2.0 - F);
        let e = e2.sqrt();
        let mut tau = conformal;
        // It converges to rounding in three steps (Karney); two more cost nothing.
        for _ in 0..5 {
            let sigma = (e * (e * tau / tau.hypot(1.0)).atanh()).sinh();
            let guess = tau * sigma.hypot(1.0) - sigma * tau.hypot(1.0);
            let step = (conformal - guess) / guess.hypot(1.0) * (1.0 + (1.0 - e2) * tau * tau)
                / ((1.0 - e2) * tau.hypot(1.0));
            tau += step;
        }
        let meridian = f64::from(self.number) * 6.0 - 183.0;
        let lon = (meridian + lon.to_degrees() + 180.0).rem_euclid(360.0) - 180.0;
        let lat = tau.atan().to_degrees();
        (lat.is_finite() && lon.is_finite()).then_some((lat, lon))
    }
}

/// The coefficients beta of Karney's equation 36.
fn inverse_coefficients(n: f64) -> [f64; 6] {
    let power = |k: i32| n.powi(k);
    let sum = |terms: &[(f64, i32)]| terms.iter().map(|&(c, k)| c * power(k)).sum::<f64>();
    [
        sum(&[
            (1.0 / 2.0, 1),
            (-2.0 / 3.0, 2),
            (37.0 / 96.0, 3),
            (-1.0 / 360.0, 4),
            (-81.0 / 512.0, 5),
            (96_199.0 / 604_800.0, 6),
        ]),
        sum(&[
            (1.0 / 48.0, 2),
            (1.0 / 15.0, 3),
            (-437.0 / 1_440.0, 4),
            (46.0 / 105.0, 5),
            (-1_118_711.0 / 3_870_720.0, 6),
        ]),
        sum(&[
            (17.0 / 480.0, 3),
            (-37.0 / 840.0, 4),
            (-209.0 / 4_480.0, 5),
            (5_569.0 / 90_720.0, 6),
        ]),
        sum(&[
            (4_397.0 / 161_280.0, 4),
            (-11.0 / 504.0, 5),
            (-830_251.0 / 7_257_600.0, 6),
        ]),
        sum(&[(4_583.0 / 161_280.0, 5), (-108_847.0 / 3_991_680.0, 6)]),
        sum(&[(20_648_693.0 / 638_668_800.0, 6)]),
    ]
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "utm{}{}",
            self.number,
            if self.south { 's' } else { 'n' }
        )
    }
}

impl FromStr for Zone {
    type Err = Problem;

    /// `utm54n`, `UTM 54N`, `54n`.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let no_zone = || Problem::NoZone(crate::problem::shown(text));
        let compact: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .take(8)
            .collect::<String>()
            .to_ascii_lowercase();
        let rest = compact.strip_prefix("utm").unwrap_or(&compact);
        let (number, south) = match (rest.strip_suffix('n'), rest.strip_suffix('s')) {
            (Some(number), _) => (number, false),
            (_, Some(number)) => (number, true),
            _ => return Err(no_zone()),
        };
        number
            .parse()
            .ok()
            .and_then(|n| Zone::new(n, south))
            .ok_or_else(no_zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_places() {
        // PROJ 9 (`EPSG:32654` and the like to `EPSG:4326`), its exact algorithm.
        for (zone, easting, northing, lon, lat) in [
            (
                "utm54n",
                466_917.0,
                4_426_592.0,
                140.612_491_864_6,
                39.988_853_831_1,
            ),
            (
                "utm54s",
                466_917.0,
                4_426_592.0,
                140.535_366_026_6,
                -50.311_852_022_2,
            ),
            (
                "utm54n",
                837_742.0,
                4_434_019.0,
                144.955_496_330_8,
                39.988_856_799_7,
            ),
            (
                "19N",
                300_000.0,
                5_000_000.0,
                -71.543_123_489_8,
                45.125_153_847_6,
            ),
            (
                "UTM 19 S",
                300_000.0,
                5_000_000.0,
                -71.543_123_489_8,
                -45.125_153_847_6,
            ),
            (
                "utm1n",
                200_000.0,
                9_000_000.0,
                166.198_553_337_1,
                80.669_070_862_8,
            ),
            (
                "utm1s",
                200_000.0,
                9_000_000.0,
                -179.728_692_692_5,
                -9.036_408_105_4,
            ),
        ] {
            let zone: Zone = zone.parse().expect("a zone");
            let (found_lat, found_lon) = zone.degrees(easting, northing).expect("a place");
            // 1e-10 degrees are 0.01 mm.
            assert!(
                (found_lat - lat).abs() < 2e-10 && (found_lon - lon).abs() < 2e-10,
                "{zone}: {found_lat} {found_lon}"
            );
        }
        let equator = Zone::new(31, false).and_then(|z| z.degrees(500_000.0, 0.0));
        assert_eq!(equator, Some((0.0, 3.0)));
    }

    #[test]
    fn zones_of_places_and_names() {
        assert_eq!(Zone::of(38.3, 142.4).to_string(), "utm54n");
        assert_eq!(Zone::of(-36.1, -72.9 + 360.0).to_string(), "utm18s");
        assert_eq!(Zone::of(0.0, 180.0).to_string(), "utm1n");
        assert_eq!(Zone::of(10.0, 179.999_999).to_string(), "utm60n");
        let [here, west, east] = Zone::of(10.0, -179.0).with_neighbours();
        assert_eq!(
            [here, west, east].map(|z| z.to_string()),
            ["utm1n", "utm60n", "utm2n"]
        );
        for text in ["", "utm", "61n", "0s", "54", "utm54x", "54nn", "-1n"] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
        assert!(
            Zone::new(54, false)
                .and_then(|z| z.degrees(1e9, 0.0))
                .is_none()
        );
        assert!(
            Zone::new(54, false)
                .and_then(|z| z.degrees(f64::NAN, 0.0))
                .is_none()
        );
    }
}
