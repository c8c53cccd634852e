//! Functions: what `redis.register_function` says about one, and where the interpreter keeps it.

use super::flags::ScriptFlags;
use super::lua::{Function, Result, Table};

/// A function that a library offers.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The name by which FCALL calls it.
    pub name: Vec<u8>,
    /// For people.
    pub description: Option<Vec<u8>>,
    /// What it may do.
    pub flags: ScriptFlags,
    /// Where the interpreter has it.
    pub id: ScriptId,
}

/// A compiled function: its place in the interpreter's table of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptId(pub i64);

/// Functions that a library has registered while it is being loaded.
pub struct Pending {
    functions: Table,
    /// What was kept since.
    pub kept: Vec<ScriptId>,
    /// Places that may be used again.
    pub free: Vec<i64>,
    /// What the registrations take outside of the interpreter.
    bytes: usize,
}

impl Pending {
    /// Functions go into this table, into free places first.
    pub fn new(functions: Table, free: Vec<i64>) -> Self {
        Pending { functions, kept: Vec::new(), free, bytes: 0 }
    }

    /// Counts what a registration takes that has texts of so many bytes, and returns the sum.
    pub fn count(&mut self, texts: usize) -> usize {
        self.bytes += size_of::<Registration>() + texts;
        self.bytes
    }

    /// Keeps a function.
    pub fn keep(&mut self, function: Function) -> Result<ScriptId> {
        let id = self.free.pop().unwrap_or(self.functions.raw_len() as i64 + 1);
        self.functions.raw_set(id, function)?;
        self.kept.push(ScriptId(id));
        Ok(ScriptId(id))
    }
}
