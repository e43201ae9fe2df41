//! Settings of `serve`: TOML, with every key overridable from the environment.
