//! What a client has queued since MULTI. How it is queued and executed is told in
//! `command/transactions`.

use super::ClientKey;
use super::{Engine, watch};
use crate::catalogue::Command;
use crate::catalogue::spec::Flags;
use crate::resp::Request;

/// What a client has queued since MULTI.
#[derive(Debug, Default)]
pub struct Transaction {
    queue: Vec<Queued>,
    /// Bytes of the queued requests.
    bytes: usize,
    /// Everything that the queued commands are, so that gates can treat EXEC as all of them.
    pub flags: Flags,
    /// A request was refused: EXEC will do nothing.
    pub aborted: bool,
}

/// A command that passed the gates when it was queued.
#[derive(Debug)]
pub struct Queued {
    /// Which command.
    pub command: Command,
    /// Its flags; those of a script are what the script says of itself.
    pub flags: Flags,
    /// The whole request.
    pub request: Request,
}

impl Transaction {
    /// Adds a command to those that wait for EXEC.
    pub fn push(&mut self, queued: Queued) {
        self.bytes += queued.request.memory();
        self.flags |= queued.flags;
        self.queue.push(queued);
    }

    /// The commands that wait for EXEC.
    pub fn queue(&self) -> &[Queued] {
        &self.queue
    }

    /// How many commands wait for EXEC.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether none does.
    #[cfg(feature = "internals")] // for tests
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Bytes held by the queue.
    pub fn memory(&self) -> usize {
        self.bytes + self.queue.capacity() * size_of::<Queued>()
    }

    /// How large it is.
    pub fn size(&self) -> Size {
        Size { commands: self.len(), bytes: self.memory() }
    }
}

/// How large a transaction is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How many commands it has.
    pub commands: usize,
    /// Bytes held by them.
    pub bytes: usize,
}

/// Ends the transaction of a client that is reset or whose EXEC was refused.
pub fn abandon(engine: &mut Engine, client: ClientKey) {
    engine.clients.get_mut(client).transaction = None;
    watch::unwatch(engine, client);
}
