//! What ships inside the program: deployments, events, bathymetry. So `watchfire replay chile-2010` needs nothing but the binary.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use ocean::{Grid, GridHeader};

/// Largest grid file once inflated, bytes; the whole globe at 1' is 466 MB.
const MAX_GRID: u64 = 512 * 1024 * 1024;

/// A shipped grid: name, header, compressed depths.
pub struct ShippedGrid {
    /// Name as `[forecast] grid` gives it.
    pub name: &'static str,
    header: &'static str,
    depths: &'static [u8],
}

macro_rules! grid {
    ($name:literal) => {
        ShippedGrid {
            name: $name,
            header: include_str!(concat!("../../configs/bathymetry/", $name, ".json")),
            depths: include_bytes!(concat!("../../configs/bathymetry/", $name, ".i16le.gz")),
        }
    };
}

/// The shipped grids.
pub const GRIDS: &[ShippedGrid] = &[
    grid!("pacific_10min"),
    grid!("indian_10min"),
    grid!("nwpacific_5min"),
    grid!("sepacific_5min"),
    grid!("southchinasea_5min"),
];

/// The shipped deployments: name and `hub.toml`.
pub const DEPLOYMENTS: &[(&str, &str)] = &[
    ("chile", include_str!("../../configs/chile/hub.toml")),
    ("pacific", include_str!("../../configs/pacific/hub.toml")),
];

/// The files of a shipped event directory.
pub type EventFiles = &'static [(&'static str, &'static [u8])];

/// The shipped events: name and files.
pub const EVENTS: &[(&str, EventFiles)] = &[(
    "chile-2010",
    &[
        (
            "event.toml",
            include_bytes!("../../configs/events/chile-2010/event.toml"),
        ),
        (
            "32412_notide.txt",
            include_bytes!("../../configs/events/chile-2010/32412_notide.txt"),
        ),
        (
            "quake.geojson",
            include_bytes!("../../configs/events/chile-2010/quake.geojson"),
        ),
    ],
)];

/// A grid by shipped name or by path of a `.i16le.gz` file with its `.json` beside it.
///
/// # Errors
/// Text that says which file failed, why, and what grids ship.
pub fn grid(name: &str) -> Result<Grid, String> {
    if let Some(shipped) = GRIDS.iter().find(|g| g.name == name) {
        return read(name, shipped.header, shipped.depths);
    }
    let depths = Path::new(name);
    let Some(stem) = name.strip_suffix(".i16le.gz") else {
        let known: Vec<&str> = GRIDS.iter().map(|g| g.name).collect();
        return Err(format!(
            "[forecast] grid = \"{name}\" is neither shipped ({}) nor the path of a .i16le.gz file",
            known.join(", ")
        ));
    };
    let header = format!("{stem}.json");
    let text = std::fs::read_to_string(&header).map_err(|e| format!("{header}: {e}"))?;
    let bytes = std::fs::read(depths).map_err(|e| format!("{name}: {e}"))?;
    read(name, &text, &bytes)
}

fn read(name: &str, header: &str, compressed: &[u8]) -> Result<Grid, String> {
    let header: GridHeader =
        serde_json::from_str(header).map_err(|e| format!("{name}: header: {e}"))?;
    let mut bytes = Vec::new();
    GzDecoder::new(compressed)
        .take(MAX_GRID + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| format!("{name}: cannot be inflated: {e}"))?;
    if bytes.len() as u64 > MAX_GRID {
        return Err(format!("{name}: more than {MAX_GRID} bytes once inflated"));
    }
    Grid::from_parts(&header, &bytes).map_err(|e| format!("{name}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_shipped_grid_and_deployment_is_sound() {
        for shipped in GRIDS {
            let grid = grid(shipped.name).expect(shipped.name);
            assert!(grid.wet_cells() > 10_000);
        }
        for (name, text) in DEPLOYMENTS {
            let config = Config::parse(&format!("configs/{name}/hub.toml"), text).expect(name);
            assert_ne!(
                config.mode,
                wire::topic::Mode::Actual,
                "an example must never warn the public"
            );
        }
        assert!(
            grid("atlantis")
                .expect_err("unknown")
                .contains("pacific_10min")
        );
    }
}
