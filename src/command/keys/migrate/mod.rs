//! MIGRATE: keys move to another server, while others are served here.
//!
//! ```text
//!        under the lock                               without it
//!  begin:   read the options
//!  collect: take the next keys, up to a lot ────────> send them, with RESTORE
//!                                                     read the answers
//!  settle:  each key that was accepted  <────────────────┘
//!             unchanged: delete it, journal DEL
//!             changed:   send it again, to be overwritten ──┐
//!             gone:      send a DEL for it ─────────────────┤ at most twice so; then others'
//!           no keys left: reply                             v writes wait for the last time
//! ```
//!
//! Taking a key is counting a reference to its value, or copying a small one: whoever changes it meanwhile changes
//! his own, so that the value is serialized without the lock, and one comparison tells whether it is still what
//! was sent ([`Value::is_same`](crate::store::Value::is_same)). `docs/ARCHITECTURE.md`, "Moving keys",
//! says why no key is lost and no change dropped.
//!
//! The turns under the lock are executions of the same request: the session executes it, finds
//! [`Flow::Exchange`](crate::engine::execution::Flow), calls [`exchange()`], and executes it again as
//! [`Origin::Resumed`]. So each turn passes the gates: a server that has become a replica deletes nothing,
//! and a pause holds the deletion. Inside EXEC and scripts, which are one unit, all turns follow each other
//! under the lock, and everybody waits, as in Redis.
//!
//! | file         | what it is                                               |
//! |--------------|----------------------------------------------------------|
//! | `mod.rs`     | the turns under the lock                                 |
//! | [`exchange`](mod@exchange) | what is done without it                    |
//! | [`peer`]     | the other server: requests, answers, how long they may take |

pub mod exchange;
mod peer;

use std::time::Duration;

pub use self::exchange::exchange;
use crate::command::args::{Options, integer, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::engine::blocking::{self, Awaited, Wait};
use crate::engine::execution::Origin;
use crate::engine::migration::{self, Failure, Migration, Outcome, Parcel, Target};
use crate::number::leading_integer;
use crate::rdb::Style;
use crate::resp::{Args, Reply, Request};
use crate::store::Bytes;

/// A lot has no more keys than this: their answers, each a few bytes, fit into the socket's buffers while
/// nobody reads them.
const LOT_KEYS: usize = 512;
/// When the values of a lot take so many bytes, the next key is left for the next lot. The sooner a lot
/// has arrived, the fewer of its keys have changed.
const LOT_BYTES: usize = 4 << 20;
/// Elements that are looked at to guess the size of a large collection.
const SAMPLES: usize = 5;
/// So often keys that have changed are sent again while others go on changing them.
const FREE_ROUNDS: u32 = 2;
/// So often they are sent at all. With writes held, what still changes is changed by our own master.
const MOST_ROUNDS: u32 = 5;
/// The patience with the other server, if none is given.
const USUAL_TIMEOUT_MS: u64 = 1000;
/// As good as for ever, and still to be added to any moment.
const LONGEST_TIMEOUT_MS: u64 = 1 << 40;

/// `MIGRATE host port <key|""> destination-db milliseconds [COPY] [REPLACE] [AUTH password|AUTH2 username password] [KEYS key [key ...]]`
pub fn migrate(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    if matches!(ctx.origin, Origin::Loader | Origin::Master) {
        return Err(NO_EFFECT);
    }
    let mut migration = match ctx.client().migration.take() {
        Some(migration) => migration,
        None => Box::new(begin(ctx, args)?),
    };
    loop {
        settle(ctx, &mut migration);
        collect(ctx, &mut migration, args);
        let waits_for_another = !migration.rest.is_empty() && migration.failure.is_none();
        if migration.lot.is_empty() && !waits_for_another {
            return finish(ctx, *migration, reply);
        }
        if matches!(ctx.origin, Origin::Client | Origin::Resumed) {
            go_on_without_lock(ctx, migration);
            return Ok(());
        }
        if migration.lot.is_empty() {
            migration.failure = Some(Failure::Busy); // its owner needs the lock that we have
        }
        exchange::send(&mut migration, &|| true);
    }
}

/// Reads the options.
fn begin(ctx: &mut Context<'_>, args: Args<'_>) -> Result<Migration> {
    let (mut copies, mut replaces, mut user, mut password) = (false, false, None, None);
    let mut keys = 3..4;
    let mut options = Options::new(args, 6);
    while let Some(option) = options.next() {
        match option {
            _ if is(option, "COPY") => copies = true,
            _ if is(option, "REPLACE") => replaces = true,
            _ if is(option, "AUTH") => password = Some(options.value()?.to_vec()),
            _ if is(option, "AUTH2") && options.left() >= 2 => {
                user = Some(options.value()?.to_vec());
                password = Some(options.value()?.to_vec());
            }
            _ if is(option, "KEYS") => {
                if !args.at(3).is_empty() {
                    return Err(KEY_AND_KEYS);
                }
                keys = options.position()..args.len();
                break;
            }
            _ => return Err(error::SYNTAX),
        }
    }
    let timeout_ms = match u64::try_from(integer(args.at(5))?) {
        Err(_) | Ok(0) => USUAL_TIMEOUT_MS,
        Ok(millis) => millis.min(LONGEST_TIMEOUT_MS),
    };
    let host = String::from_utf8_lossy(args.at(1)).into_owned();
    Ok(Migration {
        target: Target { host, port: leading_integer(args.at(2)), user, password },
        from: ctx.db,
        db: integer(args.at(4))?,
        timeout: Duration::from_millis(timeout_ms),
        clock: ctx.engine.clock.clone(),
        copies,
        replaces,
        asks: ctx.engine.config.cluster_enabled,
        tls: ctx.engine.tls_to_node(),
        style: Style::of_config(&ctx.engine.config),
        connection: None,
        lot: Vec::new(),
        round: 0,
        rest: keys,
        has_found: false,
        refusal: None,
        failure: None,
        holds_writes: false,
    })
}

/// A master, or a file, that has us call others and wait for them is not to be obeyed.
const NO_EFFECT: Error = Error::new("ERR MIGRATE is recorded as DEL, and never as itself");

const KEY_AND_KEYS: Error = Error::new(
    "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
);

/// What the other server has said of a lot: keys that have arrived as they are go away here. What has to
/// be sent once more is the next lot.
fn settle(ctx: &mut Context<'_>, migration: &mut Migration) {
    let mut removed = vec![Bytes::new(b"DEL")];
    for parcel in std::mem::take(&mut migration.lot) {
        let key = parcel.key.clone();
        let next =
            if migration.copies { None } else { settle_one(ctx, migration, parcel, &mut removed) };
        match next {
            Some(next) if migration.failure.is_none() => migration.lot.push(next),
            Some(next) => {
                release(ctx, next);
                ctx.engine.migrations.land(migration.from, &key);
            }
            None => ctx.engine.migrations.land(migration.from, &key),
        }
    }
    if removed.len() > 1 {
        let effect: Vec<&[u8]> = removed.iter().map(Bytes::as_slice).collect();
        ctx.propagate(&effect);
    }
    if migration.lot.is_empty() {
        migration.round = 0;
        migration::release_writes(ctx.engine, migration);
        return;
    }
    migration.round += 1;
    if migration.round > FREE_ROUNDS {
        migration::hold_writes(ctx.engine, migration);
    }
    if migration.round > MOST_ROUNDS {
        migration.failure = Some(Failure::Changing);
        settle(ctx, migration); // gives the lot up
    }
}

/// The same for one key. What is returned has to be sent.
fn settle_one(
    ctx: &mut Context<'_>,
    migration: &Migration,
    parcel: Parcel,
    removed: &mut Vec<Bytes>,
) -> Option<Parcel> {
    if parcel.outcome != Outcome::Accepted {
        release(ctx, parcel);
        return None;
    }
    let Some((sent, deadline)) = &parcel.content else { return None };
    let has_returned = ctx.engine.migrations.has_returned(migration.from, &parcel.key);
    let next = match ctx.find(&parcel.key) {
        Ok(slot) => {
            let keyspace = ctx.keyspace();
            let now = (&keyspace.entry(slot).value, keyspace.deadline(slot));
            if now.0.is_same(sent) && now.1 == *deadline && !has_returned {
                None
            } else {
                Some(Some((now.0.clone(), now.1)))
            }
        }
        // The other server's time is over just the same.
        Err(_) if deadline.is_some_and(|at| at <= ctx.now_ms) => {
            release(ctx, parcel);
            return None;
        }
        Err(_) => Some(None),
    };
    let key = parcel.key.clone();
    release(ctx, parcel);
    let Some(content) = next else {
        ctx.remove(&key);
        ctx.modified(EventClasses::GENERIC, "del", &key);
        removed.push(key);
        return None;
    };
    Some(Parcel { key, content, replaces: true, outcome: Outcome::Unknown })
}

/// Frees what was kept of a value: it may be the last to refer to it.
fn release(ctx: &mut Context<'_>, parcel: Parcel) {
    if let Some((value, _)) = parcel.content {
        ctx.engine.free_lazily(value);
    }
}

/// Takes the next keys, unless some have to be sent again. None, and still some left: another client's
/// MIGRATE has the next one on its way.
fn collect(ctx: &mut Context<'_>, migration: &mut Migration, args: Args<'_>) {
    if !migration.lot.is_empty() || migration.failure.is_some() {
        return;
    }
    if ctx.client().is_gone {
        migration.failure = Some(Failure::Reading);
        return;
    }
    let mut bytes = 0;
    while !migration.rest.is_empty() && migration.lot.len() < LOT_KEYS && bytes < LOT_BYTES {
        let key = args.at(migration.rest.start);
        if !migration.copies && ctx.engine.migrations.has_in_flight(ctx.db, key) {
            if !migration.lot.iter().any(|parcel| *parcel.key == *key) {
                break;
            }
            migration.rest.start += 1; // the same key twice
            continue;
        }
        migration.rest.start += 1;
        let Some(value) = ctx.read(key).cloned() else { continue };
        let Ok(slot) = ctx.find(key) else { continue };
        let deadline = ctx.keyspace().deadline(slot);
        migration.has_found = true;
        bytes += value.heap_size(SAMPLES);
        if !migration.copies {
            ctx.engine.migrations.take_off(ctx.db, key);
        }
        migration.lot.push(Parcel {
            key: Bytes::new(key),
            content: Some((value, deadline)),
            replaces: migration.replaces,
            outcome: Outcome::Unknown,
        });
    }
    if !migration.lot.is_empty() && migration.connection.is_none() {
        migration.connection = ctx.engine.migrations.take_connection(&migration.target);
    }
}

/// Lets the session do what needs no lock.
fn go_on_without_lock(ctx: &mut Context<'_>, migration: Box<Migration>) {
    let wait = Wait {
        awaited: Awaited::Exchange,
        request: Request::default(), // the session has it
        db: ctx.db,
        keys: Vec::new(),
        deadline: None,
    };
    blocking::block(ctx.engine, ctx.client, wait);
    ctx.client().migration = Some(migration);
}

/// Keeps the connection, and replies.
fn finish(ctx: &mut Context<'_>, migration: Migration, reply: &mut Reply) -> Result {
    if let Some(mut connection) = migration.connection {
        if migration.refusal.is_some() {
            connection.db = None; // as in Redis: who knows what it was about
        }
        ctx.engine.migrations.keep_connection(connection);
    }
    if let Some(text) = migration.refusal {
        let text = [b"ERR Target instance replied with error: ", &text[..]].concat();
        return Err(Error::text(text));
    }
    match migration.failure {
        Some(failure) => return Err(Error::new(text_of(failure))),
        None if migration.has_found => reply.ok(),
        None => reply.simple("NOKEY"),
    }
    Ok(())
}

fn text_of(failure: Failure) -> &'static str {
    match failure {
        Failure::Connecting => "IOERR error or timeout connecting to the client",
        Failure::Writing => "IOERR error or timeout writing to target instance",
        Failure::Reading => "IOERR error or timeout reading to target instance",
        Failure::Changing => "ERR Keys changed each time they were sent, and stay here",
        Failure::Busy => "TRYAGAIN A key is on its way to another server already",
    }
}
