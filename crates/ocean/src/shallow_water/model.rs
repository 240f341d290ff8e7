//! A grid compiled for propagation: depths turned into coefficients, and the time step.

use super::dispersion::Dispersion;
use crate::grid::Grid;
use crate::lattice::{Cell, Lattice};
use crate::sphere::{EARTH_RADIUS_M, GRAVITY_M_S2};

/// Shallowest sea that is counted, metres: as for travel times, so that fronts agree.
pub const MIN_DEPTH_M: f64 = crate::travel_time::MIN_DEPTH_M;
/// Rows beyond this latitude are walls, degrees: at 80 a cell is 0.17 as wide as at the equator, and so is
/// the time step.
pub const MAX_LAT_DEG: f64 = 80.0;
/// Part of the largest stable time step that is taken. Leap-frog is the more exact the closer it goes; the
/// rest is room for the Coriolis term and for rounding.
pub const CFL: f64 = 0.95;
/// Rotation of the Earth, rad/s (IERS 2010, nominal mean angular velocity).
pub const OMEGA_RAD_S: f64 = 7.292_115e-5;
/// Slowing of long waves per metre of depth by the compressibility and stratification of sea water: 0.44 % of
/// the speed over 4 km, in proportion to depth (Watada 2013, Geophys. Res. Lett. 40:4001, abstract and fig.
/// 2).
pub const COMPRESSION_PER_M: f64 = 0.0044 / 4000.0;
/// Part of gravity that the solid Earth takes from a wave. Its floor sinks under the water's weight, w / eta = rho g (1 - nu) / (mu k)
/// on an elastic half-space (Farrell 1972, Rev. Geophys. 10:761, section on Boussinesq's problem), and the water's own attraction
/// lifts the level surface, 2 pi G rho / (g k). Moduli of the uppermost mantle, mu = 67.4 GPa and nu = 0.28 (PREM, Dziewonski and Anderson
/// 1981, at 80 km); rho = 1025 kg/m3; G = 6.674e-11 (CODATA 2018); k of waves of 300 km, which is a period of 25 minutes over 4 km, as
/// great ruptures make them. It grows with the wavelength: 0.24 % at 100 km, 1.2 % at 500. One number instead of that curve is what
/// Inazu and Saito (2013, Earth Planets Space 65:425) found to serve both near and far; they fitted theirs, this one is computed.
pub const LOADING: f64 = (SEA_WATER_KG_M3 * GRAVITY_M_S2 * (1.0 - 0.28) / 67.4e9
    + 2.0 * std::f64::consts::PI * 6.674e-11 * SEA_WATER_KG_M3 / GRAVITY_M_S2)
    * 300e3
    / (2.0 * std::f64::consts::PI);
/// Density of sea water, kg/m3.
const SEA_WATER_KG_M3: f64 = 1025.0;
/// Longest time step, seconds: on a grid of 1 degree and shallow water the stable step would not resolve a
/// wave of ten minutes.
const MAX_STEP_S: f64 = 60.0;

/// What is computed. The default is what forecasts use: compressible water on an elastic Earth, no rotation, no dispersion.
///
/// Measured on two events, none of which anything was fitted to, both on 5' grids: Maule 2010 with Lorito's slip at DART 32412, 2.5 h from
/// the first rise on; Tohoku 2011 with Fujii's uplift at DART 21418, minutes 20 to 80, and 21413, minutes 60 to 180. Variance reduction, and by
/// how much Maule's peak is early:
///
/// | settings | Maule | peak | 21418 | 21413 |
/// |---|---|---|---|---|
/// | compressible | 0.57 | 2.0 min | 0.88 | 0.60 |
/// | compressible, elastic | 0.60 | 1.0 min | 0.90 | 0.66 |
/// | and dispersion | 0.64 | 0.0 min | 0.89 | 0.69 |
/// | and Coriolis instead | 0.55 | 1.0 min | 0.90 | 0.66 |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The Earth rotates. Off by default: it lowers what long waves leave behind them by a few per cent in
    /// hours, which records without their tide no longer show; it costs half as much again, and a source's
    /// and a receiver's places can no longer be exchanged.
    pub coriolis: bool,
    /// Short waves run slower than long ones (Boussinesq), and the grid's own dispersion is taken out. Off by
    /// default: at 5' over the deep sea the two are nearly the same (Imamura et al. 1988), and it costs twice
    /// as much. At 10' it is the grid's that is wrong, and this takes it out.
    pub dispersion: bool,
    /// Sea water is compressible and stratified ([`COMPRESSION_PER_M`]). On by default: free, and crossing an
    /// ocean without it is minutes early.
    pub compressible: bool,
    /// The sea floor yields under a wave and gravity follows ([`LOADING`]). On by default: free, and the rest of what crossing an
    /// ocean takes longer.
    pub elastic: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            coriolis: false,
            dispersion: false,
            compressible: true,
            elastic: true,
        }
    }
}

/// Why no model could be made of a grid.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// No cell of the grid is sea between [`MAX_LAT_DEG`] south and north.
    #[error("the grid holds no sea between {MAX_LAT_DEG} degrees south and north")]
    NoSea,
    /// Cells so small that the time step would be below a millisecond: steps of a header in the wrong unit,
    /// most likely.
    #[error(
        "cells of {dlon} x {dlat} degrees would need a time step of {step_s:.2e} s: are these degrees?"
    )]
    Step {
        /// Step eastward, degrees.
        dlon: f64,
        /// Step northward, degrees.
        dlat: f64,
        /// The time step, seconds.
        step_s: f64,
    },
}

/// A grid compiled for propagation. Immutable, shared between runs and threads.
///
/// Rows are stored with one more on either side (row `j` of the grid is row `j + 1` here) and one more cell
/// at either end (column `i` is `i + 1`).
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) lattice: Lattice,
    pub(super) settings: Settings,
    pub(super) dt_s: f64,
    /// Cells of a row with its two ends, rounded up to whole vectors.
    pub(super) width: usize,
    /// Coefficient of each eastern face: g h dt^2 / (R cos p dl)^2; zero on walls and outer faces.
    pub(super) cx: Vec<f32>,
    /// Coefficient of each northern face: g h cos p' dt^2 / (R dp)^2; zero on walls and outer faces.
    pub(super) cy: Vec<f32>,
    /// 1 / cos p of each row.
    pub(super) secant: Vec<f32>,
    /// Outer faces of each row, west and east: weights of the height now and one step ago.
    pub(super) sides: Vec<[[f32; 2]; 2]>,
    /// Outer faces of the south and the north row: weights of the height now and one step ago.
    pub(super) ends: [[Vec<f32>; 2]; 2],
    /// Coriolis weights of each row: of the fluxes south and north of an eastern face; of those south and
    /// north of a northern face.
    pub(super) turn: Vec<[[f32; 2]; 2]>,
    /// Sea of each row: first column and one past the last, in stored columns.
    pub(super) sea: Vec<(u32, u32)>,
    /// Weights of dispersion, when it is computed.
    pub(super) dispersion: Option<Dispersion>,
    wet: Vec<bool>,
}

impl Model {
    /// Compiles a grid.
    ///
    /// # Errors
    /// [`ModelError`] when there is no sea, or the steps of the grid are absurdly small.
    pub fn new(grid: &Grid, settings: &Settings) -> Result<Model, ModelError> {
        let lattice = *grid.lattice();
        let (nx, ny) = (lattice.nx(), lattice.ny());
        let depth = Depths::of(grid, settings);
        if !depth.h.iter().any(|&h| h > 0.0) {
            return Err(ModelError::NoSea);
        }
        let width = (nx + 2).next_multiple_of(8);
        let rows = ny + 2;
        let radians = |degrees: f64| degrees.to_radians();
        let dy = EARTH_RADIUS_M * radians(lattice.dlat());
        // Row j of storage is latitude lat(j - 1); faces lie half a row north of it.
        let lat = |row: f64| lattice.lat(0) + (row - 1.0) * lattice.dlat();
        let cos = |row: f64| radians(lat(row)).cos().max(1e-3);
        let dx = |row: usize| EARTH_RADIUS_M * radians(lattice.dlon()) * cos(row as f64);

        // Coefficients for a step of one second; squared steps multiply them once the step is known.
        let (mut cx, mut cy) = (vec![0f64; rows * width], vec![0f64; rows * width]);
        for row in 1..=ny {
            for i in 1..=nx {
                let k = row * width + i;
                let here = depth.at(i, row);
                cx[k] = GRAVITY_M_S2 * mean(here, depth.east(i, row)) / dx(row).powi(2);
                if row < ny {
                    let face = GRAVITY_M_S2 * mean(here, depth.at(i, row + 1));
                    cy[k] = face * cos(row as f64 + 0.5) / (dy * dy);
                }
            }
            if lattice.is_periodic() {
                cx[row * width] = cx[row * width + nx];
            }
        }
        let mut fastest = 0f64;
        for row in 1..=ny {
            for k in row * width + 1..=row * width + nx {
                // The pull of a cell on its own height plus that of its neighbours: Gershgorin's circle round
                // 0.
                let sum = 2.0 * (cx[k - 1] + cx[k] + (cy[k] + cy[k - width]) / cos(row as f64));
                fastest = fastest.max(sum);
            }
        }
        // A sea without any inner face stands still; any step will do.
        let dt_s = if fastest > 0.0 {
            (CFL * 2.0 / fastest.sqrt()).min(MAX_STEP_S)
        } else {
            MAX_STEP_S
        };
        if dt_s < 1e-3 {
            return Err(ModelError::Step {
                dlon: lattice.dlon(),
                dlat: lattice.dlat(),
                step_s: dt_s,
            });
        }

        let speed = |h: f64| (GRAVITY_M_S2 * h).sqrt();
        let mut sides = vec![[[0f32; 2]; 2]; rows];
        if !lattice.is_periodic() {
            for (row, sides) in sides.iter_mut().enumerate().take(ny + 1).skip(1) {
                for (side, i) in [(0, 1), (1, nx)] {
                    let courant = speed(depth.at(i, row)) * dt_s / dx(row);
                    sides[side] = leaving(courant, 1.0);
                }
            }
        }
        let end = |row: usize, face: f64| {
            let mut now = vec![0f32; width];
            let mut before = vec![0f32; width];
            for i in 1..=nx {
                let courant = speed(depth.at(i, row)) * dt_s / dy;
                [now[i], before[i]] = leaving(courant, cos(face));
            }
            [now, before]
        };
        let ends = [end(1, 0.5), end(ny, ny as f64 + 0.5)];
        let turn = (0..rows)
            .map(|row| turning(row as f64, &lat, &cos, dx(row) / dy, dt_s))
            .collect();
        let sea = (0..rows)
            .map(|row| {
                let wet = |&i: &usize| (1..=ny).contains(&row) && depth.at(i, row) > 0.0;
                let first = (1..=nx).find(wet).unwrap_or(1);
                let last = (1..=nx).rev().find(wet).unwrap_or(0);
                (first as u32, last as u32 + 1)
            })
            .collect();
        let scaled = |c: &[f64]| c.iter().map(|c| c * dt_s * dt_s).collect::<Vec<f64>>();
        let (cx, cy) = (scaled(&cx), scaled(&cy));
        let dispersion = settings.dispersion.then(|| {
            let secant = |row: usize| 1.0 / cos(row as f64);
            Dispersion::of(&depth, &cx, &cy, width, dt_s, &secant)
        });
        let narrow = |c: Vec<f64>| c.iter().map(|&c| c as f32).collect();
        Ok(Model {
            lattice,
            settings: *settings,
            dt_s,
            width,
            cx: narrow(cx),
            cy: narrow(cy),
            secant: (0..rows)
                .map(|row| (1.0 / cos(row as f64)) as f32)
                .collect(),
            sides,
            ends,
            turn,
            sea,
            dispersion,
            wet: depth.h.iter().map(|&h| h > 0.0).collect(),
        })
    }

    /// Time step, seconds.
    pub fn dt_s(&self) -> f64 {
        self.dt_s
    }

    /// The geometry, that of the grid.
    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// What is computed.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// True when the cell is on the grid and carries waves.
    pub fn is_sea(&self, cell: Cell) -> bool {
        self.lattice.index(cell).is_some_and(|k| self.wet[k])
    }

    /// Stored rows, with the two outside the grid.
    pub(super) fn rows(&self) -> usize {
        self.lattice.ny() + 2
    }
}

/// Depths that waves feel; zero on land.
pub(super) struct Depths {
    pub h: Vec<f64>,
    pub nx: usize,
    periodic: bool,
}

impl Depths {
    fn of(grid: &Grid, settings: &Settings) -> Self {
        let l = grid.lattice();
        let h = grid.z().iter().enumerate().map(|(k, &z)| {
            let polar = l.lat(k / l.nx()).abs() > MAX_LAT_DEG;
            if polar || z >= 0.0 {
                return 0.0;
            }
            let h = f64::from(-z).max(MIN_DEPTH_M);
            // c = sqrt(g h) (1 - a h): the square of the bracket goes with the depth.
            let slow = if settings.compressible {
                1.0 - COMPRESSION_PER_M * h
            } else {
                1.0
            };
            let gravity = if settings.elastic { 1.0 - LOADING } else { 1.0 };
            h * slow * slow * gravity
        });
        Depths {
            h: h.collect(),
            nx: l.nx(),
            periodic: l.is_periodic(),
        }
    }

    /// By stored column and row.
    pub fn at(&self, i: usize, row: usize) -> f64 {
        self.h[(row - 1) * self.nx + i - 1]
    }

    fn east(&self, i: usize, row: usize) -> f64 {
        match (i < self.nx, self.periodic) {
            (true, _) => self.at(i + 1, row),
            (false, true) => self.at(1, row),
            (false, false) => 0.0,
        }
    }
}

/// Depth of a face: the mean of two seas; nothing when either is land.
fn mean(a: f64, b: f64) -> f64 {
    if a > 0.0 && b > 0.0 {
        0.5 * (a + b)
    } else {
        0.0
    }
}

/// Weights of the height at an edge node, now and one step ago, that give the flux of a leaving wave through the face half a
/// cell farther out and half a step later. Such a wave passed the node (1 / courant - 1) / 2 steps ago, which would leave no
/// echo at all of a wave square to the edge; but heights of the step before feed waves that run along an edge, the more
/// the larger their weight, until they break out (seen at 58 S and 60 N, where the step is short for the spacing northward).
/// So the height now is taken, which takes energy from every wave, and returns a few percent of a short one.
fn leaving(courant: f64, cos_face: f64) -> [f32; 2] {
    [(courant.max(0.0) * cos_face) as f32, 0.0]
}

/// Coriolis weights of one row, each a quarter of f dt times the ratio of the units of the two fluxes.
/// `aspect` is dx / dy.
fn turning(
    row: f64,
    lat: &impl Fn(f64) -> f64,
    cos: &impl Fn(f64) -> f64,
    aspect: f64,
    dt_s: f64,
) -> [[f32; 2]; 2] {
    let quarter = |row: f64| 0.5 * OMEGA_RAD_S * lat(row).to_radians().sin() * dt_s;
    let east = |face: f64| (quarter(row) / (aspect * cos(face))) as f32;
    let face = row + 0.5;
    let north = |of: f64| (quarter(face) * aspect * cos(of) / cos(row) * cos(face)) as f32;
    [
        [east(row - 0.5), east(face)],
        [north(row), north(row + 1.0)],
    ]
}
