//! The stream, executed.
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
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::failover;
use super::link::{Attempt, is_timeout};
use crate::config::PropagationErrors;
use crate::engine::ClientKey;
use crate::engine::Engine;
use crate::engine::client::Client;
use crate::engine::execution::{Flow, Origin};
use crate::engine::role::Link;
use crate::journal::group_commit::Aof;
use crate::resp::writer::encode_request;
use crate::resp::{Reader, Reply, RequestLimits};

/// How often the master hears how far we are.
const ACKNOWLEDGE: Duration = Duration::from_secs(1);
/// What a master may send: whatever it holds itself.
const LIMITS: RequestLimits =
    RequestLimits { bulk: i32::MAX as usize, query_buffer: usize::MAX, authenticated: true };

/// Follows the stream until the link breaks.
pub fn follow<R: Read>(attempt: &Attempt<'_>, stream: &Arc<TcpStream>, input: R) -> io::Result<()> {
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
    let follower = Follower {
        attempt,
        stream,
        aof,
        client,
        executed: offset,
        kept: offset,
        pending: Vec::new(),
    };
    let result = follower.run(Reader::new(input));
    let mut engine = attempt.end(client);
    engine.remove_client(client);
    result
}

struct Follower<'f, 's> {
    attempt: &'f Attempt<'s>,
    stream: &'f Arc<TcpStream>,
    /// Our append-only file.
    aof: Arc<Aof>,
    client: ClientKey,
    /// How far we are.
    executed: u64,
    /// Up to where our append-only file has it.
    kept: u64,
    /// The bytes of a transaction that isn't complete.
    pending: Vec<u8>,
}

/// A command of the master has failed, by itself or within a transaction. False: that is no reason
/// not to go on.
fn differs(engine: &mut Engine, name: &[u8], reply: &[u8]) -> bool {
    engine.stats.unexpected_error_replies += 1;
    let shown = reply[..reply.len().min(256)].trim_ascii_end().escape_ascii();
    crate::warning!("The master's command '{}' failed here: {shown}", name.escape_ascii());
    let config = &engine.config;
    let evicts = config.maxmemory > 0 && !config.replica_ignore_maxmemory;
    if config.propagation_error_behavior != PropagationErrors::Ignore && config.replica_read_only {
        crate::warning!(
            "Ending, as propagation-error-behavior says: this is not the master's data"
        );
        std::process::exit(1);
    }
    config.replica_read_only && !evicts
}

impl Follower<'_, '_> {
    fn run<R: Read>(mut self, mut reader: Reader<R>) -> io::Result<()> {
        self.acknowledge()?;
        let mut last = Instant::now();
        let mut reply = Reply::default();
        loop {
            let asked = match reader.batch(&LIMITS) {
                Err(error) => return self.refuse(&error.to_string()),
                Ok(batch) if batch.is_empty() => {
                    match reader.fill() {
                        Ok(0) => return Err(io::Error::other("Connection with master lost.")),
                        Err(error) if !is_timeout(&error) => return Err(error),
                        _ => {}
                    }
                    false
                }
                Ok(batch) if batch.is_inline() => return self.refuse("an inline request"),
                Ok(_) => self.execute(&reader, &mut reply)?,
            };
            if asked || last.elapsed() >= ACKNOWLEDGE {
                self.acknowledge()?;
                last = Instant::now();
            }
        }
    }

    /// Executes what has arrived. True: the master wants to know how far we are.
    fn execute<R: Read>(&mut self, reader: &Reader<R>, reply: &mut Reply) -> io::Result<bool> {
        let mut engine = self.attempt.lock()?;
        let batch = reader.parsed();
        for index in 0..batch.len() {
            let args = batch.request(index);
            let errors = engine.replication.stream_errors;
            let flow = engine.execute(self.client, args, reply, Origin::Master);
            if reply.as_bytes().starts_with(b"-") {
                engine.replication.stream_errors = errors + 1; // it may not even have been called
            }
            if engine.replication.stream_errors != errors
                && differs(&mut engine, args.at(0), reply.as_bytes())
            {
                drop(engine);
                self.attempt.distrust();
                return Err(io::Error::other("We differ from the master: full resync follows"));
            }
            reply.clear(1024);
            if flow != Flow::Continue {
                return Err(io::Error::other("Connection with master was closed here."));
            }
            let raw = batch.raw(index);
            if engine.clients.get(self.client).transaction.is_some() {
                self.pending.extend_from_slice(raw);
            } else if self.pending.is_empty() {
                engine.replication.backlog.append(raw);
            } else {
                self.pending.extend_from_slice(raw);
                engine.replication.backlog.append(&self.pending);
                self.pending = Vec::new();
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
