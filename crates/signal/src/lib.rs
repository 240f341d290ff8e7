//! Detectors and filters: sample in, finding out.
//!
//! The same code runs on the node, the edge and the hub. Everything here is a plain state machine: it takes a time
//! in microseconds and a value and returns what it found. Nothing reads a clock, allocates, logs or panics.
//!
//! - [`threshold`]: limits with hysteresis, minimum duration and rate of change, for any quantity.
//! - [`tsunami`]: tells a tsunami from the tide, from seismic shaking and from noise, at any sampling.
//! - [`traffic`]: incidents, congestion and sensor faults from speed, occupancy, flow or travel time.
//! - [`dart`]: the published DART algorithm (Mofjeld), as the reference to compare with.
//! - [`power`]: sag, swell and interruption by IEEE 1159, frequency, overload, imbalance and faults of electricity meters.
//! - [`seismic`]: when the surface waves of an earthquake pass a station.
//! - [`stalta`]: shaking in ground motion, at one station and at several together.
//!
//! Invariants: fixed size, bounded work per sample, no dependence on anything but the samples given, so that the
//! same samples always give the same findings. Times are `i64` microseconds (any epoch, as long as it is one),
//! heights metres. Values that are not finite are ignored.
//!
//! With feature `serde` settings, states and findings derive `Serialize` and `Deserialize`. A restored state is
//! trusted: it must come from this crate.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod dart;
pub mod power;
mod sane;
pub mod seismic;
pub mod stalta;
pub mod threshold;
pub mod traffic;
pub mod tsunami;
