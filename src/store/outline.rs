//! The outline of a keyspace: how full its sub-tables are, for who draws it.

use super::keyspace::Keyspace;

/// How full the sub-tables are. Neighbours are put together if there are many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// How many sub-tables there are.
    pub tables: usize,
    /// How many of them are in a part.
    pub per_part: usize,
    /// Of each part: keys, keys that there is room for, keys that expire.
    pub parts: Vec<[usize; 3]>,
}

impl Keyspace {
    /// The outline, in so many parts at most.
    pub fn outline(&self, most: usize) -> Outline {
        let tables = self.tables.len();
        let per_part = tables.div_ceil(most).max(1);
        let parts = self.tables.chunks(per_part).map(|part| {
            part.iter().fold([0; 3], |[keys, room, expiring], sub| {
                let more = [sub.entries.len(), sub.positions.capacity(), sub.deadlines.len()];
                [keys + more[0], room + more[1], expiring + more[2]]
            })
        });
        Outline { tables, per_part, parts: parts.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Str, Value};

    #[test]
    fn every_key_is_in_one_part() {
        let mut keyspace = Keyspace::default();
        assert_eq!(keyspace.outline(4), Outline { tables: 0, per_part: 1, parts: vec![] });
        for number in 0..20_000 {
            let key = format!("key {number}").into_bytes();
            let vacant = keyspace.find(&key).unwrap_err();
            let slot = keyspace.insert(vacant, &key, Value::Str(Str::Int(number)), 0);
            if number % 10 == 0 {
                keyspace.set_deadline(slot, 1);
            }
        }
        for most in [1, 4, 256, 5000] {
            let outline = keyspace.outline(most);
            assert!(outline.parts.len() <= most && outline.parts.len() <= outline.tables);
            let sum = |figure: usize| outline.parts.iter().map(|part| part[figure]).sum::<usize>();
            assert_eq!((sum(0), sum(2)), (20_000, 2000));
            assert!(outline.parts.iter().all(|[keys, room, _]| keys <= room));
        }
    }
}
