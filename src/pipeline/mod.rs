//! The decision pipeline: messages and commands in, one commit per batch out.
