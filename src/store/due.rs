//! Which keys expire next, for a clock that goes from one deadline to the next.
//!
//! Active expiry doesn't need to know: it goes round, and looks where something may be due. That every sub-table
//! knows how soon that can be is enough here, too: the next key of all is in the one whose bound is lowest.
//! A thousand bounds and one sub-table are looked at for each step.

use super::Bytes;
use super::keyspace::Keyspace;

impl Keyspace {
    /// The next deadline of all, and the sub-table of its key. Bounds become exact on the way.
    pub fn next_deadline(&mut self) -> Option<(i64, usize)> {
        loop {
            let tables = self.tables.iter_mut().enumerate();
            let (table, sub) = tables.min_by_key(|(_, sub)| sub.soonest)?;
            let exact = sub.deadlines.iter().map(|deadline| deadline.at).min();
            let bound = std::mem::replace(&mut sub.soonest, exact.unwrap_or(i64::MAX));
            if bound == sub.soonest {
                return exact.map(|at| (at, table));
            }
        }
    }

    /// The keys of a sub-table with this very deadline.
    pub fn due_at(&self, table: usize, at: i64) -> Vec<Bytes> {
        let Some(sub) = self.tables.get(table) else { return Vec::new() };
        let due = sub.deadlines.iter().filter(|deadline| deadline.at == at);
        due.map(|deadline| sub.entries[deadline.entry as usize].key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Str, Value};

    #[test]
    fn the_next_deadline_is_found_whatever_the_bounds_say() {
        let mut keyspace = Keyspace::default();
        let mut random = 1u64;
        for number in 0..5000 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let key = format!("key:{number}");
            let Err(vacant) = keyspace.find(key.as_bytes()) else { unreachable!() };
            let slot = keyspace.insert(vacant, key.as_bytes(), Value::Str(Str::Int(1)), 0);
            keyspace.set_deadline(slot, (random >> 40) as i64 % 2000);
            // Bounds stay where they were: one is made later, another taken away.
            match number % 3 {
                0 => keyspace.set_deadline(slot, 3000),
                1 => _ = keyspace.clear_deadline(slot),
                _ => {}
            }
        }
        let (mut last, mut gone) = (-1, 0);
        while let Some((at, table)) = keyspace.next_deadline() {
            assert!(at >= last, "{at} after {last}");
            last = at;
            let due = keyspace.due_at(table, at);
            assert!(!due.is_empty());
            for key in due {
                let slot = keyspace.find(&key).unwrap_or_else(|_| unreachable!());
                keyspace.remove(slot);
                gone += 1;
            }
        }
        assert_eq!((last, gone, keyspace.expiring()), (3000, 3333, 0));
    }
}
