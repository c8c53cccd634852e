//! Commands about the connection itself: who it is, what it speaks, which database it works on.
//!
//! Their state is the [`Client`] in the registry, so most of them are a line or two. Two deserve
//! care. A failed AUTH must not tell which half was wrong, nor by the time it takes how far the
//! guess was right. And RESET must forget everything that a connection can have: whoever adds
//! such a thing adds it to [`reset`], because connection pools rely on it.
//!
//! The CLIENT subcommands are in `client.rs`.
//!
//! [`Client`]: crate::engine::client::Client

pub mod client;
pub mod client_list;
pub mod tracking;

use super::args::{Options, integer_in, is};
use super::context::Context;
use super::error::{self, Error, Result};
use super::permission::{log_in, log_out};
use crate::acl::DEFAULT;
use crate::resp::{Args, Protocol, Reply};
use client::checked_name;

/// `PING [message]`
///
/// To a subscriber in RESP2 the answer looks like a message.
pub fn ping(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let client = ctx.client();
    let subscribed = client.protocol == Protocol::Resp2 && !client.subscriptions.is_empty();
    match args.len() {
        1 | 2 if subscribed => {
            reply.array(2);
            reply.bulk(b"pong");
            reply.bulk(args.get(1).unwrap_or_default());
        }
        1 => reply.simple("PONG"),
        2 => reply.bulk(args.at(1)),
        _ => return Err(Error::arity("ping")),
    }
    Ok(())
}

/// `ECHO message`
pub fn echo(_ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    reply.bulk(args.at(1));
    Ok(())
}

/// `SELECT index`
pub fn select(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (low, high) = (i64::from(i32::MIN), i64::from(i32::MAX));
    let index = super::args::integer(args.at(1))?;
    if !(low..=high).contains(&index) {
        let range = format!("ERR value is out of range, value must between {low} and {high}");
        return Err(Error::text(range));
    }
    if ctx.is_in_cluster() && index != 0 {
        return Err(Error::new("ERR SELECT is not allowed in cluster mode"));
    }
    if !(0..ctx.engine.databases.len() as i64).contains(&index) {
        return Err(error::DB_OUT_OF_RANGE);
    }
    ctx.db = index as usize;
    ctx.client().db = index as usize;
    reply.ok();
    Ok(())
}

/// `QUIT`
pub fn quit(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.client().close_after_reply = true;
    reply.ok();
    Ok(())
}

/// `RESET`
pub fn reset(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.engine.release_client(ctx.client);
    ctx.client().reset();
    log_out(ctx.engine, ctx.client);
    ctx.db = 0;
    reply.protocol = Protocol::Resp2;
    reply.simple("RESET");
    Ok(())
}

/// `AUTH [username] password`
pub fn auth(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (user, password) = match args.len() {
        2 if ctx.engine.acl.default_user().needs_no_password() => return Err(NO_PASSWORD),
        2 => (DEFAULT, args.at(1)),
        3 => (args.at(1), args.at(2)),
        _ => return Err(error::SYNTAX),
    };
    if !log_in(ctx, args.at(0), user, password) {
        return Err(error::WRONG_PASS);
    }
    reply.ok();
    Ok(())
}

const NO_PASSWORD: Error = Error::new(
    "ERR AUTH <password> called without any password configured for the default user. Are you sure \
     your configuration is correct?",
);

/// `HELLO [protover [AUTH username password] [SETNAME clientname]]`
///
/// The options act in the order they come, and what was done stays done when a later one fails; those of 8.2
/// act when all have been read. The protocol changes only if everything was right.
pub fn hello(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let version = args.get(1).map(protocol_version).transpose()?;
    let act_at_once = !ctx.compat().reads_all_of_hello_first();
    let mut options = Options::new(args, 2);
    let (mut login, mut name) = (None, None);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "AUTH") && options.left() >= 2 => {
                login = Some((options.value()?, options.value()?));
            }
            _ if is(option, "SETNAME") && options.left() >= 1 => {
                name = Some(checked_name(options.value()?)?);
            }
            _ => {
                let text = [b"ERR Syntax error in HELLO option '", option, b"'"].concat();
                return Err(Error::text(text));
            }
        }
        if act_at_once {
            log_in_as(ctx, args.at(0), login.take())?;
            name_client(ctx, name.take());
        }
    }
    log_in_as(ctx, args.at(0), login)?;
    if ctx.engine.must_log_in(ctx.client) {
        let usage = ctx.compat().hello_with_password();
        return Err(Error::text(format!(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             {usage} option can be used to authenticate the client and select the RESP protocol \
             version at the same time"
        )));
    }
    name_client(ctx, name);
    if let Some(version) = version {
        ctx.client().set_protocol(version);
        reply.protocol = version;
    }
    introduce(ctx, reply);
    Ok(())
}

/// As a user with a password, if HELLO names one.
fn log_in_as(ctx: &mut Context<'_>, command: &[u8], login: Option<(&[u8], &[u8])>) -> Result {
    match login {
        Some((user, password)) if !log_in(ctx, command, user, password) => Err(error::WRONG_PASS),
        _ => Ok(()),
    }
}

fn name_client(ctx: &mut Context<'_>, name: Option<&[u8]>) {
    if let Some(name) = name {
        ctx.client().name = name.to_vec();
    }
}

fn protocol_version(text: &[u8]) -> Result<Protocol> {
    const NOT_A_VERSION: Error =
        Error::new("ERR Protocol version is not an integer or out of range");
    match integer_in(text, i64::MIN, i64::MAX, NOT_A_VERSION)? {
        2 => Ok(Protocol::Resp2),
        3 => Ok(Protocol::Resp3),
        _ => Err(Error::new("NOPROTO unsupported protocol version")),
    }
}

/// What HELLO replies: everything that clients decide by.
fn introduce(ctx: &mut Context<'_>, reply: &mut Reply) {
    let role = if ctx.engine.is_replica() { "replica" } else { "master" };
    let version = ctx.compat().version();
    let client = ctx.client();
    reply.map(7);
    reply.bulk(b"server");
    reply.bulk(b"redis");
    reply.bulk(b"version");
    reply.bulk(version.as_bytes());
    reply.bulk(b"proto");
    reply.integer(if client.protocol == Protocol::Resp3 { 3 } else { 2 });
    reply.bulk(b"id");
    reply.integer(client.id as i64);
    reply.bulk(b"mode");
    reply.bulk(ctx.engine.mode().as_bytes());
    reply.bulk(b"role");
    reply.bulk(role.as_bytes());
    reply.bulk(b"modules");
    reply.array(0);
}
