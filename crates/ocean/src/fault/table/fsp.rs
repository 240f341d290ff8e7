//! SRCMOD's finite-source files, and the USGS's of the same kind.
//!
//! Comment lines (`%`) carry `KEY = value` pairs; a column line names what the rows below it hold. A segment's STRIKE, DIP, Dx and
//! Dz hold for its rows. 999 stands for "not known".

use super::columns::cut;
use super::{
    FAULTS_MAX, Format, Placed, ReadOptions, Reference, Remark, Table, TableError, finish,
};
use crate::fault::Fault;

/// A column line within comments: latitude, longitude and slip by name.
fn column_names(comment: &str) -> Option<Vec<String>> {
    let names: Vec<String> = comment
        .split_whitespace()
        .map(|w| w.trim_matches('=').to_uppercase())
        .collect();
    let has = |n: &str| names.iter().any(|w| w == n);
    (has("LAT") && has("LON") && has("SLIP") && !comment.contains("= ")).then_some(names)
}

pub(super) fn is_fsp(text: &str) -> bool {
    text.lines()
        .filter_map(|l| l.trim_start().strip_prefix('%'))
        .any(|l| column_names(l).is_some())
}

/// The number after `key =` in a comment; the key begins a word.
fn value(comment: &str, key: &str) -> Option<f64> {
    let mut rest = comment;
    while let Some(at) = rest.find(key) {
        let before = rest[..at].chars().next_back();
        let after = &rest[at + key.len()..];
        if before.is_none_or(|c| !c.is_alphanumeric())
            && let Some(number) = after.trim_start().strip_prefix('=')
        {
            let word: String = number
                .trim_start()
                .chars()
                .take_while(|c| c.is_ascii_digit() || "+-.eE".contains(*c))
                .collect();
            return word.parse::<f64>().ok().filter(|v| v.is_finite());
        }
        rest = after;
    }
    None
}

/// 999 is "not known".
fn known(v: f64) -> Option<f64> {
    (v != 999.0 && v != -999.0).then_some(v)
}

#[derive(Default)]
struct Head {
    strike_deg: Option<f64>,
    dip_deg: Option<f64>,
    rake_deg: Option<f64>,
    dx_km: Option<f64>,
    dz_km: Option<f64>,
    length_km: Option<f64>,
    width_km: Option<f64>,
    nx: Option<f64>,
    nz: Option<f64>,
    reference: Option<Reference>,
    top_km: Option<f64>,
}

impl Head {
    fn take(&mut self, comment: &str) {
        let upper = comment.to_uppercase();
        let read = |to: &mut Option<f64>, keys: &[&str]| {
            if let Some(v) = keys.iter().find_map(|k| value(&upper, k)).and_then(known) {
                *to = Some(v);
            }
        };
        read(&mut self.strike_deg, &["STRK", "STRIKE"]);
        read(&mut self.dip_deg, &["DIP"]);
        read(&mut self.rake_deg, &["RAKE"]);
        read(&mut self.dx_km, &["DX", "INDX"]);
        read(&mut self.dz_km, &["DZ", "INDZ"]);
        read(&mut self.length_km, &["LEN"]);
        read(&mut self.width_km, &["WID"]);
        read(&mut self.nx, &["NX"]);
        read(&mut self.nz, &["NZ"]);
        read(&mut self.top_km, &["Z2TOP", "HTOP"]);
        if upper.contains("COORDINATES ARE GIVEN FOR") {
            self.reference = if upper.contains("TOP-CENTER") || upper.contains("TOP CENTER") {
                Some(Reference::TopCentre)
            } else if upper.contains("CENTER") {
                Some(Reference::Centre)
            } else {
                None
            };
        }
    }

    fn cell_km(&self) -> Option<(f64, f64)> {
        let share = |whole: Option<f64>, n: Option<f64>| Some(whole? / n.filter(|n| *n >= 1.0)?);
        Some((
            self.dx_km.or_else(|| share(self.length_km, self.nx))?,
            self.dz_km.or_else(|| share(self.width_km, self.nz))?,
        ))
    }
}

pub(super) fn read(text: &str, options: &ReadOptions) -> Result<Table, TableError> {
    let mut head = Head::default();
    let mut names: Vec<String> = Vec::new();
    let mut placed: Vec<Placed> = Vec::new();
    let mut remarks = Vec::new();
    let mut by_depth = None;
    for (k, line) in text.lines().enumerate() {
        let number = k + 1;
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix('%') {
            match column_names(comment) {
                Some(n) => names = n,
                None => head.take(comment),
            }
            continue;
        }
        if names.is_empty() {
            // Velocity tables above the model, in some files without a comment sign.
            continue;
        }
        if placed.len() >= FAULTS_MAX {
            return Err(TableError::TooManyRows { line: number });
        }
        let fields: Vec<&str> = line.split_whitespace().collect();
        let get = |name: &str| -> Result<Option<f64>, TableError> {
            let Some(at) = names.iter().position(|n| n == name) else {
                return Ok(None);
            };
            let Some(text) = fields.get(at) else {
                return Err(TableError::Short {
                    line: number,
                    expected: names.len(),
                    found: fields.len(),
                });
            };
            match text.parse::<f64>() {
                Ok(v) if v.is_finite() => Ok(Some(v)),
                _ => Err(TableError::NotANumber {
                    line: number,
                    column: name.to_string(),
                    text: cut(text),
                }),
            }
        };
        let need = |v: Option<f64>, what| v.ok_or(TableError::Header { line: number, what });
        let (length_km, width_km) = match head.cell_km().or(options.size_km) {
            Some(size) => size,
            None => need(None, "the size of subfaults (Dx, Dz)").map(|v| (v, v))?,
        };
        let rake = get("RAKE")?.and_then(known).or(head.rake_deg);
        if rake.is_none() && remarks.is_empty() {
            remarks.push(Remark::RakeAssumed(options.rake_deg.unwrap_or(90.0)));
        }
        let fault = Fault {
            lat: need(get("LAT")?, "LAT")?,
            lon: need(get("LON")?, "LON")?,
            depth_km: need(get("Z")?, "Z, the depth,")?,
            length_km,
            width_km,
            strike_deg: need(head.strike_deg, "STRIKE")?.rem_euclid(360.0),
            dip_deg: need(head.dip_deg, "DIP")?,
            rake_deg: rake.or(options.rake_deg).unwrap_or(90.0),
            slip_m: need(get("SLIP")?, "SLIP")?,
            start_s: get("TRUP")?.and_then(known).unwrap_or(0.0).max(0.0),
            rise_s: get("RISE")?.and_then(known).unwrap_or(0.0).max(0.0),
        };
        if let (None, Some(top)) = (by_depth, head.top_km) {
            // The first row of a segment: at its upper edge, or half a subfault below.
            let fall = 0.5 * fault.width_km * fault.dip_deg.to_radians().sin();
            let near = |z: f64| (fault.depth_km - z).abs() < 0.25 * fall;
            by_depth = match (near(top), near(top + fall)) {
                (true, _) => Some(Reference::TopCentre),
                (_, true) => Some(Reference::Centre),
                _ => None,
            };
        }
        placed.push(Placed {
            line: number,
            fault,
            centre_depth: false,
        });
    }
    let reference = match options.reference.or(head.reference) {
        Some(reference) => reference,
        None => {
            let (reference, remark) = match by_depth {
                Some(r) => (r, Remark::ReferenceByDepth),
                None => (Reference::TopCentre, Remark::ReferenceAssumed),
            };
            remarks.push(remark);
            reference
        }
    };
    finish(&placed, Format::Fsp, reference, remarks)
}
