//! The server's own outbox and writers.

/// When bytes went over a connection: takes no part in the order.
pub mod activity {
    #[derive(Debug, Default)]
    pub struct Activity;

    impl Activity {
        pub fn note(&self) {}
    }
}

#[path = "../../src/engine/outbox.rs"]
#[allow(dead_code)] // the server uses all of it
pub mod outbox;
#[path = "../../src/engine/writers.rs"]
#[allow(dead_code)]
pub mod writers;
