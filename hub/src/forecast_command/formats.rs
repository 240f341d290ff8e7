//! Files in the formats of the field, as this command needs them.

use std::path::Path;

use gridfile::Uplift;
use ocean::Grid;
use ocean::fault::table::{self, ReadOptions, Remark};
use ocean::fault::{Fault, Mechanism};
use ocean::quake::Quake;

use super::Trouble;
use super::arguments::{Area, GRID_OPTIONS, SOURCE_OPTIONS, Unsaid};
use super::files::read_bounded;
use crate::grid_file::GridFile;
use crate::shipped;

/// An earthquake's report and what else its file says.
#[derive(Debug, Clone)]
pub struct Report {
    /// Where, when, how big.
    pub quake: Quake,
    /// Its preferred nodal plane, where there is one.
    pub mechanism: Option<Mechanism>,
    /// The agency's words for the place.
    pub place: String,
    /// The file.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// What was noticed.
    pub notes: Vec<String>,
}

/// A source that the user gives.
#[derive(Debug)]
pub enum Given {
    /// Rectangles that slip.
    Faults(Vec<Fault>),
    /// How the sea floor rises.
    Uplift(Uplift),
}

/// Reads bathymetry; its bytes too, for the list of inputs.
pub fn grid(name: &str, said: &GridFile) -> Result<(Grid, Vec<u8>, Vec<String>), Trouble> {
    let known: Vec<&str> = shipped::GRIDS.iter().map(|g| g.name).collect();
    let path = Path::new(name);
    if !path.exists() {
        return Err(Trouble::Wrong(format!(
            "--grid {name}: neither a shipped grid ({}) nor a file",
            known.join(", ")
        )));
    }
    let (grid, notes) = gridfile::read_grid(path, &said.options())
        .map_err(|e| Trouble::Wrong(GRID_OPTIONS.explain(&e)))?;
    let bytes = read_bounded(path, gridfile::MAX_GRID_BYTES)?;
    Ok((grid, bytes, notes.iter().map(str::to_owned).collect()))
}

/// The part of a grid that lies within an area.
pub fn window(grid: &Grid, area: Area) -> Result<Grid, String> {
    let Area {
        west,
        south,
        east,
        north,
    } = area;
    grid.window(ocean::grid::Area {
        west,
        south,
        east,
        north,
    })
    .map_err(|e| e.to_string())
}

/// Reads an earthquake from a file, or that of a shipped event.
pub fn quake(path: &Path) -> Result<Report, Trouble> {
    let name = path.display().to_string();
    let event = shipped::EVENTS.iter().find(|(event, _)| *event == name);
    let bytes = match event {
        Some((_, files)) if !path.is_file() => files
            .iter()
            .find(|(file, _)| *file == "quake.geojson")
            .map(|(_, bytes)| bytes.to_vec())
            .unwrap_or_default(),
        _ => read_bounded(path, gridfile::MAX_QUAKE_BYTES).map_err(|e| {
            let events: Vec<&str> = shipped::EVENTS.iter().map(|(event, _)| *event).collect();
            Trouble::Wrong(format!(
                "--quake {e}; give an earthquake's file or a shipped event ({})",
                events.join(", ")
            ))
        })?,
    };
    let (earthquake, notes) = gridfile::read_quake_bytes(&name, bytes.clone())
        .map_err(|e| Trouble::Wrong(e.to_string()))?;
    Ok(Report {
        mechanism: earthquake.planes.first().map(|p| Mechanism {
            strike_deg: p.strike_deg,
            dip_deg: p.dip_deg,
            rake_deg: p.rake_deg,
        }),
        quake: earthquake.quake,
        place: earthquake.place,
        name,
        bytes,
        notes: notes.iter().map(str::to_owned).collect(),
    })
}

/// Reads a source: an uplift where the file begins like a grid or points, else a table of faults. Its notes
/// and bytes too.
pub fn source(
    path: &Path,
    quake: &Quake,
    unsaid: &Unsaid,
) -> Result<(Given, Vec<String>, Vec<u8>), Trouble> {
    let name = path.display().to_string();
    let bytes = read_bounded(path, gridfile::MAX_GRID_BYTES)?;
    if gridfile::is_uplift(&bytes) {
        let options = unsaid.uplift((quake.lat, quake.lon));
        let (uplift, notes) = Uplift::read_bytes(&name, bytes.clone(), &options)
            .map_err(|e| Trouble::Wrong(SOURCE_OPTIONS.explain(&e)))?;
        let notes = notes.iter().map(str::to_owned).collect();
        return Ok((Given::Uplift(uplift), notes, bytes));
    }
    if unsaid.source_variable.is_some() || unsaid.source_zone.is_some() {
        return Err(Trouble::Wrong(format!(
            "{name} is a table of faults: --source-variable and --source-zone are for uplifts; leave them away"
        )));
    }
    let text = String::from_utf8_lossy(&bytes);
    let read = table::read(&text, &ReadOptions::default())
        .map_err(|e| Trouble::Wrong(format!("{name}: {e}")))?;
    let notes = read
        .remarks
        .iter()
        .map(|r| format!("{name}: {}", remark(r)))
        .collect();
    Ok((Given::Faults(read.faults), notes, bytes))
}

fn remark(remark: &Remark) -> String {
    match remark {
        Remark::ReferenceByDepth => {
            "positions are taken for upper edges: as centres, rectangles would break the surface"
                .to_owned()
        }
        Remark::ReferenceByJoints => {
            "what positions mean was told by how the rectangles join".to_owned()
        }
        Remark::ReferenceAssumed => {
            "nothing tells what positions mean; they are taken for centres".to_owned()
        }
        Remark::SizeBySpacing {
            length_km,
            width_km,
        } => {
            format!("rectangles are as large as their spacing, {length_km:.1} x {width_km:.1} km")
        }
        Remark::PlaneBySpacing {
            strike_deg,
            dip_deg,
        } => {
            format!(
                "strike {strike_deg:.0} and dip {dip_deg:.0} are those of the surface through the positions"
            )
        }
        Remark::TrianglesAsSquares => {
            "triangles are taken as squares of the same area and plane".to_owned()
        }
        Remark::RakeAssumed(rake) => format!("it has no rake; {rake:.0} degrees are taken"),
    }
}
