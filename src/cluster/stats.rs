//! Packets, counted by type: CLUSTER INFO.

use super::packet::Kind;

/// Packets sent and received.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    sent: [u64; Kind::COUNT],
    received: [u64; Kind::COUNT],
    /// Links that were ended because too much waited.
    pub links_over_limit: u64,
}

impl Stats {
    /// A packet is being sent.
    pub fn count_sent(&mut self, kind: Kind) {
        self.sent[kind as usize] += 1;
    }

    /// A packet has come.
    pub fn count_received(&mut self, kind: Kind) {
        self.received[kind as usize] += 1;
    }

    /// How many were sent of each type that there has been, and in all.
    pub fn sent(&self) -> (Vec<(&'static str, u64)>, u64) {
        by_name(&self.sent)
    }

    /// How many have come of each type that there has been, and in all.
    pub fn received(&self) -> (Vec<(&'static str, u64)>, u64) {
        by_name(&self.received)
    }
}

fn by_name(counts: &[u64; Kind::COUNT]) -> (Vec<(&'static str, u64)>, u64) {
    let named = Kind::ALL.iter().map(|kind| (kind.name(), counts[*kind as usize]));
    (named.filter(|(_, count)| *count > 0).collect(), counts.iter().sum())
}
