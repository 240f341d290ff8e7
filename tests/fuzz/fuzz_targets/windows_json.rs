//! Labelled windows beside traffic records, as `watchfire evaluate traffic` reads them: refused in words, or scored.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;

/// A folder of two small records; the windows are written into it each time.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder =
        std::env::temp_dir().join(format!("watchfire-fuzz-windows-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("scratch folder");
    for name in ["speed_1.csv", "TravelTime_2.csv"] {
        let rows: String = (0..60)
            .map(|k| {
                format!(
                    "2015-09-08 {:02}:{:02}:00,{}\n",
                    11 + k / 12,
                    k % 12 * 5,
                    70 + k % 5
                )
            })
            .collect();
        std::fs::write(folder.join(name), format!("timestamp,value\n{rows}"))
            .expect("scratch file");
    }
    folder
});

fuzz_target!(|data: &[u8]| {
    let windows = FOLDER.join("anomaly_windows.json");
    std::fs::write(&windows, data).expect("scratch file");
    let arguments = evaluate::traffic::Arguments {
        data: FOLDER.clone(),
        windows: None,
        json: data.len() % 2 == 1,
    };
    let mut out = Vec::new();
    match evaluate::traffic::run(&arguments, &mut out) {
        Ok(()) => assert!(std::str::from_utf8(&out).is_ok()),
        Err(why) => assert!(!why.is_empty()),
    }
});
