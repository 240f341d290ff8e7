//! What clients of SensorThings ask: a path, and options after it.
#![no_main]

use hub::sensorthings::{Answer, Answerer, Catalog, Readings, path, query};
use hub::series::{Point, Wanted};
use libfuzzer_sys::fuzz_target;

struct None;

impl Readings for None {
    fn between(&self, _: &str, _: Wanted, _: i64, _: i64) -> Vec<Point> {
        Vec::new()
    }
}

fuzz_target!(|data: &str| {
    let (asked, options) = data.split_once('?').unwrap_or((data, ""));
    let options: Vec<(String, String)> = options
        .split('&')
        .filter_map(|o| o.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let read = path(asked).and_then(|path| {
        let set = Answerer::set_of(&path)?;
        Ok((query(set, &options)?, path))
    });
    let catalog = Catalog::default();
    let answer = read.and_then(|(query, path)| {
        Answerer::new(&catalog, &None, "http://hub").answer(&path, &query)
    });
    match answer {
        Ok(Answer::Json(value)) => assert!(value.is_object()),
        Ok(_) => {}
        Err(refused) => {
            assert!((400..500).contains(&refused.status));
            assert!(!refused.text.is_empty() && refused.text.len() < 8_192);
        }
    }
});
