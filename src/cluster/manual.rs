//! A failover that somebody has asked for: master and replica exchange their roles, and nothing is lost.
//!
//! ```text
//!  replica                                       master
//!  CLUSTER FAILOVER ── MFSTART ────────────────> holds writes
//!                 <── pings: "paused at 1234" ── (one at once, one each tick)
//!  offset is 1234: asks for votes
//!  has them: claims the slots ─────────────────> becomes its replica, lets writes go on: -MOVED
//! ```
//!
//! With FORCE the replica doesn't ask its master. With TAKEOVER it asks nobody.

use super::key::{LinkKey, NodeKey};
use super::output::Order;
use super::packet::{Body, Header, Kind};
use super::state::Cluster;
use super::underway::{Election, ManualFailover};

/// It is given up after so long.
const TIMEOUT_MS: u64 = 5000;

/// What CLUSTER FAILOVER asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The master takes part.
    Agreed,
    /// The masters vote, but ours isn't asked.
    Force,
    /// Nobody is asked.
    Takeover,
}

impl Cluster {
    /// CLUSTER FAILOVER.
    pub fn fail_over(&mut self, manner: Manner) -> Result<(), String> {
        if !self.is_replica() {
            return Err("You should send CLUSTER FAILOVER to a replica".into());
        }
        let Some(master) = self.my_master() else {
            return Err("I'm a replica but my master is unknown to me".into());
        };
        let link = self.table[master].link;
        if (self.table[master].has_failed() || link.is_none()) && manner == Manner::Agreed {
            let text = "Master is down or failed, please use CLUSTER FAILOVER FORCE";
            return Err(text.into());
        }
        self.reset_manual();
        self.manual.end_ms = self.now() + TIMEOUT_MS;
        match manner {
            Manner::Takeover => {
                crate::notice!("Taking over the master (user request).");
                _ = self.bump_epoch(); // it may have the highest already
                self.take_masters_place();
            }
            Manner::Force => {
                crate::notice!("Forced failover user request accepted.");
                self.begin_election_by_hand();
            }
            Manner::Agreed => {
                crate::notice!("Manual failover user request accepted.");
                if let Some(link) = link {
                    // It listens to its own replicas only, and may not have heard that this is one.
                    self.send_gossip(link, Kind::Pong);
                    self.send_body(link, Kind::ManualStart, Body::Nothing);
                }
            }
        }
        Ok(())
    }

    fn begin_election_by_hand(&mut self) {
        self.election = Election::default(); // an earlier one may wait for its next try
        self.manual.can_start = true;
        self.failover_soon = true;
    }

    /// On the master: a replica wants to take over.
    pub(super) fn begin_to_step_down(&mut self, sender: NodeKey, link: LinkKey) {
        if !self.myself().is_master() || self.table[sender].master != Some(self.myself) {
            return;
        }
        self.reset_manual();
        self.manual.end_ms = self.now() + TIMEOUT_MS;
        self.manual.replica = Some(sender);
        crate::notice!("Manual failover requested by replica {}.", self.table[sender].id);
        self.order(Order::HoldWrites(true));
        // It waits for the offset at which the data stands still now.
        self.send_gossip(link, Kind::Ping);
    }

    /// On the replica: the master holds writes, and tells how far its data has come.
    pub(super) fn hear_of_pause(&mut self, header: &Header) {
        if header.paused && self.manual.is_on() && self.manual.master_offset.is_none() {
            crate::notice!("Received replication offset for paused master: {}", header.offset);
            self.manual.master_offset = Some(header.offset);
            self.failover_soon = true;
        }
    }

    /// On the replica: looks whether it has everything.
    pub(super) fn run_manual(&mut self) {
        let manual = &self.manual;
        let waits = manual.is_on() && !manual.can_start;
        if waits && manual.master_offset == Some(self.local.offset) {
            crate::notice!("All master replication stream processed, manual failover can start.");
            self.begin_election_by_hand();
        }
    }

    /// Gives it up when its time is over.
    pub(super) fn expire_manual(&mut self) {
        if self.manual.is_on() && self.now() > self.manual.end_ms {
            crate::warning!("Manual failover timed out.");
            self.reset_manual();
        }
    }

    /// Ends it, whatever came of it.
    pub(super) fn reset_manual(&mut self) {
        if std::mem::take(&mut self.manual).replica.is_some() {
            self.order(Order::HoldWrites(false));
        }
        self.manual = ManualFailover::default();
    }
}
