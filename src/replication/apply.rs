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
//! nothing, we go on following, and acknowledge no more than it has.
//!
//! A command that fails here was executed by the master, so it is we who differ: our data is not what
//! it was, or the master knows more than we do. It is logged and counted, and with the link our history
//! ends: everything is asked for again. Where that doesn't help, it is asked for ever more rarely, and
//! meanwhile the link is seen to be down ([`retry`](super::retry)). If `propagation-error-behavior` says
//! that a replica which differs is worse than none, the process ends. Only a replica that differs on
//! purpose, for clients write to it or it evicts keys by itself, goes on as Redis does. What is no
//! request at all ends the link and the history, too.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::failover;
use super::link::{Attempt, is_timeout};
use super::stream::{Broken, Executor, LIMITS};
use crate::engine::ClientKey;
use crate::engine::client::Client;
use crate::engine::role::Link;
use crate::journal::group_commit::Aof;
use crate::resp::writer::encode_request;
use crate::resp::{Batch, Reader};
use crate::system::stream::Stream;

/// How often the master hears how far we are.
const ACKNOWLEDGE: Duration = Duration::from_secs(1);

/// Follows the stream until the link breaks.
pub fn follow<R: Read>(attempt: &Attempt<'_>, stream: &Arc<Stream>, input: R) -> io::Result<()> {
    let mut engine = attempt.lock()?;
    let client = engine.clients.add(|id| Client {
        is_master: true,
        authenticated: true,
        ..Client::connected(id, Arc::clone(stream))
    });
    let offset = engine.replication.offset();
    let aof = Arc::clone(&engine.aof.writer);
    failover::end(&mut engine);
    if let Some(master) = attempt.master(&mut engine) {
        (master.link, master.down_since) = (Link::Up, None);
        (master.client, master.takes_over) = (Some(client), false);
        master.last_heard = Instant::now();
        let db = master.db;
        engine.clients.get_mut(client).db = db;
        attempt.is_up();
    }
    drop(engine);
    let executor = Executor::new(client);
    let follower =
        Follower { attempt, stream, aof, client, executor, executed: offset, kept: offset };
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
}

impl Follower<'_, '_> {
    fn run<R: Read>(mut self, mut reader: Reader<R>) -> io::Result<()> {
        self.acknowledge()?;
        let mut last = Instant::now();
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
                last = Instant::now();
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
            Err(Broken::Differs) => {
                drop(engine);
                self.attempt.distrust();
                return Err(io::Error::other("We differ from the master: full resync follows"));
            }
        }
        self.executed = engine.replication.offset();
        let db = engine.clients.get(self.client).db;
        engine.clients.get_mut(self.client).activity.note();
        let mut asked = false;
        if let Some(master) = self.attempt.master(&mut engine) {
            // What is queued in a transaction has not changed it, so it belongs to our offset.
            (master.last_heard, master.db) = (Instant::now(), db);
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
        let offset = self.kept.to_string();
        let words = [&b"REPLCONF"[..], b"ACK", offset.as_bytes()];
        encode_request(&mut request, words.into_iter());
        (&**self.stream).write_all(&request)
    }

    fn refuse(&self, reason: &str) -> io::Result<()> {
        self.attempt.distrust();
        Err(io::Error::other(format!("Protocol error ({reason}) from master: full resync follows")))
    }
}
