//! One HTTP request, and one answer to it.
//!
//! `httparse` finds the parts of a head; all else is here, since all else is what may hurt: how long a peer may take, how much it may
//! send, and that it may not read. Whatever exceeds that ends the connection, and costs its own thread until then.
//! An answer ends with the connection, so a stream of events needs no framing of its own.

use crate::system::clock::machine_now;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Bytes of a request's first lines.
const LONGEST_HEAD: usize = 16 * 1024;
/// Lines of it.
const MOST_HEADERS: usize = 64;
/// Bytes of what a POST brings: a command, which is typed.
const LONGEST_BODY: usize = 256 * 1024;
/// How long all of a request may take to come.
const REQUEST_PATIENCE: Duration = Duration::from_secs(5);
/// What a peer sends behind its request is read for so long.
const LAST_BYTES_PATIENCE: Duration = Duration::from_millis(500);
/// How long an answer, or an event, may take to be read.
pub const READER_PATIENCE: Duration = Duration::from_secs(5);

/// A request.
#[derive(Debug, Default)]
pub struct Request {
    /// `GET`, `POST`.
    pub method: String,
    /// Without what follows a `?`.
    pub path: String,
    /// Names in lower case, and values.
    headers: Vec<(String, String)>,
    /// What a POST brings.
    pub body: Vec<u8>,
}

/// Why there is no answer but an error.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// For people.
    pub reason: String,
}

/// Refuses with a status, for a reason.
pub fn refuse<T>(status: u16, reason: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { status, reason: reason.into() })
}

impl Request {
    /// A header, if it was sent.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Reads a request. None: the peer has gone, or said nothing in time.
    pub fn read(mut stream: &TcpStream) -> Option<Result<Request, Refusal>> {
        let until = machine_now() + REQUEST_PATIENCE;
        let mut bytes = Vec::new();
        let (mut request, start, len) = loop {
            match head(&bytes) {
                Ok(Some((request, start, len))) => break (request, start, len),
                Ok(None) if bytes.len() > LONGEST_HEAD => {
                    return Some(refuse(431, "the head of the request is too long"));
                }
                Ok(None) => read_more(&mut stream, &mut bytes, until)?,
                Err(refusal) => return Some(Err(refusal)),
            }
        };
        while bytes.len() < start + len {
            read_more(&mut stream, &mut bytes, until)?;
        }
        request.body = bytes[start..start + len].to_vec();
        Some(Ok(request))
    }
}

/// Reads what has come. None: nothing will, or not in time.
fn read_more(stream: &mut &TcpStream, bytes: &mut Vec<u8>, until: Instant) -> Option<()> {
    let left = until.checked_duration_since(machine_now()).filter(|left| !left.is_zero())?;
    stream.set_read_timeout(Some(left)).ok()?;
    let mut some = [0; 4096];
    let count = stream.read(&mut some).ok().filter(|count| *count > 0)?;
    bytes.extend_from_slice(&some[..count]);
    Some(())
}

/// Parses the first lines: the request, where its body begins, and how long that is. None: there is more to come.
fn head(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let start = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return refuse(431, "too many headers"),
        Err(error) => return refuse(400, format!("no HTTP request: {error}")),
    };
    let path = parsed.path.unwrap_or_default().split('?').next().unwrap_or_default();
    let method = parsed.method.unwrap_or_default().to_owned();
    let mut request = Request { method, path: path.to_owned(), ..Request::default() };
    for header in parsed.headers.iter() {
        let Ok(value) = std::str::from_utf8(header.value) else {
            return refuse(400, "a header is no text");
        };
        request.headers.push((header.name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    for name in ["host", "content-length", "origin", "authorization"] {
        if request.headers.iter().filter(|(header, _)| header == name).count() > 1 {
            return refuse(400, format!("there are two headers '{name}'"));
        }
    }
    if request.header("transfer-encoding").is_some() {
        return refuse(411, "say how long the body is");
    }
    let len = request.header("content-length").unwrap_or("0");
    match len.parse::<usize>() {
        Ok(len) if len <= LONGEST_BODY => Ok(Some((request, start, len))),
        Ok(_) => refuse(413, format!("the body has more than {LONGEST_BODY} bytes")),
        Err(_) => refuse(400, "Content-Length is no number"),
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// What the body is.
    pub content_type: &'static str,
    /// Further header lines.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer that is what was asked for.
    pub fn ok(content_type: &'static str, body: impl Into<Vec<u8>>) -> Answer {
        Answer { status: 200, content_type, headers: Vec::new(), body: body.into() }
    }

    /// Sends it, or all but the body. A peer that doesn't read it misses it.
    pub fn send(&self, stream: &TcpStream, with_body: bool) -> io::Result<()> {
        let mut bytes = head_of_answer(self.status, self.content_type, &self.headers);
        let len = format!("Content-Length: {}\r\n\r\n", self.body.len());
        bytes.extend_from_slice(len.as_bytes());
        if with_body {
            bytes.extend_from_slice(&self.body);
        }
        send(stream, &bytes)?;
        // What was sent beyond the request would make a reset of the end, which may overtake the answer.
        stream.shutdown(Shutdown::Write)?;
        stream.set_read_timeout(Some(Duration::from_millis(100)))?;
        let (mut rest, until) = ([0; 4096], machine_now() + LAST_BYTES_PATIENCE);
        while machine_now() < until && matches!((&mut &*stream).read(&mut rest), Ok(1..)) {}
        Ok(())
    }
}

/// What the page may load, and do: nothing but what is here. In every answer there is, for nobody has to think which one needs it.
const ALWAYS: &str = "Connection: close\r\nCache-Control: no-store\r\n\
    Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
    X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n";

/// The first lines of an answer, but for the last ones.
pub fn head_of_answer(status: u16, content_type: &str, headers: &[String]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} {}\r\n{ALWAYS}", phrase(status));
    head.push_str(&format!("Content-Type: {content_type}\r\n"));
    headers.iter().for_each(|line| head.extend([line, "\r\n"]));
    head.into_bytes()
}

/// Sends bytes to a peer that has so much time to take them.
pub fn send(mut stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    let until = machine_now() + READER_PATIENCE;
    while !bytes.is_empty() {
        let left = until.checked_duration_since(machine_now()).filter(|left| !left.is_zero());
        let left = left.ok_or(ErrorKind::TimedOut)?;
        stream.set_write_timeout(Some(left))?;
        match stream.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> Option<u16> {
        match head(text.as_bytes()) {
            Ok(Some(_)) => Some(200),
            Ok(None) => None,
            Err(refusal) => Some(refusal.status),
        }
    }

    #[test]
    fn heads_are_parsed_or_refused() {
        let text = "POST /api/command?x=1 HTTP/1.1\r\nHost:  a \r\ncontent-LENGTH: 3\r\n\r\nabc";
        let (request, start, len) = head(text.as_bytes()).unwrap().unwrap();
        assert_eq!((&*request.method, &*request.path), ("POST", "/api/command"));
        assert_eq!((request.header("host"), len), (Some("a"), 3));
        assert_eq!(&text[start..], "abc");
        assert_eq!(status("GET / HT"), None);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\n"), None);
        assert_eq!(status("*1\r\n$4\r\nPING\r\n"), Some(400));
        assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), Some(400));
        assert_eq!(status("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), Some(400));
        assert_eq!(status("POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n"), Some(413));
        assert_eq!(status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), Some(411));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(65));
        assert_eq!(status(&many), Some(431));
    }
}
