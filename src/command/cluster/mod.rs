//! CLUSTER, and what clients of a cluster send. A server that is no node of one (`cluster-enabled no`)
//! says so, as a redis-server that is none does: clients ask in order to find out.
//!
//! | file        | what it is                                                  |
//! |-------------|-------------------------------------------------------------|
//! | [`shown`]   | CLUSTER INFO, NODES and others that change nothing           |
//! | [`keys`]    | KEYSLOT and others about the keys of a slot                  |
//! | [`routing`] | ASKING, READONLY, READWRITE                                  |
//! | [`maps`]    | SLOTS, SHARDS, LINKS                                         |
//! | [`nodes`]   | MEET, FORGET, FAILOVER and others that change who is what    |
//! | [`slot_stats`] | SLOT-STATS                                                |
//! | [`slots`]   | ADDSLOTS and others that say whose slots are                 |

pub mod keys;
pub mod maps;
pub mod nodes;
pub mod routing;
pub mod shown;
pub mod slot_stats;
pub mod slots;

use std::io;

use super::context::Context;
use super::error::{Error, Result};
use super::help;
use crate::cluster::Cluster;
use crate::config::system_text;
use crate::engine::cluster;
use crate::resp::{Args, Reply};

const DISABLED: Error = Error::new("ERR This instance has cluster support disabled");

/// The state of the cluster, if this is a node of one.
fn state<'c>(ctx: &'c Context<'_>) -> Result<&'c Cluster> {
    ctx.engine.cluster.as_deref().ok_or(DISABLED)
}

/// Changes the state, and has it written. What the state machine refuses is an error; if only the file
/// can't be written, that is one, too, and the bus goes on trying and says nothing to others before.
fn change<T>(
    ctx: &mut Context<'_>,
    work: impl FnOnce(&mut Cluster) -> std::result::Result<T, String>,
) -> Result<T> {
    let outcome = cluster::tell(ctx.engine, work).ok_or(DISABLED)?;
    let written = cluster::write_now(ctx.engine).map_err(not_kept);
    let outcome = outcome.map_err(|reason| Error::text(format!("ERR {reason}")))?;
    written.map(|()| outcome)
}

/// The file doesn't have the state.
fn not_kept(error: io::Error) -> Error {
    Error::text(format!("ERR error saving the cluster node config: {}", system_text(&error)))
}

/// `CLUSTER HELP`
pub fn cluster_help(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    state(ctx)?;
    help::help(ctx, args, reply)
}
