//! A `hub.toml`: refused with a reason, or good enough to start a core from.
#![no_main]

use std::sync::Arc;

use hub::config::Config;
use hub::core::Core;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Config::parse("hub.toml", text) {
        Ok(config) => drop(Core::new(Arc::new(config), None)),
        Err(why) => assert!(why.to_string().starts_with("hub.toml"), "{why}"),
    }
});
