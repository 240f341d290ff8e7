//! What is written reads back equal and without complaint, is its own canonical form, and meets the schema: for any message that may be
//! written. Its elements in any other order are read as the same message, with complaints about the order and nothing else.

mod message;

use cap::signature::canonical_xml;
use cap::{Problem, Time, read};
use message::any::alert;
use message::schema_complaints;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// The children of an element, or of several of them behind one another: name and whole text each. What the writer makes has no attributes
/// below the root, and no element stands in one of its own name.
fn children(mut inside: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    while let Some(name) = inside
        .strip_prefix('<')
        .and_then(|rest| rest.split('>').next())
    {
        let end = format!("</{name}>");
        let at = inside.find(&end).unwrap() + end.len();
        found.push((name, &inside[..at]));
        inside = &inside[at..];
    }
    found
}

/// The content of an element with the elements in it in another order. Those of one name stay among themselves as they were: the order of
/// infos and areas means something.
fn disordered(inside: &str, seed: u64) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    if !inside.starts_with('<') {
        return inside.to_owned();
    }
    let place = |name: &str| {
        let mut hasher = DefaultHasher::new();
        (name, seed).hash(&mut hasher);
        hasher.finish()
    };
    let mut children = children(inside);
    children.sort_by_key(|(name, _)| place(name));
    children
        .iter()
        .map(|(name, whole)| {
            let content = &whole[name.len() + 2..whole.len() - name.len() - 3];
            format!("<{name}>{}</{name}>", disordered(content, seed))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(alert in alert()) {
        let xml = alert.to_xml().map_err(|invalid| TestCaseError::fail(invalid.to_string()))?;
        let (back, complaints) = read(xml.as_bytes()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(complaints, vec![]);
        prop_assert_eq!(&back, &alert);
        prop_assert_eq!(back.to_xml().unwrap(), xml);
    }

    #[test]
    fn what_is_written_is_its_own_canonical_form(alert in alert()) {
        let xml = alert.to_xml().unwrap();
        prop_assert_eq!(canonical_xml(xml.as_bytes()).unwrap(), xml);
    }

    #[test]
    fn any_order_of_elements_reads_as_the_same_message(alert in alert(), seed in any::<u64>()) {
        let xml = alert.to_xml().unwrap();
        let start = xml.find('>').unwrap() + 1;
        let inside = &xml[start..xml.len() - "</alert>".len()];
        let other = format!("{}{}</alert>", &xml[..start], disordered(inside, seed));
        prop_assert_eq!(other.len(), xml.len());
        let (back, complaints) = read(other.as_bytes()).unwrap();
        prop_assert_eq!(&back, &alert);
        prop_assert_eq!(complaints.is_empty(), other == xml);
        for complaint in complaints {
            prop_assert!(matches!(complaint.problem, Problem::OutOfOrder { .. }), "{}", complaint);
        }
    }

    #[test]
    fn times_read_back(us in any::<i64>(), offset in -840..=840_i16) {
        let time = Time::from_us(us);
        prop_assert_eq!(Time::parse(&time.to_string()), Some(time));
        if let Some(local) = time.with_offset_minutes(offset) {
            prop_assert_eq!(Time::parse(&local.to_string()), Some(local));
            prop_assert_eq!(local.us(), time.us());
        }
    }
}

/// A hundred messages of the same kind, all shown to one `xmllint`.
#[test]
fn what_is_written_meets_the_schema() {
    let mut runner = TestRunner::deterministic();
    let written = |_| alert().new_tree(&mut runner).unwrap().current().to_xml();
    let messages: Vec<String> = (0..100).map(written).collect::<Result<_, _>>().unwrap();
    if let Some(complaints) = schema_complaints(&messages) {
        assert_eq!(complaints, "");
    }
}
