//! The USGS's `basic_inversion.param`, and UCSB's files of the same kind.
//!
//! `#Fault_segment = 1 nx(Along-strike)= 21 Dx= 20.00km ny(downdip)= 13 Dy= 15.00km` opens a segment; five corners follow a line
//! `#Boundary ...`, and after a line `#Lat. Lon. depth slip rake strike dip t_rup t_ris t_fal mo` come the subfaults: degrees,
//! kilometres, centimetres, seconds; positions are centres. t_fal and mo may be missing.

use super::columns::cut;
use super::{FAULTS_MAX, Format, Placed, ReadOptions, Reference, Table, TableError, finish};
use crate::fault::Fault;

/// Columns that are read: up to t_ris.
const NEEDED: usize = 9;
const NAMES: [&str; 10] = [
    "Lat.", "Lon.", "depth", "slip", "rake", "strike", "dip", "t_rup", "t_ris", "t_fal",
];

pub(super) fn is_param(text: &str) -> bool {
    text.lines().take(50).any(|l| {
        l.starts_with('#') && l.to_lowercase().contains("fault_segment") && l.contains("Dx")
    })
}

fn value(line: &str, key: &str) -> Option<f64> {
    let (_, rest) = line.split_once(key)?;
    let word: String = rest
        .trim_start_matches(['=', ' '])
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    word.parse().ok()
}

pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Table, TableError> {
    let mut cell: Option<(f64, f64)> = None;
    let mut in_rows = false;
    let mut placed = Vec::new();
    for (k, line) in text.lines().enumerate() {
        let number = k + 1;
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            let lower = comment.to_lowercase();
            if lower.contains("fault_segment") && comment.contains("Dx") {
                cell = value(comment, "Dx").zip(value(comment, "Dy"));
                in_rows = false;
            } else if lower.contains("slip") && lower.contains("strike") {
                in_rows = true;
            } else if lower.contains("boundary") {
                in_rows = false;
            }
            continue;
        }
        if trimmed.is_empty() || !in_rows {
            continue;
        }
        if placed.len() >= FAULTS_MAX {
            return Err(TableError::TooManyRows { line: number });
        }
        let mut v = [0.0; NAMES.len()];
        let mut found = 0;
        for (k, word) in trimmed.split_whitespace().take(NAMES.len()).enumerate() {
            v[k] = word
                .parse::<f64>()
                .ok()
                .filter(|v| v.is_finite())
                .ok_or_else(|| TableError::NotANumber {
                    line: number,
                    column: NAMES[k].to_string(),
                    text: cut(word),
                })?;
            found = k + 1;
        }
        if found < NEEDED {
            return Err(TableError::Short {
                line: number,
                expected: NEEDED,
                found,
            });
        }
        // With ten columns the last is the moment, in an older form without t_fal: no rise lasts 1e15 s.
        let fall = if v[9] < 1e6 { v[9] } else { 0.0 };
        let (length_km, width_km) = cell.or(options.size_km).ok_or(TableError::Header {
            line: number,
            what: "the size of subfaults (Dx, Dy)",
        })?;
        placed.push(Placed {
            line: number,
            fault: Fault {
                lat: v[0],
                lon: v[1],
                depth_km: v[2],
                length_km,
                width_km,
                strike_deg: v[5].rem_euclid(360.0),
                dip_deg: v[6],
                rake_deg: v[4],
                slip_m: 0.01 * v[3],
                start_s: v[7].max(0.0),
                rise_s: (v[8] + fall).max(0.0),
            },
            centre_depth: false,
        });
    }
    let reference = options.reference.unwrap_or(Reference::Centre);
    finish(&placed, Format::Param, reference, Vec::new())
}
