//! What several integration tests need. Each test binary uses a part of it.
#![allow(dead_code, unreachable_pub)]

pub mod mosquitto;
