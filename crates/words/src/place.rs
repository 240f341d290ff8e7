//! Places for people.

use crate::Language;
use crate::template::{Template, ids};

/// Somewhere on the Earth, with the name that an agency gave it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place<'a> {
    /// Name in whatever language; may be empty.
    pub name: &'a str,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east, from -180 to 360.
    pub lon: f64,
}

impl Place<'_> {
    /// Name and coordinates: the name is in the agency's language, the coordinates are in the reader's.
    pub fn say(&self, language: Language) -> String {
        let coordinates = self.coordinates(language).say(language);
        if self.name.is_empty() {
            return coordinates;
        }
        Template::new(ids::PLACE_NAMED)
            .text("name", self.name)
            .text("coordinates", coordinates)
            .say(language)
    }

    fn coordinates(&self, language: Language) -> Template<'static> {
        let lon = wrapped(self.lon);
        Template::new(ids::COORDINATES)
            .text("lat", language.number(self.lat.abs(), 1))
            .text("north", if self.lat < 0.0 { "south" } else { "north" })
            .text("lon", language.number(lon.abs(), 1))
            .text("east", if lon < 0.0 { "west" } else { "east" })
    }
}

/// Longitude from -180 to 180 degrees.
pub(crate) fn wrapped(lon: f64) -> f64 {
    if lon > 180.0 { lon - 360.0 } else { lon }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_its_hemispheres_in_every_language() {
        let maule = Place {
            name: "",
            lat: -36.12,
            lon: 287.1,
        };
        let expected = [
            (Language::En, "36.1° S, 72.9° W"),
            (Language::Es, "36,1° S, 72,9° O"),
            (Language::Fr, "36,1° S, 72,9° O"),
            (Language::Pt, "36,1° S, 72,9° O"),
            (Language::Id, "36,1° LS, 72,9° BB"),
            (Language::Si, "දකුණු 36.1°, බටහිර 72.9°"),
            (Language::Ta, "36.1° தெற்கு, 72.9° மேற்கு"),
            (Language::Hi, "36.1° दक्षिण, 72.9° पश्चिम"),
            (Language::Zh, "南纬36.1°，西经72.9°"),
            (Language::Ja, "南緯36.1度、西経72.9度"),
        ];
        assert_eq!(expected.len(), Language::ALL.len());
        for (language, text) in expected {
            assert_eq!(maule.say(language), text);
        }
        let tohoku = Place {
            name: "off Honshu",
            lat: 38.3,
            lon: 142.4,
        };
        assert_eq!(tohoku.say(Language::En), "off Honshu (38.3° N, 142.4° E)");
        assert_eq!(
            tohoku.say(Language::Ja),
            "off Honshu（北緯38.3度、東経142.4度）"
        );
    }
}
