//! What every board with an STM32F4 shares, so that a board itself is pins, clocks and a memory map.
//!
//! | Module | |
//! |---|---|
//! | [`time`] | embassy-time on SysTick, without a regular tick |
//! | [`idle`] | the executor's loop: sleeps by WFI, and where the rig finds it asleep |
//! | [`uart`] | serial ports by interrupt, as `embedded-io-async` |
//! | [`pulses`] | both edges of a contact, with their times |
//! | [`fault`] | panics and faults: said, then started anew |
//! | [`flash`] | the chip's own flash, as `embedded-storage` |
//! | [`hardware`] | all of it as the program's board |
//! | [`system`] | reset cause, watchdog, restart |
//! | [`stack`] | how much of the stack was never used |
//!
//! `unsafe` stands where registers of the core or the flash are touched, each with the reason why it is sound; one core, no threads
//! but interrupts, and everything shared with an interrupt is behind a critical section.
#![no_std]
#![warn(missing_docs)]

pub mod fault;
pub mod flash;
pub mod hardware;
pub mod idle;
pub mod pulses;
pub mod stack;
pub mod system;
pub mod time;
pub mod uart;
