//! ACL: users and what they may do. The rules are described in [`crate::acl`], the gate that
//! applies them is [`super::permission`].
//!
//! After any change to the users, [`rules_changed`] tells the clients. Passwords never leave in the
//! clear: everything that shows a user shows hashes.

use super::args::is;
use super::context::{Context, wrong_subcommand};
use super::error::{self, Error, Result};
use super::permission::{disconnect_users, rules_changed};
use crate::acl::{DEFAULT, Denied, Selector, file, rules};
use crate::catalogue::ROWS;
use crate::catalogue::spec::{Categories, Flags};
use crate::config::{AclPubsubDefault, CompatVersion};
use crate::engine::Engine;
use crate::resp::{Args, Reply};
use crate::system::random::secure_hex;

/// `ACL SETUSER username [rule [rule ...]]`
pub fn acl_setuser(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let name = args.at(2);
    if rules::has_spaces(name) {
        return Err(Error::new("ERR Usernames can't contain spaces or null characters"));
    }
    let words = args.from(3);
    let rules = rules::join_selectors(words.iter()).map_err(|index| {
        let opening = error::until_nul(words.at(index));
        let text = [b"ERR Unmatched parenthesis in acl selector starting at '", opening, b"'."];
        Error::text(text.concat())
    })?;
    let all_channels = has_all_channels(ctx.engine);
    let rules = rules.iter().map(|rule| &**rule);
    ctx.engine.acl.set_user(name, rules, all_channels).map_err(|bad| {
        let reason = bad.error.to_string();
        let rule = error::until_nul(&bad.rule);
        let text = [b"ERR Error in ACL SETUSER modifier '", rule, b"': ", reason.as_bytes()];
        Error::text(text.concat())
    })?;
    rules_changed(ctx.engine);
    reply.ok();
    Ok(())
}

/// Whether new users may use all channels.
fn has_all_channels(engine: &Engine) -> bool {
    engine.config.acl_pubsub_default == AclPubsubDefault::AllChannels
}

/// At start: the users of the file, or of the configuration. The error is for the log.
///
/// A password that nobody would be asked for is one, too: whoever has set it relies on it.
pub fn load_users(engine: &mut Engine) -> std::result::Result<(), String> {
    let all_channels = has_all_channels(engine);
    if !engine.config.aclfile.is_empty() {
        let users = file::load(&engine.config.aclfile, all_channels).map_err(|reasons| {
            format!("Aborting Redis startup because of ACL errors: {reasons}")
        })?;
        engine.acl.replace_users(users, &engine.config.requirepass);
    }
    for words in &engine.config.users {
        let mut words = words.iter().map(Vec::as_slice);
        let name = words.next().unwrap_or_default();
        let shown = String::from_utf8_lossy(name);
        let rules = rules::join_selectors(words).map_err(|_| {
            format!("Error in user declaration '{shown}': Unmatched parenthesis in a selector")
        })?;
        let rules = rules.iter().map(|rule| &**rule);
        engine.acl.set_user(name, rules, all_channels).map_err(|bad| {
            let rule = String::from_utf8_lossy(&bad.rule).into_owned();
            format!("Error loading ACL rule '{rule}' for the user named '{shown}': {}", bad.error)
        })?;
    }
    if !engine.config.requirepass.is_empty() && engine.acl.default_user().is_open() {
        return Err(
            "requirepass is set, but the user 'default' needs no password by the rules that \
                    were given: leave out one of the two"
                .to_owned(),
        );
    }
    Ok(())
}

/// `ACL DELUSER username [username ...]`
pub fn acl_deluser(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let names = args.from(2);
    if names.iter().any(|name| name == DEFAULT) {
        return Err(Error::new("ERR The 'default' user cannot be removed"));
    }
    let removed: Vec<&[u8]> =
        names.iter().filter(|name| ctx.engine.acl.remove_user(name)).collect();
    disconnect_users(ctx.engine, |name| removed.contains(&name));
    reply.count(removed.len());
    Ok(())
}

/// `ACL GETUSER username`
pub fn acl_getuser(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let compat = ctx.engine.config.compat_version;
    let Some(user) = ctx.engine.acl.user(args.at(2)) else {
        reply.null();
        return Ok(());
    };
    reply.map(6);
    let flags = user.flags(compat);
    reply.bulk(b"flags");
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.bulk(flag.as_bytes()));
    reply.bulk(b"passwords");
    reply.array(user.passwords().count());
    user.passwords().for_each(|hash| reply.bulk(hash.as_bytes()));
    describe(user.root(), compat, reply);
    reply.bulk(b"selectors");
    reply.array(user.further_selectors().len());
    for selector in user.further_selectors() {
        reply.map(3);
        describe(selector, compat, reply);
    }
    Ok(())
}

/// Three fields of a map: commands, keys and channels.
fn describe(selector: &Selector, compat: CompatVersion, reply: &mut Reply) {
    reply.bulk(b"commands");
    reply.bulk(&selector.describe_commands(compat));
    reply.bulk(b"keys");
    reply.bulk(&selector.describe_keys());
    reply.bulk(b"channels");
    reply.bulk(&selector.describe_channels());
}

/// `ACL LIST`
pub fn acl_list(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.array(ctx.engine.acl.users().len());
    let compat = ctx.engine.config.compat_version;
    ctx.engine.acl.lines(compat).for_each(|line| reply.bulk(&line));
    Ok(())
}

/// `ACL USERS`
pub fn acl_users(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.array(ctx.engine.acl.users().len());
    ctx.engine.acl.users().for_each(|user| reply.bulk(&user.name));
    Ok(())
}

/// `ACL WHOAMI`
pub fn acl_whoami(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    reply.bulk(&ctx.client().user);
    Ok(())
}

/// `ACL CAT [categoryname]`
pub fn acl_cat(_ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    match args.len() {
        2 => {
            let names = Categories::NAMES;
            reply.array(names.len());
            names.iter().for_each(|(_, name)| reply.bulk(name.as_bytes()));
        }
        3 => {
            let name = args.at(2);
            let unknown = || Error::text([b"ERR Unknown category '", name, b"'"].concat());
            let category = rules::category(name).ok_or_else(unknown)?;
            reply.array_of(|reply| {
                let rows = ROWS.iter().filter(|row| row.categories.has(category));
                rows.map(|row| reply.bulk(row.name.as_bytes())).count()
            });
        }
        _ => return Err(wrong_subcommand(args)),
    }
    Ok(())
}

/// `ACL GENPASS [bits]`
pub fn acl_genpass(_ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    const BITS_MAX: i64 = 4096;
    const BITS_DEFAULT: i64 = 256;
    let bits = match args.len() {
        2 => BITS_DEFAULT,
        3 => super::args::integer(args.at(2))?,
        _ => return Err(wrong_subcommand(args)),
    };
    if !(1..=BITS_MAX).contains(&bits) {
        return Err(Error::text(format!(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a \
             positive number up to {BITS_MAX}"
        )));
    }
    let digits = (bits as usize).div_ceil(4);
    reply.bulk(secure_hex(digits).as_bytes());
    Ok(())
}

/// `ACL LOG [count|RESET]`
pub fn acl_log(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    const SHOWN: i64 = 10;
    let count = match args.get(2) {
        Some(_) if args.len() > 3 => return Err(wrong_subcommand(args)),
        Some(word) if is(word, "RESET") => {
            ctx.engine.acl.log.clear();
            reply.ok();
            return Ok(());
        }
        Some(count) => super::args::integer(count)?,
        None => SHOWN,
    };
    let now_ms = ctx.now_ms;
    let is_dated = ctx.engine.config.compat_version.dates_refusals();
    let entries = ctx.engine.acl.log.entries().take(count.max(0) as usize);
    reply.array(entries.len());
    for entry in entries {
        reply.map(if is_dated { 10 } else { 7 });
        reply.bulk(b"count");
        reply.integer(entry.count as i64);
        reply.bulk(b"reason");
        reply.bulk(entry.reason.as_bytes());
        reply.bulk(b"context");
        reply.bulk(entry.place.name().as_bytes());
        reply.bulk(b"object");
        reply.bulk(&entry.object);
        reply.bulk(b"username");
        reply.bulk(&entry.username);
        reply.bulk(b"age-seconds");
        reply.double((now_ms - entry.unix_ms).max(0) as f64 / 1000.0);
        reply.bulk(b"client-info");
        reply.bulk(&entry.client);
        if is_dated {
            reply.bulk(b"entry-id");
            reply.integer(entry.id as i64);
            reply.bulk(b"timestamp-created");
            reply.integer(entry.first_unix_ms);
            reply.bulk(b"timestamp-last-updated");
            reply.integer(entry.unix_ms);
        }
    }
    Ok(())
}

/// `ACL DRYRUN username command [arg [arg ...]]`
pub fn acl_dryrun(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let name = args.at(2);
    let no_user = || Error::text([b"ERR User '", name, b"' not found"].concat());
    let user = ctx.engine.acl.user(name).ok_or_else(no_user)?;
    let request = args.from(3);
    let no_command = || Error::text([b"ERR Command '", request.at(0), b"' not found"].concat());
    let row = ctx.engine.config.command_names.lookup(request).ok_or_else(no_command)?;
    // A container with arguments is one whose subcommand doesn't exist.
    if row.is(Flags::CONTAINER) && request.len() > 1 {
        return Err(no_command());
    }
    if !row.accepts(request.len()) {
        return Err(Error::arity(row.name));
    }
    let denied = match user.check(row, request) {
        Ok(()) => {
            reply.ok();
            return Ok(());
        }
        Err(denied) => denied,
    };
    let (verb, object, noun) = match denied {
        Denied::Command => ("run", row.name.as_bytes(), "command"),
        Denied::Key(index) => ("access", request.at(index), "key"),
        Denied::Channel(index) => ("access", request.at(index), "channel"),
    };
    let whom = match ctx.engine.config.compat_version.names_refused_user() {
        true => [b"User ", name].concat(),
        false => b"This user".to_vec(),
    };
    let what = format!(" has no permissions to {verb} the '");
    reply.bulk(&[&whom, what.as_bytes(), object, b"' ", noun.as_bytes()].concat());
    Ok(())
}

const NO_FILE: Error = Error::new(
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users \
     via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis \
     configuration file set) in order to store users in the Redis configuration.",
);

/// `ACL SAVE`
pub fn acl_save(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let path = &ctx.engine.config.aclfile;
    if path.is_empty() {
        return Err(NO_FILE);
    }
    if let Err(error) = file::save(path, &ctx.engine.acl) {
        crate::warning!("Saving the ACL file {path}: {error}");
        return Err(Error::new(
            "ERR There was an error trying to save the ACLs. Please check the server logs for more \
             information",
        ));
    }
    reply.ok();
    Ok(())
}

/// `ACL LOAD`
///
/// Everybody but the default user has to log in again: what they were may not be any more.
pub fn acl_load(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let path = &ctx.engine.config.aclfile;
    if path.is_empty() {
        return Err(NO_FILE);
    }
    let users = file::load(path, has_all_channels(ctx.engine));
    let users = users.map_err(|reasons| Error::text(format!("ERR {reasons}")))?;
    ctx.engine.acl.replace_users(users, &ctx.engine.config.requirepass);
    disconnect_users(ctx.engine, |name| name != DEFAULT);
    rules_changed(ctx.engine);
    reply.ok();
    Ok(())
}
