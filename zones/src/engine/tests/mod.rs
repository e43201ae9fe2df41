//! Stories about the engine: who does what, what must and must not be said.

mod aware;
mod care;
mod case;
mod contact;
mod crowd;
mod devices;
mod late;
mod laws;
mod orders;
mod pairs;
mod places;
mod plausible;
mod successors;
mod tracks;
mod ways;
