//! SenML in JSON or CBOR from anybody.
#![no_main]

use hub::intake::open::{Arrival, MAX_READINGS, senml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match senml(
        data,
        "third-party",
        &mut Arrival::new(1_769_860_800_000_000),
    ) {
        Ok(readings) => {
            assert!(!readings.is_empty() && readings.len() <= MAX_READINGS);
            for reading in readings {
                assert!(wire::topic::is_id(&reading.station), "{reading:?}");
                assert!(reading.value.is_finite(), "{reading:?}");
            }
        }
        Err(refused) => assert!(!refused.reason.is_empty() && refused.what.len() < 4_096),
    }
});
