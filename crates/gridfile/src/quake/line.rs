//! Earthquakes in lines: CSV with a header, as USGS's catalogue search gives it, or bare lines of
//! `time,lat,lon,depth_km,magnitude[,strike,dip,rake]`.

use ocean::Quake;

use super::{Earthquake, Plane, checked, words};
use crate::problem::{Problem, shown};
use crate::stations::as_id;

/// Most lines that are looked at.
const MAX_LINES: usize = 200_000;
/// Columns of a bare line.
const BARE: [&str; 8] = [
    "time",
    "lat",
    "lon",
    "depth_km",
    "magnitude",
    "strike",
    "dip",
    "rake",
];

/// Column by its name, whatever case it is written in.
fn column(name: &str) -> Option<&'static str> {
    let name: String = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase();
    Some(match name.as_str() {
        "time" | "origintime" | "origin" | "datetime" => "time",
        "lat" | "latitude" => "lat",
        "lon" | "lng" | "longitude" => "lon",
        "depth" | "depthkm" => "depth_km",
        "mag" | "magnitude" | "mw" => "magnitude",
        "strike" | "strikedeg" | "strike1" => "strike",
        "dip" | "dipdeg" | "dip1" => "dip",
        "rake" | "rakedeg" | "rake1" => "rake",
        "id" | "eventid" => "id",
        "place" | "eventlocationname" | "region" => "place",
        "magtype" => "magtype",
        _ => return None,
    })
}

pub(crate) fn read(text: &str) -> Result<(Vec<Earthquake>, Vec<String>), Problem> {
    let first = text
        .lines()
        .map(str::trim)
        .find(|l| !l.is_empty() && !l.starts_with('#'))
        .unwrap_or("");
    // FDSN's text format has its header behind a `#` and bars between columns.
    let header = text
        .lines()
        .find(|l| l.starts_with('#') && l.contains('|'))
        .map(|l| l.trim_start_matches('#'));
    let delimiter = [',', ';', '|', '\t']
        .into_iter()
        .max_by_key(|&d| first.matches(d).count())
        .unwrap_or(',');
    let fields = |line: &str| -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter as u8)
            .trim(csv::Trim::All)
            .from_reader(line.as_bytes());
        let record = reader
            .records()
            .next()
            .and_then(Result::ok)
            .unwrap_or_default();
        record.iter().map(str::to_owned).collect()
    };
    let named = |line: &str| -> Vec<Option<&'static str>> {
        fields(line).iter().map(|f| column(f)).collect()
    };
    let mut columns = header.map(named).filter(|c| c.contains(&Some("lat")));
    let (mut quakes, mut refused) = (Vec::new(), Vec::new());
    for (k, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if k >= MAX_LINES {
            return Err(Problem::TooLarge {
                what: "lines",
                found: k as u64 + 1,
                most: MAX_LINES as u64,
                hint: "",
            });
        }
        let Some(columns) = &columns else {
            let first = named(line);
            let is_header = first.contains(&Some("lat")) && first.contains(&Some("magnitude"));
            if is_header {
                columns = Some(first);
                continue;
            }
            let bare: Vec<Option<&str>> = BARE.iter().map(|name| Some(*name)).collect();
            match earthquake(&bare, &fields(line)) {
                Ok(quake) => quakes.push(quake),
                Err(what) if quakes.is_empty() => {
                    return Err(Problem::line(
                        k + 1,
                        format!(
                            "{what}; without a header a line is `time,lat,lon,depth_km,magnitude`"
                        ),
                    ));
                }
                Err(what) => refused.push(format!("line {}: {what}", k + 1)),
            }
            continue;
        };
        match earthquake(columns, &fields(line)) {
            Ok(quake) => quakes.push(quake),
            Err(what) => refused.push(format!("line {}: {what}", k + 1)),
        }
    }
    Ok((quakes, refused))
}

fn earthquake(columns: &[Option<&str>], fields: &[String]) -> Result<Earthquake, String> {
    let field = |name: &str| {
        let at = columns.iter().position(|c| *c == Some(name))?;
        fields.get(at).map(String::as_str).filter(|f| !f.is_empty())
    };
    let number = |name: &str| -> Result<Option<f64>, String> {
        let Some(text) = field(name) else {
            return Ok(None);
        };
        let number = text.parse::<f64>().ok().filter(|x| x.is_finite());
        number
            .map(Some)
            .ok_or_else(|| format!("{name} \"{}\" is no number", shown(text)))
    };
    let needed = |name: &str| number(name)?.ok_or_else(|| format!("no {name}"));
    let time = field("time").ok_or("no time")?;
    let origin_us = super::instant(time).ok_or_else(|| {
        format!(
            "time \"{}\" is none, such as 2010-02-27T06:34:14Z",
            shown(time)
        )
    })?;
    let id = field("id").map(as_id).filter(|id| !id.is_empty());
    let quake = checked(Quake {
        id: id.unwrap_or_else(|| origin_us.div_euclid(1_000_000).to_string()),
        magnitude: needed("magnitude")?,
        lat: needed("lat")?,
        lon: needed("lon")?,
        depth_km: number("depth_km")?.unwrap_or(super::ASSUMED_DEPTH_KM),
        origin_us,
    })?;
    let plane = match (number("strike")?, number("dip")?, number("rake")?) {
        (Some(strike), Some(dip), Some(rake)) => {
            Some(Plane::new(strike, dip, rake).ok_or_else(|| {
                format!("strike {strike}, dip {dip}, rake {rake} are no nodal plane")
            })?)
        }
        _ => None,
    };
    Ok(Earthquake {
        quake,
        planes: plane.into_iter().collect(),
        place: field("place").map(words).unwrap_or_default(),
        magnitude_type: field("magtype").map(words),
        updated_us: None,
    })
}
