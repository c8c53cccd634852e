use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Claim {
    pub who: &'static str,
    pub epoch: u64,
    pub slots: Vec<u16>,
}

pub struct Table {
    me: &'static str,
    /// The owner of each slot that has one.
    pub owners: BTreeMap<u16, &'static str>,
    epochs: BTreeMap<&'static str, u64>,
}

impl Table {
    pub fn new(me: &'static str) -> Self {
        Table { me, owners: BTreeMap::new(), epochs: BTreeMap::new() }
    }

    pub fn hear(&mut self, claim: &Claim) -> Vec<u16> {
        let known = self.epochs.entry(claim.who).or_default();
        if claim.epoch < *known {
            return Vec::new();
        }
        *known = claim.epoch;
        let dropped =
            |slot: &u16, owner: &mut &str| *owner == claim.who && !claim.slots.contains(slot);
        self.owners.retain(|slot, owner| !dropped(slot, owner));
        let mut lost = Vec::new();
        for slot in &claim.slots {
            let owner = self.owners.get(slot).copied();
            let rank = |who: &'static str| (self.epochs.get(who).copied(), who);
            if owner.is_some_and(|owner| rank(owner) >= rank(claim.who)) {
                continue;
            }
            if owner == Some(self.me) {
                lost.push(*slot);
            }
            self.owners.insert(*slot, claim.who);
        }
        lost
    }
}
