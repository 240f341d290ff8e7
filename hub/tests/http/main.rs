//! The HTTP side over real sockets on loopback.

mod access;
mod client;
mod contract;
mod documents;
mod health;
mod limits;
mod live;
mod officers;
mod sample;
mod series;
