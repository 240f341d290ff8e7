//! What the names of columns mean.

use super::{Reference, TableError};

/// A quantity of a subfault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    Lat,
    Lon,
    Depth,
    Top,
    Bottom,
    Strike,
    Dip,
    Rake,
    Slip,
    Length,
    Width,
    Start,
    Rise,
    /// Latitude, longitude, depth of a corner, 1 to 4.
    CornerLat(u8),
    CornerLon(u8),
    CornerDepth(u8),
}

impl Quantity {
    pub(super) fn name(self) -> &'static str {
        match self {
            Quantity::Lat => "latitude",
            Quantity::Lon => "longitude",
            Quantity::Depth => "depth",
            Quantity::Top => "depth of the upper edge",
            Quantity::Bottom => "depth of the lower edge",
            Quantity::Strike => "strike",
            Quantity::Dip => "dip",
            Quantity::Rake => "rake",
            Quantity::Slip => "slip",
            Quantity::Length => "length",
            Quantity::Width => "width",
            Quantity::Start => "start of rupture",
            Quantity::Rise => "rise time",
            Quantity::CornerLat(_) => "latitude of a corner",
            Quantity::CornerLon(_) => "longitude of a corner",
            Quantity::CornerDepth(_) => "depth of a corner",
        }
    }

    /// Unit that a number without one has.
    fn is_length(self) -> bool {
        matches!(
            self,
            Quantity::Depth
                | Quantity::Top
                | Quantity::Bottom
                | Quantity::Length
                | Quantity::Width
                | Quantity::CornerDepth(_)
        )
    }
}

/// A column that is used.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub quantity: Quantity,
    /// Place in the row.
    pub index: usize,
    /// What a number is multiplied by to be in kilometres, degrees, metres, seconds, north and east positive.
    pub factor: f64,
    /// What the name says about positions.
    pub reference: Option<Reference>,
    pub name: String,
}

/// The columns of a header that mean something; others are left alone.
pub(super) fn columns(line: usize, names: &[String]) -> Result<Vec<Column>, TableError> {
    let mut out: Vec<Column> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let Some((quantity, factor, reference)) = meaning(name) else {
            continue;
        };
        if let Some(first) = out.iter().find(|c| c.quantity == quantity) {
            return Err(TableError::TwoColumns {
                line,
                what: quantity.name(),
                first: first.name.clone(),
                second: cut(name),
            });
        }
        out.push(Column {
            quantity,
            index,
            factor,
            reference,
            name: cut(name),
        });
    }
    Ok(out)
}

/// At most 40 characters of a text from outside.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

fn meaning(name: &str) -> Option<(Quantity, f64, Option<Reference>)> {
    use Quantity::*;
    if let Some(hemisphere) = hemisphere(name) {
        return Some(hemisphere);
    }
    let (base, unit) = base_and_unit(name);
    let corner = Some(Reference::TopCorner);
    let centre = Some(Reference::Centre);
    let (quantity, reference) = match base.as_str() {
        "lat" | "latitude" => (Lat, None),
        "lon" | "long" | "longitude" => (Lon, None),
        "latc" | "clat" | "latcentre" | "latcenter" | "centrelat" | "centerlat" => (Lat, centre),
        "lonc" | "clon" | "loncentre" | "loncenter" | "centrelon" | "centerlon" => (Lon, centre),
        "latr" => (Lat, corner),
        "lonr" => (Lon, corner),
        "depth" | "dep" | "z" => (Depth, None),
        "depthc" | "cdepth" | "depthcentre" | "depthcenter" | "centredepth" => (Depth, centre),
        "dr" => (Depth, corner),
        "topdepth" | "depthtop" | "ztop" | "dtop" | "mindepth" | "htop" => (Top, None),
        "bottomdepth" | "depthbottom" | "zbottom" | "maxdepth" => (Bottom, None),
        "strike" | "strk" => (Strike, None),
        "dip" => (Dip, None),
        "rake" => (Rake, None),
        "slip" | "d0" | "totalslip" | "total" => (Slip, None),
        "length" | "len" | "l" => (Length, None),
        "width" | "wid" | "w" => (Width, None),
        "start" | "starttime" | "tinit" | "time" | "trup" | "rupturetime" | "tstart" => {
            (Start, None)
        }
        "rise" | "risetime" | "trise" | "duration" => (Rise, None),
        _ => {
            let (axis, digit) = base.split_at_checked(base.len().checked_sub(1)?)?;
            let digit = digit.parse().ok().filter(|d| (1..=4).contains(d))?;
            match axis {
                "lat" => (CornerLat(digit), Some(Reference::Corners)),
                "lon" => (CornerLon(digit), Some(Reference::Corners)),
                "depth" | "z" => (CornerDepth(digit), Some(Reference::Corners)),
                _ => return None,
            }
        }
    };
    let factor = match (quantity, unit.as_str()) {
        (q, "m") if q.is_length() => 1e-3,
        (q, "cm") if q.is_length() => 1e-5,
        (Slip, "cm") => 1e-2,
        (Slip, "mm") => 1e-3,
        (Start | Rise, "min") => 60.0,
        _ => 1.0,
    };
    Some((quantity, factor, reference))
}

/// `latS`, `lonW` and the like, the last letter a capital after small ones, or `lat_south`.
fn hemisphere(name: &str) -> Option<(Quantity, f64, Option<Reference>)> {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let (quantity, factor) = match letters.as_str() {
        "latS" => (Quantity::Lat, -1.0),
        "latN" => (Quantity::Lat, 1.0),
        "lonW" | "longW" => (Quantity::Lon, -1.0),
        "lonE" | "longE" => (Quantity::Lon, 1.0),
        _ => match letters.to_lowercase().as_str() {
            "latsouth" | "latitudesouth" => (Quantity::Lat, -1.0),
            "latnorth" | "latitudenorth" => (Quantity::Lat, 1.0),
            "lonwest" | "longitudewest" => (Quantity::Lon, -1.0),
            "loneast" | "longitudeeast" => (Quantity::Lon, 1.0),
            _ => return None,
        },
    };
    Some((quantity, factor, None))
}

/// The name in small letters and digits, and the unit in brackets or after the last underscore.
fn base_and_unit(name: &str) -> (String, String) {
    let lower = name.to_lowercase();
    let mut unit = String::new();
    let mut base = lower.as_str();
    if let Some((before, after)) = lower.split_once(['(', '[']) {
        base = before;
        unit = after.trim_end_matches([')', ']']).trim().to_string();
    } else if let Some((before, after)) = lower.rsplit_once('_')
        && matches!(after, "m" | "cm" | "mm" | "km" | "deg" | "s" | "min")
    {
        base = before;
        unit = after.to_string();
    }
    let base = base.chars().filter(|c| c.is_alphanumeric()).collect();
    (base, unit)
}
