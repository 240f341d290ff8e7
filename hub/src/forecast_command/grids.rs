//! Which bathymetry a forecast runs on.

use ocean::Grid;
use ocean::forecast::SNAP_KM;

use super::arguments::Area;
use super::places::Place;
use super::{Trouble, words};
use crate::grid_file::GridFile;
use crate::shipped;

/// A grid and why it was taken.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The depths.
    pub grid: Grid,
    /// Its name or path.
    pub name: String,
    /// Words for people: `sepacific_5min, 384 x 744 cells of 5', the finest ...`.
    pub words: String,
    /// The file, for the list of inputs, if it is one.
    pub file: Option<(String, Vec<u8>)>,
    /// What was noticed in it.
    pub notes: Vec<String>,
}

/// Takes the grid that the user names, or the shipped one that suits: of those that hold every place of the source, the one that
/// holds most of the places asked for; of these one that holds the places round the source (`reach`) too, so that a rupture is not
/// cut and the wave goes on to all sides; and of these the finest.
pub fn choose(
    wanted: Option<&str>,
    said: &GridFile,
    area: Option<Area>,
    source: &[(f64, f64)],
    reach: &[(f64, f64)],
    asked: &[&Place],
) -> Result<Chosen, Trouble> {
    let mut chosen = match wanted {
        Some(name) => named(name, said)?,
        None => shipped_for(source, reach, asked)?,
    };
    if let Some(area) = area {
        cut(&mut chosen, area)?;
    }
    let outside = source
        .iter()
        .find(|(lat, lon)| !chosen.grid.covers(*lat, *lon));
    if let Some((lat, lon)) = outside {
        return Err(Trouble::Wrong(format!(
            "the source at {} lies outside the grid {} ({}); name one that holds it with --grid{}",
            words::place(*lat, *lon),
            chosen.name,
            extent(&chosen.grid),
            if area.is_some() {
                " or a larger --area"
            } else {
                ""
            }
        )));
    }
    Ok(chosen)
}

fn named(name: &str, said: &GridFile) -> Result<Chosen, Trouble> {
    if shipped::GRIDS.iter().any(|g| g.name == name) {
        if said.positive.is_some() || said.variable.is_some() {
            return Err(Trouble::Wrong(format!(
                "--grid {name} ships and leaves nothing open: --grid-positive and --grid-variable are for files; \
                 leave them away"
            )));
        }
        let grid = shipped::grid(name).map_err(Trouble::Failed)?;
        return Ok(Chosen {
            words: format!("{}, as asked for", size(name, &grid)),
            name: name.to_owned(),
            grid,
            file: None,
            notes: Vec::new(),
        });
    }
    let (grid, bytes, notes) = super::formats::grid(name, said)?;
    Ok(Chosen {
        words: format!("{}, as asked for", size(name, &grid)),
        name: name.to_owned(),
        grid,
        file: Some((name.to_owned(), bytes)),
        notes,
    })
}

fn shipped_for(
    source: &[(f64, f64)],
    reach: &[(f64, f64)],
    asked: &[&Place],
) -> Result<Chosen, Trouble> {
    let mut best: Option<((usize, bool), f64, Chosen)> = None;
    for entry in shipped::GRIDS {
        let grid = shipped::grid(entry.name).map_err(Trouble::Failed)?;
        if !source.iter().all(|(lat, lon)| grid.covers(*lat, *lon)) {
            continue;
        }
        let held = (
            asked.iter().filter(|p| holds(&grid, p)).count(),
            reach.iter().all(|(lat, lon)| grid.covers(*lat, *lon)),
        );
        let step = grid.lattice().dlat();
        if best
            .as_ref()
            .is_none_or(|(h, s, _)| held > *h || (held == *h && step < *s))
        {
            let chosen = Chosen {
                words: String::new(),
                name: entry.name.to_owned(),
                grid,
                file: None,
                notes: Vec::new(),
            };
            best = Some((held, step, chosen));
        }
    }
    let Some(((held, _), _, mut chosen)) = best else {
        let place = source
            .first()
            .map_or_else(String::new, |(lat, lon)| words::place(*lat, *lon));
        let known: Vec<&str> = shipped::GRIDS.iter().map(|g| g.name).collect();
        return Err(Trouble::Wrong(format!(
            "no shipped grid ({}) holds the source at {place}; give one with --grid FILE",
            known.join(", ")
        )));
    };
    let why = match (held, asked.len()) {
        (_, 0) => "the finest shipped grid that holds the source".to_owned(),
        (held, all) if held == all => {
            "the finest shipped grid that holds the source and every place asked for".to_owned()
        }
        (held, all) => format!(
            "the shipped grid that holds the source and most of the places asked for ({held} of {all})"
        ),
    };
    chosen.words = format!("{}, {why}", size(&chosen.name, &chosen.grid));
    Ok(chosen)
}

/// True when the grid has sea near a place.
pub fn holds(grid: &Grid, place: &Place) -> bool {
    grid.covers(place.lat, place.lon) && grid.nearest_wet(place.lat, place.lon, SNAP_KM).is_some()
}

/// The shipped grid that holds the source and the most points beyond those of the grid in use, in a sentence.
pub fn larger(name: &str, held: usize, source: &[(f64, f64)], points: &[Place]) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    for entry in shipped::GRIDS.iter().filter(|g| g.name != name) {
        let grid = shipped::grid(entry.name).ok()?;
        if !source.iter().all(|(lat, lon)| grid.covers(*lat, *lon)) {
            continue;
        }
        let more = points.iter().filter(|p| holds(&grid, p)).count();
        if more > held && best.is_none_or(|(most, _)| more > most) {
            best = Some((more, entry.name));
        }
    }
    best.map(|(more, name)| format!("--grid {name} holds {more} of them"))
}

fn cut(chosen: &mut Chosen, area: Area) -> Result<(), Trouble> {
    let whole = extent(&chosen.grid);
    chosen.grid = super::formats::window(&chosen.grid, area).map_err(|why| {
        Trouble::Wrong(format!(
            "--area {}/{}/{}/{}: {why}; the grid has {whole}",
            area.west, area.south, area.east, area.north
        ))
    })?;
    chosen.words = format!("{}, cut to {}", chosen.words, extent(&chosen.grid));
    Ok(())
}

fn size(name: &str, grid: &Grid) -> String {
    let l = grid.lattice();
    format!(
        "{name}, {} x {} cells of {}'",
        l.nx(),
        l.ny(),
        (l.dlat() * 60.0 * 100.0).round() / 100.0
    )
}

/// `sepacific_5min, 5'`: for the foot of a picture.
pub fn short(name: &str, grid: &Grid) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    format!(
        "{last}, {}'",
        (grid.lattice().dlat() * 60.0 * 100.0).round() / 100.0
    )
}

/// `262 to 294 E, 58 S to 4 N`.
pub fn extent(grid: &Grid) -> String {
    let l = grid.lattice();
    let lat = |x: f64| format!("{:.1} {}", x.abs(), if x < 0.0 { 'S' } else { 'N' });
    format!(
        "{:.1} to {:.1} E, {} to {}",
        l.lon(0),
        l.lon(l.nx() - 1),
        lat(l.lat(0)),
        lat(l.lat(l.ny() - 1))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(lat: f64, lon: f64) -> Place {
        Place {
            lat,
            lon,
            ..Place::named("x")
        }
    }

    #[test]
    fn the_finest_grid_that_holds_everything_is_taken() {
        let maule = [(-36.1, -72.9)];
        let name = |asked: &[&Place]| {
            choose(None, &GridFile::default(), None, &maule, &[], asked)
                .expect("a grid")
                .name
        };
        assert_eq!(name(&[]), "sepacific_5min");
        assert_eq!(name(&[&place(-17.975, -86.392)]), "sepacific_5min");
        assert_eq!(
            name(&[&place(-17.975, -86.392), &place(19.7, -155.1)]),
            "pacific_10min",
            "Hilo is asked for"
        );
        // At the eastern edge of the finer grid: from there the wave goes to Hawaii.
        let aleutians = [(51.2, 181.0)];
        let named = |reach: &[(f64, f64)]| {
            choose(None, &GridFile::default(), None, &aleutians, reach, &[])
                .expect("a grid")
                .name
        };
        assert_eq!(named(&[]), "nwpacific_5min");
        assert_eq!(named(&[(51.2, 186.4)]), "pacific_10min");
        assert_eq!(
            named(&[(51.2, 186.4), (51.2, 300.0)]),
            "nwpacific_5min",
            "no grid holds all"
        );
        let hint = larger("sepacific_5min", 0, &maule, &[place(19.7, -155.1)]).expect("a hint");
        assert!(hint.contains("pacific_10min"));
    }

    #[test]
    fn a_source_that_no_grid_holds_is_refused_with_a_way_out() {
        for (wanted, lat, lon) in [(None, 38.0, -10.0), (Some("indian_10min"), -36.1, -72.9)] {
            let error = choose(wanted, &GridFile::default(), None, &[(lat, lon)], &[], &[])
                .expect_err("outside")
                .to_string();
            assert!(error.contains("--grid"), "{error}");
        }
        assert!(
            choose(
                Some("atlantis"),
                &GridFile::default(),
                None,
                &[(0.0, 0.0)],
                &[],
                &[]
            )
            .is_err()
        );
    }
}
