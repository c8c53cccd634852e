//! CLIENT: what connections are there, what they are called, and how to end or pause them.
//!
//! All clients are behind the lock, so looking at another connection is just looking. Ending one
//! is shutting its socket down: the thread that serves it finds out when it next reads, and
//! [`execute`] runs nothing for a client that is to be closed.
//!
//! CLIENT SETINFO is younger than 7.0, but clients of today send it on connect, and accepting it
//! costs nothing. Tracking is in a file of its own.
//!
//! [`execute`]: mod@crate::command::execute

use std::time::Duration;

use super::client_list::{ClientType, Filter, describe};
use crate::acl::Acl;
use crate::command::args::{Options, integer, integer_in, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::engine::ClientKey;
use crate::engine::blocking::{interrupt, time_out};
use crate::engine::client::ReplyMode;
use crate::engine::pause;
use crate::resp::{Args, Reply};

/// `CLIENT ID`
pub fn client_id(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.integer(ctx.client().id as i64);
    Ok(())
}

/// `CLIENT INFO`
pub fn client_info(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let mut text = Vec::new();
    describe(ctx.engine, ctx.client, Some(args), &mut text);
    reply.verbatim("txt", &text);
    Ok(())
}

/// `CLIENT LIST [TYPE <NORMAL|MASTER|REPLICA|PUBSUB>] [ID client-id [client-id ...]]`
pub fn client_list(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let clients = &ctx.engine.clients;
    let listed: Vec<ClientKey> = match args.get(2) {
        None => clients.connections(),
        Some(option) if is(option, "TYPE") && args.len() == 4 => {
            let kind = ClientType::parse(args.at(3))?;
            let mut keys = clients.connections();
            keys.retain(|key| ClientType::of(clients.get(*key)) == kind);
            keys
        }
        Some(option) if is(option, "ID") && args.len() > 3 => {
            const INVALID: Error = Error::new("ERR Invalid client ID");
            let id = |text| integer_in(text, i64::MIN, i64::MAX, INVALID);
            let ids = args.iter().skip(3).map(id).collect::<Result<Vec<i64>>>()?;
            let there = |key: &ClientKey| !clients.get(*key).is_gone;
            ids.iter().filter_map(|id| clients.by_id(*id as u64)).filter(there).collect()
        }
        Some(_) => return Err(error::SYNTAX),
    };
    let mut text = Vec::new();
    for key in listed {
        describe(ctx.engine, key, (key == ctx.client).then_some(args), &mut text);
    }
    reply.verbatim("txt", &text);
    Ok(())
}

/// `CLIENT GETNAME`
pub fn client_getname(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let name = &ctx.client().name;
    reply.bulk_or_null(Some(name).filter(|name| !name.is_empty()));
    Ok(())
}

/// `CLIENT SETNAME connection-name`
pub fn client_setname(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.client().name = checked_name(args.at(2))?.to_vec();
    reply.ok();
    Ok(())
}

/// What a connection may be called; the empty name takes its name away.
pub(super) fn checked_name(name: &[u8]) -> Result<&[u8]> {
    if !is_printable(name) {
        let text = "ERR Client names cannot contain spaces, newlines or special characters.";
        return Err(Error::new(text));
    }
    Ok(name)
}

/// Names stand in the lines of CLIENT LIST, which people and programs cut at blanks.
fn is_printable(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_graphic)
}

/// `CLIENT SETINFO <LIB-NAME library-name|LIB-VER library-version>`
pub fn client_setinfo(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (option, value) = (args.at(2), args.at(3));
    let client = ctx.client();
    let field = match option {
        _ if is(option, "LIB-NAME") => &mut client.library_name,
        _ if is(option, "LIB-VER") => &mut client.library_version,
        _ => return Err(Error::text([b"ERR Unrecognized option '", option, b"'"].concat())),
    };
    if !is_printable(value) {
        let end = b" cannot contain spaces, newlines or special characters.";
        return Err(Error::text([b"ERR ", option, &end[..]].concat()));
    }
    *field = value.to_vec();
    reply.ok();
    Ok(())
}

/// `CLIENT KILL <ip:port|<ID client-id|TYPE <NORMAL|MASTER|REPLICA|PUBSUB>|USER username|ADDR
/// ip:port|LADDR ip:port|SKIPME <YES|NO>|MAXAGE maxage> [...]>`
pub fn client_kill(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if args.len() == 3 {
        let filter = Filter { address: Some(args.at(2).to_vec()), ..Filter::default() };
        if kill(ctx, &filter, false) == 0 {
            return Err(Error::new("ERR No such client"));
        }
        reply.ok();
    } else {
        let (filter, skip_me) = parse_filter(&ctx.engine.acl, args)?;
        let killed = kill(ctx, &filter, skip_me);
        reply.count(killed);
    }
    Ok(())
}

/// The filters of CLIENT KILL, and whether it spares the connection that asks.
fn parse_filter(acl: &Acl, args: Args<'_>) -> Result<(Filter, bool)> {
    let mut filter = Filter::default();
    let mut skip_me = true;
    let mut options = Options::new(args, 2);
    while let Some(option) = options.next() {
        let value = options.value()?;
        match option {
            _ if is(option, "ID") => {
                const NO_ID: Error = Error::new("ERR client-id should be greater than 0");
                filter.id = Some(integer_in(value, 1, i64::MAX, NO_ID)? as u64);
            }
            _ if is(option, "TYPE") => filter.kind = Some(ClientType::parse(value)?),
            _ if is(option, "ADDR") => filter.address = Some(value.to_vec()),
            _ if is(option, "LADDR") => filter.local_address = Some(value.to_vec()),
            _ if is(option, "USER") => {
                if acl.user(value).is_none() {
                    return Err(Error::text([b"ERR No such user '", value, b"'"].concat()));
                }
                filter.user = Some(value.to_vec());
            }
            _ if is(option, "MAXAGE") => {
                const NO_AGE: Error = Error::new("ERR maxage is not an integer or out of range");
                let age = integer(value).or(Err(NO_AGE))?;
                const TOO_LOW: Error = Error::new("ERR maxage should be greater than 0");
                filter.age = Some(u64::try_from(age).ok().filter(|age| *age > 0).ok_or(TOO_LOW)?);
            }
            _ if is(option, "SKIPME") && is(value, "yes") => skip_me = true,
            _ if is(option, "SKIPME") && is(value, "no") => skip_me = false,
            _ => return Err(error::SYNTAX),
        }
    }
    Ok((filter, skip_me))
}

/// Closes the connections that match, and counts them. The one that asks gets its reply first.
fn kill(ctx: &mut Context<'_>, filter: &Filter, skip_me: bool) -> usize {
    let mut killed = 0;
    for key in ctx.engine.clients.connections() {
        let client = ctx.engine.clients.get_mut(key);
        if !filter.matches(client) || (key == ctx.client && skip_me) {
            continue;
        }
        if key == ctx.client {
            client.close_after_reply = true;
        } else {
            client.disconnect();
        }
        killed += 1;
    }
    killed
}

fn on_or_off(word: &[u8]) -> Result<bool> {
    match word {
        _ if is(word, "ON") => Ok(true),
        _ if is(word, "OFF") => Ok(false),
        _ => Err(error::SYNTAX),
    }
}

/// `CLIENT NO-EVICT <ON|OFF>`
pub fn client_no_evict(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.client().no_evict = on_or_off(args.at(2))?;
    reply.ok();
    Ok(())
}

/// `CLIENT NO-TOUCH <ON|OFF>`
pub fn client_no_touch(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.client().no_touch = on_or_off(args.at(2))?;
    reply.ok();
    Ok(())
}

/// `CLIENT REPLY <ON|OFF|SKIP>`
///
/// Only ON replies; that is how a client knows that replies are back.
pub fn client_reply(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let client = ctx.client();
    match args.at(2) {
        word if is(word, "ON") => {
            client.reply_mode = ReplyMode::On;
            reply.ok();
        }
        word if is(word, "OFF") => client.reply_mode = ReplyMode::Off,
        word if is(word, "SKIP") => {
            if client.reply_mode != ReplyMode::Off {
                client.reply_mode = ReplyMode::SkipNext;
            }
        }
        _ => return Err(error::SYNTAX),
    }
    Ok(())
}

/// `CLIENT PAUSE milliseconds [WRITE|ALL]`
///
/// ALL holds every client, whoever paused them included: such a pause ends by itself.
pub fn client_pause(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    const NO_TIMEOUT: Error = Error::new("ERR timeout is not an integer or out of range");
    let only_writes = match args.get(3) {
        None => false,
        Some(word) if is(word, "ALL") => false,
        Some(word) if is(word, "WRITE") => true,
        Some(_) => return Err(Error::new("ERR CLIENT PAUSE mode must be WRITE or ALL")),
    };
    let timeout = integer(args.at(2)).map_err(|_| NO_TIMEOUT)?;
    if timeout < 0 {
        return Err(Error::new("ERR timeout is negative"));
    }
    const TOO_FAR: Error = Error::new("ERR timeout is out of range");
    ctx.now_ms.checked_add(timeout).ok_or(TOO_FAR)?; // else it would lie in the past
    let until = ctx.engine.clock.after(Duration::from_millis(timeout as u64));
    ctx.engine.pause.begin(until, only_writes);
    reply.ok();
    Ok(())
}

/// `CLIENT UNPAUSE`
pub fn client_unpause(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    pause::end(ctx.engine);
    reply.ok();
    Ok(())
}

/// `CLIENT UNBLOCK client-id [TIMEOUT|ERROR]`
pub fn client_unblock(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let with_error = match args.get(3) {
        None => false,
        Some(word) if is(word, "TIMEOUT") => false,
        Some(word) if is(word, "ERROR") => true,
        Some(_) => {
            return Err(Error::new("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        }
    };
    if args.len() > 4 {
        return Err(error::SYNTAX);
    }
    let id = integer(&args[2])?;
    let id = u64::try_from(id).unwrap_or(0);
    // What a SHUTDOWN waits for is for SHUTDOWN ABORT to end, and a pause for CLIENT UNPAUSE.
    let clients = &ctx.engine.clients;
    let waits_for_data = |client: &ClientKey| {
        let wait = clients.get(*client).wait.as_ref();
        wait.is_some_and(|wait| wait.awaited.is_for_data())
    };
    let client = clients.by_id(id).filter(waits_for_data);
    let unblocked = client.is_some_and(|client| match with_error {
        true => {
            if let Some(command) = ctx.engine.clients.get(client).last_command {
                ctx.engine.stats.command(command).failed_calls += 1;
            }
            interrupt(ctx.engine, client, "UNBLOCKED client unblocked via CLIENT UNBLOCK")
        }
        false => time_out(ctx.engine, client),
    });
    reply.integer(unblocked.into());
    Ok(())
}
