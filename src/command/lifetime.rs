//! Keys whose time is over, as every command sees them: for whom they are gone, and who removes them.
//!
//! | who looks                       | sees the key | removes it                                     |
//! |---------------------------------|--------------|------------------------------------------------|
//! | a client of a master            | no           | yes, and says so to replicas                   |
//! | a client of a replica, reading  | no           | no: the master will say so                     |
//! | a client of a replica, writing  | no           | yes: what it writes is another key             |
//! | the master's stream, a loader   | yes          | no: what it says was said when the key was there |
//!
//! While the data is loaded and while writes pause, nothing is removed. A replica has a key less than
//! its master for a while, or one more, when clients write to it; that is what they asked for. What
//! they give a time to live is not known to the master, so the replica removes it itself
//! ([`crate::engine::expiry`]).

use super::context::{Context, Lookup};
use crate::engine::execution::Origin;
use crate::store::keyspace::Slot;

impl Context<'_> {
    /// Looks a key up to change it. A key whose time is over is removed first.
    pub fn find(&mut self, key: &[u8]) -> Lookup {
        let found = self.engine.databases[self.db].find(key);
        match found {
            Ok(slot)
                if self.is_expired(slot) && (self.may_expire() || self.is_writable_replica()) =>
            {
                self.expire(key, slot);
                self.engine.databases[self.db].find(key)
            }
            found => found,
        }
    }

    /// Looks a key up that is to go. On a replica it is there to be removed until it is.
    pub(super) fn find_to_remove(&mut self, key: &[u8]) -> Lookup {
        let found = self.engine.databases[self.db].find(key);
        match found {
            Ok(slot) if self.is_expired(slot) && self.may_expire() => {
                self.expire(key, slot);
                self.engine.databases[self.db].find(key)
            }
            found => found,
        }
    }

    /// Looks a key up to show it.
    #[inline]
    pub(super) fn find_to_read(&mut self, key: &[u8]) -> Option<Slot> {
        let slot = self.engine.databases[self.db].find(key).ok()?;
        if !self.is_expired(slot) || matches!(self.origin, Origin::Master | Origin::Loader) {
            return Some(slot);
        }
        if self.may_expire() {
            self.expire(key, slot);
        }
        None
    }

    /// The command looks at keys that nobody has named: those that it finds expired have nothing to do
    /// with each other.
    pub fn effects_are_apart(&mut self) {
        if self.origin == Origin::Client {
            self.engine.journal.effects_are_apart();
        }
    }

    /// Lets a key expire at `at`.
    pub fn set_deadline(&mut self, slot: Slot, at: i64) {
        if self.is_writable_replica() {
            let key = self.keyspace().entry(slot).key.clone();
            let before = self.keyspace().deadline(slot);
            self.engine.expiry.own.note(self.db, key, at, before);
        }
        self.keyspace().set_deadline(slot, at);
    }

    /// Whether a deadline in the past removes the key now. While loading, and on a replica, the
    /// removal comes as a command of its own.
    pub fn deletes_past_deadlines(&self) -> bool {
        !self.engine.loading && self.origin != Origin::Master && !self.engine.is_replica()
    }

    /// Whether the key's time is over.
    fn is_expired(&self, slot: Slot) -> bool {
        let deadline = self.engine.databases[self.db].deadline(slot);
        deadline.is_some_and(|at| at < self.now_ms)
    }

    /// Whether a key whose time is over is removed by whoever finds it.
    pub(super) fn may_expire(&self) -> bool {
        !self.engine.is_replica() && self.changes_freely()
    }

    /// Whether this is a client of a replica that clients write to.
    fn is_writable_replica(&self) -> bool {
        let engine = &self.engine;
        engine.is_replica() && !engine.config.replica_read_only && self.changes_freely()
    }

    fn changes_freely(&self) -> bool {
        let stands_still = self.engine.loading || self.engine.pause.holds_writes();
        self.origin != Origin::Master && !stands_still
    }

    fn expire(&mut self, key: &[u8], slot: Slot) {
        let entry = self.engine.databases[self.db].remove(slot);
        self.engine.free_lazily(entry.value);
        self.engine.key_expired(self.db, key);
    }
}
