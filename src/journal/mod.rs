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
//! and EXEC, so that no copy is ever left with half of it; but for keys that merely happened to expire
//! together. SELECT comes where the database changes.
//!
//! PUBLISH changes nothing, but the subscribers of replicas get the message, too: it stands in the
//! unit at its place, so that who hears of it there finds what was written before it. The
//! append-only file does without.

pub mod backlog;
pub mod copy;
pub mod group_commit;
#[cfg(test)]
mod group_commit_tests;
pub mod turns;
#[cfg(test)]
mod turns_tests;

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

    /// Ends the copy that this is: what it has kept, and what it stood in front of. None: it is the real one.
    fn end_copy(&mut self) -> Option<(Vec<u8>, MaybeSink)> {
        None
    }
}

/// A place for a sink.
pub type MaybeSink = Option<Box<dyn Sink>>;

/// An effect that waits for the end of the unit.
struct Pending {
    effect: Effect,
    /// Who gets it: some of [`FILE`] and [`REPLICAS`].
    targets: u8,
}

/// The append-only file.
pub const FILE: u8 = 1;
/// The replicas.
pub const REPLICAS: u8 = 2;
/// Both.
pub const EVERYBODY: u8 = FILE | REPLICAS;

/// The effects of the running command, and where they go.
pub struct Journal {
    pending: Vec<Pending>,
    /// The append-only file.
    pub aof: MaybeSink,
    /// The replication backlog.
    pub replication: MaybeSink,
    /// The database that the encoded stream has selected.
    selected: Option<usize>,
    encoded: Vec<u8>,
    /// The pending effects don't belong together.
    apart: bool,
    /// Units that replicas have been given; so that it shows who has written.
    pub replicated: u64,
    /// The same of the append-only file.
    pub filed: u64,
    /// Tells which commands not every replica knows, by their names.
    is_newer: fn(&[u8]) -> bool,
    /// Replicas have been given such a command since this was looked at last.
    pub has_newer: bool,
    /// Who gets the effects that come now. A script may choose (`redis.set_repl`).
    pub targets: u8,
}

impl Default for Journal {
    fn default() -> Self {
        Journal {
            pending: Vec::new(),
            aof: None,
            replication: None,
            selected: None,
            encoded: Vec::new(),
            apart: false,
            replicated: 0,
            filed: 0,
            is_newer: |_| false,
            has_newer: false,
            targets: EVERYBODY,
        }
    }
}

impl Journal {
    /// A journal without consumers.
    pub fn new(is_newer: fn(&[u8]) -> bool) -> Self {
        Journal { is_newer, ..Journal::default() }
    }

    /// Whether effects have to be recorded at all.
    #[inline]
    pub fn is_needed(&self) -> bool {
        self.aof.is_some() || self.replication.is_some()
    }

    /// Records an effect of the running command.
    pub fn add(&mut self, effect: Effect) {
        if self.is_needed() && self.targets != 0 {
            self.pending.push(Pending { effect, targets: self.targets });
        }
    }

    /// Records `args` as an effect.
    #[inline]
    pub fn add_args(&mut self, db: usize, args: Args<'_>) {
        if self.is_needed() && self.targets != 0 {
            let effect = Effect { db, request: args.into() };
            self.pending.push(Pending { effect, targets: self.targets });
        }
    }

    /// Gives `args` to replicas only: something happened that isn't data (PUBLISH).
    pub fn replicate_only(&mut self, db: usize, args: Args<'_>) {
        if self.replication.is_some() && self.targets & REPLICAS != 0 {
            let effect = Effect { db, request: args.into() };
            self.pending.push(Pending { effect, targets: REPLICAS });
        }
    }

    /// Records what the server did by itself, whatever a script that is running has chosen: a key
    /// expired.
    pub fn add_for_everybody(&mut self, effect: Effect) {
        if self.is_needed() {
            self.pending.push(Pending { effect, targets: EVERYBODY });
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

    /// What the running command leaves are changes that have nothing to do with each other: keys that it
    /// has found expired. A copy may see some of them.
    pub fn effects_are_apart(&mut self) {
        self.apart = true;
    }

    /// The command, transaction or script has ended: what it left becomes one unit.
    #[inline]
    pub fn flush(&mut self) {
        let apart = std::mem::take(&mut self.apart);
        if !self.pending.is_empty() {
            self.write_unit(apart);
        }
    }

    /// What the running command has left is told to nobody: the server ends before the command does.
    pub fn discard(&mut self) {
        self.pending.clear();
    }

    fn write_unit(&mut self, apart: bool) {
        let selected = self.selected;
        self.encode(apart, |pending| pending.targets & REPLICAS != 0);
        self.replicated += u64::from(self.replication.is_some());
        if let Some(sink) = self.replication.as_mut().filter(|_| !self.encoded.is_empty()) {
            sink.append(&self.encoded);
            let mut sent = self.pending.iter().filter(|pending| pending.targets & REPLICAS != 0);
            self.has_newer |=
                sent.any(|pending| (self.is_newer)(pending.effect.request.args().at(0)));
        }
        if self.aof.is_some() && self.pending.iter().any(|pending| pending.targets != EVERYBODY) {
            self.selected = selected;
            self.encode(apart, |pending| pending.targets & FILE != 0);
        }
        if let Some(sink) = self.aof.as_mut().filter(|_| !self.encoded.is_empty()) {
            self.filed += 1;
            sink.append(&self.encoded);
        }
        // What a large unit needed is not kept for small ones.
        self.pending.clear();
        self.pending.shrink_to(KEEP_EFFECTS);
        self.encoded.clear();
        self.encoded.shrink_to(KEEP_CAPACITY);
    }

    /// Encodes the unit as far as it is wanted. All of its SELECTs are: the two streams have the same
    /// database selected when it ends.
    fn encode(&mut self, apart: bool, is_wanted: impl Fn(&Pending) -> bool) {
        self.encoded.clear();
        let several = self.pending.iter().filter(|pending| is_wanted(pending)).count() > 1;
        let several = several && !apart;
        let mut begun = false;
        for pending in &self.pending {
            let Effect { db, request } = &pending.effect;
            if self.selected != Some(*db) {
                self.selected = Some(*db);
                let db = crate::number::format_i64(*db as i64);
                encode_request(&mut self.encoded, [&b"SELECT"[..], db.as_bytes()].into_iter());
            }
            if several && !std::mem::replace(&mut begun, true) {
                encode_request(&mut self.encoded, [&b"MULTI"[..]].into_iter());
            }
            if is_wanted(pending) {
                encode_request(&mut self.encoded, request.args().iter());
            }
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
        journal.flush();
        journal.flush();
        journal.add(effect(4, &["DEL", "b"]));
        journal.add(effect(0, &["DEL", "c"]));
        journal.flush();
        journal.effects_are_apart();
        journal.add(effect(0, &["DEL", "d"]));
        journal.add(effect(0, &["DEL", "e"]));
        journal.flush();
        assert_eq!(
            words(&seen),
            "SELECT 3 DEL a SELECT 4 MULTI DEL b SELECT 0 DEL c EXEC DEL d DEL e"
        );
    }

    #[test]
    fn what_is_only_for_replicas_has_its_place_there_and_none_in_the_file() {
        let (file, replicas) = <(Arc<Mutex<Vec<u8>>>, Arc<Mutex<Vec<u8>>>)>::default();
        let mut journal = Journal::default();
        let publish = Request::new([&b"PUBLISH"[..], b"c", b"m"]);
        journal.aof = Some(Box::new(Collect(Arc::clone(&file))));
        journal.replicate_only(0, publish.args()); // nobody listens
        journal.replication = Some(Box::new(Collect(Arc::clone(&replicas))));
        journal.add(effect(0, &["DEL", "a"]));
        journal.replicate_only(0, publish.args());
        journal.add(effect(0, &["DEL", "b"]));
        journal.flush();
        journal.replicate_only(3, publish.args());
        journal.flush();
        journal.replicate_only(3, publish.args());
        journal.add(effect(3, &["DEL", "c"]));
        journal.flush();
        assert_eq!(
            words(&replicas),
            "SELECT 0 MULTI DEL a PUBLISH c m DEL b EXEC \
             SELECT 3 PUBLISH c m MULTI PUBLISH c m DEL c EXEC"
        );
        assert_eq!(words(&file), "SELECT 0 MULTI DEL a DEL b EXEC SELECT 3 DEL c");
    }

    fn words(encoded: &Mutex<Vec<u8>>) -> String {
        let text = String::from_utf8(encoded.lock().unwrap().clone()).unwrap();
        let is_word = |word: &&str| !word.is_empty() && !word.starts_with(['*', '$']);
        text.split("\r\n").filter(is_word).collect::<Vec<_>>().join(" ")
    }
}
