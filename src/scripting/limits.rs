//! What a script may take: memory and time.
//!
//! | what                                      | how it ends                                          |
//! |-------------------------------------------|------------------------------------------------------|
//! | memory of the interpreter                 | its allocator refuses: `not enough memory`           |
//! | texts that Rust functions put together    | counted with it while they grow ([`Buffer`])          |
//! | Lua code that doesn't end                 | a hook looks every some thousand instructions         |
//! | functions in C or Rust that take long     | those that can look themselves ([`host::tick`])       |
//!
//! Lua 5.1 collects garbage when twice as much is in use as the last time, which may be beyond the limit,
//! and doesn't when an allocation fails. So the hook collects, too, when memory becomes short.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::host::{self, Pace};
use super::lua::{HookTriggers, Lua, Raise, Result, VmState, raise};

/// So many instructions are executed between two looks at the clock. Some take long (two large strings
/// put together, say), hence so few.
pub const INSTRUCTIONS_PER_TICK: u32 = 10_000;
/// The same once it is known that a script takes its time: who wants to end it doesn't have to wait.
const INSTRUCTIONS_PER_TICK_IF_SLOW: u32 = 100;

/// What an interpreter may take, kept with it.
pub struct Limits {
    /// So many bytes.
    pub memory: usize,
    /// What was in use after the last collection that shortage has caused.
    after_collection: AtomicUsize,
    /// The same for one between two scripts.
    after_last_script: AtomicUsize,
    /// It is looked at the clock more often.
    is_slow: AtomicBool,
}

/// Limits what an interpreter may take.
pub fn set(lua: &Lua, memory: usize) -> Result<Arc<Limits>> {
    let limits = Arc::new(Limits {
        memory,
        after_collection: AtomicUsize::new(0),
        after_last_script: AtomicUsize::new(0),
        is_slow: AtomicBool::new(false),
    });
    lua.set_memory_limit(memory)?;
    limits.look_every(lua, INSTRUCTIONS_PER_TICK)?;
    Ok(limits)
}

impl Limits {
    fn look_every(self: &Arc<Self>, lua: &Lua, instructions: u32) -> Result<()> {
        let triggers = HookTriggers::new().every_nth_instruction(instructions);
        let limits = Arc::clone(self);
        lua.set_global_hook(triggers, move |lua, _| limits.look(lua).map(|()| VmState::Continue))
    }

    /// Called by the interpreter every now and then.
    fn look(self: &Arc<Self>, lua: &Lua) -> Result<()> {
        collect_if_grown(lua, self.memory, &self.after_collection);
        let is_slow = host::pace()? == Pace::Slow;
        if is_slow && !self.is_slow.swap(true, Ordering::Relaxed) {
            self.look_every(lua, INSTRUCTIONS_PER_TICK_IF_SLOW)?;
        }
        Ok(())
    }

    /// The script has ended. If memory is short, `release` lets go of what was its own. Returns what is in use.
    pub fn end(self: &Arc<Self>, lua: &Lua, release: impl FnOnce()) -> usize {
        let mut used = lua.used_memory();
        if used > self.memory / 2 {
            release();
            collect_if_grown(lua, self.memory, &self.after_last_script);
            used = lua.used_memory();
            self.after_collection.store(used, Ordering::Relaxed);
        }
        if self.is_slow.load(Ordering::Relaxed) {
            self.is_slow.store(false, Ordering::Relaxed);
            let _ = self.look_every(lua, INSTRUCTIONS_PER_TICK); // could be set before
        }
        used
    }
}

/// Whether so many bytes, which are put together elsewhere, will find room in the interpreter.
pub fn room_for(lua: &Lua, bytes: usize) -> Result<()> {
    let limit = memory(lua);
    let room = || limit.saturating_sub(lua.used_memory());
    if room() < bytes {
        lua.gc_collect()?;
    }
    if room() >= bytes { Ok(()) } else { no_memory() }
}

/// Fails as Lua itself does.
pub fn no_memory<T>() -> Result<T> {
    raise(Raise::Text(b"not enough memory".to_vec()))
}

/// Bytes that the interpreter may take, as things are.
pub fn memory(lua: &Lua) -> usize {
    let Ok(limit) = lua.set_memory_limit(0) else { return usize::MAX };
    let _ = lua.set_memory_limit(limit); // could be set before
    if limit == 0 { usize::MAX } else { limit }
}

/// Lets `build` make values that take so many bytes at most.
///
/// Where a limit holds, the crate guards each allocation against the jump by which Lua reports that there
/// is no memory: that takes several times as long as the allocation. What surely finds room is built
/// without; what may not, as everything else.
pub fn build<T>(lua: &Lua, bytes: usize, build: impl FnOnce() -> Result<T>) -> Result<T> {
    let limit = lua.set_memory_limit(0)?;
    let until_then = Unlimited { lua, limit };
    if limit != 0 && lua.used_memory().saturating_add(bytes) > limit {
        drop(until_then);
        return build();
    }
    build()
}

/// While it is there, no limit holds.
struct Unlimited<'a> {
    lua: &'a Lua,
    limit: usize,
}

impl Drop for Unlimited<'_> {
    fn drop(&mut self) {
        let _ = self.lua.set_memory_limit(self.limit); // could be set before
    }
}

/// So many bytes a value takes at most for each byte of a text that stands for it: an empty table for
/// three bytes of a reply, a pair of a growing table for six of JSON.
pub const BYTES_PER_BYTE: usize = 64;

/// Collects garbage if memory becomes short, and much has come since the last time.
fn collect_if_grown(lua: &Lua, limit: usize, last: &AtomicUsize) {
    let used = lua.used_memory();
    let before = last.load(Ordering::Relaxed);
    if used > limit / 2 && used > before + limit / 16 {
        let _ = lua.gc_collect(); // nothing in scripts has a finaliser that could fail
        last.store(lua.used_memory(), Ordering::Relaxed);
    } else if used < before {
        last.store(used, Ordering::Relaxed);
    }
}

/// A text that grows outside of the interpreter, within its limits.
///
/// It will be copied into the interpreter, so there must be room for it twice.
pub struct Buffer<'a> {
    lua: &'a Lua,
    bytes: Vec<u8>,
    /// Up to this length there is room.
    checked: usize,
}

/// A buffer looks for room, and at the clock, every so many bytes.
const CHECK_EVERY: usize = 64 * 1024;

impl<'a> Buffer<'a> {
    /// An empty one.
    pub fn new(lua: &'a Lua) -> Self {
        Buffer { lua, bytes: Vec::new(), checked: CHECK_EVERY }
    }

    /// Appends a byte.
    #[inline]
    pub fn push(&mut self, byte: u8) -> Result<()> {
        self.extend(&[byte])
    }

    /// Appends bytes.
    #[inline]
    pub fn extend(&mut self, bytes: &[u8]) -> Result<()> {
        self.make_room(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Makes sure that so many bytes may be appended.
    #[inline]
    pub fn make_room(&mut self, bytes: usize) -> Result<()> {
        if self.bytes.len().saturating_add(bytes) > self.checked {
            self.check(bytes)?;
        }
        Ok(())
    }

    #[cold]
    fn check(&mut self, bytes: usize) -> Result<()> {
        host::tick()?;
        let wanted = self.bytes.len().saturating_add(bytes);
        room_for(self.lua, wanted.saturating_mul(2))?;
        // An eighth more at a time: what it grows by costs no more than it has already.
        let ahead = (wanted / 8).max(CHECK_EVERY);
        self.bytes.reserve_exact(bytes + ahead);
        self.checked = wanted + ahead;
        Ok(())
    }

    /// What it has so far, for those who append what they have looked for room for.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// What it has so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}
