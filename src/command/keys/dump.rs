//! DUMP and RESTORE: a value as bytes that any Redis understands.
//!
//! The bytes are those of a snapshot file; [`crate::rdb::dump`](mod@crate::rdb::dump) draws them. A payload
//! is validated to its last byte before anything is changed, whatever `sanitize-dump-payload`
//! says. Payloads of later versions are taken, too, which 7.0 refuses ([`crate::rdb::version`]).

use crate::command::args::{Options, integer, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::engine::eviction;
use crate::number::format_i64;
use crate::rdb::dump::PayloadError;
use crate::rdb::{
    EncodingLimits, Style, Usage, decode_value, decode_value_unchecked, dump as encode,
};
use crate::resp::{Args, Reply};

const BUSY_KEY: Error = Error::new("BUSYKEY Target key name already exists.");
const INVALID_TTL: Error = Error::new("ERR Invalid TTL value, must be >= 0");
const INVALID_IDLE_TIME: Error = Error::new("ERR Invalid IDLETIME value, must be >= 0");
const INVALID_FREQUENCY: Error = Error::new("ERR Invalid FREQ value, must be >= 0 and <= 255");
const BAD_TRAILER: Error = Error::new("ERR DUMP payload version or checksum are wrong");
const BAD_DATA: Error = Error::new("ERR Bad data format");

/// `DUMP key`
pub fn dump(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let style = Style::of_config(&ctx.engine.config);
    match ctx.read(&args[1]) {
        Some(value) => match encode(value, style) {
            Ok(payload) => reply.bulk(&payload),
            Err(unwritable) => return Err(Error::text(format!("ERR {unwritable} (rdb-version)"))),
        },
        None => reply.null(),
    }
    Ok(())
}

/// What the options of RESTORE ask for.
#[derive(Default)]
struct RestoreOptions {
    replace: bool,
    absolute: bool,
    usage: Option<Usage>,
}

impl RestoreOptions {
    fn parse(args: Args<'_>) -> Result<Self> {
        let mut restore = RestoreOptions::default();
        let mut options = Options::new(args, 4);
        while let Some(option) = options.next() {
            let has_value = options.left() > 0;
            let has_frequency = matches!(restore.usage, Some(Usage::Frequency(_)));
            let has_idle_time = matches!(restore.usage, Some(Usage::IdleSeconds(_)));
            match option {
                _ if is(option, "REPLACE") => restore.replace = true,
                _ if is(option, "ABSTTL") => restore.absolute = true,
                _ if is(option, "IDLETIME") && has_value && !has_frequency => {
                    let idle = u64::try_from(options.integer()?).map_err(|_| INVALID_IDLE_TIME)?;
                    restore.usage = Some(Usage::IdleSeconds(idle));
                }
                _ if is(option, "FREQ") && has_value && !has_idle_time => {
                    let counter =
                        u8::try_from(options.integer()?).map_err(|_| INVALID_FREQUENCY)?;
                    restore.usage = Some(Usage::Frequency(counter));
                }
                _ => return Err(error::SYNTAX),
            }
        }
        Ok(restore)
    }
}

/// `RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]`
pub fn restore(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let options = RestoreOptions::parse(args)?;
    let (key, payload) = (args.at(1), args.at(3));
    if !options.replace && ctx.find(key).is_ok() {
        return Err(BUSY_KEY);
    }
    let ttl = integer(&args[2])?;
    if ttl < 0 {
        return Err(INVALID_TTL);
    }
    let limits = EncodingLimits::of_config(&ctx.engine.config);
    let decode = match ctx.engine.debugging.skips_checksums {
        true => decode_value_unchecked,
        false => decode_value,
    };
    let value = decode(payload, &limits).map_err(|error| match error {
        PayloadError::Trailer => BAD_TRAILER,
        PayloadError::Value(reason) => {
            crate::warning!("Bad data format in RESTORE: {reason}");
            BAD_DATA
        }
    })?;
    let was = ctx.type_of(key);
    let removed = options.replace && ctx.remove(key);
    let deadline = match ttl {
        0 => None,
        _ if options.absolute => Some(ttl),
        _ => Some(ttl.saturating_add(ctx.now_ms)),
    };
    if deadline.is_some_and(|at| at <= ctx.now_ms) && ctx.deletes_past_deadlines() {
        if removed {
            ctx.modified(EventClasses::GENERIC, "del", key);
            ctx.propagate(&[b"DEL", key]);
        }
        reply.ok();
        return Ok(());
    }
    let slot = ctx.set(key, value);
    ctx.engine.migrations.note_arrival(ctx.db, key);
    if let Some(at) = deadline {
        ctx.set_deadline(slot, at);
        if !options.absolute {
            propagate_absolute(ctx, args, at);
        }
    }
    if let Some(usage) = options.usage {
        let config = &ctx.engine.config;
        if let Some(access) = eviction::access_of(config.maxmemory_policy, usage, ctx.now_ms) {
            ctx.keyspace().set_access(slot, access);
        }
    }
    ctx.modified(EventClasses::GENERIC, "restore", key);
    ctx.overwritten(key, was);
    reply.ok();
    Ok(())
}

/// `RESTORE-ASKING key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]`
///
/// The same, from another node of a cluster.
pub fn restore_asking(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    restore(ctx, args, reply)
}

/// The request with a moment in the place of the time to live.
fn propagate_absolute(ctx: &mut Context<'_>, args: Args<'_>, at: i64) {
    let at = format_i64(at);
    let mut request: Vec<&[u8]> = args.iter().collect();
    request[2] = at.as_bytes();
    request.push(b"ABSTTL");
    ctx.propagate(&request);
}
