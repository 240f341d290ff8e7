//! Whole-system tests: the real programs as processes of their own, real brokers, recorded events.
//!
//! Each file in `tests/` is one promise of the system. What they share is here: processes that end with the test ([`program`]),
//! hubs and edges on a site of their own ([`site`], [`running`]), brokers ([`broker`]), an MQTT client as third parties use one
//! ([`mqtt`]), batches made by hand ([`batches`]), disks that are full or torn ([`disk`]), and officers at the desk ([`officer`]) and in
//! a browser ([`browser`]), a record played to a hub alone ([`played`]), an address that
//! outlives its hub ([`relay`]), what is read back ([`exported`],
//! [`chain`], [`replayed`], [`http`]).
//!
//! Invariants: nothing outlives a test; nothing listens anywhere but on loopback; no test asserts how long something took. Where a
//! program or a permission is missing, a test says what it skips and why.
#![forbid(unsafe_code)]

pub mod batches;
pub mod broker;
pub mod browser;
pub mod chain;
pub mod disk;
pub mod exported;
pub mod http;
pub mod hurt;
pub mod mqtt;
pub mod officer;
pub mod played;
pub mod program;
pub mod proxy;
pub mod random;
pub mod recorded;
pub mod relay;
pub mod replayed;
pub mod rigged;
pub mod running;
pub mod site;
pub mod wait;
