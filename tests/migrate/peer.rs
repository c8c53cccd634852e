//! The other server, played by a test: it reads one request after the other, and answers what the test says.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::client::{Value, parse};
use crate::{MOMENT, PATIENCE};

/// Where a test waits for connections.
pub struct Listener {
    listener: TcpListener,
    /// The port.
    pub port: u16,
}

/// A connection from the server under test.
pub struct Peer {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Listener {
    pub fn new() -> Listener {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Listener { listener, port }
    }

    /// The next connection.
    pub fn accept(&self) -> Peer {
        let stream = self.listener.accept().unwrap().0;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Peer { stream, input: Vec::new() }
    }

    /// The next connection, whose SELECT 0 is answered.
    pub fn accept_selected(&self) -> Peer {
        let mut peer = self.accept();
        assert_eq!(peer.request(), ["SELECT", "0"]);
        peer.answer("+OK");
        peer
    }

    /// Whether nobody connects.
    pub fn is_left_alone(&self) -> bool {
        std::thread::sleep(MOMENT);
        self.listener.set_nonblocking(true).unwrap();
        let found = self.listener.accept();
        self.listener.set_nonblocking(false).unwrap();
        found.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

impl Peer {
    /// The words of the next request; what is no text shows as such. Empty: the end.
    pub fn request(&mut self) -> Vec<String> {
        let words = self.raw_request();
        words.iter().map(|word| word.escape_ascii().to_string()).collect()
    }

    /// The same as it came.
    pub fn raw_request(&mut self) -> Vec<Vec<u8>> {
        loop {
            if let Some((Value::Array(words), used)) = parse(&self.input).unwrap() {
                self.input.drain(..used);
                let words = words.into_iter().map(|word| match word {
                    Value::Bulk(text) => text,
                    other => panic!("no request: {other:?}"),
                });
                return words.collect();
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) => return Vec::new(),
                Ok(count) => self.input.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Vec::new(),
                Err(error) => panic!("no request: {error}"),
            }
        }
    }

    /// The name of the next request, and its key.
    pub fn begins(&mut self) -> String {
        self.request().iter().take(2).cloned().collect::<Vec<_>>().join(" ")
    }

    /// Says a line.
    pub fn answer(&mut self, line: &str) {
        self.say(format!("{line}\r\n").as_bytes());
    }

    /// Says anything, or as much of it as is listened to.
    pub fn say(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }
}
