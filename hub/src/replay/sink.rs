//! What a replay keeps: every CAP message, the timeline, the forecasts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde::Serialize;

use crate::alert::Published;
use crate::core::Output;
use crate::pipeline::Sink;
use crate::view::TimelineEntry;

/// One line of `timeline.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Event time, RFC 3339 UTC.
    pub time: String,
    /// Seconds after the earthquake.
    pub after_origin_s: f64,
    /// Stable word.
    pub kind: String,
    /// One sentence.
    pub text: String,
    /// For messages: milliseconds from the moment the sample left the sensor (or the earthquake document its agency) to the
    /// published CAP.
    pub compute_ms: Option<f64>,
    /// Event time, microseconds since the Unix epoch.
    #[serde(skip)]
    pub time_us: i64,
}

/// One row of `forecast.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// When the forecast was issued, microseconds since the Unix epoch.
    pub issued_us: i64,
    /// The event.
    pub event: String,
    /// `zone` or `station`.
    pub kind: &'static str,
    /// Zone or station id.
    pub id: String,
    /// Arrival, microseconds since the Unix epoch.
    pub arrival_us: i64,
    /// Height, metres: 5 %, 50 %, 95 %.
    pub heights_m: [f64; 3],
    /// Level, for zones.
    pub level: &'static str,
    /// Probabilities of exceeding the advisory, warning and major height, for zones.
    pub exceeds: Option<[f64; 3]>,
}

/// What has been collected so far.
#[derive(Debug, Default)]
pub struct Kept {
    /// The timeline.
    pub lines: Vec<Line>,
    /// The forecasts.
    pub rows: Vec<Row>,
    /// Files of the CAP messages.
    pub messages: Vec<PathBuf>,
    /// The first thing that could not be written.
    pub failure: Option<String>,
}

/// Shared between the driver and the pipeline's thread.
#[derive(Debug)]
pub struct Shared {
    /// What has been collected.
    pub kept: Mutex<Kept>,
    /// When the step under way began: the sample's way to the alert is measured from here.
    pub began: Mutex<Instant>,
    /// The virtual time of the step under way.
    pub now_us: std::sync::atomic::AtomicI64,
}

/// The pipeline's end.
pub struct ReplaySink {
    /// Shared with the driver.
    pub shared: Arc<Shared>,
    /// Where the messages go.
    pub out: PathBuf,
    /// The earthquake, microseconds since the Unix epoch.
    pub origin_us: i64,
}

/// Locks, whatever happened to another holder: the data is plain values.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl Sink for ReplaySink {
    fn published(&mut self, message: &Published) {
        let file = self.out.join(message.file());
        let written = write_whole(&file, message.xml.as_bytes());
        let mut kept = lock(&self.shared.kept);
        match written {
            Ok(()) => kept.messages.push(file),
            Err(e) => {
                kept.failure
                    .get_or_insert(format!("{}: {e}", file.display()));
            }
        }
    }

    fn said(&mut self, entry: &TimelineEntry) {
        let compute_ms = entry
            .compute_ms
            .map(|_| lock(&self.shared.began).elapsed().as_secs_f64() * 1e3);
        lock(&self.shared.kept).lines.push(Line {
            time: clock::format_utc(entry.time_us),
            after_origin_s: (entry.time_us - self.origin_us) as f64 / 1e6,
            kind: entry.kind.clone(),
            text: entry.text.clone(),
            compute_ms,
            time_us: entry.time_us,
        });
    }

    fn forecast(&mut self, event: &str, output: &Output) {
        let Output::Forecast {
            zones, stations, ..
        } = output
        else {
            return;
        };
        let issued_us = self
            .shared
            .now_us
            .load(std::sync::atomic::Ordering::Acquire);
        let mut kept = lock(&self.shared.kept);
        for zone in zones {
            let o = &zone.outlook;
            kept.rows.push(Row {
                issued_us,
                event: event.to_owned(),
                kind: "zone",
                id: zone.id.clone(),
                arrival_us: o.arrival_us,
                heights_m: [o.p05_m, o.median_m, o.p95_m],
                level: o.level.name(),
                exceeds: Some(o.exceeds),
            });
        }
        for (id, arrival_us, median, low, high) in stations {
            kept.rows.push(Row {
                issued_us,
                event: event.to_owned(),
                kind: "station",
                id: id.clone(),
                arrival_us: *arrival_us,
                heights_m: [*low, *median, *high],
                level: "",
                exceeds: None,
            });
        }
    }
}

/// Writes a file so that a reader sees all of it or none.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, bytes)?;
    std::fs::rename(&part, path)
}

/// `forecast.csv`.
pub fn csv(rows: &[Row]) -> String {
    let mut out = String::from(
        "issued,event,kind,id,arrival,height_p05_m,height_p50_m,height_p95_m,level,p_advisory,p_warning,p_major\n",
    );
    for r in rows {
        let [low, middle, high] = r.heights_m;
        let exceeds = r
            .exceeds
            .map_or(",,".to_owned(), |[a, b, c]| format!("{a:.3},{b:.3},{c:.3}"));
        out.push_str(&format!(
            "{},{},{},{},{},{low:.3},{middle:.3},{high:.3},{},{exceeds}\n",
            clock::format_utc(r.issued_us),
            r.event,
            r.kind,
            r.id,
            clock::format_utc(r.arrival_us),
            r.level
        ));
    }
    out
}
