//! Active expiry: keys whose time is over are removed though nobody asks for them.

use super::Engine;
use crate::store::Bytes;

/// Removes up to `limit` expired keys of one sub-table; part of the active expiry cycle.
pub fn expire_cycle(
    engine: &mut Engine,
    db: usize,
    table: usize,
    now_ms: i64,
    limit: usize,
) -> usize {
    let mut keys: Vec<Bytes> = Vec::new();
    engine.databases[db].expired(table, now_ms, limit, &mut keys);
    for key in &keys {
        if let Ok(slot) = engine.databases[db].find(key) {
            let entry = engine.databases[db].remove(slot);
            engine.bury(entry.value);
            engine.key_expired(db, key);
        }
    }
    keys.len()
}
