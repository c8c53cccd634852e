//! `Stream`: an append-only log of entries, read by ID and by consumer groups.
//!
//! ```text
//! blocks:  [ 1-0 .. 9-3 | 100 entries ]  [ 9-4 .. 20-0 | 100 ]  [ 20-1 .. | 17, growing ]
//!            Arc<Block>                    Arc<Block>             Arc<Block>
//! ```
//!
//! IDs only ever grow, so the blocks are sorted without anybody sorting them: an entry is found by
//! binary search over the blocks and a short walk inside one. A stream grows at the back and is
//! trimmed at the front, which is what a `VecDeque` is good at. Redis keeps the same blocks in a
//! radix tree; since the IDs come in order, a deque does the same for eight bytes a block.
//!
//! Blocks are shared: a clone copies pointers, one for each hundred entries, and a write after it
//! copies the one block it changes (`Arc::make_mut`).
//!
//! The parts: [`id`] the IDs, [`block`] the bytes of a run of entries, [`group`] a consumer group,
//! [`reading`] groups at work, [`removal`] how entries go, [`listpack_size`] why blocks end where they end.
//!
//! What it leaves out on purpose: a block in which entries were removed is never rewritten; the
//! bytes come back when its last entry goes. Who removes from the middle of a log pays for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Bytes;

pub mod block;
pub mod group;
pub mod id;
pub mod listpack_size;
pub mod reading;
pub mod removal;

pub use self::block::{Block, Entry};
pub use self::group::{Consumer, Group, Pending};
pub use self::id::StreamId;
#[cfg(feature = "internals")] // for tests
pub use self::reading::{AutoClaimed, Delivered};
pub use self::reading::{Claim, Claimed};
pub use self::removal::{References, Removal};

/// Where a block ends: `stream-node-max-bytes` and `stream-node-max-entries`; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockLimits {
    /// Bytes, counted as Redis counts them.
    pub bytes: usize,
    /// Entries, the removed ones included.
    pub entries: usize,
}

impl Default for BlockLimits {
    fn default() -> Self {
        BlockLimits { bytes: 4096, entries: 100 }
    }
}

/// A block never grows past a gigabyte, limit or not.
const BLOCK_MAX_BYTES: usize = 1 << 30;

/// What a trim leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The last so many entries.
    Last(usize),
    /// The entries from this ID on.
    From(StreamId),
}

/// How thorough a trim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Removes all that are too many.
    Exact,
    /// Removes whole blocks only, which costs next to nothing, and no more than `limit` entries
    /// (0: as many as there are).
    Blocks {
        /// The most entries to remove.
        limit: usize,
    },
}

/// A stream; see the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    blocks: VecDeque<Arc<Block>>,
    len: usize,
    block_bytes: usize,
    /// The greatest ID there ever was; what is added next must be greater.
    pub last_id: StreamId,
    /// The greatest ID that was removed by name (not by a trim).
    pub max_deleted_id: StreamId,
    /// How many entries were ever added.
    pub entries_added: u64,
    groups: BTreeMap<Bytes, Arc<Group>>,
}

impl Stream {
    /// An empty stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The ID of the first entry, `0-0` if there is none.
    pub fn first_id(&self) -> StreamId {
        self.first().map_or(StreamId::MIN, |entry| entry.id)
    }

    /// The first entry.
    pub fn first(&self) -> Option<Entry<'_>> {
        self.blocks.front()?.entries().next()
    }

    /// The last entry.
    pub fn last(&self) -> Option<Entry<'_>> {
        self.blocks.back()?.entries().last()
    }

    /// The ID for an entry added now: the time, or just after the last ID if the clock is behind.
    /// `None` if the last possible ID has been used.
    pub fn next_id(&self, now_ms: u64) -> Option<StreamId> {
        if now_ms > self.last_id.ms { Some(StreamId::new(now_ms, 0)) } else { self.last_id.next() }
    }

    /// The first free ID of this millisecond. `None` if it has none left; an ID that is in the
    /// past is for `append` to refuse.
    pub fn next_id_within(&self, ms: u64) -> Option<StreamId> {
        let seq = if ms == self.last_id.ms { self.last_id.seq.checked_add(1)? } else { 0 };
        Some(StreamId::new(ms, seq))
    }

    /// Adds an entry; false if its ID is not greater than `last_id`.
    #[must_use]
    pub fn append<'a>(
        &mut self,
        id: StreamId,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        limits: &BlockLimits,
    ) -> bool {
        // Whoever loaded the stream may have set a `last_id` that lies before its last entry.
        let last_entry = self.blocks.back().map_or(StreamId::MIN, |block| block.last());
        if id <= self.last_id.max(last_entry) {
            return false;
        }
        if !self.last_block_takes(fields.clone(), limits) {
            if let Some(full) = self.blocks.len().checked_sub(1) {
                self.change_block(full, Block::shrink);
            }
            let block = Block::new(id, fields.clone());
            self.block_bytes += block.heap_size();
            self.blocks.push_back(Arc::new(block));
        }
        let pushed = self.change_block(self.blocks.len() - 1, |block| block.push(id, fields));
        debug_assert!(pushed, "the ID was checked");
        self.len += 1;
        self.entries_added += 1;
        self.last_id = id;
        true
    }

    /// Removes an entry; false if it is not there.
    pub fn delete(&mut self, id: StreamId) -> bool {
        let at = self.block_at(id);
        // Looking first keeps a miss from copying a block that a snapshot shares.
        if !self.contains(id) {
            return false;
        }
        self.change_block(at, |block| block.delete(id));
        if self.blocks[at].live() == 0 {
            self.block_bytes -= self.blocks[at].heap_size();
            self.blocks.remove(at);
        }
        self.len -= 1;
        self.max_deleted_id = self.max_deleted_id.max(id);
        true
    }

    /// Whether there is an entry of this ID.
    pub fn contains(&self, id: StreamId) -> bool {
        self.range(id, id).next().is_some()
    }

    /// The entries from `start` to `end`, both included.
    pub fn range(&self, start: StreamId, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        self.blocks
            .range(self.block_at(start)..)
            .flat_map(|block| block.entries())
            .skip_while(move |entry| entry.id < start)
            .take_while(move |entry| entry.id <= end)
    }

    /// The entries from `end` back to `start`, both included.
    pub fn range_back(&self, start: StreamId, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let after = self.blocks.partition_point(|block| block.first() <= end);
        self.blocks
            .range(..after)
            .rev()
            .flat_map(move |block| {
                let entries: Vec<_> = block.entries().take_while(|entry| entry.id <= end).collect();
                entries.into_iter().rev()
            })
            .take_while(move |entry| entry.id >= start)
    }

    /// The blocks, oldest first, for who saves a stream.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = &Block> {
        self.blocks.iter().map(|block| &**block)
    }

    /// Adds a whole block at the end, for who loads a stream. False, and no change, if it has no
    /// live entry or does not lie after what is there. The counters of the stream are the
    /// loader's to set.
    #[must_use]
    pub fn push_block(&mut self, mut block: Block) -> bool {
        let in_order = self.blocks.back().is_none_or(|before| before.last() < block.first());
        if block.live() == 0 || !in_order {
            return false;
        }
        block.shrink();
        self.len += block.live();
        self.block_bytes += block.heap_size();
        self.blocks.push_back(Arc::new(block));
        true
    }

    /// Bytes allocated outside the value itself; exact for entries, an estimate for groups.
    pub fn heap_size(&self) -> usize {
        let block = size_of::<Block>() + 2 * size_of::<usize>();
        let groups: usize = self.groups().map(|(_, group)| group.heap_size()).sum();
        self.block_bytes
            + self.blocks.len() * block
            + self.blocks.capacity() * size_of::<Arc<Block>>()
            + self.groups.len() * size_of::<(Bytes, Group)>()
            + groups
    }

    /// Changes a block, which copies it first if it is shared, and keeps count of its bytes.
    fn change_block<T>(&mut self, at: usize, change: impl FnOnce(&mut Block) -> T) -> T {
        let shared = &mut self.blocks[at];
        self.block_bytes -= shared.heap_size();
        let block = Arc::make_mut(shared);
        let result = change(block);
        self.block_bytes += block.heap_size();
        result
    }

    /// The first block that may hold this ID or a later one.
    fn block_at(&self, id: StreamId) -> usize {
        self.blocks.partition_point(|block| block.last() < id)
    }

    /// Whether there is a last block, and room in it by the rules of Redis.
    fn last_block_takes<'a>(
        &self,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        limits: &BlockLimits,
    ) -> bool {
        let Some(block) = self.blocks.back() else { return false };
        let coming: usize = fields.map(|(name, value)| name.len() + value.len()).sum();
        let max_bytes = if limits.bytes == 0 { BLOCK_MAX_BYTES } else { limits.bytes };
        let fits = block.listpack_size() + coming < max_bytes.min(BLOCK_MAX_BYTES);
        fits && (limits.entries == 0 || block.total() < limits.entries)
    }
}

#[cfg(test)]
mod tests;
