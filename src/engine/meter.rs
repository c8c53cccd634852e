//! The meter: what a connection's thread holds, for everybody to see.
//!
//! The buffers of a connection belong to its thread, which fills them without THE lock: a request of
//! a gigabyte may take minutes to arrive. CLIENT LIST, INFO and `maxmemory-clients` want to know at
//! any time how far it has come. So the thread keeps a [`Meter`], a few numbers that only it writes and
//! that everybody may read; they may be out of step with each other for a moment.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::store::Bytes;

/// What a connection's thread holds, in bytes.
#[derive(Debug, Default)]
pub struct Meter {
    /// Received and not parsed.
    unparsed: AtomicUsize,
    /// Requests that are being executed.
    executing: AtomicUsize,
    /// Arguments of a request that is not complete.
    arguments: AtomicUsize,
    /// The buffers that these are in.
    input: AtomicUsize,
    /// The buffer for replies.
    output: AtomicUsize,
    /// Reads since the last batch began.
    reads: AtomicUsize,
    /// Reads that have brought the requests that are being executed.
    executing_reads: AtomicUsize,
}

impl Meter {
    /// More bytes have arrived. Where they went shows when the thread next looks at its buffers, but a
    /// large argument is read for a long time before it does.
    #[inline]
    pub fn arrived(&self, bytes: usize) {
        // One thread writes, so this needs no atomic addition.
        let unparsed = self.unparsed.load(Ordering::Relaxed);
        self.unparsed.store(unparsed + bytes, Ordering::Relaxed);
        self.reads.store(self.reads.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// The buffers for requests are so large, and complete requests in them are executed now.
    #[inline]
    pub fn begin_batch(&self, executing: usize, unparsed: usize, input: usize) {
        self.executing.store(executing, Ordering::Relaxed);
        self.executing_reads.store(self.reads.load(Ordering::Relaxed), Ordering::Relaxed);
        self.reads.store(0, Ordering::Relaxed);
        self.set_input(unparsed, 0, input);
    }

    /// What the buffers for requests hold of an incomplete request, and how large they are.
    #[inline]
    pub fn set_input(&self, unparsed: usize, arguments: usize, input: usize) {
        self.unparsed.store(unparsed, Ordering::Relaxed);
        self.arguments.store(arguments, Ordering::Relaxed);
        self.input.store(input, Ordering::Relaxed);
    }

    /// How large the buffer for replies is.
    #[inline]
    pub fn set_output(&self, output: usize) {
        self.output.store(output, Ordering::Relaxed);
    }

    /// Bytes received and not parsed.
    pub fn unparsed(&self) -> usize {
        self.unparsed.load(Ordering::Relaxed)
    }

    /// Bytes of the requests that were executed last, or are being executed.
    pub fn executing(&self) -> usize {
        self.executing.load(Ordering::Relaxed)
    }

    /// How many reads have brought them. None: they came with others, which were executed before.
    pub fn executing_reads(&self) -> usize {
        self.executing_reads.load(Ordering::Relaxed)
    }

    /// Whether a request has begun to arrive.
    pub fn has_incomplete_request(&self) -> bool {
        self.unparsed() + self.arguments() > 0
    }

    /// Bytes of the arguments of a request that is not complete.
    pub fn arguments(&self) -> usize {
        self.arguments.load(Ordering::Relaxed)
    }

    /// Bytes of the buffers for requests.
    pub fn input(&self) -> usize {
        self.input.load(Ordering::Relaxed).max(self.unparsed() + self.arguments())
    }

    /// Bytes of the buffer for replies.
    pub fn output(&self) -> usize {
        self.output.load(Ordering::Relaxed)
    }
}

/// What an index keeps for a name besides the name: an entry there and one with the client, with what
/// tables and trees leave free. An estimate.
pub const INDEX_ENTRY: usize = 64;

/// Bytes that a name takes which a client is entered for in some index: a key that it watches, a
/// channel. It is there twice.
pub fn of_indexed(name: &Bytes) -> usize {
    2 * (size_of::<Bytes>() + name.heap_size()) + INDEX_ENTRY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_is_seen_before_the_buffers_are_looked_at() {
        let meter = Meter::default();
        meter.set_input(10, 20, 1024);
        meter.arrived(500);
        assert_eq!((meter.unparsed(), meter.arguments(), meter.input()), (510, 20, 1024));
        meter.arrived(1000);
        assert_eq!((meter.unparsed(), meter.input()), (1510, 1530));
    }
}
