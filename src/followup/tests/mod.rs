//! Stories of incidents, and laws that hold for all of them.

mod case;
mod desk;
mod duty;
mod laws;
mod people;
mod steps;
