//! What a running script asks of the server: a trait, and how Rust functions called from Lua get at it.
//!
//! The functions that scripts call live as long as the interpreter, but the engine is theirs only while
//! a script runs. So [`run_with`] puts the host into a variable of the thread for exactly that time, and
//! [`with`] finds it there.

use scoped_tls_hkt::{ReborrowMut, scoped_thread_local};

use super::lua::{Raise, Result, raise};
use super::registration::Registration;
use crate::resp::{Args, Protocol, Reply, Request};

/// What a script can't do without the server.
pub trait Host {
    /// Executes a command. The reply is in the protocol that the script has chosen; an error that is
    /// returned is a refusal before the command was called.
    fn call(&mut self, args: Args<'_>, reply: &mut Reply) -> std::result::Result<(), Vec<u8>>;

    /// Writes a line of the server's log; level 0 is debug, 3 is warning.
    fn log(&mut self, level: u8, text: &[u8]);

    /// Where effects go from now on: bit 0 the append-only file, bit 1 replicas.
    fn set_replication(&mut self, targets: u8);

    /// Whether the user may run this command; none: there is no such command.
    fn may_run(&mut self, args: Args<'_>) -> Option<bool>;

    /// Called every now and then while a script runs. An error ends it.
    fn tick(&mut self) -> std::result::Result<Pace, &'static str>;

    /// A library that is being loaded registers a function.
    fn register(&mut self, registration: Registration) -> std::result::Result<(), &'static str>;
}

/// How a script gets on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nobody has noticed it.
    Usual,
    /// It has taken so long that others are told.
    Slow,
}

/// Buffers that are kept from script to script.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The command that a script calls.
    pub request: Request,
    /// Its reply.
    pub reply: Reply,
}

/// A running script, as the functions that it calls find it.
pub struct Running<'a> {
    /// The server.
    pub host: &'a mut dyn Host,
    /// Where commands are put together and replies arrive.
    pub scratch: &'a mut Scratch,
}

impl<'a, 'b: 'a> ReborrowMut<'a> for Running<'b> {
    type Result = Running<'a>;
    fn reborrow_mut(&'a mut self) -> Running<'a> {
        Running { host: &mut *self.host, scratch: &mut *self.scratch }
    }
}

scoped_thread_local!(static mut RUNNING: for<'a> Running<'a>);

/// Lets a script run that finds `host` when it needs the server.
pub fn run_with<T>(host: &mut dyn Host, scratch: &mut Scratch, script: impl FnOnce() -> T) -> T {
    scratch.reply.protocol = Protocol::Resp2;
    RUNNING.set(Running { host, scratch }, script)
}

/// Gives the host of the running script to `use_it`.
pub fn with<T>(use_it: impl FnOnce(Running<'_>) -> Result<T>) -> Result<T> {
    if !RUNNING.is_set() {
        return raise(Raise::Text(
            b"redis functions can only be called by a running script".into(),
        ));
    }
    RUNNING.with(use_it)
}

/// Asks whether the running script may go on; called by whatever may take long.
pub fn tick() -> Result<()> {
    pace().map(drop)
}

/// The same, and how it gets on. Where none runs, nobody is kept waiting.
pub fn pace() -> Result<Pace> {
    if !RUNNING.is_set() {
        return Ok(Pace::Usual);
    }
    RUNNING.with(|running| running.host.tick()).or_else(|text| raise(Raise::Killed(text.into())))
}
