//! An entry of the journal, played back: its batches came from outside.
#![no_main]

use std::sync::{Arc, OnceLock};

use hub::config::Config;
use hub::core::Core;
use hub::entry::Entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    static CONFIG: OnceLock<Arc<Config>> = OnceLock::new();
    let Ok(entry) = Entry::decode(data) else {
        return;
    };
    assert_eq!(entry.encode(), data, "an entry has one form");
    let config = CONFIG.get_or_init(|| {
        let text = include_str!("../../../configs/chile/hub.toml");
        Arc::new(Config::parse("hub.toml", text).expect("a shipped deployment"))
    });
    let mut core = Core::new(config.clone(), None);
    core.replay(&entry);
    core.replay(&entry);
});
