//! The logs of commands that cost much: the slow log (`slowlog-log-slower-than` microseconds), and those of
//! large requests and large replies (`commandlog-request-larger-than`, `commandlog-reply-larger-than` bytes).
//!
//! Each is kept in memory, newest first, and forgets the oldest beyond its `-max-len`. A request
//! is kept only in part, for it may be slow because it is enormous:
//!
//! ```text
//! RPUSH k a b c ... (10,000 values)  ->  32 arguments: RPUSH k a ... "... (9971 more arguments)"
//! SET k <1 MB>                       ->  SET k "<128 bytes>... (1048448 more bytes)"
//! ```
//!
//! What may be logged and what has to be hidden is decided by `command::server::slowlog`.

use std::collections::VecDeque;

/// Arguments that are kept of a request; the last one says how many more there were.
const MOST_ARGS: usize = 32;
/// Bytes that are kept of an argument.
const MOST_BYTES: usize = 128;

/// A request that was slow, or large.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Counts up from 0, and is never used twice.
    pub id: u64,
    /// When it was executed, in Unix seconds.
    pub time_s: i64,
    /// How long it took, in microseconds; how many bytes it, or its reply, had.
    pub cost: u64,
    /// The request, cut.
    pub args: Vec<Vec<u8>>,
    /// Who had sent it.
    pub peer: String,
    /// The client's name.
    pub client_name: Vec<u8>,
    /// How long the requests that it came with had waited for THE lock, in microseconds.
    pub waited_us: u64,
}

/// The logs.
#[derive(Debug, Default)]
pub struct CommandLogs {
    /// What took long.
    pub slow: CommandLog,
    /// Requests of many bytes.
    pub large_requests: CommandLog,
    /// Those whose replies had many.
    pub large_replies: CommandLog,
}

/// A log.
#[derive(Debug, Default)]
pub struct CommandLog {
    entries: VecDeque<Entry>,
    next_id: u64,
}

impl CommandLog {
    /// Adds an entry, whose id is given here, and forgets old ones beyond `max_len`.
    pub fn add(&mut self, entry: Entry, max_len: usize) {
        self.entries.push_front(Entry { id: self.next_id, ..entry });
        self.next_id += 1;
        self.entries.truncate(max_len);
    }

    /// The entries, newest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Forgets all of them; ids go on where they were.
    pub fn reset(&mut self) {
        self.entries.clear();
    }
}

/// What is kept of a request.
pub fn cut<'a>(args: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let len = args.len();
    let kept = if len > MOST_ARGS { MOST_ARGS - 1 } else { len };
    let mut cut: Vec<Vec<u8>> = args.take(kept).map(cut_arg).collect();
    if kept < len {
        cut.push(format!("... ({} more arguments)", len - kept).into_bytes());
    }
    cut
}

fn cut_arg(arg: &[u8]) -> Vec<u8> {
    let mut kept = arg[..arg.len().min(MOST_BYTES)].to_vec();
    if let Some(more @ 1..) = arg.len().checked_sub(MOST_BYTES) {
        kept.extend_from_slice(format!("... ({more} more bytes)").as_bytes());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Entry {
        Entry {
            id: 0,
            time_s: 1,
            cost: 2,
            args: vec![name.as_bytes().to_vec()],
            peer: String::new(),
            client_name: Vec::new(),
            waited_us: 0,
        }
    }

    #[test]
    fn remembers_the_newest_and_numbers_them_for_ever() {
        let mut log = CommandLog::default();
        ["a", "b", "c"].iter().for_each(|name| log.add(entry(name), 2));
        let ids = |log: &CommandLog| log.entries().map(|entry| entry.id).collect::<Vec<_>>();
        assert_eq!(ids(&log), [2, 1]);
        log.reset();
        assert!(ids(&log).is_empty());
        log.add(entry("d"), 2);
        assert_eq!(ids(&log), [3]);
        log.add(entry("e"), 0);
        assert!(ids(&log).is_empty());
    }

    #[test]
    fn keeps_only_a_part_of_what_is_large() {
        let many = vec![&b"x"[..]; 33];
        let kept = cut(many.into_iter());
        assert_eq!((kept.len(), &kept[31][..]), (32, &b"... (2 more arguments)"[..]));
        assert_eq!(cut([&b"x"[..]; 32].into_iter()).len(), 32);
        let long = [b'x'; 130];
        let kept = cut([&long[..]].into_iter());
        assert_eq!(kept[0], [&[b'x'; 128], &b"... (2 more bytes)"[..]].concat());
        assert_eq!(cut([&long[..128]].into_iter())[0].len(), 128);
    }
}
