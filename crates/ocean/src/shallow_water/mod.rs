//! Long waves over an ocean: the linear shallow-water equations on the sphere.
//!
//! ```text
//! d eta/dt = -div (M, N)        dM/dt = -g h d eta/dx (+ f N)        dN/dt = -g h d eta/dy (- f M)
//! ```
//! eta is the height of the sea surface, M and N are the depth-integrated fluxes eastward and northward, h the depth
//! (Imamura, Yalciner & Ozyurt 2006, TUNAMI manual, linear spherical form). Leap-frog in time, staggered in space
//! (Arakawa's grid C): heights at the nodes, fluxes at the faces between them.
//!
//! - Coasts reflect: no flux through a face with land on one side. What is below sea level on the grid is wet; less than
//!   [`MIN_DEPTH_M`] counts as that deep.
//! - Open edges let waves out: the flux there is that of a wave that leaves square to the edge, M = c eta (Flather 1976
//!   with still water outside), taken at the middle of the step, which is stable at any step.
//! - Rows beyond [`MAX_LAT_DEG`] are land: meridians crowd together there, and one row would dictate the time step of
//!   all the others.
//! - Sea water gives way under pressure and grows denser with depth: a long wave runs slower than sqrt(g h) by 0.11 % a kilometre
//!   of depth ([`COMPRESSION_PER_M`]), as through a shallower sea. On by default.
//! - The time step is [`CFL`] times the limit of the scheme, found from the depths.
//! - The scheme's own dispersion is that of real water where the step of the grid is twice the depth (Imamura, Shuto &
//!   Goto 1988): at 5' nearly so over the deep sea.
//!
//! # Left out
//! Advection, bottom friction, wetting and drying: small against the rest in deep water, and what makes a run-up model. Tides.

mod dispersion;
mod kernel;
mod model;
mod run;
mod simulate;
mod sweep;

pub use model::{
    CFL, COMPRESSION_PER_M, MAX_LAT_DEG, MIN_DEPTH_M, Model, ModelError, OMEGA_RAD_S, Settings,
};
pub use run::{LEVELS, Run};
pub use simulate::{MAX_SAMPLES, Request, Simulation, SimulationError};
