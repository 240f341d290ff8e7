//! The rig: firmware images in an emulator, with sensors, links, clocks and power that a test commands.
//!
//! | Module | What it does |
//! |---|---|
//! | [`qemu`] | finds, checks, starts and ends the emulator |
//! | [`gdb`], [`qtest`] | its debugging stub and its test port |
//! | [`elf`], [`flash`] | images, and the flash that they are in |
//! | [`machine`] | one node, stopped whenever it is idle |

pub mod elf;
pub mod error;
pub mod flash;
pub mod gdb;
pub mod machine;
pub mod qemu;
pub mod qtest;

pub use elf::Image;
pub use error::{Error, INSTALL};
pub use flash::Flash;
pub use machine::{Cause, Machine, Port, Stop};
pub use qemu::{Emulator, Pace};
