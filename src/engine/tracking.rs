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
//!   them, read or not. What a command or a transaction changes is collected and sent as one
//!   message for each prefix.
//!
//! Keys are names only: the database doesn't count, as in Redis.
//!
//! In RESP3 the message is a push. A client of RESP2 has to name another connection (REDIRECT) that
//! is subscribed to `__redis__:invalidate`. A client that changes a key it keeps itself gets the
//! message after the reply to that change, or with NOLOOP not at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ClientKey;
use super::Engine;
use super::pubsub::Message;
use crate::resp::{Protocol, Reply};
use crate::store::Bytes;

/// The channel on which clients of RESP2 learn of changes.
const CHANNEL: &[u8] = b"__redis__:invalidate";

/// Who has to be told of what.
#[derive(Debug, Default)]
pub struct Tracking {
    clients: BTreeSet<ClientKey>,
    /// Keys that were read, and the ids of those who did. An id may belong to nobody any more.
    keys: HashMap<Bytes, BTreeSet<u64>>,
    items: usize,
    prefixes: BTreeMap<Bytes, Prefix>,
    /// A database was emptied: everybody forgets everything when the unit ends.
    flushed: bool,
}

/// A prefix that somebody wants to hear of.
#[derive(Debug, Default)]
struct Prefix {
    clients: BTreeSet<ClientKey>,
    /// Keys changed in this unit, and by whom.
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
    /// Whether anybody tracks.
    #[inline]
    pub fn is_on(&self) -> bool {
        !self.clients.is_empty()
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

    /// A database is being emptied.
    pub fn database_emptied(&mut self) {
        self.flushed |= self.is_on();
    }
}

/// Turns tracking on for a client, or changes how it tracks. Prefixes add up.
pub fn enable(engine: &mut Engine, client: ClientKey, mode: Mode) {
    let state = engine.clients.get_mut(client);
    let mut prefixes = state.tracking.take().map_or_else(BTreeSet::new, |old| old.prefixes);
    for prefix in &mode.prefixes {
        let prefix = engine.tracking.prefixes.entry(prefix.clone()).or_default();
        prefix.clients.insert(client);
    }
    prefixes.extend(mode.prefixes.iter().cloned());
    if mode.redirect.is_none() && state.protocol == Protocol::Resp3 {
        state.open_outbox();
    }
    state.tracking = Some(Box::new(Mode { prefixes, ..mode }));
    engine.tracking.clients.insert(client);
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
    if tracking.clients.is_empty() {
        // Nobody left to be told; ids of clients that track again are remembered anew.
        *tracking = Tracking::default();
    }
}

/// Remembers what a client has read.
pub fn remember<'k>(engine: &mut Engine, client: ClientKey, keys: impl Iterator<Item = &'k [u8]>) {
    let state = engine.clients.get(client);
    let (id, Some(mode)) = (&state.id, &state.tracking) else { return };
    if mode.broadcast || mode.opt_in && !mode.caching || mode.opt_out && mode.caching {
        return;
    }
    for key in keys {
        let readers = engine.tracking.keys.entry(Bytes::new(key)).or_default();
        engine.tracking.items += usize::from(readers.insert(*id));
    }
}

/// A key has changed: tells those who have read it, and notes it for those who hear of prefixes.
pub fn key_changed(engine: &mut Engine, key: &[u8], by: Option<ClientKey>) {
    for (prefix, state) in &mut engine.tracking.prefixes {
        if key.starts_with(prefix) {
            state.changed.insert(Bytes::new(key), by);
        }
    }
    forget(engine, key, by);
}

/// Tells all who have read a key that it is no longer what they have read.
fn forget(engine: &mut Engine, key: &[u8], by: Option<ClientKey>) {
    let Some(readers) = engine.tracking.keys.remove(key) else { return };
    engine.tracking.items -= readers.len();
    for id in readers {
        let Some(client) = engine.clients.by_id(id) else { continue };
        let Some(mode) = &engine.clients.get(client).tracking else { continue };
        let own = mode.no_loop && by == Some(client);
        if !mode.broadcast && !own {
            send(engine, client, Some(&[key]));
        }
    }
}

/// A command, a transaction or a script has ended: sends what was collected meanwhile, and keeps
/// the table within its limit.
pub fn end_of_unit(engine: &mut Engine) {
    if std::mem::take(&mut engine.tracking.flushed) {
        engine.tracking.keys.clear();
        engine.tracking.items = 0;
        for client in engine.tracking.clients.clone() {
            send(engine, client, None);
        }
    }
    let limit = engine.config.tracking_table_max_keys as usize;
    while limit > 0 && engine.tracking.keys.len() > limit {
        let Some(key) = engine.tracking.keys.keys().next().cloned() else { break };
        forget(engine, &key, None);
    }
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
    let Some(mode) = &engine.clients.get(client).tracking else { return };
    let redirected = mode.redirect.is_some();
    let target = match mode.redirect {
        Some(id) => engine.clients.by_id(id).ok_or(id),
        None => Ok(client),
    };
    let target = match target {
        Ok(target) => target,
        Err(id) => return redirect_is_broken(engine, client, id),
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
        Protocol::Resp2 if redirected && !state.subscriptions.is_empty() => Message::new(|reply| {
            reply.push(3);
            reply.bulk(b"message");
            reply.bulk(CHANNEL);
            write_keys(reply, keys);
        })
        .encoded(Protocol::Resp2)
        .clone(),
        Protocol::Resp2 => return, // there is no way to tell it
    };
    push(engine, target, message);
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
