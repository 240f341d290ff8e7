//! Dispersion: that of water added, that of the grid taken away.
//!
//! Linear Boussinesq water (Peregrine 1967) has omega^2 = g h k^2 (1 - h^2 k^2 / 3 + ...). The leap-frog
//! scheme has, with steps dx, dy and dt, omega^2 = g h (k^2 - kx^4 dx^2 / 12 - ky^4 dy^2 / 12) + (g h)^2 k^4
//! dt^2 / 12 + ...: the modified equation. Both are put right together. With A = Ax + Ay the operator of the
//! scheme, eta_tt = A eta, what drives the eastward flux is
//!
//! ```text
//! eta + tau A eta - sx Ax eta        tau = h / (3 g) + dt^2 / 12        sx = dx^2 / (12 g h)
//! ```
//!
//! and likewise the northward one with sy. On a flat bottom omega^2 is then that of Boussinesq to fourth
//! order in every direction, so a grid of 10' carries waves as one several times finer does without. Because
//! A carries no flux through walls, coasts need no case of their own; and since A tau A, Ax sx Ax and Ay sy
//! Ay are symmetric over any bottom, what a source at one place does at another is what it does the other way
//! round.
//!
//! Where cells are small against the depth (under about 1.6 depths), tau is limited so that the shortest
//! waves of the grid keep a positive omega^2: such grids get part of the dispersion only.

use super::model::Depths;
use crate::sphere::GRAVITY_M_S2;

/// Largest part of the shortest wave's omega^2 that tau may take: below 1 for stability, with room for uneven
/// bottoms.
const MOST: f64 = 0.8;

/// Weights of one model's cells, in stored order; tau and the others in units of dt^2.
#[derive(Debug, Clone)]
pub(super) struct Dispersion {
    /// tau.
    pub whole: Vec<f32>,
    /// tau - sx and tau - sy.
    pub own: [Vec<f32>; 2],
}

impl Dispersion {
    /// `cx` and `cy` are the coefficients of the faces (see `Model`), `secant` is 1 / cos p by stored row.
    pub fn of(
        depth: &Depths,
        cx: &[f64],
        cy: &[f64],
        width: usize,
        dt_s: f64,
        secant: &impl Fn(usize) -> f64,
    ) -> Self {
        let mut whole = vec![0f32; cx.len()];
        let mut own = [whole.clone(), whole.clone()];
        for row in 1..=depth.h.len() / depth.nx {
            for i in 1..=depth.nx {
                let k = row * width + i;
                let faces = [
                    cx[k - 1],
                    cx[k],
                    cy[k - width] * secant(row),
                    cy[k] * secant(row),
                ];
                let fastest = 2.0 * faces.iter().sum::<f64>();
                if fastest == 0.0 {
                    continue;
                }
                let water = depth.at(i, row) / (3.0 * GRAVITY_M_S2 * dt_s * dt_s);
                let tau = (water + 1.0 / 12.0).min(MOST / fastest);
                // 1 / (12 c) with the larger coefficient of two faces: at a wall the height beyond is a
                // mirror image, and on a slope nothing is magnified.
                let grid = |a: f64, b: f64| {
                    if a.max(b) > 0.0 {
                        1.0 / (12.0 * a.max(b))
                    } else {
                        0.0
                    }
                };
                whole[k] = tau as f32;
                own[0][k] = (tau - grid(faces[0], faces[1])) as f32;
                own[1][k] = (tau - grid(faces[2], faces[3])) as f32;
            }
        }
        Dispersion { whole, own }
    }
}
