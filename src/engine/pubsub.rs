//! Publish/subscribe: who listens to what, and the way of a message to those who do.
//!
//! There are three name spaces: channels, patterns over channels, and shard channels (which differ
//! from channels only in a cluster). Each is a map from names to clients; each client knows its own
//! names, too, so that it can be taken out of all of them when it goes.
//!
//! A message is encoded at most once per protocol, whoever many listen, and put into their
//! [outboxes](crate::engine::outbox). The publisher never waits for a subscriber.
//!
//! Keyspace events are messages like any other, published by the server itself.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::ClientKey;
use super::Engine;
use super::interest::shrink_map;
use super::meter::of_indexed;
use crate::config::EventClasses;
use crate::number::glob;
use crate::resp::{Protocol, Reply};
use crate::store::Bytes;

/// The three name spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// PUBLISH and SUBSCRIBE.
    Channel,
    /// PSUBSCRIBE: every channel that a pattern matches.
    Pattern,
    /// SPUBLISH and SSUBSCRIBE.
    Shard,
}

/// So many subscribers at a time.
const AHEAD: usize = 16;

/// Who listens to what.
#[derive(Debug, Default)]
pub struct PubSub {
    /// Names and who listens to them, in order of place.
    spaces: [HashMap<Bytes, Vec<ClientKey>>; 3],
}

/// What a client listens to.
#[derive(Debug, Default)]
pub struct Subscriptions {
    spaces: [BTreeSet<Bytes>; 3],
    /// Bytes that the names take, here and in the index.
    bytes: usize,
}

impl PubSub {
    /// How many names of a space have subscribers.
    pub fn len(&self, space: Space) -> usize {
        self.spaces[space as usize].len()
    }

    /// Whether nobody listens to anything in a space.
    #[cfg(feature = "internals")] // for tests
    pub fn is_empty(&self, space: Space) -> bool {
        self.len(space) == 0
    }

    /// The names of a space that have subscribers.
    pub fn names(&self, space: Space) -> impl Iterator<Item = &Bytes> {
        self.spaces[space as usize].keys()
    }

    /// Who listens to a name.
    pub fn clients(&self, space: Space, name: &[u8]) -> Vec<ClientKey> {
        self.spaces[space as usize].get(name).cloned().unwrap_or_default()
    }

    /// How many clients listen to a name.
    pub fn subscribers(&self, space: Space, name: &[u8]) -> usize {
        self.spaces[space as usize].get(name).map_or(0, Vec::len)
    }
}

impl Subscriptions {
    /// Bytes that they take.
    pub fn memory(&self) -> usize {
        self.bytes
    }

    /// How many names of a space.
    pub fn len(&self, space: Space) -> usize {
        self.spaces[space as usize].len()
    }

    /// Whether there are none at all.
    pub fn is_empty(&self) -> bool {
        self.spaces.iter().all(BTreeSet::is_empty)
    }

    /// The names of a space.
    pub fn names(&self, space: Space) -> Vec<Bytes> {
        self.spaces[space as usize].iter().cloned().collect()
    }

    /// The number that confirmations tell: channels and patterns together, shard channels apart.
    pub fn count(&self, space: Space) -> usize {
        match space {
            Space::Shard => self.len(Space::Shard),
            _ => self.len(Space::Channel) + self.len(Space::Pattern),
        }
    }
}

/// Lets a client listen to a name.
pub fn subscribe(engine: &mut Engine, client: ClientKey, space: Space, name: &[u8]) {
    let subscriber = engine.clients.get_mut(client);
    subscriber.open_outbox();
    let name = Bytes::new(name);
    if subscriber.subscriptions.spaces[space as usize].insert(name.clone()) {
        subscriber.subscriptions.bytes += of_indexed(&name);
        let names = &mut engine.pubsub.spaces[space as usize];
        let clients = names.entry(name).or_default();
        if let Err(place) = clients.binary_search(&client) {
            clients.insert(place, client);
        }
    }
}

/// Lets a client listen to a name no more.
pub fn unsubscribe(engine: &mut Engine, client: ClientKey, space: Space, name: &[u8]) {
    let subscriptions = &mut engine.clients.get_mut(client).subscriptions;
    let Some(taken) = subscriptions.spaces[space as usize].take(name) else { return };
    subscriptions.bytes -= of_indexed(&taken);
    let names = &mut engine.pubsub.spaces[space as usize];
    if let Some(clients) = names.get_mut(name) {
        if let Ok(place) = clients.binary_search(&client) {
            clients.remove(place);
        }
        if clients.is_empty() {
            names.remove(name);
            shrink_map(names);
        }
    }
}

/// Ends all subscriptions of a client.
pub fn unsubscribe_all(engine: &mut Engine, client: ClientKey) {
    for space in [Space::Channel, Space::Pattern, Space::Shard] {
        for name in engine.clients.get(client).subscriptions.names(space) {
            unsubscribe(engine, client, space, &name);
        }
    }
}

/// Publishes to a channel, and returns how many got the message.
pub fn publish(engine: &mut Engine, channel: &[u8], payload: &[u8]) -> usize {
    let mut receivers = deliver(engine, Space::Channel, channel, |reply| {
        message(reply, "message", &[channel, payload]);
    });
    let matches = |pattern: &&Bytes| glob::matches(pattern, channel, false);
    let patterns: Vec<Bytes> =
        engine.pubsub.names(Space::Pattern).filter(matches).cloned().collect();
    for pattern in patterns {
        receivers += deliver(engine, Space::Pattern, &pattern, |reply| {
            message(reply, "pmessage", &[&pattern, channel, payload]);
        });
    }
    receivers
}

/// Publishes to a shard channel, and returns how many got the message.
pub fn publish_to_shard(engine: &mut Engine, channel: &[u8], payload: &[u8]) -> usize {
    deliver(engine, Space::Shard, channel, |reply| message(reply, "smessage", &[channel, payload]))
}

fn message(reply: &mut Reply, kind: &str, parts: &[&[u8]]) {
    reply.push(1 + parts.len());
    reply.bulk(kind.as_bytes());
    parts.iter().for_each(|part| reply.bulk(part));
}

/// Sends a message to all who listen to a name.
fn deliver(engine: &mut Engine, space: Space, name: &[u8], write: impl Fn(&mut Reply)) -> usize {
    let Engine { pubsub, clients, config, .. } = engine;
    let Some(subscribers) = pubsub.spaces[space as usize].get(name) else { return 0 };
    let mut message = Message::new(write);
    for subscribers in subscribers.chunks(AHEAD) {
        // With thousands of subscribers none of what a message needs is in a cache; touched together,
        // the processor waits for many at the same time.
        let outboxes = subscribers.iter().filter_map(|key| clients.get(*key).outbox.as_ref());
        std::hint::black_box(outboxes.fold(false, |touched, outbox| touched ^ outbox.touch()));
        for client in subscribers {
            let encoded = message.encoded(clients.get(*client).protocol);
            clients.push(*client, encoded, config);
        }
    }
    subscribers.len()
}

/// Something that is sent to many, and encoded once for each protocol that is spoken.
pub struct Message<W> {
    write: W,
    encoded: [Option<Arc<[u8]>>; 2],
}

impl<W: Fn(&mut Reply)> Message<W> {
    /// A message that `write` writes.
    pub fn new(write: W) -> Self {
        Message { write, encoded: [None, None] }
    }

    /// Its bytes.
    pub fn encoded(&mut self, protocol: Protocol) -> &Arc<[u8]> {
        self.encoded[protocol as usize].get_or_insert_with(|| {
            let mut reply = Reply::new(protocol);
            (self.write)(&mut reply);
            reply.as_bytes().into()
        })
    }
}

/// Publishes what has happened to a key, as `notify-keyspace-events` says:
/// `__keyspace@0__:key` gets the event, `__keyevent@0__:event` the key.
pub fn publish_event(engine: &mut Engine, event: &str, key: &[u8], db: usize) {
    if let Some(journey) = &mut engine.journey {
        journey.events.push(format!("{event} {}", String::from_utf8_lossy(key)));
    }
    let wanted = engine.config.notify_keyspace_events;
    if wanted.contains(EventClasses::KEYSPACE) {
        let channel = [format!("__keyspace@{db}__:").as_bytes(), key].concat();
        publish(engine, &channel, event.as_bytes());
    }
    if wanted.contains(EventClasses::KEYEVENT) {
        let channel = format!("__keyevent@{db}__:{event}");
        publish(engine, channel.as_bytes(), key);
    }
}
