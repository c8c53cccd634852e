//! CLUSTER SLOTS, SHARDS, LINKS: the map of the cluster, for clients.

use super::state;
use crate::cluster::slots::SlotSet;
use crate::cluster::{Cluster, Node, NodeKey};
use crate::command::context::Context;
use crate::command::error::Result;
use crate::config::EndpointType;
use crate::engine::Engine;
use crate::engine::routing::{endpoint, is_plain};
use crate::resp::{Args, Reply};

/// `CLUSTER SLOTS`
///
/// For each run of slots its first and last, its master, and the replicas that work.
pub fn slots(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let (cluster, plain) = (state(ctx)?, is_plain(ctx.engine, ctx.client));
    let ranges = cluster.owned_ranges();
    reply.array(ranges.len());
    for (first, last, owner) in ranges {
        let replicas = cluster.replicas(owner).filter(|(key, replica)| {
            !replica.has_failed() && offset(ctx.engine, cluster, *key, replica) != 0
        });
        let nodes: Vec<NodeKey> =
            std::iter::once(owner).chain(replicas.map(|(key, _)| key)).collect();
        reply.array(2 + nodes.len());
        reply.integer(first.into());
        reply.integer(last.into());
        nodes
            .into_iter()
            .for_each(|key| write_endpoint(ctx.engine, cluster.node(key), plain, reply));
    }
    Ok(())
}

/// A node as clients are to call it, and what else it is called.
fn write_endpoint(engine: &Engine, node: &Node, plain: bool, reply: &mut Reply) {
    let config = &engine.config;
    reply.array(4);
    match config.cluster_preferred_endpoint_type {
        EndpointType::UnknownEndpoint => reply.null(),
        _ => reply.bulk(endpoint(node, config).as_bytes()),
    }
    reply.integer(node.address.port_for(plain).into());
    reply.bulk(node.id.as_bytes());
    let is_ip = config.cluster_preferred_endpoint_type == EndpointType::Ip;
    let is_name = config.cluster_preferred_endpoint_type == EndpointType::Hostname;
    let more = [
        (!is_ip, "ip", &node.address.ip),
        (!is_name && !node.hostname.is_empty(), "hostname", &node.hostname),
    ];
    let more: Vec<_> = more.iter().filter(|(is_wanted, ..)| *is_wanted).collect();
    reply.map(more.len());
    more.into_iter().for_each(|(_, name, value)| write_text(reply, name, value));
}

/// How far a node's data has come, as far as this node knows.
fn offset(engine: &Engine, cluster: &Cluster, key: NodeKey, node: &Node) -> u64 {
    if key == cluster.my_key() { engine.replication.offset() } else { node.offset }
}

/// `CLUSTER SHARDS`
///
/// For each master its slots, and all nodes that have them.
pub fn shards(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let cluster = state(ctx)?;
    let masters: Vec<NodeKey> = cluster
        .nodes()
        .filter(|(_, node)| node.is_master() && node.is_known())
        .map(|(key, _)| key)
        .collect();
    reply.array(masters.len());
    for master in masters {
        reply.map(2);
        reply.bulk(b"slots");
        write_slots(&cluster.node(master).slots, reply);
        reply.bulk(b"nodes");
        let replicas = cluster.replicas(master).map(|(key, _)| key);
        let nodes: Vec<NodeKey> = std::iter::once(master).chain(replicas).collect();
        reply.array(nodes.len());
        nodes.into_iter().for_each(|key| write_node(ctx.engine, cluster, key, reply));
    }
    Ok(())
}

fn write_slots(slots: &SlotSet, reply: &mut Reply) {
    let ranges: Vec<_> = slots.ranges().collect();
    reply.array(2 * ranges.len());
    for (first, last) in ranges {
        reply.integer(first.into());
        reply.integer(last.into());
    }
}

fn write_node(engine: &Engine, cluster: &Cluster, key: NodeKey, reply: &mut Reply) {
    let node = cluster.node(key);
    let offset = offset(engine, cluster, key, node);
    let health = match () {
        () if node.has_failed() => "fail",
        () if node.is_replica() && offset == 0 => "loading",
        () => "online",
    };
    let has_name = !node.hostname.is_empty();
    let address = &node.address;
    let ports = match engine.config.tls_cluster {
        true => [("port", address.plain_port), ("tls-port", address.port)],
        false => [("port", address.port), ("tls-port", 0)],
    };
    let ports = ports.iter().filter(|(_, port)| *port != 0);
    reply.map(6 + usize::from(has_name) + ports.clone().count());
    write_text(reply, "id", node.id.as_str());
    for (name, port) in ports {
        reply.bulk(name.as_bytes());
        reply.integer((*port).into());
    }
    write_text(reply, "ip", &node.address.ip);
    write_text(reply, "endpoint", endpoint(node, &engine.config));
    if has_name {
        write_text(reply, "hostname", &node.hostname);
    }
    write_text(reply, "role", if node.is_replica() { "replica" } else { "master" });
    reply.bulk(b"replication-offset");
    reply.integer(offset as i64);
    write_text(reply, "health", health);
}

fn write_text(reply: &mut Reply, name: &str, value: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(value.as_bytes());
}

/// `CLUSTER LINKS`
pub fn links(ctx: &mut Context<'_>, _args: Args<'_>, reply: &mut Reply) -> Result {
    let cluster = state(ctx)?;
    let links = cluster.links().filter_map(|link| Some((link, link.node?)));
    let links: Vec<_> = links.filter(|(link, _)| link.is_up).collect();
    reply.array(links.len());
    for (link, node) in links {
        reply.map(6);
        reply.bulk(b"direction");
        reply.bulk(if link.inbound { b"from" } else { b"to" });
        reply.bulk(b"node");
        reply.bulk(cluster.node(node).id.as_bytes());
        reply.bulk(b"create-time");
        reply.integer(link.created_ms as i64);
        reply.bulk(b"events");
        reply.bulk(if link.unsent > 0 { b"rw" } else { b"r" });
        for name in ["send-buffer-allocated", "send-buffer-used"] {
            reply.bulk(name.as_bytes());
            reply.count(link.unsent);
        }
    }
    Ok(())
}
