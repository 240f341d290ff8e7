//! The hub and everything an operator does.
fn main() {}
