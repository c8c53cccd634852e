//! MIGRATE as the engine knows it: what a client has on its way to another server, which keys that are,
//! and the connections that are kept for the next time.
//!
//! A migration belongs to its client. Between its turns under the lock (`command/keys/migrate` tells
//! what is done in each) the client's thread has it, and talks to the other server.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ClientKey;
use super::Engine;
use super::pause::{self, Reason};
use crate::rdb::Style;
use crate::store::{Bytes, Value};
use crate::system::clock::{Clock, machine_now};
use crate::system::lock::Condition;
use crate::system::stream::Stream;
use crate::system::tls::Outgoing;

/// Connections that are kept at the most.
const MOST_IDLE: usize = 64;
/// How long one is kept.
const LONGEST_IDLE: Duration = Duration::from_secs(10);

/// Another server, and who we are to it. A connection is used again only for what is the same in all of
/// it: who doesn't know a password must not profit by a connection of somebody who does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name or address.
    pub host: String,
    /// Its port, as C's `atoi` reads it.
    pub port: i64,
    /// The user, if one is named.
    pub user: Option<Vec<u8>>,
    /// The password, if there is one.
    pub password: Option<Vec<u8>>,
}

/// A connection to another server.
#[derive(Debug)]
pub struct Connection {
    /// To whom.
    pub target: Target,
    /// The socket.
    pub stream: Stream,
    /// Bytes that were received and belong to no reply yet.
    pub input: Vec<u8>,
    /// The database that is selected there, if that is certain.
    pub db: Option<i64>,
    /// It has told who it is since it was last taken out of the cache.
    pub is_introduced: bool,
    /// It comes from the cache, and may have been closed meanwhile.
    pub is_used: bool,
    /// When it was put into the cache.
    idle_since: Instant,
}

impl Connection {
    /// A connection that has just been made.
    pub fn new(target: Target, stream: Stream) -> Self {
        let (input, idle_since) = (Vec::new(), machine_now());
        let (is_introduced, is_used) = (false, false);
        Connection { target, stream, input, db: None, is_introduced, is_used, idle_since }
    }
}

/// A key that is sent, with what it held when that was looked at.
#[derive(Debug)]
pub struct Parcel {
    /// The key.
    pub key: Bytes,
    /// The value and when it expires. None: it is gone here, and has to go there, too.
    pub content: Option<(Value, Option<i64>)>,
    /// Whatever is there may be overwritten.
    pub replaces: bool,
    /// What the other server says of it.
    pub outcome: Outcome,
}

/// What has become of a key that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other server hasn't told, and may or may not have it.
    Unknown,
    /// It has it.
    Accepted,
    /// It has answered with an error.
    Refused,
    /// Its time was over before it was sent.
    Expired,
}

/// What ends a migration, but for an error that the other server replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no connection.
    Connecting,
    /// What was to be sent isn't taken.
    Writing,
    /// No answer, or none that makes sense.
    Reading,
    /// A key has changed however often it was sent.
    Changing,
    /// Another client's MIGRATE has a key on its way, and can't be waited for.
    Busy,
}

/// A MIGRATE that has begun.
#[derive(Debug)]
pub struct Migration {
    /// Where the keys go.
    pub target: Target,
    /// Which database they are in here.
    pub from: usize,
    /// The database there.
    pub db: i64,
    /// How long the other server may be silent.
    pub timeout: Duration,
    /// The clock by which keys have a time to live.
    pub clock: Clock,
    /// The keys stay here.
    pub copies: bool,
    /// Keys that are there already are overwritten.
    pub replaces: bool,
    /// The other server is a node of our cluster.
    pub asks: bool,
    /// How the connection is encrypted, if it is.
    pub tls: Option<Outgoing>,
    /// How values are serialized.
    pub style: Style,
    /// The connection, while there is one.
    pub connection: Option<Connection>,
    /// The keys that are on their way.
    pub lot: Vec<Parcel>,
    /// How often keys of this lot have been sent again.
    pub round: u32,
    /// Where in the request the keys are that have not been looked at.
    pub rest: std::ops::Range<usize>,
    /// At least one key was there.
    pub has_found: bool,
    /// The first error that the other server has replied.
    pub refusal: Option<Vec<u8>>,
    /// Why it can't go on.
    pub failure: Option<Failure>,
    /// Writes of others wait for it.
    pub holds_writes: bool,
}

/// What all migrations share.
#[derive(Debug, Default)]
pub struct Migrations {
    /// Keys that are on their way, each by one migration only, and whether they have come back: whoever
    /// sends RESTORE for one may be ourselves.
    in_flight: HashMap<(usize, Bytes), bool>,
    /// Signalled when some of these have arrived, or stay.
    pub landed: Arc<Condition>,
    /// Connections that nobody uses, oldest first.
    idle: Vec<Connection>,
    /// Migrations for which writes wait.
    holders: usize,
}

impl Migrations {
    /// Whether a key is on its way.
    pub fn has_in_flight(&self, db: usize, key: &[u8]) -> bool {
        !self.in_flight.is_empty() && self.in_flight.contains_key(&(db, Bytes::new(key)))
    }

    /// A key was restored here. If it is on its way, it was sent to this server, whatever its address is
    /// called: what is deleted then is the only one there is.
    pub fn note_arrival(&mut self, db: usize, key: &[u8]) {
        if !self.in_flight.is_empty()
            && let Some(has_returned) = self.in_flight.get_mut(&(db, Bytes::new(key)))
        {
            *has_returned = true;
        }
    }

    /// Whether a key has come back since it was asked last.
    pub fn has_returned(&mut self, db: usize, key: &[u8]) -> bool {
        let has_returned = self.in_flight.get_mut(&(db, Bytes::new(key)));
        has_returned.is_some_and(std::mem::take)
    }

    /// A key begins its way.
    pub fn take_off(&mut self, db: usize, key: &[u8]) {
        self.in_flight.insert((db, Bytes::new(key)), false);
    }

    /// A key has arrived, or stays.
    pub fn land(&mut self, db: usize, key: &[u8]) {
        if self.in_flight.remove(&(db, Bytes::new(key))).is_some() {
            self.landed.notify_all();
        }
    }

    /// Takes a connection to a server out of the cache.
    pub fn take_connection(&mut self, target: &Target) -> Option<Connection> {
        let index = self.idle.iter().rposition(|idle| idle.target == *target)?;
        Some(self.idle.remove(index))
    }

    /// Keeps a connection for the next time.
    pub fn keep_connection(&mut self, connection: Connection) {
        if self.idle.len() >= MOST_IDLE {
            self.idle.remove(0);
        }
        let idle_since = machine_now();
        let (is_introduced, is_used) = (false, true);
        self.idle.push(Connection { is_introduced, is_used, idle_since, ..connection });
    }

    /// How many connections are kept.
    pub fn idle_connections(&self) -> usize {
        self.idle.len()
    }

    /// Closes the connections that nobody has used for a while.
    pub fn close_idle_connections(&mut self) {
        self.idle.retain(|connection| connection.idle_since.elapsed() < LONGEST_IDLE);
    }
}

/// Lets writes wait until the migration lets them go on.
pub fn hold_writes(engine: &mut Engine, migration: &mut Migration) {
    if !std::mem::replace(&mut migration.holds_writes, true) {
        engine.migrations.holders += 1;
        engine.pause.hold(Reason::Migration);
    }
}

/// Lets them go on.
pub fn release_writes(engine: &mut Engine, migration: &mut Migration) {
    if std::mem::take(&mut migration.holds_writes) {
        engine.migrations.holders -= 1;
        if engine.migrations.holders == 0 {
            pause::release(engine, Reason::Migration);
        }
    }
}

/// The client's migration waits for something else than the other server, and holds nobody meanwhile.
pub fn step_aside(engine: &mut Engine, client: ClientKey) {
    if let Some(mut migration) = engine.clients.get_mut(client).migration.take() {
        release_writes(engine, &mut migration);
        engine.clients.get_mut(client).migration = Some(migration);
    }
}

/// Gives up what a client has on its way, if it has anything: the keys stay.
pub fn abandon(engine: &mut Engine, client: ClientKey) {
    if let Some(mut migration) = engine.clients.get_mut(client).migration.take() {
        release_writes(engine, &mut migration);
        for parcel in migration.lot {
            engine.migrations.land(migration.from, &parcel.key);
            parcel.content.into_iter().for_each(|(value, _)| engine.free_lazily(value));
        }
    }
}
