//! An HTTP client. It sends what it is told, be it wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::server::PATIENCE;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The error's text.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_else(|| panic!("{self:?}")).to_owned()
    }

    /// The cookie that it sets, as it is to be sent.
    pub fn cookie(&self) -> Option<String> {
        self.header("Set-Cookie")?.split(';').next().map(|pair| format!("Cookie: {pair}"))
    }
}

/// A connection on which this was sent.
pub fn open(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// Sends the text of a request. None: there was no answer, but the end.
pub fn send(address: SocketAddr, text: &str) -> Option<Answer> {
    read(open(address, text))
}

/// Reads an answer that ends with the connection.
pub fn read(mut stream: TcpStream) -> Option<Answer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").expect(line));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Answer { status, headers, body: body.to_owned() })
}

/// GET, with further header lines.
pub fn get(address: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    let text = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{}\r\n", lines(headers));
    send(address, &text).unwrap_or_else(|| panic!("no answer to {text}"))
}

/// POST of JSON, with further header lines.
pub fn post(address: SocketAddr, path: &str, body: &Value, headers: &[&str]) -> Answer {
    let (body, headers) = (body.to_string(), lines(headers));
    let text = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    send(address, &text).unwrap_or_else(|| panic!("no answer to {text}"))
}

fn lines(headers: &[&str]) -> String {
    headers.iter().map(|line| format!("{line}\r\n")).collect()
}

/// Someone who listens to the events.
pub struct Listener(BufReader<TcpStream>);

impl Listener {
    /// Begins to listen; the answer's head has been read, and is 200.
    pub fn open(address: SocketAddr, headers: &[&str]) -> Listener {
        let headers = lines(headers);
        let text = format!("GET /api/events HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
        let mut reader = BufReader::new(open(address, &text));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("Content-Type: text/event-stream"), "{head}");
        Listener(reader)
    }

    /// The next event: its name and its data.
    pub fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the events have ended");
            let line = line.trim_end();
            if let Some(text) = line.strip_prefix("event: ") {
                name = text.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).unwrap());
            } else {
                assert!(line.is_empty() || line.starts_with("retry: "), "{line}");
            }
        }
    }

    /// The next state of which this is true.
    pub fn state(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..80 {
            let (name, data) = self.next();
            assert_eq!(name, "state", "{data}");
            if is_wanted(&data) {
                return data;
            }
            last = data;
        }
        panic!("it never came; the last was {last}");
    }
}
