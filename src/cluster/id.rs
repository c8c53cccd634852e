//! The name of a node: forty hexadecimal digits that it drew when it first started.

use std::fmt;

use crate::system::random::Random;

/// Bytes of a name.
pub const ID_LEN: usize = 40;

/// A node's name. It stays the same when address and role change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; ID_LEN]);

impl NodeId {
    /// The name that forty characters spell, if they may be one: small letters and digits, as Redis has it.
    /// It goes into replies and into a file of lines.
    pub fn parse(text: &[u8]) -> Option<NodeId> {
        let digits: [u8; ID_LEN] = text.try_into().ok()?;
        let is_right = |digit: &u8| digit.is_ascii_lowercase() || digit.is_ascii_digit();
        digits.iter().all(is_right).then_some(NodeId(digits))
    }

    /// A new name.
    pub fn draw(random: &mut Random) -> NodeId {
        let mut digits = [0; ID_LEN];
        for digit in &mut digits {
            *digit = b"0123456789abcdef"[(random.next_u64() >> 60) as usize];
        }
        NodeId(digits)
    }

    /// The characters.
    pub fn as_bytes(&self) -> &[u8; ID_LEN] {
        &self.0
    }

    /// The characters, as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default() // always: they are ASCII
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str()[..8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_forty_letters_and_digits() {
        let id = NodeId::draw(&mut Random::from_seed(1));
        assert_eq!(NodeId::parse(id.as_bytes()), Some(id));
        assert_eq!(NodeId::parse(b"abc"), None);
        assert_eq!(NodeId::parse(&[b'A'; ID_LEN]), None);
        assert_eq!(NodeId::parse(&[b'\n'; ID_LEN]), None);
        assert_eq!(NodeId::parse(&[0; ID_LEN]), None);
    }
}
