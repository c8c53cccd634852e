//! The handshake: how a replica introduces itself to its master.
//!
//! ```text
//! PING                                  +PONG, or an error that means "who are you?"
//! AUTH [masteruser] masterauth          +OK
//! REPLCONF listening-port <port>        an error only means that INFO there will not show it
//! REPLCONF ip-address <address>         only with replica-announce-ip
//! REPLCONF capa eof capa psync2
//! PSYNC <id> <next byte> | ? -1         +FULLRESYNC <id> <offset> | +CONTINUE [<id>]
//! ```
//!
//! A master that finds no sense in what we know is asked again, as somebody who knows nothing.
//!
//! Each line is answered before the next is sent. What the other side answers is trusted for
//! nothing: a line has a longest length, and whatever is not one of the above ends the attempt.

use std::io::{self, BufRead, Read, Write};

use crate::config::Config;
use crate::engine::role::{is_id, parse_offset};
use crate::resp::writer::encode_request;

/// The longest line a master sends: a status, an id and an offset.
const MAX_LINE: u64 = 1024;

/// What the master makes of PSYNC.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// A snapshot follows. The history's id, and the offset that the snapshot has.
    Full {
        /// The id.
        id: String,
        /// The offset.
        offset: u64,
    },
    /// The stream goes on, perhaps under a new id.
    Continue {
        /// The new id.
        id: Option<String>,
    },
}

/// What is to be said about us.
#[derive(Debug)]
pub struct Introduction {
    user: Vec<u8>,
    password: Vec<u8>,
    port: u16,
    ip: Vec<u8>,
}

impl Introduction {
    /// As the configuration says; `port` is where we listen.
    pub fn new(config: &Config, port: u16) -> Self {
        let announced = config.replica_announce_port;
        Introduction {
            user: config.masteruser.clone(),
            password: config.masterauth.clone(),
            port: if announced > 0 { announced } else { port },
            ip: config.replica_announce_ip.clone(),
        }
    }
}

/// A connection to a master, until the stream begins.
pub struct Handshake<'h, R> {
    /// Where its answers come from.
    pub reader: &'h mut R,
    /// Where questions go.
    pub writer: &'h mut dyn Write,
}

impl<R: BufRead> Handshake<'_, R> {
    /// Everything up to PSYNC.
    pub fn introduce(&mut self, about_us: &Introduction) -> io::Result<()> {
        let pong = self.ask(&[b"PING"])?;
        let wants_name = [&b"-NOAUTH"[..], b"-NOPERM", b"-ERR operation not permitted"];
        if !pong.starts_with(b"+") && !wants_name.iter().any(|error| pong.starts_with(error)) {
            let text = format!("Error reply to PING from master: '{}'", shown(&pong));
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        crate::notice!("Master replied to PING, replication can continue...");
        if !about_us.password.is_empty() {
            let (user, password) = (&about_us.user[..], &about_us.password[..]);
            let words = [&b"AUTH"[..], user, password];
            let reply =
                if user.is_empty() { self.ask(&[b"AUTH", password])? } else { self.ask(&words)? };
            if reply.starts_with(b"-") {
                let text = format!("Unable to AUTH to MASTER: {}", shown(&reply));
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
            }
        }
        let port = about_us.port.to_string();
        self.tell(&[b"REPLCONF", b"listening-port", port.as_bytes()])?;
        if !about_us.ip.is_empty() {
            self.tell(&[b"REPLCONF", b"ip-address", &about_us.ip])?;
        }
        // The last is ours, and who doesn't know it passes over it. What 8.0 calls rdb-channel-repl would
        // say the same, and that we take snapshots over a connection of their own.
        self.tell(&[b"REPLCONF", b"capa", b"eof", b"capa", b"psync2", b"capa", b"rdb-12"])
    }

    /// PSYNC, and what comes of it. `known` is the history we have and the offset in it.
    pub fn synchronise(&mut self, known: Option<(&str, u64)>, take: bool) -> io::Result<Answer> {
        match self.psync(known, take)? {
            reply if reply.starts_with(b"-ERR") && known.is_some() && !take => {
                crate::warning!("Master does not take our history: {}", shown(&reply));
                let reply = self.psync(None, false)?;
                answer(&reply, false)
            }
            reply => answer(&reply, known.is_some()),
        }
    }

    fn psync(&mut self, known: Option<(&str, u64)>, take: bool) -> io::Result<Vec<u8>> {
        let next = known.map_or("-1".to_owned(), |(_, offset)| (offset + 1).to_string());
        let id = known.map_or("?", |(id, _)| id);
        match known {
            Some(_) => crate::notice!("Trying a partial resynchronization (request {id}:{next})."),
            None => crate::notice!("Partial resynchronization not possible (no cached master)"),
        }
        let words = [&b"PSYNC"[..], id.as_bytes(), next.as_bytes(), b"FAILOVER"];
        self.ask(if take { &words } else { &words[..3] })
    }

    /// A question whose answer changes nothing.
    fn tell(&mut self, words: &[&[u8]]) -> io::Result<()> {
        let reply = self.ask(words)?;
        if reply.starts_with(b"-") {
            let (option, reply) = (shown(words[1]), shown(&reply));
            crate::notice!("(Non critical) Master does not understand REPLCONF {option}: {reply}");
        }
        Ok(())
    }

    fn ask(&mut self, words: &[&[u8]]) -> io::Result<Vec<u8>> {
        let mut request = Vec::new();
        encode_request(&mut request, words.iter().copied());
        self.writer.write_all(&request)?;
        self.line()
    }

    /// The next line that isn't empty: empty ones say that the master is still there.
    pub fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let mut line = Vec::new();
            (&mut self.reader).take(MAX_LINE).read_until(b'\n', &mut line)?;
            if line.pop() != Some(b'\n') {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end"));
            }
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            if !line.is_empty() {
                return Ok(line);
            }
        }
    }
}

/// What the reply to PSYNC means. Only who is known can go on.
fn answer(reply: &[u8], is_known: bool) -> io::Result<Answer> {
    let wrong = || unexpected("PSYNC", reply);
    let text = std::str::from_utf8(reply).map_err(|_| wrong())?;
    let mut words = text.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("+FULLRESYNC"), Some(id), Some(offset)) if is_id(id) => {
            let offset = parse_offset(offset).ok_or_else(wrong)?;
            Ok(Answer::Full { id: id.to_owned(), offset })
        }
        (Some("+CONTINUE"), id, None) if is_known && id.is_none_or(is_id) => {
            Ok(Answer::Continue { id: id.map(str::to_owned) })
        }
        _ => Err(wrong()),
    }
}

fn unexpected(question: &str, reply: &[u8]) -> io::Error {
    let text = format!("Unexpected reply to {question} from master: {}", shown(reply));
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn shown(text: &[u8]) -> String {
    text[..text.len().min(128)].escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(reply: &str, known: Option<(&str, u64)>) -> Option<Answer> {
        let (mut reader, mut writer) = (reply.as_bytes(), Vec::new());
        Handshake { reader: &mut reader, writer: &mut writer }.synchronise(known, false).ok()
    }

    #[test]
    fn only_proper_answers_are_taken() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let full = |offset| Some(Answer::Full { id: id.to_owned(), offset });
        assert_eq!(answer_to(&format!("\n\n+FULLRESYNC {id} 12\r\n"), None), full(12));
        assert_eq!(answer_to(&format!("+CONTINUE {id}\r\n"), None), None, "nothing to go on with");
        let known = Some((id, 5));
        assert_eq!(answer_to("+CONTINUE\r\n", known), Some(Answer::Continue { id: None }));
        for bad in ["+FULLRESYNC", "+FULLRESYNC x 1", "+WAT", "-ERR no", "$5", "+CONTINUE x", ""] {
            assert_eq!(answer_to(&format!("{bad}\r\n"), known), None, "{bad}");
        }
        assert_eq!(answer_to(&format!("+FULLRESYNC {id} -1\r\n"), known), None);
        assert_eq!(answer_to(&format!("+FULLRESYNC {id} {}\r\n", i64::MAX), known), None);
        assert_eq!(answer_to(&"x".repeat(5000), known), None);
    }

    #[test]
    fn a_history_that_a_master_can_not_read_is_given_up() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let full = Answer::Full { id: id.to_owned(), offset: 7 };
        let replies = format!("-ERR value is not an integer\r\n+FULLRESYNC {id} 7\r\n");
        let (mut reader, mut writer) = (replies.as_bytes(), Vec::new());
        let mut handshake = Handshake { reader: &mut reader, writer: &mut writer };
        assert_eq!(handshake.synchronise(Some((id, 5)), false).ok(), Some(full));
        assert!(writer.ends_with(b"$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n"));
    }
}
