//! Client eviction: connections that take too much memory together lose the largest of them.
//!
//! `maxmemory-clients` limits what the buffers, queued commands and unsent replies of all
//! connections take. Keys should not be evicted, nor the process be killed, for the sake of one
//! client that sends a gigabyte, or doesn't read what it asked for. CLIENT NO-EVICT spares a
//! connection.

use crate::config::Share;
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
    let of_client = |key| (engine.clients.get(key).memory() as u64, key);
    let mut clients: Vec<_> = engine.clients.connections().into_iter().map(of_client).collect();
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
        if client.no_evict || client.close_after_reply {
            continue;
        }
        crate::notice!("Evicting client: id={} of {memory} bytes", client.id);
        client.disconnect();
        engine.stats.evicted_clients += 1;
        total -= memory;
    }
    engine.pause.wake(); // a connection may be waiting there for its turn
}
