//! A recorded series in one of the three formats, which the first byte picks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use record::{Columns, read_csv, read_ndbc, read_seconds};

fuzz_target!(|data: &[u8]| {
    let Some((pick, bytes)) = data.split_first() else {
        return;
    };
    let series = match pick % 3 {
        0 => read_ndbc(bytes),
        1 => read_seconds(bytes, i64::from(*pick) * 1_000_000_000),
        _ => read_csv(
            bytes,
            &Columns {
                time: "time".to_owned(),
                value: "value".to_owned(),
                missing: Some(-9999.0),
            },
        ),
    };
    let Ok(series) = series else { return };
    assert!(
        series
            .samples
            .windows(2)
            .all(|w| w[0].time_us <= w[1].time_us),
        "sorted"
    );
    assert!(
        series
            .samples
            .iter()
            .all(|s| s.value.is_none_or(f64::is_finite))
    );
    let _ = series.skipped_by_reason();
    if let Some((first, last)) = series.extent_us() {
        assert!(series.between(first, last).len() <= series.samples.len());
    }
});
