//! Fields whose time is over, as commands see them, and the one way in which commands change a hash.
//!
//! | command                                         | a field whose time is over, that nobody has removed yet |
//! |-------------------------------------------------|----------------------------------------------------------|
//! | HGET, HMGET, HEXISTS, HSTRLEN, HGETDEL, HGETEX, HSETNX, HINCRBY, HINCRBYFLOAT; HSETEX with FNX or FXX | is removed if it is named, and then isn't there |
//! | HRANDFIELD                                      | is removed, named or not, and then isn't there            |
//! | HGETALL, HKEYS, HVALS, HSCAN, SORT, HTTL and its relatives, HPERSIST | isn't shown, but stays         |
//! | HLEN, HDEL, HSET, HEXPIRE and its relatives, COPY, RENAME, DUMP | is there                            |
//!
//! That the last ones see it is Redis', too: HLEN would have to count, and HEXPIRE gives such a field a new life.
//! Who may remove it is decided as for keys (`src/command/lifetime.rs`): not a replica, nothing while
//! writes pause. What comes from a master, or from a file, sees every field: it was executed when they were
//! there, and HDEL will come.

use crate::command::context::Context;
use crate::command::error::{Result, WRONG_TYPE};
use crate::config::EventClasses;
use crate::engine::execution::Origin;
use crate::engine::field_expiry;
use crate::store::Hash;

/// More than a hash can have.
const ALL: usize = usize::MAX;

impl Context<'_> {
    /// Fields that expire before this are over, for whoever asks.
    pub fn field_clock(&self) -> i64 {
        match self.origin {
            Origin::Master | Origin::Loader => i64::MIN,
            _ => self.now_ms,
        }
    }

    /// Removes those of these fields whose time is over.
    #[inline]
    pub(super) fn forget_expired<'f>(
        &mut self,
        key: &[u8],
        fields: impl IntoIterator<Item = &'f [u8]>,
    ) {
        if self.has_fields_to_expire() {
            let (db, now) = (self.db, self.now_ms);
            field_expiry::remove_those_due(self.engine, db, key, now, fields.into_iter());
        }
    }

    /// Removes all fields of a hash whose time is over.
    #[inline]
    pub(super) fn forget_all_expired(&mut self, key: &[u8]) {
        if self.has_fields_to_expire() {
            field_expiry::remove_due(self.engine, self.db, key, self.now_ms, ALL);
        }
    }

    /// Nearly always there are none in the whole database, and that is told by a glance.
    #[inline]
    fn has_fields_to_expire(&mut self) -> bool {
        let now = self.now_ms;
        self.keyspace().has_fields_due(now) && self.may_expire()
    }

    /// Changes a hash; None: there is no such key.
    pub(super) fn change_hash<T>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut Hash) -> T,
    ) -> Result<Option<T>> {
        let Some(slot) = self.find_as::<Hash>(key)? else { return Ok(None) };
        Ok(self.keyspace().change_hash(slot, change))
    }

    /// Changes a hash, which is created if there is none. The caller puts something in, or removes it
    /// again.
    pub(super) fn change_or_create_hash<T>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut Hash) -> T,
    ) -> Result<T> {
        let slot = self.find_or_create::<Hash>(key)?;
        self.keyspace().change_hash(slot, change).ok_or(WRONG_TYPE)
    }

    /// After fields were removed on purpose.
    pub(super) fn fields_deleted(&mut self, key: &[u8]) {
        self.modified(EventClasses::HASH, "hdel", key);
        self.remove_if_gone::<Hash>(key);
    }
}
