//! Who and what stands in threatened zones, where they can go by road, how long that takes, and what they will need.
//!
//! It joins four things: zones with a level and an arrival ([`zone`]), places that matter ([`places`]), a road network with the speeds
//! that traffic has now ([`roads`]), and planning figures with their sources ([`planning`]). [`assess()`] makes an [`Assessment`] of them,
//! [`outputs`] writes it as GeoJSON, CSV with HXL tags, EDXL-DE around the CAP message, and one printable page.
//!
//! Invariants: an assessment is a function of its input, and the order of places, roads and zones in it changes nothing; sums over zones
//! equal the totals; a bed is promised once; what is not known stays unknown ([`Figure`]) and is never written as 0; a shelter inside any
//! threatened zone is not safe, whatever its own data say.
//!
//! It refuses to: read a clock, open a file or a connection, and decide that somebody need not evacuate.
#![forbid(unsafe_code)]

pub mod assess;
mod features;
mod figure;
pub mod outputs;
pub mod places;
pub mod planning;
mod refusal;
pub mod roads;
mod sphere;
pub mod zone;

pub use assess::{Assessment, Input, assess};
pub use figure::{Figure, People};
pub use places::{Kind, Place, Status};
pub use planning::Planning;
pub use refusal::{ReadError, Refusal, Refusals};
pub use zone::{Level, Zone};

/// Largest document of places or roads that is read, bytes.
pub const MAX_DOCUMENT: usize = 64 * 1024 * 1024;
/// Most places of one document.
pub const MAX_PLACES: usize = 250_000;
/// Most road lines of one document.
pub const MAX_LINES: usize = 250_000;
/// Most points of all road lines of one document.
pub const MAX_POINTS: usize = 4_000_000;
/// Longest name or id that is kept, characters; the rest is cut off.
pub const MAX_NAME: usize = 200;
