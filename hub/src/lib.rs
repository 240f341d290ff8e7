//! The hub: from readings to alerts.
//!
//! ```text
//! MQTT -> intake -> journal -> columns -> detect -> event (fuse, forecast) -> alert -> gate -> outlets
//! ```
//! Everything from `intake` to `alert` is a plain function of state and input ([`core`]); `pipeline` is the shell that feeds it and
//! carries out what it asks for.
#![forbid(unsafe_code)]

pub mod access;
mod account_command;
pub mod alert;
pub mod assess;
pub mod audit_command;
pub mod background;
pub mod bank_command;
pub mod broker;
pub mod chronicle;
pub mod cli;
pub mod columns;
pub mod config;
pub mod console;
pub mod core;
pub mod coverage;
pub mod detect;
pub mod edges;
pub mod energy;
pub mod entry;
pub mod event;
pub mod feed;
pub mod fields;
pub mod forecast;
pub mod forecast_command;
pub mod fuse;
pub mod gate;
pub mod grid_file;
pub mod ground;
pub mod history;
pub mod http;
pub mod intake;
pub mod intake_log;
pub mod mqtt;
pub mod others;
pub mod outage;
pub mod outlets;
pub mod pipeline;
pub mod place;
pub mod quake_feeds;
pub mod replay;
pub mod sensorthings;
pub mod series;
pub mod service;
pub mod shipped;
pub mod sirens;
pub mod situation;
pub mod state;
pub mod stations;
pub mod view;

/// The word for a quantity's domain.
pub fn domain_name(quantity: wire::quantity::Quantity) -> &'static str {
    use wire::quantity::Domain;
    match quantity.domain() {
        Domain::Tsunami => "tsunami",
        Domain::Traffic => "traffic",
        Domain::Energy => "energy",
        Domain::Health => "health",
    }
}
