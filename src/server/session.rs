//! A session: one connection, from its first byte to its last.
//!
//! ```text
//! read what has arrived ──> parse ──> lock ──> execute all of it ──> unlock ──> one write
//!        ^                                                                         |
//!        '-------------------------------------------------------------------------'
//! ```
//!
//! The lock is held only while commands run. Reading, parsing and writing happen outside of it, so
//! that is what many connections do at the same time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use super::Shared;
use super::client::ClientKey;
use crate::command::{Flow, Origin, execute};
use crate::engine::EngineGuard;
use crate::resp::{Limits, ProtocolError, Reader, Reply};

/// A reply buffer larger than this is not kept for the next reply.
const KEEP_REPLY_CAPACITY: usize = 16 * 1024;
/// Replies of this size are sent before the batch goes on: memory is bounded, others get the lock.
const SEND_REPLY_SIZE: usize = 256 * 1024;

/// Reads from a shared socket.
struct Input(Arc<TcpStream>);

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

/// The thread's side of a connection.
pub struct Session<'s> {
    shared: &'s Shared,
    stream: Arc<TcpStream>,
    client: ClientKey,
    reader: Reader<Input>,
    reply: Reply,
    received: usize,
    sent: usize,
}

/// How a batch ended.
enum End {
    /// Everything was executed.
    Done,
    /// The connection is to be closed, after what was written has been sent.
    Close,
    /// The connection is to be closed at once.
    Abort,
}

/// Serves a connection whose client is registered already, until it ends.
pub fn serve(shared: &Shared, stream: Arc<TcpStream>, client: ClientKey) {
    let mut session = Session {
        shared,
        reader: Reader::new(Input(Arc::clone(&stream))),
        stream,
        client,
        reply: Reply::default(),
        received: 0,
        sent: 0,
    };
    // A connection that breaks is the peer's business: there is nobody to tell.
    let _ = session.run();
    let _ = session.stream.shutdown(Shutdown::Write);
}

impl Session<'_> {
    fn run(&mut self) -> io::Result<()> {
        let mut limits = self.limits();
        loop {
            match self.reader.batch(&limits) {
                Ok(batch) if batch.is_empty() => {
                    self.received += match self.reader.fill()? {
                        0 => return Ok(()),
                        count => count,
                    };
                }
                Ok(_) => {
                    let end = self.execute_batch(&mut limits)?;
                    if !matches!(end, End::Abort) {
                        self.send()?;
                    }
                    if !matches!(end, End::Done) {
                        return Ok(());
                    }
                }
                Err(error) => return self.refuse(error),
            }
        }
    }

    /// Executes the requests that have arrived, under one taking of the lock.
    fn execute_batch(&mut self, limits: &mut Limits) -> io::Result<End> {
        let shared = self.shared;
        let mut engine = shared.engine.lock();
        self.account(&mut engine);
        self.reply.protocol = engine.clients.get(self.client).protocol;
        let batch = self.reader.parsed();
        for index in 0..batch.len() {
            let args = batch.request(index);
            loop {
                match execute(&mut engine, self.client, args, &mut self.reply, Origin::Client) {
                    Flow::Continue => break,
                    Flow::Close => return Ok(End::Close),
                    Flow::Abort => return Ok(End::Abort),
                    Flow::Pause(left) => {
                        engine = shared.engine.wait(&shared.engine.resumed, engine, left);
                        if shared.is_stopping() {
                            return Ok(End::Abort);
                        }
                    }
                }
            }
            if self.reply.len() > SEND_REPLY_SIZE && index + 1 < batch.len() {
                drop(engine);
                send(&self.stream, &mut self.reply, &mut self.sent)?;
                engine = shared.engine.lock();
            }
        }
        *limits = limits_of(&engine, self.client);
        Ok(End::Done)
    }

    /// Tells the registry what this connection has been doing.
    fn account(&mut self, engine: &mut EngineGuard<'_>) {
        let stats = &mut engine.stats;
        stats.total_net_input_bytes += std::mem::take(&mut self.received) as u64;
        stats.total_net_output_bytes += std::mem::take(&mut self.sent) as u64;
        stats.total_reads_processed += 1;
        stats.total_writes_processed += 1;
        let client = engine.clients.get_mut(self.client);
        client.last_active = Instant::now();
        client.query_buffer = self.reader.buffered();
        client.input_memory = self.reader.capacity();
        client.output_memory = self.reply.capacity();
    }

    fn limits(&self) -> Limits {
        limits_of(&self.shared.engine.lock(), self.client)
    }

    /// The peer doesn't speak the protocol: it is told why, if it can be, and closed.
    fn refuse(&mut self, error: ProtocolError) -> io::Result<()> {
        if error == ProtocolError::QueryBufferLimit {
            let engine = self.shared.engine.lock();
            let peer = engine.clients.get(self.client).peer;
            drop(engine);
            crate::warning!("Closing client {peer:?} that reached the query buffer limit");
            return Ok(());
        }
        self.reply.error(format!("ERR {error}").as_bytes());
        self.send()?;
        // Unread input would turn the close into a reset, which can overtake the error reply.
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_read_timeout(Some(std::time::Duration::from_millis(100)));
        let _ = io::copy(&mut (&*self.stream).take(1 << 20), &mut io::sink());
        Ok(())
    }

    fn send(&mut self) -> io::Result<()> {
        send(&self.stream, &mut self.reply, &mut self.sent)
    }
}

fn send(stream: &TcpStream, reply: &mut Reply, sent: &mut usize) -> io::Result<()> {
    if !reply.is_empty() {
        let mut output = stream;
        output.write_all(reply.as_bytes())?;
        *sent += reply.len();
        reply.clear(KEEP_REPLY_CAPACITY);
    }
    Ok(())
}

fn limits_of(engine: &EngineGuard<'_>, client: ClientKey) -> Limits {
    Limits {
        bulk: engine.config.proto_max_bulk_len as usize,
        query_buffer: engine.config.client_query_buffer_limit as usize,
        authenticated: engine.clients.get(client).authenticated,
    }
}
