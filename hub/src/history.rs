//! What the journal tells afterwards: every reading as CSV, and everything that followed from it, computed again.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use wire::batch::Batch;

use crate::config::Config;
use crate::core::{Core, Output};
use crate::entry::{Entry, Item};
use crate::service;

/// The entries of a journal, oldest first. Another process may be writing it.
///
/// # Errors
/// Text that says what failed and where.
pub fn entries(dir: &Path) -> Result<impl Iterator<Item = Result<Entry, String>> + use<>, String> {
    if !dir.is_dir() {
        return Err(format!(
            "{}: no journal there; check data_dir in the configuration",
            dir.display()
        ));
    }
    let reader = journal::read_only(dir).map_err(|e| e.to_string())?;
    Ok(reader.map(|e| {
        let e = e.map_err(|e| e.to_string())?;
        Entry::decode(&e.payload).map_err(|why| format!("journal entry {}: {why}", e.offset))
    }))
}

/// Writes every reading in the journal as CSV, in journal order. Another process may be writing the journal. Returns how many.
///
/// # Errors
/// Text that says what failed and where.
pub fn export(config: &Config, out: &mut impl Write) -> Result<u64, String> {
    let io = |e: std::io::Error| format!("output: {e}");
    writeln!(
        out,
        "station,quantity,time,value,unit,quality,node,boot,seq,received"
    )
    .map_err(io)?;
    let mut rows = 0;
    for entry in entries(&crate::state::journal_dir(config))? {
        let entry = entry?;
        let received = clock::format_utc(entry.received_us);
        for item in &entry.items {
            let Item::Batch(bytes) = item else { continue };
            let batch =
                Batch::parse(bytes).map_err(|e| format!("a batch in the journal: {}", e.name()))?;
            let stations: Vec<_> = batch.stations().collect();
            for r in batch.readings() {
                let station = stations
                    .get(usize::from(r.station))
                    .ok_or("a batch in the journal names no station")?;
                let (node, boot) = (station.node, station.boot);
                let quality = wire::quality::Quality(r.quality);
                writeln!(
                    out,
                    "{},{},{},{},{},{quality},{node},{boot},{},{received}",
                    station.id,
                    r.quantity.name(),
                    clock::format_utc(r.time_us),
                    r.value,
                    r.quantity.unit(),
                    r.seq
                )
                .map_err(io)?;
                rows += 1;
            }
        }
    }
    out.flush().map_err(io)?;
    Ok(rows)
}

/// Computes findings, forecasts and alerts again from the journal and writes them as JSON lines: the same journal gives the same
/// bytes. Returns how many lines.
///
/// # Errors
/// Text that says what failed and where.
pub fn recompute(config: Config, out: &mut impl Write) -> Result<u64, String> {
    crate::state::own(&config, false)?;
    let ocean = service::ocean(&config)?;
    let dir = crate::state::journal_dir(&config);
    let mut core = Core::new(Arc::new(config), ocean);
    let mut lines = 0;
    for entry in entries(&dir)? {
        for output in core.replay(&entry?) {
            write_output(&output, out)?;
            lines += 1;
        }
    }
    out.flush().map_err(|e| format!("output: {e}"))?;
    Ok(lines)
}

fn write_output(output: &Output, out: &mut impl Write) -> Result<(), String> {
    serde_json::to_writer(&mut *out, output).map_err(|e| format!("output: {e}"))?;
    out.write_all(b"\n").map_err(|e| format!("output: {e}"))
}
