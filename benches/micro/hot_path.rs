//! The way of a request through the server, without sockets and threads.
//!
//! ```text
//! Fixed ──> Reader ──> lock ──> execute ──> Reply ──> cleared
//! ```
//!
//! This is what a session does (`src/server/session.rs`), on the same types. What is left out is what
//! the kernel does, which costs several times as much and drowns every difference here, and the
//! accounting of a connection, a few stores for a batch.

use std::io::Read;
use std::sync::Arc;

use cacheflow::command::{EXECUTION, execute};
use cacheflow::config::{Allowed, Config};
use cacheflow::engine::ClientKey;
use cacheflow::engine::client::Client;
use cacheflow::engine::execution::Origin;
use cacheflow::engine::lazy_free::Garbage;
use cacheflow::engine::{Engine, SharedEngine};
use cacheflow::resp::{KEEP_CAPACITY, Protocol, Reader, Reply, RequestLimits};
use crossbeam::channel::Receiver;

/// As for a client that needs no password.
pub const LIMITS: RequestLimits =
    RequestLimits { bulk: 1 << 29, query_buffer: 1 << 30, authenticated: true };

/// A peer that sends the same bytes again whenever somebody reads.
pub struct Fixed(Vec<u8>);

impl Fixed {
    /// Sends `commands` (words, separated by blanks) `times` times in one batch.
    pub fn new(commands: &[&str], times: usize) -> Self {
        let batch: Vec<u8> = commands.iter().flat_map(|command| encode(command)).collect();
        Fixed(batch.repeat(times))
    }

    /// Sends these bytes.
    pub fn bytes(bytes: Vec<u8>) -> Self {
        Fixed(bytes)
    }
}

impl Read for Fixed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        buffer[..self.0.len()].copy_from_slice(&self.0); // a batch fits into the reader's buffer
        Ok(self.0.len())
    }
}

/// A server for one client.
pub struct HotPath {
    engine: Arc<SharedEngine>,
    client: ClientKey,
    reader: Reader<Fixed>,
    reply: Reply,
    _garbage: Receiver<Garbage>, // what is too large to be freed at once would go here
}

impl HotPath {
    /// A server that has executed `preparation`, and whose client will send `input`.
    pub fn new(preparation: &[&str], input: Fixed) -> Self {
        let config = Config { enable_debug_command: Allowed::Yes, ..Config::default() };
        let (mut engine, garbage) = Engine::new(config, EXECUTION);
        let client = engine.clients.add(Client::internal);
        let mut path = HotPath {
            engine: SharedEngine::new(engine),
            client,
            reader: Reader::new(Fixed::new(preparation, 1)),
            reply: Reply::new(Protocol::Resp2),
            _garbage: garbage,
        };
        if !preparation.is_empty() {
            path.serve();
        }
        path.reader = Reader::new(input);
        path
    }

    /// Serves one batch, and returns how many bytes were replied.
    pub fn serve(&mut self) -> usize {
        let HotPath { engine, client, reader, reply, .. } = self;
        while reader.batch(&LIMITS).expect("the protocol is kept").is_empty() {
            reader.fill().expect("memory can be read");
        }
        let batch = reader.parsed();
        let mut engine = engine.lock();
        for index in 0..batch.len() {
            execute(&mut engine, *client, batch.request(index), reply, Origin::Client);
        }
        drop(engine);
        assert!(!reply.as_bytes().starts_with(b"-"), "only what works is worth measuring");
        let len = reply.len();
        reply.clear(KEEP_CAPACITY);
        len
    }
}

/// A command as clients send it.
pub fn encode(command: &str) -> Vec<u8> {
    let words: Vec<&str> = command.split(' ').collect();
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    request.into_bytes()
}
