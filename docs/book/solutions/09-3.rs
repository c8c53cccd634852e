use std::collections::{BTreeSet, HashMap};

#[derive(Clone, Copy, Default)]
pub struct Options {
    pub nx: bool,
    pub xx: bool,
    pub gt: bool,
    pub lt: bool,
}

#[derive(Debug, PartialEq)]
pub enum Outcome {
    Added,
    Updated,
    Nothing,
}

#[derive(Default)]
pub struct SortedSet {
    pub scores: HashMap<String, i64>,
    pub order: BTreeSet<(i64, String)>,
}

impl SortedSet {
    pub fn add(&mut self, member: &str, score: i64, options: Options) -> Outcome {
        let old = self.scores.get(member).copied();
        let refused = match old {
            None => options.xx,
            Some(old) => {
                let is_less = options.gt && score <= old || options.lt && score >= old;
                options.nx || is_less || score == old
            }
        };
        if refused {
            return Outcome::Nothing;
        }
        if let Some(old) = old {
            self.order.remove(&(old, member.to_owned()));
        }
        self.scores.insert(member.into(), score);
        self.order.insert((score, member.into()));
        if old.is_some() { Outcome::Updated } else { Outcome::Added }
    }

    /// Whether it was there.
    pub fn remove(&mut self, member: &str) -> bool {
        let Some(score) = self.scores.remove(member) else { return false };
        self.order.remove(&(score, member.to_owned()))
    }

    pub fn rank(&self, member: &str) -> Option<usize> {
        let place = (*self.scores.get(member)?, member.to_owned());
        Some(self.order.range(..place).count())
    }
}
