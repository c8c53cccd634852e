//! `Context`: what a handler works with - the engine, who asks, and a clock that stands still.
//!
//! Handlers never touch a keyspace directly. They go through the methods here, which keep the
//! promises that every command shares: an expired key is not there, a read counts as a use, a
//! change is made known exactly once ([`Context::modified`]), and a large value is not freed while
//! everybody waits.

use std::collections::BTreeSet;

use super::error::{Error, Result, until_nul};
use crate::catalogue::{Command, row};
use crate::config::{CompatVersion, EventClasses};
use crate::engine::ClientKey;
use crate::engine::Engine;
use crate::engine::blocking::{self, Awaited, Wait};
use crate::engine::client::Client;
use crate::engine::execution::Origin;
use crate::journal::Effect;
use crate::resp::{Args, Request};
use crate::store::keyspace::{Entry, Keyspace, Slot, Vacant};
use crate::store::value::Kind;
use crate::store::{Bytes, Value};
use crate::system::clock::Tick;
use crate::system::stream::Address;

/// What becomes of the request's own text when it has changed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Propagation {
    /// It is the effect.
    AsSent,
    /// The handler has given effects of its own, possibly none.
    Replaced,
}

/// The state of one command's execution.
pub struct Context<'e> {
    /// Everything behind the lock.
    pub engine: &'e mut Engine,
    /// Who asks.
    pub client: ClientKey,
    /// The database that the client has selected.
    pub db: usize,
    /// Unix time in milliseconds. It stands still for a command, a transaction, a script.
    pub now_ms: i64,
    /// When it began.
    pub begun: Tick,
    /// Where the request comes from.
    pub origin: Origin,
    /// The command being executed.
    pub command: Command,
    pub(super) propagation: Propagation,
}

/// A key that may be there.
pub type Lookup = std::result::Result<Slot, Vacant>;

impl Context<'_> {
    /// The selected database.
    pub fn keyspace(&mut self) -> &mut Keyspace {
        &mut self.engine.databases[self.db]
    }

    /// The Redis to be like where versions differ.
    pub fn compat(&self) -> CompatVersion {
        self.engine.config.compat_version
    }

    /// The client that asks.
    pub fn client(&mut self) -> &mut Client {
        self.engine.clients.get_mut(self.client)
    }

    /// A random number.
    pub fn random(&mut self) -> u64 {
        self.engine.random.next_u64()
    }

    /// Looks a key up without counting it as a use.
    pub fn peek(&mut self, key: &[u8]) -> Option<&Value> {
        let slot = self.find_to_read(key)?;
        Some(&self.engine.databases[self.db].entry(slot).value)
    }

    /// Whether the key exists, without counting as a use.
    pub fn exists(&mut self, key: &[u8]) -> bool {
        self.peek(key).is_some()
    }

    /// Looks a key up to read its value: counts as a use, and as a hit or a miss.
    #[inline]
    pub fn read(&mut self, key: &[u8]) -> Option<&Value> {
        let slot = self.look_up(key)?;
        self.touch(slot);
        Some(&self.engine.databases[self.db].entry(slot).value)
    }

    /// Looks a key up to tell something about it: a hit or a miss, but not a use of the key.
    pub fn look(&mut self, key: &[u8]) -> Option<&Value> {
        let slot = self.look_up(key)?;
        Some(&self.engine.databases[self.db].entry(slot).value)
    }

    #[inline]
    fn look_up(&mut self, key: &[u8]) -> Option<Slot> {
        let found = self.find_to_read(key);
        if found.is_some() {
            self.engine.stats.keyspace_hits += 1;
        } else {
            self.engine.stats.keyspace_misses += 1;
            self.engine.notify(EventClasses::KEY_MISS, "keymiss", key, self.db);
        }
        found
    }

    /// Looks a key up to read it as the data type `K`.
    #[inline]
    pub fn read_as<K: Kind>(&mut self, key: &[u8]) -> Result<Option<&K>> {
        Ok(self.read(key).map(K::of).transpose()?)
    }

    /// Looks a key up to change its value.
    pub fn write(&mut self, key: &[u8]) -> Option<&mut Value> {
        let slot = self.find(key).ok()?;
        self.touch(slot);
        Some(&mut self.engine.databases[self.db].entry_mut(slot).value)
    }

    /// Looks a key up to change it as the data type `K`.
    pub fn write_as<K: Kind>(&mut self, key: &[u8]) -> Result<Option<&mut K>> {
        let Some(slot) = self.find_as::<K>(key)? else { return Ok(None) };
        Ok(Some(K::of_mut(&mut self.engine.databases[self.db].entry_mut(slot).value)?))
    }

    /// Looks a key up to change it as the data type `K`: where it is.
    pub fn find_as<K: Kind>(&mut self, key: &[u8]) -> Result<Option<Slot>> {
        let Ok(slot) = self.find(key) else { return Ok(None) };
        self.touch(slot);
        K::of(&self.engine.databases[self.db].entry(slot).value)?;
        Ok(Some(slot))
    }

    /// Looks a key up to change it, too, but a missing key is created with an empty value. The caller puts something in.
    pub fn write_or_create<K: Kind + Default>(&mut self, key: &[u8]) -> Result<&mut K> {
        let slot = self.find_or_create::<K>(key)?;
        Ok(K::of_mut(&mut self.engine.databases[self.db].entry_mut(slot).value)?)
    }

    /// The same: where it is.
    pub fn find_or_create<K: Kind + Default>(&mut self, key: &[u8]) -> Result<Slot> {
        match self.find(key) {
            Ok(slot) => {
                self.touch(slot);
                K::of(&self.engine.databases[self.db].entry(slot).value)?;
                Ok(slot)
            }
            Err(vacant) => Ok(self.add(vacant, key, K::default().into_value())),
        }
    }

    /// Adds a key that [`Context::find`] has not found.
    pub fn add(&mut self, vacant: Vacant, key: &[u8], value: Value) -> Slot {
        let access = self.engine.initial_access(self.now_ms);
        let slot = self.engine.databases[self.db].insert(vacant, key, value, access);
        self.engine.notify(EventClasses::NEW, "new", key, self.db);
        slot
    }

    /// Sets a key to a value, whatever it was before. A time to live ends.
    pub fn set(&mut self, key: &[u8], value: Value) -> Slot {
        let slot = self.set_keeping_ttl(key, value);
        self.keyspace().clear_deadline(slot);
        slot
    }

    /// Sets a key to a value; a time to live stays.
    pub fn set_keeping_ttl(&mut self, key: &[u8], value: Value) -> Slot {
        let (slot, was) = self.replace(key, value);
        self.overwritten(key, was);
        slot
    }

    /// The same, for who tells later that a value was overwritten: the type of what was there.
    pub fn replace(&mut self, key: &[u8], value: Value) -> (Slot, Option<&'static str>) {
        match self.find(key) {
            Ok(slot) => {
                let entry = self.engine.databases[self.db].entry_mut(slot);
                let old = std::mem::replace(&mut entry.value, value);
                let was = old.type_name();
                self.engine.free_lazily(old);
                self.touch(slot);
                (slot, Some(was))
            }
            Err(vacant) => (self.add(vacant, key, value), None),
        }
    }

    /// The type of what a key holds, if it is there.
    pub fn type_of(&mut self, key: &[u8]) -> Option<&'static str> {
        let slot = self.find(key).ok()?;
        Some(self.keyspace().entry(slot).value.type_name())
    }

    /// Publishes that a key that `was` of this type before has been given another value.
    pub fn overwritten(&mut self, key: &[u8], was: Option<&'static str>) {
        let wanted = self.engine.config.notify_keyspace_events;
        if was.is_some() && wanted.meets(EventClasses::REPLACEMENT) {
            self.notify(EventClasses::OVERWRITTEN, "overwritten", key);
            if self.type_of(key) != was {
                self.notify(EventClasses::TYPE_CHANGED, "type_changed", key);
            }
        }
    }

    /// Removes a key; says nothing to anybody. False: it wasn't there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        match self.find_to_remove(key) {
            Ok(slot) => {
                let entry = self.keyspace().remove(slot);
                self.engine.free_lazily(entry.value);
                true
            }
            Err(_) => false,
        }
    }

    /// Removes a key and keeps what it held, with its deadline.
    pub fn take(&mut self, key: &[u8]) -> Option<(Entry, Option<i64>)> {
        let slot = self.find(key).ok()?;
        let deadline = self.keyspace().deadline(slot);
        Some((self.keyspace().remove(slot), deadline))
    }

    /// After elements were removed from a collection: removes the key if none are left.
    pub fn remove_if_gone<K: Kind>(&mut self, key: &[u8]) {
        let db = self.db;
        let Ok(slot) = self.engine.databases[db].find(key) else { return };
        if K::of(&self.engine.databases[db].entry(slot).value).is_ok_and(K::is_gone) {
            self.engine.databases[db].remove(slot);
            self.engine.notify(EventClasses::GENERIC, "del", key, db);
        }
    }

    /// Does something in another database than the selected one.
    pub fn in_database<T>(&mut self, db: usize, work: impl FnOnce(&mut Self) -> T) -> T {
        let selected = std::mem::replace(&mut self.db, db);
        let result = work(self);
        self.db = selected;
        result
    }

    /// Puts an entry that was taken out of the keyspace under a new key, with its deadline. It
    /// was used when it was before.
    pub fn put(&mut self, vacant: Vacant, key: &[u8], entry: Entry, deadline: Option<i64>) {
        let slot = self.add(vacant, key, entry.value);
        self.keyspace().set_access(slot, entry.access);
        if let Some(at) = deadline {
            self.set_deadline(slot, at);
        }
    }

    /// THE call after every change: counts it, wakes whoever watches or waits for the key, and
    /// publishes the event.
    #[inline]
    pub fn modified(&mut self, class: EventClasses, event: &str, key: &[u8]) {
        self.engine.dirty += 1;
        self.engine.key_modified(self.db, key);
        self.engine.notify(class, event, key, self.db);
    }

    /// A change that is told only to those who watch the key: the command tells the rest itself.
    pub fn modified_quietly(&mut self, key: &[u8]) {
        self.engine.dirty += 1;
        self.engine.key_modified(self.db, key);
    }

    /// Publishes an event that is not a change of its own (an expiry set along with a value).
    pub fn notify(&mut self, class: EventClasses, event: &str, key: &[u8]) {
        self.engine.notify(class, event, key, self.db);
    }

    /// Gives an effect that replaces the request's own text in journal and replication stream.
    pub fn propagate(&mut self, args: &[&[u8]]) {
        self.propagation = Propagation::Replaced;
        if self.engine.journal.is_needed() {
            let request = Request::new(args.iter().copied());
            self.engine.journal.add(Effect { db: self.db, request });
        }
    }

    /// The request itself is the effect, even if it has changed nothing here.
    pub fn propagate_as_sent(&mut self, args: Args<'_>) {
        match self.under_own_name(args) {
            Some(request) => self.propagate_request(request.args()),
            None => self.propagate_request(args),
        }
    }

    /// The request as those must see it who don't know how commands were renamed here; None: as it is.
    pub fn under_own_name(&self, args: Args<'_>) -> Option<Request> {
        if !self.engine.config.command_names.are_changed() {
            return None;
        }
        let row = row(self.command);
        let name = row.container().unwrap_or(row.name);
        Some(Request::new(std::iter::once(name.as_bytes()).chain(args.iter().skip(1))))
    }

    /// The request's own text is its effect, with the command's own name.
    #[inline]
    pub fn journal_as_sent(&mut self, args: Args<'_>) {
        if self.engine.journal.is_needed() {
            let request = self.under_own_name(args);
            self.engine.journal.add_args(self.db, request.as_ref().map_or(args, Request::args));
        }
    }

    /// The same, from a request that is put together already.
    pub fn propagate_request(&mut self, args: Args<'_>) {
        self.propagation = Propagation::Replaced;
        if self.engine.journal.is_needed() {
            self.engine.journal.add(Effect { db: self.db, request: args.into() });
        }
    }

    /// The request has no effect on data, though it may have counted as a change.
    pub fn propagate_nothing(&mut self) {
        self.propagation = Propagation::Replaced;
    }

    /// Lets the client wait until one of `keys` has such a value; then `args` is tried again. False: it
    /// may not wait here (a transaction, a script), so the handler replies that there is nothing.
    pub fn block_on(
        &mut self,
        awaited: Awaited,
        args: Args<'_>,
        keys: Args<'_>,
        deadline: Option<Tick>,
    ) -> bool {
        match self.origin {
            Origin::Client => {
                let keys: BTreeSet<&[u8]> = keys.iter().collect();
                let keys = keys.into_iter().map(Bytes::new).collect();
                let wait = Wait { awaited, request: args.into(), db: self.db, keys, deadline };
                blocking::block(self.engine, self.client, wait);
                true
            }
            // It waits already, and keeps its place.
            Origin::Unblocked | Origin::Resumed => true,
            Origin::Exec | Origin::Script | Origin::Loader | Origin::Master => {
                if let Some(journey) = &mut self.engine.journey {
                    journey.would_wait_for = Some(keys.len());
                }
                false
            }
        }
    }

    /// Whether a command that may wait takes from this key: tried again, only from the key that
    /// is ready now.
    pub fn may_take_from(&self, key: &[u8]) -> bool {
        self.compat().executes_waiting_anew()
            || self.engine.blocking.serving.as_deref().is_none_or(|ready| ready == key)
    }

    /// Whether this server is a node of a cluster, which has one database and says itself whom it copies.
    pub fn is_in_cluster(&self) -> bool {
        self.engine.cluster.is_some()
    }

    /// Parses the index of a database.
    pub fn database_index(&self, text: &[u8]) -> Result<usize> {
        let index = crate::number::parse_i64(text).ok_or(super::error::NOT_INTEGER)?;
        let index = i32::try_from(index).map_err(|_| super::error::NOT_INT)?;
        let count = self.engine.databases.len();
        usize::try_from(index).ok().filter(|i| *i < count).ok_or(super::error::DB_OUT_OF_RANGE)
    }

    /// Whether the client's connection comes from this machine.
    pub fn client_is_local(&mut self) -> bool {
        self.client().peer.as_ref().is_none_or(Address::is_local)
    }

    /// Refuses a string of `len` bytes if it is longer than strings may be.
    pub fn check_string_length(&self, len: usize) -> Result {
        let limit = self.engine.config.proto_max_bulk_len as usize;
        if len > limit { Err(super::error::TOO_LONG) } else { Ok(()) }
    }

    fn touch(&mut self, slot: Slot) {
        let asker = self.engine.executing.unwrap_or(self.client);
        if self.engine.clients.get(asker).no_touch && self.command != Command::Touch {
            return;
        }
        let old = self.engine.databases[self.db].entry(slot).access;
        let access = self.engine.next_access(old, self.now_ms);
        self.engine.databases[self.db].set_access(slot, access);
    }
}

/// The error of a subcommand that doesn't exist.
pub fn unknown_subcommand(args: Args<'_>) -> Error {
    subcommand_error(args, b"ERR unknown subcommand '")
}

/// The error of a subcommand whose arguments make no sense.
pub fn wrong_subcommand(args: Args<'_>) -> Error {
    subcommand_error(args, b"ERR unknown subcommand or wrong number of arguments for '")
}

fn subcommand_error(args: Args<'_>, intro: &[u8]) -> Error {
    let name = args.get(1).unwrap_or_default();
    let shown = until_nul(&name[..name.len().min(128)]);
    let container = args[0].to_ascii_uppercase();
    Error::text([intro, shown, b"'. Try ", &container, b" HELP."].concat())
}
