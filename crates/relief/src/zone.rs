//! Threatened zones, and how they stand in a CAP message.

use std::collections::BTreeMap;

use cap::{Alert, MsgType};

use crate::refusal::excerpt;

/// How grave it is in a zone, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Dangerous in and near the water.
    Advisory,
    /// Flooding of the shore.
    Warning,
    /// Widespread flooding.
    Major,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Advisory, Self::Warning, Self::Major];

    /// A stable word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Advisory => "advisory",
            Self::Warning => "warning",
            Self::Major => "major",
        }
    }

    /// From that word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// A zone that is threatened.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// How grave.
    pub level: Level,
    /// When the first wave is expected, microseconds since the Unix epoch; `None` when nobody said.
    pub arrival_us: Option<i64>,
    /// One standard deviation of that, seconds.
    pub arrival_sigma_s: f64,
    /// Outlines, `[lat, lon]` in degrees.
    pub outlines: Vec<Vec<[f64; 2]>>,
    /// Discs: `[lat, lon]` of the centre and radius in km.
    pub discs: Vec<([f64; 2], f64)>,
}

impl Zone {
    /// The earliest time at which the wave is plausible: the expected one less one standard deviation, microseconds since the Unix epoch.
    pub fn earliest_us(&self) -> Option<i64> {
        let sigma_us = (self.arrival_sigma_s.clamp(0.0, 1e6) * 1e6) as i64;
        Some(self.arrival_us?.saturating_sub(sigma_us))
    }
}

/// The threatened zones of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Threat {
    /// The zones.
    pub zones: Vec<Zone>,
    /// What could not be understood, in words: a zone without an area, a level that nobody knows.
    pub complaints: Vec<String>,
    /// The message is a cancellation: nowhere is threatened any more.
    pub over: bool,
}

/// Reads the zones out of a message: of the first info block, each `zone:<id>` parameter with its level, arrival and doubt, and the area that has the
/// geocode `watchfire:zone` of that id.
pub fn of_alert(alert: &Alert) -> Threat {
    let mut threat = Threat {
        over: alert.msg_type == MsgType::Cancel,
        ..Threat::default()
    };
    let Some(info) = alert.infos.first().filter(|_| !threat.over) else {
        return threat;
    };
    for parameter in &info.parameters {
        let Some(id) = parameter.name.strip_prefix("zone:") else {
            continue;
        };
        let mut zone = Zone {
            id: id.to_owned(),
            name: id.to_owned(),
            level: Level::Advisory,
            arrival_us: None,
            arrival_sigma_s: 0.0,
            outlines: Vec::new(),
            discs: Vec::new(),
        };
        let fields: BTreeMap<&str, &str> = parameter
            .value
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .collect();
        // Named, and nothing is asked of it: an officer's information.
        if fields.get("level") == Some(&"none") {
            continue;
        }
        match fields.get("level").copied().and_then(Level::from_name) {
            Some(level) => zone.level = level,
            None => {
                // A zone that is named is threatened; a word that is not known must not make it less so.
                zone.level = Level::Major;
                threat.complaints.push(format!(
                    "zone {}: no level that is known; treated as the gravest",
                    excerpt(id)
                ));
            }
        }
        zone.arrival_us = fields
            .get("arrival")
            .and_then(|text| cap::Time::parse(text))
            .map(cap::Time::us);
        zone.arrival_sigma_s = fields
            .get("arrival_sigma_min")
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|sigma| (0.0..1e4).contains(sigma))
            .map_or(0.0, |minutes| minutes * 60.0);
        for area in info.areas.iter().filter(|area| {
            area.geocodes
                .iter()
                .any(|code| code.name == "watchfire:zone" && code.value == id)
        }) {
            zone.name.clone_from(&area.description);
            zone.outlines.extend(area.polygons.iter().map(|polygon| {
                polygon
                    .points
                    .iter()
                    .map(|p| [p.lat_deg(), p.lon_deg()])
                    .collect()
            }));
            zone.discs.extend(
                area.circles
                    .iter()
                    .map(|c| ([c.center.lat_deg(), c.center.lon_deg()], c.radius_km())),
            );
        }
        if zone.outlines.is_empty() && zone.discs.is_empty() {
            threat.complaints.push(format!(
                "zone {}: the message has no area for it; nothing can be counted there",
                excerpt(id)
            ));
        }
        threat.zones.push(zone);
    }
    threat
}
