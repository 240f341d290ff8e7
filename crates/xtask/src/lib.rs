//! The project's own commands: test, fuzz, setup.
