//! The benchmark's own connection: it fills servers with data and asks them simple things.
//!
//! What is timed by redis-benchmark doesn't go through here. What this file times is longer than a
//! second, so it may be simple: requests are put into a buffer, a thousand at a time, and replies are
//! read and thrown away.

use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::TcpStream;

use crate::servers::Server;

/// Requests that are sent before their replies are read.
const CHUNK: usize = 1000;

/// A connection.
pub struct Wire {
    stream: TcpStream,
    replies: BufReader<TcpStream>,
}

impl Wire {
    /// Connects to a server.
    pub fn open(server: &Server) -> Result<Wire> {
        let stream = server.connect()?;
        Ok(Wire { replies: BufReader::with_capacity(64 * 1024, stream.try_clone()?), stream })
    }

    /// Sends one command and returns its reply: a text, a number, or the number of elements.
    pub fn call(&mut self, words: &[&str]) -> Result<String> {
        let mut request = Vec::new();
        put(&mut request, words);
        self.stream.write_all(&request)?;
        self.reply()
    }

    /// Sends `count` commands, which `command` puts into a buffer, and waits for all replies.
    pub fn fill(&mut self, count: usize, command: impl Fn(usize, &mut Vec<u8>)) -> Result<()> {
        let mut requests = Vec::new();
        for start in (0..count).step_by(CHUNK) {
            let end = count.min(start + CHUNK);
            requests.clear();
            (start..end).for_each(|number| command(number, &mut requests));
            self.stream.write_all(&requests)?;
            (start..end).try_for_each(|_| self.reply().map(drop))?;
        }
        Ok(())
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads one reply.
    pub fn reply(&mut self) -> Result<String> {
        let mut line = String::new();
        self.replies.read_line(&mut line)?;
        let rest = line.get(1..).unwrap_or("").trim_end().to_owned();
        match line.as_bytes().first() {
            None => Err(Error::other("the server has closed the connection")),
            Some(b'-') => Err(Error::other(rest)),
            Some(b'$') if rest != "-1" => {
                let mut text = vec![0; rest.parse::<usize>().map_err(Error::other)? + 2];
                self.replies.read_exact(&mut text)?;
                text.truncate(text.len() - 2);
                Ok(String::from_utf8_lossy(&text).into_owned())
            }
            Some(b'*') if rest != "-1" => {
                let elements: usize = rest.parse().map_err(Error::other)?;
                (0..elements).try_for_each(|_| self.reply().map(drop))?;
                Ok(rest)
            }
            Some(_) => Ok(rest),
        }
    }
}

/// Appends a command as clients send it.
pub fn put(requests: &mut Vec<u8>, words: &[&str]) {
    let _ = write!(requests, "*{}\r\n", words.len());
    for word in words {
        let _ = write!(requests, "${}\r\n{word}\r\n", word.len());
    }
}

/// A text of 16 bytes that tells its number.
pub fn sixteen(prefix: &str, number: usize) -> String {
    format!("{prefix}:{number:0width$}", width = 15 - prefix.len())
}
