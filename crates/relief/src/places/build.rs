//! From the words of a row to a place, the same for every format.

use super::{Kind, Place, Source, Status};
use crate::features::place_on_earth;
use crate::figure::People;

/// Most people or beds that a place is believed to have.
const MOST: f64 = People::MOST as f64;

/// What a row says, as text; empty is not said.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) id: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) name: Option<String>,
    /// `[lat, lon]`, or why there is none.
    pub(super) at: Option<Result<[f64; 2], String>>,
    pub(super) capacity: Option<String>,
    /// Beds of the capacity that cannot be used.
    pub(super) blocked: Option<String>,
    pub(super) occupancy: Option<String>,
    pub(super) population: Option<String>,
    pub(super) status: Option<String>,
    pub(super) updated: Option<String>,
}

impl Draft {
    /// A position in two texts.
    pub(super) fn place(&mut self, lat: Option<&str>, lon: Option<&str>) {
        let (Some(lat), Some(lon)) = (lat, lon) else {
            return;
        };
        self.at = Some(match (lat.trim().parse(), lon.trim().parse()) {
            (Ok(lat), Ok(lon)) => place_on_earth(lat, lon),
            _ => Err(format!("lat \"{lat}\" lon \"{lon}\" are no numbers")),
        });
    }

    pub(super) fn finish(self, source: &Source) -> Result<Place, (&'static str, String)> {
        let [lat, lon] = match self.at {
            Some(Ok(at)) => at,
            Some(Err(why)) => return Err(("position", why)),
            None => return Err(("position", "no position".to_owned())),
        };
        let said = self.kind.as_deref().filter(|k| !k.trim().is_empty());
        let kind = match (said.map(|k| (k, source.kind_of(k))), source.kind) {
            (Some((_, Some(kind))), _) | (_, Some(kind)) => kind,
            (Some((word, None)), None) => {
                return Err((
                    "kind",
                    format!(
                        "\"{word}\" is no shelter, hospital, school, bridge or population; map the word, or give the source a kind"
                    ),
                ));
            }
            (None, None) => {
                return Err((
                    "kind",
                    "it does not say what it is; give the source a kind".to_owned(),
                ));
            }
        };
        let name = self.name.as_deref().map(short).unwrap_or_default();
        let id = match self.id.as_deref().map(short).filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => format!("{}:{name}@{lat:.5},{lon:.5}", kind.name()),
        };
        // A population cell counts residents; elsewhere Sahana and others call those who are in a house now its population.
        let (occupancy, population) = if kind == Kind::Population {
            (None, self.population.or(self.occupancy))
        } else {
            (self.occupancy.or(self.population), None)
        };
        let blocked = whole("blocked capacity", self.blocked.as_deref())?.unwrap_or_default();
        let capacity = whole("capacity", self.capacity.as_deref())?
            .filter(|c| *c > 0)
            .map(|c| c.saturating_sub(blocked));
        Ok(Place {
            capacity,
            occupancy: whole("occupancy", occupancy.as_deref())?,
            population: number("population", population.as_deref())?.and_then(People::from_f64),
            status: self
                .status
                .as_deref()
                .map(Status::from_word)
                .unwrap_or_default(),
            source: source.name.clone(),
            updated: self.updated.as_deref().map(short).unwrap_or_default(),
            id,
            kind,
            name,
            lat,
            lon,
        })
    }
}

fn number(what: &str, text: Option<&str>) -> Result<Option<f64>, (&'static str, String)> {
    let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    let refused = || {
        (
            "number",
            format!("{what} \"{text}\" is no number between 0 and {MOST:.0}"),
        )
    };
    let number: f64 = text.parse().map_err(|_| refused())?;
    if (0.0..=MOST).contains(&number) {
        Ok(Some(number))
    } else {
        Err(refused())
    }
}

fn whole(what: &str, text: Option<&str>) -> Result<Option<u32>, (&'static str, String)> {
    // A fraction of a bed is none.
    Ok(number(what, text)?.map(|n| n as u32))
}

/// At most [`crate::MAX_NAME`] characters, on one line.
pub(crate) fn short(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(crate::MAX_NAME)
        .collect()
}
