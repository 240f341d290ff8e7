//! A topic name as the broker hands it on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::topic::Topic;

fuzz_target!(|text: &str| {
    if let Ok(topic) = Topic::parse(text) {
        assert_eq!(topic.to_string(), text, "a topic has one name");
    }
});
