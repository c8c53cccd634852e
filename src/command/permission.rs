//! The gate of access control: may this client do this?
//!
//! [`crate::acl`] decides; here is who asks, what the client is told, and what happens to
//! connections when the rules change. A client that may do everything never gets here: its
//! `unrestricted` flag is kept up to date by [`rules_changed`].

use super::context::Context;
use super::error::{Error, Result};
use crate::acl::{Denied, LogContext, User, log};
use crate::catalogue::{self, Command, Row};
use crate::command::connection::client_list::describe;
use crate::engine::ClientKey;
use crate::engine::Engine;
use crate::engine::client::Client;
use crate::engine::execution::Origin;
use crate::engine::pubsub::Space;
use crate::resp::Args;

/// Refuses what a client's user may not do.
#[inline]
pub fn check(engine: &mut Engine, client: ClientKey, row: &Row, args: Args<'_>) -> Result {
    if engine.clients.get(client).unrestricted {
        return Ok(());
    }
    let state = engine.clients.get_mut(client);
    state.last_command = Some(row.command); // the log shows it
    let place = match state.transaction {
        Some(_) => LogContext::Multi,
        None => LogContext::Toplevel,
    };
    permitted(engine, client, row, args, place).map_err(|denied| {
        let reason = match engine.config.compat_version.names_refused_user() {
            true => refusal_of_user(&engine.clients.get(client).user, row, denied),
            false => refusal(row, denied).into_bytes(),
        };
        Error::text([b"NOPERM ", &reason[..]].concat())
    })
}

/// Whether a user might run a command, with these arguments. Nobody has tried to, so nothing is noted.
pub fn might_run(engine: &Engine, user: &[u8], args: Args<'_>) -> bool {
    let row = engine.config.command_names.lookup(args);
    let user = engine.acl.user(user);
    user.zip(row).is_some_and(|(user, row)| user.check(row, args).is_ok())
}

/// Why something was refused, in the words of Redis 7.0.
fn refusal(row: &Row, denied: Denied) -> String {
    match denied {
        Denied::Command => {
            format!("this user has no permissions to run the '{}' command", row.name)
        }
        Denied::Key(_) => {
            "this user has no permissions to access one of the keys used as arguments".to_owned()
        }
        Denied::Channel(_) => {
            "this user has no permissions to access one of the channels used as arguments"
                .to_owned()
        }
    }
}

/// The same in those of Redis 8.2.
fn refusal_of_user(user: &[u8], row: &Row, denied: Denied) -> Vec<u8> {
    match denied {
        Denied::Command => {
            let what = format!(" has no permissions to run the '{}' command", row.name);
            [b"User ", user, what.as_bytes()].concat()
        }
        Denied::Key(_) => b"No permissions to access a key".to_vec(),
        Denied::Channel(_) => b"No permissions to access a channel".to_vec(),
    }
}

/// Why a script's call was refused.
pub fn refusal_in_script(engine: &Engine, client: ClientKey, row: &Row, denied: Denied) -> Error {
    if engine.config.compat_version.names_refused_user() {
        let reason = refusal_of_user(&engine.clients.get(client).user, row, denied);
        return Error::text([b"ERR ACL failure in script: ", &reason[..]].concat());
    }
    Error::new(match denied {
        Denied::Command => "ERR The user executing the script can't run this command or subcommand",
        Denied::Key(_) => {
            "ERR The user executing the script can't access at least one of the keys mentioned in \
             the command arguments"
        }
        Denied::Channel(_) => {
            "ERR The user executing the script can't publish to the channel mentioned in the command"
        }
    })
}

/// The same for a command that EXEC is about to run: since it was queued, the rules may have
/// changed.
pub fn check_queued(engine: &mut Engine, client: ClientKey, row: &Row, args: Args<'_>) -> Result {
    if engine.clients.get(client).unrestricted {
        return Ok(());
    }
    permitted(engine, client, row, args, LogContext::Multi).map_err(|denied| {
        let reason = match denied {
            Denied::Command => "no permission to execute the command or subcommand",
            Denied::Key(_) => "no permission to touch the specified keys",
            Denied::Channel(_) => "no permission to access one of the channels used as arguments",
        };
        Error::text(format!(
            "NOPERM ACLs rules changed between the moment the transaction was accumulated and the \
             EXEC call. This command is no longer allowed for the following reason: {reason}"
        ))
    })
}

/// The same for a command that a script calls, for the user who has called the script.
pub fn check_in_script(
    engine: &mut Engine,
    client: ClientKey,
    row: &Row,
    args: Args<'_>,
) -> std::result::Result<(), Denied> {
    if engine.clients.get(client).unrestricted {
        return Ok(());
    }
    permitted(engine, client, row, args, LogContext::Script)
}

/// Asks the user's rules; a refusal is counted and logged.
fn permitted(
    engine: &mut Engine,
    client: ClientKey,
    row: &Row,
    args: Args<'_>,
    place: LogContext,
) -> std::result::Result<(), Denied> {
    let name = &engine.clients.get(client).user;
    // A user that was removed while its transaction runs may do nothing any more.
    let denied = match engine.acl.user(name).map(|user| user.check(row, args)) {
        Some(Ok(())) => return Ok(()),
        Some(Err(denied)) => denied,
        None => Denied::Command,
    };
    // Clients send this when they connect, whoever they are: nobody has tried anything.
    if row.command == Command::ClientSetinfo {
        return Err(denied);
    }
    let username = name.to_vec();
    let stats = &mut engine.stats;
    let (counter, reason, object) = match denied {
        Denied::Command => (&mut stats.acl_access_denied_cmd, "command", row.name.as_bytes()),
        Denied::Key(index) => (&mut stats.acl_access_denied_key, "key", args.at(index)),
        Denied::Channel(index) => (&mut stats.acl_access_denied_channel, "channel", args.at(index)),
    };
    *counter += 1;
    log_refusal(engine, client, Refusal { reason, place, object, username });
    Err(denied)
}

/// What goes into the log, but for the circumstances.
struct Refusal<'a> {
    reason: &'static str,
    place: LogContext,
    object: &'a [u8],
    username: Vec<u8>,
}

fn log_refusal(engine: &mut Engine, client: ClientKey, refusal: Refusal<'_>) {
    let mut line = Vec::new();
    describe(engine, client, None, &mut line);
    let entry = log::Entry {
        count: 1,
        reason: refusal.reason,
        place: refusal.place,
        object: refusal.object.to_vec(),
        username: refusal.username,
        unix_ms: engine.unix_ms(),
        first_unix_ms: engine.unix_ms(),
        id: 0, // the log counts
        client: line.trim_ascii_end().to_vec(),
    };
    engine.acl.log.add(entry, engine.config.acllog_max_len);
}

/// Whether the client may read any key besides those of its request: SORT's patterns may lead
/// anywhere.
pub fn may_read_anything(ctx: &mut Context<'_>, args: Args<'_>) -> bool {
    let client = ctx.engine.clients.get(ctx.client);
    let may = |user: &User| user.may_read_anything(catalogue::row(ctx.command), args);
    client.unrestricted || ctx.engine.acl.user(&client.user).is_some_and(may)
}

/// Lets a client act as a user from now on. False: the password is wrong, and nothing has changed.
pub fn log_in(ctx: &mut Context<'_>, command: &[u8], name: &[u8], password: &[u8]) -> bool {
    let Some(user) = ctx.engine.acl.user(name).filter(|user| user.accepts(password)) else {
        ctx.engine.stats.acl_access_denied_auth += 1;
        let place = match ctx.origin {
            Origin::Exec => LogContext::Multi,
            _ => LogContext::Toplevel,
        };
        let username = name.to_vec();
        let refusal = Refusal { reason: "auth", place, object: command, username };
        log_refusal(ctx.engine, ctx.client, refusal);
        return false;
    };
    let client = ctx.engine.clients.get_mut(ctx.client);
    client.authenticated = true;
    become_user(client, user);
    true
}

/// Makes a client what it is before it logs in.
pub fn log_out(engine: &mut Engine, client: ClientKey) {
    let user = engine.acl.default_user();
    let client = engine.clients.get_mut(client);
    client.authenticated = user.is_open();
    become_user(client, user);
}

fn become_user(client: &mut Client, user: &User) {
    client.user = user.name.clone();
    client.unrestricted = user.is_unrestricted();
}

/// After users were changed: every client gets to know what it may do now. One that listens to
/// what it may no longer listen to is disconnected.
pub fn rules_changed(engine: &mut Engine) {
    for key in engine.clients.connections() {
        let client = engine.clients.get_mut(key);
        let Some(user) = engine.acl.user(&client.user) else { continue };
        become_user(client, user);
        if !listens_rightfully(client, user) {
            disconnect(engine, key);
        }
    }
}

fn listens_rightfully(client: &Client, user: &User) -> bool {
    let spaces = [Space::Channel, Space::Pattern, Space::Shard];
    client.subscriptions.is_empty()
        || user.is_unrestricted()
        || spaces.into_iter().all(|space| {
            let names = client.subscriptions.names(space);
            names.iter().all(|name| user.may_use_channel(name, space == Space::Pattern))
        })
}

/// Disconnects everybody who acts as one of these users; they are gone, or replaced by others.
pub fn disconnect_users(engine: &mut Engine, is_gone: impl Fn(&[u8]) -> bool) {
    for key in engine.clients.connections() {
        if is_gone(&engine.clients.get(key).user) {
            disconnect(engine, key);
        }
    }
}

/// Ends a connection for its user's sake. The client that has asked for it gets its reply first;
/// until then it is the default user.
fn disconnect(engine: &mut Engine, key: ClientKey) {
    log_out(engine, key);
    let client = engine.clients.get_mut(key);
    client.authenticated = false;
    if engine.executing == Some(key) {
        client.close_after_reply = true;
    } else {
        client.disconnect();
    }
}
