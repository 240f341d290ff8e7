//! Places in tables from anybody: what is read has a position on Earth, an id of its own and bounded words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relief::places::{Source, read_csv};

#[path = "places/sound.rs"]
mod sound;

fuzz_target!(|data: &[u8]| {
    if let Ok(found) = read_csv(data, &Source::new("fuzz", Some(relief::Kind::Shelter))) {
        sound::check(&found);
    }
});
