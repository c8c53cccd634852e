//! `oom-score-adj`: a master is to be spared longer than its replicas when memory runs out.

use std::io;

use super::Engine;
use crate::config::OomScoreAdj;
use crate::system::oom::{self, Score};

impl Engine {
    /// Sets the score that the configuration has for our role.
    pub fn adjust_oom_score(&self) -> io::Result<()> {
        let [master, replica, _] = self.config.oom_score_adj_values;
        let value = if self.is_replica() { replica } else { master };
        oom::set(match self.config.oom_score_adj {
            OomScoreAdj::No => Score::Inherited,
            OomScoreAdj::Yes | OomScoreAdj::Relative => Score::Relative(value),
            OomScoreAdj::Absolute => Score::Absolute(value),
        })
    }

    /// The same after a change of the role, which goes on whatever comes of this.
    pub fn adjust_oom_score_to_role(&self) {
        if let Err(error) = self.adjust_oom_score() {
            crate::warning!("Unable to write oom_score_adj: {error}");
        }
    }
}
