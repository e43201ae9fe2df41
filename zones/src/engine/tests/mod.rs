//! Stories about the engine: who does what, what must and must not be said.

mod case;
mod devices;
mod laws;
mod orders;
mod pairs;
mod places;
