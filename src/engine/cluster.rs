//! The engine's side of the cluster: the way to the state machine and back.
//!
//! [`crate::cluster`] is a state machine that touches nothing. Whoever has something to tell it - a command,
//! a packet, a tick of the clock - does so here, under THE lock. What it wants to have done about the data
//! is done at once; what is to be sent and saved is left to the bus' thread, which is woken for it.
//!
//! A server that is no node of a cluster has no such state, and none of this on any path.

use std::io;

use super::Engine;
use super::pause::{self, Reason};
use super::pubsub;
use super::role::{self, Link};
use super::routing;
use super::slots;
use crate::cluster::output::{Order, Save};
use crate::cluster::settings::Settings;
use crate::cluster::state::Local;
use crate::cluster::{Cluster, Health, SLOTS, Slot};
use crate::config::Config;
use crate::system::random::Random;

/// Bus ports are so much higher than the clients', unless somebody says otherwise.
pub const BUS_PORT_OFFSET: u16 = 10_000;

/// The state of the cluster as its file has it.
pub struct Snapshot {
    /// A later one has a higher number.
    pub version: u64,
    /// The text of the file.
    pub text: String,
    /// It has to be there after a power failure.
    pub synced: bool,
}

/// The file, which is the bus' matter.
pub trait SaveNodes: Send {
    /// Writes a state, unless a later one was written.
    fn save(&self, snapshot: &Snapshot) -> io::Result<()>;
}

/// The state, if it has to be written. It counts as written from now on.
pub fn take_snapshot(cluster: &mut Cluster) -> Option<Snapshot> {
    let save = cluster.take_save();
    let (version, synced) = (cluster.next_version(), save == Save::Synced);
    (save != Save::Nothing).then(|| Snapshot { version, text: cluster.to_file(), synced })
}

/// Writes the state at once, and waits for it, under the lock: for commands of administrators, which are
/// rare, and to whom OK means that it is there. If it can't be written the bus' thread goes on trying.
pub fn save_now(engine: &mut Engine) -> io::Result<()> {
    let Engine { cluster: Some(cluster), cluster_file: Some(file), .. } = engine else {
        return Ok(());
    };
    let Some(snapshot) = take_snapshot(cluster) else { return Ok(()) };
    let saved = file.save(&snapshot);
    if saved.is_err() {
        cluster.save_by_command();
    }
    saved
}

/// The state of a node that knows nobody yet, if the configuration wants a node.
pub fn new(config: &Config, now_ms: u64) -> Option<Box<Cluster>> {
    let is_wanted = config.cluster_enabled;
    is_wanted.then(|| Box::new(Cluster::new(settings(config), Random::from_system(), now_ms)))
}

/// The port on which a node listens for others.
pub fn bus_port(config: &Config) -> u16 {
    match config.cluster_port {
        0 => client_port(config).saturating_add(BUS_PORT_OFFSET),
        port => port,
    }
}

/// The port to which nodes send clients and replicas.
pub fn client_port(config: &Config) -> u16 {
    if config.tls_cluster { config.tls_port } else { config.port }
}

/// What the configuration says, for the state machine.
pub fn settings(config: &Config) -> Settings {
    let or = |announced: u16, own: u16| if announced == 0 { own } else { announced };
    Settings {
        node_timeout_ms: config.cluster_node_timeout,
        validity_factor: config.cluster_replica_validity_factor.into(),
        ping_replica_period_ms: u64::from(config.repl_ping_replica_period) * 1000,
        migration_barrier: config.cluster_migration_barrier as usize,
        full_coverage: config.cluster_require_full_coverage,
        replica_migration: config.cluster_allow_replica_migration,
        no_failover: config.cluster_replica_no_failover,
        announced_ip: String::from_utf8_lossy(&config.cluster_announce_ip).into_owned(),
        hostname: config.cluster_announce_hostname.clone(),
        port: match config.tls_cluster {
            true => or(config.cluster_announce_tls_port, config.tls_port),
            false => or(config.cluster_announce_port, config.port),
        },
        plain_port: match config.tls_cluster {
            true => or(config.cluster_announce_port, config.port),
            false => 0,
        },
        bus_port: or(config.cluster_announce_bus_port, bus_port(config)),
        link_limit: config.cluster_link_sendbuf_limit as usize,
    }
}

impl Engine {
    /// Bytes that connections to other nodes take.
    pub fn cluster_link_memory(&self) -> usize {
        self.cluster.as_ref().map_or(0, |cluster| cluster.link_memory())
    }
}

/// Tells the state machine something, and does what it wants to have done. None: this is no node.
pub fn tell<T>(engine: &mut Engine, tell: impl FnOnce(&mut Cluster) -> T) -> Option<T> {
    let local = local(engine);
    let cluster = engine.cluster.as_deref_mut()?;
    cluster.begin(local);
    let health = cluster.health();
    let told = tell(cluster);
    cluster.settle();
    let is_down = cluster.health() != health && cluster.health() == Health::Fail;
    let orders = cluster.take_orders();
    let outputs = cluster.outputs();
    if !outputs.network.is_empty() || outputs.save != Save::Nothing {
        engine.bus_wanted.notify_one();
    }
    orders.into_iter().for_each(|order| carry_out(engine, order));
    if is_down {
        routing::slots_moved(engine);
    }
    Some(told)
}

/// After the start: keys that were loaded are in slots that are this node's, or are on their way here.
pub fn adopt_loaded_keys(engine: &mut Engine) -> Result<(), &'static str> {
    if engine.databases.iter().skip(1).any(|database| !database.is_empty()) {
        return Err(
            "You can't have keys in a DB different than DB 0 when in Cluster mode. Exiting.",
        );
    }
    let database = &engine.databases[0];
    let with_keys = (0..SLOTS as Slot).filter(|slot| database.count_in_slot(*slot) > 0);
    let with_keys: Vec<Slot> = with_keys.collect();
    tell(engine, |cluster| cluster.adopt_slots(&with_keys));
    Ok(())
}

/// The time, and how this node's data is.
fn local(engine: &Engine) -> Local {
    let data_age_ms = engine.replication.master.as_ref().and_then(|master| {
        let heard = match master.link {
            Link::Up => Some(master.last_heard),
            _ => master.down_since,
        };
        heard.map(|heard| heard.elapsed().as_millis() as u64)
    });
    let now_ms = engine.unix_ms().max(0) as u64;
    let is_following = engine.is_replica();
    Local { now_ms, offset: engine.replication.offset(), is_following, data_age_ms }
}

fn carry_out(engine: &mut Engine, order: Order) {
    match order {
        Order::Follow { ip, port } => role::follow(engine, ip, port),
        Order::Promote => role::promote(engine),
        Order::HoldWrites(true) => engine.pause.hold(Reason::Failover),
        Order::HoldWrites(false) => pause::release(engine, Reason::Failover),
        Order::Publish { channel, message, shard: false } => {
            pubsub::publish(engine, &channel, &message);
        }
        Order::Publish { channel, message, shard: true } => {
            pubsub::publish_to_shard(engine, &channel, &message);
        }
        Order::DropSlots(lost) => {
            lost.iter().for_each(|slot| _ = slots::remove_keys(engine, slot));
        }
        Order::SlotsMoved => routing::slots_moved(engine),
    }
}
