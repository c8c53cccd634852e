//! Client-side caching: clients that keep values are told when their keys change.
//!
//! A client says CLIENT TRACKING ON and from then on may keep what it reads. There are two ways to
//! know whom a change concerns:
//!
//! * **Remembered keys.** [`Tracking::keys`] holds, for each key that was read, who read it. When
//!   the key changes they get one message, and are forgotten: who wants to hear more has to read
//!   again. The table costs memory, so it has a limit, beyond which keys are forgotten as if they
//!   had changed. OPTIN and OPTOUT choose what is remembered.
//! * **Broadcast.** With BCAST a client names prefixes, and gets every key that begins with one of
//!   them, read or not. What changes under one taking of THE lock, which is to say what a pipeline
//!   changes, is collected and sent as one message for each prefix.
//!
//! Keys are names only: the database doesn't count, as in Redis.
//!
//! In RESP3 the message is a push. A client of RESP2 has to name another connection (REDIRECT) that
//! is subscribed to `__redis__:invalidate`.
//!
//! A client must not take what it has read before a change for what it has read after it. So its
//! replies and its pushes leave in the order in which they came about, all through its
//! [outbox](super::outbox), and what the running command means for the client that sent it comes
//! after that command's reply (or with NOLOOP not at all):
//!
//! ```text
//! client          GET x, SET x 1, SET y 1                 its replies and pushes
//! remembers x     x was read; x changed; -                nil, OK, >x, OK
//! BCAST           -; x changed; y changed; unlock         nil, OK, OK, >x y
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::ClientKey;
use super::Engine;
use super::pubsub::Message;
use crate::resp::{Protocol, Reply};
use crate::store::Bytes;
use crate::store::table::{Keyed, Table};

/// The channel on which clients of RESP2 learn of changes.
const CHANNEL: &[u8] = b"__redis__:invalidate";
/// So many keys are forgotten at a time when there are too many, and with each time more that there
/// still are: nobody is held up for long when the limit is lowered.
const FORGET_AT_ONCE: usize = 100;
/// Keys that are looked at to estimate how much memory all of them take.
const KEYS_TO_WEIGH: usize = 5;

/// Who has to be told of what.
#[derive(Debug, Default)]
pub struct Tracking {
    clients: BTreeSet<ClientKey>,
    keys: Table<Remembered>,
    items: usize,
    /// How many times in a row there were too many keys.
    times_over_limit: usize,
    /// What the client whose command is being executed has to be told when it has ended; None:
    /// everything has changed.
    pending: Vec<Option<Bytes>>,
    prefixes: BTreeMap<Bytes, Prefix>,
    /// Some prefix has changed keys.
    has_broadcasts: bool,
}

/// A key that was read.
#[derive(Clone, Debug)]
pub struct Remembered {
    key: Bytes,
    /// The ids of those who have read it. One may belong to nobody any more.
    readers: BTreeSet<u64>,
}

impl Keyed for Remembered {
    fn key(&self) -> &[u8] {
        &self.key
    }

    fn heap_size(&self) -> usize {
        self.key.heap_size() + self.readers.len() * size_of::<u64>()
    }
}

/// A prefix that somebody wants to hear of.
#[derive(Debug, Default)]
struct Prefix {
    clients: BTreeSet<ClientKey>,
    /// Keys that have changed since the last broadcast, and by whom, if it was one client alone.
    changed: BTreeMap<Bytes, Option<ClientKey>>,
}

/// How a client tracks.
#[derive(Clone, Debug, Default)]
pub struct Mode {
    /// The id of the connection that gets the messages instead.
    pub redirect: Option<u64>,
    /// By prefixes rather than by what was read.
    pub broadcast: bool,
    /// Remembers only what is read after CLIENT CACHING YES.
    pub opt_in: bool,
    /// Remembers all but what is read after CLIENT CACHING NO.
    pub opt_out: bool,
    /// It isn't told of its own changes.
    pub no_loop: bool,
    /// CLIENT CACHING was given: the next command is an exception.
    pub caching: bool,
    /// The connection that was to get the messages has gone.
    pub broken_redirect: bool,
    /// What broadcasts it wants.
    pub prefixes: BTreeSet<Bytes>,
}

impl Tracking {
    /// Whether a change may concern anybody.
    #[inline]
    pub fn is_on(&self) -> bool {
        !self.clients.is_empty() || !self.keys.is_empty() || !self.pending.is_empty()
    }

    /// Whether there is something to broadcast.
    #[inline]
    pub fn has_broadcasts(&self) -> bool {
        self.has_broadcasts
    }

    /// How many clients track.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// How many keys are remembered.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// How many pairs of a key and a client are remembered.
    pub fn items(&self) -> usize {
        self.items
    }

    /// How many prefixes are broadcast.
    pub fn prefixes(&self) -> usize {
        self.prefixes.len()
    }
}

/// Turns tracking on for a client, or changes how it tracks. Prefixes add up, and CLIENT CACHING holds.
pub fn enable(engine: &mut Engine, client: ClientKey, mode: Mode) {
    let state = engine.clients.get_mut(client);
    let old = state.tracking.take().unwrap_or_default();
    let (mut prefixes, caching) = (old.prefixes, old.caching);
    for prefix in &mode.prefixes {
        let prefix = engine.tracking.prefixes.entry(prefix.clone()).or_default();
        prefix.clients.insert(client);
    }
    prefixes.extend(mode.prefixes.iter().cloned());
    let target = mode.redirect.map_or(Some(client), |id| engine.clients.by_id(id));
    engine.clients.get_mut(client).tracking = Some(Box::new(Mode { prefixes, caching, ..mode }));
    engine.tracking.clients.insert(client);
    if let Some(target) = target {
        engine.clients.get_mut(target).expect_pushes();
    }
}

/// Turns tracking off for a client.
pub fn disable(engine: &mut Engine, client: ClientKey) {
    let Some(mode) = engine.clients.get_mut(client).tracking.take() else { return };
    let tracking = &mut engine.tracking;
    for name in &mode.prefixes {
        if let Some(prefix) = tracking.prefixes.get_mut(name) {
            prefix.clients.remove(&client);
            if prefix.clients.is_empty() {
                tracking.prefixes.remove(name);
            }
        }
    }
    tracking.clients.remove(&client);
}

/// Remembers what a client has read.
pub fn remember<'k>(engine: &mut Engine, client: ClientKey, keys: impl Iterator<Item = &'k [u8]>) {
    let state = engine.clients.get(client);
    let (id, Some(mode)) = (&state.id, &state.tracking) else { return };
    if mode.broadcast || mode.opt_in && !mode.caching || mode.opt_out && mode.caching {
        return;
    }
    let Tracking { keys: table, items, .. } = &mut engine.tracking;
    for key in keys {
        let is_new = match table.get_mut(key) {
            Some(remembered) => remembered.readers.insert(*id),
            None => {
                table.insert(Remembered { key: Bytes::new(key), readers: BTreeSet::from([*id]) });
                true
            }
        };
        *items += usize::from(is_new);
    }
}

/// A key has changed: tells those who have read it, and notes it for those who hear of prefixes.
pub fn key_changed(engine: &mut Engine, key: &[u8], by: Option<ClientKey>) {
    let Tracking { prefixes, has_broadcasts, .. } = &mut engine.tracking;
    for (_, state) in prefixes.iter_mut().filter(|(prefix, _)| key.starts_with(prefix)) {
        let author = state.changed.entry(Bytes::new(key)).or_insert(by);
        if *author != by {
            *author = None; // whoever of them it was: the others have to know
        }
        *has_broadcasts = true;
    }
    if let Some(remembered) = engine.tracking.keys.remove(key) {
        forget(engine, remembered, by);
    }
}

/// One database or all were emptied: everybody who tracks forgets everything, and so do we.
pub fn flushed(engine: &mut Engine) {
    for client in engine.tracking.clients.clone() {
        tell(engine, client, None);
    }
    let Tracking { keys, items, .. } = &mut engine.tracking;
    let (keys, items) = (std::mem::take(keys), std::mem::take(items));
    if items > 0 {
        let bytes = keys.heap_size(KEYS_TO_WEIGH) as u64;
        engine.lazy_free.send(keys, bytes, 0);
    }
}

/// Tells all who have read a key that it is no longer what they have read.
fn forget(engine: &mut Engine, remembered: Remembered, by: Option<ClientKey>) {
    let Remembered { key, readers } = remembered;
    engine.tracking.items -= readers.len();
    for id in readers {
        let Some(client) = engine.clients.by_id(id) else { continue };
        let Some(mode) = &engine.clients.get(client).tracking else { continue };
        let own = mode.no_loop && by == Some(client);
        if !mode.broadcast && !own {
            tell(engine, client, Some(&key));
        }
    }
}

/// Tells a client that a key has changed, or all have; the one whose command is being executed when
/// that has ended.
fn tell(engine: &mut Engine, client: ClientKey, key: Option<&Bytes>) {
    if engine.executing == Some(client) {
        engine.tracking.pending.push(key.cloned());
    } else {
        send_one(engine, client, key);
    }
}

/// A command, a transaction or a script has ended: tells its client what it has changed itself, and
/// keeps the table within its limit. Which keys go is left to chance.
pub fn send_invalidations(engine: &mut Engine) {
    forget_surplus(engine);
    let Some(client) = engine.executing else { return };
    for key in std::mem::take(&mut engine.tracking.pending) {
        send_one(engine, client, key.as_ref());
    }
}

fn send_one(engine: &mut Engine, client: ClientKey, key: Option<&Bytes>) {
    match key {
        Some(key) => send(engine, client, Some(&[key])),
        None => send(engine, client, None),
    }
}

fn forget_surplus(engine: &mut Engine) {
    let limit = engine.config.tracking_table_max_keys as usize;
    let is_over = |tracking: &Tracking| limit > 0 && tracking.keys.len() > limit;
    if !is_over(&engine.tracking) {
        engine.tracking.times_over_limit = 0;
        return;
    }
    engine.tracking.times_over_limit += 1;
    for _ in 0..FORGET_AT_ONCE * engine.tracking.times_over_limit {
        let Engine { tracking, random, .. } = engine;
        let victim = tracking.keys.pop(&mut || random.next_u64());
        let Some(victim) = victim else { break };
        forget(engine, victim, None);
        if !is_over(&engine.tracking) {
            break;
        }
    }
}

/// Sends what was collected for those who hear of prefixes. THE lock is about to be released: every
/// reply to what was executed under it has taken its place in the queue.
#[cold]
pub fn broadcast(engine: &mut Engine) {
    engine.tracking.has_broadcasts = false;
    let changed = |prefix: &&mut Prefix| !prefix.changed.is_empty();
    let broadcasts: Vec<_> = engine
        .tracking
        .prefixes
        .values_mut()
        .filter(changed)
        .map(|prefix| (prefix.clients.clone(), std::mem::take(&mut prefix.changed)))
        .collect();
    for (clients, changed) in broadcasts {
        for client in clients {
            let mode = engine.clients.get(client).tracking.as_ref();
            let no_loop = mode.is_some_and(|mode| mode.no_loop);
            let others = changed.iter().filter(|(_, by)| !no_loop || **by != Some(client));
            let keys: Vec<&[u8]> = others.map(|(key, _)| key.as_slice()).collect();
            if !keys.is_empty() {
                send(engine, client, Some(&keys));
            }
        }
    }
}

/// Tells one client that these keys have changed; None: all of them.
fn send(engine: &mut Engine, client: ClientKey, keys: Option<&[&[u8]]>) {
    let redirect = engine.clients.get(client).tracking.as_ref().and_then(|mode| mode.redirect);
    let target = match redirect.map(|id| engine.clients.by_id(id).ok_or(id)) {
        None => client,
        Some(Ok(target)) => target,
        Some(Err(id)) => return redirect_is_broken(engine, client, id),
    };
    let state = engine.clients.get(target);
    let message = match state.protocol {
        Protocol::Resp3 => Message::new(|reply| {
            reply.push(2);
            reply.bulk(b"invalidate");
            write_keys(reply, keys);
        })
        .encoded(Protocol::Resp3)
        .clone(),
        Protocol::Resp2 if redirect.is_some() && !state.subscriptions.is_empty() => {
            Message::new(|reply| {
                reply.push(3);
                reply.bulk(b"message");
                reply.bulk(CHANNEL);
                write_keys(reply, keys);
            })
            .encoded(Protocol::Resp2)
            .clone()
        }
        Protocol::Resp2 => return, // there is no way to tell it
    };
    push(engine, target, message);
    if let Some(journey) = &mut engine.journey {
        journey.invalidations += 1;
    }
}

fn write_keys(reply: &mut Reply, keys: Option<&[&[u8]]>) {
    match keys {
        Some(keys) => {
            reply.array(keys.len());
            keys.iter().for_each(|key| reply.bulk(key));
        }
        None => reply.null(),
    }
}

fn redirect_is_broken(engine: &mut Engine, client: ClientKey, id: u64) {
    let state = engine.clients.get_mut(client);
    if let Some(mode) = &mut state.tracking {
        mode.broken_redirect = true;
    }
    if state.protocol == Protocol::Resp3 {
        let mut reply = Reply::new(Protocol::Resp3);
        reply.push(2);
        reply.bulk(b"tracking-redir-broken");
        reply.integer(id as i64);
        push(engine, client, reply.as_bytes().into());
    }
}

/// To the client whose command is being executed the message comes after its reply.
fn push(engine: &mut Engine, target: ClientKey, message: std::sync::Arc<[u8]>) {
    let Engine { clients, config, executing, .. } = engine;
    if *executing == Some(target) {
        let client = clients.get_mut(target);
        client.open_outbox();
        client.held_back.push(message);
    } else {
        clients.push(target, &message, config);
    }
}

#[cfg(test)]
#[path = "tracking_tests.rs"]
mod tests;
