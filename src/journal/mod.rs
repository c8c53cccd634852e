//! The journal: what commands changed, as commands.
//!
//! A command that changed data leaves [`Effect`]s: requests that bring any other copy of the data
//! to the same state. Usually that is its own text. Where the text would not do the same thing
//! twice, the handler gives another: `EXPIRE k 10` becomes `PEXPIREAT k <time>`, `SPOP` the `SREM`
//! of what came out, a key that expired a `DEL`.
//!
//! Effects are collected while a command runs and encoded once when it has ended, with SELECT
//! where the database changes, and MULTI and EXEC around more than one. Append-only file and
//! replicas get the same bytes.

use crate::resp::{Args, Request};

/// A request that repeats a change.
#[derive(Clone, Debug)]
pub struct Effect {
    /// The database it applies to.
    pub db: usize,
    /// The command.
    pub request: Request,
}

/// The effects of the command that is being executed.
#[derive(Debug, Default)]
pub struct Journal {
    pending: Vec<Effect>,
    /// Somebody consumes what is recorded: an append-only file, or replicas.
    needed: bool,
}

impl Journal {
    /// Whether effects have to be recorded at all.
    #[inline]
    pub fn is_needed(&self) -> bool {
        self.needed
    }

    /// Records an effect of the running command.
    pub fn add(&mut self, effect: Effect) {
        if self.needed {
            self.pending.push(effect);
        }
    }

    /// Records `args` as an effect.
    pub fn add_args(&mut self, db: usize, args: Args<'_>) {
        if self.needed {
            self.pending.push(Effect { db, request: args.into() });
        }
    }

    /// The command, transaction or script has ended: what it left becomes one unit.
    pub fn end_of_unit(&mut self) {
        self.pending.clear();
    }
}
