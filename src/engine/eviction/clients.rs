//! Client eviction: connections that take too much memory together lose the largest of them.
//!
//! `maxmemory-clients` limits what the buffers, queued commands and unsent replies of all
//! connections take. Keys should not be evicted, nor the process be killed, for the sake of one
//! client that sends a gigabyte, or doesn't read what it asked for. CLIENT NO-EVICT spares a
//! connection.

use crate::engine::{ClientKey, Engine};

/// A lower limit would shut everybody out, and nobody could undo it.
const LOWEST_LIMIT: u64 = 128 * 1024;

/// A client may have grown, or shrunk: makes room if it has become too much for all of them.
#[inline]
pub fn client_changed(engine: &mut Engine, client: ClientKey) {
    if engine.config.maxmemory_clients.is_set() {
        engine.clients.weigh(client);
        let weight = engine.clients.weight() as u64;
        if weight > limit(engine).unwrap_or(u64::MAX) && weight > engine.eviction.clients_left {
            evict_clients(engine);
        }
    }
}

/// What all clients may take together.
fn limit(engine: &Engine) -> Option<u64> {
    let limit = engine.config.maxmemory_clients.of(engine.config.maxmemory);
    (limit > 0).then(|| limit.max(LOWEST_LIMIT))
}

/// Weighs all clients, and disconnects the largest while all of them together are over the limit.
pub fn evict_clients(engine: &mut Engine) {
    let Some(limit) = limit(engine) else { return };
    let mut clients = engine.clients.connections();
    clients.iter().for_each(|key| engine.clients.weigh(*key));
    if engine.clients.weight() as u64 > limit {
        clients.sort_unstable_by_key(|key| engine.clients.get(*key).weight);
        for key in clients.into_iter().rev() {
            if engine.clients.weight() as u64 <= limit {
                break;
            }
            evict(engine, key);
        }
    }
    // What is left of too much is of clients that may stay: no use in trying again until it grows.
    engine.eviction.clients_left = engine.clients.weight() as u64;
}

fn evict(engine: &mut Engine, key: ClientKey) {
    let client = engine.clients.get_mut(key);
    if client.no_evict || !client.counts_for_eviction() {
        return;
    }
    crate::notice!("Evicting client: id={} of {} bytes", client.id, client.weight);
    client.disconnect();
    engine.stats.evicted_clients += 1;
    // A connection that is being closed is no longer counted: another would go in its place.
    engine.clients.weigh(key);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Share};
    use crate::engine::client::Client;
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;

    #[test]
    fn who_is_being_closed_already_costs_nobody_else_the_connection() {
        let limit = Share::Bytes(300_000);
        let (mut engine, _garbage) = Engine::new(
            Config { maxmemory_clients: limit, ..Config::default() },
            crate::engine::execution::Execution::none(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let keys = [10_000, 20_000, 900_000].map(|memory| {
            let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let stream = Arc::new(stream.into());
            let key = engine.clients.add(|id, clock| Client::connected(id, clock, stream));
            engine.clients.get(key).meter.set_input(memory, 0, memory);
            key
        });
        // The worker of the third has not come round to leaving before the second look.
        for _ in 0..2 {
            evict_clients(&mut engine);
            let closed = keys.map(|key| engine.clients.get(key).close_after_reply);
            assert_eq!(closed, [false, false, true]);
        }
    }
}
