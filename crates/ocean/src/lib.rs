//! Bathymetry, travel times, sources and the first tsunami forecast.
//!
//! | module | question it answers |
//! |---|---|
//! | [`grid`] | how deep is the sea here, and where is the nearest sea? |
//! | [`travel_time`] | when does the first wave reach every cell? |
//! | [`quake`] | is this earthquake one that the crate can speak about? |
//! | [`motion`] | where, when and by how much does the sea floor move? |
//! | [`shallow_water`] | how does the wave run, and how high is it where and when? |
//! | [`offshore`] | which cell stands for this sensor or this coast? |
//! | [`source`] | how large is the rupture, how far does the sea floor rise, which cells does it cover? |
//! | [`okada`] | how does the ground move when a rectangle in it slips? |
//! | [`fault`] | which rectangles slip, by an earthquake's report or by a published table, and which cells do they lift? |
//! | [`trench`] | where do plates go down, how steeply, and how deep is the interface here? |
//! | [`kajiura`] | how much of the sea floor's displacement reaches the surface? |
//! | [`response`] | what does a slip of one metre there do here? |
//! | [`bank`] | how are such responses computed, for many sources at the price of one run a receiver? |
//! | [`tide`] | what is left of a sea-level record without its tide, and how noisy is the station? |
//! | [`inversion`] | what slipped, given what the sensors recorded so far, and what will it do elsewhere? |
//! | [`forecast`] | when and how high at each point, with which uncertainty, before and after a measurement? |
//!
//! Invariants: no I/O, no clock, no randomness; the same input gives the same output bit for bit on the
//! same machine; any input gives an answer or a typed error, never a panic.
//!
//! Refuses: to say "no tsunami". An earthquake outside its limits is an error that names the limit, and what
//! that means for people is decided elsewhere.

#![forbid(unsafe_code)]

pub mod bank;
pub mod fault;
pub mod forecast;
pub mod grid;
mod heap;
pub mod inversion;
pub mod kajiura;
pub mod lattice;
pub mod motion;
pub mod offshore;
pub mod okada;
pub mod quake;
pub mod response;
pub mod shallow_water;
pub mod source;
pub mod sphere;
mod strike;
pub mod tide;
pub mod travel_time;
pub mod trench;

pub use grid::{Grid, GridError, GridHeader};
pub use lattice::{Cell, Lattice};
pub use quake::{Quake, QuakeError};
