//! An encrypted stream on a blocking socket, which several threads use at once.
//!
//! rustls is a state machine: bytes of the socket go in, plain text comes out, and the other way
//! round. It never touches a socket and never waits, so a lock around it is held for as long as the
//! arithmetic takes:
//!
//! ```text
//!  the reader   wait for the socket (no lock) ── session: take in, decrypt ──> plain text
//!  a writer     outgoing: [ session: encrypt ──> records ] send the records, wait for the socket
//! ```
//!
//! Who writes holds `outgoing`, for the records have to leave in the order in which they were made,
//! and may wait for a slow peer meanwhile. Who reads needs only `session`, which nobody holds while
//! waiting: a peer that takes nothing is still read, and one that says nothing is still written to.
//! `session` is taken inside of `outgoing`, never the other way round.
//!
//! A record is sent whole or not at all: what didn't fit into the socket stays in `outgoing` and is
//! [`unsent`](TlsStream::unsent), until the next write.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use crate::system::clock::machine_now;
use crate::system::mutex::locked;

/// So much is encrypted at once: four records.
const AT_ONCE: usize = 64 * 1024;
/// A buffer larger than this is given back when it is empty.
const KEEP_CAPACITY: usize = 4 * 1024;

/// One end of an encrypted connection.
#[derive(Debug)]
pub struct TlsStream {
    socket: TcpStream,
    /// The state machine. Nobody waits while holding it.
    session: Mutex<Connection>,
    /// Records on their way. Whoever writes holds it, and may wait for the socket.
    outgoing: Mutex<Vec<u8>>,
    /// How many bytes of records are left.
    unsent: AtomicUsize,
    /// How long a read waits, in milliseconds; 0 for ever.
    read_timeout_ms: AtomicU64,
}

impl TlsStream {
    /// Our end of a connection that was accepted. Nothing has been read yet.
    pub fn accepted(socket: TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        let session = ServerConnection::new(config).map_err(io::Error::other)?;
        Ok(Self::new(socket, session.into()))
    }

    /// Our end of a connection that was made. Nothing has been written yet.
    pub fn connected(
        socket: TcpStream,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> io::Result<Self> {
        let session = ClientConnection::new(config, name).map_err(io::Error::other)?;
        Ok(Self::new(socket, session.into()))
    }

    fn new(socket: TcpStream, mut session: Connection) -> Self {
        session.set_buffer_limit(None); // it is emptied each time
        let session = Mutex::new(session);
        let (outgoing, unsent, read_timeout_ms) = Default::default();
        TlsStream { socket, session, outgoing, unsent, read_timeout_ms }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn session(&self) -> MutexGuard<'_, Connection> {
        locked(&self.session)
    }

    fn outgoing(&self) -> MutexGuard<'_, Vec<u8>> {
        locked(&self.outgoing)
    }

    /// None: somebody is writing.
    fn try_outgoing(&self) -> Option<MutexGuard<'_, Vec<u8>>> {
        match self.outgoing.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Agrees with the peer on keys, and on who it is. An error may have been told to it.
    pub fn handshake(&self, until: Instant) -> io::Result<()> {
        loop {
            self.answer();
            if !self.session().is_handshaking() {
                return Ok(());
            }
            let left = until.saturating_duration_since(machine_now());
            if left.is_zero() || !self.wait_for_input(Some(left)) {
                return Err(io::Error::new(ErrorKind::TimedOut, "the handshake took too long"));
            }
            match self.take_in() {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    }

    /// Takes in what the socket has. 0: it will have nothing more.
    fn take_in(&self) -> io::Result<usize> {
        let mut session = self.session();
        let count = session.read_tls(&mut Now(&self.socket))?;
        let result = session.process_new_packets();
        drop(session);
        if let Err(error) = result {
            self.answer(); // it is told what is wrong
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(count)
    }

    /// Sends what the protocol itself has to say, as far as that goes without waiting.
    fn answer(&self) {
        if self.session().wants_write()
            && let Some(mut outgoing) = self.try_outgoing()
        {
            self.collect(&mut outgoing);
            let _ = self.send(&mut outgoing, SendFlags::DONTWAIT); // whoever reads or writes next will see
        }
    }

    /// Takes the records that the state machine has made.
    fn collect(&self, outgoing: &mut Vec<u8>) {
        let mut session = self.session();
        while session.wants_write() {
            session.write_tls(outgoing).expect("memory takes everything");
        }
    }

    /// Sends records until nothing is left, or it fails.
    fn send(&self, outgoing: &mut Vec<u8>, how: SendFlags) -> io::Result<()> {
        let mut sent = 0;
        let mut result = Ok(());
        while sent < outgoing.len() && result.is_ok() {
            match send(&self.socket, &outgoing[sent..], how | SendFlags::NOSIGNAL) {
                Ok(count) => sent += count,
                Err(Errno::INTR) => {}
                Err(error) => result = Err(error.into()),
            }
        }
        outgoing.drain(..sent);
        if outgoing.is_empty() && outgoing.capacity() > KEEP_CAPACITY {
            *outgoing = Vec::new();
        }
        self.unsent.store(outgoing.len(), Ordering::Relaxed);
        result
    }

    /// Makes records of the first of `bytes`. Returns of how many.
    fn encrypt(&self, outgoing: &mut Vec<u8>, bytes: &[u8]) -> io::Result<usize> {
        let count = self.session().writer().write(&bytes[..bytes.len().min(AT_ONCE)])?;
        self.collect(outgoing);
        Ok(count)
    }

    /// Writes some of it, and waits for the peer to take it.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut outgoing = self.outgoing();
        let count = self.encrypt(&mut outgoing, bytes)?;
        self.send(&mut outgoing, SendFlags::empty())?;
        Ok(count)
    }

    /// Writes as much as goes without waiting. `WouldBlock`: that is nothing. What is encrypted and
    /// didn't fit counts as written.
    pub fn write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut outgoing = self.try_outgoing().ok_or(ErrorKind::WouldBlock)?;
        self.send(&mut outgoing, SendFlags::DONTWAIT)?;
        let count = self.encrypt(&mut outgoing, bytes)?;
        match self.send(&mut outgoing, SendFlags::DONTWAIT) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(count),
        }
    }

    /// Bytes of records that were made and not sent.
    pub fn unsent(&self) -> usize {
        self.unsent.load(Ordering::Relaxed)
    }

    /// Tells the peer that nothing more will come, so that it knows that nobody has cut the end off.
    pub fn say_goodbye(&self) {
        if let Some(mut outgoing) = self.try_outgoing() {
            self.session().send_close_notify();
            self.collect(&mut outgoing);
            let _ = self.send(&mut outgoing, SendFlags::DONTWAIT);
        }
    }

    /// Reads what is there. `WouldBlock`: there is nothing yet.
    pub fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = self.session().reader().read(buffer);
            match result {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // It didn't say goodbye. Many don't, and the protocol inside knows where it ends.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
            self.take_in()?;
            self.answer();
        }
    }

    /// Reads, and waits for something to come.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let timeout = match self.read_timeout_ms.load(Ordering::Relaxed) {
            0 => None,
            timeout_ms => Some(Duration::from_millis(timeout_ms)),
        };
        loop {
            match self.read_now(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result,
            }
            if !self.wait_for_input(timeout) {
                return Err(ErrorKind::WouldBlock.into());
            }
        }
    }

    /// False: the time is over.
    fn wait_for_input(&self, at_most: Option<Duration>) -> bool {
        let at_most = at_most.map(|time| Timespec::try_from(time).expect("no time is so long"));
        let mut socket = [PollFd::new(&self.socket, PollFlags::IN)];
        poll(&mut socket, at_most.as_ref()) != Ok(0) // interrupted: there may be something
    }

    /// How long a read waits.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout_ms = timeout.map_or(0, |time| time.as_millis().max(1) as u64);
        self.read_timeout_ms.store(timeout_ms, Ordering::Relaxed);
        Ok(())
    }

    /// Whether there is plain text.
    pub fn has_received(&self) -> bool {
        self.session().reader().fill_buf().is_ok_and(|text| !text.is_empty())
    }

    /// Whether what the socket has makes plain text, or the end of it.
    pub fn is_readable(&self) -> bool {
        while !self.has_received() {
            match self.take_in() {
                Ok(0) => break,
                Ok(_) => self.answer(),
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
        true
    }
}

/// Reads from a socket without waiting.
struct Now<'s>(&'s TcpStream);

impl Read for Now<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(recv(self.0, buffer, RecvFlags::DONTWAIT)?.0)
    }
}
