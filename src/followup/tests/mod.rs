//! Stories of incidents, and laws that hold for all of them.

mod case;
mod desk;
mod desks;
mod duty;
mod laws;
mod mass;
mod people;
mod steps;
mod whole;
mod words;
