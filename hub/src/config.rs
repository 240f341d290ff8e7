//! A deployment's configuration, `hub.toml`: parsed, checked, and only then built from.
//!
//! One source per default: the `Default` implementations here, which `configs/README.md` documents. Unknown keys are refused by
//! `settings`; what a key alone cannot show (ids that repeat, a zone without a point) is refused by [`Config::check`].

mod accounts;
mod threshold;

pub use self::accounts::Accounts;
pub use threshold::{Severity, Threshold};

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use wire::quantity::Quantity;
use wire::topic::Mode;

use crate::others::{self, AlertFeed};
use crate::quake_feeds::{self, QuakeFeed};

/// Prefix of environment variables that override the file: `WATCHFIRE_HUB_BROKER__PORT=1884`.
pub const ENVIRONMENT_PREFIX: &str = "WATCHFIRE_HUB_";

/// Everything a hub is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Deployment id, part of every topic.
    pub deployment: String,
    /// Title for people.
    pub title: String,
    /// `actual`, `exercise` or `test`. There is no default: a drill must never pass for a warning by omission.
    #[serde(deserialize_with = "mode")]
    pub mode: Mode,
    /// Where journal and alert log live; relative to the working directory.
    pub data_dir: PathBuf,
    /// The MQTT broker.
    #[serde(default)]
    pub broker: Broker,
    /// The HTTP server.
    #[serde(default)]
    pub http: Http,
    /// Who may act, and for how long.
    #[serde(default)]
    pub accounts: Accounts,
    /// Who speaks in the alerts.
    pub sender: Sender,
    /// The journal.
    #[serde(default)]
    pub journal: JournalSettings,
    /// Recent readings in memory.
    #[serde(default)]
    pub series: crate::series::Settings,
    /// What the page showed.
    #[serde(default)]
    pub chronicle: crate::chronicle::Settings,
    /// When stations count as late or silent, and how often the hub looks.
    #[serde(default)]
    pub timing: Timing,
    /// The ocean that forecasts run on.
    pub forecast: Option<Forecast>,
    /// When alerts are issued, renewed and cancelled.
    #[serde(default)]
    pub policy: Policy,
    /// Who must agree before a message goes out. Without it: nobody.
    #[serde(default)]
    pub gate: desk::gate::Policy,
    /// The stations.
    #[serde(default)]
    pub station: Vec<Station>,
    /// The coastal zones that alerts name.
    #[serde(default)]
    pub zone: Vec<Zone>,
    /// Signs messages.
    pub signature: Option<crate::alert::sign::Settings>,
    /// Whom messages are pushed to.
    #[serde(default)]
    pub subscriber: Vec<crate::outlets::Subscriber>,
    /// Earthquake feeds to follow.
    #[serde(default)]
    pub quake_feed: Vec<QuakeFeed>,
    /// Feeds of other senders' alerts to follow.
    #[serde(default)]
    pub alert_feed: Vec<AlertFeed>,
    /// Which findings belong together, over all domains.
    #[serde(default)]
    pub situations: crate::situation::Settings,
    /// How sirens are commanded. Without it no alert sounds any.
    pub sirens: Option<crate::sirens::settings::Sirens>,
    /// Which alert sounds which sirens.
    #[serde(default)]
    pub siren_zone: Vec<crate::sirens::settings::SirenZone>,
    /// Limits for every station that measures the quantity and has none of its own.
    #[serde(default)]
    pub threshold: Vec<Threshold>,
    /// When accelerometers shake, and how many of them make an earthquake likely.
    #[serde(default)]
    pub shaking: crate::ground::settings::Shaking,
    /// What holds for electricity meters, and when they are out together. Without it limits alone hold.
    pub energy: Option<crate::energy::settings::Energy>,
    /// Places, roads and figures for relief. Without it nothing is assessed.
    pub relief: Option<crate::assess::Relief>,
}

/// The MQTT broker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Broker {
    /// Run the broker inside the hub.
    pub embedded: bool,
    /// Address to connect to, and to listen on when embedded.
    pub host: String,
    /// Port; 0 lets the system pick when embedded.
    pub port: u16,
    /// User name for an external broker.
    pub username: Option<String>,
    /// File that holds the password; secrets stay outside this file.
    pub password_file: Option<PathBuf>,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            embedded: true,
            host: "127.0.0.1".to_owned(),
            port: 1883,
            username: None,
            password_file: None,
        }
    }
}

/// The HTTP server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Loopback by default: a proxy with TLS stands in front of it.
    pub listen: SocketAddr,
    /// Absolute URL under which the public reaches the feeds; default `http://<listen>`.
    pub base_url: Option<String>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            base_url: None,
        }
    }
}

/// Who speaks in the alerts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sender {
    /// CAP `sender`: no spaces, commas, `<` or `&`; unique to the authority, for example an e-mail address.
    pub id: String,
    /// CAP `senderName`.
    pub name: String,
    /// CAP `web`: where people read more.
    pub web: Option<String>,
    /// CAP `contact`.
    pub contact: Option<String>,
    /// Start of every identifier; authorities registered with WMO use `urn:oid:2.49.0.1.<country>.<n>`.
    #[serde(default = "identifier_prefix")]
    pub identifier_prefix: String,
    /// Languages of the alert text, one `<info>` each, in this order.
    #[serde(default = "languages")]
    pub languages: Vec<Language>,
    /// Offset of local time from UTC, minutes, for times in the text; UTC is always there too.
    #[serde(default)]
    pub utc_offset_minutes: i32,
}

fn identifier_prefix() -> String {
    "watchfire".to_owned()
}

fn languages() -> Vec<Language> {
    vec![Language::En]
}

/// Languages that the alert texts exist in.
pub use words::Language;

/// The journal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSettings {
    /// `always`: acknowledged means on the disk; `never`: acknowledged means with the operating system (docs/decisions).
    pub fsync: FsyncPolicy,
    /// Segment size in MiB.
    pub segment_mib: u64,
    /// Most that the journal may take, MiB; oldest segments go first. 0: no limit.
    pub max_mib: u64,
    /// How far back a starting hub reads: longer than any event lasts, so that it takes up where it was.
    #[serde(with = "settings::duration")]
    pub read_back: Duration,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self {
            fsync: FsyncPolicy::Always,
            segment_mib: 64,
            max_mib: 16 * 1024,
            read_back: Duration::from_secs(3 * 24 * 3600),
        }
    }
}

/// When the journal reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FsyncPolicy {
    /// Before every acknowledgement.
    Always,
    /// When the operating system likes.
    Never,
}

/// When stations count as late or silent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// A station without data for this long is late.
    #[serde(with = "settings::duration")]
    pub late: Duration,
    /// A station without data for this long is unknown: silence is not safety.
    #[serde(with = "settings::duration")]
    pub unknown: Duration,
    /// How often the hub looks at the clock when nothing arrives.
    #[serde(with = "settings::duration")]
    pub tick: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            late: Duration::from_secs(20 * 60),
            unknown: Duration::from_secs(60 * 60),
            tick: Duration::from_secs(10),
        }
    }
}

/// The ocean that forecasts run on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// A shipped grid (`pacific_10min`, `indian_10min`, `nwpacific_5min`, `sepacific_5min`, `southchinasea_5min`) or the path of a grid
    /// in any format that `gridfile` reads.
    pub grid: String,
    /// Run the propagation model for every earthquake that opens an event; without it the first estimate stands.
    #[serde(default = "yes")]
    pub model: bool,
    /// Response bank of `watchfire bank build`, relative to the working directory. Without it, and for earthquakes that it does not
    /// know, responses are computed when the earthquake is told.
    pub bank: Option<PathBuf>,
}

fn yes() -> bool {
    true
}

/// When alerts are issued, renewed and cancelled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Heights above tide from which the levels hold, metres. Default: PTWC's 0.3 / 1 / 3 m.
    pub advisory_m: f64,
    /// See `advisory_m`.
    pub warning_m: f64,
    /// See `advisory_m`.
    pub major_m: f64,
    /// A zone is at a level when the probability of exceeding its height is at least this.
    pub probability: f64,
    /// Earthquakes below this magnitude start no forecast.
    pub min_magnitude: f64,
    /// An alert expires this long after it was sent unless renewed.
    #[serde(with = "settings::duration")]
    pub expires: Duration,
    /// All clear when the sea has been below the advisory height at every sensor that saw the wave for this long, and every
    /// zone's arrival is past by as much.
    #[serde(with = "settings::duration")]
    pub quiet: Duration,
    /// Least time after a message before an update tells of greater heights at the same levels. A level that rises is told at once.
    #[serde(with = "settings::duration")]
    pub update_interval: Duration,
    /// Least time after a message before an update tells of lower levels or heights alone. Default: an hour.
    #[serde(with = "settings::duration")]
    pub relief_interval: Duration,
    /// How many stations' onsets one source must explain before there is a warning without an earthquake; 0: never.
    pub without_earthquake: usize,
    /// The same where none of them is in deep water: harbours swing in storms, and some of it fits by chance; 0: officers decide.
    pub coast_alone: usize,
    /// Stations nearer to each other than this count as one of them, km.
    pub separation_km: f64,
}

impl Policy {
    /// Heights from which the levels hold, metres: advisory, warning, major.
    pub const fn heights_m(&self) -> [f64; 3] {
        [self.advisory_m, self.warning_m, self.major_m]
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            advisory_m: 0.3,
            warning_m: 1.0,
            major_m: 3.0,
            probability: 0.5,
            min_magnitude: 6.5,
            expires: Duration::from_secs(6 * 3600),
            quiet: Duration::from_secs(2 * 3600),
            update_interval: Duration::from_secs(15 * 60),
            relief_interval: Duration::from_secs(3600),
            without_earthquake: 2,
            coast_alone: 0,
            separation_km: 100.0,
        }
    }
}

/// One station.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Id, as edges and third parties send it.
    pub id: String,
    /// Name for people.
    #[serde(default)]
    pub name: String,
    /// Latitude, degrees north.
    pub lat: f64,
    /// Longitude, degrees east.
    pub lon: f64,
    /// Water depth for sea-level and pressure stations, metres.
    pub depth_m: Option<f64>,
    /// What it measures first of all; decides the domain.
    pub quantity: Quantity,
    /// The next traffic detector downstream on the same road; their occupancies are compared.
    pub downstream: Option<String>,
    /// Limits of this station.
    #[serde(default)]
    pub threshold: Vec<Threshold>,
    /// Radius of the area that a threshold alert names, km.
    #[serde(default = "radius_km")]
    pub radius_km: f64,
    /// What this meter has of its own.
    pub energy: Option<crate::energy::settings::StationEnergy>,
}

fn radius_km() -> f64 {
    5.0
}

/// One coastal zone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Id.
    pub id: String,
    /// Name as the alerts print it.
    pub name: String,
    /// Forecast points on its coast, `[lat, lon]` in degrees.
    pub coast: Vec<[f64; 2]>,
    /// Its outline, `[lat, lon]` in degrees; closed by the hub.
    pub polygon: Vec<[f64; 2]>,
}

fn mode<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Mode, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Actual,
        Exercise,
        Test,
    }
    Ok(match Word::deserialize(d)? {
        Word::Actual => Mode::Actual,
        Word::Exercise => Mode::Exercise,
        Word::Test => Mode::Test,
    })
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read or parsed; says file, line, key and suggestion.
    #[error(transparent)]
    Settings(#[from] settings::Error),
    /// The file parses and cannot be meant.
    #[error("{file}: {what}")]
    Meaning {
        /// The file.
        file: String,
        /// What is wrong and what to do.
        what: String,
    },
}

impl Config {
    /// Reads `hub.toml` from a deployment directory, or a file named directly.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file = if path.is_dir() {
            path.join("hub.toml")
        } else {
            path.to_owned()
        };
        let mut config: Self = settings::load_with(
            &file,
            &settings::Environment::of_process(ENVIRONMENT_PREFIX),
        )?;
        if let (Some(password), Some(dir)) = (&mut config.broker.password_file, file.parent()) {
            // Relative to the file that names it, wherever the hub is started.
            *password = dir.join(&*password);
        }
        if let Some(dir) = file.parent() {
            for subscriber in &mut config.subscriber {
                subscriber.resolve(dir);
            }
            if let Some(signature) = &mut config.signature {
                signature.key_file = dir.join(&signature.key_file);
                signature.certificate_file = dir.join(&signature.certificate_file);
            }
            others::resolve(&mut config.alert_feed, dir);
        }
        if let (Some(relief), Some(dir)) = (&mut config.relief, file.parent()) {
            relief.resolve(dir);
        }
        if let (Some(sirens), Some(dir)) = (&mut config.sirens, file.parent()) {
            sirens.key_file = dir.join(&sirens.key_file);
        }
        config.check(&file.display().to_string())?;
        Ok(config)
    }

    /// Parses a shipped configuration.
    pub fn parse(name: &str, text: &str) -> Result<Self, ConfigError> {
        let config: Self = settings::parse(name, text)?;
        config.check(name)?;
        Ok(config)
    }

    /// Refuses what cannot be meant.
    pub fn check(&self, file: &str) -> Result<(), ConfigError> {
        let fail = |what: String| {
            Err(ConfigError::Meaning {
                file: file.to_owned(),
                what,
            })
        };
        if !wire::topic::is_id(&self.deployment) {
            return fail(format!(
                "deployment = \"{}\" is no id: use 1 to 48 letters, digits, `.`, `_` or `-`",
                self.deployment
            ));
        }
        crate::outlets::check(self).or_else(&fail)?;
        quake_feeds::check(&self.quake_feed)
            .map(|_| ())
            .or_else(&fail)?;
        others::check(&self.alert_feed).map(|_| ()).or_else(&fail)?;
        let mut ids = BTreeSet::new();
        for station in &self.station {
            if !wire::topic::is_id(&station.id) {
                return fail(format!(
                    "station id \"{}\" is no id: use 1 to 48 letters, digits, `.`, `_` or `-`",
                    station.id
                ));
            }
            if !ids.insert(&station.id) {
                return fail(format!(
                    "station \"{}\" is there twice; give each station its own id",
                    station.id
                ));
            }
            if !position(station.lat, station.lon) {
                return fail(format!(
                    "station \"{}\": lat {} lon {} is no place on Earth",
                    station.id, station.lat, station.lon
                ));
            }
            if !(station.radius_km > 0.0 && station.radius_km <= 1_000.0) {
                return fail(format!(
                    "station \"{}\": radius_km = {} must be above 0 and at most 1000",
                    station.id, station.radius_km
                ));
            }
            for threshold in &station.threshold {
                threshold
                    .check(&format!("station \"{}\"", station.id))
                    .or_else(&fail)?;
            }
        }
        for station in &self.station {
            let Some(downstream) = &station.downstream else {
                continue;
            };
            if *downstream == station.id || !ids.contains(downstream) {
                return fail(format!(
                    "station \"{}\": downstream = \"{downstream}\" must be the id of another [[station]]",
                    station.id
                ));
            }
        }
        if let Some(relief) = &self.relief {
            relief.check(&ids).or_else(&fail)?;
        }
        self.check_energy().or_else(&fail)?;
        self.situations.check().or_else(&fail)?;
        self.accounts.check().or_else(&fail)?;
        self.series.check().or_else(&fail)?;
        self.chronicle.check().or_else(&fail)?;
        self.shaking.check().or_else(&fail)?;
        let lists = self
            .station
            .iter()
            .map(|s| (s.id.as_str(), &s.threshold))
            .chain([("[[threshold]]", &self.threshold)]);
        for (whose, list) in lists {
            for (i, t) in list.iter().enumerate() {
                let same = |o: &Threshold| {
                    (o.quantity, o.above, o.below, o.max_rate)
                        == (t.quantity, t.above, t.below, t.max_rate)
                };
                if list[..i].iter().any(same) {
                    return fail(format!(
                        "{whose}: the same limit on {} is there twice",
                        t.quantity.name()
                    ));
                }
            }
        }
        for threshold in &self.threshold {
            threshold.check("[[threshold]]").or_else(&fail)?;
        }
        let mut zones = BTreeSet::new();
        for zone in &self.zone {
            if !zones.insert(&zone.id) {
                return fail(format!(
                    "zone \"{}\" is there twice; give each zone its own id",
                    zone.id
                ));
            }
            if zone.coast.is_empty() {
                return fail(format!(
                    "zone \"{}\" has no coast point: give `coast = [[lat, lon], ...]`",
                    zone.id
                ));
            }
            if zone.polygon.len() < 3 {
                return fail(format!(
                    "zone \"{}\": a polygon needs three corners or more",
                    zone.id
                ));
            }
            if let Some(p) = zone
                .coast
                .iter()
                .chain(&zone.polygon)
                .find(|p| !position(p[0], p[1]))
            {
                return fail(format!("zone \"{}\": {p:?} is no [lat, lon]", zone.id));
            }
        }
        crate::sirens::settings::check(self.sirens.as_ref(), &self.siren_zone, &zones)
            .or_else(&fail)?;
        if !self.zone.is_empty() && self.forecast.is_none() {
            return fail("zones need a [forecast] with a grid".to_owned());
        }
        self.gate
            .check(
                self.zone
                    .iter()
                    .map(|z| z.id.as_str())
                    .chain(self.station.iter().map(|s| s.id.as_str())),
            )
            .or_else(&fail)?;
        let p = &self.policy;
        if !(0.0 < p.advisory_m && p.advisory_m < p.warning_m && p.warning_m < p.major_m) {
            return fail(format!(
                "[policy] heights must rise: advisory_m {} < warning_m {} < major_m {}",
                p.advisory_m, p.warning_m, p.major_m
            ));
        }
        if !(0.0 < p.probability && p.probability < 1.0) {
            return fail(format!(
                "[policy] probability = {} must lie between 0 and 1",
                p.probability
            ));
        }
        if p.without_earthquake == 1 {
            return fail("[policy] without_earthquake = 1: one station alone may be a ship, a harbour or a fault; 2 or more, or 0 for never".to_owned());
        }
        if p.coast_alone == 1 || (p.coast_alone > 0 && p.coast_alone < p.without_earthquake) {
            return fail(format!(
                "[policy] coast_alone = {} must be 0 for never, or 2 or more and no less than without_earthquake = {}",
                p.coast_alone, p.without_earthquake
            ));
        }
        if !(10.0..=2_000.0).contains(&p.separation_km) {
            return fail(format!(
                "[policy] separation_km = {} must lie between 10 and 2000",
                p.separation_km
            ));
        }
        if p.expires < Duration::from_secs(600) {
            return fail("[policy] expires must be at least 10m: a shorter alert lapses before a feed is polled".to_owned());
        }
        if self.timing.tick < Duration::from_millis(100) {
            return fail("[timing] tick must be at least 100ms".to_owned());
        }
        if self.timing.unknown <= self.timing.late {
            return fail("[timing] unknown must be longer than late".to_owned());
        }
        let s = &self.sender;
        for (key, value) in [("id", &s.id), ("identifier_prefix", &s.identifier_prefix)] {
            if value.is_empty() || value.contains([' ', ',', '<', '&']) {
                return fail(format!(
                    "[sender] {key} = \"{value}\": CAP allows no space, comma, `<` or `&`, and it must not be empty"
                ));
            }
        }
        if s.languages.is_empty() {
            return fail("[sender] languages must name at least one".to_owned());
        }
        if s.languages.iter().collect::<BTreeSet<_>>().len() != s.languages.len() {
            return fail("[sender] languages names one twice".to_owned());
        }
        if s.utc_offset_minutes.abs() > 14 * 60 {
            return fail(format!(
                "[sender] utc_offset_minutes = {} is beyond 14 h",
                s.utc_offset_minutes
            ));
        }
        // What a message would be refused for is found now, not when the wave comes.
        if let Err(why) = (crate::alert::compose::Composer { config: self }).rehearse() {
            return fail(format!(
                "alerts could not be written with this configuration: {why}"
            ));
        }
        if let Some(url) = &self.http.base_url
            && let Err(why) =
                crate::http::Settings::new(url, &s.name).resolve_base_url(self.http.listen)
        {
            return fail(format!("[http] {why}"));
        }
        if self.http.base_url.is_none() && self.http.listen.ip().is_unspecified() {
            return fail(format!(
                "[http] listen = {} is every address of this machine: give base_url, the address under which people reach it",
                self.http.listen
            ));
        }
        Ok(())
    }

    fn check_energy(&self) -> Result<(), String> {
        let own = || self.station.iter().filter(|s| s.energy.is_some());
        let Some(energy) = &self.energy else {
            return match own().next() {
                Some(station) => Err(format!(
                    "station \"{}\" has an `energy` table and the deployment has no [energy]",
                    station.id
                )),
                None => Ok(()),
            };
        };
        energy.check()?;
        for station in own() {
            energy
                .meter(station.energy.as_ref())
                .check()
                .map_err(|e| format!("station \"{}\", energy: {e}", station.id))?;
        }
        Ok(())
    }
}

impl Station {
    /// Whether it measures the sea's level: waves are forecast and looked for there.
    pub fn is_at_sea(&self) -> bool {
        matches!(self.quantity, Quantity::SeaLevel | Quantity::WaterPressure)
    }
}

pub(crate) fn position(lat: f64, lon: f64) -> bool {
    (-90.0..=90.0).contains(&lat) && (-180.0..=360.0).contains(&lon)
}
