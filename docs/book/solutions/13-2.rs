use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};

pub const AT_ONCE: usize = 1000;

#[derive(Debug, PartialEq)]
pub enum Turn {
    /// Everything is written.
    Empty,
    /// There is more, and the socket may take it.
    More,
    /// The socket takes no more for now.
    Full,
}

#[derive(Default)]
pub struct Queue {
    pub messages: VecDeque<Vec<u8>>,
    /// Bytes of the first message that are written.
    pub written: usize,
}

impl Queue {
    pub fn write_some(&mut self, socket: &mut dyn Write) -> io::Result<Turn> {
        let bytes = self.messages.iter().flatten().skip(self.written).take(AT_ONCE);
        let bytes: Vec<u8> = bytes.copied().collect();
        if bytes.is_empty() {
            return Ok(Turn::Empty);
        }
        let count = match socket.write(&bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            result => result?,
        };
        self.written += count;
        while self.messages.front().is_some_and(|first| self.written >= first.len()) {
            self.written -= self.messages.pop_front().map_or(0, |first| first.len());
        }
        Ok(match (self.messages.is_empty(), count == bytes.len()) {
            (true, _) => Turn::Empty,
            (false, true) => Turn::More,
            (false, false) => Turn::Full,
        })
    }
}
