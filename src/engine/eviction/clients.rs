//! Client eviction: connections that take too much memory together lose the largest of them.
//!
//! `maxmemory-clients` limits what the buffers, queued commands and unsent replies of all
//! connections take. Keys should not be evicted, nor the process be killed, for the sake of one
//! client that sends a gigabyte, or doesn't read what it asked for. CLIENT NO-EVICT spares a
//! connection.

use crate::config::Share;
use crate::engine::ClientKey;
use crate::engine::Engine;

/// Disconnects the largest clients while all of them together are over the limit.
pub fn evict_clients(engine: &mut Engine) {
    let limit = match engine.config.maxmemory_clients {
        Share::Bytes(bytes) => bytes,
        Share::Percent(percent) => engine.config.maxmemory / 100 * u64::from(percent),
    };
    if limit == 0 {
        return;
    }
    // A connection that is being closed is no longer counted: another would go in its place.
    let stays = |key: &ClientKey| !engine.clients.get(*key).close_after_reply;
    let of_client = |key| (engine.clients.get(key).memory() as u64, key);
    let connections = engine.clients.connections().into_iter();
    let mut clients: Vec<_> = connections.filter(stays).map(of_client).collect();
    let mut total: u64 = clients.iter().map(|(memory, _)| memory).sum();
    if total <= limit {
        return;
    }
    clients.sort_unstable();
    for (memory, key) in clients.into_iter().rev() {
        if total <= limit {
            break;
        }
        let client = engine.clients.get_mut(key);
        if client.no_evict {
            continue;
        }
        crate::notice!("Evicting client: id={} of {memory} bytes", client.id);
        client.disconnect();
        engine.stats.evicted_clients += 1;
        total -= memory;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::client::Client;
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;

    #[test]
    fn who_is_being_closed_already_costs_nobody_else_the_connection() {
        let limit = Share::Bytes(3000);
        let (mut engine, _garbage) = Engine::new(
            Config { maxmemory_clients: limit, ..Config::default() },
            crate::engine::execution::Execution::none(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let keys = [100, 200, 9000].map(|memory| {
            let stream = Arc::new(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
            let key = engine.clients.add(|id| Client::connected(id, stream));
            engine.clients.get_mut(key).input_memory = memory;
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
