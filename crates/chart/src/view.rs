//! From degrees to pixels and back: the two projections of this crate.
//!
//! Mercator (sphere) keeps angles, and thus the shapes of coasts; it serves areas within 72 degrees of
//! latitude. Beyond that an equirectangular projection, true at the middle latitude, serves. Longitudes run
//! from the western edge of the view and may carry any multiple of 360.

use ocean::grid::Area;

use crate::canvas::Frame;
use crate::error::ChartError;

/// How the sphere is laid flat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Projection {
    /// Mercator within 72 degrees of latitude, else equirectangular.
    #[default]
    Auto,
    /// Mercator, to 80 degrees.
    Mercator,
    /// Equirectangular with its aspect true at the middle latitude.
    Equirectangular,
}

/// Beyond it an area is not shown in Mercator by [`Projection::Auto`]: 3.2 times the scale at the equator.
const AUTO_MERCATOR_LAT: f64 = 72.0;
/// Beyond it Mercator is of no use: 5.8 times the scale at the equator.
const MAX_MERCATOR_LAT: f64 = 80.0;
/// Latitudes beyond it are not shown at all.
const MAX_LAT: f64 = 89.0;
/// Smallest side of an area, degrees: about 1 km.
const MIN_SIDE_DEG: f64 = 0.01;
/// A map is at most so many times wider than high or higher than wide; a longer strip gets more of its
/// surroundings.
const MAX_ASPECT: f64 = 3.0;

/// An area with its projection, not yet on a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    west: f64,
    width: f64,
    south: f64,
    north: f64,
    mercator: bool,
}

fn mercator(lat: f64) -> f64 {
    lat.to_radians().tan().asinh().to_degrees()
}

impl Extent {
    pub fn new(area: Area, projection: Projection) -> Result<Self, ChartError> {
        let Area {
            west,
            south,
            east,
            north,
        } = area;
        let refused = ChartError::Area {
            west,
            south,
            east,
            north,
        };
        if ![west, south, east, north].iter().all(|v| v.abs() <= 3600.0)
            || south.abs() > 90.5
            || north.abs() > 90.5
        {
            return Err(refused);
        }
        let mercator = match projection {
            Projection::Auto => south.abs().max(north.abs()) <= AUTO_MERCATOR_LAT,
            Projection::Mercator => true,
            Projection::Equirectangular => false,
        };
        let most = if mercator { MAX_MERCATOR_LAT } else { MAX_LAT };
        let mut extent = Extent {
            west,
            width: area.width(),
            south: south.max(-most),
            north: north.min(most),
            mercator,
        };
        if !(extent.north - extent.south >= MIN_SIDE_DEG && extent.width >= MIN_SIDE_DEG) {
            return Err(refused);
        }
        extent.widen(most);
        Ok(extent)
    }

    /// Adds surroundings to a strip.
    fn widen(&mut self, most: f64) {
        let aspect = self.aspect();
        if aspect < 1.0 / MAX_ASPECT {
            let width = (self.width / (MAX_ASPECT * aspect)).min(360.0);
            self.west -= (width - self.width) * 0.5;
            self.width = width;
        }
        // Latitudes do not grow in proportion: a few rounds get close enough.
        for _ in 0..4 {
            let aspect = self.aspect();
            if aspect <= MAX_ASPECT {
                break;
            }
            let more = (self.north - self.south) * (aspect / MAX_ASPECT - 1.0) * 0.5;
            self.south = (self.south - more).max(-most);
            self.north = (self.north + more).min(most);
        }
    }

    /// Width over height.
    pub fn aspect(&self) -> f64 {
        self.width / self.height()
    }

    /// Height in degrees of longitude.
    fn height(&self) -> f64 {
        self.up(self.north) - self.up(self.south)
    }

    fn middle_cos(&self) -> f64 {
        (0.5 * (self.south + self.north))
            .to_radians()
            .cos()
            .max(0.01)
    }

    fn up(&self, lat: f64) -> f64 {
        if self.mercator {
            mercator(lat.clamp(-89.9, 89.9))
        } else {
            lat / self.middle_cos()
        }
    }
}

/// An [`Extent`] in its frame on the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    extent: Extent,
    pub frame: Frame,
    px_per_deg: f64,
    px_per_deg_up: f64,
}

impl View {
    pub fn new(extent: Extent, frame: Frame) -> Self {
        View {
            extent,
            frame,
            px_per_deg: f64::from(frame.width()) / extent.width,
            px_per_deg_up: f64::from(frame.height()) / extent.height(),
        }
    }
    pub fn west(&self) -> f64 {
        self.extent.west
    }
    pub fn east(&self) -> f64 {
        self.extent.west + self.extent.width
    }
    pub fn south(&self) -> f64 {
        self.extent.south
    }
    pub fn north(&self) -> f64 {
        self.extent.north
    }
    /// Pixels per degree of longitude.
    pub fn px_per_deg(&self) -> f64 {
        self.px_per_deg
    }
    /// Pixels across for a longitude as it stands, no turns added.
    pub fn x_straight(&self, lon: f64) -> f32 {
        (f64::from(self.frame.x0) + (lon - self.extent.west) * self.px_per_deg) as f32
    }
    /// Pixels across, the longitude brought by whole turns to where it is on the map or nearest to it.
    pub fn x(&self, lon: f64) -> f32 {
        let mut east = (lon - self.extent.west).rem_euclid(360.0);
        if east > self.extent.width + (360.0 - self.extent.width) * 0.5 {
            east -= 360.0;
        }
        (f64::from(self.frame.x0) + east * self.px_per_deg) as f32
    }
    pub fn y(&self, lat: f64) -> f32 {
        let up = self.extent.up(lat) - self.extent.up(self.extent.south);
        (f64::from(self.frame.y1) - up * self.px_per_deg_up) as f32
    }
    pub fn lon_at(&self, x: f64) -> f64 {
        self.extent.west + (x - f64::from(self.frame.x0)) / self.px_per_deg
    }
    pub fn lat_at(&self, y: f64) -> f64 {
        let e = &self.extent;
        let up = e.up(e.south) + (f64::from(self.frame.y1) - y) / self.px_per_deg_up;
        if e.mercator {
            up.to_radians().sinh().atan().to_degrees()
        } else {
            up * e.middle_cos()
        }
    }
    /// Where a place is, or `None` when it is no place or not on the map.
    pub fn spot(&self, lat: f64, lon: f64) -> Option<(f32, f32)> {
        if !(lat.abs() <= 90.0 && lon.abs() <= 3600.0) {
            return None;
        }
        let (x, y) = (self.x(lon), self.y(lat));
        self.frame.holds_point(x, y).then_some((x, y))
    }
    /// Latitude at the middle of the map's height.
    pub fn middle_lat(&self) -> f64 {
        self.lat_at(f64::from(self.frame.y0 + self.frame.y1) * 0.5)
    }
    /// The projection in words.
    pub fn projection(&self) -> String {
        if self.extent.mercator {
            "Mercator projection".to_owned()
        } else {
            let middle = 0.5 * (self.extent.south + self.extent.north);
            format!(
                "Equirectangular projection, true at {}",
                latitude(middle.round(), 0)
            )
        }
    }
}

/// `35°S`, with decimals.
pub(crate) fn latitude(lat: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", lat.abs());
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    format!(
        "{text}°{}",
        if zero {
            ""
        } else if lat < 0.0 {
            "S"
        } else {
            "N"
        }
    )
}

/// `170°W`, with decimals; any multiple of 360 may be in it.
pub(crate) fn longitude(lon: f64, decimals: usize) -> String {
    let lon = ocean::sphere::normal_lon(lon);
    let text = format!("{:.decimals$}", lon.abs());
    let number = text.parse::<f64>().unwrap_or(0.0);
    let side = if number == 0.0 || number == 180.0 {
        ""
    } else if lon < 0.0 {
        "W"
    } else {
        "E"
    };
    format!("{text}°{side}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(west: f64, south: f64, east: f64, north: f64, projection: Projection) -> View {
        let area = Area {
            west,
            south,
            east,
            north,
        };
        let extent = Extent::new(area, projection).expect("a drawable area");
        let width = 600.0;
        View::new(
            extent,
            Frame::new(
                50.0,
                40.0,
                50.0 + width,
                40.0 + width / extent.aspect() as f32,
            ),
        )
    }

    #[test]
    fn there_and_back_across_the_date_line() {
        for projection in [Projection::Mercator, Projection::Equirectangular] {
            let v = view(120.0, -60.0, -70.0, 60.0, projection);
            for (lat, lon) in [(0.0, 179.0), (-45.0, -172.9), (59.0, 121.0), (10.0, 250.0)] {
                let (x, y) = v.spot(lat, lon).expect("on the map");
                let back = ocean::sphere::normal_lon(v.lon_at(f64::from(x)) - lon);
                assert!(back.abs() < 1e-3 && (v.lat_at(f64::from(y)) - lat).abs() < 1e-3);
            }
            assert!(v.spot(0.0, 0.0).is_none() && v.spot(f64::NAN, 150.0).is_none());
        }
    }

    #[test]
    fn both_axes_have_one_scale_at_the_middle_latitude() {
        for (projection, lat) in [
            (Projection::Equirectangular, 40.0),
            (Projection::Mercator, 55.0),
        ] {
            let v = view(130.0, 20.0, 170.0, 60.0, projection);
            let east = v.x(151.0) - v.x(150.0);
            let north = v.y(lat - 0.5) - v.y(lat + 0.5);
            let ratio = f64::from(east / north) / lat.to_radians().cos();
            assert!((ratio - 1.0).abs() < 0.01, "{projection:?}: {ratio}");
        }
    }

    #[test]
    fn hopeless_areas_are_refused_and_strips_widened() {
        let new = |west, south, east, north| {
            Extent::new(
                Area {
                    west,
                    south,
                    east,
                    north,
                },
                Projection::Auto,
            )
        };
        assert!(new(f64::NAN, 0.0, 1.0, 1.0).is_err());
        assert!(new(0.0, 5.0, 10.0, 5.0).is_err());
        assert!(new(0.0, 5.0, 10.0, 4.0).is_err());
        assert!(new(0.0, -91.0, 10.0, 4.0).is_err());
        for (w, s, e, n) in [
            (0.0, 0.0, 359.0, 0.5),
            (100.0, -60.0, 100.2, 60.0),
            (0.0, 70.0, 200.0, 89.0),
        ] {
            let aspect = new(w, s, e, n).expect("drawable").aspect();
            assert!((0.3..=3.5).contains(&aspect), "{aspect}");
        }
    }

    #[test]
    fn degrees_in_words() {
        assert_eq!(longitude(190.0, 0), "170°W");
        assert_eq!(longitude(180.0, 0), "180°");
        assert_eq!(longitude(540.0, 1), "180.0°");
        assert_eq!(longitude(0.0, 0), "0°");
        assert_eq!(latitude(-0.04, 1), "0.0°");
        assert_eq!(latitude(-35.5, 1), "35.5°S");
    }
}
