//! How the sea floor moves: displacements over rectangles of cells, each with a start and a rise time.
//!
//! The wall between sources (faults, tables, uplift grids) and whatever carries their waves.

/// Vertical displacement over a rectangle of a lattice's cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Patch {
    /// Westmost column. Columns run on eastward and, on a periodic lattice, round the globe.
    pub i0: usize,
    /// Southmost row.
    pub j0: usize,
    /// Columns.
    pub nx: usize,
    /// Rows.
    pub ny: usize,
    /// Displacement in metres, up positive, `nx * ny` values, row by row from the south-west.
    pub metres: Vec<f32>,
}

impl Patch {
    /// The rows, from the south.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.metres.chunks_exact(self.nx.max(1))
    }
}

/// A displacement that comes up linearly in time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Motion {
    /// What is displaced in the end.
    pub patch: Patch,
    /// When it begins, seconds after the origin.
    pub start_s: f64,
    /// How long it takes, seconds; 0 is at once.
    pub rise_s: f64,
}

impl Motion {
    /// A displacement that is there from the origin on.
    pub fn instant(patch: Patch) -> Self {
        Motion {
            patch,
            start_s: 0.0,
            rise_s: 0.0,
        }
    }

    /// The part of the displacement that has come up `seconds` after the origin, 0..=1.
    pub fn risen(&self, seconds: f64) -> f64 {
        let since = seconds - self.start_s;
        if since < 0.0 {
            0.0
        } else if self.rise_s > 0.0 {
            (since / self.rise_s).min(1.0)
        } else {
            1.0
        }
    }
}
