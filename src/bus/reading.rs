//! Packets from a stream of bytes that is not to be trusted.
//!
//! The first bytes tell where a packet ends ([`framing`]). Memory grows with what has come, a piece at a
//! time; a packet that was large leaves none behind.

use std::io::{self, Read};

use crate::cluster::packet::framing::{self, MOST_OF_STRANGER, PREFIX};

/// So much is taken from the stream at a time.
const PIECE: usize = 64 * 1024;

/// Reads packets.
pub struct Packets<R> {
    stream: R,
    packet: Vec<u8>,
    limit: usize,
}

impl<R: Read> Packets<R> {
    /// Packets that come in a stream.
    pub fn new(stream: R) -> Self {
        Packets { stream, packet: Vec::new(), limit: MOST_OF_STRANGER }
    }

    /// It is known who speaks: packets may be as long as there are any.
    pub fn trust(&mut self) {
        self.limit = usize::MAX;
    }

    /// The next packet. None: the stream has ended.
    pub fn read(&mut self) -> io::Result<Option<&[u8]>> {
        self.packet.clear();
        self.packet.shrink_to(PIECE);
        let mut prefix = [0; PREFIX];
        match self.stream.read(&mut prefix)? {
            0 => return Ok(None),
            some => self.stream.read_exact(&mut prefix[some..])?,
        }
        let nonsense =
            || io::Error::new(io::ErrorKind::InvalidData, "this is no packet of the bus");
        let length = framing::length(&prefix).filter(|length| *length <= self.limit);
        let length = length.ok_or_else(nonsense)?;
        self.packet.extend_from_slice(&prefix);
        while self.packet.len() < length {
            let begin = self.packet.len();
            self.packet.resize(length.min(begin + PIECE), 0);
            self.stream.read_exact(&mut self.packet[begin..])?;
        }
        Ok(Some(&self.packet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(length: u32) -> Vec<u8> {
        let mut bytes = vec![0; 2256];
        bytes[..4].copy_from_slice(b"RCmb");
        bytes[4..8].copy_from_slice(&length.to_be_bytes());
        bytes
    }

    #[test]
    fn packets_come_one_by_one() {
        let stream = [packet(2256), packet(2256)].concat();
        let mut packets = Packets::new(&stream[..]);
        assert_eq!(packets.read().unwrap().unwrap().len(), 2256);
        assert_eq!(packets.read().unwrap().unwrap().len(), 2256);
        assert!(packets.read().unwrap().is_none());
    }

    #[test]
    fn a_length_that_lies_costs_no_memory() {
        let stream = packet(5 << 20);
        let mut packets = Packets::new(&stream[..]);
        packets.trust();
        assert!(packets.read().is_err());
        assert!(packets.packet.capacity() <= 4 * PIECE, "{}", packets.packet.capacity());
    }

    #[test]
    fn strangers_are_brief() {
        let long = MOST_OF_STRANGER + 1;
        let stream = [packet(long as u32), vec![0; long]].concat();
        let mut packets = Packets::new(&stream[..]);
        assert!(packets.read().is_err() && packets.packet.is_empty());
        let mut packets = Packets::new(&stream[..]);
        packets.trust();
        assert_eq!(packets.read().unwrap().unwrap().len(), long);
    }

    #[test]
    fn nonsense_ends_the_stream() {
        assert!(Packets::new(&b"GET / HTTP/1.1\r\n\r\n"[..]).read().is_err());
        assert!(Packets::new(&b"RCmb"[..]).read().is_err());
        assert!(Packets::new(&packet(100)[..]).read().is_err());
    }
}
