//! Where the keys are.
//!
//! A cluster's client, a proxy and the access control list need to know the keys of a request without
//! executing it. A row says where they are: the first, the last, and the step from one to the next. A last
//! key of -1 is the last word, -2 the one before it. Others say that a word is the *number* of keys,
//! which follow it. Write `keys`. What can't be (no such word, a number that is none, more keys than
//! words) is `None`.

/// Where the keys of a command are. Word 0 is its name.
#[derive(Clone, Copy)]
pub enum Keys {
    /// From word `first` to word `last`, every `step` words.
    Range { first: usize, last: isize, step: usize },
    /// Word `at` says how many there are; they stand right behind it.
    Counted { at: usize },
}

pub fn keys<'a>(place: Keys, request: &[&'a str]) -> Option<Vec<&'a str>> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(place: Keys, request: &str) -> Option<String> {
        let words: Vec<&str> = request.split(' ').collect();
        keys(place, &words).map(|keys| keys.join(" "))
    }

    #[test]
    fn one_key_and_many() {
        let one = Keys::Range { first: 1, last: 1, step: 1 };
        assert_eq!(found(one, "GET k").as_deref(), Some("k"));
        assert_eq!(found(one, "SET k v EX 10").as_deref(), Some("k"));
        let all = Keys::Range { first: 1, last: -1, step: 1 };
        assert_eq!(found(all, "DEL a b c").as_deref(), Some("a b c"));
        let pairs = Keys::Range { first: 1, last: -1, step: 2 };
        assert_eq!(found(pairs, "MSET a 1 b 2").as_deref(), Some("a b"));
        let but_one = Keys::Range { first: 1, last: -2, step: 1 };
        assert_eq!(found(but_one, "BLPOP a b 0").as_deref(), Some("a b"));
    }

    #[test]
    fn a_number_of_keys() {
        let place = Keys::Counted { at: 1 };
        assert_eq!(found(place, "ZUNION 2 x y WEIGHTS 1 2").as_deref(), Some("x y"));
        assert_eq!(found(Keys::Counted { at: 2 }, "EVAL code 1 k arg").as_deref(), Some("k"));
        assert_eq!(found(Keys::Counted { at: 2 }, "EVAL code 0 arg").as_deref(), Some(""));
    }

    #[test]
    fn what_can_not_be() {
        let place = Keys::Counted { at: 1 };
        for wrong in ["ZUNION", "ZUNION x", "ZUNION 3 x y", "ZUNION -1 x", "ZUNION 99999999999 x"] {
            assert_eq!(found(place, wrong), None, "{wrong}");
        }
        assert_eq!(found(Keys::Range { first: 1, last: 1, step: 1 }, "GET"), None);
        assert_eq!(found(Keys::Range { first: 2, last: 2, step: 1 }, "OBJECT HELP"), None);
    }
}
