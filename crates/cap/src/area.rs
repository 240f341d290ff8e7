//! Where an info applies: words, outlines, circles and codes. WGS 84 degrees, latitude first.

use crate::NamedValue;
use crate::geometry;
use crate::invalid::{Invalid, Rule};

/// Most points of a polygon that may be written, the closing point included: the WMO tooling's limit (FACTS; Sahana's
/// own limit, 1,495, is far above).
pub const MAX_POLYGON_POINTS: usize = 100;

/// A place, or several under one description.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// The place in words.
    pub description: String,
    /// Outlines.
    pub polygons: Vec<Polygon>,
    /// Circles.
    pub circles: Vec<Circle>,
    /// Codes of places, e.g. ISO 3166-2 or UGC.
    pub geocodes: Vec<NamedValue>,
    /// Altitude above mean sea level in feet (the unit is the standard's), the lowest one if `ceiling_ft` is given.
    pub altitude_ft: Option<f64>,
    /// Highest altitude in feet; only together with `altitude_ft`.
    pub ceiling_ft: Option<f64>,
}

impl Area {
    /// An area known by its description only.
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            polygons: Vec::new(),
            circles: Vec::new(),
            geocodes: Vec::new(),
            altitude_ft: None,
            ceiling_ft: None,
        }
    }
}

/// A position, kept to 0.00001 degrees (1.1 m of latitude) so that messages stay short and exact.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Point {
    lat_deg: f64,
    lon_deg: f64,
}

impl Point {
    /// The position at `lat_deg` north and `lon_deg` east, rounded. Range is checked when the message is.
    pub fn new(lat_deg: f64, lon_deg: f64) -> Self {
        Self {
            lat_deg: rounded(lat_deg, 1e5),
            lon_deg: rounded(lon_deg, 1e5),
        }
    }

    /// Degrees north.
    pub const fn lat_deg(self) -> f64 {
        self.lat_deg
    }

    /// Degrees east.
    pub const fn lon_deg(self) -> f64 {
        self.lon_deg
    }
}

/// A closed outline: first and last point are the same, edges do not cross or touch.
///
/// The field is open so that a reader can hold what it received; [`Polygon::closed`] builds a valid one.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygon {
    /// Its points, four at least, in either direction.
    pub points: Vec<Point>,
}

impl Polygon {
    /// The outline through `points`, closed if it is not yet.
    ///
    /// # Errors
    /// The rule that the outline breaks: fewer than three corners, more than [`MAX_POLYGON_POINTS`], out of range, edges
    /// that cross, an edge over the antimeridian. [`cover`](crate::cover()) mends the last three.
    pub fn closed(mut points: Vec<Point>) -> Result<Self, Invalid> {
        if let Some(&first) = points.first()
            && points.last() != Some(&first)
        {
            points.push(first);
        }
        let polygon = Self { points };
        match geometry::polygon_fault(&polygon) {
            None => Ok(polygon),
            Some((rule, found)) => Err(Invalid::new("polygon", rule, found)),
        }
    }
}

/// A disc on the sphere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    /// Its centre.
    pub center: Point,
    radius_km: f64,
}

impl Circle {
    /// The disc of `radius_km` kilometres, kept to a metre, around `center`. Zero is a point, which consumers draw as
    /// nothing: the writer refuses it.
    pub fn new(center: Point, radius_km: f64) -> Self {
        Self {
            center,
            radius_km: rounded(radius_km, 1e3),
        }
    }

    /// Radius in kilometres.
    pub const fn radius_km(self) -> f64 {
        self.radius_km
    }

    /// The rule that the circle breaks, if any.
    pub(crate) fn fault(self) -> Option<(Rule, String)> {
        if let Some(fault) = geometry::point_fault(self.center) {
            return Some(fault);
        }
        let fits = self.radius_km > 0.0 && self.radius_km <= geometry::HALF_CIRCUMFERENCE_KM;
        (!fits).then(|| (Rule::CircleRadius, format!("{} km", self.radius_km)))
    }
}

/// `value` to a multiple of `1 / scale`; nonsense (NaN, infinite, huge) stays what it is, for the check to name.
fn rounded(value: f64, scale: f64) -> f64 {
    if value.abs() > 1e6 || !value.is_finite() {
        return value;
    }
    // Adding zero turns -0 into 0, which must not be written as "-0".
    (value * scale).round() / scale + 0.0
}
