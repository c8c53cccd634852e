//! CLIENT TRACKING and its relatives. How tracking works is told in [`crate::engine::tracking`].

use crate::command::args::{Options, integer, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::engine::tracking::{self, Mode};
use crate::resp::{Args, Reply};
use crate::store::Bytes;

/// `CLIENT TRACKING <ON|OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST]
/// [OPTIN] [OPTOUT] [NOLOOP]`
pub fn client_tracking(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let (mut mode, prefixes) = parse(ctx, args)?;
    match args.at(2) {
        word if is(word, "ON") => {
            check(ctx, &mode, &prefixes)?;
            if mode.broadcast && prefixes.is_empty() {
                mode.prefixes.insert(Bytes::new(b"")); // that of every key
            }
            mode.prefixes.extend(prefixes.into_iter().map(Bytes::new));
            tracking::enable(ctx.engine, ctx.client, mode);
        }
        word if is(word, "OFF") => tracking::disable(ctx.engine, ctx.client),
        _ => return Err(error::SYNTAX),
    }
    reply.ok();
    Ok(())
}

fn parse<'a>(ctx: &Context<'_>, args: Args<'a>) -> Result<(Mode, Vec<&'a [u8]>)> {
    let mut mode = Mode::default();
    let mut prefixes = Vec::new();
    let mut options = Options::new(args, 3);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "REDIRECT") && options.left() > 0 => {
                if mode.redirect.is_some() {
                    return Err(Error::new(
                        "ERR A client can only redirect to a single other client",
                    ));
                }
                let id = integer(options.value()?)? as u64;
                if ctx.engine.clients.by_id(id).is_none() {
                    return Err(Error::new(
                        "ERR The client ID you want redirect to does not exist",
                    ));
                }
                mode.redirect = Some(id);
            }
            _ if is(option, "PREFIX") && options.left() > 0 => prefixes.push(options.value()?),
            _ if is(option, "BCAST") => mode.broadcast = true,
            _ if is(option, "OPTIN") => mode.opt_in = true,
            _ if is(option, "OPTOUT") => mode.opt_out = true,
            _ if is(option, "NOLOOP") => mode.no_loop = true,
            _ => return Err(error::SYNTAX),
        }
    }
    Ok((mode, prefixes))
}

/// What goes together, and with what the client asked for before.
fn check(ctx: &mut Context<'_>, mode: &Mode, prefixes: &[&[u8]]) -> Result {
    let old = ctx.client().tracking.as_deref();
    let refuse = |text| Err(Error::new(text));
    if !mode.broadcast && !prefixes.is_empty() {
        return refuse("ERR PREFIX option requires BCAST mode to be enabled");
    }
    if old.is_some_and(|old| old.broadcast != mode.broadcast) {
        return refuse(
            "ERR You can't switch BCAST mode on/off before disabling tracking for this client, \
             and then re-enabling it with a different mode.",
        );
    }
    if mode.broadcast && (mode.opt_in || mode.opt_out) {
        return refuse("ERR OPTIN and OPTOUT are not compatible with BCAST");
    }
    if mode.opt_in && mode.opt_out {
        return refuse("ERR You can't specify both OPTIN mode and OPTOUT mode");
    }
    if old.is_some_and(|old| mode.opt_in && old.opt_out || mode.opt_out && old.opt_in) {
        return refuse(
            "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, \
             and then re-enabling it with a different mode.",
        );
    }
    let existing: Vec<&[u8]> =
        old.map_or_else(Vec::new, |old| old.prefixes.iter().map(Bytes::as_slice).collect());
    for (index, prefix) in prefixes.iter().enumerate() {
        overlap(prefix, &existing, "an existing")?;
        overlap(prefix, &prefixes[index + 1..], "another provided")?;
    }
    Ok(())
}

/// One prefix must not begin with another: a key would be reported twice.
fn overlap(prefix: &[u8], others: &[&[u8]], which: &str) -> Result {
    for other in others {
        if prefix.starts_with(other) || other.starts_with(prefix) {
            let [one, other] = [prefix, other].map(String::from_utf8_lossy);
            return Err(Error::text(format!(
                "ERR Prefix '{one}' overlaps with {which} prefix '{other}'. Prefixes for a single \
                 client must not overlap."
            )));
        }
    }
    Ok(())
}

/// `CLIENT CACHING <YES|NO>`
pub fn client_caching(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let Some(mode) = &mut ctx.client().tracking else {
        return Err(Error::new(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN \
             or OPTOUT mode enabled",
        ));
    };
    let (allowed, text) = match args.at(2) {
        word if is(word, "YES") => (
            mode.opt_in,
            "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
        ),
        word if is(word, "NO") => (
            mode.opt_out,
            "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
        ),
        _ => return Err(error::SYNTAX),
    };
    if !allowed {
        return Err(Error::new(text));
    }
    mode.caching = true;
    reply.ok();
    Ok(())
}

/// `CLIENT GETREDIR`
pub fn client_getredir(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.integer(redirection(ctx));
    Ok(())
}

/// -1 without tracking, 0 without redirection.
fn redirection(ctx: &mut Context<'_>) -> i64 {
    ctx.client().tracking.as_ref().map_or(-1, |mode| mode.redirect.map_or(0, |id| id as i64))
}

/// `CLIENT TRACKINGINFO`
pub fn client_trackinginfo(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let redirection = redirection(ctx);
    let mode = ctx.client().tracking.as_deref();
    let is_on = mode.is_some();
    let none = Mode::default();
    let mode = mode.unwrap_or(&none);
    let states = [
        (true, if is_on { "on" } else { "off" }),
        (mode.broadcast, "bcast"),
        (mode.opt_in, "optin"),
        (mode.opt_in && mode.caching, "caching-yes"),
        (mode.opt_out, "optout"),
        (mode.opt_out && mode.caching, "caching-no"),
        (mode.no_loop, "noloop"),
        (mode.broken_redirect, "broken_redirect"),
    ];
    let names: Vec<&str> = states.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(names.len());
    names.iter().for_each(|name| reply.bulk(name.as_bytes()));
    reply.bulk(b"redirect");
    reply.integer(redirection);
    reply.bulk(b"prefixes");
    reply.array(mode.prefixes.len());
    mode.prefixes.iter().for_each(|prefix| reply.bulk(prefix));
    Ok(())
}
