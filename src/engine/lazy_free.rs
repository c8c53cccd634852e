//! Lazy freeing: what takes long to free is dropped by a thread that nobody waits for.
//!
//! A collection of a million elements is a million allocations to give back. Whoever removes its key
//! only sends it to that thread (`server/cron.rs` starts it). Meanwhile its memory counts as free: eviction
//! would otherwise go on evicting for what is on its way already. INFO shows how much is on its way
//! (`lazyfree_pending_objects`), and how much has gone so (`lazyfreed_objects`).

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam::channel::{Receiver, Sender, unbounded};

use crate::store::Value;

/// A value of more elements than this is freed lazily.
const EFFORT_TO_FREE_LAZILY: usize = 64;
/// Elements that are looked at to estimate the size of such a value.
const ELEMENTS_TO_WEIGH: usize = 5;

/// The way to the thread, and what is known of what was sent there.
pub struct LazyFree {
    queue: Sender<Garbage>,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    pending_bytes: AtomicU64,
    pending_objects: AtomicU64,
    freed_objects: AtomicU64,
}

/// Something to be freed, by dropping it. It is counted as freed when that is done.
pub struct Garbage {
    _what: Box<dyn Any + Send>,
    _counted: Counted, // behind it, so that it is dropped later
}

/// What is about to be free; the bytes are an estimate.
struct Counted {
    bytes: u64,
    objects: u64,
    counters: Arc<Counters>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counters.pending_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.counters.pending_objects.fetch_sub(self.objects, Ordering::Relaxed);
        self.counters.freed_objects.fetch_add(self.objects, Ordering::Relaxed);
    }
}

impl LazyFree {
    /// The way there, and the end at which the thread waits.
    pub fn new() -> (Self, Receiver<Garbage>) {
        let (queue, garbage) = unbounded();
        (LazyFree { queue, counters: Arc::default() }, garbage)
    }

    /// Frees a value: at once if it is small.
    pub fn free(&self, value: Value) {
        if value.effort_to_drop() > EFFORT_TO_FREE_LAZILY {
            let bytes = value.heap_size(ELEMENTS_TO_WEIGH) as u64;
            self.send(value, bytes, 1);
        }
    }

    /// Sends something there, of about so many bytes, which counts as so many objects.
    pub fn send(&self, what: impl Any + Send, bytes: u64, objects: u64) {
        self.counters.pending_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.counters.pending_objects.fetch_add(objects, Ordering::Relaxed);
        let counted = Counted { bytes, objects, counters: Arc::clone(&self.counters) };
        let garbage = Garbage { _what: Box::new(what), _counted: counted };
        let _ = self.queue.send(garbage); // fails only when all is ending
    }

    /// Bytes that are allocated, but about to be freed.
    pub fn pending_bytes(&self) -> u64 {
        self.counters.pending_bytes.load(Ordering::Relaxed)
    }

    /// How many keys' values have not been freed yet.
    pub fn pending_objects(&self) -> u64 {
        self.counters.pending_objects.load(Ordering::Relaxed)
    }

    /// How many have been, since the start or since [`reset`](Self::reset).
    pub fn freed_objects(&self) -> u64 {
        self.counters.freed_objects.load(Ordering::Relaxed)
    }

    /// Begins to count anew.
    pub fn reset(&self) {
        self.counters.freed_objects.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Keyspace, List, list::End, value::Kind};

    fn list(len: usize) -> Value {
        let mut list = List::new();
        (0..len).for_each(|_| list.push(End::Back, &[b'x'; 1000]));
        list.into_value()
    }

    #[test]
    fn what_is_on_its_way_is_counted_until_it_is_gone() {
        let (lazy, garbage) = LazyFree::new();
        lazy.free(list(1));
        assert_eq!((lazy.pending_objects(), garbage.len()), (0, 0), "it was small");
        lazy.free(list(2000));
        lazy.send(Keyspace::default(), 50, 7);
        assert_eq!((lazy.pending_objects(), lazy.freed_objects()), (8, 0));
        assert!((2_000_000..3_000_000).contains(&lazy.pending_bytes()));
        let first = garbage.recv().unwrap();
        assert_eq!(lazy.pending_objects(), 8, "it is being freed");
        drop(first);
        assert_eq!((lazy.pending_objects(), lazy.freed_objects()), (7, 1));
        drop(garbage.recv().unwrap());
        assert_eq!((lazy.pending_objects(), lazy.pending_bytes()), (0, 0));
        assert_eq!(lazy.freed_objects(), 8);
        lazy.reset();
        assert_eq!(lazy.freed_objects(), 0);
    }
}
