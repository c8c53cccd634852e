//! A replica takes its master's place: it asks the masters for their votes, and needs a majority.
//!
//! ```text
//!  master has failed ── wait 0.5 to 1 s, and a second for each sibling with newer data
//!      ── next epoch, saved ── "vote for me" to all ── votes of a majority of masters with slots
//!      ── the slots are ours since that epoch: tell all
//! ```
//!
//! A master votes once in an epoch, and promises so to its disk first; so at most one replica wins an epoch.
//! Whose data is too old doesn't ask.

use super::key::NodeKey;
use super::node::Flags;
use super::output::{Order, Save};
use super::packet::{Body, Header, Kind};
use super::state::Cluster;
use super::underway::{Election, Obstacle};

/// Before it asks, a replica waits until all have heard that its master has failed,
const DELAY_MS: u64 = 500;
/// a random time, so that two rarely ask at the same time,
const RANDOM_DELAY_MS: u64 = 500;
/// and so long for each sibling with newer data.
const DELAY_BY_RANK_MS: u64 = 1000;
/// Votes count for two node timeouts, and for so long at least.
const SHORTEST_ELECTION_MS: u64 = 2000;
/// A master that has voted for a replica of some master votes for no other one for so many node timeouts.
const VOTES_APART: u64 = 2;

impl Cluster {
    /// A replica looks how far its election is.
    pub(super) fn run_election(&mut self) {
        self.failover_soon = false;
        let Some(master) = self.my_master().filter(|_| self.is_replica()) else { return };
        let by_hand = self.manual.is_on() && self.manual.can_start;
        let is_wanted = by_hand || self.table[master].has_failed() && !self.settings.no_failover;
        if !is_wanted || self.table[master].slots.is_empty() {
            self.election.logged = None;
            return;
        }
        if !by_hand && self.is_outdated() {
            return self.explain(Obstacle::DataAge);
        }
        let now = self.now();
        let timeout = (self.settings.node_timeout_ms * 2).max(SHORTEST_ELECTION_MS);
        let retry = timeout * 2;
        if now > self.election.at_ms + retry {
            return self.schedule_election();
        }
        // Siblings may have told since then that they have more.
        if !self.election.has_asked && !self.manual.is_on() {
            let rank = self.rank();
            if let Some(more) = rank.checked_sub(self.election.rank).filter(|more| *more > 0) {
                self.election.at_ms += more * DELAY_BY_RANK_MS;
                self.election.rank = rank;
                crate::notice!("Replica rank updated to #{rank}, added delay.");
            }
        }
        if now < self.election.at_ms {
            return self.explain(Obstacle::Delay);
        }
        if now > self.election.at_ms + timeout {
            return self.explain(Obstacle::Expired);
        }
        if !self.election.has_asked {
            (self.election.epoch, self.election.has_asked) = (self.next_epoch(), true);
            crate::notice!("Starting a failover election for epoch {}.", self.current_epoch);
            self.save(Save::Synced);
            self.recheck();
            return self.request_votes();
        }
        if self.election.voters.len() >= self.quorum() {
            crate::notice!("Failover election won: I'm the new master.");
            let epoch = self.election.epoch;
            if self.myself().config_epoch < epoch {
                self.table[self.myself].config_epoch = epoch;
            }
            self.take_masters_place();
        } else {
            self.explain(Obstacle::Votes);
        }
    }

    /// Whether the data is too old for an election.
    fn is_outdated(&self) -> bool {
        let settings = &self.settings;
        let age =
            self.local.data_age_ms.unwrap_or(u64::MAX).saturating_sub(settings.node_timeout_ms);
        let oldest =
            settings.ping_replica_period_ms + settings.node_timeout_ms * settings.validity_factor;
        settings.validity_factor > 0 && age > oldest
    }

    fn schedule_election(&mut self) {
        let by_hand = self.manual.is_on();
        let (delay, rank) = match by_hand {
            true => (0, 0),
            false => (DELAY_MS + self.random.next_u64() % RANDOM_DELAY_MS, self.rank()),
        };
        let at_ms = self.now() + delay + rank * DELAY_BY_RANK_MS;
        self.election = Election { at_ms, rank, ..Election::default() };
        self.failover_soon = by_hand;
        crate::notice!(
            "Start of election delayed for {} milliseconds (rank #{rank}, offset {}).",
            at_ms - self.now(),
            self.local.offset
        );
        self.tell_siblings();
    }

    /// How many siblings have newer data.
    fn rank(&self) -> u64 {
        let Some(master) = self.my_master() else { return 0 };
        let siblings = self.table.replicas(master).filter(|(key, _)| *key != self.myself);
        let newer = siblings.filter(|(_, sibling)| {
            !sibling.flags.has(Flags::NOFAILOVER) && sibling.offset > self.local.offset
        });
        newer.count() as u64
    }

    /// Logs why nothing goes on, once.
    fn explain(&mut self, obstacle: Obstacle) {
        if self.election.logged.replace(obstacle) != Some(obstacle) {
            let reason = match obstacle {
                Obstacle::DataAge => "Disconnected from master for longer than allowed.",
                Obstacle::Delay => "Waiting the delay before I can start a new failover.",
                Obstacle::Expired => "Failover attempt expired.",
                Obstacle::Votes => "Waiting for votes, but majority still not reached.",
            };
            crate::notice!("Currently unable to failover: {reason}");
        }
    }

    /// This replica is the master now, and has its slots.
    pub(super) fn take_masters_place(&mut self) {
        let Some(old) = self.my_master().filter(|_| self.is_replica()) else { return };
        self.becomes_master(self.myself);
        self.order(Order::Promote);
        self.election = Election::default(); // its votes are used up
        for slot in self.table[old].slots.clone().iter() {
            self.table.assign(slot, self.myself);
        }
        self.slots_moved();
        self.save(Save::Synced);
        self.update_health();
        self.broadcast_pong();
        self.reset_manual();
    }

    /// A replica asks for a vote.
    pub(super) fn consider_vote(&mut self, sender: NodeKey, header: &Header) {
        if !self.myself().is_voter()
            || header.current_epoch < self.current_epoch
            || self.last_vote_epoch == self.current_epoch
        {
            return;
        }
        let Some(master) = self.table[sender].master.filter(|_| self.table[sender].is_replica())
        else {
            return;
        };
        let now = self.now();
        let failed = &self.table[master];
        if !failed.has_failed() && !header.force_vote {
            return;
        }
        let apart = self.settings.node_timeout_ms * VOTES_APART;
        if failed.voted_ms != 0 && now.saturating_sub(failed.voted_ms) < apart {
            return;
        }
        let is_stale = header.slots.iter().any(|slot| {
            let owner = self.table.owner(slot);
            owner.is_some_and(|owner| self.table[owner].config_epoch > header.config_epoch)
        });
        let Some(link) = self.table[sender].link.filter(|_| !is_stale) else { return };
        self.last_vote_epoch = self.current_epoch;
        self.table[master].voted_ms = now;
        crate::notice!(
            "Failover auth granted to {} for epoch {}",
            header.sender,
            self.current_epoch
        );
        self.save(Save::Synced);
        self.send_body(link, Kind::AuthAck, Body::Nothing);
    }

    /// A master has voted for this replica.
    pub(super) fn count_vote(&mut self, sender: NodeKey, header: &Header) {
        let asked = self.election.has_asked && self.is_replica();
        if asked
            && self.table[sender].is_voter()
            && header.current_epoch >= self.election.epoch
            && !self.election.voters.contains(&sender)
        {
            self.election.voters.push(sender);
            self.failover_soon = true;
        }
    }
}
