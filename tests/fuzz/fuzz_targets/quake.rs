//! An earthquake document from the agency's feed.
#![no_main]

use hub::intake::quakes::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(document) = read(data) else { return };
    for (solution, _mechanism) in document.solutions {
        let q = solution.quake;
        assert!(q.magnitude.is_finite() && q.depth_km.is_finite(), "{q:?}");
        assert!(q.lat.abs() <= 90.0 && q.lon.abs() <= 360.0, "{q:?}");
    }
});
