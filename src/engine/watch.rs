//! WATCH: optimistic locking. EXEC does nothing if a key that was watched has changed meanwhile.
//!
//! A watching client is told of a change by a flag, [`Watches::broken`], which
//! [`Engine::key_modified`] sets through the index of watched keys. What a change is follows from
//! where that is called: the same value written again is one, a command that did nothing is none.
//!
//! Expiry takes some care, for it happens without a command. A key whose time is over counts as
//! missing, whether or not it was removed yet:
//!
//! | at WATCH | at EXEC                   | changed |
//! |----------|---------------------------|---------|
//! | alive    | its time is over, or gone | yes     |
//! | expired  | still there, or removed   | no      |
//! | expired  | written                   | yes     |

use super::ClientKey;
use super::Engine;
use super::meter::of_indexed;
use crate::store::Bytes;
use crate::store::keyspace::Keyspace;

/// What a client watches.
#[derive(Debug, Default)]
pub struct Watches {
    /// A watched key has changed: the next EXEC is refused.
    pub broken: bool,
    keys: Vec<Watch>,
    /// Bytes that the keys take, here and in the index.
    bytes: usize,
}

impl Watches {
    /// How many keys are watched.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Bytes that the keys take.
    pub fn memory(&self) -> usize {
        self.bytes
    }
}

#[derive(Debug)]
struct Watch {
    db: usize,
    key: Bytes,
    /// When WATCH came its time was over, though it had not been removed yet.
    was_expired: bool,
}

/// Lets a client watch a key.
pub fn watch(engine: &mut Engine, client: ClientKey, db: usize, key: &[u8], now_ms: i64) {
    let was_expired = is_expired(&engine.databases[db], key, now_ms);
    let watches = &mut engine.clients.get_mut(client).watches;
    if watches.keys.iter().any(|watch| watch.db == db && *watch.key == *key) {
        return;
    }
    let key = Bytes::new(key);
    watches.bytes += of_indexed(&key);
    watches.keys.push(Watch { db, key: key.clone(), was_expired });
    engine.watched.add(db, &key, client);
}

/// Ends all watches of a client. True: one of them was broken.
pub fn unwatch(engine: &mut Engine, client: ClientKey) -> bool {
    let watches = std::mem::take(&mut engine.clients.get_mut(client).watches);
    for watch in &watches.keys {
        engine.watched.remove(watch.db, &watch.key, client);
    }
    watches.broken
}

/// Whether the time of a watched key is over, and nobody has noticed yet.
pub fn any_expired(engine: &Engine, client: ClientKey, now_ms: i64) -> bool {
    let watches = &engine.clients.get(client).watches;
    let expired = |watch: &Watch| is_expired(&engine.databases[watch.db], &watch.key, now_ms);
    watches.keys.iter().any(|watch| !watch.was_expired && expired(watch))
}

/// A key has changed: breaks the watches on it.
pub fn key_changed(engine: &mut Engine, db: usize, key: &[u8]) {
    for client in engine.watched.clients(db, key) {
        let is_gone = engine.databases[db].find(key).is_err();
        let watches = &mut engine.clients.get_mut(client).watches;
        let watch = watches.keys.iter_mut().find(|watch| watch.db == db && *watch.key == *key);
        match watch {
            // Removed is what it was already, as far as anybody could see.
            Some(watch) if watch.was_expired && is_gone => watch.was_expired = false,
            _ => watches.broken = true,
        }
    }
}

/// A database is about to be emptied, or to get the contents of another one.
pub fn database_replaced(engine: &mut Engine, db: usize, by: Option<usize>, now_ms: i64) {
    for key in engine.watched.keys(db) {
        let alive = |keyspace: &Keyspace| {
            keyspace.find(&key).is_ok() && !is_expired(keyspace, &key, now_ms)
        };
        let alive_after = by.is_some_and(|by| alive(&engine.databases[by]));
        let exists_after = by.is_some_and(|by| engine.databases[by].find(&key).is_ok());
        let exists_before = engine.databases[db].find(&key).is_ok();
        for client in engine.watched.clients(db, &key) {
            let watches = &mut engine.clients.get_mut(client).watches;
            let watch = watches.keys.iter_mut().find(|watch| watch.db == db && watch.key == key);
            let Some(watch) = watch else { continue };
            let alive_before = exists_before && !watch.was_expired;
            watch.was_expired = exists_after && !alive_after;
            watches.broken |= alive_before || alive_after;
        }
    }
}

fn is_expired(keyspace: &Keyspace, key: &[u8], now_ms: i64) -> bool {
    let deadline = keyspace.find(key).ok().and_then(|slot| keyspace.deadline(slot));
    deadline.is_some_and(|at| at < now_ms)
}
