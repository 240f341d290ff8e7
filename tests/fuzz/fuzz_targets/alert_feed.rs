//! A list of alerts from another sender: what is read of it is bounded, and what stands in it can be shown.
#![no_main]

use cap::signature::TrustList;
use libfuzzer_sys::fuzz_target;
use senders::index::{Item, MAX_ITEMS, read};
use senders::{Ledger, Message, Origin};

fuzz_target!(|data: &[u8]| {
    let Ok(index) = read(data) else { return };
    assert!(index.items.len() <= MAX_ITEMS);
    let mut ledger = Ledger::default();
    let mut now_us = 0;
    for item in index.items {
        let Item::Message(xml) = item else { continue };
        // Declarations from around it, and no more, are added.
        assert!(xml.len() <= data.len() * 2 + 16 * 1024);
        let origin = Origin {
            feed: "fuzz".to_owned(),
            link: None,
            mark: String::new(),
            vouched_by: None,
            received_us: 0,
        };
        if let Ok(message) = Message::read(xml, origin, &TrustList::default()) {
            assert!(!message.standing.is_verified(), "nobody is trusted");
            now_us = message.alert.sent.us();
            ledger.take(message, None, now_us);
        }
    }
    for shown in ledger.shown(now_us, &["en".to_owned()]) {
        assert!(shown.description.chars().count() <= 1_003);
        assert!(shown.web.is_none_or(|web| web.to_ascii_lowercase().starts_with("http")));
        assert!(shown.outlines.iter().map(Vec::len).sum::<usize>() <= 200);
    }
});
