//! DEBUG: for tests, and for looking inside. Off unless `enable-debug-command` allows it.
//!
//! What crashes the server on purpose (SEGFAULT, PANIC, OOM) or shows structures that only Redis
//! has (SDSLEN, QUICKLIST) is left out: such a subcommand is unknown here. JMAP is our own.

use std::collections::BTreeMap;
use std::time::Duration;

use super::clock::clock;
use super::config::rewrite;
use super::digest::Digest;
use super::memory::size_of_entry;
use super::{hash_tables, reload};
use crate::command::args::{count, is};
use crate::command::context::{Context, wrong_subcommand};
use crate::command::error::{self, Error, Result};
use crate::command::keys::encoding::encoding;
use crate::config::rewrite::Extent;
use crate::config::{Allowed, value};
use crate::number::leading_integer;
use crate::persistence::aof;
use crate::resp::{Args, Protocol, Reply};
use crate::store::{Str, Value};

const NOT_ALLOWED: Error = Error::new(
    "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you \
     can run it from a local connection, otherwise you need to set this option in the \
     configuration file, and then restart the server.",
);

/// `DEBUG`
///
/// Redis documents none of its subcommands; DEBUG HELP lists ours.
pub fn debug(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let local = ctx.client_is_local();
    if !Allowed::permits(ctx.engine.config.enable_debug_command, local) {
        return Err(NOT_ALLOWED);
    }
    let given = |name: &str| is(&args[1], name);
    match args.len() - 2 {
        0 if given("HELP") => help(reply),
        0..=2 if given("CLOCK") => clock(ctx, args, reply)?,
        0 if given("DIGEST") => {
            reply.simple(&Digest::of_databases(&ctx.engine.databases).to_string());
        }
        _ if given("DIGEST-VALUE") => digest_value(ctx, args.from(2), reply),
        0 if given("JMAP") => memory_map(ctx, reply),
        1 if given("OBJECT") => object(ctx, &args[2], reply)?,
        1 if given("SLEEP") => {
            sleep(&args[2]);
            reply.ok();
        }
        1 if given("SET-ACTIVE-EXPIRE") => {
            ctx.engine.expiry.active = leading_integer(&args[2]) != 0;
            reply.ok();
        }
        // As it is: nothing has failed, so nothing is counted.
        1 if given("ERROR") => reply.error(&args[2]),
        1 if given("LOG") => {
            crate::warning!("DEBUG LOG: {}", String::from_utf8_lossy(&args[2]));
            reply.ok();
        }
        1..=3 if given("POPULATE") => {
            populate(ctx, args.from(2))?;
            reply.ok();
        }
        1 if given("PROTOCOL") => {
            protocol(&args[2], ctx.compat().replies_before_own_messages(), reply)?
        }
        1 if given("QUICKLIST-PACKED-THRESHOLD") => {
            packed_threshold(&args[2])?;
            reply.ok();
        }
        _ if given("RELOAD") => {
            reload::reload(ctx, args)?;
            reply.ok();
        }
        0 if given("LOADAOF") => {
            aof::reload(ctx.engine).map_err(|error| {
                crate::warning!("DEBUG LOADAOF: {error}");
                Error::new("ERR Error trying to load the AOF files, check server logs.")
            })?;
            reply.ok();
        }
        1 if given("HTSTATS") => hash_tables::of_database(ctx, &args[2], reply)?,
        1 if given("HTSTATS-KEY") => hash_tables::of_key(ctx, &args[2], reply)?,
        1 if given("SET-SKIP-CHECKSUM-VALIDATION") => {
            ctx.engine.debugging.skips_checksums = leading_integer(&args[2]) != 0;
            reply.ok();
        }
        1 if given("PAUSE-CRON") => {
            ctx.engine.debugging.cron_paused = leading_integer(&args[2]) != 0;
            reply.ok();
        }
        1.. if given("REPLICATE") => {
            ctx.engine.journal.replicate_only(ctx.db, args.from(2));
            reply.ok();
        }
        0 if given("CONFIG-REWRITE-FORCE-ALL") => {
            rewrite(ctx, Extent::Everything).map_err(|reason| {
                Error::text(format!("ERR CONFIG-REWRITE-FORCE-ALL failed: {reason}"))
            })?;
            reply.ok();
        }
        0 if given("CHANGE-REPL-ID") => {
            ctx.engine.replication.forget_history();
            reply.ok();
        }
        _ => return Err(wrong_subcommand(args)),
    }
    Ok(())
}

/// What there is, in the form of all HELP subcommands.
const HELP: &[&str] = &[
    "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CHANGE-REPL-ID",
    "    Take a new replication ID, so that replicas synchronise from scratch.",
    "CLOCK [SET <milliseconds>|ADVANCE <milliseconds>|FREEZE|RUN]",
    "    Turn the server's clock: what is due happens before the reply. Without more: show it.",
    "CONFIG-REWRITE-FORCE-ALL",
    "    Write every parameter into the configuration file, also those that have their defaults.",
    "DIGEST",
    "    A digest of all data: equal for equal data, whatever server holds it.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    A digest of each key's value.",
    "ERROR <string>",
    "    Reply this error.",
    "HTSTATS <dbid>",
    "    How evenly the hash tables of a database are filled.",
    "HTSTATS-KEY <key>",
    "    The same for the hash table of a value.",
    "JMAP",
    "    How many keys, elements and bytes there are of each type and encoding.",
    "LOADAOF",
    "    Write and sync the append-only file, then load all of it again.",
    "LOG <message>",
    "    Write a line to the log.",
    "OBJECT <key>",
    "    Low level facts about a value.",
    "PAUSE-CRON <0|1>",
    "    Whether nothing happens by itself, such as expiry and saving.",
    "POPULATE <count> [<prefix>] [<size>]",
    "    Create keys <prefix>:<number> that are not there yet.",
    "PROTOCOL <type>",
    "    Reply a value of this type of the protocol.",
    "QUICKLIST-PACKED-THRESHOLD <size>",
    "    Accepted; lists have no such threshold here.",
    "RELOAD [NOSAVE] [NOFLUSH] [MERGE]",
    "    Save, and load what was saved. NOSAVE: load what is on disk. NOFLUSH: on top of what there",
    "    is; MERGE: keys that are there already are taken from the file, too.",
    "REPLICATE <argument> [<argument> ...]",
    "    Send a command to replicas only.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Whether expired keys are removed when nobody asks for them.",
    "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
    "    Whether files and payloads are read whatever their checksums say.",
    "SLEEP <seconds>",
    "    Stop the whole server for so long.",
    "HELP",
    "    Print this help.",
];

fn help(reply: &mut Reply) {
    reply.array(HELP.len());
    HELP.iter().for_each(|line| reply.simple(line));
}

/// The digests of the values, expired ones too. A missing key's is zero.
fn digest_value(ctx: &mut Context<'_>, keys: Args<'_>, reply: &mut Reply) {
    let keyspace = ctx.keyspace();
    reply.array(keys.len());
    for key in keys.iter() {
        let digest = keyspace.find(key).map(|slot| {
            let expires = keyspace.deadline(slot).is_some();
            Digest::of_value(&keyspace.entry(slot).value, expires)
        });
        reply.simple(&digest.unwrap_or_default().to_string());
    }
}

/// What DEBUG JMAP counts of one kind of value.
#[derive(Default)]
struct Share {
    keys: usize,
    elements: usize,
    bytes: usize,
}

/// Elements of a large collection that are looked at to estimate its size.
const SAMPLES: usize = 100;

/// A histogram of the memory by type and encoding, largest first.
fn memory_map(ctx: &mut Context<'_>, reply: &mut Reply) {
    let mut shares: BTreeMap<(&str, &str), Share> = BTreeMap::new();
    for entry in ctx.engine.databases.iter().flat_map(|keyspace| keyspace.iter()) {
        let value = &entry.value;
        let share = shares.entry((value.type_name(), value.encoding())).or_default();
        share.keys += 1;
        share.elements += elements(value);
        share.bytes += size_of_entry(entry, SAMPLES);
    }
    let mut shares: Vec<_> = shares.into_iter().collect();
    shares.sort_by_key(|(_, share)| std::cmp::Reverse(share.bytes));
    let mut text =
        format!("{:<8}{:<12}{:>12}{:>14}{:>16}\n", "type", "encoding", "keys", "elements", "bytes");
    for ((type_name, encoding), Share { keys, elements, bytes }) in shares {
        let line = format!("{type_name:<8}{encoding:<12}{keys:>12}{elements:>14}{bytes:>16}\n");
        text.push_str(&line);
    }
    reply.verbatim("txt", text.as_bytes());
}

fn elements(value: &Value) -> usize {
    match value {
        Value::Str(_) => 1,
        Value::List(list) => list.len(),
        Value::Set(set) => set.len(),
        Value::Hash(hash) => hash.len(),
        Value::SortedSet(zset) => zset.len(),
        Value::Stream(stream) => stream.len(),
    }
}

/// The line of DEBUG OBJECT. There is nothing that counts references, hence always one.
fn object(ctx: &mut Context<'_>, key: &[u8], reply: &mut Reply) -> Result {
    let now = ctx.now_ms;
    let largest_node = ctx.engine.config.list_max_listpack_size;
    let slot = ctx.keyspace().find(key).map_err(|_| error::NO_SUCH_KEY)?;
    let encoding = encoding(ctx, slot);
    let keyspace = ctx.keyspace();
    let entry = keyspace.entry(slot);
    let mut line = format!(
        "Value at:{:p} refcount:1 encoding:{encoding} serializedlength:{} lru:{} lru_seconds_idle:{}",
        &entry.value,
        entry.value.heap_size(0),
        entry.access,
        crate::engine::eviction::idle_seconds(entry.access, now),
    );
    if let Value::List(list) = &entry.value {
        let (nodes, bytes) = list
            .chunks()
            .fold((0usize, 0), |(nodes, bytes), chunk| (nodes + 1, bytes + chunk.byte_size()));
        let average = list.len() as f64 / nodes.max(1) as f64;
        line.push_str(&format!(
            " ql_nodes:{nodes} ql_avg_node:{average:.2} ql_listpack_max:{largest_node} \
             ql_compressed:0 ql_uncompressed_size:{bytes}"
        ));
    }
    reply.simple(&line);
    Ok(())
}

/// Sleeps while it holds the lock, for that is the purpose: a server that doesn't answer.
fn sleep(seconds: &[u8]) {
    let seconds = crate::number::parse_f64(seconds).unwrap_or(0.0);
    if let Ok(duration) = Duration::try_from_secs_f64(seconds) {
        std::thread::sleep(duration);
    }
}

/// `POPULATE count [prefix] [size]`
fn populate(ctx: &mut Context<'_>, args: Args<'_>) -> Result {
    let keys = count(args.at(0))?;
    let prefix = args.get(1).unwrap_or(b"key");
    let size = args.get(2).map(count).transpose()?.unwrap_or(0);
    ctx.check_string_length(size)?;
    for number in 0..keys {
        let key = [prefix, format!(":{number}").as_bytes()].concat();
        let Err(vacant) = ctx.find(&key) else { continue };
        let mut text = format!("value:{number}").into_bytes();
        if size > 0 {
            text.resize(size, 0);
        }
        ctx.add(vacant, &key, Value::Str(Str::text(&text)));
        ctx.engine.key_modified(ctx.db, &key);
    }
    Ok(())
}

/// Checks the size and forgets it: our lists keep large elements as they keep small ones.
fn packed_threshold(size: &[u8]) -> Result {
    match value::parse_memory(size) {
        Some(size) if size <= 4 << 30 => Ok(()),
        _ => Err(Error::new(
            "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
        )),
    }
}

/// A value of each type of the protocol, for tests of clients.
#[allow(clippy::approx_constant)] // tests compare the digits; it isn't meant to be pi
fn protocol(name: &[u8], replies_first: bool, reply: &mut Reply) -> Result {
    let resp3 = reply.protocol == Protocol::Resp3;
    match String::from_utf8_lossy(name).to_ascii_lowercase().as_str() {
        "string" => reply.bulk(b"Hello World"),
        "integer" => reply.integer(12345),
        "double" => reply.double(3.141),
        "bignum" if resp3 => reply.raw(b"(1234567999999999999999999999999999999\r\n"),
        "bignum" => reply.bulk(b"1234567999999999999999999999999999999"),
        "null" => reply.null(),
        "array" => {
            reply.array(3);
            (0..3).for_each(|number| reply.integer(number));
        }
        "set" => {
            reply.set(3);
            (0..3).for_each(|number| reply.integer(number));
        }
        "map" => {
            reply.map(3);
            for number in 0..3 {
                reply.integer(number);
                reply.boolean(number == 1);
            }
        }
        "attrib" => {
            if resp3 {
                reply.raw(b"|1\r\n");
                reply.bulk(b"key-popularity");
                reply.array(2);
                reply.bulk(b"key:123");
                reply.integer(90);
            }
            reply.bulk(b"Some real reply following the attribute");
        }
        "push" if !resp3 => return Err(Error::new("ERR RESP2 is not supported by this command")),
        "push" => {
            let start = reply.len();
            reply.push(2);
            reply.bulk(b"server-cpu-usage");
            reply.integer(42);
            let text = b"Some real reply following the push reply";
            match replies_first {
                true => reply.prepend(start, |reply| reply.bulk(text)),
                false => reply.bulk(text),
            }
        }
        "verbatim" => reply.verbatim("txt", b"This is a verbatim\nstring"),
        "true" => reply.boolean(true),
        "false" => reply.boolean(false),
        _ => {
            return Err(Error::new(
                "ERR Wrong protocol type name. Please use one of the following: \
                 string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    }
    Ok(())
}
