//! Why a picture was not drawn.

/// Errors of this crate. None of them goes away by a retry with the same input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChartError {
    /// An edge of the area is no number, the area is empty, or it lies beyond what the projections show.
    #[error("the area from {west} to {east} east, {south} to {north} north cannot be drawn")]
    Area {
        /// Western edge, degrees.
        west: f64,
        /// Southern edge, degrees.
        south: f64,
        /// Eastern edge, degrees.
        east: f64,
        /// Northern edge, degrees.
        north: f64,
    },
    /// The picture is too small to read or too large to make.
    #[error("a picture of {width} x {height} pixels: each side must have {least} to {most}")]
    Size {
        /// Pixels asked for, across.
        width: u32,
        /// Pixels asked for, down.
        height: u32,
        /// Fewest pixels of a side.
        least: u32,
        /// Most pixels of a side.
        most: u32,
    },
    /// A field does not belong to its lattice.
    #[error("the field holds {found} values, its lattice has {expected} cells")]
    Field {
        /// Cells of the lattice.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// More of something than a picture can show or a machine should try.
    #[error("{found} {what}: at most {most} are drawn")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many were given.
        found: usize,
        /// The limit.
        most: usize,
    },
    /// The bounds of height classes are not finite, positive and ascending.
    #[error("height classes need 1 to {most} finite bounds above 0 m, each above the one before")]
    Classes {
        /// Most bounds.
        most: usize,
    },
    /// A page without a panel.
    #[error("a page of mareograms without a station")]
    Empty,
    /// The encoder refused; a bug of this crate.
    #[error("PNG encoder: {0}")]
    Encode(String),
}
