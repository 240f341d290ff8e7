//! Virtual nodes: recorded series played through the firmware's own logic, over any byte link.
//!
//! | Module | What it does | Who uses it |
//! |---|---|---|
//! | [`schedule`] | which recorded sample is due when | all |
//! | [`virtual_node`] | a node with its record; no I/O, no clock | all |
//! | [`stepped`] | plays up to an instant and waits until everything is acknowledged | the replay |
//! | [`live`] | plays by a clock, reconnects when the link breaks | exercises, rigs, the program `watchfire-hil` |
//! | [`endpoint`] | TCP and unix sockets | `live` |
//! | [`sensor`] | virtual sensors, byte for byte | the rig |
//! | [`fault`] | faults on every channel | the rig |
//! | [`script`] | sensors, faults and expectations from a file | the rig |
//! | [`rig`] | firmware images in an emulator | whole-system tests, the program |
//!
//! A virtual node behaves as a node in the field: its ring is memory and dies with the process; a broken link loses
//! nothing. Its samples carry the quality flag `simulated` and its births say `virtual`, so that nothing downstream can
//! take them for measurements.
#![forbid(unsafe_code)]

pub mod endpoint;
pub mod fault;
pub mod live;
pub mod rig;
pub mod schedule;
pub mod script;
pub mod sensor;
pub mod stepped;
pub mod virtual_node;

pub use endpoint::Endpoint;
pub use schedule::{Schedule, Track};
pub use stepped::{Step, Stepped};
pub use virtual_node::{RING, Settings, VirtualNode};
