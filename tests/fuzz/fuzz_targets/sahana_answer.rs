//! Answers of a Sahana Eden: whatever it sends, a verdict comes out, a yes only where a whole JSON object says so, and nothing long is
//! kept of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outlet::{Presence, Verdict, sahana_answer, sahana_found};

fuzz_target!(|data: &[u8]| {
    match sahana_answer(data) {
        Verdict::Taken => {
            let text = String::from_utf8_lossy(data);
            assert!(text.contains("status") || text.contains("\\u"));
            assert!(
                text.trim_start_matches('\u{FEFF}')
                    .trim_start()
                    .starts_with('{')
            );
        }
        Verdict::Refused(text) | Verdict::Unclear(text) => {
            assert!(!text.is_empty() && text.chars().count() < 700, "{text}");
            assert!(!text.contains('\n'));
        }
    }
    match sahana_found(data, "urn:oid:2.49.0.1.1") {
        Presence::There => assert!(data.len() >= 18),
        Presence::Missing => assert!(
            String::from_utf8_lossy(data)
                .trim_start_matches('\u{FEFF}')
                .trim()
                .len()
                >= 2
        ),
        Presence::Unclear(text) => assert!(!text.is_empty()),
    }
});
