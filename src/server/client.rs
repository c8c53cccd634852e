//! `Client`: what the server knows about a connection, and the registry of all of them.
//!
//! Clients live in the engine, behind the lock: CLIENT LIST, CLIENT KILL and everything else that
//! looks at other connections just looks. The thread that serves a connection keeps only its
//! socket and its buffers to itself.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use crate::command::table::Command;
use crate::command::transaction::Transaction;
use crate::resp::Protocol;
use crate::watch::Watches;

/// A client's place in the registry. It may be reused when the client is gone, its id never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(usize);

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

/// A connection, as commands see it.
#[derive(Debug)]
pub struct Client {
    /// Counts up from 1; never used twice.
    pub id: u64,
    /// The peer; none for clients that are no connection (the loader, a script).
    pub peer: Option<SocketAddr>,
    /// Our end.
    pub local: Option<SocketAddr>,
    /// The socket, to shut it down.
    pub stream: Option<Arc<TcpStream>>,
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
    pub user: Arc<str>,
    /// When it connected.
    pub created: Instant,
    /// When it last sent something.
    pub last_active: Instant,
    /// What it asked last.
    pub last_command: Option<Command>,
    /// What it has queued since MULTI.
    pub transaction: Option<Box<Transaction>>,
    /// What WATCH has asked for.
    pub watches: Watches,
    /// What CLIENT REPLY has asked for.
    pub reply_mode: ReplyMode,
    /// CLIENT NO-EVICT ON.
    pub no_evict: bool,
    /// Its reads don't count as uses.
    pub no_touch: bool,
    /// The connection ends when what is written so far has been sent.
    pub close_after_reply: bool,
    /// Bytes received that are not executed yet.
    pub query_buffer: usize,
    /// Memory of its input buffers.
    pub input_memory: usize,
    /// Memory of its output buffer.
    pub output_memory: usize,
}

impl Client {
    /// A client that is no connection.
    pub fn internal(id: u64) -> Self {
        let now = Instant::now();
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
            user: "default".into(),
            created: now,
            last_active: now,
            last_command: None,
            transaction: None,
            watches: Watches::default(),
            reply_mode: ReplyMode::On,
            no_evict: false,
            no_touch: false,
            close_after_reply: false,
            query_buffer: 0,
            input_memory: 0,
            output_memory: 0,
        }
    }

    /// The client of a connection.
    pub fn connected(id: u64, stream: Arc<TcpStream>) -> Self {
        Client {
            peer: stream.peer_addr().ok(),
            local: stream.local_addr().ok(),
            stream: Some(stream),
            authenticated: false,
            ..Client::internal(id)
        }
    }

    /// The peer's address.
    pub fn peer_ip(&self) -> Option<IpAddr> {
        self.peer.map(|peer| peer.ip())
    }

    /// Ends the connection at once; its thread notices when it next reads or writes.
    pub fn disconnect(&mut self) {
        self.close_after_reply = true;
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Both); // fails if the peer was faster
        }
    }

    /// Back to how it was when it connected, for RESET; only NO-EVICT and NO-TOUCH stay, as in Redis.
    pub fn reset(&mut self) {
        self.db = 0;
        self.protocol = Protocol::Resp2;
        self.name.clear();
        self.reply_mode = ReplyMode::On;
    }
}

/// All clients.
#[derive(Debug, Default)]
pub struct Clients {
    slots: Vec<Option<Box<Client>>>,
    free: Vec<usize>,
    by_id: HashMap<u64, ClientKey>,
    last_id: u64,
}

impl Clients {
    /// Adds a client; `make` gets its id.
    pub fn add(&mut self, make: impl FnOnce(u64) -> Client) -> ClientKey {
        self.last_id += 1;
        let client = Some(Box::new(make(self.last_id)));
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
        self.by_id.remove(&client.id);
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

    /// The ids of all clients that are connections, in order of arrival.
    pub fn connections(&self) -> Vec<ClientKey> {
        let is_connection = |key: &ClientKey| self.get(*key).stream.is_some();
        let mut keys: Vec<ClientKey> = self.by_id.values().copied().filter(is_connection).collect();
        keys.sort_unstable_by_key(|key| self.get(*key).id);
        keys
    }

    /// How many connections there are.
    pub fn connected(&self) -> usize {
        self.slots.iter().flatten().filter(|client| client.stream.is_some()).count()
    }
}
