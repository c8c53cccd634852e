//! What `redis.register_function` says about a function.

use super::flags::ScriptFlags;

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
    pub id: super::interpreter::ScriptId,
}
