//! Active expiry: keys whose time is over are removed though nobody asks for them.
//!
//! A lap visits every sub-table of every database once, and goes on where the last one has left off, so
//! that a flood of keys in one place keeps nobody from being reached. Databases come in turn at each
//! sub-table:
//!
//! ```text
//! sub-table 0: db 0, db 1, ... db 15    sub-table 1: db 0, db 1, ...    ...    sub-table 1023
//!              '------- one taking of the lock -------'
//! ```
//!
//! Most sub-tables know that they have nothing due. One that has is looked through as a whole, and what
//! a taking of the lock may cost is bounded by both, what it looks at and what it removes.
//!
//! A replica leaves this to its master. It removes only what the master doesn't know of: keys that
//! clients gave a time to live here ([`OwnDeadlines`]).

use std::collections::BTreeSet;

use super::Engine;
use super::field_expiry;
use crate::store::Bytes;
use crate::store::keyspace::TABLES;

/// Keys that are removed under one taking of the lock, and of one sub-table in one visit: 0.04 ms if
/// they are small and nobody is told, 0.1 ms with an append-only file.
const REMOVED_AT_ONCE: usize = 200;
/// Deadlines that are looked at under one taking of the lock: some ten microseconds. A single
/// sub-table may have more.
const SCANNED_AT_ONCE: usize = 10_000;
/// What a visit costs that finds nothing, in deadlines.
const VISIT: usize = 16;

/// What active expiry remembers.
pub struct Expiry {
    /// Whether expired keys are looked for (DEBUG SET-ACTIVE-EXPIRE).
    pub active: bool,
    /// The place to be visited next: databases in turn, at each sub-table.
    next: usize,
    /// The database whose fields come first the next time.
    pub(super) next_for_fields: usize,
    /// The deadlines that clients of a replica have set.
    pub own: OwnDeadlines,
}

impl Default for Expiry {
    fn default() -> Self {
        Expiry { active: true, next: 0, next_for_fields: 0, own: OwnDeadlines::default() }
    }
}

/// The deadlines of keys that clients have written to a replica. Their master knows nothing of them and
/// will never say that they are over.
#[derive(Debug, Default)]
pub struct OwnDeadlines(BTreeSet<(i64, usize, Bytes)>);

impl OwnDeadlines {
    /// A client has set the deadline of a key, which may have had another one.
    pub fn note(&mut self, db: usize, key: Bytes, at: i64, before: Option<i64>) {
        if let Some(before) = before {
            self.0.remove(&(before, db, key.clone()));
        }
        self.0.insert((at, db, key));
    }

    /// How many there are, some of which may be of keys that are gone.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[cfg(feature = "internals")] // for tests
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets them: the server is a master, or has other data.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// A lap around all sub-tables.
pub struct Lap {
    /// Visits that it still has to make.
    left: usize,
}

impl Lap {
    /// A whole one.
    pub fn new(engine: &Engine) -> Self {
        Lap { left: TABLES * engine.databases.len() }
    }
}

/// Removes some of what is due, keys as part of a lap, and fields of hashes. False: there is no more to be done.
pub fn expire_some(engine: &mut Engine, lap: &mut Lap) -> bool {
    if !engine.expiry.active || engine.pause.holds_writes() {
        return false;
    }
    if engine.is_replica() {
        return expire_own(engine);
    }
    let now_ms = engine.unix_ms();
    let has_keys = engine.databases.iter().any(|db| db.expiring() > 0);
    let has_fields = engine.databases.iter().any(|db| db.has_fields_due(now_ms));
    let more_keys = has_keys && expire_keys(engine, lap, now_ms);
    let more_fields = has_fields && field_expiry::expire_some(engine, now_ms);
    if has_keys || has_fields {
        end(engine);
    }
    more_keys || more_fields
}

fn expire_keys(engine: &mut Engine, lap: &mut Lap, now_ms: i64) -> bool {
    let count = engine.databases.len();
    let mut due: Vec<Bytes> = Vec::new();
    let (mut removed, mut scanned) = (0, 0);
    while lap.left > 0 && removed < REMOVED_AT_ONCE && scanned < SCANNED_AT_ONCE {
        let place = engine.expiry.next % (TABLES * count);
        let (table, db) = (place / count, place % count);
        engine.expiry.next = place + 1;
        lap.left -= 1;
        scanned += VISIT;
        scanned += engine.databases[db].expired(table, now_ms, REMOVED_AT_ONCE, &mut due);
        removed += due.len();
        if due.len() == REMOVED_AT_ONCE {
            lap.left = TABLES * count; // there is probably more, and another lap finds it
        }
        due.drain(..).for_each(|key| remove(engine, db, &key));
    }
    lap.left > 0
}

/// Removes what clients of this replica have written, and is due. False: that was all.
fn expire_own(engine: &mut Engine) -> bool {
    let now_ms = engine.unix_ms();
    for _ in 0..REMOVED_AT_ONCE {
        let OwnDeadlines(own) = &mut engine.expiry.own;
        let Some((at, db, key)) = own.pop_first() else { break };
        if at >= now_ms {
            own.insert((at, db, key));
            break;
        }
        // Unless somebody has given it another deadline, perhaps the master.
        let keyspace = &engine.databases[db];
        if keyspace.find(&key).is_ok_and(|slot| keyspace.deadline(slot) == Some(at)) {
            remove(engine, db, &key);
        }
    }
    end(engine);
    engine.expiry.own.0.first().is_some_and(|(at, ..)| *at < now_ms)
}

/// When the next key or field goes by itself: past this time, in Unix milliseconds. None: none does, as it is
/// now.
pub fn next(engine: &mut Engine) -> Option<i64> {
    if !goes_on_by_itself(engine) {
        return None;
    }
    if engine.is_replica() {
        return engine.expiry.own.0.first().map(|(at, ..)| *at);
    }
    let keys = next_table(engine).map(|(at, ..)| at);
    let fields = engine.databases.iter().filter_map(|db| db.next_field_deadline()).min();
    keys.into_iter().chain(fields).min()
}

/// Removes what goes next, if it is due, and what goes at the same time with it: it goes by the
/// deadlines, and not around as a lap does.
pub fn expire_next(engine: &mut Engine) {
    let now_ms = engine.unix_ms();
    let Some(at) = next(engine).filter(|at| *at < now_ms) else { return };
    if engine.is_replica() {
        expire_own(engine);
        return;
    }
    while let Some((_, db, table)) = next_table(engine).filter(|(next, ..)| *next == at) {
        let due = engine.databases[db].due_at(table, at);
        due.iter().for_each(|key| remove(engine, db, key));
    }
    while field_expiry::expire_some(engine, at + 1) {}
    end(engine);
}

/// Whether expiry happens.
fn goes_on_by_itself(engine: &Engine) -> bool {
    let is_off = !engine.expiry.active || engine.debugging.cron_paused || engine.loading;
    !is_off && !engine.pause.holds_writes()
}

/// Where the key is that expires next: its deadline, its database, and its sub-table.
fn next_table(engine: &mut Engine) -> Option<(i64, usize, usize)> {
    let databases = engine.databases.iter_mut().enumerate();
    let databases = databases.filter(|(_, keyspace)| keyspace.expiring() > 0);
    let next = databases.filter_map(|(db, keyspace)| {
        let (at, table) = keyspace.next_deadline()?;
        Some((at, db, table))
    });
    next.min()
}

fn remove(engine: &mut Engine, db: usize, key: &[u8]) {
    if let Ok(slot) = engine.databases[db].find(key) {
        let entry = engine.databases[db].remove(slot);
        engine.free_lazily(entry.value);
        engine.key_expired(db, key);
    }
}

/// Keys that happen to end together are no transaction.
fn end(engine: &mut Engine) {
    engine.journal.effects_are_apart();
    engine.end_of_unit();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::execution::Execution;
    use crate::store::{Str, Value};

    fn add(engine: &mut Engine, db: usize, key: &str, deadline: i64) {
        let keyspace = &mut engine.databases[db];
        let Err(vacant) = keyspace.find(key.as_bytes()) else { unreachable!() };
        let slot = keyspace.insert(vacant, key.as_bytes(), Value::Str(Str::Int(1)), 0);
        keyspace.set_deadline(slot, deadline);
    }

    #[test]
    fn every_database_is_reached_however_much_there_is_in_the_first() {
        let (mut engine, _garbage) = Engine::new(Config::default(), Execution::none());
        (0..300_000).for_each(|number| add(&mut engine, 0, &format!("flood:{number}"), 1));
        (0..100).for_each(|number| add(&mut engine, 7, &format!("few:{number}"), 1));
        // Each round has time for a single step, and begins a lap of its own.
        let mut rounds = 0;
        while engine.databases[7].expiring() > 0 {
            let mut lap = Lap::new(&engine);
            assert!(expire_some(&mut engine, &mut lap));
            rounds += 1;
            assert!(rounds <= TABLES * 2, "never reached");
        }
        assert!(engine.databases[0].expiring() > 0, "the flood was too small to tell anything");
    }

    #[test]
    fn a_step_is_bounded_by_what_it_looks_at() {
        let (mut engine, _garbage) = Engine::new(Config::default(), Execution::none());
        let far = i64::MAX / 2;
        (0..400_000).for_each(|number| add(&mut engine, 0, &format!("later:{number}"), far));
        (0..TABLES).for_each(|number| add(&mut engine, 0, &format!("now:{number}"), 1));
        let (mut lap, mut steps) = (Lap::new(&engine), 0);
        while expire_some(&mut engine, &mut lap) {
            steps += 1;
        }
        assert_eq!(engine.databases[0].expiring(), 400_000);
        assert!(steps > 400_000 / (SCANNED_AT_ONCE * 2), "{steps} steps for 400,000 deadlines");
    }

    #[test]
    fn only_the_deadline_that_was_noted_counts() {
        let (mut engine, _garbage) = Engine::new(Config::default(), Execution::none());
        for (key, deadline) in [("mine", 5), ("extended", 9_999_999_999_999), ("masters", 5)] {
            add(&mut engine, 3, key, deadline);
        }
        engine.expiry.own.note(3, Bytes::new(b"mine"), 4, None);
        engine.expiry.own.note(3, Bytes::new(b"mine"), 5, Some(4));
        engine.expiry.own.note(3, Bytes::new(b"extended"), 5, None);
        engine.expiry.own.note(3, Bytes::new(b"gone"), 5, None);
        assert_eq!(engine.expiry.own.len(), 3);
        assert!(!expire_own(&mut engine));
        assert!(engine.expiry.own.is_empty());
        let left = |key: &[u8]| engine.databases[3].find(key).is_ok();
        assert_eq!((left(b"mine"), left(b"extended"), left(b"masters")), (false, true, true));
    }
}
