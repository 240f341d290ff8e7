//! A sensor script as somebody wrote it: refused in words with its line, or a bounded play; and a fault as one line of text.
#![no_main]

use hil::fault::Fault;
use hil::script::{MAX_FAULTS, MAX_SENSORS, Script};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Script::parse("fuzz.toml", text) {
        Ok(script) => {
            assert!(script.faults.len() <= MAX_FAULTS && !script.expectations.is_empty());
            assert!((1..=MAX_SENSORS).contains(&script.sensors().count()));
            for fault in &script.faults {
                assert_eq!(fault.to_string().parse(), Ok(fault.clone()));
            }
            assert!(
                script
                    .expectations
                    .iter()
                    .all(|expect| expect.within_us <= script.length_us)
            );
        }
        Err(why) => assert!(why.to_string().starts_with("fuzz.toml:")),
    }
    for line in text.lines().take(8) {
        match line.parse::<Fault>() {
            Ok(fault) => assert_eq!(fault.to_string().parse(), Ok(fault)),
            Err(why) => assert!(!why.why.is_empty() && why.text.len() <= 480),
        }
    }
});
