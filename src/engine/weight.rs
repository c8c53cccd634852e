//! How much memory a client takes, and all of them together.
//!
//! What a connection's thread holds is on its [meter](super::meter); everything else is behind the lock. All of
//! it is [`Client::memory`], which must not take long: it is asked for with each batch of requests while
//! `maxmemory-clients` is set. Hence whatever a client may have many of keeps its own sum, and so do all
//! clients: [`Clients::weight`].

use super::ClientKey;
use super::client::{Client, Clients};
use super::meter::INDEX_ENTRY;
use super::outbox::Outbox;
use crate::store::Bytes;

impl Client {
    /// Bytes that the connection takes: its buffers, what it has queued and asked to be told of, and
    /// what waits to be sent.
    pub fn memory(&self) -> usize {
        let prefixes = self.tracking.as_ref().map_or(0, |mode| mode.prefixes.len());
        let wait = self.wait.as_ref();
        size_of::<Client>()
            + self.name.len()
            + self.meter.input()
            + self.meter.output()
            + self.outbox.as_ref().map_or(0, Outbox::backlog)
            + self.answer.capacity()
            + self.transaction.as_ref().map_or(0, |queued| queued.memory())
            + wait.map_or(0, |wait| wait.request.memory() + wait.keys.len() * INDEX_ENTRY)
            + self.watches.memory()
            + self.subscriptions.memory()
            + prefixes * (2 * size_of::<Bytes>() + INDEX_ENTRY)
    }

    /// Whether `maxmemory-clients` is about it. Links between servers have limits of their own.
    pub fn counts_for_eviction(&self) -> bool {
        self.stream.is_some() && !self.close_after_reply && !self.is_master && !self.is_replica()
    }
}

impl Clients {
    /// Looks again how much a client takes, for the sum.
    pub fn weigh(&mut self, key: ClientKey) {
        let client = self.get_mut(key);
        let weight = if client.counts_for_eviction() { client.memory() } else { 0 };
        let before = std::mem::replace(&mut client.weight, weight);
        self.weight = self.weight + weight - before;
    }

    /// Bytes that all clients take together, each when it was last looked at.
    pub fn weight(&self) -> usize {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_sum_follows_each_client() {
        let mut clients = Clients::default();
        let internal = clients.add(Client::internal);
        clients.weigh(internal);
        assert_eq!(clients.weight(), 0, "it is no connection");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let connect = || std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let keys = [0, 1000, 2000].map(|output| {
            let key =
                clients.add(|id, clock| Client::connected(id, clock, Arc::new(connect().into())));
            clients.get(key).meter.set_output(output);
            clients.weigh(key);
            clients.weigh(key);
            key
        });
        let one = clients.get(keys[0]).memory();
        assert_eq!(clients.weight(), 3 * one + 3000);
        clients.get(keys[1]).meter.set_output(0);
        clients.weigh(keys[1]);
        assert_eq!(clients.weight(), 3 * one + 2000);
        clients.remove(keys[2]);
        assert_eq!(clients.weight(), 2 * one);
    }
}
