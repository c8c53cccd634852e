//! A hash that goes over.
//!
//! A hash is a list of pairs, in the order in which its fields came, while it is within the limits that come
//! with each write. A write that exceeds them (more fields, or a longer field or value) makes it a map, and
//! that it stays. Changed limits decide over the next write, and convert nothing. Write `set`, which tells
//! whether the field is new, `get` and `remove`.

use std::collections::HashMap;

#[derive(Clone, Copy)]
pub struct Limits {
    pub entries: usize,
    pub value: usize,
}

pub enum Hash {
    Listpack(Vec<(String, String)>),
    Table(HashMap<String, String>),
}

impl Hash {
    pub fn set(&mut self, field: &str, value: &str, limits: Limits) -> bool {
        match self {
            Hash::Listpack(pairs) => pairs.push((field.into(), value.into())),
            Hash::Table(map) => drop(map.insert(field.into(), value.into())),
        }
        true
    }

    pub fn get(&self, field: &str) -> Option<&str> {
        None
    }

    /// Whether it was there.
    pub fn remove(&mut self, field: &str) -> bool {
        false
    }

    pub fn encoding(&self) -> &'static str {
        match self {
            Hash::Listpack(_) => "listpack",
            Hash::Table(_) => "hashtable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { entries: 3, value: 5 };

    fn of(fields: &[&str]) -> Hash {
        let mut hash = Hash::Listpack(Vec::new());
        fields.iter().for_each(|field| assert!(hash.set(field, "v", LIMITS)));
        hash
    }

    #[test]
    fn is_in_order_while_it_is_small() {
        let mut hash = of(&["b", "a", "c"]);
        assert!(!hash.set("a", "new", LIMITS), "a value that changes adds no field");
        let Hash::Listpack(pairs) = &hash else { panic!("three are not too many") };
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(f, v)| (&**f, &**v)).collect();
        assert_eq!(pairs, [("b", "v"), ("a", "new"), ("c", "v")]);
    }

    #[test]
    fn goes_over_when_there_are_too_many_and_stays() {
        let mut hash = of(&["a", "b", "c", "d"]);
        assert_eq!(hash.encoding(), "hashtable");
        assert_eq!((hash.get("a"), hash.get("d"), hash.get("e")), (Some("v"), Some("v"), None));
        assert!(hash.remove("a") && hash.remove("b") && hash.remove("c") && !hash.remove("c"));
        assert!(!hash.set("d", "w", LIMITS));
        assert_eq!((hash.encoding(), hash.get("d")), ("hashtable", Some("w")));
    }

    #[test]
    fn goes_over_for_a_long_text() {
        for (field, value) in [("f", "longer"), ("longer", "v")] {
            let mut hash = of(&["f"]);
            assert_eq!(hash.set(field, value, LIMITS), field != "f");
            assert_eq!((hash.encoding(), hash.get(field)), ("hashtable", Some(value)));
        }
        assert_eq!(of(&["12345"]).encoding(), "listpack");
    }

    #[test]
    fn limits_decide_over_the_next_write() {
        let mut hash = of(&["a", "b", "c"]);
        let less = Limits { entries: 1, value: 5 };
        assert!(hash.remove("b") && !hash.set("a", "w", less));
        assert_eq!(hash.encoding(), "listpack", "no field has come");
        assert!(hash.set("d", "v", less));
        assert_eq!(hash.encoding(), "hashtable");
        assert_eq!(
            ["a", "b", "c", "d"].map(|f| hash.get(f)),
            [Some("w"), None, Some("v"), Some("v")]
        );
    }
}
