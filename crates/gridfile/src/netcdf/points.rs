//! Scattered points in netCDF: `points` (n by 2: easting and northing, or longitude and latitude) and `elevation` (n), as ANUGA writes
//! its `.pts` files.
//!
//! Global attributes say where: `xllcorner` and `yllcorner` are added to the coordinates, `projection` is `UTM`, `zone` its number or -1
//! where nobody said; the hemisphere follows from `false_northing` only where the zone is known. Format: ANUGA user manual, "Points
//! file".

use super::file::File;
use crate::problem::Problem;
use crate::uplift::MAX_POINTS;
use crate::utm::Zone;

/// What coordinates are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Degrees,
    Metres,
}

/// Points as the file has them.
#[derive(Debug, Clone)]
pub(crate) struct PointFile {
    /// Coordinates with the corner added, and the displacement.
    pub xyz: Vec<(f64, f64, f32)>,
    pub unit: Unit,
    pub zone: Option<Zone>,
    /// What the file says of its zone.
    pub said: String,
}

/// The points of a file that holds such, `None` for any other file.
pub(crate) fn read_points(bytes: &[u8]) -> Result<Option<PointFile>, Problem> {
    if !bytes.starts_with(b"CDF") {
        return Ok(None);
    }
    let file = File::parse(bytes)?;
    let (Some(points), Some(elevation)) = (file.variable("points"), file.variable("elevation"))
    else {
        return Ok(None);
    };
    let [n, 2] = points.shape[..] else {
        return Ok(None);
    };
    if elevation.shape != [n] {
        return Err(Problem::malformed(format!(
            "has {n} points and not as many displacements"
        )));
    }
    let corner = |name| file.attributes.number(name).unwrap_or(0.0);
    let (x0, y0) = (corner("xllcorner"), corner("yllcorner"));
    let coordinates = file.numbers(points, 2 * MAX_POINTS)?;
    let displacements = file.numbers(elevation, MAX_POINTS)?;
    let pairs = coordinates.chunks_exact(2).zip(displacements);
    let xyz: Vec<(f64, f64, f32)> = pairs
        .map(|(xy, z)| (xy[0] + x0, xy[1] + y0, z as f32))
        .collect();

    let zone = file.attributes.number("zone");
    let metric = xyz
        .iter()
        .any(|&(x, y, _)| y.abs() > 90.0 || x.abs() > 540.0);
    let number = zone.filter(|z| (1.0..=60.0).contains(z)).map(|z| z as u8);
    // ANUGA writes a false northing of 10,000,000 whatever the hemisphere when it does not know the zone.
    let south = file
        .attributes
        .number("false_northing")
        .is_some_and(|n| n > 0.0);
    Ok(Some(PointFile {
        xyz,
        unit: if metric { Unit::Metres } else { Unit::Degrees },
        zone: number.and_then(|number| Zone::new(number, south)),
        said: match zone {
            Some(zone) => format!("zone = {zone}"),
            None => "no zone".to_owned(),
        },
    }))
}
