//! MONITOR: a connection that sees what all others ask for.
//!
//! ```text
//! +1795300312.298137 [0 127.0.0.1:46240] "SET" "k" "a b\x00"
//!  time              db  who             the request, quoted
//! ```
//!
//! Lines are made only while somebody watches. Passwords are not shown, and neither are commands of
//! administration, which may hold them anywhere.

use crate::catalogue::spec::Flags;
use crate::catalogue::{Command, Row};
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::engine::execution::Origin;
use crate::engine::{ClientKey, Engine, monitor};
use crate::resp::{Args, Reply};

/// `MONITOR`
pub fn monitor(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    if ctx.origin != Origin::Client {
        return Err(Error::new("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    let client = ctx.client();
    if !client.monitors {
        client.monitors = true;
        client.open_outbox();
        ctx.engine.monitors.push(ctx.client);
        reply.ok();
    }
    Ok(())
}

/// Shows a request before it is executed: what a script calls is shown after the script itself.
pub fn show_before(ctx: &mut Context<'_>, args: Args<'_>) {
    if !ctx.engine.monitors.is_empty() && ctx.origin != Origin::Loader {
        monitor::show(ctx.engine, ctx.client, ctx.command, args, false);
    }
}

/// Shows a command that was executed, if it may be shown.
#[inline]
pub fn show_executed(ctx: &mut Context<'_>, row: &Row, args: Args<'_>) {
    let hidden = row.is(Flags::ADMIN) || row.is(Flags::SKIP_MONITOR);
    let again = matches!(ctx.origin, Origin::Unblocked | Origin::Resumed | Origin::Loader);
    if !ctx.engine.monitors.is_empty() && !hidden && !again {
        monitor::show(ctx.engine, ctx.client, row.command, args, ctx.origin == Origin::Script);
    }
}

/// Shows an EXEC that was refused: who watches has seen the MULTI that it ends.
pub fn show_refused_exec(engine: &mut Engine, client: ClientKey, args: Args<'_>) {
    if !engine.monitors.is_empty() {
        monitor::show(engine, client, Command::Exec, args, false);
    }
}
