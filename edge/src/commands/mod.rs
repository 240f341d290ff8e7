//! What the program does besides running the agent: enrol a node, change its settings, tell how things are.

pub mod edit;
pub mod enroll;
pub mod settings;
pub mod status;
