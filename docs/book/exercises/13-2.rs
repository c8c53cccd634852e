//! As much as the socket takes.
//!
//! Write `Queue::write_some`. It puts messages together into one call of `write`, of at most `AT_ONCE` bytes,
//! and drops what was written; a message of which only a part was written goes on with the rest the next time.
//! It makes at most one call, and none if nothing waits. An error of the kind `WouldBlock` means that the
//! socket is full, as does a write that took less than it was given.

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
        Ok(Turn::Empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, and then no more.
    struct Socket {
        room: usize,
        got: Vec<u8>,
        calls: usize,
    }

    impl Socket {
        fn with(room: usize) -> Socket {
            Socket { room, got: Vec::new(), calls: 0 }
        }
    }

    impl Write for Socket {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.calls += 1;
            assert!(!bytes.is_empty() && bytes.len() <= AT_ONCE, "{} bytes at once", bytes.len());
            if self.room == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let count = bytes.len().min(self.room);
            self.room -= count;
            self.got.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn queue(messages: &[&str]) -> Queue {
        let messages = messages.iter().map(|it| it.as_bytes().to_vec()).collect();
        Queue { messages, written: 0 }
    }

    #[test]
    fn many_messages_are_one_write() {
        let (mut queue, mut socket) = (queue(&["one", "two", "three"]), Socket::with(5000));
        assert_eq!(queue.write_some(&mut socket).unwrap(), Turn::Empty);
        assert_eq!((&socket.got[..], socket.calls), (&b"onetwothree"[..], 1));
        assert_eq!(queue.write_some(&mut socket).unwrap(), Turn::Empty);
        assert_eq!((queue.messages.len(), queue.written, socket.calls), (0, 0, 1));
    }

    #[test]
    fn half_a_message_goes_on_later() {
        let (mut queue, mut socket) = (queue(&["one", "two", "three"]), Socket::with(5));
        assert_eq!(queue.write_some(&mut socket).unwrap(), Turn::Full);
        assert_eq!((queue.messages.len(), queue.written), (2, 2));
        assert_eq!(queue.write_some(&mut socket).unwrap(), Turn::Full);
        socket.room = 100;
        assert_eq!(queue.write_some(&mut socket).unwrap(), Turn::Empty);
        assert_eq!(socket.got, b"onetwothree");
    }

    #[test]
    fn large_messages_take_turns() {
        let large = "x".repeat(AT_ONCE + 1);
        let (mut queue, mut socket) = (queue(&["a", &large, "b"]), Socket::with(5000));
        assert_eq!(queue.write_some(&mut socket).unwrap(), Turn::More);
        assert_eq!((socket.got.len(), queue.messages.len()), (AT_ONCE, 2));
        assert_eq!(queue.write_some(&mut socket).unwrap(), Turn::Empty);
        assert_eq!(socket.got, format!("a{large}b").into_bytes());
    }

    #[test]
    fn other_errors_are_passed_on() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(queue(&["a"]).write_some(&mut Broken).is_err());
    }
}
