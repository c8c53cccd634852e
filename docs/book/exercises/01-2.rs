//! Time is over.
//!
//! Nobody runs around and removes keys whose time is over: they go when somebody looks. Write
//! `Data::find` so that it does that, and `Data::ttl` so that it answers as Redis does: -2 if there is
//! no such key, -1 if it stays for ever, else the seconds it has left, rounded to the nearest.
//!
//! The time is given by who calls. That is how a test can let an hour pass, and how all commands of
//! a transaction see the same time.

use std::collections::HashMap;

pub struct Entry {
    pub value: String,
    /// The millisecond from which it is no longer there.
    pub deadline_ms: Option<u64>,
}

#[derive(Default)]
pub struct Data {
    pub keys: HashMap<String, Entry>,
}

impl Data {
    /// Looks a key up. If its time is over, it goes.
    pub fn find(&mut self, key: &str, now_ms: u64) -> Option<&mut Entry> {
        self.keys.get_mut(key)
    }

    /// What TTL answers.
    pub fn ttl(&mut self, key: &str, now_ms: u64) -> i64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> Data {
        let mut data = Data::default();
        for (key, deadline_ms) in [("short", Some(1500)), ("long", Some(60_000)), ("ever", None)] {
            data.keys.insert(key.into(), Entry { value: "v".into(), deadline_ms });
        }
        data
    }

    #[test]
    fn a_key_is_there_until_its_time_is_over() {
        let mut data = data();
        assert!(data.find("short", 1499).is_some());
        assert!(data.find("short", 1500).is_none());
        assert!(data.find("long", 1500).is_some() && data.find("ever", u64::MAX).is_some());
        assert!(data.find("nosuch", 0).is_none());
    }

    #[test]
    fn it_goes_when_somebody_looks() {
        let mut data = data();
        assert_eq!(data.keys.len(), 3);
        data.find("short", 2000);
        assert_eq!(data.keys.len(), 2);
    }

    #[test]
    fn ttl_rounds_to_the_nearest_second() {
        let mut data = data();
        assert_eq!(data.ttl("nosuch", 0), -2);
        assert_eq!(data.ttl("ever", 0), -1);
        assert_eq!([data.ttl("short", 0), data.ttl("short", 1001)], [2, 0]);
        assert_eq!(data.ttl("long", 0), 60);
        assert_eq!(data.ttl("short", 1500), -2);
    }
}
