//! The HTTP side over real sockets on loopback.

mod client;
mod documents;
mod health;
mod limits;
mod live;
mod sample;
