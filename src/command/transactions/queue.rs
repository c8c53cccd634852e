//! What `execute` asks of transactions: is this request queued, and what is EXEC going to do?

use crate::catalogue::spec::Flags;
use crate::catalogue::{Command, Row, row};
use crate::command::scripting::declared::flags_of;
use crate::engine::client::Client;
use crate::engine::transaction::Queued;
use crate::engine::{ClientKey, Engine};
use crate::resp::{Args, Reply};

/// Whether a command is queued inside MULTI; these few act at once.
pub fn is_queued(command: Command) -> bool {
    use Command::{Discard, Exec, Explain, Multi, Watch};
    !matches!(command, Discard | Exec | Explain | Multi | Watch) && !acts_at_once(row(command).name)
}

/// Commands about the connection as a whole.
fn acts_at_once(name: &str) -> bool {
    matches!(name, "quit" | "reset")
}

/// Puts a request into the queue of a client that has sent MULTI.
pub fn queue(client: &mut Client, row: &Row, flags: Flags, args: Args<'_>, reply: &mut Reply) {
    let doomed = client.watches.broken;
    let Some(transaction) = &mut client.transaction else { return };
    // What will not be executed need not be kept.
    if !doomed && !transaction.aborted {
        transaction.push(Queued { command: row.command, flags, request: args.into() });
    }
    reply.simple("QUEUED");
}

/// Whether a request has these flags, and if it is EXEC, everything that it would run.
pub fn all_have(client: &Client, row: &Row, own: Flags, flags: Flags) -> bool {
    let queue = match &client.transaction {
        Some(transaction) if row.command == Command::Exec => transaction.queue(),
        _ => &[],
    };
    own.has(flags) && queue.iter().all(|queued| queued.flags.has(flags))
}

/// The flags by which gates judge a request: those of EXEC include everything it would run.
/// Those of a script are what it says of itself.
#[inline]
pub fn effective_flags(engine: &Engine, client: ClientKey, row: &Row, args: Args<'_>) -> Flags {
    if row.is(Flags::SKIP_MONITOR) {
        return flags_of(engine, row.command, row.flags, args);
    }
    match &engine.clients.get(client).transaction {
        Some(transaction) if row.command == Command::Exec => row.flags | transaction.flags,
        _ => row.flags,
    }
}
