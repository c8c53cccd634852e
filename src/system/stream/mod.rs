//! A connection's stream of bytes, be it over TCP, over a Unix socket, or encrypted.
//!
//! Whoever reads and writes doesn't know which of them it is. What differs is in here, and it is
//! more than reading and writing:
//!
//! | question                         | a plain socket              | TLS ([`encrypted`])                        |
//! |----------------------------------|-----------------------------|----------------------------------------|
//! | is there something to read?      | `poll` knows                | it may be decrypted already, or come to nothing |
//! | was everything written sent?     | yes                         | a record may be left that didn't fit   |
//! | may two threads use it at once?  | the kernel sees to it       | one state machine, behind a lock       |
//!
//! For each of these there is a method, which says of plain sockets what it costs nothing to say.

mod address;
pub mod encrypted;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::{SockRef, TcpKeepalive};

pub use address::Address;
use encrypted::TlsStream;

/// One end of a connection.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Tcp(TcpStream),
    /// A socket of this machine.
    Unix(UnixStream),
    /// TLS over TCP.
    Tls(Box<TlsStream>),
}

impl From<TcpStream> for Stream {
    fn from(socket: TcpStream) -> Self {
        Stream::Tcp(socket)
    }
}

impl From<UnixStream> for Stream {
    fn from(socket: UnixStream) -> Self {
        Stream::Unix(socket)
    }
}

impl From<TlsStream> for Stream {
    fn from(stream: TlsStream) -> Self {
        Stream::Tls(Box::new(stream))
    }
}

impl Stream {
    /// Does what has to be done before the first byte: nothing, or a handshake, for which there is so
    /// much time.
    pub fn open(&self, until: Instant) -> io::Result<()> {
        match self {
            Stream::Tls(stream) => stream.handshake(until),
            _ => Ok(()),
        }
    }

    /// Whether nobody else can read along.
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Stream::Tls(_))
    }

    /// Reads what is there. `WouldBlock`: there is nothing yet.
    #[inline]
    pub fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tls(stream) => stream.read_now(buffer),
            _ => Ok(recv(self, buffer, RecvFlags::DONTWAIT)?.0),
        }
    }

    /// Writes as much as goes without waiting. `WouldBlock`: that is nothing.
    #[inline]
    pub fn write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tls(stream) => stream.write_now(bytes),
            _ => Ok(send(self, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?),
        }
    }

    /// How many bytes were taken by a write, and couldn't be sent. The next write sends them first, even
    /// one of nothing.
    #[inline]
    pub fn unsent(&self) -> usize {
        match self {
            Stream::Tls(stream) => stream.unsent(),
            _ => 0,
        }
    }

    /// Whether there is something to read of which `poll` doesn't know.
    #[inline]
    pub fn has_received(&self) -> bool {
        match self {
            Stream::Tls(stream) => stream.has_received(),
            _ => false,
        }
    }

    /// Whether a read wouldn't wait, now that `poll` has found the socket readable.
    #[inline]
    pub fn is_readable(&self) -> bool {
        match self {
            Stream::Tls(stream) => stream.is_readable(),
            _ => true,
        }
    }

    /// Ends one direction, or both. A peer that is read on is told so, if that goes without waiting.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if let (Stream::Tls(stream), Shutdown::Write) = (self, how) {
            stream.say_goodbye();
        }
        SockRef::from(self).shutdown(how)
    }

    /// The end of the connection, whenever it comes, is a reset: what is unsent is thrown away.
    pub fn reset_at_end(&self) {
        let _ = SockRef::from(self).set_linger(Some(Duration::ZERO)); // as good as it gets
    }

    /// Whether something has come that nobody has read.
    pub fn has_unread(&self) -> bool {
        ioctl_fionread(self).is_ok_and(|unread| unread > 0) || self.has_received()
    }

    /// Where the other end is.
    pub fn peer(&self) -> Option<Address> {
        match self {
            Stream::Tcp(socket) => socket.peer_addr().ok().map(Address::Ip),
            // Who connects has no name. It is shown where it came to.
            Stream::Unix(_) => self.local(),
            Stream::Tls(stream) => stream.socket().peer_addr().ok().map(Address::Ip),
        }
    }

    /// Where this end is.
    pub fn local(&self) -> Option<Address> {
        match self {
            Stream::Tcp(socket) => socket.local_addr().ok().map(Address::Ip),
            Stream::Unix(socket) => {
                let address = socket.local_addr().ok()?;
                // One of a pair has no name either: both ends are in this process.
                let path = address.as_pathname().unwrap_or(Path::new("pair"));
                Some(Address::Unix(path.to_owned()))
            }
            Stream::Tls(stream) => stream.socket().local_addr().ok().map(Address::Ip),
        }
    }

    /// Whether the peer is on this machine: at a loopback address, at our own, or at none.
    pub fn is_local(&self) -> bool {
        let ip = |address: Option<Address>| Some(address?.ip()?.to_canonical());
        match ip(self.peer()) {
            None => matches!(self, Stream::Unix(_)),
            Some(peer) => peer.is_loopback() || Some(peer) == ip(self.local()),
        }
    }

    /// Reads don't wait longer.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Stream::Tls(stream) => stream.set_read_timeout(timeout),
            _ => SockRef::from(self).set_read_timeout(timeout),
        }
    }

    /// Writes don't wait longer.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        SockRef::from(self).set_write_timeout(timeout)
    }

    /// Whether what is written is sent at once. Only TCP could do otherwise.
    pub fn set_nodelay(&self, at_once: bool) -> io::Result<()> {
        match self {
            Stream::Unix(_) => Ok(()),
            _ => SockRef::from(self).set_tcp_nodelay(at_once),
        }
    }

    /// Lets the kernel notice that the peer is gone: it probes after so many seconds of silence.
    pub fn send_probes(&self, keepalive_secs: u32) {
        if keepalive_secs > 0 && !matches!(self, Stream::Unix(_)) {
            let interval = Duration::from_secs((keepalive_secs / 3).max(1).into());
            let probes = TcpKeepalive::new()
                .with_time(Duration::from_secs(keepalive_secs.into()))
                .with_interval(interval)
                .with_retries(3);
            let _ = SockRef::from(self).set_tcp_keepalive(&probes); // as good as it gets
        }
    }
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(socket) => (&mut &*socket).read(buffer),
            Stream::Unix(socket) => (&mut &*socket).read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(socket) => (&mut &*socket).write(bytes),
            Stream::Unix(socket) => (&mut &*socket).write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Tcp(socket) => socket.as_fd(),
            Stream::Unix(socket) => socket.as_fd(),
            Stream::Tls(stream) => stream.socket().as_fd(),
        }
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
