//! Places in GeoJSON from anybody: what is read has a position on Earth, an id of its own and bounded words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relief::places::{Source, read_geojson};

#[path = "places/sound.rs"]
mod sound;

fuzz_target!(|data: &[u8]| {
    for kind in [None, Some(relief::Kind::Population)] {
        if let Ok(found) = read_geojson(data, &Source::new("fuzz", kind)) {
            sound::check(&found);
        }
    }
});
