//! What a response bank is to hold: `bank.toml`.
//!
//! Parsed, checked, and only then built from. Unknown keys are refused by `settings`; what a key alone cannot show (ids that
//! repeat, trenches that are not there) is refused here, with the key.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ocean::forecast::Point;
use ocean::response::UnitSource;
use ocean::shallow_water::Settings;
use ocean::trench::{self, Trench, UnitOptions};
use serde::Deserialize;

use crate::config::Config;
use crate::grid_file::{self, GridFile};
use crate::shipped;

/// Everything that makes a bank.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankConfig {
    /// Title for people.
    pub title: String,
    /// A shipped grid, or the path of one, relative to this file.
    pub grid: String,
    /// What the grid's file does not say of itself.
    #[serde(default)]
    pub grid_file: GridFile,
    /// How long responses are: past the highest wave at the farthest receiver.
    #[serde(with = "settings::duration")]
    pub duration: Duration,
    /// Time between samples.
    #[serde(with = "settings::duration", default = "step")]
    pub step: Duration,
    /// The part of the grid to compute on; the whole of it without.
    pub area: Option<Area>,
    /// The solver.
    #[serde(default)]
    pub solver: Solver,
    /// Size of the unit sources.
    #[serde(default)]
    pub unit: Unit,
    /// Where the unit sources are.
    pub trench: Vec<Stretch>,
    /// Deployments whose sea-level stations and coast points are receivers too: shipped names, or directories relative to this
    /// file.
    #[serde(default)]
    pub from: Vec<String>,
    /// Sensors.
    #[serde(default)]
    pub sensor: Vec<Place>,
    /// Coastal forecast points.
    #[serde(default)]
    pub point: Vec<Place>,
}

/// A minute resolves the shortest waves that a 5' grid carries, periods of five minutes or so.
fn step() -> Duration {
    Duration::from_secs(60)
}

/// What the solver takes into account.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Solver {
    /// Sea water gives way under pressure and grows denser with depth, which slows waves by half a per cent over the deep sea.
    pub compressible: bool,
    /// The sea floor sinks under a wave's weight and gravity follows, which slows waves by a third of a per cent.
    pub elastic: bool,
}

impl Default for Solver {
    fn default() -> Self {
        Self {
            compressible: Settings::default().compressible,
            elastic: Settings::default().elastic,
        }
    }
}

impl Solver {
    /// As the solver takes it.
    pub fn settings(self) -> Settings {
        Settings {
            compressible: self.compressible,
            elastic: self.elastic,
            ..Settings::default()
        }
    }
}

/// A rectangle of degrees. West of `west`, `east` counts from beyond the date line.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// Western edge, degrees.
    pub west: f64,
    /// Southern edge, degrees.
    pub south: f64,
    /// Eastern edge, degrees.
    pub east: f64,
    /// Northern edge, degrees.
    pub north: f64,
}

/// Size of the unit sources.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Unit {
    /// Length along the trench, kilometres.
    pub length_km: f64,
    /// Width down the interface, kilometres.
    pub width_km: f64,
    /// Rows from the trench downwards.
    pub rows: usize,
}

impl Default for Unit {
    fn default() -> Self {
        let UnitOptions {
            length_km,
            width_km,
            rows,
        } = UnitOptions::default();
        Self {
            length_km,
            width_km,
            rows,
        }
    }
}

/// A stretch of a trench.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// The trench's id, such as `chile-peru`.
    pub id: String,
    /// A place near one end, `[lat, lon]`; the trench's own beginning without.
    pub from: Option<[f64; 2]>,
    /// A place near the other end; the trench's own end without.
    pub to: Option<[f64; 2]>,
    /// Rows of this stretch, where they are not those of `[unit]`.
    pub rows: Option<usize>,
}

/// A receiver.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Id.
    pub id: String,
    /// Name for people; the id without.
    #[serde(default)]
    pub name: String,
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east.
    pub lon: f64,
}

/// A bank's configuration and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What it says.
    pub config: BankConfig,
    /// Name of the bank: the file's or directory's, or the shipped one.
    pub name: String,
    document: settings::Document,
    /// Folder that relative paths in it count from.
    folder: PathBuf,
}

/// A receiver that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Id, place and kind.
    pub point: Point,
    /// Name for people.
    pub name: String,
    /// Named in the file itself, and not through a deployment.
    pub own: bool,
}

impl Loaded {
    /// A shipped bank by its name, a directory with a `bank.toml`, or a file.
    ///
    /// # Errors
    /// What is wrong with it, with file, line and what to do.
    pub fn load(given: &Path) -> Result<Self, String> {
        let shipped = given
            .to_str()
            .and_then(|name| shipped::BANKS.iter().find(|b| b.0 == name));
        if let Some((name, text)) = shipped.filter(|_| !given.exists()) {
            return Self::parse(name, text);
        }
        if !given.exists() {
            let known: Vec<&str> = shipped::BANKS.iter().map(|b| b.0).collect();
            return Err(format!(
                "{}: no such file or directory, and no shipped bank ({})",
                given.display(),
                known.join(", ")
            ));
        }
        let file = if given.is_dir() {
            given.join("bank.toml")
        } else {
            given.to_owned()
        };
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let named = if given.is_dir() {
            std::fs::canonicalize(given).unwrap_or_else(|_| given.to_owned())
        } else {
            file.with_extension("")
        };
        let name = named
            .file_name()
            .map_or_else(|| "bank".to_owned(), |n| n.to_string_lossy().into_owned());
        let document = settings::Document::load(&file).map_err(|e| e.to_string())?;
        Self::read(document, name, folder)
    }

    /// A bank of the program's own, from its text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let document = settings::Document::new(&format!("{name}.toml"), text);
        Self::read(document, name.to_owned(), PathBuf::new())
    }

    fn read(document: settings::Document, name: String, folder: PathBuf) -> Result<Self, String> {
        let config: BankConfig = document
            .read(&settings::Environment::none())
            .map_err(|e| e.to_string())?;
        let loaded = Self {
            config,
            name,
            document,
            folder,
        };
        loaded.check()?;
        Ok(loaded)
    }

    /// A complaint about a key, with its place in the file.
    pub fn refuse(&self, key: &str, why: &str) -> String {
        self.document.refuse(key, why).to_string()
    }

    fn check(&self) -> Result<(), String> {
        let c = &self.config;
        let hour = Duration::from_secs(3600);
        let step = Duration::from_secs(1)..=Duration::from_secs(600);
        if !step.contains(&c.step) {
            return Err(self.refuse("step", "between 1s and 10m are possible"));
        }
        if c.duration < hour / 2 || c.duration > 48 * hour {
            return Err(self.refuse("duration", "between 30m and 48h are possible"));
        }
        let unit = UnitOptions {
            length_km: c.unit.length_km,
            width_km: c.unit.width_km,
            rows: c.unit.rows,
        };
        if !((5.0..=500.0).contains(&unit.length_km) && (5.0..=200.0).contains(&unit.width_km)) {
            return Err(self.refuse(
                "unit",
                "length_km of 5 to 500 and width_km of 5 to 200 are possible",
            ));
        }
        let rows = std::iter::once(c.unit.rows).chain(c.trench.iter().filter_map(|t| t.rows));
        if !rows.into_iter().all(|r| (1..=26).contains(&r)) {
            return Err(self.refuse("unit", "rows of 1 to 26 are possible"));
        }
        if c.trench.is_empty() {
            return Err(self.refuse("", "no [[trench]]: where are the unit sources to be?"));
        }
        if c.sensor.is_empty() && c.point.is_empty() && c.from.is_empty() {
            return Err(self.refuse("", "no [[sensor]], no [[point]] and no from: who receives?"));
        }
        let mut ids = BTreeSet::new();
        for (kind, list) in [("sensor", &c.sensor), ("point", &c.point)] {
            for (k, place) in list.iter().enumerate() {
                let at = |key: &str| format!("{kind}[{k}].{key}");
                if place.id.is_empty() || place.id.len() > bank::provenance::MAX_ID {
                    return Err(self.refuse(&at("id"), "an id of 1 to 128 characters, please"));
                }
                if !ids.insert(&place.id) {
                    let why = format!("\"{}\" is there twice", place.id);
                    return Err(self.refuse(&at("id"), &why));
                }
                let on_earth =
                    (-90.0..=90.0).contains(&place.lat) && (-180.0..=360.0).contains(&place.lon);
                if !on_earth {
                    let why = format!("{}, {} is no place on Earth", place.lat, place.lon);
                    return Err(self.refuse(&at("lat"), &why));
                }
            }
        }
        Ok(())
    }

    /// The unit sources of all stretches.
    ///
    /// # Errors
    /// A stretch without a trench, or without a unit source.
    pub fn units(&self) -> Result<Vec<UnitSource>, String> {
        let mut units: Vec<UnitSource> = Vec::new();
        for (k, stretch) in self.config.trench.iter().enumerate() {
            let at = |key: &str| format!("trench[{k}].{key}");
            let Some(trench) = trench::by_id(&stretch.id) else {
                let known: Vec<&str> = trench::all().iter().map(Trench::id).collect();
                let why = format!(
                    "no trench \"{}\"; there are {}",
                    stretch.id,
                    known.join(", ")
                );
                return Err(self.refuse(&at("id"), &why));
            };
            let along = |key: &str, place: Option<[f64; 2]>, own: f64| match place {
                None => Ok(own),
                Some([lat, lon]) => trench.along_km(lat, lon).ok_or_else(|| {
                    let why = format!("[{lat}, {lon}] is not near the trench {}", trench.name());
                    self.refuse(&at(key), &why)
                }),
            };
            let from = along("from", stretch.from, 0.0)?;
            let to = along("to", stretch.to, trench.length_km())?;
            let options = UnitOptions {
                length_km: self.config.unit.length_km,
                width_km: self.config.unit.width_km,
                rows: stretch.rows.unwrap_or(self.config.unit.rows),
            };
            let more = trench.unit_sources(from.min(to)..from.max(to), &options);
            if more.is_empty() {
                return Err(self.refuse(&at("id"), "the stretch is shorter than a unit source"));
            }
            if let Some(twice) = more.iter().find(|m| units.iter().any(|u| u.id == m.id)) {
                let why = format!("unit source {} is in a stretch above too", twice.id);
                return Err(self.refuse(&at("from"), &why));
            }
            units.extend(more);
        }
        Ok(units)
    }

    /// The receivers: the file's own, then those of deployments that are not among them.
    ///
    /// # Errors
    /// A deployment that cannot be read.
    pub fn receivers(&self) -> Result<Vec<Asked>, String> {
        let c = &self.config;
        let own = |place: &Place, coastal| Asked {
            point: Point {
                id: place.id.clone(),
                lat: place.lat,
                lon: place.lon,
                coastal,
            },
            name: if place.name.is_empty() {
                place.id.clone()
            } else {
                place.name.clone()
            },
            own: true,
        };
        let mut asked: Vec<Asked> = c.sensor.iter().map(|p| own(p, false)).collect();
        asked.extend(c.point.iter().map(|p| own(p, true)));
        for (k, from) in c.from.iter().enumerate() {
            let deployment = self
                .deployment(from)
                .map_err(|why| self.refuse(&format!("from[{k}]"), &why))?;
            for more in of_deployment(&deployment) {
                if asked.iter().all(|a| a.point.id != more.point.id) {
                    asked.push(more);
                }
            }
        }
        Ok(asked)
    }

    fn deployment(&self, from: &str) -> Result<Config, String> {
        match shipped::DEPLOYMENTS.iter().find(|d| d.0 == from) {
            Some((name, text)) => Config::parse(name, text).map_err(|e| e.to_string()),
            None => Config::load(&self.folder.join(from)).map_err(|e| e.to_string()),
        }
    }

    /// The depths, cut to the area.
    ///
    /// # Errors
    /// A grid that cannot be read, or an area beside it.
    pub fn grid(&self) -> Result<ocean::Grid, String> {
        let name = &self.config.grid;
        let path;
        let said = &self.config.grid_file;
        let wanted = if shipped::GRIDS.iter().any(|g| g.name == name) {
            if !said.is_silent() {
                let why =
                    format!("\"{name}\" ships and leaves nothing open; leave this table away");
                return Err(self.refuse("grid_file", &why));
            }
            name.as_str()
        } else {
            path = self.folder.join(name);
            path.to_str().unwrap_or(name)
        };
        let explain = |e: &gridfile::Error| grid_file::KEYS.explain(e);
        let grid =
            shipped::grid_with(wanted, said, explain).map_err(|why| self.refuse("grid", &why))?;
        let Some(a) = self.config.area else {
            return Ok(grid);
        };
        let area = ocean::grid::Area {
            west: a.west,
            south: a.south,
            east: a.east,
            north: a.north,
        };
        grid.window(area)
            .map_err(|e| self.refuse("area", &e.to_string()))
    }
}

/// The places at which a deployment's forecasts are made, with the ids that forecasts give them: each sea-level station,
/// and each coast point of each zone as `zone#k`.
pub fn of_deployment(config: &Config) -> Vec<Asked> {
    // A gauge in less water stands at the coast: it feels the shoaled wave.
    const COASTAL_DEPTH_M: f64 = 50.0;
    let tsunami = |s: &&crate::config::Station| s.is_at_sea();
    let stations = config.station.iter().filter(tsunami).map(|s| Asked {
        point: Point {
            id: s.id.clone(),
            lat: s.lat,
            lon: s.lon,
            coastal: s.depth_m.is_none_or(|d| d < COASTAL_DEPTH_M),
        },
        name: if s.name.is_empty() {
            s.id.clone()
        } else {
            s.name.clone()
        },
        own: false,
    });
    let zones = config.zone.iter().flat_map(|zone| {
        zone.coast.iter().enumerate().map(|(k, [lat, lon])| Asked {
            point: Point {
                id: format!("{}#{k}", zone.id),
                lat: *lat,
                lon: *lon,
                coastal: true,
            },
            name: zone.name.clone(),
            own: false,
        })
    });
    stations.chain(zones).collect()
}
