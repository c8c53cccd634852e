//! A copy of the units of one command, for EXPLAIN: a sink that stands in front of the real one for a while.
//!
//! So the journal writes for it exactly what it writes for others, and looks for nobody when nothing is explained.

use std::mem::take;

use super::{Journal, MaybeSink, Sink};
use crate::resp::Request;

/// Keeps the bytes that go through it.
struct Copy {
    bytes: Vec<u8>,
    real: MaybeSink,
}

/// What the units of a command were, for either reader.
#[derive(Debug, Default)]
pub struct Copied {
    /// What the append-only file was given, or would have been given if nobody reads the journal.
    pub file: Vec<u8>,
    /// What replicas were given.
    pub replicas: Vec<u8>,
}

impl Sink for Copy {
    fn append(&mut self, unit: &[u8]) {
        self.bytes.extend_from_slice(unit);
        if let Some(real) = &mut self.real {
            real.append(unit);
        }
    }

    fn end_copy(&mut self) -> Option<(Vec<u8>, MaybeSink)> {
        Some((take(&mut self.bytes), self.real.take()))
    }
}

impl Journal {
    /// Copies what is written from now on. Without a file or replicas it is written for the copy alone.
    pub fn begin_copy(&mut self) {
        let copy = |real| Box::new(Copy { bytes: Vec::new(), real }) as Box<dyn Sink>;
        if self.replication.is_some() {
            self.replication = Some(copy(self.replication.take()));
        }
        if self.aof.is_some() || self.replication.is_none() {
            self.aof = Some(copy(self.aof.take()));
        }
    }

    /// Ends that. A sink that the command itself has replaced stays.
    pub fn end_copy(&mut self) -> Copied {
        let end = |sink: &mut MaybeSink| {
            let copied = sink.as_mut().and_then(|sink| sink.end_copy());
            copied.map(|(bytes, real)| {
                *sink = real;
                bytes
            })
        };
        let file = end(&mut self.aof).unwrap_or_default();
        let replicas = end(&mut self.replication).unwrap_or_default();
        if !self.is_needed() {
            self.forget_selected(); // whoever reads it next has seen no SELECT
        }
        Copied { file, replicas }
    }
}

/// The requests that units consist of. They are read here, for the journal has written them: the reader of what
/// clients send expects anything, and one more kind of it makes the compiler build all others less tightly.
pub fn requests(units: &[u8]) -> Vec<Request> {
    let mut rest = units;
    let mut found = Vec::new();
    while let Some(count) = header(&mut rest) {
        let mut request = Request::default();
        for _ in 0..count {
            let Some(len) = header(&mut rest).filter(|len| rest.len() >= len + 2) else { break };
            request.push(&rest[..len]);
            rest = &rest[len + 2..];
        }
        found.push(request);
    }
    found
}

/// The number in `*2\r\n` or `$3\r\n`, which is taken off the front.
fn header(rest: &mut &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'\r', rest)?;
    let number = std::str::from_utf8(rest.get(1..end)?).ok()?.parse().ok()?;
    *rest = rest.get(end + 2..)?;
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Effect;

    fn effect(key: &str) -> Effect {
        Effect { db: 0, request: Request::new([&b"DEL"[..], key.as_bytes()]) }
    }

    fn words(bytes: &[u8]) -> Vec<String> {
        let joined = |request: Request| {
            let words = request.args().iter().map(String::from_utf8_lossy).collect::<Vec<_>>();
            words.join(" ")
        };
        requests(bytes).into_iter().map(joined).collect()
    }

    #[test]
    fn a_copy_is_what_a_reader_would_get_and_leaves_no_trace() {
        let mut journal = Journal::default();
        journal.begin_copy();
        journal.add(effect("a"));
        journal.add(effect("b"));
        journal.flush();
        assert_eq!(
            words(&journal.end_copy().file),
            ["SELECT 0", "MULTI", "DEL a", "DEL b", "EXEC"]
        );
        assert!(!journal.is_needed());
        assert!(journal.end_copy().file.is_empty());
    }

    #[test]
    fn a_sink_that_came_meanwhile_stays() {
        let mut journal = Journal::default();
        journal.begin_copy();
        journal.aof = Some(Box::new(Nowhere));
        assert!(journal.end_copy().file.is_empty());
        assert!(journal.aof.is_some());
    }

    struct Nowhere;

    impl Sink for Nowhere {
        fn append(&mut self, _: &[u8]) {}
    }
}
