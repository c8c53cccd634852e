//! How CLIENT LIST and CLIENT INFO describe a connection, and the filters of LIST and KILL.
//!
//! ```text
//! id=7 addr=127.0.0.1:50312 laddr=127.0.0.1:6379 fd=8 name= age=3 idle=0 flags=N db=0 ... \n
//! ```
//!
//! Monitoring tools parse these lines, so the fields are those of Redis 7.0.15, all of them and in
//! its order; `compat-version 8.2` adds those of 8.2.3.
//!
//! | fields                | what they tell of                                                      |
//! |-----------------------|------------------------------------------------------------------------|
//! | `qbuf`, `qbuf-free`   | bytes received and not parsed, and room in the buffers                 |
//! | `argv-mem`            | arguments of a request that is incomplete, or being executed           |
//! | `rbs`, `rbp`          | the buffer for replies                                                 |
//! | `obl`                 | what the connection's thread is writing, as far as Redis keeps it apart |
//! | `oll`, `omem`         | the rest of that, what waits in the outbox, and what a replica has yet to read |
//! | `tot-mem`             | all of it                                                              |

use std::os::fd::AsRawFd;

use crate::catalogue;
use crate::command::args::is;
use crate::command::error::{Error, Result};
use crate::engine::client::{Client, Traffic};
use crate::engine::outbox::Outbox;
use crate::engine::pubsub::Space;
use crate::engine::transaction::Size;
use crate::engine::{ClientKey, Engine};
use crate::resp::{Args, Protocol};
use crate::system::stream::Address;

/// What kinds of connection there are, for the TYPE filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// It sends commands.
    Normal,
    /// Our link to a master.
    Master,
    /// A replica of ours.
    Replica,
    /// It has subscriptions.
    Pubsub,
}

impl ClientType {
    /// By the name that clients use.
    pub fn parse(name: &[u8]) -> Result<Self> {
        match name {
            _ if is(name, "normal") => Ok(ClientType::Normal),
            _ if is(name, "master") => Ok(ClientType::Master),
            _ if is(name, "replica") || is(name, "slave") => Ok(ClientType::Replica),
            _ if is(name, "pubsub") => Ok(ClientType::Pubsub),
            _ => Err(Error::text([b"ERR Unknown client type '", name, b"'"].concat())),
        }
    }

    /// The type of a connection.
    pub fn of(client: &Client) -> Self {
        match () {
            () if client.is_master => ClientType::Master,
            () if client.is_replica() => ClientType::Replica,
            () if client.subscriptions.is_empty() => ClientType::Normal,
            () => ClientType::Pubsub,
        }
    }
}

/// What CLIENT KILL is to close: connections for which everything holds that is given.
#[derive(Debug, Default)]
pub struct Filter {
    /// The connection's number.
    pub id: Option<u64>,
    /// The peer's address.
    pub address: Option<Vec<u8>>,
    /// Our address.
    pub local_address: Option<Vec<u8>>,
    /// The kind of connection.
    pub kind: Option<ClientType>,
    /// The user.
    pub user: Option<Vec<u8>>,
    /// Seconds since it connected, at least.
    pub age: Option<u64>,
}

impl Filter {
    /// Whether everything holds.
    pub fn matches(&self, client: &Client) -> bool {
        self.id.is_none_or(|id| id == client.id)
            && self
                .address
                .as_ref()
                .is_none_or(|text| *text == address(client.peer.as_ref()).as_bytes())
            && self
                .local_address
                .as_ref()
                .is_none_or(|text| *text == address(client.local.as_ref()).as_bytes())
            && self.kind.is_none_or(|kind| kind == ClientType::of(client))
            && self.user.as_ref().is_none_or(|user| **user == *client.user)
            && self.age.is_none_or(|age| client.age().as_secs() >= age)
    }
}

/// `ip:port`, `[ip]:port`, or `path:0`.
fn address(address: Option<&Address>) -> String {
    address.map(|address| address.to_string()).unwrap_or_default()
}

/// As much of what is to be sent is told of as `obl`: so much fits into the buffer that Redis has beside
/// its list.
const APART: usize = 16 * 1024;

/// One line, with its line feed. `executing` is the request of the client that asks for it.
pub fn describe(
    engine: &Engine,
    client: ClientKey,
    executing: Option<Args<'_>>,
    out: &mut Vec<u8>,
) {
    let client = engine.clients.get(client);
    let fd = client.stream.as_ref().map_or(-1, |stream| stream.as_raw_fd());
    let (peer, local) = (address(client.peer.as_ref()), address(client.local.as_ref()));
    out.extend_from_slice(
        format!("id={} addr={peer} laddr={local} fd={fd} name=", client.id).as_bytes(),
    );
    out.extend_from_slice(&client.name);
    let age = client.age().as_secs();
    let idle = client.activity.idle().as_secs();
    let transaction = transaction(client);
    let multi = transaction.map_or(-1, |size| size.commands as i64);
    let multi_memory = transaction.map_or(0, |size| size.bytes);
    let meter = &client.meter;
    let (unparsed, arguments) = match executing {
        Some(args) => {
            (meter.executing() + meter.unparsed(), args.iter().map(<[u8]>::len).sum::<usize>())
        }
        None => (meter.unparsed(), meter.arguments()),
    };
    let free = meter.input().saturating_sub(unparsed + meter.arguments());
    let unsent = client.unsent_by_thread();
    let apart = unsent.min(APART);
    // What a replica has yet to read is in the backlog, and may be there for others, too.
    let lag = match client.is_replica() {
        true => engine.replication.backlog.lag(client.id) as usize,
        false => 0,
    };
    let lists = usize::from(unsent > APART) + usize::from(lag > 0);
    let queued = client.outbox.as_ref().map_or(0, Outbox::len) + lists;
    let backlog = client.unsent() - apart + lag;
    let memory = client.memory() + lag;
    let shows_later = engine.config.compat_version.shows_later_figures();
    let watching = match shows_later {
        true => format!(" watch={}", client.watches.len()),
        false => String::new(),
    };
    let redirection =
        client.tracking.as_ref().map_or(-1, |mode| mode.redirect.map_or(0, |id| id as i64));
    let command = client.last_command.map_or("NULL", |command| catalogue::row(command).name);
    let rest = format!(
        " age={age} idle={idle} flags={} db={} sub={} psub={} ssub={} multi={multi}{watching} \
         qbuf={unparsed} \
         qbuf-free={free} argv-mem={arguments} multi-mem={multi_memory} rbs={} rbp={} obl={apart} \
         oll={queued} omem={backlog} tot-mem={memory} events=r cmd={command} user=",
        flags(client),
        client.db,
        client.subscriptions.len(Space::Channel),
        client.subscriptions.len(Space::Pattern),
        client.subscriptions.len(Space::Shard),
        meter.output(),
        meter.output(),
    );
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(&client.user);
    let protocol = if client.protocol == Protocol::Resp3 { 3 } else { 2 };
    out.extend_from_slice(format!(" redir={redirection} resp={protocol}").as_bytes());
    if shows_later {
        let Traffic { received, sent, commands } = client.traffic;
        out.extend_from_slice(b" lib-name=");
        out.extend_from_slice(&client.library_name);
        out.extend_from_slice(b" lib-ver=");
        out.extend_from_slice(&client.library_version);
        let rest =
            format!(" io-thread=0 tot-net-in={received} tot-net-out={sent} tot-cmds={commands}");
        out.extend_from_slice(rest.as_bytes());
    }
    out.push(b'\n');
}

/// The size of the transaction that a client queues, or executes.
fn transaction(client: &Client) -> Option<Size> {
    client.transaction.as_ref().map(|queued| queued.size()).or(client.executes)
}

/// A letter for each state; `N` for none.
fn flags(client: &Client) -> String {
    let tracking = client.tracking.as_deref();
    let states = [
        (client.monitors, 'O'),
        (client.is_replica(), 'S'),
        (client.is_master, 'M'),
        (!client.subscriptions.is_empty(), 'P'),
        (transaction(client).is_some(), 'x'),
        (client.wait.is_some(), 'b'),
        (tracking.is_some(), 't'),
        (tracking.is_some_and(|mode| mode.broken_redirect), 'R'),
        (tracking.is_some_and(|mode| mode.broadcast), 'B'),
        (client.watches.broken, 'd'),
        (client.close_after_reply, 'c'),
        (matches!(client.peer, Some(Address::Unix(_))), 'U'),
        (client.routing.reads_replicas, 'r'),
        (client.no_evict, 'e'),
        (client.no_touch, 'T'),
    ];
    let letters: String = states.iter().filter(|(set, _)| *set).map(|(_, c)| *c).collect();
    if letters.is_empty() { "N".to_owned() } else { letters }
}
