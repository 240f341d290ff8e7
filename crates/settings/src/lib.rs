//! TOML settings that refuse unknown keys and say where they are.
