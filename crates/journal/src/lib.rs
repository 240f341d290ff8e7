//! Durable append-only log with acknowledged cursors.
