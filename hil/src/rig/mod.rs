//! The rig: firmware images in an emulator, with sensors, links, clocks and power that a test commands.
//!
//! | Module | What it does |
//! |---|---|
//! | [`qemu`] | finds, checks, starts and ends the emulator |
//! | [`gdb`], [`qtest`] | its debugging stub and its test port |
//! | [`elf`], [`flash`] | images, and the flash that they are in |
//! | `running` | its time, its alarms, its ports |
//! | [`machine`] | one node, stopped whenever it is idle |
//! | [`provision`] | what is in a new node's flash |
//! | [`supply`], [`clockwork`] | a node's power and its clock, with their faults |
//! | [`link`], [`owed`] | its line to the edge, and what the edge owes it |
//! | [`bench`] | nodes with all that belongs to them, and the one time that they go by |

pub mod bench;
pub mod clockwork;
pub mod elf;
pub mod error;
pub mod flash;
pub mod gdb;
pub mod link;
pub mod machine;
pub mod owed;
pub mod provision;
pub mod qemu;
pub mod qtest;
mod running;
pub mod supply;

pub use bench::{Bench, Wiring};
pub use elf::Image;
pub use error::{Error, INSTALL};
pub use flash::Flash;
pub use machine::{Cause, Machine, Port, Stop};
pub use provision::{Provision, settings_for, settings_of};
pub use qemu::{Emulator, Pace};
pub use running::{GRAIN_NS, LONG_GRAIN_NS};
