//! The console as officers meet it: a real browser before real hubs. The scripts are in `tests/browser`.

mod actual;
mod frames;
mod hostile;
mod lost;
mod maule;
mod rooms;
mod safety;
