//! Alerts, and the chains that they form.

use std::collections::BTreeMap;

use cap::{Alert, MsgType, Status};
use quick_xml::Reader;
use quick_xml::events::Event;

/// Reads a message that must be without complaint, and an exercise.
///
/// # Panics
/// When it is not.
pub fn read(xml: &str) -> Alert {
    let (alert, complaints) = cap::read(xml.as_bytes()).expect("a CAP message");
    assert!(complaints.is_empty(), "{complaints:?} in {xml}");
    assert_eq!(alert.status, Status::Exercise, "{}", alert.identifier);
    alert
}

/// Checks chains: every identifier once; in each event an alert first, updates after it, at most a cancellation and only at the end;
/// every message referring to all before it as they were sent. Messages are in the order of publication. Returns them by event.
///
/// # Panics
/// With the message that breaks a rule.
pub fn check(messages: &[Alert]) -> BTreeMap<String, Vec<&Alert>> {
    let mut chains: BTreeMap<String, Vec<&Alert>> = BTreeMap::new();
    for alert in messages {
        let identifier = &alert.identifier;
        let twice = messages.iter().filter(|m| m.identifier == *identifier);
        assert_eq!(twice.count(), 1, "published twice: {identifier}");
        let event = alert.incidents.first().expect("an incident").clone();
        let chain = chains.entry(event.clone()).or_default();
        let expected = format!("{event}.{}", chain.len() + 1);
        assert!(
            identifier.ends_with(&expected),
            "{identifier} is not number {} of its event",
            chain.len() + 1
        );
        match chain.last() {
            None => assert_eq!(alert.msg_type, MsgType::Alert, "{identifier}"),
            Some(last) => {
                assert_ne!(
                    last.msg_type,
                    MsgType::Cancel,
                    "{identifier} after a cancellation"
                );
                assert_ne!(alert.msg_type, MsgType::Alert, "{identifier}");
                assert!(
                    alert.sent.us() > last.sent.us(),
                    "{identifier} is not later"
                );
            }
        }
        let references: Vec<_> = chain.iter().map(|earlier| earlier.reference()).collect();
        assert_eq!(alert.references, references, "references of {identifier}");
        chain.push(alert);
    }
    chains
}

/// The ids of the entries of an Atom feed, in its order.
///
/// # Panics
/// When it is no XML.
pub fn atom_ids(feed: &str) -> Vec<String> {
    let mut reader = Reader::from_str(feed);
    let (mut ids, mut in_entry, mut in_id) = (Vec::new(), false, false);
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "entry" => in_entry = true,
                "id" => in_id = in_entry,
                _ => {}
            },
            Event::Text(text) if in_id => ids.push(text.xml10_content().into_owned()),
            Event::End(tag) => match tag.local_name().as_ref() {
                "entry" => in_entry = false,
                "id" => in_id = false,
                _ => {}
            },
            Event::Eof => return ids,
            _ => {}
        }
    }
}
