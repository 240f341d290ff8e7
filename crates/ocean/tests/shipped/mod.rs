//! The grids that travel with the project, inflated for tests and benches.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ocean::{Grid, GridHeader};

/// A grid of `configs/bathymetry` by name. Panics when it is missing: the grids are part of the repository.
pub fn grid(name: &str) -> Grid {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/bathymetry");
    let header = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("grid header");
    let header: GridHeader = serde_json::from_str(&header).expect("grid header is JSON");
    let mut bytes = Vec::new();
    let file = File::open(folder.join(format!("{name}.i16le.gz"))).expect("grid file");
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .expect("grid file is gzip");
    Grid::from_parts(&header, &bytes).expect("grid is valid")
}
