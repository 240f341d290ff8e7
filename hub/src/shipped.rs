//! What ships inside the program: deployments, events, bathymetry. So `watchfire replay chile-2010` needs nothing but the binary.

use std::path::Path;

use crate::grid_file::GridFile;
use ocean::Grid;

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

/// The shipped response banks' configurations: name and `bank.toml`.
pub const BANKS: &[(&str, &str)] = &[
    (
        "chile-peru",
        include_str!("../../configs/banks/chile-peru.toml"),
    ),
    (
        "japan-kuril",
        include_str!("../../configs/banks/japan-kuril.toml"),
    ),
    (
        "java-sumatra",
        include_str!("../../configs/banks/java-sumatra.toml"),
    ),
    ("manila", include_str!("../../configs/banks/manila.toml")),
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

/// A grid by shipped name, or by path of a file in any of the formats that `gridfile` reads. A file must say all of itself.
///
/// # Errors
/// Text that says which file failed, why, and what grids ship.
pub fn grid(name: &str) -> Result<Grid, String> {
    grid_with(name, &GridFile::default(), gridfile::Error::to_string)
}

/// A grid as [`grid`] finds it, with what its file leaves open; `explain` puts a reader's error in words.
///
/// # Errors
/// As [`grid`].
pub fn grid_with(
    name: &str,
    said: &GridFile,
    explain: impl Fn(&gridfile::Error) -> String,
) -> Result<Grid, String> {
    if let Some(shipped) = GRIDS.iter().find(|g| g.name == name) {
        let header = shipped.header.as_bytes();
        return gridfile::read_shipped(name, header, shipped.depths).map_err(|e| e.to_string());
    }
    let path = Path::new(name);
    if !path.exists() {
        let known: Vec<&str> = GRIDS.iter().map(|g| g.name).collect();
        return Err(format!(
            "grid = \"{name}\" is neither shipped ({}) nor a file",
            known.join(", ")
        ));
    }
    let (grid, _) = gridfile::read_grid(path, &said.options()).map_err(|e| explain(&e))?;
    Ok(grid)
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
