//! Large buffers that the connections of a server lend each other.
//!
//! Reading a value of 100 KB takes a buffer of that size for some microseconds, and making one takes as
//! long: pages have to be found, and filled with zeros. If each connection kept its own, a thousand that have
//! nothing to say would keep a thousand. So there are a few, which is enough for those that read at the same
//! time, and they stay in the processor's cache. What nobody needs any more is freed.
//!
//! A connection that gets none reads all the same, into a buffer that grows with what arrives. So it
//! costs a fixed amount of memory that peers announce long values and don't send them.

use std::mem;
use std::sync::{Mutex, MutexGuard};

/// How long they are at first: most of what is too much for a connection's own buffer fits in.
const SHORTEST: usize = 256 * 1024;
/// They keep what they have grown to, up to this: a value of a megabyte, with what stands around it.
pub(super) const LONGEST: usize = 1280 * 1024;
/// How many there are: for each of some cores one that reads, and some whose peers are slow.
const MOST: usize = 4;

/// The buffers; none is made before it is needed.
#[derive(Debug, Default)]
pub struct BufferPool(Mutex<Buffers>);

#[derive(Debug, Default)]
struct Buffers {
    /// The last one that came back is the first to go again.
    spare: Vec<Vec<u8>>,
    lent: usize,
    /// So many were always spare since it was last looked.
    unused: usize,
}

impl BufferPool {
    fn buffers(&self) -> MutexGuard<'_, Buffers> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A buffer of at least `len` bytes, with whatever stands in it; None: that is too much, or all are lent.
    pub fn borrow(&self, len: usize) -> Option<Vec<u8>> {
        let mut buffers = self.buffers();
        if len > LONGEST || buffers.lent == MOST {
            return None;
        }
        buffers.lent += 1;
        let mut buffer = buffers.spare.pop().unwrap_or_default();
        buffers.unused = buffers.unused.min(buffers.spare.len());
        drop(buffers);
        if buffer.len() < len {
            buffer = vec![0; len.max(SHORTEST)];
        }
        Some(buffer)
    }

    /// Takes back what was borrowed, and may have grown meanwhile.
    pub fn give_back(&self, mut buffer: Vec<u8>) {
        buffer.truncate(LONGEST);
        buffer.shrink_to(LONGEST);
        let mut buffers = self.buffers();
        buffers.lent -= 1;
        buffers.spare.push(buffer);
    }

    /// Frees what nobody has needed since this was last called.
    pub fn trim(&self) {
        let mut buffers = self.buffers();
        let unused = mem::take(&mut buffers.unused);
        let freed: Vec<Vec<u8>> = buffers.spare.drain(..unused).collect();
        buffers.unused = buffers.spare.len();
        drop(buffers);
        drop(freed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn borrow_all(pool: &BufferPool, len: usize) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| pool.borrow(len)).collect()
    }

    #[test]
    fn there_are_only_a_few_and_they_come_back() {
        let pool = BufferPool::default();
        assert!(pool.borrow(LONGEST + 1).is_none());
        let mut lent = borrow_all(&pool, 1000);
        assert_eq!(lent.len(), MOST);
        lent[0][0] = b'x';
        lent[1].resize(2 * LONGEST, b'y');
        lent.into_iter().for_each(|buffer| pool.give_back(buffer));
        let again = borrow_all(&pool, 1000);
        assert_eq!(again.len(), MOST);
        assert!(again.iter().any(|buffer| buffer[0] == b'x'), "it is used again as it is");
        assert!(
            again.iter().any(|buffer| buffer.len() == LONGEST),
            "it keeps what it has grown to"
        );
        assert!(again.iter().all(|buffer| buffer.capacity() <= LONGEST), "up to a bound");
    }

    #[test]
    fn what_was_not_needed_is_freed() {
        let pool = BufferPool::default();
        borrow_all(&pool, 1000).into_iter().for_each(|buffer| pool.give_back(buffer));
        pool.trim();
        assert_eq!(pool.buffers().spare.len(), MOST, "all were needed since the last time");
        let one = pool.borrow(1000).unwrap();
        pool.give_back(one);
        pool.trim();
        assert_eq!(pool.buffers().spare.len(), 1);
        pool.trim();
        assert_eq!(pool.buffers().spare.len(), 0);
    }
}
