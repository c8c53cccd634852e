//! The server, as a running script finds it; and what happens when the script calls a command: gates of
//! its own, then the same `call` as for everybody.
//!
//! The order is Redis': the first gate that refuses decides the error.
//!
//! | gate         | refuses                                                              |
//! |--------------|----------------------------------------------------------------------|
//! | name, arity  | what is no command                                                   |
//! | noscript     | what makes no sense in a script, or could wait                       |
//! | stale        | what needs a master that is there                                    |
//! | permission   | what the user who has called the script may not do                   |
//! | writes       | writes of scripts that only read, on a replica, or that can't be kept |
//! | memory       | what needs memory when there was none, unless something was written  |
//! | cluster      | keys of other nodes, or of several slots                             |

use crate::catalogue::Row;
use crate::catalogue::spec::Flags;
use crate::command::context::{Context, Propagation};
use crate::command::error::{Error, Result};
use crate::command::execute::call;
use crate::command::gates::{self, Denial};
use crate::command::permission;
use crate::command::redirection;
use crate::command::server::explain;
use crate::engine::busy;
use crate::engine::execution::Origin;
use crate::engine::libraries::write_log;
use crate::engine::scripting::Running;
use crate::engine::{ClientKey, Engine};
use crate::resp::{Args, Reply, Request};
use crate::scripting::{Host, Pace, Registration, ScriptFlags, ScriptId};

/// What is to run.
pub struct Call<'a> {
    /// Where the interpreter has it.
    pub id: ScriptId,
    /// What it says about itself.
    pub flags: ScriptFlags,
    /// The SHA1, or the function's name.
    pub name: &'a [u8],
    /// `KEYS`
    pub keys: Args<'a>,
    /// `ARGV`
    pub args: Args<'a>,
    /// One of the `_RO` commands calls it.
    pub read_only: bool,
    /// FCALL calls it.
    pub is_function: bool,
}

/// The server, as a running script finds it.
pub struct ScriptHost<'h, 'e, 'c> {
    /// The context of EVAL.
    pub ctx: &'h mut Context<'e>,
    /// The client as which commands are called.
    pub client: ClientKey,
    /// What is running.
    pub call: &'h Call<'c>,
    /// The request that runs it.
    pub request: Args<'c>,
}

impl ScriptHost<'_, '_, '_> {
    /// Everything behind the lock.
    pub fn engine(&mut self) -> &mut Engine {
        self.ctx.engine
    }

    /// Others will ask what it is that takes so long.
    fn introduce(&mut self) {
        let (name, request) = (self.call.name, self.request);
        let running = self.running();
        if !running.is_slow {
            running.name = name.to_vec();
            running.request = Request::from(request);
        }
    }

    /// The script as the engine knows it.
    pub fn running(&mut self) -> &mut Running {
        let running = &mut self.ctx.engine.scripting.running;
        running.as_mut().expect("a script that calls is running")
    }
}

impl Host for ScriptHost<'_, '_, '_> {
    fn call(&mut self, args: Args<'_>, reply: &mut Reply) -> std::result::Result<(), Vec<u8>> {
        call_from_script(self, args, reply).map_err(|error| error.as_bytes().to_vec())
    }

    fn log(&mut self, level: u8, text: &[u8]) {
        write_log(level, text);
    }

    fn set_replication(&mut self, targets: u8) {
        self.engine().journal.targets = targets;
    }

    fn may_run(&mut self, args: Args<'_>) -> Option<bool> {
        may_run(self, args)
    }

    fn tick(&mut self) -> std::result::Result<Pace, &'static str> {
        let threshold_ms = self.engine().config.busy_reply_threshold;
        if threshold_ms == 0 || self.running().elapsed().as_millis() < u128::from(threshold_ms) {
            return Ok(Pace::Usual);
        }
        self.introduce();
        busy::serve(self.engine());
        if self.running().kill || self.ctx.engine.shutdown.is_some() {
            crate::warning!("Lua script killed by user with SCRIPT KILL.");
            return Err("Script killed by user with SCRIPT KILL..."); // a function, too
        }
        Ok(Pace::Slow)
    }

    fn register(&mut self, _: Registration) -> std::result::Result<(), &'static str> {
        Err("ERR redis.register_function can only be called on FUNCTION LOAD command")
    }
}

/// Executes a command that a script has called. An error is a refusal: nothing was called.
fn call_from_script(
    host: &mut ScriptHost<'_, '_, '_>,
    args: Args<'_>,
    reply: &mut Reply,
) -> Result {
    let row = host.ctx.engine.config.command_names.lookup(args);
    if let Err(error) = check(host, row, args) {
        let stats = &mut host.ctx.engine.stats;
        if let Some(row) = row {
            stats.command(row.command).rejected_calls += 1;
        }
        stats.error(error.code());
        return Err(error);
    }
    let Some(row) = row else { return Err(UNKNOWN) };
    if row.is(Flags::WRITE) {
        host.running().has_written = true;
    }
    let client = host.client;
    let state = host.ctx.engine.clients.get_mut(client);
    state.protocol = reply.protocol;
    let (db, now_ms) = (state.db, host.ctx.now_ms);
    let begun = host.ctx.engine.begin_command();
    let mut inner = Context {
        engine: host.ctx.engine,
        client,
        db,
        now_ms,
        begun,
        origin: Origin::Script,
        command: row.command,
        propagation: Propagation::AsSent,
    };
    if inner.engine.journey.is_some() {
        explain::call_explained(&mut inner, row, args, reply);
        return Ok(());
    }
    call(&mut inner, row, args, reply);
    Ok(())
}

fn check(host: &mut ScriptHost<'_, '_, '_>, row: Option<&'static Row>, args: Args<'_>) -> Result {
    let row = row.ok_or(UNKNOWN)?;
    if row.is(Flags::CONTAINER) && args.len() > 1 {
        return Err(UNKNOWN);
    }
    if !row.accepts(args.len()) {
        let text = "ERR Wrong number of args calling Redis command from script";
        return Err(Error::new(text));
    }
    if host.ctx.compat().flags(row).any(Flags::NOSCRIPT) {
        return Err(Error::new("ERR This Redis command is not allowed from script"));
    }
    let obeys = matches!(host.ctx.origin, Origin::Loader | Origin::Master);
    let denial = if obeys { None } else { gates::denial(host.ctx.engine) };
    if denial == Some(Denial::Stale) && !row.is(Flags::STALE) {
        return Err(Error::new("ERR Can not execute the command on a stale replica"));
    }
    let caller = host.ctx.client;
    if let Err(denied) = permission::check_in_script(host.ctx.engine, caller, row, args) {
        return Err(permission::refusal_in_script(host.ctx.engine, caller, row, denied));
    }
    let only_reads = host.call.read_only || host.call.flags.has(ScriptFlags::NO_WRITES);
    if row.is(Flags::WRITE.with(Flags::MAY_REPLICATE)) && only_reads {
        let text = "ERR Write commands are not allowed from read-only scripts.";
        return Err(Error::new(text));
    }
    if row.is(Flags::WRITE) && !obeys {
        gates::check_writable(host.ctx.engine)?;
    }
    if row.is(Flags::DENYOOM)
        && host.ctx.engine.config.maxmemory > 0
        && host.ctx.engine.scripting.out_of_memory
        && !obeys
        && !host.call.flags.has(ScriptFlags::ALLOW_OOM)
        && !host.running().has_written
    {
        return Err(gates::OUT_OF_MEMORY);
    }
    if !obeys {
        let flags = host.call.flags;
        let crosses =
            flags.has(ScriptFlags::ALLOW_CROSS_SLOT_KEYS) || flags.has(ScriptFlags::COMPATIBLE);
        redirection::check_in_script(host.ctx.engine, caller, row, args, crosses)?;
    }
    Ok(())
}

const UNKNOWN: Error = Error::new("ERR Unknown Redis command called from script");

/// `redis.acl_check_cmd`
fn may_run(host: &mut ScriptHost<'_, '_, '_>, args: Args<'_>) -> Option<bool> {
    let engine = &host.ctx.engine;
    let row = engine.config.command_names.lookup(args)?;
    if row.is(Flags::CONTAINER) && args.len() > 1 {
        return None;
    }
    let client = engine.clients.get(host.ctx.client);
    let user = engine.acl.user(&client.user);
    Some(client.unrestricted || user.is_some_and(|user| user.check(row, args).is_ok()))
}
