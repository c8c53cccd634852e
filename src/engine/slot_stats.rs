//! What is done in each hash slot of a node, for CLUSTER SLOT-STATS: `cluster-slot-stats-enabled`.
//!
//! A request counts for the slot of its keys: its bytes, the bytes of its reply, and the time that it takes. A
//! transaction and a script count as one request, the commands of a transaction when they are queued, too.

use crate::cluster::{SLOTS, Slot};
use crate::resp::Args;

/// What has been done in a slot.
#[derive(Clone, Copy, Debug, Default)]
pub struct SlotUsage {
    /// Time that commands took.
    pub busy_ns: u64,
    /// Bytes of requests.
    pub received: u64,
    /// Bytes of replies.
    pub sent: u64,
}

/// The same for every slot. It takes memory once something is counted.
#[derive(Debug, Default)]
pub struct SlotStats(Vec<SlotUsage>);

impl SlotStats {
    /// What has been done in a slot, to be added to.
    pub fn of_mut(&mut self, slot: Slot) -> &mut SlotUsage {
        if self.0.is_empty() {
            self.0.resize(SLOTS, SlotUsage::default());
        }
        &mut self.0[usize::from(slot)]
    }

    /// What has been done in a slot.
    pub fn of(&self, slot: Slot) -> SlotUsage {
        self.0.get(usize::from(slot)).copied().unwrap_or_default()
    }

    /// Forgets all about the other slots: they are another node's now.
    pub fn keep(&mut self, is_ours: impl Fn(Slot) -> bool) {
        let others = self.0.iter_mut().zip(0..).filter(|(_, slot)| !is_ours(*slot));
        others.for_each(|(usage, _)| *usage = SlotUsage::default());
    }
}

/// How long a request is in the protocol.
pub fn encoded_len(args: Args<'_>) -> u64 {
    let number = |number: usize| 1 + u64::from(number.checked_ilog10().unwrap_or(0) + 1) + 2;
    let text = |text: &[u8]| number(text.len()) + text.len() as u64 + 2;
    number(args.len()) + args.iter().map(text).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Request;

    #[test]
    fn lengths_are_those_of_what_is_sent() {
        for words in [&["GET", "a"][..], &["SET", "k", ""], &["x", &"y".repeat(1000)]] {
            let request = Request::new(words.iter().map(|word| word.as_bytes()));
            let mut sent = Vec::new();
            crate::resp::writer::encode_request(&mut sent, request.args().iter());
            assert_eq!(encoded_len(request.args()), sent.len() as u64);
        }
    }

    #[test]
    fn a_slot_that_goes_begins_anew() {
        let mut stats = SlotStats::default();
        (stats.of_mut(5).sent, stats.of_mut(6).sent) = (7, 8);
        stats.keep(|slot| slot == 6);
        assert_eq!((stats.of(5).sent, stats.of(6).sent, stats.of(7).sent), (0, 8, 0));
    }
}
