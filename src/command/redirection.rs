//! The gate of a node of a cluster: is this where the request belongs?
//!
//! All keys of a request have to be of one slot, and the slot has to be this node's. A slot that moves
//! from one node to another is open on both: the one that has it executes what it has all keys for, and
//! sends others there with ASK; the other one serves only who says ASKING.
//!
//! ```text
//!  slot nobody's ─ keys of several slots ─ cluster down ─ slot open: some, all, no keys here ─ whose is it
//!   CLUSTERDOWN        CROSSSLOT            CLUSTERDOWN       TRYAGAIN  run  ASK               run / MOVED
//! ```
//!
//! EXEC is judged by everything that it would execute; what a script calls, by the same rules, each call
//! by itself. Requests without keys belong anywhere. A server that is no node of a cluster has no such gate.

use super::error::{Error, Result};
use crate::catalogue::find_keys::find_keys;
use crate::catalogue::spec::{Begin, Find, Flags, KeyFlags};
use crate::catalogue::{self, Command, Row};
use crate::cluster::{Cluster, Health, Slot};
use crate::engine::routing::{Asking, Refusal, Routing};
use crate::engine::{ClientKey, Engine};
use crate::resp::Args;
use crate::store::hash_slot::hash_slot;

/// Refuses what belongs elsewhere. `flags` are those of the request, a transaction's of all that it has
/// queued.
pub fn check(
    engine: &mut Engine,
    client: ClientKey,
    row: &Row,
    args: Args<'_>,
    flags: Flags,
) -> Result {
    let state = engine.clients.get_mut(client);
    state.routing.asking = match state.routing.asking {
        Asking::Next => Asking::Now,
        // From MULTI to EXEC.
        Asking::Now if state.transaction.is_some() => Asking::Now,
        _ => Asking::No,
    };
    let Some(cluster) = engine.cluster.as_deref() else { return Ok(()) };
    let judged = judge(engine, cluster, client, row, args, flags);
    let slot = judged.map_err(|refusal| told(engine, cluster, client, refusal))?;
    engine.clients.get_mut(client).routing.slot = slot;
    Ok(())
}

/// Whether this error sends a client elsewhere, or says that nobody serves it.
pub fn is_redirection(error: &Error) -> bool {
    matches!(error.code(), b"MOVED" | b"ASK" | b"TRYAGAIN" | b"CROSSSLOT" | b"CLUSTERDOWN")
}

fn told(engine: &Engine, cluster: &Cluster, client: ClientKey, refusal: Refusal) -> Error {
    Error::text(refusal.text(engine, cluster, client))
}

/// The slot of a request that may be executed here, if it has keys at all.
fn judge(
    engine: &Engine,
    cluster: &Cluster,
    client: ClientKey,
    row: &Row,
    args: Args<'_>,
    flags: Flags,
) -> std::result::Result<Option<Slot>, Refusal> {
    let client = engine.clients.get(client);
    let mut keys = Keys::new(engine, cluster, is_about_shard(row));
    match &client.transaction {
        _ if row.command != Command::Exec => keys.add_all(row, args)?,
        Some(transaction) => {
            for queued in transaction.queue() {
                keys.add_all(catalogue::row(queued.command), queued.request.args())?;
            }
        }
        None => {} // EXEC says so
    }
    keys.judge(row, flags, &client.routing)
}

/// The same for what a script calls, on behalf of a client. Unless it `crosses` slots, all its calls are
/// about one.
pub fn check_in_script(
    engine: &mut Engine,
    caller: ClientKey,
    row: &Row,
    args: Args<'_>,
    crosses: bool,
) -> Result {
    let Some(cluster) = engine.cluster.as_deref() else { return Ok(()) };
    let routing = &engine.clients.get(caller).routing;
    let mut keys = Keys::new(engine, cluster, is_about_shard(row));
    let judged = keys.add_all(row, args).and_then(|()| keys.judge(row, row.flags, routing));
    let slot = judged.map_err(|refusal| {
        Error::new(match refusal {
            Refusal::Down => "ERR Script attempted to execute a command while the cluster is down",
            Refusal::ReadsOnly => {
                "ERR Script attempted to execute a write command while the cluster is down and \
                 readonly"
            }
            Refusal::Unbound if engine.config.compat_version.names_crossing_command() => {
                "ERR Script attempted to access a slot not served"
            }
            Refusal::CrossSlot if engine.config.compat_version.names_crossing_command() => {
                return Error::text(format!(
                    "ERR Command '{}' in script attempted to access keys that don't hash to the \
                     same slot",
                    row.name
                ));
            }
            _ => "ERR Script attempted to access a non local key in a cluster node",
        })
    })?;
    let used = &mut engine.clients.get_mut(caller).routing.slot;
    if crosses || slot.is_none() {
        return Ok(());
    }
    if used.is_some() && *used != slot {
        let text = "ERR Script attempted to access keys that do not hash to the same slot";
        return Err(Error::new(text));
    }
    *used = slot;
    Ok(())
}

/// Whether the names in a request are shard channels, which are nowhere before they have listeners.
fn is_about_shard(row: &Row) -> bool {
    row.keys.first().is_some_and(|spec| spec.flags.has(KeyFlags::NOT_KEY))
}

/// The keys of a request, looked at one by one.
struct Keys<'e> {
    engine: &'e Engine,
    cluster: &'e Cluster,
    /// They are channels: nobody asks which of them are here.
    are_channels: bool,
    /// The slot of all of them, once there is one.
    slot: Option<Slot>,
    open: Open,
    first: &'e [u8],
    /// There are different ones.
    are_several: bool,
    here: usize,
    missing: usize,
    /// One of the missing is on its way: until it has arrived, or gone there too, it is nowhere.
    is_in_flight: bool,
}

/// Whether a slot moves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// It doesn't.
    No,
    /// From here.
    Migrating,
    /// To here.
    Importing,
}

impl<'e> Keys<'e> {
    fn new(engine: &'e Engine, cluster: &'e Cluster, are_channels: bool) -> Self {
        let (open, first) = (Open::No, &[][..]);
        let (slot, are_several, here, missing, is_in_flight) = (None, false, 0, 0, false);
        Keys {
            engine,
            cluster,
            are_channels,
            slot,
            open,
            first,
            are_several,
            here,
            missing,
            is_in_flight,
        }
    }

    /// Looks at all keys of a request.
    fn add_all(&mut self, row: &Row, args: Args<'e>) -> std::result::Result<(), Refusal> {
        match row.keys {
            [] => Ok(()),
            // Most commands have one key, and have it there.
            [spec]
                if let (Begin::Index(index), Find::Range { last: 0, .. }) =
                    (spec.begin, spec.find) =>
            {
                args.get(index).map_or(Ok(()), |key| self.add(key))
            }
            [spec] if spec.flags.has(KeyFlags::NOT_KEY) => {
                spec.find(args).into_iter().flatten().try_for_each(|index| self.add(args.at(index)))
            }
            _ => find_keys(row, args).iter().try_for_each(|key| self.add(args.at(key.index))),
        }
    }

    fn add(&mut self, key: &'e [u8]) -> std::result::Result<(), Refusal> {
        let slot = hash_slot(key);
        match self.slot {
            None => self.begin(slot, key)?,
            Some(_) if key == self.first => {}
            Some(first) if slot != first => return Err(Refusal::CrossSlot),
            Some(_) => self.are_several = true,
        }
        if self.open != Open::No && !self.are_channels {
            let is_here = self.is_here(key);
            self.here += usize::from(is_here);
            self.missing += usize::from(!is_here);
            self.is_in_flight |= !is_here && self.engine.migrations.has_in_flight(0, key);
        }
        Ok(())
    }

    /// The first key decides which slot it is about.
    fn begin(&mut self, slot: Slot, key: &'e [u8]) -> std::result::Result<(), Refusal> {
        let cluster = self.cluster;
        let owner = cluster.owner(slot).ok_or(Refusal::Unbound)?;
        (self.slot, self.first) = (Some(slot), key);
        if owner == cluster.my_key() && cluster.migrating_to(slot).is_some() {
            self.open = Open::Migrating;
        } else if cluster.importing_from(slot).is_some() {
            self.open = Open::Importing;
        }
        Ok(())
    }

    fn is_here(&self, key: &[u8]) -> bool {
        let keyspace = &self.engine.databases[0];
        let found = keyspace.find(key).ok();
        found.is_some_and(|place| {
            keyspace.deadline(place).is_none_or(|at| at >= self.engine.unix_ms())
        })
    }

    /// Whether the request may be executed here; its slot, if it has keys.
    fn judge(
        &self,
        row: &Row,
        flags: Flags,
        routing: &Routing,
    ) -> std::result::Result<Option<Slot>, Refusal> {
        let cluster = self.cluster;
        let Some(slot) = self.slot else { return Ok(None) };
        let owner = cluster.owner(slot).ok_or(Refusal::Unbound)?;
        let writes = flags.any(Flags::WRITE);
        if cluster.health() == Health::Fail {
            self.check_down(writes)?;
        }
        if self.open != Open::No && row.name == "migrate" {
            return Ok(Some(slot)); // keys have to move while they do
        }
        let is_asking = routing.asking == Asking::Now || flags.any(Flags::ASKING);
        match (self.open, cluster.migrating_to(slot)) {
            (Open::Migrating, Some(to)) if self.missing > 0 => {
                let is_undecided = self.here > 0 || self.is_in_flight;
                return Err(if is_undecided { Refusal::TryAgain } else { Refusal::Ask(slot, to) });
            }
            (Open::Importing, _) if is_asking => {
                let lacks = self.are_several && self.missing > 0;
                return if lacks { Err(Refusal::TryAgain) } else { Ok(Some(slot)) };
            }
            _ => {}
        }
        let reads = (routing.reads_replicas || self.are_channels) && !writes;
        if owner == cluster.my_key() || (reads && cluster.is_of_my_master(slot)) {
            return Ok(Some(slot));
        }
        Err(Refusal::Moved(slot, owner))
    }

    /// What is served by a cluster that is down.
    fn check_down(&self, writes: bool) -> std::result::Result<(), Refusal> {
        let config = &self.engine.config;
        match self.are_channels {
            true if config.cluster_allow_pubsubshard_when_down => Ok(()),
            false if config.cluster_allow_reads_when_down && !writes => Ok(()),
            false if config.cluster_allow_reads_when_down => Err(Refusal::ReadsOnly),
            _ => Err(Refusal::Down),
        }
    }
}
