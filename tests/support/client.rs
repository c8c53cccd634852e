//! A client of our own, small enough to be trusted: it sends bytes and reads one value at a time.
//!
//! The scripts are about what travels on the wire, so the client hides nothing. It does not match
//! replies to requests, it does not set pushes aside, and it keeps the difference between the two
//! nulls of RESP2. A value is whatever comes next:
//!
//! ```text
//! RESP2   +status  -error  :integer  $bulk  *array  $-1 and *-1 for null
//! RESP3   %map  ~set  >push  ,double  #t #f  _ null  (big number  =txt:verbatim
//! ```
//!
//! A value is parsed again from its first byte whenever more bytes arrive. That is quadratic for a
//! reply of many megabytes and irrelevant for a test; it saves a state machine. Left out on purpose:
//! attributes (`|`), streamed values and blob errors, which Redis never sends.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use cacheflow::system::stream::{Address, Stream};

/// One value as it stood on the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `+text`
    Status(Vec<u8>),
    /// `-text`
    Error(Vec<u8>),
    /// `:42`
    Integer(i64),
    /// `$5 hello`
    Bulk(Vec<u8>),
    /// `$-1`, or `_` in RESP3
    Nil,
    /// `*-1`
    NilArray,
    /// `*2 ...`
    Array(Vec<Value>),
    /// `~2 ...`
    Set(Vec<Value>),
    /// `>2 ...`
    Push(Vec<Value>),
    /// `%1 key value`
    Map(Vec<(Value, Value)>),
    /// `,1.5`: the text, because how a double is printed is part of what is tested
    Double(Vec<u8>),
    /// `#t`, `#f`
    Boolean(bool),
    /// `(123`
    BigNumber(Vec<u8>),
    /// `=8 txt:abcd`: format and text
    Verbatim(Vec<u8>, Vec<u8>),
}

/// What came of waiting for a value.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// A whole value arrived.
    Value(Value),
    /// Nothing, or not all of a value, arrived in time.
    Nothing,
    /// The server closed the connection.
    Closed,
}

/// A connection to a server.
pub struct Client {
    stream: Stream,
    /// Bytes received and not yet handed out.
    buffer: Vec<u8>,
    closed: bool,
}

/// A value as text; what has no text shows as debugging does.
pub fn text(value: Value) -> String {
    match value {
        Value::Status(text) | Value::Bulk(text) | Value::Error(text) => {
            String::from_utf8_lossy(&text).into_owned()
        }
        other => format!("{other:?}"),
    }
}

impl Client {
    /// Connects, without sending anything.
    pub fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Client::over(stream.into()))
    }

    /// A client over a connection of any kind.
    pub fn over(stream: Stream) -> Client {
        Client { stream, buffer: Vec::new(), closed: false }
    }

    /// The address the server knows this connection by.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        match self.stream.local() {
            Some(Address::Ip(address)) => Ok(address),
            _ => Err(ErrorKind::AddrNotAvailable.into()),
        }
    }

    /// Sends a command as an array of bulk strings.
    pub fn send<T: AsRef<[u8]>>(&mut self, args: &[T]) -> io::Result<()> {
        self.send_raw(&request(args))
    }

    /// Sends exactly these bytes.
    pub fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        (&self.stream).write_all(bytes)
    }

    /// Says that nothing more will be sent, and goes on reading.
    pub fn half_close(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Sends a command and waits for its reply; for errands of the test itself.
    pub fn call<T: AsRef<[u8]>>(&mut self, args: &[T], timeout: Duration) -> io::Result<Value> {
        self.send(args)?;
        match self.read(timeout)? {
            Output::Value(value) => Ok(value),
            Output::Nothing => Err(ErrorKind::TimedOut.into()),
            Output::Closed => Err(ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Waits up to `timeout` for the next value.
    pub fn read(&mut self, timeout: Duration) -> io::Result<Output> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some((value, used)) = parse(&self.buffer)? {
                self.buffer.drain(..used);
                return Ok(Output::Value(value));
            }
            if self.closed {
                return Ok(Output::Closed);
            }
            if !self.fill(deadline)? {
                return Ok(Output::Nothing);
            }
        }
    }

    /// Everything received and not handed out yet, unparsed.
    pub fn raw(&self) -> &[u8] {
        &self.buffer
    }

    /// Forgets what [`Client::raw`] shows.
    pub fn clear_raw(&mut self) {
        self.buffer.clear();
    }

    /// Has the server closed the connection?
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Receives once. False means that the deadline came first.
    pub fn fill(&mut self, deadline: Instant) -> io::Result<bool> {
        // A timeout of zero would mean "for ever"; the least one is still a look at the socket.
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left))?;
        let mut chunk = [0; 16 * 1024];
        match (&self.stream).read(&mut chunk) {
            Ok(0) => self.closed = true,
            Ok(n) => self.buffer.extend_from_slice(&chunk[..n]),
            Err(e) => match e.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(false),
                ErrorKind::Interrupted => {}
                // A server that closes with our bytes unread resets the connection: closed, too.
                ErrorKind::ConnectionReset => self.closed = true,
                _ => return Err(e),
            },
        }
        Ok(true)
    }
}

/// A command as an array of bulk strings.
pub fn request<T: AsRef<[u8]>>(args: &[T]) -> Vec<u8> {
    let mut request = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        let arg = arg.as_ref();
        request.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        request.extend_from_slice(arg);
        request.extend_from_slice(b"\r\n");
    }
    request
}

/// The first value in `bytes` and its length, or `None` while it is incomplete.
pub fn parse(bytes: &[u8]) -> io::Result<Option<(Value, usize)>> {
    let mut parser = Parser { bytes, at: 0 };
    Ok(parser.value()?.map(|value| (value, parser.at)))
}

/// A cursor; every method answers `None` when the bytes end too early.
struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn value(&mut self) -> io::Result<Option<Value>> {
        let Some(line) = self.line() else { return Ok(None) };
        let Some((&kind, rest)) = line.split_first() else { return Err(garbage(line)) };
        let text = || rest.to_vec();
        Ok(Some(match kind {
            b'+' => Value::Status(text()),
            b'-' => Value::Error(text()),
            b':' => Value::Integer(number(rest)?),
            b',' => Value::Double(text()),
            b'(' => Value::BigNumber(text()),
            b'#' => Value::Boolean(rest == b"t"),
            b'_' => Value::Nil,
            b'$' if rest == b"-1" => Value::Nil,
            b'*' if rest == b"-1" => Value::NilArray,
            b'$' | b'=' => match self.bulk(number(rest)? as usize) {
                None => return Ok(None),
                Some(text) if kind == b'$' => Value::Bulk(text.to_vec()),
                Some(text) if text.len() >= 4 => {
                    Value::Verbatim(text[..3].to_vec(), text[4..].to_vec())
                }
                Some(text) => return Err(garbage(text)),
            },
            b'*' | b'~' | b'>' => {
                let Some(items) = self.values(number(rest)? as usize)? else { return Ok(None) };
                match kind {
                    b'*' => Value::Array(items),
                    b'~' => Value::Set(items),
                    _ => Value::Push(items),
                }
            }
            b'%' => {
                let Some(items) = self.values(number(rest)? as usize * 2)? else {
                    return Ok(None);
                };
                Value::Map(items.chunks(2).map(|p| (p[0].clone(), p[1].clone())).collect())
            }
            _ => return Err(garbage(line)),
        }))
    }

    fn values(&mut self, count: usize) -> io::Result<Option<Vec<Value>>> {
        let mut items = Vec::new();
        for _ in 0..count {
            let Some(item) = self.value()? else { return Ok(None) };
            items.push(item);
        }
        Ok(Some(items))
    }

    fn bulk(&mut self, len: usize) -> Option<&'a [u8]> {
        let text = self.bytes.get(self.at..self.at + len + 2)?;
        self.at += len + 2;
        Some(&text[..len])
    }

    fn line(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        self.at += end + 2;
        Some(&rest[..end])
    }
}

fn number(text: &[u8]) -> io::Result<i64> {
    std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).ok_or_else(|| garbage(text))
}

fn garbage(text: &[u8]) -> io::Error {
    let text = text.escape_ascii();
    io::Error::new(ErrorKind::InvalidData, format!("the server sent no RESP: '{text}'"))
}
