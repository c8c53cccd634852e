//! Eviction: makes room when more memory is used than `maxmemory` allows.
//!
//! It runs before each command, and ends when there is room, when nothing is left that may go, or
//! when its time is over; then the next command goes on, and meanwhile so does the cron thread. A
//! command that would need more memory is refused only if nothing can be evicted.
//!
//! What counts is everything that is allocated, buffers of connections included, without what is
//! about to be freed by the reaper thread (a large value takes long to free, and is gone all the
//! same), and without evicted keys that a snapshot holds until it has copied them: otherwise
//! evicting during a BGSAVE would change nothing, and so go on until nothing is left.

use std::time::Duration;

use super::{frequency, idle_seconds};
use crate::config::{Config, EvictionPolicy};
use crate::engine::Engine;
use crate::store::Bytes;
use crate::store::keyspace::Entry;
use crate::system::clock::machine_now;

/// Elements of a large value that are looked at to estimate its size.
const SAMPLES: usize = 5;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is room.
    Room,
    /// There is not, but keys can still be evicted: the time was over.
    Continues,
    /// There is not, and nothing may be evicted.
    OutOfMemory,
}

/// Evicts until there is room.
#[inline]
pub fn make_room(engine: &mut Engine) -> Outcome {
    if engine.config.maxmemory == 0 {
        return Outcome::Room;
    }
    evict_until_room(engine)
}

fn evict_until_room(engine: &mut Engine) -> Outcome {
    let is_exempt = engine.is_replica() && engine.config.replica_ignore_maxmemory;
    if is_exempt || engine.loading || is_within_limit(engine) || engine.pause.holds_writes() {
        return Outcome::Room;
    }
    if engine.eviction.held > 0 && engine.databases.iter().all(|db| db.mark().is_none()) {
        engine.eviction.held = 0;
    }
    let begun = machine_now();
    let limit = time_limit(engine.config.maxmemory_eviction_tenacity);
    let mut evicted = 0u32;
    while !is_within_limit(engine) {
        let Some((db, key)) = choose(engine) else { return Outcome::OutOfMemory };
        evict(engine, db, &key);
        evicted += 1;
        // Looking at the clock takes as long as evicting a small key.
        if evicted.is_multiple_of(16) && limit.is_some_and(|limit| begun.elapsed() > limit) {
            return Outcome::Continues;
        }
    }
    Outcome::Room
}

/// Whether less is used than `maxmemory`, or there is no such limit.
pub fn is_within_limit(engine: &Engine) -> bool {
    let limit = engine.config.maxmemory;
    let on_its_way = engine.lazy_free.pending_bytes() + engine.eviction.held;
    let not_counted = on_its_way + not_counted(engine);
    limit == 0 || crate::system::memory::used().saturating_sub(not_counted) <= limit
}

/// Bytes that eviction leaves out of the sum: what replicas have yet to read, beyond what the backlog
/// keeps anyway, and what waits to be written to the append-only file. Each key that is evicted adds to
/// both, so that eviction would feed itself. Nor does data have to go for what scripts take, or the
/// sessions of TLS, which whoever connects makes; both have limits of their own.
pub fn not_counted(engine: &Engine) -> u64 {
    let stream = engine.replication.backlog.memory();
    let (scripts, functions) = engine.scripting.interpreter_bytes();
    stream.saturating_sub(engine.config.repl_backlog_size)
        + engine.aof.writer.buffered()
        + (scripts + functions) as u64
        + engine.tls.as_ref().map_or(0, |tls| tls.session_bytes() as u64)
}

/// How long to go on, as `maxmemory-eviction-tenacity` says: up to 10 half a millisecond, then 15 %
/// more for each, a few minutes for 99, and without end for 100.
fn time_limit(tenacity: u8) -> Option<Duration> {
    let micros = match tenacity {
        0..=10 => 50.0 * f64::from(tenacity),
        11..=99 => 500.0 * 1.15f64.powi(i32::from(tenacity) - 10),
        _ => return None,
    };
    Some(Duration::from_micros(micros as u64))
}

/// The key to go next; none if there is none that may.
fn choose(engine: &mut Engine) -> Option<(usize, Bytes)> {
    use EvictionPolicy::{AllkeysRandom, NoEviction, VolatileRandom};
    match engine.config.maxmemory_policy {
        NoEviction => None,
        AllkeysRandom => any_key(engine, false),
        VolatileRandom => any_key(engine, true),
        _ => fittest_key(engine),
    }
}

/// Any key, from each database in turn.
fn any_key(engine: &mut Engine, only_expiring: bool) -> Option<(usize, Bytes)> {
    let count = engine.databases.len();
    for step in 1..=count {
        let db = (engine.eviction.last_db + step) % count;
        let random = engine.random.next_u64();
        let sampled = match only_expiring {
            true => engine.databases[db].sample_expiring(random),
            false => engine.databases[db].sample(random),
        };
        if let Some((entry, _)) = sampled {
            engine.eviction.last_db = db;
            return Some((db, entry.key.clone()));
        }
    }
    None
}

/// The fittest key of the pool, into which more are drawn first.
fn fittest_key(engine: &mut Engine) -> Option<(usize, Bytes)> {
    let policy = engine.config.maxmemory_policy;
    let only_expiring = policy.is_volatile();
    if engine.eviction.policy.replace(policy) != Some(policy) {
        engine.eviction.pool.clear();
    }
    loop {
        let mut drawn = false;
        let now_ms = engine.unix_ms();
        for db in 0..engine.databases.len() {
            drawn |= draw(engine, db, only_expiring, now_ms);
        }
        if !drawn {
            return None;
        }
        while let Some(best) = engine.eviction.pool.take() {
            let keyspace = &engine.databases[best.db];
            let Ok(slot) = keyspace.find(&best.key) else { continue };
            if !only_expiring || keyspace.deadline(slot).is_some() {
                return Some((best.db, best.key));
            }
        }
    }
}

/// Draws `maxmemory-samples` keys of a database into the pool. False: there is none.
fn draw(engine: &mut Engine, db: usize, only_expiring: bool, now_ms: i64) -> bool {
    let Engine { databases, config, random, eviction, .. } = engine;
    let keyspace = &databases[db];
    for _ in 0..config.maxmemory_samples {
        let random = random.next_u64();
        let sampled = match only_expiring {
            true => keyspace.sample_expiring(random),
            false => keyspace.sample(random),
        };
        let Some((entry, deadline)) = sampled else { return false };
        let fitness = fitness(config, entry, deadline, now_ms);
        eviction.pool.offer(fitness, db, &entry.key);
    }
    true
}

/// How little would be lost with a key.
fn fitness(config: &Config, entry: &Entry, deadline: Option<i64>, now_ms: i64) -> u64 {
    match config.maxmemory_policy {
        EvictionPolicy::VolatileTtl => u64::MAX - deadline.unwrap_or(i64::MAX).max(0) as u64,
        EvictionPolicy::AllkeysLfu | EvictionPolicy::VolatileLfu => {
            255 - u64::from(frequency(config, entry.access, now_ms))
        }
        _ => idle_seconds(entry.access, now_ms).into(),
    }
}

/// Removes a key for want of memory, and tells everybody: a unit of its own.
fn evict(engine: &mut Engine, db: usize, key: &Bytes) {
    let Ok(slot) = engine.databases[db].find(key) else { return };
    let is_held = engine.databases[db].is_held(slot);
    let entry = engine.databases[db].remove(slot);
    if is_held {
        engine.eviction.held += (entry.key.len() + entry.value.heap_size(SAMPLES)) as u64;
    }
    engine.free_lazily(entry.value);
    engine.key_evicted(db, key);
    engine.end_of_unit();
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::journal::Effect;
    use crate::journal::group_commit::AofSink;
    use crate::resp::Request;

    #[test]
    fn what_waits_for_replicas_and_for_the_disk_is_not_counted() {
        let config = Config { repl_backlog_size: 100_000, ..Config::default() };
        let (mut engine, _garbage) =
            Engine::new(config, crate::engine::execution::Execution::none());
        assert_eq!(not_counted(&engine), 0);
        engine.journal.aof =
            Some(Box::new(AofSink::new(Arc::clone(&engine.aof.writer), engine.clock.clone())));
        let large = vec![b'x'; 1_000_000];
        engine.journal.add(Effect { db: 0, request: Request::new([&b"SET"[..], b"k", &large]) });
        engine.journal.flush();
        assert!((1_000_000..1_001_000).contains(&not_counted(&engine)));
        engine.aof.writer.commit();
        assert_eq!(not_counted(&engine), 0);
        // A replica that has read nothing keeps all of the stream.
        assert!(engine.replication.backlog.attach(1, 0));
        engine.replication.backlog.append(&large);
        assert!((900_000..1_000_000).contains(&not_counted(&engine)));
        engine.replication.backlog.detach(1);
        assert!(not_counted(&engine) <= 64 * 1024, "a block at the most");
    }

    #[test]
    fn tenacity_is_time() {
        assert_eq!(time_limit(0), Some(Duration::ZERO));
        assert_eq!(time_limit(10), Some(Duration::from_micros(500)));
        assert_eq!(time_limit(20).unwrap().as_millis(), 2);
        assert_eq!(time_limit(100), None);
    }
}
