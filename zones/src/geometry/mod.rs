//! Shapes of zones and the index over them.

mod index;
mod shape;

pub use index::ZoneIndex;
pub use shape::Shape;
