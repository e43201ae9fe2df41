//! The decision pipeline: messages and commands in, one commit per batch out.

pub(crate) mod register;
pub(crate) mod translate;
