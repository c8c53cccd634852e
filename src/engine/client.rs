//! `Client`: what the server knows about a connection, and the registry of all of them.
//!
//! Clients live in the engine, behind the lock: CLIENT LIST, CLIENT KILL and everything else that
//! looks at other connections just looks. The thread that serves a connection keeps only its
//! socket and its buffers to itself.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown};
use std::sync::Arc;
use std::time::Duration;

use super::ClientKey;
use super::activity::Activity;
use super::blocking::{Receipt, Wait};
use super::meter::Meter;
use super::migration::Migration;
use super::outbox::{Outbox, Pen};
use super::pubsub::Subscriptions;
use super::routing::Routing;
use super::tracking::Mode;
use super::transaction::{self, Transaction};
use super::watch::Watches;
use crate::acl::DEFAULT;
use crate::catalogue::Command;
use crate::engine::role::Replica;
use crate::resp::Protocol;
use crate::system::clock::{Clock, Tick};
use crate::system::stream::{Address, Stream};
use crate::system::tasks::Task;
use crate::system::wakeup::Wakeup;

/// What `CLIENT REPLY` has asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyMode {
    /// Replies are sent.
    #[default]
    On,
    /// They are not.
    Off,
    /// The next command's reply is not sent.
    SkipNext,
    /// This command's reply is not sent.
    Skip,
}

/// What has gone over a connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// Bytes of requests.
    pub received: u64,
    /// Bytes of replies.
    pub sent: u64,
    /// Commands that were executed.
    pub commands: u64,
}

/// A connection, as commands see it.
#[derive(Debug)]
pub struct Client {
    /// Counts up from 1; never used twice.
    pub id: u64,
    /// The peer; none for clients that are no connection (the loader, a script).
    pub peer: Option<Address>,
    /// Our end.
    pub local: Option<Address>,
    /// The socket, to shut it down.
    pub stream: Option<Arc<Stream>>,
    /// Set by CLIENT SETNAME or HELLO.
    pub name: Vec<u8>,
    /// Set by CLIENT SETINFO.
    pub library_name: Vec<u8>,
    /// Set by CLIENT SETINFO.
    pub library_version: Vec<u8>,
    /// The database it has selected.
    pub db: usize,
    /// The protocol it speaks.
    pub protocol: Protocol,
    /// Whether it has authenticated, or need not.
    pub authenticated: bool,
    /// The ACL user it acts as.
    pub user: Arc<[u8]>,
    /// This user may do everything.
    pub unrestricted: bool,
    /// When it connected.
    pub created: Tick,
    /// The server's clock.
    pub clock: Clock,
    /// When bytes went over its connection last.
    pub activity: Arc<Activity>,
    /// What has gone over its connection.
    pub traffic: Traffic,
    /// What it asked last.
    pub last_command: Option<Command>,
    /// What it has queued since MULTI.
    pub transaction: Option<Box<Transaction>>,
    /// The transaction that EXEC is executing for it: CLIENT LIST shows that there is one.
    pub executes: Option<transaction::Size>,
    /// What WATCH has asked for.
    pub watches: Watches,
    /// What it has on its way to another server, between two turns under the lock.
    pub migration: Option<Box<Migration>>,
    /// What it listens to.
    pub subscriptions: Subscriptions,
    /// It sees what others ask for (MONITOR).
    pub monitors: bool,
    /// How it is told of changes to keys it keeps, if it wants to be.
    pub tracking: Option<Box<Mode>>,
    /// What it has said as a client of a cluster.
    pub routing: Routing,
    /// What it waits for, if it does.
    pub wait: Option<Box<Wait>>,
    /// The reply to the command that waited, until its thread takes it.
    pub answer: Vec<u8>,
    /// What its thread holds until that is written, if the clock is being turned.
    pub receipt: Option<Receipt>,
    /// Wakes its thread while it waits.
    pub wakeup: Option<Arc<Wakeup>>,
    /// Held by whoever writes to the socket.
    pub pen: Arc<Pen>,
    /// Where its replies and pushes go, once it has needed one.
    pub outbox: Option<Outbox>,
    /// Tracking may send it pushes.
    pub expects_pushes: bool,
    /// It is executing a transaction: a push must not come into the midst of the reply.
    pub holds_pushes: bool,
    /// Pushes that have to come after the reply of the running command.
    pub held_back: Vec<Arc<[u8]>>,
    /// Since when its outbox has been above the soft limit.
    pub above_soft_limit: Option<Tick>,
    /// What CLIENT REPLY has asked for.
    pub reply_mode: ReplyMode,
    /// What it has said about itself as a replica, and how far it is as one.
    pub replica: Option<Box<Replica>>,
    /// It is our link to a master.
    pub is_master: bool,
    /// The replication offset after its last write, for WAIT.
    pub last_write: u64,
    /// The same of the append-only file, as its writer counts.
    pub last_append: u64,
    /// CLIENT NO-EVICT ON.
    pub no_evict: bool,
    /// CLIENT NO-TOUCH ON: what it asks for is no use of keys.
    pub no_touch: bool,
    /// It is closed because too much was waiting to be sent to it.
    pub was_too_slow: bool,
    /// The connection ends when what is written so far has been sent.
    pub close_after_reply: bool,
    /// It has sent SHUTDOWN, and the process is about to end.
    pub asked_for_end: bool,
    /// Its socket is shut, and its thread is about to find out.
    pub is_gone: bool,
    /// What its thread holds.
    pub meter: Arc<Meter>,
    /// The system's number of that thread, once there is one.
    pub task: Option<Task>,
    /// Bytes it took when it was last looked at, while `maxmemory-clients` is set.
    pub weight: usize,
}

impl Client {
    /// A client that is no connection.
    pub fn internal(id: u64, clock: &Clock) -> Self {
        Client {
            id,
            peer: None,
            local: None,
            stream: None,
            name: Vec::new(),
            library_name: Vec::new(),
            library_version: Vec::new(),
            db: 0,
            protocol: Protocol::Resp2,
            authenticated: true,
            user: DEFAULT.into(),
            unrestricted: true,
            created: clock.tick(),
            clock: clock.clone(),
            activity: Arc::new(Activity::new(clock.clone())),
            traffic: Traffic::default(),
            last_command: None,
            transaction: None,
            executes: None,
            watches: Watches::default(),
            migration: None,
            subscriptions: Subscriptions::default(),
            monitors: false,
            tracking: None,
            routing: Routing::default(),
            wait: None,
            answer: Vec::new(),
            receipt: None,
            wakeup: None,
            pen: Arc::default(),
            outbox: None,
            expects_pushes: false,
            holds_pushes: false,
            held_back: Vec::new(),
            above_soft_limit: None,
            reply_mode: ReplyMode::On,
            replica: None,
            is_master: false,
            last_write: 0,
            last_append: 0,
            no_evict: false,
            no_touch: false,
            was_too_slow: false,
            close_after_reply: false,
            asked_for_end: false,
            is_gone: false,
            meter: Arc::default(),
            task: None,
            weight: 0,
        }
    }

    /// The client of a connection.
    pub fn connected(id: u64, clock: &Clock, stream: Arc<Stream>) -> Self {
        Client {
            peer: stream.peer(),
            local: stream.local(),
            stream: Some(stream),
            authenticated: false,
            ..Client::internal(id, clock)
        }
    }

    /// How long it has been connected.
    pub fn age(&self) -> Duration {
        self.clock.since(self.created)
    }

    /// The peer's address.
    pub fn peer_ip(&self) -> Option<IpAddr> {
        self.peer.as_ref()?.ip()
    }

    /// Whether it is a replica of ours.
    pub fn is_replica(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| replica.is_established())
    }

    /// It as a replica, which introduces itself now if it hasn't.
    pub fn as_replica(&mut self) -> &mut Replica {
        self.replica.get_or_insert_with(|| Box::new(Replica::new(self.clock.tick())))
    }

    /// Ends the connection at once; its thread notices when it next reads or writes.
    pub fn disconnect(&mut self) {
        self.close_after_reply = true;
        self.is_gone = true;
        if let Some(stream) = &self.stream
            && !self.asked_for_end
        {
            // In the midst of sending, the peer would not notice, but wait for us to take the rest. A
            // reset tells it, and that is what closing a socket with unread input does anyway.
            let is_sending = self.meter.has_incomplete_request();
            if is_sending || stream.has_unread() {
                stream.reset_at_end();
            }
            let _ = stream.shutdown(Shutdown::Both); // fails if the peer was faster
        }
        self.wake();
    }

    /// Wakes its thread, if that waits.
    pub fn wake(&self) {
        if let Some(wakeup) = &self.wakeup {
            wakeup.wake();
        }
    }

    /// A command has replied: whether that reply is sent.
    pub fn takes_reply(&mut self) -> bool {
        let mode = self.reply_mode;
        match mode {
            ReplyMode::On | ReplyMode::Off => {}
            ReplyMode::SkipNext => self.reply_mode = ReplyMode::Skip,
            ReplyMode::Skip => self.reply_mode = ReplyMode::On,
        }
        matches!(mode, ReplyMode::On | ReplyMode::SkipNext)
    }

    /// What the log calls a replica: where it listens, as far as it has told.
    pub fn replica_name(&self) -> String {
        let replica = self.replica.as_ref();
        let announced = replica.map(|replica| String::from_utf8_lossy(&replica.announced_ip));
        let peer = || self.peer_ip().map(|ip| ip.to_string());
        let announced = announced.filter(|ip| !ip.is_empty()).map(|ip| ip.into_owned());
        let ip = announced.or_else(peer);
        match (ip, replica.map_or(0, |replica| replica.port)) {
            (Some(ip), 0) => format!("{ip}:<unknown-replica-port>"),
            (Some(ip), port) => format!("{ip}:{port}"),
            (None, _) => format!("client id #{}", self.id),
        }
    }

    /// Back to how it was when it connected, for RESET; only NO-EVICT and NO-TOUCH stay, as in
    /// Redis.
    pub fn reset(&mut self) {
        self.db = 0;
        self.protocol = Protocol::Resp2;
        self.name.clear();
        self.routing = Routing::default();
        // This one isn't replied to if that was asked for; the next one is.
        if self.reply_mode != ReplyMode::Skip {
            self.reply_mode = ReplyMode::On;
        }
    }
}

/// All clients.
#[derive(Debug, Default)]
pub struct Clients {
    slots: Vec<Option<Box<Client>>>,
    free: Vec<usize>,
    by_id: HashMap<u64, ClientKey>,
    last_id: u64,
    /// Where [`next_few`](Clients::next_few) goes on.
    next: usize,
    clock: Clock,
    /// Clients that are connections.
    connected: usize,
    /// Bytes that they take together, each when it was last looked at.
    pub(super) weight: usize,
}

impl Clients {
    /// No clients; what they do is timed by `clock`.
    pub fn new(clock: Clock) -> Self {
        Clients { clock, ..Clients::default() }
    }

    /// Adds a client; `make` gets its id.
    pub fn add(&mut self, make: impl FnOnce(u64, &Clock) -> Client) -> ClientKey {
        self.last_id += 1;
        let client = Box::new(make(self.last_id, &self.clock));
        self.connected += usize::from(client.stream.is_some());
        let client = Some(client);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = client;
                slot
            }
            None => {
                self.slots.push(client);
                self.slots.len() - 1
            }
        };
        self.by_id.insert(self.last_id, ClientKey(slot));
        ClientKey(slot)
    }

    /// Removes a client.
    pub fn remove(&mut self, key: ClientKey) -> Option<Box<Client>> {
        let client = self.slots[key.0].take()?;
        self.weight -= client.weight;
        self.by_id.remove(&client.id);
        self.connected -= usize::from(client.stream.is_some());
        self.free.push(key.0);
        Some(client)
    }

    /// The client at `key`.
    #[inline]
    pub fn get(&self, key: ClientKey) -> &Client {
        self.slots[key.0].as_deref().expect("a client key is used while its client is there")
    }

    /// The client at `key`.
    #[inline]
    pub fn get_mut(&mut self, key: ClientKey) -> &mut Client {
        self.slots[key.0].as_deref_mut().expect("a client key is used while its client is there")
    }

    /// Where the client with this id is.
    pub fn by_id(&self, id: u64) -> Option<ClientKey> {
        self.by_id.get(&id).copied()
    }

    /// All clients, in no order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Client> {
        self.slots.iter_mut().flatten().map(|client| &mut **client)
    }

    /// The clients in the next so many places, and so in turn all of them again and again.
    pub fn next_few(&mut self, places: usize) -> impl Iterator<Item = &Client> {
        let start = if self.next < self.slots.len() { self.next } else { 0 };
        self.next = self.slots.len().min(start + places);
        self.slots[start..self.next].iter().flatten().map(|client| &**client)
    }

    /// How many places there are, some of which are free.
    pub fn places(&self) -> usize {
        self.slots.len()
    }

    /// The clients in so many places from `start`: for whoever looks at all of them in many short steps.
    pub fn in_places(&self, start: usize, places: usize) -> impl Iterator<Item = &Client> {
        let end = self.slots.len().min(start + places);
        self.slots[start.min(end)..end].iter().flatten().map(|client| &**client)
    }

    /// All clients that are connections, in order of arrival, without those that have been ended.
    pub fn connections(&self) -> Vec<ClientKey> {
        let is_connection = |key: &ClientKey| {
            let client = self.get(*key);
            client.stream.is_some() && !client.is_gone
        };
        let mut keys: Vec<ClientKey> = self.by_id.values().copied().filter(is_connection).collect();
        keys.sort_unstable_by_key(|key| self.get(*key).id);
        keys
    }

    /// How many connections there are.
    pub fn connected(&self) -> usize {
        self.connected
    }
}
