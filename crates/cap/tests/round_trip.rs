//! What is written reads back equal and without complaint, and meets the schema: for any message that may be written.

mod message;

use cap::{Time, read};
use message::any::alert;
use message::schema_complaints;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

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
