//! Limits on the memory of connections.
//!
//! `client-output-buffer-limit normal 0 0 0 replica 256mb 64mb 60` says for each class of clients
//! how much unread output is too much at once (hard), and how much is too much for so many seconds
//! (soft). A line names the classes it changes and leaves the others alone, so its parser is the
//! one that needs the present value.
//!
//! `maxmemory-clients` limits all connections together, in bytes or as a share: `64mb`, `5%`.

use super::value::{Kind, format_memory, one_word, parse_memory, text};
use crate::number::parse_i64;

/// How much unread output a client may pile up before it is disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferLimit {
    /// Disconnect at once above this many bytes; 0 for never.
    pub hard: u64,
    /// Disconnect above this many bytes, once it has lasted ...
    pub soft: u64,
    /// ... this many seconds.
    pub soft_seconds: u64,
}

/// The output limits of the three classes of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferLimits {
    /// Ordinary clients.
    pub normal: BufferLimit,
    /// Replicas.
    pub replica: BufferLimit,
    /// Clients subscribed to a channel or pattern.
    pub pubsub: BufferLimit,
}

impl Default for BufferLimits {
    fn default() -> Self {
        let limit = |hard, soft, soft_seconds| BufferLimit { hard, soft, soft_seconds };
        Self {
            normal: limit(0, 0, 0),
            replica: limit(256 << 20, 64 << 20, 60),
            pubsub: limit(32 << 20, 8 << 20, 60),
        }
    }
}

/// The notation of [`BufferLimits`]: groups of class, hard, soft, seconds.
pub struct OutputLimits;

impl Kind for OutputLimits {
    type Value = BufferLimits;

    fn parse(&self, words: &[&[u8]], now: &BufferLimits) -> Result<BufferLimits, String> {
        if !words.len().is_multiple_of(4) {
            return Err("Wrong number of arguments in buffer limit configuration.".to_owned());
        }
        let mut limits = *now;
        for group in words.chunks(4) {
            let class = match group[0].to_ascii_lowercase().as_slice() {
                b"normal" => &mut limits.normal,
                b"replica" | b"slave" => &mut limits.replica,
                b"pubsub" => &mut limits.pubsub,
                _ => {
                    let reason = "Invalid client class specified in buffer limit configuration.";
                    return Err(reason.to_owned());
                }
            };
            let limit = || {
                Some(BufferLimit {
                    hard: parse_memory(group[1])?,
                    soft: parse_memory(group[2])?,
                    soft_seconds: parse_i64(group[3])?.try_into().ok()?,
                })
            };
            *class = limit().ok_or(
                "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
            )?;
        }
        Ok(limits)
    }

    fn format(&self, value: &BufferLimits) -> Vec<u8> {
        let class = |name, limit: BufferLimit| {
            format!("{name} {} {} {}", limit.hard, limit.soft, limit.soft_seconds)
        };
        // CONFIG GET kept the old word for replicas; REWRITE writes the new one.
        [
            class("normal", value.normal),
            class("slave", value.replica),
            class("pubsub", value.pubsub),
        ]
        .join(" ")
        .into()
    }

    fn lines(&self, value: &BufferLimits) -> Vec<String> {
        let class = |name, limit: BufferLimit| {
            let (hard, soft) = (format_memory(limit.hard), format_memory(limit.soft));
            format!("{name} {hard} {soft} {}", limit.soft_seconds)
        };
        vec![
            class("normal", value.normal),
            class("replica", value.replica),
            class("pubsub", value.pubsub),
        ]
    }

    fn syntax(&self) -> String {
        "class hard soft seconds ...".to_owned()
    }
}

/// An amount of memory, or a share of `maxmemory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// That many bytes; 0 for no limit.
    Bytes(u64),
    /// That many hundredths of `maxmemory`.
    Percent(u8),
}

impl Share {
    /// Whether there is any limit. A percentage of no `maxmemory` is none, too, but that is not known here.
    #[inline]
    pub fn is_set(self) -> bool {
        self != Share::Bytes(0)
    }

    /// The bytes that it comes to; 0 for no limit.
    pub fn of(self, maxmemory: u64) -> u64 {
        match self {
            Share::Bytes(bytes) => bytes,
            Share::Percent(percent) => (maxmemory as f64 * f64::from(percent) / 100.0) as u64,
        }
    }
}

/// The notation of [`Share`].
pub struct BytesOrPercent;

impl Kind for BytesOrPercent {
    type Value = Share;

    fn parse(&self, words: &[&[u8]], _now: &Share) -> Result<Share, String> {
        let word = one_word(words)?;
        let parsed = match word.strip_suffix(b"%") {
            Some(number) => match text(number).unwrap_or_default().parse::<u64>() {
                Ok(0) => Some(Share::Bytes(0)),
                Ok(percent @ 1..=100) => Some(Share::Percent(percent as u8)),
                Ok(_) => return Err("percentage argument must be less or equal to 100".to_owned()),
                Err(_) => None,
            },
            None => parse_memory(word).map(Share::Bytes),
        };
        parsed.ok_or_else(|| "argument must be a memory or percent value".to_owned())
    }

    fn format(&self, value: &Share) -> Vec<u8> {
        match value {
            Share::Bytes(bytes) => bytes.to_string().into(),
            Share::Percent(percent) => format!("{percent}%").into(),
        }
    }

    fn lines(&self, value: &Share) -> Vec<String> {
        match value {
            Share::Bytes(bytes) => vec![format_memory(*bytes)],
            Share::Percent(percent) => vec![format!("{percent}%")],
        }
    }

    fn syntax(&self) -> String {
        "bytes|percent%".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::outcome;

    #[test]
    fn buffer_limits_change_only_the_classes_they_name() {
        let default = BufferLimits::default();
        let set = |text| outcome(&OutputLimits, &default, text);
        assert_eq!(
            set("NORMAL 1mb 2kb 3 replica 5 5 5"),
            "normal 1048576 2048 3 slave 5 5 5 pubsub 33554432 8388608 60"
        );
        let count = "Wrong number of arguments in buffer limit configuration.";
        let class = "Invalid client class specified in buffer limit configuration.";
        let number = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
        assert_eq!(set("slave 1 2"), count);
        assert_eq!(set("master 1 1 1"), class);
        for text in ["normal a 2 3", "normal 1 2 -3", "normal 1 2 a"] {
            assert_eq!(set(text), number, "{text}");
        }
    }

    #[test]
    fn shares_are_at_most_everything() {
        let share = |text| outcome(&BytesOrPercent, &Share::Bytes(0), text);
        assert_eq!(
            (share("0%"), share("100%"), share("1k")),
            ("0".into(), "100%".into(), "1000".into())
        );
        assert_eq!(share("1.5%"), "argument must be a memory or percent value");
    }
}
