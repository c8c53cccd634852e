//! The stream, followed.
//!
//! ```text
//! read what has arrived ─> parse ─> lock ─> execute each, append its bytes to our backlog ─> unlock
//!                     ─> commit to our append-only file ─> acknowledge
//! ```
//!
//! What a master sends goes through `execute` like everything else, with an origin of its own. The
//! same bytes go to our backlog, under the same lock, so that whoever follows us has the same
//! offsets. A transaction counts when it is complete: a link that breaks within one begins it
//! again.
//!
//! What we acknowledge, the master's clients rely on (WAIT): as a reply to a client, an acknowledgement
//! leaves when the append-only file has what it speaks of, as `appendfsync` says. While the disk takes
//! nothing, we go on following, and acknowledge no more than it has. Beside it stands how far that file
//! is synced (WAITAOF), which masters before 7.2 don't read.
//!
//! A command that fails here was executed by the master, so it is we who differ: our data is not what
//! it was, or the master knows more than we do. It is logged and counted, and with the link our history
//! ends: everything is asked for again. Where that doesn't help, it is asked for ever more rarely, and
//! meanwhile the link is seen to be down ([`retry`](super::retry)). If `propagation-error-behavior` says
//! that a replica which differs is worse than none, the process ends. Only a replica that differs on
//! purpose, for clients write to it or it evicts keys by itself, goes on as Redis does. What is no
//! request at all ends the link and the history, too.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use super::failover;
use super::link::{Attempt, is_timeout};
use super::stream::{Broken, Executor, LIMITS};
use crate::engine::ClientKey;
use crate::engine::append_only::AofState;
use crate::engine::client::Client;
use crate::engine::role::Link;
use crate::journal::group_commit::Aof;
use crate::resp::writer::encode_request;
use crate::resp::{Batch, Reader};
use crate::system::clock::machine_now;
use crate::system::stream::Stream;

/// How often the master hears how far we are.
const ACKNOWLEDGE: Duration = Duration::from_secs(1);
/// So many places are remembered while the disk syncs none of them.
const MOST_PLACES: usize = 1000;

/// Follows the stream until the link breaks.
pub fn follow<R: Read>(attempt: &Attempt<'_>, stream: &Arc<Stream>, input: R) -> io::Result<()> {
    let mut engine = attempt.lock()?;
    let client = engine.clients.add(|id, clock| Client {
        is_master: true,
        authenticated: true,
        ..Client::connected(id, clock, Arc::clone(stream))
    });
    let (offset, now) = (engine.replication.offset(), engine.clock.tick());
    let aof = Arc::clone(&engine.aof.writer);
    failover::end(&mut engine);
    if let Some(master) = attempt.master(&mut engine) {
        (master.link, master.down_since) = (Link::Up, None);
        (master.client, master.takes_over) = (Some(client), false);
        master.last_heard = now;
        let db = master.db;
        engine.clients.get_mut(client).db = db;
        attempt.is_up();
    }
    drop(engine);
    let executor = Executor::new(client);
    let follower = Follower {
        attempt,
        stream,
        aof,
        client,
        executor,
        executed: offset,
        kept: offset,
        synced: 0,
        unsynced: VecDeque::new(),
    };
    let result = follower.run(Reader::new(input));
    let mut engine = attempt.end(client);
    engine.remove_client(client);
    result
}

struct Follower<'f, 's> {
    attempt: &'f Attempt<'s>,
    stream: &'f Arc<Stream>,
    /// Our append-only file.
    aof: Arc<Aof>,
    client: ClientKey,
    /// What executes it.
    executor: Executor,
    /// How far we are.
    executed: u64,
    /// Up to where our append-only file has it.
    kept: u64,
    /// Up to where it is synced.
    synced: u64,
    /// Places behind that, the same in our file, that tell when it is synced so far.
    unsynced: VecDeque<(u64, u64)>,
}

impl Follower<'_, '_> {
    fn run<R: Read>(mut self, mut reader: Reader<R>) -> io::Result<()> {
        self.acknowledge()?;
        let mut last = machine_now();
        loop {
            let (asked, is_all) = match reader.batch(&LIMITS) {
                Err(error) => return self.refuse(&error.to_string()),
                Ok(batch) if !batch.is_empty() && batch.is_inline() => {
                    return self.refuse("an inline request");
                }
                Ok(batch) => (self.execute(&batch)?, batch.is_empty()),
            };
            if is_all {
                match reader.fill() {
                    Ok(0) => return Err(io::Error::other("Connection with master lost.")),
                    Err(error) if !is_timeout(&error) => return Err(error),
                    _ => {}
                }
            }
            if asked || last.elapsed() >= ACKNOWLEDGE {
                self.acknowledge()?;
                last = machine_now();
            }
        }
    }

    /// Executes what has arrived. True: the master wants to know how far we are.
    fn execute(&mut self, batch: &Batch<'_>) -> io::Result<bool> {
        if batch.is_empty() && batch.rest().is_empty() {
            return Ok(false);
        }
        let mut engine = self.attempt.lock()?;
        match self.executor.execute(&mut engine, batch) {
            Ok(()) => {}
            Err(Broken::Closed) => {
                return Err(io::Error::other("Connection with master was closed here."));
            }
            Err(Broken::Differs(command)) => {
                drop(engine);
                self.attempt.distrust();
                let text = format!(
                    "We differ from the master, whose command '{command}' failed here: full resync \
                     follows"
                );
                return Err(io::Error::other(text));
            }
        }
        self.executed = engine.replication.offset();
        let db = engine.clients.get(self.client).db;
        engine.clients.get_mut(self.client).activity.note();
        let (mut asked, now) = (false, engine.clock.tick());
        if let Some(master) = self.attempt.master(&mut engine) {
            // What is queued in a transaction has not changed it, so it belongs to our offset.
            (master.last_heard, master.db) = (now, db);
            asked = std::mem::take(&mut master.wants_ack);
        }
        drop(engine);
        self.keep();
        Ok(asked)
    }

    /// Lets the append-only file have everything. Nobody holds the lock meanwhile.
    fn keep(&mut self) {
        self.aof.commit();
        if self.aof.last_write_ok() {
            self.kept = self.executed;
        }
    }

    fn acknowledge(&mut self) -> io::Result<()> {
        self.keep();
        let mut request = Vec::new();
        let (offset, synced) = (self.kept.to_string(), self.synced()?.map(|at| at.to_string()));
        let words = [&b"REPLCONF"[..], b"ACK", offset.as_bytes()].into_iter();
        let more = synced.iter().flat_map(|at| [&b"FACK"[..], at.as_bytes()]);
        // The number of words comes first, so they are gathered.
        let words: Vec<&[u8]> = words.chain(more).collect();
        encode_request(&mut request, words.into_iter());
        (&**self.stream).write_all(&request)
    }

    /// Up to where our append-only file is on the disk; None: there is none, or not yet.
    fn synced(&mut self) -> io::Result<Option<u64>> {
        let has_file = self.attempt.lock()?.aof.state == AofState::On;
        if self.unsynced.len() < MOST_PLACES {
            self.unsynced.push_back((self.kept, self.aof.appended()));
        }
        let on_disk = self.aof.synced();
        while let Some((offset, place)) = self.unsynced.front()
            && *place <= on_disk
        {
            self.synced = *offset;
            self.unsynced.pop_front();
        }
        Ok(has_file.then_some(self.synced))
    }

    fn refuse(&self, reason: &str) -> io::Result<()> {
        self.attempt.distrust();
        Err(io::Error::other(format!("Protocol error ({reason}) from master: full resync follows")))
    }
}
