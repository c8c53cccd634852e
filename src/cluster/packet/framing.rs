//! Where a packet ends.
//!
//! The first eight bytes tell, and are not to be trusted: a connection that begins with anything else than
//! the signature, or tells of less than a header or of more than there can be, has nothing to say and is
//! ended. A length is a promise at the most: a reader takes memory for what has come.

use super::{GOSSIP, HEADER, Kind, SIGNATURE};
use crate::cluster::table::MOST_NODES;

/// Bytes that tell where a packet ends.
pub const PREFIX: usize = 14;

/// The most bytes of a packet that is no message: as much gossip as can be counted, and extensions.
const MOST: usize = HEADER + (GOSSIP + 64) * u16::MAX as usize;
/// The most bytes of one that is: two strings, each as long as Redis lets a string be by default.
const MOST_OF_MESSAGE: usize = HEADER + 8 + (1 << 30);

/// The most bytes of a packet of somebody who hasn't said yet that it is a node that is known here: a
/// greeting, with gossip about as many nodes as there may be.
pub const MOST_OF_STRANGER: usize = HEADER + GOSSIP * MOST_NODES + 4096;

/// The length of the packet that begins so. None: no packet begins so, and nothing that follows can be
/// understood.
pub fn length(prefix: &[u8; PREFIX]) -> Option<usize> {
    let [s0, s1, s2, s3, l0, l1, l2, l3, .., t0, t1] = *prefix;
    let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
    let kind = Kind::of(u16::from_be_bytes([t0, t1]));
    let most = match kind {
        Some(Kind::Publish | Kind::PublishShard) => MOST_OF_MESSAGE,
        _ => MOST,
    };
    let is_packet = [s0, s1, s2, s3] == *SIGNATURE && (HEADER..=most).contains(&length);
    is_packet.then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(signature: &[u8; 4], length: u32, kind: u16) -> [u8; PREFIX] {
        let mut prefix = [0; PREFIX];
        prefix[..4].copy_from_slice(signature);
        prefix[4..8].copy_from_slice(&length.to_be_bytes());
        prefix[12..].copy_from_slice(&kind.to_be_bytes());
        prefix
    }

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(length(&prefix(b"RCmb", 2256, 0)), Some(2256));
        assert_eq!(length(&prefix(b"RCmb", 2255, 0)), None);
        assert_eq!(length(&prefix(b"GET ", 2256, 0)), None);
        assert_eq!(length(&prefix(b"RCmb", u32::MAX, 0)), None);
        assert_eq!(length(&prefix(b"RCmb", u32::MAX, 4)), None);
        assert_eq!(length(&prefix(b"RCmb", 1 << 29, 4)), Some(1 << 29));
    }
}
