//! A field of the ocean as pages take it: at most [`MOST_CELLS`] cells a side, 16 bits each.

use bytes::Bytes;
use ocean::Lattice;
use serde::Serialize;

/// Most cells of a side: more than a screen has pixels for the map it is on, and one megabyte in all.
const MOST_CELLS: f64 = 720.0;
/// Land, or a cell that no wave reaches.
const NOTHING: u16 = u16::MAX;
/// Resolution of travel times, minutes.
const TIME_SCALE_MIN: f64 = 0.1;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// First arrivals, given in seconds; of cells that become one the earliest counts.
    TravelTime,
    /// Largest heights, metres; of cells that become one the highest counts.
    MaxHeight,
}

/// A field, packed.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// Little-endian, row by row from the north-west cell.
    pub bytes: Bytes,
    /// How it lies, and what its numbers mean.
    pub frame: Frame,
}

/// How a packed field lies, and what its numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Frame {
    /// Western edge of the first column, degrees east, -180 to 180. The grid may go on beyond 180.
    pub west: f64,
    /// Northern edge of the first row, degrees north.
    pub north: f64,
    /// Size of a cell, degrees.
    pub step_deg: f64,
    /// Columns, to the east.
    pub columns: usize,
    /// Rows, to the south.
    pub rows: usize,
    /// `min` or `m`.
    pub unit: &'static str,
    /// A number times this is its value in the unit.
    pub scale: f64,
}

impl Packed {
    /// Packs values given in the lattice's storage order; what is not finite is land or not reached.
    pub fn of(lattice: &Lattice, values: &[f32], quantity: Quantity) -> Self {
        let (nx, ny) = (lattice.nx(), lattice.ny());
        let (dlon, dlat) = (lattice.dlon(), lattice.dlat());
        let finest = dlon.max(dlat);
        let (width, height) = (nx as f64 * dlon, ny as f64 * dlat);
        // Rounding must not add a cell to a side that fits.
        let cells = |degrees: f64, step: f64| (degrees / step - 1e-6).ceil().max(1.0);
        let step_deg = finest * cells(width.max(height), MOST_CELLS * finest);
        let columns = cells(width, step_deg) as usize;
        let rows = cells(height, step_deg) as usize;
        let mut best = vec![f32::NAN; columns * rows];
        for (k, &value) in values.iter().enumerate().take(nx * ny) {
            let value = match quantity {
                Quantity::TravelTime => value,
                // Still water is no wave.
                Quantity::MaxHeight if value > 0.0 => value,
                Quantity::MaxHeight => continue,
            };
            if !value.is_finite() {
                continue;
            }
            let (i, j) = (k % nx, k / nx);
            let column = (((i as f64 + 0.5) * dlon / step_deg) as usize).min(columns - 1);
            let row = (((ny - 1 - j) as f64 + 0.5) * dlat / step_deg) as usize;
            let known = &mut best[row.min(rows - 1) * columns + column];
            *known = match quantity {
                // NaN gives way to any number.
                Quantity::TravelTime => known.min(value),
                Quantity::MaxHeight => known.max(value),
            };
        }
        let highest = best.iter().copied().fold(0.0, f32::max);
        let (unit, in_unit, scale) = match quantity {
            Quantity::TravelTime => ("min", 1.0 / 60.0, TIME_SCALE_MIN),
            Quantity::MaxHeight => ("m", 1.0, scale_of(f64::from(highest))),
        };
        let number = |value: f32| {
            if value.is_finite() {
                let steps = (f64::from(value) * in_unit / scale).round();
                steps.clamp(0.0, f64::from(NOTHING - 1)) as u16
            } else {
                NOTHING
            }
        };
        let bytes: Vec<u8> = best.iter().flat_map(|v| number(*v).to_le_bytes()).collect();
        let west = lattice.lon(0) - 0.5 * dlon;
        Self {
            bytes: bytes.into(),
            frame: Frame {
                west: (west + 180.0).rem_euclid(360.0) - 180.0,
                north: lattice.lat(ny - 1) + 0.5 * dlat,
                step_deg,
                columns,
                rows,
                unit,
                scale,
            },
        }
    }
}

/// The scale with which the highest value is the largest number.
fn scale_of(highest: f64) -> f64 {
    if highest > 0.0 {
        highest / f64::from(NOTHING - 1)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use ocean::Grid;
    use ocean::grid::GridHeader;

    use super::*;

    fn lattice(nx: usize, ny: usize, lon0: f64, step: f64) -> Lattice {
        let header = GridHeader {
            nx,
            ny,
            lon0,
            lat0: -20.0,
            dlon: step,
            dlat: step,
            ..GridHeader::default()
        };
        let grid = Grid::new(&header, vec![-4_000; nx * ny]).expect("a grid");
        *grid.lattice()
    }

    fn numbers(packed: &Packed) -> Vec<u16> {
        let (twos, rest) = packed.bytes.as_chunks::<2>();
        assert!(rest.is_empty());
        twos.iter().map(|two| u16::from_le_bytes(*two)).collect()
    }

    #[test]
    fn a_small_field_keeps_its_cells_with_the_north_west_first() {
        let lattice = lattice(3, 2, 170.0, 0.5);
        // South to north in storage.
        let seconds = [0.0, 60.0, f32::INFINITY, 600.0, 606.0, 6_000.0];
        let packed = Packed::of(&lattice, &seconds, Quantity::TravelTime);
        let frame = packed.frame;
        assert_eq!((frame.columns, frame.rows, frame.unit), (3, 2, "min"));
        assert_eq!(
            (frame.west, frame.north, frame.step_deg),
            (169.75, -19.25, 0.5)
        );
        assert_eq!(numbers(&packed), [100, 101, 1_000, 0, 10, NOTHING]);
    }

    #[test]
    fn a_large_field_keeps_the_earliest_and_the_highest() {
        let lattice = lattice(1_500, 10, 120.0, 0.1);
        let mut values = vec![f32::NAN; 15_000];
        // The north-west block of three by three cells, and one cell of the last column.
        (values[9 * 1_500], values[7 * 1_500 + 2], values[1_499]) = (300.0, 120.0, 40.0);
        let times = Packed::of(&lattice, &values, Quantity::TravelTime);
        let frame = times.frame;
        assert!((frame.step_deg - 0.3).abs() < 1e-12);
        assert_eq!((frame.columns, frame.rows), (500, 4));
        assert_eq!(numbers(&times)[0], 20);
        let heights = Packed::of(&lattice, &values, Quantity::MaxHeight);
        let shown = |k: usize| f64::from(numbers(&heights)[k]) * heights.frame.scale;
        assert!((shown(0) - 300.0).abs() < 0.01);
        assert!((shown(3 * 500 + 499) - 40.0).abs() < 0.01);
        assert_eq!(numbers(&heights)[1], NOTHING);
        // Over the date line the grid goes on.
        assert!(frame.west + frame.columns as f64 * frame.step_deg > 180.0);
    }

    #[test]
    fn still_water_and_land_are_nothing_and_the_globe_fits() {
        let lattice = lattice(3_600, 400, 0.0, 0.1);
        let mut heights = vec![0.0; 3_600 * 400];
        heights[0] = f32::NAN;
        let packed = Packed::of(&lattice, &heights, Quantity::MaxHeight);
        assert!(numbers(&packed).iter().all(|n| *n == NOTHING));
        let frame = packed.frame;
        assert_eq!((frame.columns, frame.rows), (720, 80));
        assert!((frame.west - -0.05).abs() < 1e-9, "{}", frame.west);
    }
}
