//! Connections between nodes, as the state knows them: who, since when, and how much waits.
//!
//! Each node opens one connection to each other node and sends its pings there; what comes in on a
//! connection that the other one has opened is answered on that one.

use super::key::NodeKey;

/// A connection.
#[derive(Clone, Debug)]
pub struct Link {
    /// Who is at the other end, as far as that is known.
    pub node: Option<NodeKey>,
    /// It was opened by the other one.
    pub inbound: bool,
    /// Since when it is there.
    pub created_ms: u64,
    /// The connection is there; before, it is being made.
    pub is_up: bool,
    /// The address of the other end; empty if that isn't known.
    pub peer_ip: String,
    /// The address of this end; empty if that isn't known.
    pub local_ip: String,
    /// Bytes that wait to be sent.
    pub unsent: usize,
    /// Bytes of answers since that was looked at last.
    pub answered: usize,
}
