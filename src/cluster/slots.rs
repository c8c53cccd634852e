//! Slots, and sets of them: the keys of a cluster are divided into 16384 parts.

/// A slot's number.
pub type Slot = u16;

/// How many slots there are.
pub const SLOTS: usize = 16_384;
/// Bytes of a set as it is sent: one bit for each slot, the lowest bit of the first byte for slot 0.
pub const SET_BYTES: usize = SLOTS / 8;

/// A set of slots.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotSet {
    bits: Box<[u8; SET_BYTES]>,
    len: usize,
}

impl Default for SlotSet {
    fn default() -> Self {
        SlotSet { bits: Box::new([0; SET_BYTES]), len: 0 }
    }
}

impl std::fmt::Debug for SlotSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ranges()).finish()
    }
}

impl SlotSet {
    /// The set that these bytes are, as they were sent.
    pub fn from_bytes(bytes: &[u8; SET_BYTES]) -> SlotSet {
        let (words, _) = bytes.as_chunks::<8>();
        let len = words.iter().map(|word| u64::from_ne_bytes(*word).count_ones() as usize).sum();
        SlotSet { bits: Box::new(*bytes), len }
    }

    /// The bytes, as they are sent.
    pub fn as_bytes(&self) -> &[u8; SET_BYTES] {
        &self.bits
    }

    /// How many slots are in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether a slot is in it.
    #[inline]
    pub fn contains(&self, slot: Slot) -> bool {
        self.bits[usize::from(slot) / 8] & (1 << (slot % 8)) != 0
    }

    /// Puts a slot in. False: it was.
    pub fn insert(&mut self, slot: Slot) -> bool {
        let is_new = !self.contains(slot);
        self.bits[usize::from(slot) / 8] |= 1 << (slot % 8);
        self.len += usize::from(is_new);
        is_new
    }

    /// Takes a slot out. False: it wasn't in.
    pub fn remove(&mut self, slot: Slot) -> bool {
        let was_in = self.contains(slot);
        self.bits[usize::from(slot) / 8] &= !(1 << (slot % 8));
        self.len -= usize::from(was_in);
        was_in
    }

    /// The slots, in order.
    pub fn iter(&self) -> impl Iterator<Item = Slot> {
        let bytes = self.bits.iter().enumerate().filter(|(_, byte)| **byte != 0);
        bytes.flat_map(|(index, byte)| {
            let set = (0..8).filter(move |bit| byte & (1 << bit) != 0);
            set.map(move |bit| (index * 8) as Slot + bit)
        })
    }

    /// The slots as ranges, first and last, in order.
    pub fn ranges(&self) -> impl Iterator<Item = (Slot, Slot)> {
        let mut slots = self.iter().peekable();
        std::iter::from_fn(move || {
            let first = slots.next()?;
            let mut last = first;
            while let Some(next) = slots.next_if(|next| *next == last + 1) {
                last = next;
            }
            Some((first, last))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_its_bits() {
        let mut set = SlotSet::default();
        for slot in [0, 1, 2, 7, 8, 16_383] {
            assert!(set.insert(slot));
        }
        assert!(!set.insert(7) && set.contains(7) && !set.contains(6));
        assert_eq!(set.as_bytes()[..2], [0b1000_0111, 1]);
        assert_eq!(set.ranges().collect::<Vec<_>>(), [(0, 2), (7, 8), (16_383, 16_383)]);
        assert_eq!(SlotSet::from_bytes(set.as_bytes()), set);
        assert!(set.remove(0) && !set.remove(0));
        assert_eq!(set.iter().collect::<Vec<_>>(), [1, 2, 7, 8, 16_383]);
        assert_eq!(set.len(), 5);
    }
}
