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
use crate::cluster::node::{LONGEST_ADDRESS, is_address};
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
    /// Writes a state, unless a later one was written: who is killed then finds it. It waits for no disk.
    fn write(&self, snapshot: &Snapshot) -> io::Result<()>;

    /// The same, and waits until a power failure leaves it there, too.
    fn save(&self, snapshot: &Snapshot) -> io::Result<()>;
}

/// The state, if it has to be saved. It counts as saved from now on.
pub fn take_snapshot(cluster: &mut Cluster) -> Option<Snapshot> {
    let save = cluster.take_save();
    (save != Save::Nothing).then(|| snapshot(cluster, save))
}

fn snapshot(cluster: &mut Cluster, save: Save) -> Snapshot {
    let (version, synced) = (cluster.next_version(), save == Save::Synced);
    Snapshot { version, text: cluster.to_file(), synced }
}

/// Writes the state at once, under the lock, if it has changed: OK to a command means that the file has it. It
/// waits for the disk if there is an epoch, or an owner of a slot, in it that others are going to count on;
/// else that is for the bus' thread to see to. If the file can't be written that thread goes on trying.
pub fn write_now(engine: &mut Engine) -> io::Result<()> {
    keep(engine, |file, snapshot| match snapshot.synced {
        true => file.save(snapshot),
        false => file.write(snapshot),
    })
}

/// The same, and waits for the disk in any case: at the end.
pub fn save_now(engine: &mut Engine) -> io::Result<()> {
    keep(engine, |file, snapshot| file.save(snapshot))
}

fn keep(
    engine: &mut Engine,
    keep: impl FnOnce(&dyn SaveNodes, &Snapshot) -> io::Result<()>,
) -> io::Result<()> {
    let Engine { cluster: Some(cluster), cluster_file: Some(file), .. } = engine else {
        return Ok(());
    };
    let save = cluster.outputs().save;
    if save == Save::Nothing {
        return Ok(());
    }
    let kept = keep(&**file, &snapshot(cluster, save));
    if kept.is_err() {
        cluster.save_by_command();
    }
    kept
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

/// The ports for clients that others are told: that of the kind that the cluster speaks, and beside one with
/// TLS the one without. Who announces a TLS port announces the plain one as well, or has none; alone,
/// `cluster-announce-port` takes the place of the first one, whichever that is.
fn announced_ports(config: &Config) -> (u16, u16) {
    let (tls, other) = (config.cluster_announce_tls_port, config.cluster_announce_port);
    match config.tls_cluster {
        true if tls != 0 => (tls, other),
        true if other != 0 => (other, config.port),
        true => (config.tls_port, config.port),
        false if other != 0 => (other, 0),
        false => (config.port, 0),
    }
}

/// What the configuration says, for the state machine.
pub fn settings(config: &Config) -> Settings {
    let or = |announced: u16, own: u16| if announced == 0 { own } else { announced };
    let (port, plain_port) = announced_ports(config);
    Settings {
        node_timeout_ms: config.cluster_node_timeout,
        validity_factor: config.cluster_replica_validity_factor.into(),
        ping_replica_period_ms: u64::from(config.repl_ping_replica_period) * 1000,
        migration_barrier: config.cluster_migration_barrier as usize,
        full_coverage: config.cluster_require_full_coverage,
        replica_migration: config.cluster_allow_replica_migration,
        no_failover: config.cluster_replica_no_failover,
        announced_ip: announced_ip(&config.cluster_announce_ip),
        hostname: config.cluster_announce_hostname.clone(),
        port,
        plain_port,
        follows_plainly: config.tls_cluster && !config.tls_replication,
        bus_port: or(config.cluster_announce_bus_port, bus_port(config)),
        link_limit: config.cluster_link_sendbuf_limit as usize,
    }
}

/// The address that is announced: cut to what a packet holds. What could be none isn't announced, for in `nodes.conf` it
/// would keep the node from starting again.
fn announced_ip(parameter: &[u8]) -> String {
    let held = &parameter[..parameter.len().min(LONGEST_ADDRESS)];
    let text = std::str::from_utf8(held).ok().filter(|text| is_address(text));
    text.unwrap_or_default().to_owned()
}

impl Engine {
    /// Connections that there are, or will be, to other nodes: one in each direction. They count for
    /// `maxclients`.
    pub fn cluster_connections(&self) -> usize {
        self.cluster.as_ref().map_or(0, |cluster| 2 * (cluster.nodes().count() - 1))
    }

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
    if cluster.outputs().are_urgent() {
        engine.bus_wanted.notify_all();
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
        heard.map(|heard| engine.clock.since(heard).as_millis() as u64)
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
        Order::SlotsMoved => {
            if let Some(cluster) = engine.cluster.as_deref() {
                let slots = &cluster.node(cluster.my_shard()).slots;
                engine.stats.slots.keep(|slot| slots.contains(slot));
            }
            routing::slots_moved(engine);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_can_be_read_again() {
        assert_eq!(announced_ip(b"10.0.0.1"), "10.0.0.1");
        assert_eq!(announced_ip(b"node-1.example"), "node-1.example");
        assert_eq!(announced_ip(&[b'x'; 60]), "x".repeat(45));
        for none in [&b"a b"[..], b"a\nb", b"1@2", b"\xff", b""] {
            assert_eq!(announced_ip(none), "");
        }
    }
}
