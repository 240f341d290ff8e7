//! Stations, quantities and readings as the entities of SensorThings.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use wire::quality::Quality;
use wire::quantity::Quantity;

use super::model::{Link, Set};
use crate::series::{Known, Point, WAVE, WAVE_UNIT, Wanted};
use crate::view::StationView;

/// A station with what is known of its quantities.
#[derive(Debug, Clone)]
pub struct Station {
    /// As the page shows it.
    pub view: StationView,
    /// Its quantities.
    pub known: Vec<Known>,
}

/// All stations.
#[derive(Debug, Default)]
pub struct Catalog {
    stations: Vec<Station>,
    by_id: HashMap<String, usize>,
}

/// Where readings come from.
pub trait Readings {
    /// A station's readings between two times, both included, oldest first.
    fn between(&self, station: &str, stream: Wanted, from_us: i64, to_us: i64) -> Vec<Point>;
}

/// One entity; stations by their place in the catalog.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entity {
    /// A station.
    Thing(usize),
    /// Its place.
    Location(usize),
    /// A quantity of it.
    Datastream(usize, Wanted),
    /// What measures it.
    Sensor(usize, Wanted),
    /// A quantity.
    Property(Wanted),
    /// A reading.
    Observation(usize, Wanted, Point),
    /// What is observed.
    Feature(usize),
}

/// Entities of one set.
#[derive(Debug, Clone, PartialEq)]
pub enum Entities {
    /// These.
    These(Set, Vec<Entity>),
    /// The readings of these datastreams.
    Readings(Vec<(usize, Wanted)>),
}

impl Entities {
    /// Which set they are of.
    pub fn set(&self) -> Set {
        match self {
            Self::These(set, _) => *set,
            Self::Readings(_) => Set::Observations,
        }
    }
}

impl Catalog {
    /// Of these stations, in their order.
    pub fn new(stations: Vec<Station>) -> Self {
        let by_id = stations.iter().enumerate();
        let by_id = by_id.map(|(i, s)| (s.view.id.clone(), i)).collect();
        Self { stations, by_id }
    }

    fn has_place(&self, station: usize) -> bool {
        let view = &self.stations[station].view;
        view.lat.is_finite() && view.lon.is_finite()
    }

    /// The quantities of a station.
    fn streams(&self, station: usize) -> Vec<Wanted> {
        let known = &self.stations[station].known;
        let mut streams: Vec<Wanted> = known.iter().map(|k| Wanted::Measured(k.quantity)).collect();
        if known.iter().any(|k| is_sea(k.quantity)) {
            streams.push(Wanted::Wave);
        }
        streams
    }

    fn datastreams(&self) -> impl Iterator<Item = (usize, Wanted)> {
        (0..self.stations.len()).flat_map(|s| self.streams(s).into_iter().map(move |w| (s, w)))
    }

    /// All entities of a set.
    pub fn all(&self, set: Set) -> Entities {
        let stations = 0..self.stations.len();
        let entities = match set {
            Set::Things => stations.map(Entity::Thing).collect(),
            Set::Locations => stations
                .filter(|s| self.has_place(*s))
                .map(Entity::Location)
                .collect(),
            Set::FeaturesOfInterest => stations
                .filter(|s| self.has_place(*s))
                .map(Entity::Feature)
                .collect(),
            Set::HistoricalLocations => Vec::new(),
            Set::Datastreams => self
                .datastreams()
                .map(|(s, w)| Entity::Datastream(s, w))
                .collect(),
            Set::Sensors => self
                .datastreams()
                .map(|(s, w)| Entity::Sensor(s, w))
                .collect(),
            Set::ObservedProperties => every_property().map(Entity::Property).collect(),
            Set::Observations => return Entities::Readings(self.datastreams().collect()),
        };
        Entities::These(set, entities)
    }

    /// An entity by its id.
    pub fn find(&self, set: Set, id: &str, readings: &dyn Readings) -> Option<Entity> {
        let station = |id: &str| self.by_id.get(id).copied();
        let stream = |id: &str| {
            let (s, name) = id.rsplit_once('.')?;
            let (s, stream) = (station(s)?, Wanted::from_name(name)?);
            self.streams(s).contains(&stream).then_some((s, stream))
        };
        match set {
            Set::Things => station(id).map(Entity::Thing),
            Set::Locations => station(id)
                .filter(|s| self.has_place(*s))
                .map(Entity::Location),
            Set::FeaturesOfInterest => station(id)
                .filter(|s| self.has_place(*s))
                .map(Entity::Feature),
            Set::HistoricalLocations => None,
            Set::Datastreams => stream(id).map(|(s, w)| Entity::Datastream(s, w)),
            Set::Sensors => stream(id).map(|(s, w)| Entity::Sensor(s, w)),
            Set::ObservedProperties => Wanted::from_name(id).map(Entity::Property),
            Set::Observations => {
                let (datastream, time) = id.rsplit_once('.')?;
                let ((s, w), time_us) = (stream(datastream)?, time.parse().ok()?);
                let found = readings.between(self.station_id(s), w, time_us, time_us);
                found.first().map(|p| Entity::Observation(s, w, *p))
            }
        }
    }

    /// The id of a station.
    pub fn station_id(&self, station: usize) -> &str {
        &self.stations[station].view.id
    }

    /// What an entity's link leads to.
    pub fn follow(&self, entity: Entity, link: Link) -> Entities {
        let placed = |s: usize, entity: Entity| {
            if self.has_place(s) {
                vec![entity]
            } else {
                Vec::new()
            }
        };
        let of = |stream: Wanted| {
            self.datastreams()
                .filter(|(_, w)| *w == stream)
                .map(|(s, w)| Entity::Datastream(s, w))
                .collect()
        };
        let entities = match (entity, link.to) {
            (Entity::Thing(s), Set::Locations) => placed(s, Entity::Location(s)),
            (Entity::Thing(s), Set::Datastreams) => {
                let streams = self.streams(s).into_iter();
                streams.map(|w| Entity::Datastream(s, w)).collect()
            }
            (Entity::Location(s), Set::Things) => vec![Entity::Thing(s)],
            (Entity::Datastream(s, _), Set::Things) => vec![Entity::Thing(s)],
            (Entity::Datastream(s, w), Set::Sensors) => vec![Entity::Sensor(s, w)],
            (Entity::Datastream(_, w), Set::ObservedProperties) => vec![Entity::Property(w)],
            (Entity::Datastream(s, w), Set::Observations) => {
                return Entities::Readings(vec![(s, w)]);
            }
            (Entity::Sensor(s, w), Set::Datastreams) => vec![Entity::Datastream(s, w)],
            (Entity::Property(w), Set::Datastreams) => of(w),
            (Entity::Observation(s, w, _), Set::Datastreams) => vec![Entity::Datastream(s, w)],
            (Entity::Observation(s, ..), Set::FeaturesOfInterest) => placed(s, Entity::Feature(s)),
            (Entity::Feature(s), Set::Observations) => {
                return Entities::Readings(self.streams(s).into_iter().map(|w| (s, w)).collect());
            }
            _ => Vec::new(),
        };
        Entities::These(link.to, entities)
    }

    /// The id of an entity.
    pub fn id(&self, entity: Entity) -> String {
        let stream = |s: usize, w: Wanted| format!("{}.{}", self.station_id(s), name(w));
        match entity {
            Entity::Thing(s) | Entity::Location(s) | Entity::Feature(s) => {
                self.station_id(s).to_owned()
            }
            Entity::Datastream(s, w) | Entity::Sensor(s, w) => stream(s, w),
            Entity::Property(w) => name(w).to_owned(),
            Entity::Observation(s, w, p) => format!("{}.{}", stream(s, w), p.time_us),
        }
    }

    /// The properties of an entity, without id and links.
    pub fn properties(&self, entity: Entity) -> Map<String, Value> {
        let value = match entity {
            Entity::Thing(s) => {
                let view = &self.stations[s].view;
                json!({
                    "name": view.name,
                    "description": format!("Station {} of the deployment", view.id),
                    "properties": {"domain": view.domain, "state": view.state, "finding": view.finding},
                })
            }
            Entity::Location(s) => json!({
                "name": self.stations[s].view.name,
                "description": format!("Where station {} is", self.station_id(s)),
                "encodingType": "application/geo+json",
                "location": self.point(s),
            }),
            Entity::Feature(s) => json!({
                "name": self.stations[s].view.name,
                "description": format!("What is around station {}", self.station_id(s)),
                "encodingType": "application/geo+json",
                "feature": self.point(s),
            }),
            Entity::Datastream(s, w) => {
                let (label, description) = words(w);
                let mut datastream = json!({
                    "name": format!("{}: {label}", self.stations[s].view.name),
                    "description": description,
                    "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                    "unitOfMeasurement": unit(w),
                    "properties": {"quantity": name(w)},
                });
                if self.has_place(s) {
                    datastream["observedArea"] = self.point(s);
                }
                if let Some((first_us, last_us)) = self.extent_us(s, w) {
                    let times = format!(
                        "{}/{}",
                        clock::format_utc(first_us),
                        clock::format_utc(last_us)
                    );
                    datastream["phenomenonTime"] = times.clone().into();
                    datastream["resultTime"] = times.into();
                }
                datastream
            }
            Entity::Sensor(s, w) => json!({
                "name": format!("{} at {}", words(w).0, self.stations[s].view.name),
                "description": match w {
                    Wanted::Measured(_) => "A sensor; the deployment's configuration knows no more of it",
                    Wanted::Wave => "Computed by the hub from what the station's sensor measures",
                },
                "encodingType": "text/plain",
                "metadata": format!("{} in {}, as sent by station {}", name(w), unit_symbol(w), self.station_id(s)),
            }),
            Entity::Property(w) => json!({
                "name": words(w).0,
                "description": words(w).1,
                "definition": definition(w),
            }),
            Entity::Observation(_, _, p) => {
                let time = clock::format_utc(p.time_us);
                json!({
                    "phenomenonTime": time,
                    "resultTime": time,
                    "result": p.value,
                    "parameters": {"quality": Quality(p.quality).to_string()},
                })
            }
        };
        match value {
            Value::Object(properties) => properties,
            _ => Map::new(),
        }
    }

    fn extent_us(&self, s: usize, w: Wanted) -> Option<(i64, i64)> {
        let ours = |k: &&Known| match w {
            Wanted::Measured(quantity) => k.quantity == quantity,
            Wanted::Wave => is_sea(k.quantity),
        };
        let known = self.stations[s].known.iter().filter(ours);
        let longest = known.max_by_key(|k| k.last_us.saturating_sub(k.first_us))?;
        Some((longest.first_us, longest.last_us))
    }

    /// GeoJSON: longitude first, from -180 to 180.
    fn point(&self, s: usize) -> Value {
        let view = &self.stations[s].view;
        let lon = (view.lon + 180.0).rem_euclid(360.0) - 180.0;
        json!({"type": "Point", "coordinates": [if view.lon.abs() <= 180.0 { view.lon } else { lon }, view.lat]})
    }
}

fn is_sea(quantity: Quantity) -> bool {
    matches!(quantity, Quantity::SeaLevel | Quantity::WaterPressure)
}

fn every_property() -> impl Iterator<Item = Wanted> {
    let measured = Quantity::ALL.iter().copied().map(Wanted::Measured);
    measured.chain([Wanted::Wave])
}

/// The name of a quantity, as in the rest of the API.
pub fn name(stream: Wanted) -> &'static str {
    match stream {
        Wanted::Measured(quantity) => quantity.name(),
        Wanted::Wave => WAVE,
    }
}

fn unit_symbol(stream: Wanted) -> &'static str {
    match stream {
        Wanted::Measured(quantity) => quantity.unit(),
        Wanted::Wave => WAVE_UNIT,
    }
}

/// Name, symbol and UCUM code of a unit.
fn unit(stream: Wanted) -> Value {
    let symbol = unit_symbol(stream);
    let (name, ucum) = match symbol {
        "m" => ("metre", "m"),
        "Pa" => ("pascal", "Pa"),
        "Cel" => ("degree Celsius", "Cel"),
        "km/h" => ("kilometre per hour", "km/h"),
        "%" => ("percent", "%"),
        "1/h" => ("per hour", "/h"),
        "s" => ("second", "s"),
        "V" => ("volt", "V"),
        "A" => ("ampere", "A"),
        "W" => ("watt", "W"),
        "var" => ("volt-ampere reactive", "V.A{reactive}"),
        "VA" => ("volt-ampere", "V.A"),
        "1" => ("one", "1"),
        "Hz" => ("hertz", "Hz"),
        "Wh" => ("watt-hour", "W.h"),
        "m/s2" => ("metre per second squared", "m/s2"),
        other => (other, other),
    };
    json!({"name": name, "symbol": symbol, "definition": format!("ucum:{ucum}")})
}

/// What a quantity is called, and what it is.
fn words(stream: Wanted) -> (&'static str, &'static str) {
    let Wanted::Measured(quantity) = stream else {
        return (
            "wave",
            "Sea level without tide: what the hub's tsunami detector sees",
        );
    };
    match quantity {
        Quantity::SeaLevel => (
            "sea level",
            "Height of the water surface over the station's own reference",
        ),
        Quantity::WaterPressure => ("water pressure", "Pressure at the sensor"),
        Quantity::WaterTemperature => (
            "water temperature",
            "Temperature of the water at the sensor",
        ),
        Quantity::Speed => ("speed", "Mean speed of vehicles"),
        Quantity::Occupancy => ("occupancy", "Share of time a detector is covered"),
        Quantity::Flow => ("flow", "Vehicles per hour over the cross-section"),
        Quantity::TravelTime => ("travel time", "Time to drive a section"),
        Quantity::Voltage => (
            "voltage",
            "Voltage, root mean square for alternating current",
        ),
        Quantity::Current => ("current", "Current, negative when it flows back"),
        Quantity::ActivePower => ("active power", "Active power, negative when it flows back"),
        Quantity::ReactivePower => ("reactive power", "Reactive power, negative when capacitive"),
        Quantity::ApparentPower => ("apparent power", "Apparent power"),
        Quantity::PowerFactor => (
            "power factor",
            "Power factor, its sign follows the active power",
        ),
        Quantity::Frequency => ("frequency", "Frequency of the grid"),
        Quantity::ActiveEnergy => ("active energy", "Energy counted since the meter's reset"),
        Quantity::Acceleration => (
            "acceleration",
            "Acceleration of the ground or of the sensor's housing",
        ),
        Quantity::BatteryVoltage => ("battery voltage", "Voltage of the node's own supply"),
    }
}

/// QUDT's name for the kind of quantity.
fn definition(stream: Wanted) -> String {
    let kind = match stream {
        Wanted::Wave => "Height",
        Wanted::Measured(quantity) => match quantity {
            Quantity::SeaLevel => "Height",
            Quantity::WaterPressure => "Pressure",
            Quantity::WaterTemperature => "Temperature",
            Quantity::Speed => "Speed",
            Quantity::Occupancy => "DimensionlessRatio",
            Quantity::Flow => "Frequency",
            Quantity::TravelTime => "Time",
            Quantity::Voltage | Quantity::BatteryVoltage => "Voltage",
            Quantity::Current => "ElectricCurrent",
            Quantity::ActivePower => "ActivePower",
            Quantity::ReactivePower => "ReactivePower",
            Quantity::ApparentPower => "ApparentPower",
            Quantity::PowerFactor => "PowerFactor",
            Quantity::Frequency => "Frequency",
            Quantity::ActiveEnergy => "Energy",
            Quantity::Acceleration => "Acceleration",
        },
    };
    format!("http://qudt.org/vocab/quantitykind/{kind}")
}
