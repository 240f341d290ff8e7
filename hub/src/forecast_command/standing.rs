//! Whether the model holds where a station stands, so that its record may say what the source was.
//!
//! A wave in a harbour or over a few metres of water is made by what no grid of the ocean holds. Taken for one of the open
//! sea it would turn into slip. What a station is comes from its list (`kind`, `depth_m`); where the list says nothing, the
//! grid decides, and the answer says so.

use gridfile::StationKind;
use ocean::offshore::OFFSHORE_DEPTH_M;
use ocean::{Cell, Grid};

use super::spots::Spot;

/// How a station's record can be used.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// In water that the model carries waves over.
    Open {
        /// It rises and sinks with the sea floor.
        on_the_ground: bool,
        /// What was assumed, if anything.
        assumed: String,
    },
    /// At the coast or in shallow water, and how that is known.
    Coast(String),
}

/// Judges a station.
pub fn standing(grid: &Grid, spot: &Spot) -> Standing {
    let least = OFFSHORE_DEPTH_M;
    let (kind, depth_m) = (spot.place.kind, spot.place.depth_m);
    let coast = |why: String| Standing::Coast(why);
    match depth_m {
        Some(depth_m) if depth_m < least => {
            return coast(format!(
                "it stands in {depth_m:.0} m of water, and the grid carries waves from {least:.0} m on"
            ));
        }
        None if kind == Some(StationKind::Coast) => {
            return coast(
                "it is a gauge at the coast, and the grid does not hold what harbours and bays make of waves; \
                 if it stands in deep water, say so with depth_m"
                    .to_owned(),
            );
        }
        _ => {}
    }
    if spot.depth_m < least {
        return coast(format!(
            "the grid is {:.0} m deep there, and carries waves from {least:.0} m on",
            spot.depth_m
        ));
    }
    let unsaid = kind.is_none() && depth_m.is_none();
    if unsaid && beside_land(grid, spot.cell) {
        return coast(
            "it stands beside land, and its list gives neither kind nor depth_m: taken for a gauge at the coast"
                .to_owned(),
        );
    }
    Standing::Open {
        on_the_ground: kind != Some(StationKind::Surface),
        assumed: if unsaid {
            format!(
                "its list gives neither kind nor depth_m: taken for a sensor on the sea floor, {:.0} m deep by the grid",
                spot.depth_m
            )
        } else {
            String::new()
        },
    }
}

/// True when one of the eight cells round a cell is dry.
fn beside_land(grid: &Grid, cell: Cell) -> bool {
    let lattice = grid.lattice();
    let (nx, ny) = (lattice.nx(), lattice.ny());
    let columns = [Some(cell.i), cell.i.checked_sub(1), Some(cell.i + 1)].map(|i| match i {
        None if lattice.is_periodic() => Some(nx - 1),
        Some(i) if i == nx => lattice.is_periodic().then_some(0),
        i => i,
    });
    let rows = [Some(cell.j), cell.j.checked_sub(1), Some(cell.j + 1)];
    rows.into_iter().flatten().filter(|j| *j < ny).any(|j| {
        columns
            .into_iter()
            .flatten()
            .any(|i| !grid.is_wet(Cell { i, j }))
    })
}

#[cfg(test)]
mod tests {
    use ocean::grid::GridHeader;
    use ocean::travel_time;

    use super::super::places::Place;
    use super::super::spots;
    use super::*;

    /// Land in the west, then 60 m, then 300 m beside land further north, then 4000 m.
    fn grid() -> Grid {
        let header = GridHeader {
            nx: 30,
            ny: 20,
            lon0: 140.0,
            lat0: 30.0,
            dlon: 0.1,
            dlat: 0.1,
            ..GridHeader::default()
        };
        let z = (0..30 * 20).map(|k| match (k % 30, k / 30) {
            (0..5, _) => 100,
            (5..8, 0..10) => -60,
            (5..8, _) => -300,
            _ => -4000,
        });
        Grid::new(&header, z.collect()).expect("a grid")
    }

    fn judged(lon: f64, lat: f64, kind: Option<StationKind>, depth_m: Option<f64>) -> Standing {
        let grid = grid();
        let field = travel_time::solve(&grid, &[Cell { i: 25, j: 10 }]).expect("times");
        let place = Place {
            lat,
            lon,
            kind,
            depth_m,
            ..Place::named("x")
        };
        let spot = spots::station(&grid, &field, &place).expect("at sea");
        standing(&grid, &spot)
    }

    fn why(standing: Standing) -> String {
        match standing {
            Standing::Coast(why) => why,
            Standing::Open { .. } => "open".to_owned(),
        }
    }

    #[test]
    fn what_a_list_says_decides_and_else_the_grid() {
        use StationKind::{Coast, SeaFloor, Surface};
        let open = |on_the_ground| Standing::Open {
            on_the_ground,
            assumed: String::new(),
        };
        // A buoy 204 m deep, close to the shore: GPS buoys of Japan.
        assert_eq!(judged(140.5, 31.5, Some(Surface), Some(204.0)), open(false));
        assert_eq!(judged(140.5, 31.5, None, Some(204.0)), open(true));
        assert_eq!(judged(140.5, 31.5, Some(Coast), Some(204.0)), open(true));
        assert_eq!(judged(142.0, 31.0, Some(SeaFloor), None), open(true));
        // The same place as a gauge, and with nothing said.
        assert!(why(judged(140.5, 31.5, Some(Coast), None)).contains("depth_m"));
        assert!(why(judged(140.5, 31.5, None, None)).contains("beside land"));
        // Shallow by the list, and by the grid.
        assert!(why(judged(142.0, 31.0, Some(SeaFloor), Some(12.0))).contains("12 m of water"));
        assert!(why(judged(140.6, 30.4, Some(Surface), Some(204.0))).contains("the grid is 60 m"));
        let Standing::Open {
            on_the_ground: true,
            assumed,
        } = judged(142.0, 31.0, None, None)
        else {
            panic!("the deep sea")
        };
        assert!(assumed.contains("4000 m"), "{assumed}");
    }
}
