//! PNG pictures that a tsunami warning centre publishes: maps of the highest wave and of travel times, and
//! mareograms.
//!
//! | module | question it answers |
//! |---|---|
//! | [`event`] | what is told beside the picture, and which places are marked in it? |
//! | [`heights`] | how high does the wave get, and where? |
//! | [`isochrones`] | when does it come? |
//! | [`mareogram`] | what did stations measure, and what was forecast for them? |
//! | [`error`] | why was nothing drawn? |
//!
//! Invariants: no file, no clock, no environment; the same input gives the same bytes; any input gives a
//! picture or a [`ChartError`], never a panic. Coastlines are Natural Earth's at 1:10 million, fonts DejaVu
//! Sans Condensed; both travel inside the crate (`assets/README.md`).
//!
//! Refuses: to decide anything. Heights, times and levels are drawn as they are given; borders of countries
//! are not drawn.
//!
//! ```
//! use chart::{EventText, HeightScale, MapPage, Marks, MaximumHeightMap};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let header = ocean::GridHeader { nx: 40, ny: 30, lon0: 170.0, lat0: -15.0, dlon: 1.0, dlat: 1.0,
//! ..Default::default() }; let grid = ocean::Grid::new(&header, vec![-4000; 1200])?; let highest_m =
//! vec![0.07_f32; 1200]; let png = MaximumHeightMap {
//!     grid: &grid,
//!     lattice: grid.lattice(),
//!     max_m: &highest_m,
//!     scale: &HeightScale::default(),
//!     hours: Some(6.0),
//!     event: &EventText { title: "Maximum wave height".into(), ..Default::default() },
//!     marks: &Marks::default(),
//!     page: &MapPage { width_px: 700, height_px: 600, ..Default::default() },
//! }
//! .png()?;
//! assert_eq!(&png[1..4], b"PNG");
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod canvas;
mod coast;
mod colour;
mod contour;
pub mod error;
pub mod event;
pub mod heights;
mod instant;
pub mod isochrones;
mod legend;
mod map;
pub mod mareogram;
mod panel;
mod place;
mod sample;
mod symbols;
mod terrain;
mod text;
mod view;

pub use canvas::{MAX_SIDE_PX, MIN_SIDE_PX};
pub use error::ChartError;
pub use event::{CoastPoint, EventText, Marks, Rupture, Station};
pub use heights::{HeightScale, MaximumHeightMap};
pub use isochrones::IsochroneMap;
pub use map::MapPage;
pub use mareogram::{Band, Mareogram, MareogramPage, Observed};
pub use ocean::grid::Area;
pub use view::Projection;
