//! The places that a forecast is made for: stations and coastal points.

use std::path::Path;

use gridfile::StationKind;
use wire::quantity::Quantity;

use super::Trouble;
use super::files::read_bounded;
use crate::config::{Config, Policy};
use crate::shipped;

/// Most stations, and most points.
pub const MAX_PLACES: usize = 5_000;
/// The ports that ship.
pub const SHIPPED_POINTS: &str = include_str!("../../../configs/forecast-points.csv");

/// A place on the coast or a station.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Identifier, unique in its list; names its files.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Country code, where given.
    pub country: String,
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east.
    pub lon: f64,
    /// Depth of a station's instrument, metres, where known.
    pub depth_m: Option<f64>,
    /// What stands there, where given.
    pub kind: Option<StationKind>,
    /// What the coast makes of a wave beyond Green's law, where known.
    pub factor: Option<f64>,
}

impl Place {
    /// A place of which nothing but the name is known yet.
    #[cfg(test)]
    pub fn named(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            country: String::new(),
            lat: 0.0,
            lon: 0.0,
            depth_m: None,
            factor: None,
            kind: None,
        }
    }

    /// What measures a quantity: the pressure of the water is measured on the sea floor, its level anywhere.
    pub fn kind_of(quantity: Quantity) -> Option<StationKind> {
        (quantity == Quantity::WaterPressure).then_some(StationKind::SeaFloor)
    }
}

/// Points, where they came from, and by which policy their levels hold.
#[derive(Debug, Clone)]
pub struct Points {
    /// The points.
    pub places: Vec<Place>,
    /// Words for people: `159 ports that ship`.
    pub origin: String,
    /// Heights and probability of the levels.
    pub policy: Policy,
    /// True when the user named them: the grid is then chosen to hold them.
    pub asked: bool,
    /// Stations of the deployment, if it was one.
    pub stations: Vec<Place>,
    /// The file, for the list of inputs.
    pub file: Option<(String, Vec<u8>)>,
}

impl Points {
    /// The points that the user asked for, or those that ship.
    pub fn choose(wanted: Option<&str>) -> Result<Self, Trouble> {
        let Some(wanted) = wanted else {
            let places = parse("the shipped points", SHIPPED_POINTS.as_bytes())?;
            return Ok(Self {
                origin: format!("{} ports that ship", places.len()),
                places,
                policy: Policy::default(),
                asked: false,
                stations: Vec::new(),
                file: None,
            });
        };
        if let Some((name, text)) = shipped::DEPLOYMENTS
            .iter()
            .find(|(name, _)| *name == wanted)
        {
            let config = Config::parse(name, text).map_err(|e| Trouble::Wrong(e.to_string()))?;
            return Ok(Self::of(&config));
        }
        let path = Path::new(wanted);
        if path.is_dir() || path.extension().is_some_and(|e| e == "toml") {
            let config = Config::load(path).map_err(|e| Trouble::Wrong(e.to_string()))?;
            return Ok(Self::of(&config));
        }
        if !path.exists() {
            let known: Vec<&str> = shipped::DEPLOYMENTS.iter().map(|d| d.0).collect();
            return Err(Trouble::Wrong(format!(
                "--points {wanted}: neither a file, nor a deployment's directory, nor a shipped \
                 deployment ({})",
                known.join(", ")
            )));
        }
        let bytes = read_bounded(path, gridfile::MAX_STATION_BYTES)?;
        let places = parse(wanted, &bytes)?;
        Ok(Self {
            origin: format!("{} points of {wanted}", places.len()),
            places,
            policy: Policy::default(),
            asked: true,
            stations: Vec::new(),
            file: Some((wanted.to_owned(), bytes)),
        })
    }

    fn of(config: &Config) -> Self {
        let mut places = Vec::new();
        for zone in &config.zone {
            for (k, [lat, lon]) in zone.coast.iter().copied().enumerate() {
                let alone = zone.coast.len() == 1;
                places.push(Place {
                    id: if alone {
                        zone.id.clone()
                    } else {
                        format!("{}-{}", zone.id, k + 1)
                    },
                    name: if alone {
                        zone.name.clone()
                    } else {
                        format!("{} ({})", zone.name, k + 1)
                    },
                    country: String::new(),
                    lat,
                    lon,
                    depth_m: None,
                    factor: None,
                    kind: None,
                });
            }
        }
        let sea = |s: &&crate::config::Station| s.is_at_sea();
        let stations = config.station.iter().filter(sea).map(|s| Place {
            id: s.id.clone(),
            name: if s.name.is_empty() {
                s.id.clone()
            } else {
                s.name.clone()
            },
            country: String::new(),
            lat: s.lat,
            lon: s.lon,
            depth_m: s.depth_m,
            factor: None,
            kind: Place::kind_of(s.quantity),
        });
        Self {
            origin: format!(
                "{} points of deployment {}",
                places.len(),
                config.deployment
            ),
            places,
            policy: config.policy.clone(),
            asked: true,
            stations: stations.collect(),
            file: None,
        }
    }
}

/// The stations of a file.
pub fn stations(path: &Path) -> Result<(Vec<Place>, Vec<u8>), Trouble> {
    let bytes = read_bounded(path, gridfile::MAX_STATION_BYTES)?;
    Ok((parse(&path.display().to_string(), &bytes)?, bytes))
}

/// Places of a list in any format that [`gridfile::read_stations`] knows.
fn parse(file: &str, bytes: &[u8]) -> Result<Vec<Place>, Trouble> {
    let (stations, _) =
        gridfile::read_stations_bytes(file, bytes).map_err(|e| Trouble::Wrong(e.to_string()))?;
    if stations.is_empty() {
        return Err(Trouble::Wrong(format!(
            "{file}: no places; a row is `id,lat,lon` under that header"
        )));
    }
    if stations.len() > MAX_PLACES {
        return Err(Trouble::Wrong(format!(
            "{file}: {} places; at most {MAX_PLACES} are taken",
            stations.len()
        )));
    }
    let place = |s: gridfile::Station| Place {
        id: s.id,
        name: s.name,
        country: s.country.unwrap_or_default(),
        lat: s.lat,
        lon: s.lon,
        depth_m: s.depth_m,
        kind: s.kind,
        factor: s.factor,
    };
    Ok(stations.into_iter().map(place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_with_their_file() {
        for text in [
            "",
            "id,lat,lon\n",
            "id,lat,lon\na,1,2\na,1,2\n",
            "id,lat,lon\na,91,2\n",
        ] {
            let error = parse("p.csv", text.as_bytes()).expect_err(text).to_string();
            assert!(error.contains("p.csv"), "{error}");
        }
    }

    #[test]
    fn the_shipped_points_are_sound() {
        let points = Points::choose(None).expect("the shipped list");
        assert!(points.places.len() >= 150);
        assert!(
            points
                .places
                .iter()
                .all(|p| p.country.len() == 2 && !p.name.is_empty())
        );
        let grids: Vec<ocean::Grid> = ["pacific_10min", "indian_10min"]
            .iter()
            .map(|name| shipped::grid(name).expect("a grid"))
            .collect();
        for p in &points.places {
            assert!(
                grids.iter().any(|g| g
                    .nearest_wet(p.lat, p.lon, ocean::forecast::SNAP_KM)
                    .is_some()),
                "{} has no sea",
                p.id
            );
        }
    }

    #[test]
    fn a_deployment_brings_its_points_and_policy() {
        let points = Points::choose(Some("chile")).expect("a shipped deployment");
        assert!(points.asked && points.places.len() > 10);
        assert!(points.stations.iter().any(|s| s.id == "32412"));
        let error = Points::choose(Some("atlantis"))
            .expect_err("unknown")
            .to_string();
        assert!(error.contains("chile"), "{error}");
    }
}
