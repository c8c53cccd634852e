//! The keys of a slot that this node has lost to another one.

use super::Engine;
use crate::config::EventClasses;
use crate::store::Bytes;

/// The only database of a node of a cluster.
const DATABASE: usize = 0;

/// Removes all keys of a slot, and tells everybody, replicas included. Returns how many there were.
pub fn remove_keys(engine: &mut Engine, slot: u16) -> usize {
    let entries = engine.databases[DATABASE].entries_in_slot(slot);
    let keys: Vec<Bytes> = entries.map(|entry| entry.key.clone()).collect();
    for key in &keys {
        let Ok(place) = engine.databases[DATABASE].find(key) else { continue };
        let entry = engine.databases[DATABASE].remove(place);
        engine.free_lazily(entry.value);
        engine.dirty += 1;
        engine.notify(EventClasses::GENERIC, "del", key, DATABASE);
        engine.key_gone(DATABASE, key, false);
    }
    engine.journal.effects_are_apart();
    engine.end_of_unit();
    keys.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::execution::Execution;
    use crate::store::hash_slot::hash_slot;
    use crate::store::{Str, Value};

    #[test]
    fn a_lost_slots_keys_go_and_no_others() {
        let config = Config { cluster_enabled: true, ..Config::default() };
        let (mut engine, _garbage) = Engine::new(config, Execution::none());
        for number in 0..1000 {
            let key = format!("{{{}}}{number}", number % 2).into_bytes();
            let Err(vacant) = engine.databases[0].find(&key) else { unreachable!() };
            engine.databases[0].insert(vacant, &key, Value::Str(Str::Int(1)), 0);
        }
        let (lost, kept) = (hash_slot(b"0"), hash_slot(b"1"));
        assert_eq!(engine.databases[0].count_in_slot(lost), 500);
        assert_eq!(remove_keys(&mut engine, lost), 500);
        assert_eq!((engine.databases[0].len(), engine.dirty), (500, 500));
        assert_eq!(engine.databases[0].count_in_slot(kept), 500);
        assert_eq!(remove_keys(&mut engine, lost), 0);
    }
}
