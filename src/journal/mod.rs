//! The journal: what commands changed, as commands.
//!
//! A command that changed data leaves [`Effect`]s: requests that bring any other copy of the data
//! to the same state. Usually that is its own text. Where the text would not do the same thing
//! twice, the handler gives another: `EXPIRE k 10` becomes `PEXPIREAT k <time>`, `SPOP` the `SREM`
//! of what came out, a key that expired a `DEL`.
//!
//! ```text
//! handler ── effects ──> pending ── end of the unit ──> encoded once ──> append-only file
//!                                                                   '──> replication backlog
//! ```
//!
//! A unit is a command, or a whole transaction or script. More than one effect is wrapped in MULTI
//! and EXEC, so that no copy is ever left with half of it. SELECT comes where the database changes.

pub mod backlog;
pub mod group_commit;
pub mod turns;

use crate::resp::writer::encode_request;
use crate::resp::{Args, Request};

/// A request that repeats a change.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The database it applies to.
    pub db: usize,
    /// The command.
    pub request: Request,
}

/// Who consumes the journal: it gets each unit's bytes, under the lock. It must not block.
pub trait Sink: Send {
    /// Takes the bytes of a unit.
    fn append(&mut self, unit: &[u8]);
}

/// The effects of the running command, and where they go.
#[derive(Default)]
pub struct Journal {
    pending: Vec<Effect>,
    /// The append-only file.
    pub aof: Option<Box<dyn Sink>>,
    /// The replication backlog.
    pub replication: Option<Box<dyn Sink>>,
    /// The database that the encoded stream has selected.
    selected: Option<usize>,
    encoded: Vec<u8>,
    /// Units that replicas have been given; so that it shows who has written.
    pub replicated: u64,
}

impl Journal {
    /// Whether effects have to be recorded at all.
    #[inline]
    pub fn is_needed(&self) -> bool {
        self.aof.is_some() || self.replication.is_some()
    }

    /// Records an effect of the running command.
    pub fn add(&mut self, effect: Effect) {
        if self.is_needed() {
            self.pending.push(effect);
        }
    }

    /// Records `args` as an effect.
    #[inline]
    pub fn add_args(&mut self, db: usize, args: Args<'_>) {
        if self.is_needed() {
            self.pending.push(Effect { db, request: args.into() });
        }
    }

    /// Gives `args` to replicas only: something happened that isn't data (PUBLISH).
    pub fn replicate_only(&mut self, args: Args<'_>) {
        if let Some(sink) = &mut self.replication {
            let mut encoded = Vec::new();
            encode_request(&mut encoded, args.iter());
            sink.append(&encoded);
        }
    }

    /// The next unit begins with SELECT: a consumer starts here.
    pub fn forget_selected(&mut self) {
        self.selected = None;
    }

    /// The database that the stream has selected; None: the next unit says.
    pub fn selected(&self) -> Option<usize> {
        self.selected
    }

    /// The command, transaction or script has ended: what it left becomes one unit.
    #[inline]
    pub fn end_of_unit(&mut self) {
        if !self.pending.is_empty() {
            self.encode();
            self.replicated += u64::from(self.replication.is_some());
            for sink in [&mut self.aof, &mut self.replication].into_iter().flatten() {
                sink.append(&self.encoded);
            }
            // What a large unit needed is not kept for small ones.
            self.encoded.clear();
            self.encoded.shrink_to(KEEP_CAPACITY);
            self.pending.shrink_to(KEEP_EFFECTS);
        }
    }

    fn encode(&mut self) {
        let several = self.pending.len() > 1;
        for (index, effect) in self.pending.drain(..).enumerate() {
            if self.selected != Some(effect.db) {
                self.selected = Some(effect.db);
                let db = crate::number::format_i64(effect.db as i64);
                encode_request(&mut self.encoded, [&b"SELECT"[..], db.as_bytes()].into_iter());
            }
            if several && index == 0 {
                encode_request(&mut self.encoded, [&b"MULTI"[..]].into_iter());
            }
            encode_request(&mut self.encoded, effect.request.args().iter());
        }
        if several {
            encode_request(&mut self.encoded, [&b"EXEC"[..]].into_iter());
        }
    }
}

/// What the encoding buffer may keep after a large unit.
const KEEP_CAPACITY: usize = 64 * 1024;
/// Room for so many effects likewise.
const KEEP_EFFECTS: usize = 1000;

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Collect(Arc<Mutex<Vec<u8>>>);

    impl Sink for Collect {
        fn append(&mut self, unit: &[u8]) {
            self.0.lock().unwrap().extend_from_slice(unit);
        }
    }

    fn effect(db: usize, words: &[&str]) -> Effect {
        Effect { db, request: Request::new(words.iter().map(|word| word.as_bytes())) }
    }

    #[test]
    fn units_are_whole_and_select_their_database() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut journal = Journal::default();
        journal.add(effect(0, &["SET", "lost", "as nobody listens"]));
        journal.aof = Some(Box::new(Collect(Arc::clone(&seen))));
        journal.add(effect(3, &["DEL", "a"]));
        journal.end_of_unit();
        journal.end_of_unit();
        journal.add(effect(4, &["DEL", "b"]));
        journal.add(effect(0, &["DEL", "c"]));
        journal.end_of_unit();
        let text = String::from_utf8(seen.lock().unwrap().clone()).unwrap();
        let words: Vec<&str> =
            text.split("\r\n").filter(|w| !w.is_empty() && !w.starts_with(['*', '$'])).collect();
        let expected = "SELECT 3 DEL a SELECT 4 MULTI DEL b SELECT 0 DEL c EXEC";
        assert_eq!(words, expected.split(' ').collect::<Vec<_>>());
    }
}
