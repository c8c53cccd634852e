//! The server's own outbox, writers and delegation.

#[path = "../../src/engine/activity.rs"]
#[allow(dead_code)] // the server uses all of it
pub mod activity;
#[path = "../../src/engine/delegation.rs"]
pub mod delegation;
#[path = "../../src/engine/outbox.rs"]
#[allow(dead_code)]
pub mod outbox;
#[path = "../../src/engine/writers.rs"]
#[allow(dead_code)]
pub mod writers;
