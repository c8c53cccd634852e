//! Which slot?
//!
//! Write `slot`: the CRC16 of what is hashed, modulo 16384. What is hashed is what stands between the first
//! `{` and the next `}` behind it, if there is anything between them; otherwise the whole key. The CRC begins
//! with 0; for each bit of the message, the highest of each byte first, it is shifted to the left, and if
//! the bit that falls out is not the message's, 0x1021 is xored to it. And write `are_together`: whether
//! one command may have all of these keys.

pub fn slot(key: &[u8]) -> u16 {
    0
}

pub fn are_together(keys: &[&str]) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_as_redis_has_them() {
        for (key, expected) in
            [("foo", 12182), ("bar", 5061), ("", 0), ("123456789", 12739), ("user:1", 10778)]
        {
            assert_eq!(slot(key.as_bytes()), expected, "{key}");
        }
    }

    #[test]
    fn tags_in_braces() {
        let user = slot(b"user:1");
        for key in ["{user:1}", "{user:1}.cart", "a{user:1}b", "{user:1}{other}"] {
            assert_eq!(slot(key.as_bytes()), user, "{key}");
        }
        // Nothing in it, never closed, closed before: the whole key.
        assert_ne!(slot(b"{}user:1"), user);
        assert_ne!(slot(b"{user:1"), user);
        assert_ne!(slot(b"}user:1{"), user);
        assert_eq!(slot(b"foo{{bar}}zap"), slot(b"{bar"));
        assert_ne!(slot(b"foo{}{bar}"), slot(b"bar"), "only the first brace counts");
    }

    #[test]
    fn together() {
        assert!(are_together(&[]) && are_together(&["foo"]));
        assert!(are_together(&["{a}1", "{a}2", "a"]) && !are_together(&["foo", "bar"]));
    }
}
