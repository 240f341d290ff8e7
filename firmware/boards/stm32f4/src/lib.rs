#![no_std]
pub mod idle;
pub mod time;
pub mod uart;
