//! `notify-keyspace-events`: classes of events, one letter each.
//!
//! `K` and `E` say where to publish (to a channel named after the key, or after the event), the
//! others say which events. `A` stands for the classes `g$lshzxetd`; `m`, `n`, `o` and `c` are not in it,
//! because an application that asked for "all" before they existed should not get them unasked.

use super::value::{Kind, one_word};
use super::words::quote;

/// A set of classes of keyspace events, with where to publish them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventClasses(pub u16);

impl EventClasses {
    /// `K`: publish to `__keyspace@db__:key`.
    pub const KEYSPACE: Self = Self(1 << 0);
    /// `E`: publish to `__keyevent@db__:event`.
    pub const KEYEVENT: Self = Self(1 << 1);
    /// `g`: commands of no particular type, such as DEL and EXPIRE.
    pub const GENERIC: Self = Self(1 << 2);
    /// `$`: strings.
    pub const STRING: Self = Self(1 << 3);
    /// `l`: lists.
    pub const LIST: Self = Self(1 << 4);
    /// `s`: sets.
    pub const SET: Self = Self(1 << 5);
    /// `h`: hashes.
    pub const HASH: Self = Self(1 << 6);
    /// `z`: sorted sets.
    pub const ZSET: Self = Self(1 << 7);
    /// `x`: a key expired.
    pub const EXPIRED: Self = Self(1 << 8);
    /// `e`: a key was evicted.
    pub const EVICTED: Self = Self(1 << 9);
    /// `t`: streams.
    pub const STREAM: Self = Self(1 << 10);
    /// `d`: types that modules define; kept because `A` includes it.
    pub const MODULE: Self = Self(1 << 11);
    /// `m`: a key was looked up and missing. Not part of `A`.
    pub const KEY_MISS: Self = Self(1 << 12);
    /// `n`: a new key came into being. Not part of `A`.
    pub const NEW: Self = Self(1 << 13);
    /// `o`: a key that was there was given another value as a whole. Not part of `A`.
    pub const OVERWRITTEN: Self = Self(1 << 14);
    /// `c`: and that is of another type. Not part of `A`.
    pub const TYPE_CHANGED: Self = Self(1 << 15);
    /// Both of these.
    pub const REPLACEMENT: Self = Self(Self::OVERWRITTEN.0 | Self::TYPE_CHANGED.0);
    /// `A`: the classes from `g` to `d`.
    pub const ALL: Self = Self(0b1111_1111_1100);

    /// Whether any class of `other` is in this set.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every class of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Letters of the classes in the order in which `CONFIG GET` lists them.
const EVENT_LETTERS: &[(char, EventClasses)] = &[
    ('g', EventClasses::GENERIC),
    ('$', EventClasses::STRING),
    ('l', EventClasses::LIST),
    ('s', EventClasses::SET),
    ('h', EventClasses::HASH),
    ('z', EventClasses::ZSET),
    ('x', EventClasses::EXPIRED),
    ('e', EventClasses::EVICTED),
    ('t', EventClasses::STREAM),
    ('d', EventClasses::MODULE),
    ('n', EventClasses::NEW),
    ('o', EventClasses::OVERWRITTEN),
    ('c', EventClasses::TYPE_CHANGED),
    ('K', EventClasses::KEYSPACE),
    ('E', EventClasses::KEYEVENT),
    ('m', EventClasses::KEY_MISS),
];

/// What CONFIG GET doesn't show if all of `A` is there.
const UNSEEN: EventClasses = EventClasses(EventClasses::NEW.0 | EventClasses::REPLACEMENT.0);

/// The notation of [`EventClasses`]: a letter for each.
pub struct Events;

impl Kind for Events {
    type Value = EventClasses;

    fn parse(&self, words: &[&[u8]], _now: &EventClasses) -> Result<EventClasses, String> {
        let mut classes = 0;
        for letter in one_word(words)?.iter().map(|byte| char::from(*byte)) {
            classes |= match EVENT_LETTERS.iter().find(|row| row.0 == letter) {
                Some((_, class)) => class.0,
                None if letter == 'A' => EventClasses::ALL.0,
                None => return Err("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into()),
            };
        }
        Ok(EventClasses(classes))
    }

    fn format(&self, value: &EventClasses) -> Vec<u8> {
        let all = value.contains(EventClasses::ALL);
        // Beside `A` Redis does not show these three, although they are not part of it.
        let covered = EventClasses(EventClasses::ALL.0 | UNSEEN.0);
        let shown =
            |class: EventClasses| value.contains(class) && !(all && covered.contains(class));
        let letters = EVENT_LETTERS.iter().filter(|row| shown(row.1)).map(|row| row.0);
        all.then_some('A').into_iter().chain(letters).collect::<String>().into()
    }

    fn lines(&self, value: &EventClasses) -> Vec<String> {
        // Unlike CONFIG GET this must lose nothing.
        let mut letters = self.format(value);
        for (letter, class) in EVENT_LETTERS.iter().filter(|row| UNSEEN.contains(row.1)) {
            if value.contains(*class) && !letters.contains(&(*letter as u8)) {
                letters.push(*letter as u8);
            }
        }
        vec![quote(&letters)]
    }

    fn syntax(&self) -> String {
        "letters".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::outcome;

    #[test]
    fn letters_come_back_in_the_order_of_redis() {
        let shown = |text: &str| outcome(&Events, &EventClasses(0), text);
        let cases = [
            ("", ""),
            ("KEA", "AKE"),
            ("A", "A"),
            ("g$lshzxetd", "A"),
            ("gxKElm", "glxKEm"),
            ("AKEm", "AKEm"),
            ("AKEn", "AKE"),
            ("KEd", "dKE"),
            ("KEn", "nKE"),
            ("Eocn", "nocE"),
            ("AcKEo", "AKE"),
            ("Kg$lshzxetdmn", "AKm"),
        ];
        for (given, expected) in cases {
            assert_eq!(shown(given), expected, "{given}");
        }
    }

    #[test]
    fn rewriting_loses_no_class() {
        let classes = Events.parse(&[b"AKEn"], &EventClasses(0)).unwrap();
        assert_eq!(Events.lines(&classes), ["\"AKEn\""]);
        let classes = Events.parse(&[b"AKEcno"], &EventClasses(0)).unwrap();
        assert_eq!(Events.lines(&classes), ["\"AKEnoc\""]);
    }

    #[test]
    fn other_letters_are_refused() {
        assert_eq!(
            Events.parse(&[b"KQ"], &EventClasses(0)).unwrap_err(),
            "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
        );
    }
}
