//! Places in S3XML from anybody: what is read has a position on Earth, an id of its own and bounded words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use relief::places::{Source, read_s3xml};

#[path = "places/sound.rs"]
mod sound;

fuzz_target!(|data: &[u8]| {
    if let Ok(found) = read_s3xml(data, &Source::new("fuzz", None)) {
        sound::check(&found);
    }
});
