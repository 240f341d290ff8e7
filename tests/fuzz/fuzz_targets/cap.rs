//! A CAP message from anybody: what is read and can be written reads back as the same message, and without complaint.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok((alert, _)) = cap::read(data) else {
        return;
    };
    if let Ok(xml) = alert.to_xml() {
        let (again, complaints) = cap::read(xml.as_bytes()).expect("what was written is read");
        assert!(complaints.is_empty(), "{complaints:?}");
        assert_eq!(again, alert);
    }
});
