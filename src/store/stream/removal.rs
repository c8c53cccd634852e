//! Removing entries: one, or from the front, and what becomes of what groups know of them.
//!
//! A group that has handed an entry out refers to it until it is acknowledged; one that hasn't come so far yet will
//! want it. Whoever removes entries says what that means:
//!
//! | [`References`] | an entry that a group refers to, or has yet to read      | what groups know |
//! |----------------|---------------------------------------------------------|------------------|
//! | `Keep`         | goes                                                    | stays            |
//! | `Remove`       | goes                                                    | goes, too        |
//! | `Respect`      | stays                                                   | stays            |

use super::{Keep, Precision, Stream, StreamId};

/// What the references of groups mean to who removes entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// Nothing: they stay, and lead nowhere.
    #[default]
    Keep,
    /// They go with the entry.
    Remove,
    /// The entry stays as long as there is one, or a group has yet to read it.
    Respect,
}

/// What came of removing one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Done,
    /// There is nothing of this ID.
    Nothing,
    /// A group needs it.
    Needed,
}

impl Stream {
    /// Removes an entry. References to one that is gone already count and go as if it were there.
    pub fn remove(&mut self, id: StreamId, references: References) -> Removal {
        match references {
            References::Respect if self.is_needed(id) => return Removal::Needed,
            References::Remove => self.forget(id),
            References::Keep | References::Respect => {}
        }
        if self.delete(id) { Removal::Done } else { Removal::Nothing }
    }

    /// Takes an ID off a group's list, and removes the entry, unless that has gone before. `Nothing`: it was
    /// not on that list.
    pub fn acknowledge_and_remove(
        &mut self,
        group: &[u8],
        id: StreamId,
        references: References,
    ) -> Removal {
        if self.group_mut(group).and_then(|group| group.ack(id)).is_none() {
            return Removal::Nothing;
        }
        match self.remove(id, references) {
            Removal::Needed => Removal::Needed,
            Removal::Done | Removal::Nothing => Removal::Done,
        }
    }

    /// How many IDs are on the lists of groups, all together.
    pub fn pending(&self) -> usize {
        self.groups().map(|(_, group)| group.pending().len()).sum()
    }

    /// Whether a group refers to an entry, or has yet to read it.
    fn is_needed(&self, id: StreamId) -> bool {
        self.groups().any(|(_, group)| id > group.last_id || group.pending().get(&id).is_some())
    }

    /// Takes an ID off the lists of all groups.
    fn forget(&mut self, id: StreamId) {
        // Looking first keeps a miss from copying a group that a snapshot shares.
        let has_it = |(_, group): &(_, &super::Group)| group.pending().get(&id).is_some();
        let names: Vec<_> = self.groups().filter(has_it).map(|(name, _)| name.clone()).collect();
        for name in names {
            self.group_mut(&name).and_then(|group| group.ack(id));
        }
    }

    /// Removes entries from the front; returns how many.
    pub fn trim(&mut self, keep: Keep, precision: Precision, references: References) -> usize {
        let before = self.len;
        // Behind what the slowest group has read, everything is needed.
        let slowest = self.groups().map(|(_, group)| group.last_id).min();
        let read_by_all = slowest.filter(|_| references == References::Respect);
        let mut at = 0;
        while let Some(block) = self.blocks.get(at) {
            let live = block.live();
            let done = match keep {
                Keep::Last(count) => self.len <= count,
                Keep::From(id) => block.first() >= id,
            };
            let whole = match keep {
                Keep::Last(count) => self.len - live >= count,
                Keep::From(id) => block.last() < id,
            };
            let removed = before - self.len;
            let too_many = match precision {
                Precision::Blocks { limit } => limit > 0 && removed + live > limit,
                Precision::Exact => false,
            };
            let unread = read_by_all.is_some_and(|id| block.first() > id);
            if done || too_many || unread || !whole && precision != Precision::Exact {
                break;
            }
            if whole && references == References::Keep {
                self.len -= live;
                self.block_bytes -= block.heap_size();
                self.blocks.remove(at);
                continue;
            }
            at += usize::from(!self.trim_block(at, keep, references));
        }
        before - self.len
    }

    /// Removes entries from one block, as far as `keep` says and groups allow. True: the block is gone.
    fn trim_block(&mut self, at: usize, keep: Keep, references: References) -> bool {
        let mut doomed = Vec::new();
        for (id, place) in self.blocks[at].places() {
            let done = match keep {
                Keep::Last(count) => self.len - doomed.len() <= count,
                Keep::From(first) => id >= first,
            };
            if done {
                break;
            }
            if references != References::Respect || !self.is_needed(id) {
                doomed.push((id, place));
            }
        }
        if references == References::Remove {
            doomed.iter().for_each(|(id, _)| self.forget(*id));
        }
        if doomed.is_empty() {
            return false;
        }
        self.len -= doomed.len();
        let places: Vec<usize> = doomed.into_iter().map(|(_, place)| place).collect();
        self.change_block(at, |block| block.delete_at(&places));
        let is_gone = self.blocks[at].live() == 0;
        if is_gone {
            self.block_bytes -= self.blocks[at].heap_size();
            self.blocks.remove(at);
        }
        is_gone
    }
}
