//! OGC SensorThings API 1.1 (18-088), what of it reads: stations as Things, their quantities as Datastreams, readings as Observations.
//!
//! Pure: a [`Catalog`] of stations and a source of readings in, JSON out. The HTTP side is [`crate::http`]. Observations are those in memory
//! (`[series]`): the newest as they came, older ones as the least and the greatest of each minute, each a reading that was made.
//!
//! It refuses to: create, change or delete anything; receive readings here (they come by MQTT, `configs/README.md`); compute in filters.

mod answer;
mod catalog;
pub mod filter;
mod model;
mod query;

pub use answer::{Answer, Answerer};
pub use catalog::{Catalog, Readings, Station};
pub use model::Set;
pub use query::{Query, Refused, Segment, path, query};

#[cfg(test)]
mod tests;
