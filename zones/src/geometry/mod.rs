//! Shapes of zones and the index over them.

mod area;
mod bounds;
mod index;
mod outline;
mod ring;
mod shape;
mod sound;
mod tree;
mod way;

pub use index::ZoneIndex;
pub use shape::Shape;
pub use way::Way;
