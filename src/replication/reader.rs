//! What a replica knows: which version of a snapshot it gets, if it gets any, and whether it may follow.
//!
//! A snapshot says no more than its data needs (see [`rdb::version`](crate::rdb::version)), so its version
//! matters only when fields of hashes expire. An older server doesn't just refuse such a snapshot: it has
//! thrown its own data away before it looks, and asks again each second. And of a stream it executes what
//! it knows, and skips the rest. So who may follow is decided before anything is sent:
//!
//! | the replica says                        | and is                  | it gets                           |
//! |-----------------------------------------|-------------------------|-----------------------------------|
//! | `capa rdb-12`                           | cacheflow               | version 12                        |
//! | `capa rdb-channel-repl`                 | Redis 8.0 or later      | version 12                        |
//! | `version 9.0.0` or more                 | Valkey                  | version 80                        |
//! | neither                                 | perhaps Redis 7.0       | an error, while fields expire     |
//! | `rdb-only`                              | `redis-cli --rdb`       | version 12: a file                |
//!
//! Who says neither is also sent away when the stream has had a command that Redis 7.0 doesn't know
//! ([`role::part_with_old_replicas`](crate::engine::role::part_with_old_replicas)). What it has now isn't
//! ours, so when it comes back it gets everything, and not before there have been no such commands for a
//! while: or one that is used every second would cost a snapshot every second.
//!
//! Redis 7.4 knows all of it, and doesn't say so. With `rdb-version 12` (or 80) everybody is taken to know it;
//! with 10 or 11, nobody gets what they can't say.

use std::time::Duration;

use crate::engine::role::{Reads, Replica};
use crate::engine::{ClientKey, Engine};
use crate::rdb::{Style, Target};

/// The log is told this often of replicas that ask again and again.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// How long no command may have come that Redis 7.0 doesn't know, before it may follow again.
const QUIET: Duration = Duration::from_secs(10);

/// Why a replica gets nothing: the error that it is replied. Its code is one that Redis takes for "not now"
/// and comes back a second later; after any other it does so at once, a thousand times a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable(pub &'static str);

const FIELDS_EXPIRE: Unreadable = Unreadable(
    "NOMASTERLINK fields of hashes expire here, and this replica has not said that it knows of that. If it \
     does (Redis 7.4), set rdb-version to 12 at the master",
);
const NEWER_COMMANDS: Unreadable = Unreadable(
    "NOMASTERLINK commands are in use here that Redis 7.0 doesn't know, and this replica has not said that \
     it does. If it does (Redis 7.4), set rdb-version to 12 at the master",
);

/// In which version a replica gets all data.
pub fn target(engine: &Engine, replica: &Replica) -> Result<Target, Unreadable> {
    let configured = Style::of_config(&engine.config).target;
    if replica.functions_only || !engine.fields_expire() {
        return Ok(configured);
    }
    match (configured, replica.reads) {
        (Target::AsNeeded, Reads::Valkey9) => Ok(Target::Exactly(80)),
        (Target::AsNeeded, Reads::Redis7) if !replica.rdb_only => Err(FIELDS_EXPIRE),
        (target, _) if target.has_fields_that_expire() => Ok(target),
        _ => Err(FIELDS_EXPIRE),
    }
}

/// Whether a replica may have what it asks for; if not, the log tells once in a while.
pub fn check(engine: &mut Engine, client: ClientKey) -> Result<(), Unreadable> {
    let unknown = Replica::new(engine.clock.tick());
    let replica = engine.clients.get(client).replica.as_deref().unwrap_or(&unknown);
    let newer = engine.replication.newer_at.is_some_and(|at| engine.clock.since(at) < QUIET);
    let result = match target(engine, replica) {
        Ok(_) if newer && replica.may_be_old(&engine.config) => Err(NEWER_COMMANDS),
        result => result.map(|_| ()),
    };
    result.inspect_err(|reason| tell(engine, client, reason.0))
}

/// Whether a replica can go on at this offset: none of what it has had, or lacks, is beyond it. It was sent
/// away at the end of what is.
pub fn may_continue(engine: &Engine, client: ClientKey, position: u64) -> bool {
    let replica = engine.clients.get(client).replica.as_deref();
    let is_old = replica.is_none_or(|replica| replica.may_be_old(&engine.config));
    let replication = &engine.replication;
    !is_old || replication.newer_at.is_none() || position > replication.newer_end
}

fn tell(engine: &mut Engine, client: ClientKey, reason: &str) {
    let name = engine.clients.get(client).replica_name();
    let told = engine.replication.told_of_unreadable;
    if told.is_none_or(|at| engine.clock.since(at) > TOLD_EVERY) {
        engine.replication.told_of_unreadable = Some(engine.clock.tick());
        crate::warning!(
            "Replica {name} is refused: {}",
            reason.trim_start_matches("NOMASTERLINK ")
        );
    }
}

/// Hangs up on replicas that have followed until fields began to expire.
pub fn drop_unable(engine: &mut Engine) {
    if !engine.fields_expire() {
        return;
    }
    for key in engine.replication.replicas.clone() {
        if check(engine, key).is_err() {
            engine.clients.get_mut(key).disconnect();
        }
    }
}
