//! Input that wants to hurt: the reader ends, soon and small, and never panics.

mod message;

use cap::{MAX_ELEMENTS, MAX_MESSAGE_BYTES, ReadError, read};
use message::{full, recorded};
use proptest::prelude::*;

#[test]
fn a_document_type_is_refused_before_anything_is_expanded() {
    let lol = r#"<!DOCTYPE alert [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
        <alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&b;</identifier></alert>"#;
    assert_eq!(read(lol.as_bytes()).unwrap_err(), ReadError::Doctype);
    assert_eq!(
        read(b"<!DOCTYPE alert SYSTEM 'http://127.0.0.1/x.dtd'><alert/>").unwrap_err(),
        ReadError::Doctype
    );
}

#[test]
fn limits_hold() {
    let alert = |inside: &str| format!("<alert xmlns='{}'>{inside}</alert>", cap::NAMESPACE);
    let long = vec![b' '; MAX_MESSAGE_BYTES + 1];
    assert_eq!(
        read(&long).unwrap_err(),
        ReadError::TooLong {
            bytes: MAX_MESSAGE_BYTES + 1
        }
    );
    let deep = alert(&"<info>".repeat(100_000));
    assert_eq!(read(deep.as_bytes()).unwrap_err(), ReadError::TooDeep);
    let foreign = alert(&"<d:x>".repeat(40_000));
    assert_eq!(read(foreign.as_bytes()).unwrap_err().name(), "too_deep");
    let many = alert(&"<a/>".repeat(MAX_ELEMENTS));
    assert_eq!(
        read(many.as_bytes()).unwrap_err(),
        ReadError::TooManyElements
    );
    let bindings: String = (0..1_000).map(|i| format!(" xmlns:n{i}='u'")).collect();
    assert_eq!(
        read(alert(&format!("<info{bindings}/>")).as_bytes())
            .unwrap_err()
            .name(),
        "malformed"
    );
    assert_eq!(read(b"").unwrap_err(), ReadError::NotXml);
    assert_eq!(read(b"<alert>").unwrap_err().name(), "malformed");
    assert_eq!(read(b"<alert/><alert/>").unwrap_err().name(), "malformed");
    assert_eq!(
        read(b"<html/>").unwrap_err(),
        ReadError::NotAnAlert {
            root: "html".to_owned()
        }
    );
}

/// Attributes mean nothing in CAP: they are passed over, however many there are and however long.
#[test]
fn attributes_cost_their_length_and_nothing_else() {
    let attributes: String = (0..60_000).map(|i| format!(" a{i}='{i}'")).collect();
    let xml = full()
        .to_xml()
        .unwrap()
        .replacen("<event>", &format!("<event{attributes}>"), 1);
    assert!(xml.len() > MAX_MESSAGE_BYTES / 2);
    assert_eq!(read(xml.as_bytes()).unwrap().0, full());
    let long = format!("<event a='{}'>", "&lt;".repeat(200_000));
    let xml = full().to_xml().unwrap().replacen("<event>", &long, 1);
    assert_eq!(read(xml.as_bytes()).unwrap().0, full());
}

/// Numbers of any size, and what is none: left out and said to be, or kept and said to break a rule. Never a panic, never a sound message.
#[test]
fn huge_numbers_are_told() {
    let huge = "9".repeat(400);
    for number in [huge.as_str(), "1e400", "-1e308", "1e-400000", "NaN", "inf"] {
        for (from, to, said) in [
            (
                "<circle>-35,-72 12.5<",
                format!("<circle>-35,-72 {number}<"),
                "info[1]/area[1]/circle[1]",
            ),
            (
                "<polygon>-37,",
                format!("<polygon>{number},"),
                "info[1]/area[1]/polygon[1]",
            ),
            (
                "<altitude>-0.5<",
                format!("<altitude>{number}<"),
                "info[1]/area[1]/altitude",
            ),
            (
                "<size>3<",
                format!("<size>{number}<"),
                "info[1]/resource[1]/size",
            ),
        ] {
            let xml = full().to_xml().unwrap();
            assert!(xml.contains(from), "{from}");
            let (_, complaints) = read(xml.replacen(from, &to, 1).as_bytes()).unwrap();
            let element = |c: &cap::Complaint| c.element == said;
            assert!(complaints.iter().any(element), "{to}: {complaints:?}");
        }
        let xml = full().to_xml().unwrap();
        let year = xml.replacen("<sent>2010", &format!("<sent>{number}"), 1);
        assert_eq!(read(year.as_bytes()).unwrap_err().name(), "not_understood");
    }
}

#[test]
fn complaints_are_bounded_and_counted() {
    let xml = full().to_xml().unwrap().replacen(
        "<info>",
        &format!("{}<info>", "<code/>".repeat(5_000)),
        1,
    );
    let (_, said) = read(xml.as_bytes()).unwrap();
    assert_eq!(said.len(), 201);
    assert_eq!(said[200].problem, cap::Problem::More { count: 4_801 });
}

/// An outline as long as a message can be: no comparison of each edge with each other.
#[test]
fn a_huge_outline_costs_no_more_than_its_length() {
    let points: String = (0..50_000)
        .map(|i| format!("{}.{:04},{} ", i % 90, i % 7919, i % 180))
        .collect();
    let xml = full()
        .to_xml()
        .unwrap()
        .replacen("<polygon>", &format!("<polygon>{points}"), 1);
    assert!(
        xml.len() > MAX_MESSAGE_BYTES / 2 && xml.len() <= MAX_MESSAGE_BYTES,
        "{} bytes",
        xml.len()
    );
    let (_, said) = read(xml.as_bytes()).unwrap();
    assert!(
        said.iter()
            .any(|c| c.problem.name() == "polygon_too_many_points")
    );
}

fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(load_seeds)
}

fn load_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![full().to_xml().unwrap().into_bytes()];
    if let Some(folder) = recorded("cap/samples") {
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        seeds.extend(files.iter().map(|file| std::fs::read(file).unwrap()));
    }
    seeds
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read(&bytes);
    }

    #[test]
    fn random_markup_never_panics(text in r#"(<alert>|<info>|</info>|<area>|<polygon>|</[a-z]{1,5}>|<[a-z:]{1,6}( xmlns(:[a-z])?='[a-z]')?/?>|&[a-z#0-9]{0,5};?|[0-9,. -]{1,9}|<!\[CDATA\[|\]\]>|<!--|-->|<\?|\?>|"|\PC){0,60}"#) {
        let _ = read(text.as_bytes());
        let _ = read(format!("<alert>{text}</alert>").as_bytes());
    }

    /// Real messages with pieces changed, cut out and doubled. Whatever is still read without complaint can be written.
    #[test]
    fn mutated_samples_never_panic(
        seed in any::<prop::sample::Index>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>(), 1..40_usize), 1..8),
    ) {
        let mut bytes = seed.get(seeds()).clone();
        for (at, kind, byte, length) in edits {
            if bytes.is_empty() { break; }
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.drain(at..end); }
                2 => { let piece = bytes[at..end].to_vec(); bytes.splice(at..at, piece); }
                _ => bytes[at] = b"<>&;'\"/,-Z0"[usize::from(byte) % 11],
            }
        }
        if let Ok((alert, complaints)) = read(&bytes) {
            for complaint in &complaints { prop_assert!(!complaint.to_string().is_empty()); }
            if complaints.is_empty() { prop_assert!(alert.to_xml().is_ok()); }
        }
    }
}
