//! Twenty bytes that want 64 megabytes.
//!
//! `read_argument` reads an argument of which the length is known: so many bytes, then `\r\n`. It takes
//! memory for all of it before the first byte has come. A thousand connections that announce 64 MB each,
//! and send nothing, end the server. Change it: memory must grow with the bytes that arrive. It has to
//! stay fast, too: not one read for each byte.

use std::io::{self, Read};

/// Reads an argument of `length` bytes, and the line break behind it, into `argument`.
pub fn read_argument(
    input: &mut impl Read,
    length: usize,
    argument: &mut Vec<u8>,
) -> io::Result<()> {
    argument.resize(length, 0);
    input.read_exact(argument)?;
    input.read_exact(&mut [0; 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = 64 << 20;

    /// Gives so many bytes, then ends; counts how often it is asked.
    struct Peer {
        bytes: Vec<u8>,
        given: usize,
        reads: usize,
    }

    impl Read for Peer {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.reads += 1;
            let count = (&self.bytes[self.given..]).read(buffer)?;
            self.given += count;
            Ok(count)
        }
    }

    fn peer(bytes: &[u8]) -> Peer {
        Peer { bytes: bytes.to_vec(), given: 0, reads: 0 }
    }

    #[test]
    fn what_was_announced_is_read() {
        let mut argument = Vec::new();
        let mut input = peer(b"hello\r\n*1\r\n");
        read_argument(&mut input, 5, &mut argument).unwrap();
        assert_eq!(argument, b"hello");
        assert_eq!(input.given, 7, "what follows is left");
        argument.clear();
        read_argument(&mut peer(b"\r\n"), 0, &mut argument).unwrap();
        assert!(argument.is_empty());
    }

    #[test]
    fn who_sends_nothing_gets_nothing() {
        for sent in [&b""[..], b"only a few bytes", &[b'x'; 10_000]] {
            let mut argument = Vec::new();
            let end = read_argument(&mut peer(sent), LARGE, &mut argument);
            assert_eq!(end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
            assert!(argument.capacity() < 1 << 20, "{} bytes taken", argument.capacity());
        }
    }

    #[test]
    fn who_sends_much_is_read_in_large_pieces() {
        let mut bytes = vec![b'x'; 4 << 20];
        bytes.extend(b"\r\n");
        let mut input = peer(&bytes);
        let mut argument = Vec::new();
        read_argument(&mut input, 4 << 20, &mut argument).unwrap();
        assert_eq!(argument.len(), 4 << 20);
        assert!(input.reads < 1000, "{} reads", input.reads);
    }

    #[test]
    fn an_end_without_its_line_break_is_no_end() {
        for bytes in [&b"hello"[..], b"hello\r"] {
            assert!(read_argument(&mut peer(bytes), 5, &mut Vec::new()).is_err());
        }
    }
}
