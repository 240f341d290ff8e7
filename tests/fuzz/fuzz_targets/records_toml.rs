//! The description of records beside the data, as `watchfire evaluate tsunami` reads it: refused in words, or every record that is there is
//! scored.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;

/// A folder of three small records; the description is written into it each time.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder =
        std::env::temp_dir().join(format!("watchfire-fuzz-records-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("scratch folder");
    let rows = |row: &dyn Fn(u32) -> String| (0..40).map(row).collect::<String>();
    let height = |k: u32| 4.0 + f64::from(k % 7) * 0.01;
    for (name, text) in [
        ("a.txt", rows(&|k| format!("{} {}\n", k * 60, height(k)))),
        (
            "b.txt",
            rows(&|k| format!("2011 03 11 05 {k:02} 00 2 {}\n", height(k))),
        ),
        (
            "c.csv",
            format!(
                "time,value\n{}",
                rows(&|k| format!("{},{}\n", 1_299_822_384 + k * 60, height(k)))
            ),
        ),
    ] {
        std::fs::write(folder.join(name), text).expect("scratch file");
    }
    folder
});

fuzz_target!(|data: &[u8]| {
    std::fs::write(FOLDER.join("records.toml"), data).expect("scratch file");
    let arguments = evaluate::tsunami::Arguments {
        data: FOLDER.clone(),
        records: None,
        detectors: Vec::new(),
        csv: None,
        json: data.len() % 2 == 1,
    };
    let mut out = Vec::new();
    match evaluate::tsunami::run(&arguments, &mut out) {
        Ok(()) => assert!(std::str::from_utf8(&out).is_ok()),
        Err(why) => assert!(!why.is_empty()),
    }
});
