//! FAILOVER: a master and one of its replicas exchange roles, and nothing is lost.
//!
//! ```text
//! FAILOVER ── writes pause ── wait until the replica has everything ── we become its replica:
//!     PSYNC <our id> <offset> FAILOVER ── it becomes a master, +CONTINUE ── the pause ends
//! ```
//!
//! If the replica doesn't catch up in time, everything is as before. With FORCE the roles are
//! exchanged nevertheless. If the replica refuses, we are the master again.

use crate::engine::Engine;
use crate::engine::client::Client;
use crate::engine::pause::{self, Reason};
use crate::engine::role::{self, Failover, Phase};

/// Begins one: from now on nothing is written.
pub fn begin(engine: &mut Engine, failover: Failover) {
    match &failover.target {
        Some((host, port)) => {
            crate::notice!("FAILOVER requested to {}:{port}.", host.escape_ascii());
        }
        None => crate::notice!("FAILOVER requested to any replica."),
    }
    engine.replication.failover = Some(failover);
    engine.pause.hold(Reason::Failover);
}

/// Ends one, whatever came of it.
pub fn end(engine: &mut Engine) {
    if engine.replication.failover.take().is_some() {
        pause::release(engine, Reason::Failover);
    }
}

/// Gives one up. If we were asking already, we are a master again.
pub fn abort(engine: &mut Engine, reason: &str) {
    crate::notice!("Aborting FAILOVER: {reason}");
    if engine.replication.failover.as_ref().is_some_and(|failover| failover.in_progress) {
        role::promote(engine);
    }
    end(engine);
}

/// Looks whether the replica has everything, or the time is over.
pub fn tick(engine: &mut Engine) {
    let Some(failover) = engine.replication.failover.clone() else { return };
    if failover.in_progress {
        return;
    }
    let late = failover.deadline.is_some_and(|deadline| engine.clock.tick() >= deadline);
    let offset = engine.replication.offset();
    let ready = find(engine, failover.target.as_ref(), |client| {
        let replica = client.replica.as_ref();
        replica.is_some_and(|replica| replica.acknowledged >= offset)
    });
    match (ready, late, failover.target) {
        (Some((host, port)), ..) => exchange(engine, host, port),
        (None, true, Some((host, port))) if failover.force => exchange(engine, host, port),
        (None, true, _) => abort(engine, "Replica never caught up before timeout"),
        (None, false, _) => {}
    }
}

fn exchange(engine: &mut Engine, host: Vec<u8>, port: u16) {
    let host = String::from_utf8_lossy(&host).into_owned();
    crate::notice!("Failover target {host}:{port} is synced, failing over.");
    if let Some(failover) = &mut engine.replication.failover {
        failover.in_progress = true;
    }
    role::follow(engine, host, port);
    if let Some(master) = &mut engine.replication.master {
        master.takes_over = true;
    }
}

/// The address of an online replica for which `is_wanted` holds, and that is the target if one is
/// given.
pub fn find(
    engine: &Engine,
    target: Option<&(Vec<u8>, u16)>,
    is_wanted: impl Fn(&Client) -> bool,
) -> Option<(Vec<u8>, u16)> {
    let clients = engine.replication.replicas.iter().map(|key| engine.clients.get(*key));
    let online = clients.filter(|c| c.replica.as_ref().is_some_and(|r| r.phase == Phase::Online));
    let found = online.filter(|client| is_wanted(client)).map(address_of);
    found.into_iter().find(|address| target.is_none_or(|target| target == address))
}

/// Where a replica listens, as far as it has told.
pub fn address_of(client: &Client) -> (Vec<u8>, u16) {
    let Some(replica) = &client.replica else { return (Vec::new(), 0) };
    let ip = if replica.announced_ip.is_empty() {
        client.peer_ip().map_or_else(Vec::new, |ip| ip.to_canonical().to_string().into())
    } else {
        replica.announced_ip.clone()
    };
    (ip, replica.port)
}
