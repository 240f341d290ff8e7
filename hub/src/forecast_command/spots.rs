//! Where on the grid the stations and points are, and when the first wave gets there.

use ocean::forecast::SNAP_KM;
use ocean::travel_time::Field;
use ocean::{Cell, Grid, offshore};

use super::outlook::Silent;
use super::places::Place;
use super::words;

/// Cells whose heights, weighted, are those of a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// The place.
    pub place: Place,
    /// Cells and weights; the weights sum to one.
    pub cells: Vec<(Cell, f32)>,
    /// The weightiest cell.
    pub cell: Cell,
    /// Depth of the sea there, metres.
    pub depth_m: f64,
    /// First arrival, seconds after the origin; nothing when no wave gets there.
    pub arrival_s: Option<f64>,
    /// What is to be known about it.
    pub note: String,
}

/// A station: between the four cells round it where all of them are reached, else the nearest that is.
pub fn station(grid: &Grid, field: &Field, place: &Place) -> Result<Spot, Box<Silent>> {
    let found = field.nearest_reached(place.lat, place.lon, SNAP_KM);
    let (cell, _) = found
        .filter(|_| grid.covers(place.lat, place.lon))
        .ok_or_else(|| silent(grid, place))?;
    let depth_m = grid.depth_m(cell.i, cell.j).unwrap_or(0.0);
    let mut spot = spot(grid, field, place, cell, depth_m);
    if let Some(cells) = corners(grid, field, place) {
        spot.depth_m = cells
            .iter()
            .filter_map(|(c, w)| Some(grid.depth_m(c.i, c.j)? * f64::from(*w)))
            .sum();
        spot.cells = cells;
        spot.arrival_s = field.seconds_at(place.lat, place.lon).or(spot.arrival_s);
        spot.note.clear();
    }
    if let Some(known) = place.depth_m.filter(|d| *d > 500.0)
        && !(0.5..=2.0).contains(&(spot.depth_m / known))
    {
        spot.note = format!(
            "the grid is {:.0} m deep there, the instrument {known:.0} m",
            spot.depth_m
        );
    }
    Ok(spot)
}

/// A coastal point: the nearest cell that is reached and deep enough to stand for the sea off it, as
/// everywhere here.
pub fn point(grid: &Grid, field: &Field, place: &Place) -> Result<Spot, Box<Silent>> {
    let reached = |k: usize| field.seconds()[k].is_finite();
    match offshore::stand_in(grid, place.lat, place.lon, true, reached) {
        Some((cell, depth_m)) if grid.covers(place.lat, place.lon) => {
            Ok(spot(grid, field, place, cell, depth_m))
        }
        _ => Err(silent(grid, place)),
    }
}

/// A place that one cell stands for.
fn spot(grid: &Grid, field: &Field, place: &Place, cell: Cell, depth_m: f64) -> Spot {
    let lattice = grid.lattice();
    let km = lattice.distance_km(cell, place.lat, place.lon);
    let cell_km = lattice.spacing_m(cell.j).1 * 1e-3;
    Spot {
        place: place.clone(),
        cells: vec![(cell, 1.0)],
        cell,
        depth_m,
        arrival_s: field.at(cell),
        note: if km > 3.0 * cell_km {
            format!("the sea that stands for it is {km:.0} km away")
        } else {
            String::new()
        },
    }
}

/// Why nothing stands for a place.
fn silent(grid: &Grid, place: &Place) -> Box<Silent> {
    let off_grid = !grid.covers(place.lat, place.lon);
    let why = if off_grid {
        "off the grid".to_owned()
    } else if grid.nearest_wet(place.lat, place.lon, SNAP_KM).is_some() {
        "no way for the wave to get there on this grid".to_owned()
    } else {
        format!("no sea within {SNAP_KM} km")
    };
    Box::new(Silent {
        place: place.clone(),
        why,
        off_grid,
    })
}

/// The four cells round a place with their bilinear weights, if a wave reaches all of them.
fn corners(grid: &Grid, field: &Field, place: &Place) -> Option<Vec<(Cell, f32)>> {
    let lattice = grid.lattice();
    let (x, y) = lattice.locate(place.lat, place.lon)?;
    let (x, y) = (x.max(0.0), y.max(0.0));
    let (i, j) = (x.floor() as usize, y.floor() as usize);
    let east = if lattice.is_periodic() {
        (i + 1) % lattice.nx()
    } else {
        i + 1
    };
    let (fx, fy) = (x.fract(), y.fract());
    let all = [
        (Cell { i, j }, (1.0 - fx) * (1.0 - fy)),
        (Cell { i: east, j }, fx * (1.0 - fy)),
        (Cell { i, j: j + 1 }, (1.0 - fx) * fy),
        (Cell { i: east, j: j + 1 }, fx * fy),
    ];
    // A cell of no weight need not be there.
    let used: Vec<(Cell, f32)> = all
        .into_iter()
        .filter(|(_, w)| *w > 1e-6)
        .map(|(c, w)| (c, w as f32))
        .collect();
    used.iter()
        .all(|(c, _)| field.at(*c).is_some())
        .then_some(used)
}

/// Least time after the first arrival that says anything about a height, seconds: half an hour holds the first crest.
const FIRST_CREST_S: f64 = 1800.0;

/// The points that waves computed for so long say something about; of the others nothing is known, which is not safety.
/// `listen_s`: how long the highest wave may take after the first arrival.
pub fn heard(points: Vec<Spot>, duration_s: f64, listen_s: f64) -> (Vec<Spot>, Vec<Silent>) {
    let (mut heard, mut silent) = (Vec::new(), Vec::new());
    for mut spot in points {
        let left_s = duration_s - spot.arrival_s.unwrap_or(0.0);
        if left_s < FIRST_CREST_S {
            silent.push(Silent {
                why: format!(
                    "the wave gets there {} after the origin, too late for the {} computed: more --hours say how high",
                    words::span(spot.arrival_s.unwrap_or(0.0)),
                    words::span(duration_s)
                ),
                place: spot.place,
                off_grid: false,
            });
            continue;
        }
        if left_s < listen_s {
            if !spot.note.is_empty() {
                spot.note.push_str("; ");
            }
            spot.note.push_str(&format!(
                "computed until {} after the first arrival: later waves may be higher",
                words::span(left_s)
            ));
        }
        heard.push(spot);
    }
    (heard, silent)
}

impl Spot {
    /// The weighted heights of a place from those of its cells.
    pub fn mix<'a>(&self, mut series: impl Iterator<Item = &'a [f32]>) -> Vec<f32> {
        let mut sum: Vec<f32> = Vec::new();
        for (_, weight) in &self.cells {
            let Some(heights) = series.next() else { break };
            sum.resize(heights.len().max(sum.len()), 0.0);
            for (s, h) in sum.iter_mut().zip(heights) {
                *s += weight * h;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A forecast of three hours said "below 0.3 m" of Midway, where the wave of Tohoku arrives after four and a half.
    #[test]
    fn a_coast_that_the_wave_has_not_reached_is_not_called_safe() {
        let spot = |id: &str, hours: Option<f64>| Spot {
            place: Place::named(id),
            cells: vec![(Cell { i: 0, j: 0 }, 1.0)],
            cell: Cell { i: 0, j: 0 },
            depth_m: 100.0,
            arrival_s: hours.map(|h| h * 3600.0),
            note: String::new(),
        };
        let spots = vec![
            spot("sendai", Some(0.5)),
            spot("naha", Some(2.8)),
            spot("midway", Some(4.5)),
        ];
        let (heard, silent) = heard(spots, 3.0 * 3600.0, 4.0 * 3600.0);
        let ids = |i: &mut dyn Iterator<Item = &Place>| i.map(|p| p.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&mut heard.iter().map(|s| &s.place)), ["sendai"]);
        assert!(heard[0].note.contains("2 h 30 min after the first arrival"));
        assert_eq!(
            ids(&mut silent.iter().map(|s| &s.place)),
            ["naha", "midway"]
        );
        assert!(silent[1].why.contains("4 h 30 min") && silent[1].why.contains("--hours"));
    }
}
