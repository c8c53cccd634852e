//! What the engine knows of executing requests: where they come from, what the connection does next,
//! and the way in.
//!
//! Commands stand above the engine and call it. A few things below have requests to execute
//! themselves: the append-only file while it is loaded, the stream of a master, a client that has
//! waited. They are handed the way in once, as two functions, and need to know no command.

use super::ClientKey;
use super::{Engine, blocking, tracking};
use crate::resp::{Args, Reply};

/// Where a request comes from. All take the same way through `execute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A connection.
    Client,
    /// A queued command that EXEC runs.
    Exec,
    /// A script.
    Script,
    /// A command that waited, tried again because its key has changed.
    Unblocked,
    /// A command of a connection that has talked to another server meanwhile, and goes on.
    Resumed,
    /// The append-only file, while it is being loaded.
    Loader,
    /// The link to our master.
    Master,
}

impl Origin {
    /// Whether it is a connection's own request, be it tried again, and not part of another one.
    pub fn is_a_request(self) -> bool {
        matches!(self, Origin::Client | Origin::Unblocked | Origin::Resumed)
    }
}

/// What the connection does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Goes on with the next request.
    Continue,
    /// Sends what was written and closes.
    Close,
    /// Closes without sending anything: the peer is no Redis client.
    Abort,
    /// Waits for the end of a pause, and tries the same request again.
    Paused {
        /// The request may write.
        writes: bool,
    },
    /// Talks to another server, while others have the lock, and then tries the same request again.
    Exchange,
    /// Waits until another client's command answers, or the time is over; nothing was replied.
    Blocked,
}

/// The way in.
#[derive(Clone, Copy)]
pub struct Execution {
    /// Executes one request of a client and writes its reply.
    pub execute: fn(&mut Engine, ClientKey, Args<'_>, &mut Reply, Origin) -> Flow,
    /// Executes the request of a waiting client again. True: that has ended the wait.
    pub retry: fn(&mut Engine, ClientKey) -> bool,
}

impl Engine {
    /// Executes one request, for who stands below the commands.
    pub fn execute(
        &mut self,
        client: ClientKey,
        args: Args<'_>,
        reply: &mut Reply,
        origin: Origin,
    ) -> Flow {
        (self.execution.execute)(self, client, args, reply, origin)
    }

    /// A unit of changes is complete: a command, a transaction, a script, a round of expiry. It is
    /// recorded, those who cache are told, and then those are served who have waited for it.
    #[inline]
    pub fn end_of_unit(&mut self) {
        self.close_unit();
        self.serve_waiting();
    }

    /// Serves those who have waited for what the last unit has changed.
    #[inline]
    pub fn serve_waiting(&mut self) {
        if self.blocking.has_ready() {
            blocking::serve(self, self.execution.retry);
        }
    }

    /// Records what was changed and tells those who cache.
    #[inline]
    pub fn close_unit(&mut self) {
        self.journal.flush();
        if self.tracking.is_on() {
            tracking::send_invalidations(self);
        }
    }
}

#[cfg(test)]
impl Execution {
    /// For tests that execute nothing.
    pub fn none() -> Self {
        Execution { execute: |_, _, _, _, _| Flow::Abort, retry: |_, _| true }
    }
}
