//! What replication does by the clock: pings, timeouts, and giving up a backlog nobody uses.

use std::time::Duration;

use super::{failover, reader};
use crate::engine::Engine;
use crate::engine::role::{self, Phase};
use crate::system::clock::Tick;

/// Most of this is in seconds.
const PERIOD: Duration = Duration::from_secs(1);

/// When things were done last.
#[derive(Debug)]
pub struct Timer {
    last: Tick,
    seconds: u64,
}

impl Timer {
    /// Nothing has been done yet.
    pub fn new(now: Tick) -> Self {
        Timer { last: now, seconds: 0 }
    }
}

/// Does what is due. Called several times a second.
pub fn tick(engine: &mut Engine, timer: &mut Timer) {
    failover::tick(engine);
    if engine.clock.since(timer.last) < PERIOD {
        return;
    }
    timer.last = engine.clock.tick();
    timer.seconds += 1;
    let config = &engine.config;
    let limit = config.client_output_buffer_limit.replica;
    engine.replication.backlog.set_limits(config.repl_backlog_size, limit);
    let pings = timer.seconds.is_multiple_of(u64::from(config.repl_ping_replica_period));
    let is_master = engine.replication.master.is_none();
    // A ping would move the offset that a replica has to reach before it can take over, or that the
    // file has which was saved last.
    let stands_still = engine.pause.holds_offset();
    if pings && is_master && !stands_still && !engine.replication.replicas.is_empty() {
        engine.replication.backlog.append(PING);
    }
    drop_silent_replicas(engine);
    reader::drop_unable(engine);
    let ttl = Duration::from_secs(engine.config.repl_backlog_ttl);
    let replication = &engine.replication;
    let unused = replication.active && is_master && replication.replicas.is_empty();
    if unused && !ttl.is_zero() && engine.clock.since(replication.alone_since) > ttl {
        crate::notice!(
            "Replication backlog freed after {} seconds without connected replicas.",
            ttl.as_secs()
        );
        role::deactivate(engine);
    }
}

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// A replica acknowledges once a second. One that has not for `repl-timeout` is not there.
fn drop_silent_replicas(engine: &mut Engine) {
    let timeout = Duration::from_secs(u64::from(engine.config.repl_timeout));
    for key in engine.replication.replicas.clone() {
        let client = engine.clients.get_mut(key);
        let Some(replica) = client.replica.as_ref().filter(|r| !r.is_old) else { continue };
        let heard = replica.acknowledged_at.map_or(replica.seen, |at| at.max(replica.seen));
        if replica.phase == Phase::Online && engine.clock.since(heard) > timeout {
            let name = client.replica_name();
            crate::warning!("Disconnecting timedout replica (streaming sync): {name}");
            client.disconnect();
        }
    }
}
