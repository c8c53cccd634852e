//! What was refused lately, for ACL LOG.
//!
//! The same refusal again, within a minute, only counts up and moves to the front: a client that
//! fails in a loop must not push everything else out.

use std::collections::VecDeque;

/// Refusals further apart than this are told apart.
const SAME_WITHIN_MS: i64 = 60_000;
/// Only so many entries are searched for the same refusal: refusing must stay cheap.
const SEARCHED: usize = 10;

/// In what a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogContext {
    /// On its own.
    Toplevel,
    /// In a transaction: queued, or run by EXEC.
    Multi,
    /// In a script.
    Script,
}

impl LogContext {
    /// The name that ACL LOG tells.
    pub fn name(self) -> &'static str {
        match self {
            LogContext::Toplevel => "toplevel",
            LogContext::Multi => "multi",
            LogContext::Script => "lua",
        }
    }
}

/// A refusal.
#[derive(Clone, Debug)]
pub struct Entry {
    /// How often.
    pub count: u64,
    /// What was not permitted: `command`, `key`, `channel` or `auth`.
    pub reason: &'static str,
    /// In what.
    pub place: LogContext,
    /// The command, the key, the channel.
    pub object: Vec<u8>,
    /// Whom.
    pub username: Vec<u8>,
    /// When it last happened.
    pub unix_ms: i64,
    /// When it first did.
    pub first_unix_ms: i64,
    /// Counts the refusals that are told apart.
    pub id: u64,
    /// The client, as CLIENT LIST shows it.
    pub client: Vec<u8>,
}

/// The latest refusals, the last one first.
#[derive(Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    next_id: u64,
}

impl Log {
    /// Adds a refusal, keeping at most so many entries.
    pub fn add(&mut self, mut entry: Entry, max_len: usize) {
        let is_same = |known: &Entry| {
            known.reason == entry.reason
                && known.place == entry.place
                && known.object == entry.object
                && known.username == entry.username
                && entry.unix_ms - known.unix_ms <= SAME_WITHIN_MS
        };
        let position = self.entries.iter().take(SEARCHED).position(is_same);
        if let Some(known) = position.and_then(|position| self.entries.remove(position)) {
            entry.count += known.count;
            (entry.first_unix_ms, entry.id) = (known.first_unix_ms, known.id);
        } else {
            entry.id = self.next_id;
            self.next_id += 1;
        }
        self.entries.push_front(entry);
        self.entries.truncate(max_len);
    }

    /// The entries, the last one first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(object: &str, unix_ms: i64) -> Entry {
        Entry {
            count: 1,
            reason: "key",
            place: LogContext::Toplevel,
            object: object.as_bytes().to_vec(),
            username: b"eve".to_vec(),
            unix_ms,
            first_unix_ms: unix_ms,
            id: 0,
            client: Vec::new(),
        }
    }

    #[test]
    fn the_same_again_counts_up_and_comes_first() {
        let mut log = Log::default();
        for (object, unix_ms) in [("a", 0), ("b", 1), ("a", 2), ("c", 70_000), ("a", 70_001)] {
            log.add(refused(object, unix_ms), 4);
        }
        let shown: Vec<_> = log.entries().map(|e| (e.object.as_slice(), e.count)).collect();
        assert_eq!(shown, [(&b"a"[..], 1), (b"c", 1), (b"a", 2), (b"b", 1)]);
        log.add(refused("d", 70_002), 2);
        assert_eq!(log.entries().len(), 2);
    }
}
