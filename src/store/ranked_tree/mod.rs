//! `RankedTree`: scores and members in order, with a rank for every one of them.
//!
//! A sorted set answers three kinds of question: where does this score begin, who stands at place
//! 4711, and what place does this member hold. A B+ tree whose inner nodes also know how many
//! entries hang below each child answers all three by walking down once:
//!
//! ```text
//!                 Inner   first     (-, a) | (3.5, k) | (9, b)
//!                         count         40 |       64 |     17     rank of a child's first entry
//!                         node           | |        | |      |     = sum of the counts before it
//!                    .-------------------' |        | '------+---------.
//!            Leaf [(1,a) (2,b) ...]   Leaf [(3.5,k) ...]   Leaf [(9,b) ...]
//! ```
//!
//! The skip list that is usual for this job needs one allocation and several pointers for each
//! entry; here 64 entries share a node, so a walk along the order is a walk along an array.
//!
//! Children sit behind `Arc`. Cloning the tree copies one pointer, and a write to either copy
//! first copies the nodes on its own way down (`Arc::make_mut`), a few kilobytes, whatever the
//! size of the tree. That is what lets a snapshot read a million entries while they change.
//!
//! `first` is a lower bound of the child's entries, and greater than all entries of the child
//! before it. It need not be in the tree any more: removing an entry leaves the bounds alone. The
//! first child of a node takes whatever is less than the second's bound; its own is never read.
//!
//! What it leaves out on purpose: values (the score is part of the key), finding a member without
//! its score (the sorted set keeps a table for that), and NaN, which has no place in an order.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::Bytes;

/// Most entries in a leaf, most children of an inner node: a leaf of short members then fills
/// 2 KiB, so that the copy a shared node costs stays far below a microsecond.
const NODE_MAX: usize = 64;
/// A node that falls below this shares with, or merges into, a neighbour.
const NODE_MIN: usize = NODE_MAX / 4;
/// Merged nodes stay at least this far from splitting again, or one entry that comes and goes
/// could split and merge a node forever.
const MERGED_MAX: usize = NODE_MAX * 3 / 4;

/// One member and its score; ordered by score, then by the bytes of the member.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Never NaN; `-0.0` and `0.0` are the same place.
    pub score: f64,
    /// The member.
    pub member: Bytes,
}

impl Entry {
    /// Compares with a place that need not be in any tree.
    fn compare(&self, score: f64, member: &[u8]) -> Ordering {
        let by_score = self.score.partial_cmp(&score).expect("a score is never NaN");
        by_score.then_with(|| self.member.as_slice().cmp(member))
    }
}

#[derive(Clone)]
enum Node {
    Leaf(Vec<Entry>),
    Inner(Vec<Child>),
}

#[derive(Clone)]
struct Child {
    first: Entry,
    count: usize,
    node: Arc<Node>,
}

/// An ordered, ranked, cheaply cloned set of (score, member); see the module documentation.
#[derive(Clone)]
pub struct RankedTree {
    root: Arc<Node>,
    len: usize,
}

impl Default for RankedTree {
    fn default() -> Self {
        RankedTree { root: Arc::new(Node::Leaf(Vec::new())), len: 0 }
    }
}

impl RankedTree {
    /// The number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[cfg(feature = "internals")] // for tests
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an entry; false if exactly this one is there already.
    pub fn insert(&mut self, score: f64, member: &[u8]) -> bool {
        debug_assert!(!score.is_nan());
        let entry = Entry { score, member: Bytes::new(member) };
        let Some(split) = insert_below(Arc::make_mut(&mut self.root), entry) else { return false };
        self.len += 1;
        if let Some(right) = split {
            // The root grows a level. Its own lower bound is never looked at, so any entry will do.
            let left = std::mem::take(self).root;
            let left = Child { first: right.first.clone(), count: left.count(), node: left };
            self.len = left.count + right.count;
            self.root = Arc::new(Node::Inner(vec![left, right]));
        }
        true
    }

    /// Removes an entry; false if it is not there.
    pub fn remove(&mut self, score: f64, member: &[u8]) -> bool {
        let Some(rank) = self.rank(score, member) else { return false };
        self.remove_range(rank..rank + 1);
        true
    }

    /// Removes the entries of these ranks. Whole subtrees are cut off, so the time depends on the
    /// depth of the tree and on freeing what is cut, not on searching for each entry.
    pub fn remove_range(&mut self, ranks: Range<usize>) {
        let ranks = ranks.start..ranks.end.min(self.len);
        if ranks.is_empty() {
            return;
        }
        self.len -= ranks.len();
        if self.len == 0 {
            *self = Self::default();
            return;
        }
        remove_below(Arc::make_mut(&mut self.root), ranks);
        while let Node::Inner(children) = &*self.root
            && let [only] = &children[..]
        {
            self.root = Arc::clone(&only.node);
        }
    }

    /// The place of an entry, counted from 0.
    pub fn rank(&self, score: f64, member: &[u8]) -> Option<usize> {
        let rank = self.position(|entry| entry.compare(score, member).is_lt());
        self.nth(rank).filter(|entry| entry.compare(score, member).is_eq()).map(|_| rank)
    }

    /// The rank of the first entry for which `before` is false, or `len()`. Like
    /// `slice::partition_point`, it expects `before` to be true for a prefix of the order; it may
    /// be asked about entries that have been removed meanwhile.
    pub fn position(&self, before: impl Fn(&Entry) -> bool) -> usize {
        let mut node = &*self.root;
        let mut rank = 0;
        loop {
            match node {
                Node::Leaf(entries) => return rank + entries.partition_point(before),
                Node::Inner(children) => {
                    let at = children[1..].partition_point(|child| before(&child.first));
                    rank += children[..at].iter().map(|child| child.count).sum::<usize>();
                    node = &children[at].node;
                }
            }
        }
    }

    /// The entry at this rank.
    pub fn nth(&self, rank: usize) -> Option<&Entry> {
        let (leaf, at) = self.leaf(rank);
        leaf.get(at)
    }

    /// The entries of these ranks in order; `rev()` walks the other way at the same price.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        let end = ranks.end.min(self.len);
        Iter { tree: self, ranks: ranks.start.min(end)..end, front: &[], back: &[] }
    }

    /// All entries in order.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len)
    }

    /// About how many bytes are allocated, long members not counted: leaves have an eighth more room
    /// than they use, and there are the inner nodes. An estimate, because it must not cost a walk.
    pub fn heap_size(&self) -> usize {
        size_of::<Node>() + self.len * size_of::<Entry>() * 5 / 4
    }

    /// The leaf in which this rank lies, and where in it.
    fn leaf(&self, mut rank: usize) -> (&[Entry], usize) {
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(entries) => return (entries, rank),
                Node::Inner(children) => {
                    let at = child_of_rank(children, &mut rank);
                    node = &children[at].node;
                }
            }
        }
    }
}

/// An iterator over entries in order. It holds the rest of one leaf for each direction and finds
/// the next leaf from the top by rank, once in some thirty entries; that spares it a stack.
#[derive(Clone)]
pub struct Iter<'a> {
    tree: &'a RankedTree,
    ranks: Range<usize>,
    front: &'a [Entry],
    back: &'a [Entry],
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Entry;

    fn next(&mut self) -> Option<&'a Entry> {
        let rank = self.ranks.next()?;
        if self.front.is_empty() {
            let (leaf, at) = self.tree.leaf(rank);
            self.front = &leaf[at..];
        }
        self.front.split_off_first()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let rank = self.ranks.next_back()?;
        if self.back.is_empty() {
            let (leaf, at) = self.tree.leaf(rank);
            self.back = &leaf[..=at];
        }
        self.back.split_off_last()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl Node {
    /// Entries at and below this node.
    fn count(&self) -> usize {
        match self {
            Node::Leaf(entries) => entries.len(),
            Node::Inner(children) => children.iter().map(|child| child.count).sum(),
        }
    }

    /// Entries of a leaf or children of an inner node: what the limits are about.
    fn width(&self) -> usize {
        match self {
            Node::Leaf(entries) => entries.len(),
            Node::Inner(children) => children.len(),
        }
    }

    /// Moves everything from `at` on into a new right-hand sibling.
    fn split(&mut self, at: usize) -> Child {
        let (first, node) = match self {
            Node::Leaf(entries) => {
                let right = entries.split_off(at);
                entries.shrink_to(at + at / 4);
                (right[0].clone(), Node::Leaf(right))
            }
            Node::Inner(children) => {
                (children[at].first.clone(), Node::Inner(children.split_off(at)))
            }
        };
        Child { first, count: node.count(), node: Arc::new(node) }
    }
}

/// The child that holds the entry of this rank; `rank` becomes its rank within that child.
fn child_of_rank(children: &[Child], rank: &mut usize) -> usize {
    let last = children.len() - 1;
    for (at, child) in children[..last].iter().enumerate() {
        if *rank < child.count {
            return at;
        }
        *rank -= child.count;
    }
    last
}

/// Inserts below `node`. `None`: it was there already. `Some(Some(right))`: it was inserted, and
/// `node` had to give its right half away.
fn insert_below(node: &mut Node, entry: Entry) -> Option<Option<Child>> {
    let compare = |other: &Entry| other.compare(entry.score, &entry.member);
    let at = match node {
        Node::Leaf(entries) => {
            let at = entries.binary_search_by(compare).err()?;
            if entries.len() == entries.capacity() {
                // By a quarter: doubling for the last one before a split would leave half unused.
                entries.reserve_exact((entries.len() / 4).max(4));
            }
            entries.insert(at, entry);
            at
        }
        Node::Inner(children) => {
            let at = children[1..].partition_point(|child| compare(&child.first).is_le());
            let child = &mut children[at];
            let split = insert_below(Arc::make_mut(&mut child.node), entry)?;
            child.count += 1;
            let Some(right) = split else { return Some(None) };
            child.count -= right.count;
            children.insert(at + 1, right);
            at + 1
        }
    };
    let width = node.width();
    if width <= NODE_MAX {
        return Some(None);
    }
    // Scores that only grow (times, counters) always split the last node: leave it full instead
    // of half empty, since nothing will ever come to fill it.
    Some(Some(node.split(if at == width - 1 { at } else { width / 2 })))
}

/// Removes these ranks, which do not cover all of `node`, below it.
fn remove_below(node: &mut Node, ranks: Range<usize>) {
    let children = match node {
        Node::Leaf(entries) => {
            entries.drain(ranks);
            return;
        }
        Node::Inner(children) => children,
    };
    let mut start = 0;
    children.retain_mut(|child| {
        let end = start + child.count;
        let (from, to) = (ranks.start.max(start), ranks.end.min(end));
        let inside = from.saturating_sub(start)..to.saturating_sub(start);
        start = end;
        if inside.len() == child.count {
            return false;
        }
        if !inside.is_empty() {
            child.count -= inside.len();
            remove_below(Arc::make_mut(&mut child.node), inside);
        }
        true
    });
    // At most the two children at the edges of the gap were cut; the right one first, because
    // mending it may merge it into the left one.
    let mut rank = ranks.start;
    let right = child_of_rank(children, &mut rank);
    mend(children, right);
    mend(children, right.saturating_sub(1));
}

/// If the child is too small, joins it with a neighbour, and splits the two evenly again if that
/// makes too large a node.
fn mend(children: &mut Vec<Child>, at: usize) {
    if children.len() < 2 || at >= children.len() || children[at].node.width() >= NODE_MIN {
        return;
    }
    let left = if at + 1 < children.len() { at } else { at - 1 };
    let taken = children.remove(left + 1);
    let joined = &mut children[left];
    joined.count += taken.count;
    let node = Arc::make_mut(&mut joined.node);
    match (&mut *node, Arc::unwrap_or_clone(taken.node)) {
        (Node::Leaf(entries), Node::Leaf(more)) => entries.extend(more),
        (Node::Inner(inner), Node::Inner(mut more)) => {
            // No longer the first child of its node, so from now on its bound counts.
            more[0].first = taken.first;
            // A cut through a large tree leaves small nodes on both sides at every level; they
            // meet at this seam.
            let seam = inner.len();
            inner.extend(more);
            mend(inner, seam);
            mend(inner, seam - 1);
        }
        _ => unreachable!("all leaves are at the same depth"),
    }
    let width = node.width();
    if width > MERGED_MAX {
        let right = node.split(width / 2);
        joined.count -= right.count;
        children.insert(left + 1, right);
    }
}

#[cfg(test)]
mod tests;
