//! Sessions: what is remembered of those who were here, so that they needn't prove themselves again.
//!
//! A handshake costs a signature, a tenth of a millisecond or more; who was here a moment ago can be
//! believed without. A session is forgotten after some time, or when many newer ones have come.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustls::server::StoresServerSessions;

use crate::system::clock::machine_now;
use crate::system::mutex::locked;

/// The sessions of a server.
#[derive(Debug)]
pub struct Sessions {
    /// How many there are at most; 0 for no limit.
    most: usize,
    /// How long each is remembered.
    time: Duration,
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    by_key: HashMap<Vec<u8>, (Instant, Vec<u8>)>,
    /// Their keys, oldest first; some may be gone.
    by_age: VecDeque<(Instant, Vec<u8>)>,
    /// What the sessions and their keys take.
    bytes: usize,
}

impl Sessions {
    /// Remembers at most so many, each for so long.
    pub fn new(most: usize, time: Duration) -> Self {
        Sessions { most, time, remembered: Mutex::default() }
    }

    /// About how many bytes the sessions take.
    pub fn bytes(&self) -> usize {
        let remembered = self.lock();
        remembered.bytes + remembered.by_age.len() * SESSION_OVERHEAD
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        locked(&self.remembered)
    }
}

/// A session's places in the map and in the queue, and its three allocations.
const SESSION_OVERHEAD: usize = 160;

impl Remembered {
    fn insert(&mut self, key: Vec<u8>, session: Vec<u8>) {
        let now = machine_now();
        let key_size = key.len();
        self.bytes += 2 * key_size + session.len();
        self.by_age.push_back((now, key.clone()));
        if let Some((_, old)) = self.by_key.insert(key, (now, session)) {
            self.bytes -= key_size + old.len();
        }
    }

    fn remove(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        let (key, (_, session)) = self.by_key.remove_entry(key)?;
        self.bytes -= key.len() + session.len();
        Some(session)
    }

    /// Forgets what is too old, and the oldest of what is too much.
    fn forget(&mut self, most: usize, time: Duration) {
        while let Some((since, _)) = self.by_age.front()
            && (since.elapsed() > time || most > 0 && self.by_age.len() > most)
        {
            let (since, key) = self.by_age.pop_front().expect("it was there");
            self.bytes -= key.len();
            if self.by_key.get(&key).is_some_and(|session| session.0 == since) {
                self.remove(&key);
            }
        }
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, mut session: Vec<u8>) -> bool {
        session.shrink_to_fit(); // it is kept for minutes
        let mut remembered = self.lock();
        remembered.insert(key, session);
        remembered.forget(self.most, self.time);
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut remembered = self.lock();
        remembered.forget(self.most, self.time);
        remembered.by_key.get(key).map(|session| session.1.clone())
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut remembered = self.lock();
        remembered.forget(self.most, self.time);
        remembered.remove(key)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let sessions = Sessions::new(2, Duration::from_secs(60));
        for name in [b"a", b"b", b"c"] {
            assert!(sessions.put(name.to_vec(), name.to_vec()));
        }
        assert_eq!(sessions.get(b"a"), None);
        assert_eq!(sessions.take(b"b"), Some(b"b".to_vec()));
        assert_eq!(sessions.take(b"b"), None, "a ticket is good for once");
        assert_eq!(sessions.get(b"c"), Some(b"c".to_vec()));
        assert_eq!(sessions.take(b"c"), Some(b"c".to_vec()));
        let brief = Sessions::new(0, Duration::from_millis(1));
        brief.put(b"a".to_vec(), b"a".to_vec());
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(brief.get(b"a"), None);
        assert_eq!(brief.bytes(), 0);
    }

    #[test]
    fn what_is_forgotten_takes_nothing() {
        let sessions = Sessions::new(10, Duration::from_secs(60));
        let put = |key: u8| sessions.put(vec![key; 32], vec![0; 1000]);
        (0..10).for_each(|key| _ = put(key));
        let full = sessions.bytes();
        assert!((10_000..14_000).contains(&full), "{full}");
        (10..100).for_each(|key| _ = put(key));
        assert_eq!(sessions.bytes(), full, "as many as before");
        put(99); // one that is there
        assert!(sessions.bytes() < full);
        (0..100).for_each(|key| _ = sessions.take(&[key; 32]));
        assert_eq!(sessions.bytes(), 10 * (32 + SESSION_OVERHEAD), "their places in the queue");
    }
}
