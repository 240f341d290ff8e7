//! The console as officers meet it: a real browser before real hubs. The scripts are in `tests/browser`.

mod maule;
mod rooms;
