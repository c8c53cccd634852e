//! What is under way: waiting to serve again, an election, a manual failover. The data; what is done with
//! it stands in the files named after it.

use super::key::NodeKey;

/// What the health depends on, beside the table.
#[derive(Clone, Copy, Debug, Default)]
pub struct HealthTimer {
    /// When the health was looked at first.
    pub first_ms: u64,
    /// When this node was last among a minority.
    pub minority_ms: u64,
    /// Something has changed that it depends on.
    pub is_stale: bool,
}

/// A replica's attempt to be elected.
#[derive(Clone, Debug, Default)]
pub struct Election {
    /// When it asks for votes, or did; 0: it never has.
    pub at_ms: u64,
    /// It has asked.
    pub has_asked: bool,
    /// How many siblings have newer data.
    pub rank: u64,
    /// The epoch for which it asks.
    pub epoch: u64,
    /// Who has voted for it.
    pub voters: Vec<NodeKey>,
    /// Why nothing goes on, as it was logged last.
    pub logged: Option<Obstacle>,
}

/// Why a replica is not elected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Its data is too old.
    DataAge,
    /// It waits for its turn.
    Delay,
    /// The time was over.
    Expired,
    /// Votes are missing.
    Votes,
}

/// A failover that somebody has asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct ManualFailover {
    /// When it is given up; 0: there is none.
    pub end_ms: u64,
    /// On the master: who is to take over.
    pub replica: Option<NodeKey>,
    /// On the replica: how far the master's data has come, now that it holds writes.
    pub master_offset: Option<u64>,
    /// On the replica: it has everything, or needn't.
    pub can_start: bool,
}

impl ManualFailover {
    /// Whether there is one.
    pub fn is_on(&self) -> bool {
        self.end_ms != 0
    }
}
