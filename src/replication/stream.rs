//! The stream of a master, and what is made of it: requests executed, and the same bytes in our own
//! backlog.
//!
//! ```text
//! SET a 1      MULTI   SET b 1   SET c 1   EXEC      INCR a
//! -> backlog   ------- kept until here -------> backlog   fails: nothing behind it is executed
//! ```
//!
//! Our offset is the end of the backlog, so it never stands within a transaction. This knows no socket:
//! how bytes come and what becomes of a stream that breaks is [`apply`](super::apply)'s.

use crate::config::PropagationErrors;
use crate::engine::ClientKey;
use crate::engine::Engine;
use crate::engine::execution::{Flow, Origin};
use crate::engine::role;
use crate::resp::{Batch, Reply, RequestLimits};
use crate::system::logging::UserData;

/// What a master may send: whatever it holds itself.
pub const LIMITS: RequestLimits =
    RequestLimits { bulk: i32::MAX as usize, query_buffer: usize::MAX, authenticated: true };

/// Why a stream doesn't go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// This command failed, so the data is not the master's any more.
    Differs(String),
    /// Somebody has closed the connection here.
    Closed,
}

/// A stream that is being followed.
pub struct Executor {
    /// The client as which it is executed.
    client: ClientKey,
    /// The bytes of a transaction that isn't complete.
    pending: Vec<u8>,
    reply: Reply,
}

impl Executor {
    /// The stream of this client, from the end of our backlog on.
    pub fn new(client: ClientKey) -> Self {
        Executor { client, pending: Vec::new(), reply: Reply::default() }
    }

    /// Executes what has arrived.
    pub fn execute(&mut self, engine: &mut Engine, batch: &Batch<'_>) -> Result<(), Broken> {
        for index in 0..batch.len() {
            let args = batch.request(index);
            let errors = engine.replication.stream_errors;
            let flow = engine.execute(self.client, args, &mut self.reply, Origin::Master);
            if self.reply.as_bytes().starts_with(b"-") {
                engine.replication.stream_errors = errors + 1; // it may not even have been called
            }
            if engine.replication.stream_errors != errors
                && differs(engine, args.at(0), self.reply.as_bytes())
            {
                return Err(Broken::Differs(args.at(0).escape_ascii().to_string()));
            }
            self.reply.clear(1024);
            if flow != Flow::Continue {
                return Err(Broken::Closed);
            }
            self.pass_on(engine, batch.raw(index));
            if role::is_newer(args.at(0)) {
                role::part_with_old_replicas(engine);
            }
        }
        // A master counts all bytes that it sends, whatever they are.
        self.pass_on(engine, batch.rest());
        Ok(())
    }

    /// Lets our own replicas have what was executed.
    fn pass_on(&mut self, engine: &mut Engine, raw: &[u8]) {
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
}

/// A command of the master has failed, by itself or within a transaction. False: that is no reason
/// not to go on.
fn differs(engine: &mut Engine, name: &[u8], reply: &[u8]) -> bool {
    engine.stats.unexpected_error_replies += 1;
    let shown = UserData(reply[..reply.len().min(256)].trim_ascii_end());
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
