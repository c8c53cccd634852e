//! A connection inside of the process: a pair of sockets, of which the server has one. It is served by the same
//! session as one that has come over TCP.

use std::io::{self, BufRead, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::reply::Value;
use crate::resp::writer::encode_request;
use crate::server::Server;
use crate::server::reply::Reply;

/// A client's end of a connection to a server of this process.
///
/// Any client that takes a stream can use it: it reads and writes as a socket does. [`call`](Self::call) is for
/// who has no client at hand.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    /// What was read, and not taken yet.
    unread: Vec<u8>,
}

impl Server {
    /// Connects to the server, without a port.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// let mut client = server.connect()?;
    /// client.write_all(b"PING\r\n")?;
    /// let mut reply = [0; 7];
    /// client.read_exact(&mut reply)?;
    /// assert_eq!(&reply, b"+PONG\r\n");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn connect(&self) -> io::Result<Connection> {
        let (ours, theirs) = UnixStream::pair()?;
        self.listeners.admit(theirs.into())?;
        Ok(Connection { stream: ours, unread: Vec::new() })
    }
}

impl Connection {
    /// Sends a request and waits for its reply.
    ///
    /// Replies come in order: whoever has written requests himself, or subscribed, gets those first. See
    /// [`receive`](Self::receive).
    ///
    /// ```
    /// use cacheflow::Value;
    ///
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// let mut client = server.connect()?;
    /// assert!(client.call(["SET", "k", "v"])?.is_ok());
    /// assert_eq!(client.call(["GET", "k"])?, Value::Bulk(b"v".to_vec()));
    /// assert_eq!(client.call(["STRLEN", "k"])?, Value::Integer(1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn call<A: AsRef<[u8]>>(&mut self, args: impl IntoIterator<Item = A>) -> io::Result<Value> {
        self.send(args)?;
        self.receive()
    }

    /// Sends a request, and waits for nothing.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// let mut client = server.connect()?;
    /// client.send(["INCR", "n"])?;
    /// client.send(["INCR", "n"])?;
    /// assert_eq!(client.receive()?, cacheflow::Value::Integer(1));
    /// assert_eq!(client.receive()?, cacheflow::Value::Integer(2));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn send<A: AsRef<[u8]>>(&mut self, args: impl IntoIterator<Item = A>) -> io::Result<()> {
        let args: Vec<A> = args.into_iter().collect();
        let mut request = Vec::new();
        encode_request(&mut request, args.iter().map(A::as_ref));
        self.stream.write_all(&request)
    }

    /// Waits for the next reply, or message.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// let (mut listener, mut speaker) = (server.connect()?, server.connect()?);
    /// listener.call(["SUBSCRIBE", "news"])?;
    /// speaker.call(["PUBLISH", "news", "hello"])?;
    /// let message = listener.receive()?;
    /// assert_eq!(message.items()[2].as_bytes(), Some(&b"hello"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn receive(&mut self) -> io::Result<Value> {
        let mut ahead = Ahead { connection: self, taken: 0 };
        let reply = Reply::read_all(&mut ahead)?;
        let taken = ahead.taken;
        self.unread.drain(..taken);
        Value::try_from(reply)
    }

    /// Reads don't wait longer than this.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// let mut client = server.connect()?;
    /// client.set_read_timeout(Some(Duration::from_millis(5)))?;
    /// client.send(["BLPOP", "nothing", "0"])?;
    /// assert!(client.receive().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.set_read_timeout(timeout)
    }

    /// The socket, for a client that wants one. What was read and not taken is lost.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// let socket: std::os::unix::net::UnixStream = server.connect()?.into_stream();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_stream(self) -> UnixStream {
        self.stream
    }
}

/// Reads on from what was read before, and leaves all of it there: who runs out of time in the midst of a reply
/// begins with it again.
struct Ahead<'c> {
    connection: &'c mut Connection,
    taken: usize,
}

impl BufRead for Ahead<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let Connection { stream, unread } = &mut *self.connection;
        if self.taken == unread.len() {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer)?;
            unread.extend_from_slice(&buffer[..count]);
        }
        Ok(&unread[self.taken..])
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
    }
}

impl Read for Ahead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            return self.stream.read(buffer);
        }
        let count = buffer.len().min(self.unread.len());
        buffer[..count].copy_from_slice(&self.unread[..count]);
        self.unread.drain(..count);
        Ok(count)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_is_late_is_read_from_its_beginning() {
        let (stream, mut peer) = UnixStream::pair().unwrap();
        let mut connection = Connection { stream, unread: Vec::new() };
        connection.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        peer.write_all(b"*2\r\n:1\r\n$5\r\nab").unwrap();
        assert_eq!(connection.receive().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        peer.write_all(b"cde\r\n+next\r\n").unwrap();
        let both = Value::Array(vec![Value::Integer(1), Value::Bulk(b"abcde".to_vec())]);
        assert_eq!(connection.receive().unwrap(), both);
        assert_eq!(connection.receive().unwrap(), Value::Simple("next".to_owned()));
        drop(peer);
        assert_eq!(connection.receive().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
