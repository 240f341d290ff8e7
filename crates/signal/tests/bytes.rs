//! What a station costs in memory, for good: no detector allocates.
//!
//! The figures stand in `docs/performance.md`, and are the same on a Cortex-M4F (`cargo xtask cortex-m4` prints them).

use signal::{dart, power, stalta, threshold, traffic, tsunami};

#[test]
fn every_detector_takes_the_bytes_that_are_documented() {
    let found = [
        ("tsunami::Detector", size_of::<tsunami::Detector>()),
        ("traffic::Detector", size_of::<traffic::Detector>()),
        ("traffic::Neighbours", size_of::<traffic::Neighbours>()),
        ("traffic::Combination", size_of::<traffic::Combination>()),
        ("power::Meter", size_of::<power::Meter>()),
        ("stalta::StaLta", size_of::<stalta::StaLta>()),
        ("stalta::Coincidence", size_of::<stalta::Coincidence>()),
        ("threshold::Threshold", size_of::<threshold::Threshold>()),
        ("dart::Dart<764>", size_of::<dart::Dart<764>>()),
    ];
    let documented = [
        ("tsunami::Detector", 1_432),
        ("traffic::Detector", 2_040),
        ("traffic::Neighbours", 112),
        ("traffic::Combination", 88),
        ("power::Meter", 3_688),
        ("stalta::StaLta", 160),
        ("stalta::Coincidence", 544),
        ("threshold::Threshold", 360),
        ("dart::Dart<764>", 6_192),
    ];
    assert_eq!(found, documented);
}
