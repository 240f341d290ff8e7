//! `[relief]` of a deployment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use agency::Feed;
use relief::planning::Travel;
use relief::{Kind, Level, Planning};
use serde::Deserialize;

/// Most sources of a deployment: each has a thread.
const MOST_SOURCES: usize = 16;

/// What is known of places and roads, and which figures needs are reckoned with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Relief {
    /// How often an assessment is renewed while nothing changes but the time.
    #[serde(with = "settings::duration")]
    pub every: Duration,
    /// `senderID` of the EDXL distributions, `actor@domain` [default: the sender's id].
    pub sender: Option<String>,
    /// `road`: with the traffic where its speed is known, on foot where it is not; `foot`: on foot all the way.
    pub travel: Option<String>,
    /// The least level from which people are to leave: `advisory`, `warning` or `major`.
    pub evacuate_from: Option<String>,
    /// How far from a place a road may be to be its road, m.
    pub road_within_m: Option<f64>,
    /// How far outside a zone shelters are listed, and without roads counted on, km.
    pub shelter_within_km: Option<f64>,
    /// Walking pace, m/s.
    pub walking_m_s: Option<f64>,
    /// Where that comes from; printed with every report, like the ones below.
    pub walking_source: Option<String>,
    /// Water, litres a person and day.
    pub water_l_day: Option<f64>,
    /// See `walking_source`.
    pub water_source: Option<String>,
    /// Covered floor, m2 a person.
    pub floor_m2: Option<f64>,
    /// See `walking_source`.
    pub floor_source: Option<String>,
    /// People who share a toilet.
    pub people_per_toilet: Option<f64>,
    /// See `walking_source`.
    pub toilet_source: Option<String>,
    /// A traffic speed that is older is not that of now.
    #[serde(with = "settings::duration")]
    pub speed_max_age: Duration,
    /// Vertices of roads that are nearer to each other are one, m.
    pub join_within_m: f64,
    /// Sources of places.
    pub places: Vec<PlacesSource>,
    /// Sources of roads.
    pub roads: Vec<RoadsSource>,
    /// Which traffic stations tell the speed of which road segments.
    pub traffic: Vec<Binding>,
}

impl Default for Relief {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(60),
            sender: None,
            travel: None,
            evacuate_from: None,
            road_within_m: None,
            shelter_within_km: None,
            walking_m_s: None,
            walking_source: None,
            water_l_day: None,
            water_source: None,
            floor_m2: None,
            floor_source: None,
            people_per_toilet: None,
            toilet_source: None,
            speed_max_age: Duration::from_secs(600),
            join_within_m: 1.0,
            places: Vec::new(),
            roads: Vec::new(),
            traffic: Vec::new(),
        }
    }
}

/// A format of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// GeoJSON.
    Geojson,
    /// A table.
    Csv,
    /// Sahana's.
    S3xml,
}

/// A source of places.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacesSource {
    /// Id, in reports, conditions and metrics.
    pub name: String,
    /// Where to ask.
    pub url: Option<String>,
    /// Or a file; relative to `hub.toml`.
    pub file: Option<PathBuf>,
    /// How often to look.
    #[serde(with = "settings::duration", default = "every")]
    pub every: Duration,
    /// After how long without an answer it is stale [default: five times `every`, at least five minutes].
    #[serde(with = "settings::duration", default)]
    pub stale_after: Duration,
    /// [default: by the ending: `.geojson` and `.json`, `.csv`, `.s3xml` and `.xml`].
    pub format: Option<Format>,
    /// What a place is that does not say so.
    pub kind: Option<String>,
    /// What the source's own words mean.
    #[serde(default)]
    pub kinds: BTreeMap<String, String>,
}

/// A source of roads, in GeoJSON.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoadsSource {
    /// Id, in reports, conditions and metrics.
    pub name: String,
    /// Where to ask.
    pub url: Option<String>,
    /// Or a file; relative to `hub.toml`.
    pub file: Option<PathBuf>,
    /// How often to look.
    #[serde(with = "settings::duration", default = "every")]
    pub every: Duration,
    /// After how long without an answer it is stale [default: five times `every`, at least five minutes].
    #[serde(with = "settings::duration", default)]
    pub stale_after: Duration,
}

/// A traffic station and the road segments whose speed it tells.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Station id.
    pub station: String,
    /// Ids of segments.
    pub segments: Vec<String>,
}

/// Shelters fill by the minute, not by the second.
fn every() -> Duration {
    Duration::from_secs(300)
}

impl Relief {
    /// Makes file names relative to the file that names them.
    pub fn resolve(&mut self, dir: &Path) {
        let places = self.places.iter_mut().map(|s| &mut s.file);
        let roads = self.roads.iter_mut().map(|s| &mut s.file);
        for file in places.chain(roads).flatten() {
            *file = dir.join(&*file);
        }
    }

    /// Refuses what cannot be meant. `stations` are the ids of the deployment's stations.
    ///
    /// # Errors
    /// Text that names the key and says what to do.
    pub fn check(&self, stations: &BTreeSet<&String>) -> Result<(), String> {
        self.planning()?;
        self.feeds()?;
        for source in &self.places {
            source
                .reading()
                .map_err(|e| format!("{}: {e}", at_places(&source.name)))?;
            source.format()?;
        }
        if self.every < Duration::from_secs(5) {
            return Err("[relief] every must be at least 5s".to_owned());
        }
        if !(0.01..=100.0).contains(&self.join_within_m) {
            return Err(format!(
                "[relief] join_within_m = {} must lie between 0.01 and 100",
                self.join_within_m
            ));
        }
        for binding in &self.traffic {
            if !stations.contains(&binding.station) {
                return Err(format!(
                    "[[relief.traffic]] station = \"{}\" must be the id of a [[station]]",
                    binding.station
                ));
            }
        }
        Ok(())
    }

    /// The figures.
    ///
    /// # Errors
    /// Text that names the key.
    pub fn planning(&self) -> Result<Planning, String> {
        let mut planning = Planning::default();
        for (figure, value, source) in [
            (
                &mut planning.walking,
                self.walking_m_s,
                &self.walking_source,
            ),
            (&mut planning.water, self.water_l_day, &self.water_source),
            (&mut planning.floor, self.floor_m2, &self.floor_source),
            (
                &mut planning.toilet,
                self.people_per_toilet,
                &self.toilet_source,
            ),
        ] {
            match (value, source) {
                (Some(value), source) => figure.set(value, source.as_deref()),
                (None, Some(source)) => {
                    return Err(format!(
                        "[relief] the source \"{source}\" is given without its number"
                    ));
                }
                (None, None) => {}
            }
        }
        if let Some(word) = &self.travel {
            planning.travel = [Travel::Road, Travel::Foot]
                .into_iter()
                .find(|t| t.name() == word)
                .ok_or_else(|| format!("[relief] travel = \"{word}\": use \"road\" or \"foot\""))?;
        }
        if let Some(word) = &self.evacuate_from {
            planning.evacuate_from = Level::from_name(word).ok_or_else(|| {
                format!(
                    "[relief] evacuate_from = \"{word}\": use \"advisory\", \"warning\" or \"major\""
                )
            })?;
        }
        if let Some(m) = self.road_within_m {
            planning.road_within_m = m;
        }
        if let Some(km) = self.shelter_within_km {
            planning.shelter_within_m = km * 1_000.0;
        }
        planning.check().map_err(|e| format!("[relief] {e}"))?;
        Ok(planning)
    }

    /// All sources, places first.
    pub(super) fn feeds(&self) -> Result<Vec<Feed>, String> {
        if self.places.len() + self.roads.len() > MOST_SOURCES {
            return Err(format!(
                "[relief] has {} sources: at most {MOST_SOURCES} are followed",
                self.places.len() + self.roads.len()
            ));
        }
        let places = self.places.iter().map(|s| {
            let at = at_places(&s.name);
            feed(&at, &s.name, &s.url, &s.file, s.every, s.stale_after)
        });
        let roads = self.roads.iter().map(|s| {
            let at = format!("[[relief.roads]] \"{}\"", s.name);
            feed(&at, &s.name, &s.url, &s.file, s.every, s.stale_after)
        });
        let feeds: Vec<Feed> = places.chain(roads).collect::<Result<_, String>>()?;
        let mut names = BTreeSet::new();
        if let Some(twice) = feeds.iter().find(|f| !names.insert(&f.name)) {
            return Err(format!("[relief] has two sources named \"{}\"", twice.name));
        }
        Ok(feeds)
    }
}

fn at_places(name: &str) -> String {
    format!("[[relief.places]] \"{name}\"")
}

/// As feeds of other kinds, with documents as large as places have.
fn feed(
    at: &str,
    name: &str,
    url: &Option<String>,
    file: &Option<PathBuf>,
    every: Duration,
    stale_after: Duration,
) -> Result<Feed, String> {
    let place = (url.as_ref(), file.as_ref());
    let feed = crate::quake_feeds::feed(at, name, place, (every, stale_after))?;
    Ok(Feed {
        most_bytes: relief::MAX_DOCUMENT as u64,
        ..feed
    })
}

impl PlacesSource {
    /// How its places are to be understood.
    pub(super) fn reading(&self) -> Result<relief::places::Source, String> {
        let kind = |word: &String| {
            let known = Kind::ALL.into_iter().find(|k| k.name() == word);
            known.ok_or_else(|| {
                format!(
                    "\"{word}\" is no kind: use shelter, hospital, school, bridge or population"
                )
            })
        };
        let mut source =
            relief::places::Source::new(&self.name, self.kind.as_ref().map(kind).transpose()?);
        for (word, meant) in &self.kinds {
            source.kinds.insert(word.to_lowercase(), kind(meant)?);
        }
        Ok(source)
    }

    /// As configured, or by the ending of file or URL.
    pub(super) fn format(&self) -> Result<Format, String> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let name = match (&self.url, &self.file) {
            (Some(url), _) => url.split(['?', '#']).next().unwrap_or_default().to_owned(),
            (None, Some(file)) => file.display().to_string(),
            (None, None) => String::new(),
        };
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("geojson" | "json") => Ok(Format::Geojson),
            Some("csv") => Ok(Format::Csv),
            Some("s3xml" | "xml") => Ok(Format::S3xml),
            _ => Err(format!(
                "{}: its ending tells no format: give format = \"geojson\", \"csv\" or \"s3xml\"",
                at_places(&self.name)
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Relief, String> {
        let relief: Relief = settings::parse("hub.toml", text).map_err(|e| e.to_string())?;
        let station = "i94".to_owned();
        relief.check(&BTreeSet::from([&station]))?;
        Ok(relief)
    }

    #[test]
    fn sources_and_figures_are_checked() {
        let sound = "walking_m_s = 0.9\nwalking_source = \"our drill of 2019\"\n[[places]]\nname = \"sahana\"\nurl = \"https://relief.example.org/eden/cr/shelter.s3xml?x=1\"\nkinds = { cr_shelter = \"shelter\" }\n[[traffic]]\nstation = \"i94\"\nsegments = [\"way/1\"]\n";
        let relief = check(sound).expect("sound");
        assert_eq!(relief.places[0].format(), Ok(Format::S3xml));
        let planning = relief.planning().expect("sound");
        assert_eq!(planning.walking.source, "our drill of 2019");
        assert_eq!(planning.water.value, 15.0);
        let places = |rest: &str| format!("[[places]]\nname = \"a\"\n{rest}");
        for (text, word) in [
            (places("file = \"x.txt\""), "format"),
            (
                places("file = \"x.csv\"\nurl = \"http://x/y\""),
                "either url or file",
            ),
            (places("file = \"x.csv\"\nkind = \"castle\""), "castle"),
            (places("file = \"x.csv\"\nkinds = { a = \"b\" }"), "no kind"),
            (places("file = \"x.csv\"\nevery = \"1ms\""), "every"),
            (places("file = \"x.csv\"\ncapacity = 3"), "capacity"),
            (
                format!(
                    "{}\n{}",
                    places("file = \"x.csv\""),
                    places("file = \"y.csv\"")
                ),
                "two sources",
            ),
            ("water_l_day = -1.0".to_owned(), "water"),
            ("water_source = \"x\"".to_owned(), "without its number"),
            ("travel = \"boat\"".to_owned(), "boat"),
            ("evacuate_from = \"never\"".to_owned(), "never"),
            ("every = \"1s\"".to_owned(), "every"),
            ("join_within_m = 0.0".to_owned(), "join_within_m"),
            (
                "[[traffic]]\nstation = \"x\"\nsegments = []".to_owned(),
                "station",
            ),
        ] {
            let why = check(&text).expect_err(&text);
            assert!(why.contains(word), "{text}: {why}");
        }
    }
}
