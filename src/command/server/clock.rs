//! DEBUG CLOCK: turning the server's clock, for tests in whatever language. What happens then is told in
//! `system/clock.rs`; Redis has nothing like it.

use std::time::Duration;

use crate::catalogue::Command;
use crate::command::args::is;
use crate::command::context::{Context, wrong_subcommand};
use crate::command::error::{self, Error, Result};
use crate::engine::blocking::Awaited;
use crate::resp::{Args, Reply};
use crate::system::clock::Turn;

const IN_A_UNIT: Error =
    Error::new("ERR DEBUG CLOCK can't turn the clock in a transaction, in which no time passes");

/// `CLOCK [SET milliseconds|ADVANCE milliseconds|FREEZE|RUN]`
///
/// Turning it is for the client's thread when it has given the lock back, so the client waits.
pub(super) fn clock(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let turn = match args.len() - 2 {
        0 => {
            show(ctx, reply);
            return Ok(());
        }
        1 if is(&args[2], "FREEZE") => Turn::Freeze,
        1 if is(&args[2], "RUN") => Turn::Run,
        2 if is(&args[2], "ADVANCE") => {
            Turn::Advance(Duration::from_millis(milliseconds(&args[3])?))
        }
        2 if is(&args[2], "SET") => Turn::Set(milliseconds(&args[3])?),
        _ => return Err(wrong_subcommand(args)),
    };
    let nothing = args.from(args.len());
    if ctx.block_on(Awaited::Turn(turn), nothing, nothing, None) { Ok(()) } else { Err(IN_A_UNIT) }
}

/// Whether a request turns the clock: if that stands, nothing else ends a pause of all clients.
#[cold]
pub fn turns_clock(command: Command, args: Args<'_>) -> bool {
    command == Command::Debug && args.get(1).is_some_and(|word| is(word, "CLOCK"))
}

fn milliseconds(text: &[u8]) -> Result<u64> {
    let number = crate::number::parse_i64(text).ok_or(error::NOT_INTEGER)?;
    u64::try_from(number).or(Err(Error::new("ERR the time is negative")))
}

/// How it goes, and the time in Unix milliseconds.
fn show(ctx: &Context<'_>, reply: &mut Reply) {
    let clock = &ctx.engine.clock;
    reply.map(2);
    reply.bulk(b"mode");
    reply.bulk(if clock.is_frozen() { b"frozen" } else { b"running" });
    reply.bulk(b"time");
    reply.integer(clock.unix_ms());
}
