//! The sensor node's logic, free of hardware.
