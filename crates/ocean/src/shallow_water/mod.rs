//! Propagation of long waves over real bathymetry: linear shallow water on the sphere.
//!
//! ```text
//! d eta/dt + 1/(R cos p) [ dM/dl + d(N cos p)/dp ] = d lift/dt
//! dM/dt = -g h/(R cos p) d eta/dl + f N        dN/dt = -g h/R d eta/dp - f M
//! ```
//!
//! (eta height of the surface, M and N eastward and northward flux, l longitude, p latitude, h depth at rest,
//! f Coriolis parameter; Imamura, Yalciner & Ozyurt 2006, TUNAMI manual.) Solved on Arakawa's C grid by
//! leap-frog in time with central differences, second order in both, `f32` fields.
//!
//! - **Coasts** reflect wholly: no flux crosses the face between sea and land. Sea shallower than
//!   [`MIN_DEPTH_M`] counts as that deep. A face is as deep as the mean of its two cells.
//! - **Edges** of a grid let waves out: the flux through an outer face is that of a wave that leaves at right
//!   angles (Flather 1976), taken at the moment when it passed the nearest node. Waves that meet an edge
//!   aslant come back in part, at 45 degrees by a sixth. A grid that goes round the globe is joined.
//! - **Beyond [`MAX_LAT_DEG`]** everything is land: there meridians are so close that the time step would
//!   shrink.
//! - **Time step**: from the coefficients themselves (Gershgorin's bound of the largest frequency), [`CFL`] of
//!   what is stable.
//! - **What is computed** beyond that, and what is the default: [`Settings`].
//! - **Bits**: the same whatever the number of threads. Heights are rounded to 2^-40 m so that the toe of a
//!   wave is exactly zero, still water costs nothing, and no denormal number slows the rest.
//! - **Speed**: a step touches every number of the ocean once and does little with it, so memory is the
//!   limit. Up to [`LEVELS`] steps therefore go through the cache together, each one row behind the other, and
//!   threads take bands of rows (`sweep`).
//!
//! Leaves out: nonlinear terms and run-up (a later step; this holds while the height is a few per cent of the
//! depth), friction, tides. The solid Earth yields to waves of every length alike ([`LOADING`]); in truth it does so the
//! more the longer they are, which in the far field sends a small trough ahead of the crest (Watada et al. 2014).

mod dispersion;
mod kernel;
mod model;
mod run;
mod simulate;
mod sweep;

pub use model::{
    CFL, COMPRESSION_PER_M, LOADING, MAX_LAT_DEG, MIN_DEPTH_M, Model, ModelError, OMEGA_RAD_S,
    Settings,
};
pub use run::{LEVELS, Run};
pub use simulate::{MAX_SAMPLES, Request, Simulation, SimulationError};
