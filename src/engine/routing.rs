//! Where a request belongs in a cluster: what its client has said about that, and the errors that send it
//! elsewhere.

use std::collections::BTreeSet;

use super::{ClientKey, Engine, blocking, pubsub};
use crate::catalogue::spec::Flags;
use crate::catalogue::{self};
use crate::cluster::{Cluster, Health, Node, NodeKey, Slot};
use crate::config::{Config, EndpointType};
use crate::engine::pubsub::{Message, Space};
use crate::store::Bytes;
use crate::store::hash_slot::hash_slot;

/// What a client of a cluster has said, and where its request belongs.
#[derive(Debug, Default)]
pub struct Routing {
    /// ASKING.
    pub asking: Asking,
    /// READONLY: what it reads from a replica may be old.
    pub reads_replicas: bool,
    /// The slot of the keys of the request that is being executed, once there was one.
    pub slot: Option<Slot>,
}

/// Whether a request was sent here by ASK, though the slot is still another node's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// It wasn't.
    #[default]
    No,
    /// The next one was; if it is MULTI, so was the whole transaction.
    Next,
    /// This one was.
    Now,
}

/// Why a node doesn't execute a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The slot is nobody's.
    Unbound,
    /// Keys of several slots.
    CrossSlot,
    /// The cluster doesn't serve.
    Down,
    /// The cluster serves only those who read.
    ReadsOnly,
    /// Some of the keys are here, and others have moved or are still to come.
    TryAgain,
    /// The slot moves to that node, and the keys are not here: this once, they are to be sought there.
    Ask(Slot, NodeKey),
    /// The slot is that node's.
    Moved(Slot, NodeKey),
}

impl Refusal {
    /// The error that tells it.
    pub fn text(self, engine: &Engine, cluster: &Cluster, client: ClientKey) -> String {
        let plain = is_plain(engine, client);
        let to = |word: &str, slot: Slot, node: NodeKey| {
            let node = cluster.node(node);
            let port = node.address.port_for(plain);
            format!("{word} {slot} {}:{port}", endpoint(node, &engine.config))
        };
        match self {
            Refusal::Unbound => "CLUSTERDOWN Hash slot not served".into(),
            Refusal::CrossSlot => "CROSSSLOT Keys in request don't hash to the same slot".into(),
            Refusal::Down => "CLUSTERDOWN The cluster is down".into(),
            Refusal::ReadsOnly => {
                "CLUSTERDOWN The cluster is down and only accepts read commands".into()
            }
            Refusal::TryAgain => "TRYAGAIN Multiple keys request during rehashing of slot".into(),
            Refusal::Ask(slot, node) => to("ASK", slot, node),
            Refusal::Moved(slot, node) => to("MOVED", slot, node),
        }
    }
}

/// Whether a client has come without TLS to a cluster that speaks it: it is sent to other ports.
pub fn is_plain(engine: &Engine, client: ClientKey) -> bool {
    let stream = engine.clients.get(client).stream.as_ref();
    engine.config.tls_cluster && stream.is_some_and(|stream| !stream.is_encrypted())
}

/// How clients are to call a node.
pub fn endpoint<'n>(node: &'n Node, config: &Config) -> &'n str {
    match config.cluster_preferred_endpoint_type {
        EndpointType::Ip => &node.address.ip,
        EndpointType::Hostname if node.hostname.is_empty() => "?",
        EndpointType::Hostname => &node.hostname,
        EndpointType::UnknownEndpoint => "",
    }
}

/// Slots have other owners, or the cluster doesn't serve any more: whoever waits here for a key, or
/// listens to a shard channel, and would do so in vain, is told.
pub fn slots_moved(engine: &mut Engine) {
    redirect_waiting(engine);
    end_subscriptions(engine);
}

fn redirect_waiting(engine: &mut Engine) {
    for client in engine.blocking.waiting_for_keys(0) {
        let Some(cluster) = engine.cluster.as_deref() else { return };
        if let Some(refusal) = refusal_of_waiting(engine, cluster, client) {
            let text = refusal.text(engine, cluster, client);
            blocking::interrupt(engine, client, &text);
        }
    }
}

/// Why a client waits in vain, if it does. A cluster that serves only those who read is as good as none:
/// somebody would have to write.
fn refusal_of_waiting(engine: &Engine, cluster: &Cluster, client: ClientKey) -> Option<Refusal> {
    let client = engine.clients.get(client);
    let key = client.wait.as_ref()?.keys.first()?;
    if cluster.health() == Health::Fail {
        return Some(Refusal::Down);
    }
    let slot = hash_slot(key);
    let owner = cluster.owner(slot);
    let writes = client.last_command.is_some_and(|last| catalogue::row(last).is(Flags::WRITE));
    let is_served = owner == Some(cluster.my_key())
        || cluster.importing_from(slot).is_some()
        || (client.routing.reads_replicas && !writes && cluster.is_of_my_master(slot));
    match owner {
        _ if is_served => None,
        None => Some(Refusal::Unbound),
        Some(owner) => Some(Refusal::Moved(slot, owner)),
    }
}

/// Ends subscriptions to shard channels whose slots are served elsewhere.
fn end_subscriptions(engine: &mut Engine) {
    let Some(cluster) = engine.cluster.as_deref() else { return };
    let is_served = |slot| cluster.is_mine(slot) || cluster.is_of_my_master(slot);
    let channels = engine.pubsub.names(Space::Shard);
    let left = channels.filter(|name| !is_served(hash_slot(name))).cloned();
    let left: BTreeSet<Bytes> = left.collect(); // in their order, as Redis has it
    for channel in left {
        for client in engine.pubsub.clients(Space::Shard, &channel) {
            pubsub::unsubscribe(engine, client, Space::Shard, &channel);
            let Engine { clients, config, .. } = engine;
            let state = clients.get(client);
            let count = state.subscriptions.count(Space::Shard);
            let mut message = Message::new(|reply| {
                reply.push(3);
                reply.bulk(b"sunsubscribe");
                reply.bulk(&channel);
                reply.count(count);
            });
            let encoded = message.encoded(state.protocol);
            clients.push(client, encoded, config);
        }
    }
}
