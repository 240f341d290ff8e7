//! Responses of places to unit sources: the linear map from what the sea floor did to what is recorded and forecast.
//!
//! The ocean is linear and the same at any hour, so the height at a place is the sum over unit sources of slip times the
//! response computed beforehand. [`ResponseTable`] is the wall between whoever computed or stored the responses (in
//! memory here, memory-mapped elsewhere) and the inversion that uses them.

use serde::{Deserialize, Serialize};

/// One patch of a plate interface that slips by one metre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitSource {
    /// Identifier, unique in its table.
    pub id: String,
    /// Centre latitude, degrees.
    pub lat: f64,
    /// Centre longitude, degrees.
    pub lon: f64,
    /// Centre depth, kilometres.
    pub depth_km: f64,
    /// Length along strike, kilometres.
    pub length_km: f64,
    /// Width down dip, kilometres.
    pub width_km: f64,
    /// Strike, degrees clockwise from north.
    pub strike_deg: f64,
    /// Dip, degrees.
    pub dip_deg: f64,
    /// Rake, degrees.
    pub rake_deg: f64,
}

/// A place whose responses are known: a sensor, or a point that is forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receiver {
    /// Identifier, unique in its table.
    pub id: String,
    /// Latitude as asked for, degrees.
    pub lat: f64,
    /// Longitude as asked for, degrees.
    pub lon: f64,
    /// True: a place on the coast, whose responses are those of the sea off it, [`Receiver::depth_m`] deep. False: a sensor.
    pub coastal: bool,
    /// Depth of the cell that stands for it, metres.
    pub depth_m: f64,
}

/// Responses of receivers to unit sources, on one time axis that starts at the origin: sample `k` is at `k * step_s`.
pub trait ResponseTable {
    /// Time step, seconds.
    fn step_s(&self) -> f64;
    /// Samples of each response.
    fn samples(&self) -> usize;
    /// The unit sources, in the order of the responses.
    fn units(&self) -> &[UnitSource];
    /// The receivers.
    fn receivers(&self) -> &[Receiver];
    /// All responses of one receiver: heights in metres for one metre of slip, `units x samples`, unit by unit.
    ///
    /// # Panics
    /// When there is no such receiver.
    fn responses(&self, receiver: usize) -> &[f32];
}

impl<T: ResponseTable + ?Sized> ResponseTable for &T {
    fn step_s(&self) -> f64 {
        (**self).step_s()
    }
    fn samples(&self) -> usize {
        (**self).samples()
    }
    fn units(&self) -> &[UnitSource] {
        (**self).units()
    }
    fn receivers(&self) -> &[Receiver] {
        (**self).receivers()
    }
    fn responses(&self, receiver: usize) -> &[f32] {
        (**self).responses(receiver)
    }
}

/// A table in memory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Responses {
    /// Time step, seconds.
    pub step_s: f64,
    /// Samples of each response.
    pub samples: usize,
    /// The unit sources.
    pub units: Vec<UnitSource>,
    /// The receivers.
    pub receivers: Vec<Receiver>,
    /// One block of `units x samples` heights for each receiver.
    pub heights: Vec<Vec<f32>>,
}

impl ResponseTable for Responses {
    fn step_s(&self) -> f64 {
        self.step_s
    }
    fn samples(&self) -> usize {
        self.samples
    }
    fn units(&self) -> &[UnitSource] {
        &self.units
    }
    fn receivers(&self) -> &[Receiver] {
        &self.receivers
    }
    fn responses(&self, receiver: usize) -> &[f32] {
        &self.heights[receiver]
    }
}
