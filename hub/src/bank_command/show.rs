//! `watchfire bank show`: what a bank is made of and what it holds, for people.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use bank::{Bank, BankError};
use ocean::response::ResponseTable;

use super::Trouble;

/// Prints a bank's provenance and, for each receiver, the unit source that reaches it most.
pub fn show(file: &Path, json: bool) -> Result<(), Trouble> {
    let bank = Bank::open(file).map_err(|e| match &e {
        BankError::Read { .. } => Trouble::Wrong(e.to_string()),
        BankError::Flaw { .. } => Trouble::Failed(e.to_string()),
    })?;
    let text = if json {
        serde_json::to_string_pretty(bank.provenance())
            .map(|t| t + "\n")
            .map_err(|e| Trouble::Failed(e.to_string()))?
    } else {
        words(&bank)
    };
    // Whoever reads the first lines and closes the pipe has what was wanted.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

fn words(bank: &Bank) -> String {
    let p = bank.provenance();
    let mut out = String::new();
    let mut line = |key: &str, value: String| out.push_str(&format!("{key:<14}{value}\n"));
    line("title", p.title.clone());
    line("program", p.program.clone());
    line(
        "grid",
        format!(
            "{}, {} x {} cells of {:.3} x {:.3} degrees from {:.2} N {:.2} E",
            p.grid.name, p.grid.nx, p.grid.ny, p.grid.dlon, p.grid.dlat, p.grid.lat0, p.grid.lon0
        ),
    );
    line("depths", format!("blake3 {}", p.grid.blake3));
    let settings: Vec<String> = p
        .solver
        .settings
        .iter()
        .map(|(k, v)| format!("{k} {v}"))
        .collect();
    line(
        "solver",
        format!(
            "{}, version {}, step {:.2} s; {}",
            p.solver.name,
            p.solver.version,
            p.solver.dt_s,
            settings.join(", ")
        ),
    );
    line(
        "samples",
        format!(
            "{} every {} s: {:.1} h",
            p.samples,
            p.step_s,
            (p.samples - 1) as f64 * p.step_s / 3600.0
        ),
    );
    let mut trenches: BTreeMap<&str, usize> = BTreeMap::new();
    for unit in &p.units {
        *trenches
            .entry(unit.id.split('/').next().unwrap_or(""))
            .or_default() += 1;
    }
    let trenches: Vec<String> = trenches
        .iter()
        .map(|(name, n)| format!("{n} on {name}"))
        .collect();
    line(
        "unit sources",
        format!("{}: {}", p.units.len(), trenches.join(", ")),
    );
    for (key, value) in &p.asked {
        line(key, value.clone());
    }
    out.push_str(&format!(
        "\n{:<22} {:<7} {:>8} {:>9} {:>7}  {}\n",
        "receiver", "kind", "lat", "lon", "depth", "highest after 1 m of slip"
    ));
    for (k, receiver) in bank.receivers().iter().enumerate() {
        let heights = bank.responses(k);
        let highest = (0..heights.len()).max_by(|&a, &b| heights[a].total_cmp(&heights[b]));
        let highest = highest.map_or_else(String::new, |at| {
            let minutes = (at % p.samples) as f64 * p.step_s / 60.0;
            let unit = &p.units[at / p.samples].id;
            format!("{:.3} m, {minutes:.0} min after {unit}", heights[at])
        });
        out.push_str(&format!(
            "{:<22} {:<7} {:>8.3} {:>9.3} {:>5.0} m  {}\n",
            receiver.id,
            if receiver.coastal { "coast" } else { "sensor" },
            receiver.lat,
            receiver.lon,
            receiver.depth_m,
            highest
        ));
    }
    out
}
