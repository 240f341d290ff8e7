//! A tiny reader of the recorded data, for tests and the table only. Times are microseconds after the earthquake's origin.

use std::path::PathBuf;

pub mod summary;

/// Every record: its name and the earliest second after origin at which the tsunami can be there.
///
/// 32412: the record stays flat until 11,200 s. 21418 and 21413: 24 and 65 min by their records. Nuku'alofa: 25 min and 13 h (FACTS:
/// the published algorithm finds them at 31 and 796 min). P02 and 802 lie over the source: the sea moves from the start.
/// 811: quiet for the first hour, then small waves.
pub const ALL: &[(&str, f64)] = &[
    ("32412", 11_200.0),
    ("21418", 1_440.0),
    ("21413", 3_900.0),
    ("nukualofa-2006", 1_500.0),
    ("nukualofa-2010", 46_800.0),
    ("P02", 0.0),
    ("802", 0.0),
    ("811", 3_600.0),
];

/// Time after origin in microseconds, and metres.
pub type Series = Vec<(i64, f64)>;

fn folder() -> PathBuf {
    std::env::var_os("WATCHFIRE_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    )
}

/// Days since 1970-01-01 (Howard Hinnant's days_from_civil).
fn days(y: i64, m: i64, d: i64) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + d - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

fn unix_s(n: &[i64]) -> i64 {
    days(n[0], n[1], n[2]) * 86_400 + n[3] * 3600 + n[4] * 60 + n[5]
}

/// Seconds and metres.
fn seconds(text: &str, origin_s: f64) -> Series {
    let rows = text.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<f64>);
        let (t, v) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some((((t - origin_s) * 1e6) as i64, v))
    });
    rows.collect()
}

/// NDBC DART text; 9999 is missing, newest first allowed.
fn ndbc(text: &str, origin: [i64; 6]) -> Series {
    let rows = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let mut n = [0; 6];
            for field in &mut n {
                *field = words.next()?.parse().ok()?;
            }
            let value: f64 = words.nth(1)?.parse().ok()?;
            (value < 9000.0).then(|| ((unix_s(&n) - unix_s(&origin)) * 1_000_000, value))
        });
    rows.collect()
}

/// The tide-gauge CSV: time, Julian day, height, residual.
fn gauge(text: &str, origin: [i64; 6]) -> Series {
    let rows = text.lines().filter_map(|line| {
        let mut fields = line.split(',');
        let time = fields.next()?;
        let mut n = [0; 6];
        for (field, word) in n.iter_mut().zip(time.split(['-', ' ', ':'])) {
            *field = word.parse().ok()?;
        }
        let value: f64 = fields.nth(1)?.parse().ok()?;
        Some(((unix_s(&n) - unix_s(&origin)) * 1_000_000, value))
    });
    rows.collect()
}

/// A record by name; `None` with a message when the data is not there.
pub fn load(name: &str) -> Option<Series> {
    let tohoku = [2011, 3, 11, 5, 46, 24];
    let file = match name {
        "32412" => "dart/32412_notide.txt",
        "21418" => "dart/21418.txt",
        "21413" => "dart/21413.txt",
        "nukualofa-2006" => "tide-gauge/nukualofa_2006_tsunami_detided.csv",
        "nukualofa-2010" => "tide-gauge/nukualofa_chile2010_detided.csv",
        "P02" => "nearfield/P02.dat",
        "802" => "nearfield/802.dat",
        "811" => "nearfield/811.dat",
        _ => return None,
    };
    let path = folder().join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "skipped: {name} (recorded data not found at {})",
            path.display()
        );
        return None;
    };
    let mut series = match name {
        "32412" => seconds(&text, 0.0),
        "21418" | "21413" => ndbc(&text, tohoku),
        // USGS: 2006-05-03T15:26:40Z Mw 8.0 Tonga; 2010-02-27T06:34:14Z Mw 8.8 Maule.
        "nukualofa-2006" => gauge(&text, [2006, 5, 3, 15, 26, 40]),
        "nukualofa-2010" => gauge(&text, [2010, 2, 27, 6, 34, 14]),
        // Seconds after 05:46:00, the origin is 05:46:24.
        _ => seconds(&text, 24.0),
    };
    // Stable: equal times keep their order in the file.
    series.sort_by_key(|&(t, _)| t);
    Some(series)
}
