//! Afstand: watches the distance between a person with an ankle monitor and the people and places a court
//! told them to stay away from, and tells the police and the victim in time.
//!
//! The road of a fix: [`mqtt`] (ingest) → [`wire`] (decode) → [`pipeline`] (decide, with the `zones` engine)
//! → [`store`] (one commit) → [`delivery`]. See `ARCHITECTURE.md`.

pub mod api;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod demo;
pub mod explain;
pub mod followup;
mod lines;
pub mod metrics;
pub mod mqtt;
pub mod pipeline;
pub mod replay;
pub mod service;
pub mod sign_in;
pub mod store;
pub mod tiles;
pub mod track;
pub mod wire;
