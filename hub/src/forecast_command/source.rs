//! What moved: the rupture or the uplift that a forecast is made from.

use std::collections::BTreeMap;

use ocean::fault::{
    self, Estimate, Fault, LiftNote, LiftOptions, Mechanism, PlaneFrom, SourceError,
};
use ocean::motion::Motion;
use ocean::quake::Quake;
use ocean::{Cell, Grid, kajiura};

use super::{Trouble, words};

/// Part of the largest displacement from which on a cell belongs to the source, whose edge arrivals count
/// from: what first arrives is a
/// twentieth of the highest wave, as in the inversion.
const EDGE_PART: f32 = 0.05;

/// A source on a grid.
#[derive(Debug, Clone)]
pub struct Lifted {
    /// Motions of the sea floor.
    pub motions: Vec<Motion>,
    /// The rectangles that slip; none when an uplift was given.
    pub faults: Vec<Fault>,
    /// Words for people, with where strike and dip came from.
    pub words: String,
    /// What is to be known about it.
    pub notes: Vec<String>,
    /// True when the user gave it: it is then taken as it is.
    pub given: bool,
}

/// The rupture that scaling laws, a mechanism or a trench give.
pub fn estimated(
    grid: &Grid,
    quake: &Quake,
    mechanism: Option<Mechanism>,
) -> Result<(Estimate, String), Trouble> {
    let estimate = Fault::on(grid, quake, mechanism)
        .map_err(|e| Trouble::Wrong(format!("no rupture can be built: {e}")))?;
    let f = &estimate.fault;
    let text = format!(
        "one rupture of {:.0} x {:.0} km by scaling laws, slip {:.1} m, strike {:.0} ({}), dip {:.0} \
         ({}), rake {:.0}",
        f.length_km,
        f.width_km,
        f.slip_m,
        f.strike_deg,
        from(estimate.strike_from),
        f.dip_deg,
        from(estimate.dip_from),
        f.rake_deg
    );
    Ok((estimate, text))
}

/// Where a strike or a dip came from, in words.
fn from(from: PlaneFrom) -> String {
    match from {
        PlaneFrom::Mechanism => "mechanism".to_owned(),
        PlaneFrom::AuxiliaryPlane => {
            "mechanism's second plane, which is the one along the trench".to_owned()
        }
        PlaneFrom::Trench(id) => format!("trench {id}"),
        PlaneFrom::SeaFloor => "grain of the sea floor".to_owned(),
        PlaneFrom::Default => "customary".to_owned(),
    }
}

/// Lifts the sea floor by ruptures.
pub fn lift(
    grid: &Grid,
    faults: Vec<Fault>,
    words: String,
    given: bool,
) -> Result<Lifted, Trouble> {
    let lifted = fault::lift_with_notes(&faults, grid, &LiftOptions::default()).map_err(|e| {
        let way_out = match e {
            SourceError::OnLand { .. } if !given => {
                ". No forecast is made of it; if there is reason to think that the sea floor moved, give what \
                 moved with --source FILE"
            }
            _ => "",
        };
        Trouble::Wrong(format!("{e}{way_out}"))
    })?;
    let notes = notes(&lifted.notes);
    Ok(Lifted {
        motions: lifted.motions,
        faults,
        words,
        notes,
        given,
    })
}

/// Lays an uplift of the sea floor on the grid, smoothed to what it does to the surface of water that deep
/// (Kajiura 1963).
pub fn uplift(grid: &Grid, uplift: &gridfile::Uplift, name: &str) -> Result<Lifted, Trouble> {
    let (mut motions, notes) = uplift
        .motions(grid)
        .map_err(|e| Trouble::Wrong(format!("source {name}: {e}")))?;
    for motion in &mut motions {
        motion.patch = kajiura::smooth(&motion.patch, grid);
    }
    let over = motions
        .iter()
        .map(|m| m.start_s + m.rise_s)
        .fold(0.0, f64::max);
    let time = if over > 0.0 {
        format!(", over {over:.0} s")
    } else {
        String::new()
    };
    Ok(Lifted {
        motions,
        faults: Vec::new(),
        words: format!("uplift {name}{time}, smoothed by the water over it"),
        notes: notes.iter().map(str::to_owned).collect(),
        given: true,
    })
}

/// What there is to know about how a source was laid on the grid, in words.
fn notes(notes: &[LiftNote]) -> Vec<String> {
    let outside: Vec<usize> = notes
        .iter()
        .filter_map(|n| {
            if let LiftNote::PartlyOutside { number } = n {
                Some(*number)
            } else {
                None
            }
        })
        .collect();
    let mut words: Vec<String> = notes
        .iter()
        .filter_map(|n| match n {
            LiftNote::PartlyOutside { .. } => None,
            LiftNote::TimesRounded { seconds } => {
                Some(format!("starts and rises are rounded to {seconds} s"))
            }
            LiftNote::Lowered { subfaults } => Some(format!(
                "{subfaults} rectangles reached above the sea floor by rounding and were lowered"
            )),
        })
        .collect();
    if let Some(first) = outside.first() {
        words.push(format!(
            "{} rectangles of the source lie partly off the grid (the first is number {first}): what \
             they move there is lost",
            outside.len()
        ));
    }
    words
}

impl Lifted {
    /// Displacement of every cell that moves, all motions together, in storage order.
    fn total(&self, grid: &Grid) -> Vec<(Cell, f32)> {
        let nx = grid.lattice().nx();
        let mut total: BTreeMap<(usize, usize), f32> = BTreeMap::new();
        for motion in &self.motions {
            let p = &motion.patch;
            for (dj, row) in p.rows().enumerate() {
                for (di, metres) in row.iter().enumerate() {
                    *total.entry((p.j0 + dj, (p.i0 + di) % nx)).or_default() += metres;
                }
            }
        }
        total
            .into_iter()
            .map(|((j, i), m)| (Cell { i, j }, m))
            .collect()
    }

    /// Cells of the source, for first arrivals: those below sea level that move by a twentieth of the
    /// largest displacement or more.
    pub fn cells(&self, grid: &Grid) -> Vec<Cell> {
        let total = self.total(grid);
        let wet: Vec<(Cell, f32)> = total.into_iter().filter(|(c, _)| grid.is_wet(*c)).collect();
        let largest = wet.iter().map(|(_, m)| m.abs()).fold(0.0, f32::max);
        let moves = |m: f32| m.abs() >= EDGE_PART * largest && m != 0.0;
        wet.into_iter()
            .filter(|(_, m)| moves(*m))
            .map(|(c, _)| c)
            .collect()
    }

    /// Lowest and highest displacement, metres.
    pub fn range(&self, grid: &Grid) -> (f32, f32) {
        let total = self.total(grid);
        total.iter().fold((0.0, 0.0), |(low, high), (_, m)| {
            (low.min(*m), high.max(*m))
        })
    }
}

/// Words for a table's faults.
pub fn table_words(name: &str, faults: &[Fault]) -> String {
    let slip = faults.iter().map(|f| f.slip_m).fold(0.0, f64::max);
    let magnitude = fault::magnitude(faults).map_or_else(String::new, |m| format!(", Mw {m:.2}"));
    let last = faults
        .iter()
        .map(|f| f.start_s + f.rise_s)
        .fold(0.0, f64::max);
    let time = if last > 0.0 {
        format!(", over {} s", last.round())
    } else {
        String::new()
    };
    format!(
        "{} rectangles of {name}{magnitude}, slip up to {slip:.1} m{time}",
        faults.len()
    )
}

/// Words for the rise and fall of the sea floor.
pub fn range_words(range: (f32, f32)) -> String {
    format!(
        "the sea floor rises by up to {} m and sinks by up to {} m",
        words::height(f64::from(range.1)),
        words::height(f64::from(-range.0))
    )
}
