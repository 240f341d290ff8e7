//! Cookies, `Authorization`, `Origin` and their like: lines of a request, each with its name's first letter in front.
#![no_main]

use accounts::request::{Credential, Head, Site};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let site = Site::new("https://warnings.example.org/hub", "chile", "actual");
    let mut head = Head::default();
    for line in data.split(|c| *c == b'\n') {
        match line.split_first() {
            Some((b'a', value)) => head.authorization.push(value),
            Some((b'c', value)) => head.cookie.push(value),
            Some((b'o', value)) => head.origin.push(value),
            Some((b's', value)) => head.sec_fetch_site.push(value),
            Some((b'h', value)) => head.host.push(value),
            Some((b'm', _)) => head.marked = true,
            Some((b'r', _)) => head.safe = true,
            _ => {}
        }
    }
    let _ = site.device(&head);
    match site.credential(&head) {
        Ok(Some(Credential::Session(secret))) => {
            assert!(head.authorization.is_empty());
            assert!(head.safe || (head.marked && site.is_not_foreign(&head).is_ok()));
            // It is in a cookie, as it stands.
            let text = secret.text();
            let there = |c: &&[u8]| c.windows(64).any(|w| w == text.as_bytes());
            assert!(head.cookie.iter().any(there));
        }
        Ok(Some(Credential::Token(_))) => assert_eq!(head.authorization.len(), 1),
        Ok(None) => assert!(head.authorization.is_empty()),
        Err(_) => {}
    }
});
