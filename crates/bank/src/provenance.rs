//! What a bank is made of, in words and numbers that travel inside the file.
//!
//! A forecast is as good as the depths and the solver behind it. Whoever opens a bank years later must be able to say which
//! ones those were, and whoever restarts a build must know which finished receivers still hold.

use std::collections::{BTreeMap, BTreeSet};

use ocean::response::{Receiver, UnitSource};
use serde::{Deserialize, Serialize};

/// Key of the schema's metadata under which the provenance stands.
pub const KEY: &str = "watchfire.bank";
/// Version of the file's layout.
pub const FORMAT: u32 = 1;
/// Most unit sources of a bank: 8,000 km of trench in patches of 25 by 25 km, eight rows down, are 2,560.
pub const MAX_UNITS: usize = 4_096;
/// Most receivers of a bank.
pub const MAX_RECEIVERS: usize = 65_536;
/// Most samples of a response: two days at 10 s.
pub const MAX_SAMPLES: usize = 17_280;
/// Longest id of a unit source or receiver, bytes.
pub const MAX_ID: usize = 128;

/// Everything a bank says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Layout of the file, [`FORMAT`].
    pub format: u32,
    /// Title for people.
    pub title: String,
    /// Program and version that computed it.
    pub program: String,
    /// The depths it was computed on.
    pub grid: GridOrigin,
    /// The solver that carried the waves.
    pub solver: SolverOrigin,
    /// Time between samples, seconds; the first is at the origin.
    pub step_s: f64,
    /// Samples of each response.
    pub samples: usize,
    /// The unit sources, in the order of the rows.
    pub units: Vec<UnitSource>,
    /// The receivers, in the order of the record batches.
    pub receivers: Vec<ReceiverOrigin>,
    /// What was asked for, in the words of the settings: trenches, sizes, duration.
    pub asked: BTreeMap<String, String>,
}

/// The depths behind a bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridOrigin {
    /// Name of the grid, no path.
    pub name: String,
    /// Columns of the part that was used.
    pub nx: usize,
    /// Rows of the part that was used.
    pub ny: usize,
    /// Longitude of its westmost column, degrees.
    pub lon0: f64,
    /// Latitude of its southmost row, degrees.
    pub lat0: f64,
    /// Step eastward, degrees.
    pub dlon: f64,
    /// Step northward, degrees.
    pub dlat: f64,
    /// BLAKE3 of its elevations, little-endian f32 in storage order, in hexadecimal.
    pub blake3: String,
}

impl GridOrigin {
    /// Describes a grid. `name`: its name or path, of which the last part without extensions is kept.
    pub fn of(name: &str, grid: &ocean::Grid) -> Self {
        let lattice = grid.lattice();
        let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let stem = last.split_once('.').map_or(last, |(stem, _)| stem);
        Self {
            name: stem.to_owned(),
            nx: lattice.nx(),
            ny: lattice.ny(),
            lon0: lattice.lon(0),
            lat0: lattice.lat(0),
            dlon: lattice.dlon(),
            dlat: lattice.dlat(),
            blake3: digest(grid.z()),
        }
    }
}

/// The solver behind a bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SolverOrigin {
    /// Name of the scheme.
    pub name: String,
    /// Version of the scheme: another one may give other bits.
    pub version: u32,
    /// Time step, seconds.
    pub dt_s: f64,
    /// What was switched on and off.
    pub settings: BTreeMap<String, String>,
}

/// One receiver, the cell that stands for it, and the digest of its responses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverOrigin {
    /// The receiver itself.
    pub place: Receiver,
    /// Name for people.
    pub name: String,
    /// The nodes that stand for it: column and row in the part of the grid that was used, and weight.
    pub cells: Vec<(usize, usize, f32)>,
    /// BLAKE3 of its responses as they lie in the file, in hexadecimal; empty before they are computed.
    pub blake3: String,
}

/// BLAKE3 of numbers as little-endian bytes, in hexadecimal.
pub fn digest(values: &[f32]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut bytes = Vec::with_capacity(4 * values.len().min(1 << 14));
    for chunk in values.chunks(1 << 14) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|v| v.to_le_bytes()));
        hasher.update(&bytes);
    }
    hasher.finalize().to_hex().to_string()
}

impl Provenance {
    /// Heights of one receiver: `units x samples`.
    pub fn heights_per_receiver(&self) -> usize {
        self.units.len() * self.samples
    }

    /// What a receiver's responses depend on, as 64 hexadecimal digits: whatever differs gives another one. Programs of
    /// different versions never share one.
    ///
    /// # Panics
    /// When there is no such receiver.
    pub fn fingerprint(&self, receiver: usize) -> String {
        let r = &self.receivers[receiver];
        // Everything that the responses depend on, and nothing else: other receivers and titles may change.
        let parts = (
            (self.format, &self.program, &self.grid, &self.solver),
            (self.step_s, self.samples, &self.units),
            (&r.place, &r.cells),
        );
        // Plain structs of numbers and texts always serialise; were that to fail, the empty text matches no fingerprint
        // of a valid bank, and everything is computed again.
        let text = serde_json::to_vec(&parts).unwrap_or_default();
        blake3::hash(&text).to_hex().to_string()
    }

    /// Refuses what no bank can say.
    ///
    /// # Errors
    /// Text that names the field.
    pub fn check(&self) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!(
                "layout version {}, this program reads version {FORMAT}",
                self.format
            ));
        }
        if !(self.step_s.is_finite() && self.step_s > 0.0) {
            return Err(format!("step_s = {} is no time step", self.step_s));
        }
        for (what, count, most) in [
            ("samples", self.samples, MAX_SAMPLES),
            ("unit sources", self.units.len(), MAX_UNITS),
            ("receivers", self.receivers.len(), MAX_RECEIVERS),
        ] {
            if count == 0 || count > most {
                return Err(format!("{count} {what}: between 1 and {most} are possible"));
            }
        }
        let mut ids = BTreeSet::new();
        for u in &self.units {
            let numbers = [
                u.depth_km,
                u.length_km,
                u.width_km,
                u.strike_deg,
                u.dip_deg,
                u.rake_deg,
            ];
            if !place(u.lat, u.lon) || numbers.iter().any(|n| !n.is_finite()) {
                return Err(format!("unit source \"{}\" is no patch on Earth", u.id));
            }
            own_id("unit source", &u.id, &mut ids)?;
        }
        ids.clear();
        for r in &self.receivers {
            let p = &r.place;
            if !place(p.lat, p.lon) || !p.depth_m.is_finite() {
                return Err(format!("receiver \"{}\" is no place on Earth", p.id));
            }
            own_id("receiver", &p.id, &mut ids)?;
            let on = |&(i, j, w): &(usize, usize, f32)| {
                i < self.grid.nx && j < self.grid.ny && (0.0..=1.0).contains(&w)
            };
            if r.cells.is_empty() || !r.cells.iter().all(on) {
                return Err(format!(
                    "receiver \"{}\" stands at nodes {:?} of a grid of {} x {}",
                    p.id, r.cells, self.grid.nx, self.grid.ny
                ));
            }
        }
        Ok(())
    }
}

fn own_id<'a>(what: &str, id: &'a str, ids: &mut BTreeSet<&'a str>) -> Result<(), String> {
    if id.is_empty() || id.len() > MAX_ID {
        return Err(format!(
            "{what} with an id of {} bytes: between 1 and {MAX_ID} are possible",
            id.len()
        ));
    }
    if !ids.insert(id) {
        return Err(format!("{what} \"{id}\" is there twice"));
    }
    Ok(())
}

fn place(lat: f64, lon: f64) -> bool {
    lat.abs() <= 90.0 && lon.abs() <= 1080.0
}
