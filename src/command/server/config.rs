//! CONFIG: read, change and write back the configuration while the server runs.
//!
//! What a value looks like, and whether it may be set, is known to [`crate::config`]; here is what
//! has to happen when one has changed. Most parameters need nothing: whoever uses them reads them
//! from the engine each time.

use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::command::permission::rules_changed;
use crate::config::rewrite::Extent;
use crate::config::{CompatVersion, Parameter, SetError, title};
use crate::engine::Engine;
use crate::engine::cluster;
use crate::engine::eviction::clients::evict_clients;
use crate::engine::eviction::evict::make_room;
use crate::persistence::aof;
use crate::resp::{Args, Reply};
use crate::system::descriptors::make_room_for_clients;

/// `CONFIG GET pattern [pattern ...]`
pub fn config_get(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let found = ctx.engine.config.get_matching(args.iter().skip(2));
    reply.map(found.len());
    for (name, value) in found {
        reply.bulk(&name);
        reply.bulk(&value);
    }
    Ok(())
}

/// `CONFIG SET parameter value [parameter value ...]`
pub fn config_set(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if !args.len().is_multiple_of(2) {
        return Err(error::SYNTAX);
    }
    let pairs = (2..args.len()).step_by(2).map(|index| (args.at(index), args.at(index + 1)));
    let pairs: Vec<(&[u8], &[u8])> = pairs.collect();
    let local = ctx.client_is_local();
    let before = ctx.engine.config.clone();
    let refused = |error: SetError| Error::text(format!("ERR {error}"));
    let changed = ctx.engine.config.set_many(&pairs, local).map_err(refused)?;
    if let Err(error) = changed.iter().try_for_each(|parameter| apply(ctx.engine, parameter)) {
        ctx.engine.config = before;
        // What was applied before the refusal goes back to what it was.
        for parameter in &changed {
            let _ = apply(ctx.engine, parameter);
        }
        return Err(refused(error));
    }
    reply.ok();
    Ok(())
}

/// Does what the new value of a parameter asks for.
fn apply(engine: &mut Engine, parameter: &Parameter) -> std::result::Result<(), SetError> {
    let config = &engine.config;
    let refuse = |reason: &str| Err(SetError::refused(parameter.name, reason));
    match parameter.name {
        "maxmemory" | "maxmemory-policy" => {
            evict_clients(engine);
            _ = make_room(engine);
        }
        "maxmemory-clients" => evict_clients(engine),
        "requirepass" => {
            engine.acl.set_default_password(&config.requirepass);
            rules_changed(engine);
        }
        "loglevel" => crate::system::logging::set_level(config.loglevel),
        "hide-user-data-from-log" => {
            crate::system::logging::hide_user_data(config.hide_user_data_from_log);
        }
        "dir" => {
            if let Err(error) = std::env::set_current_dir(&config.dir) {
                return refuse(&crate::config::system_text(&error));
            }
        }
        "maxclients" => {
            if let Err(possible) = make_room_for_clients(config.maxclients) {
                return refuse(&format!(
                    "The operating system is not able to handle the specified number of \
                     clients, try with {possible}"
                ));
            }
        }
        "appendonly" => {
            if engine.loading {
                return refuse("the data is still being loaded");
            }
            let enabled = config.appendonly;
            if enabled && config.refuses_append_only {
                return refuse("a server to throw away writes no files");
            }
            aof::set_enabled(engine, enabled);
        }
        "appendfsync" => engine.aof.writer.set_policy(config.appendfsync),
        "aof-timestamp-enabled" => {
            engine.aof.writer.set_timestamps(config.aof_timestamp_enabled);
        }
        "port" if !listens(engine) => {
            return refuse("Unable to listen on this port. Check server logs.");
        }
        "bind" if !listens(engine) => return refuse("Failed to bind to specified addresses."),
        "tls-port" if !configures_tls(engine) => {
            return refuse("Unable to update TLS configuration. Check server logs.");
        }
        "tls-port" if !listens(engine) => {
            return refuse("Unable to listen on this port. Check server logs.");
        }
        name if name.starts_with("tls-") && !configures_tls(engine) => {
            return refuse("Unable to update TLS configuration. Check server logs.");
        }
        name if name.starts_with("cluster-") => {
            let settings = cluster::settings(&engine.config);
            cluster::tell(engine, |cluster| cluster.configure(settings));
        }
        "key-load-delay" | "rdb-key-save-delay" => {
            engine.debugging.delays.configure(&engine.config);
        }
        "oom-score-adj" | "oom-score-adj-values" => {
            if let Err(error) = engine.adjust_oom_score() {
                crate::warning!("Unable to write oom_score_adj: {error}");
                return refuse("Failed to set current oom_score_adj. Check server logs.");
            }
        }
        "proc-title-template" => title::show(&engine.config),
        _ => {}
    }
    Ok(())
}

/// Listens where the configuration says. False: the log tells why it can't.
fn listens(engine: &mut Engine) -> bool {
    engine.listen().inspect_err(|error| crate::warning!("{error}")).is_ok()
}

/// Reads what `tls-*` parameters name. False: the log tells what is wrong with it.
fn configures_tls(engine: &mut Engine) -> bool {
    engine.configure_tls().inspect_err(|error| crate::warning!("{error}")).is_ok()
}

/// `CONFIG RESETSTAT`
pub fn config_resetstat(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    ctx.engine.stats.reset();
    ctx.engine.contention.reset();
    ctx.engine.lazy_free.reset();
    reply.ok();
    Ok(())
}

/// The `user` lines of the configuration file: all users, unless they have a file of their own.
fn users_to_write(engine: &Engine) -> Vec<Vec<Vec<u8>>> {
    if !engine.config.aclfile.is_empty() {
        return Vec::new();
    }
    let words =
        |line: Vec<u8>| line.split(|byte| *byte == b' ').skip(1).map(<[u8]>::to_vec).collect();
    engine.acl.lines(CompatVersion::default()).map(words).collect()
}

/// `CONFIG REWRITE`
///
/// Writes a small file under the lock. An operator does that now and then, and gets to know
/// whether it worked.
pub fn config_rewrite(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    rewrite(ctx, Extent::Changes).map_err(|reason| Error::text(format!("ERR {reason}")))?;
    reply.ok();
    Ok(())
}

/// Rewrites the configuration file. The error is the reason.
pub fn rewrite(ctx: &mut Context<'_>, extent: Extent) -> std::result::Result<(), String> {
    ctx.engine.config.users = users_to_write(ctx.engine);
    let result = ctx.engine.config.rewrite(extent);
    match &result {
        Ok(()) => crate::notice!("CONFIG REWRITE executed with success."),
        Err(reason) => crate::warning!("CONFIG REWRITE failed: {reason}"),
    }
    result
}
