//! Runs a script: from a request to the interpreter, and back to a reply.

use std::time::{Duration, Instant};

use super::calls;
use crate::command::context::Context;
use crate::command::error::{Error, Result};
use crate::command::gates::{self, Denial};
use crate::engine::execution::Origin;
use crate::engine::libraries::write_log;
use crate::engine::scripting::{Running, client};
use crate::engine::{ClientKey, Engine};
use crate::resp::{Args, Protocol, Reply};
use crate::scripting::{Host, Outcome, Pace, Registration, ScriptFlags, ScriptId};

/// What is to run.
pub struct Call<'a> {
    /// Where the interpreter has it.
    pub id: ScriptId,
    /// What it says about itself.
    pub flags: ScriptFlags,
    /// The SHA1, or the function's name.
    pub name: Vec<u8>,
    /// `KEYS`
    pub keys: Args<'a>,
    /// `ARGV`
    pub args: Args<'a>,
    /// One of the `_RO` commands calls it.
    pub read_only: bool,
    /// FCALL calls it.
    pub is_function: bool,
}

/// Runs a script and writes its reply.
pub fn run(ctx: &mut Context<'_>, request: Args<'_>, call: Call<'_>, reply: &mut Reply) -> Result {
    check(ctx, &call)?;
    ctx.propagate_nothing(); // its effects are those of the commands it calls
    let scripting = &mut ctx.engine.scripting;
    let interpreter = match call.is_function {
        true => scripting.functions_interpreter.take(),
        false => scripting.scripts_interpreter.take(),
    };
    let Some(mut interpreter) = interpreter else {
        return Err(Error::new("ERR a script can't call another one"));
    };
    let script_client = begin(ctx, request, &call);
    let held = std::mem::replace(&mut ctx.client().holds_pushes, true);
    let started = Instant::now();
    let mut host = ScriptHost { ctx, client: script_client, call: &call, started };
    let start = reply.len();
    let outcome = interpreter.run(&mut host, call.id, call.keys, call.args, reply);
    ctx.client().holds_pushes = held;
    ctx.engine.journal.targets = crate::journal::EVERYBODY;
    crate::engine::busy::end(ctx.engine);
    if ctx.engine.shutdown.is_some() {
        ctx.engine.journal.discard(); // it was cut off in the middle
        ctx.client().disconnect();
    }
    let scripting = &mut ctx.engine.scripting;
    scripting.running = None;
    match call.is_function {
        true => scripting.functions_interpreter = Some(interpreter),
        false => scripting.scripts_interpreter = Some(interpreter),
    }
    match outcome {
        Outcome::Replied => Ok(()),
        Outcome::Failed { mut text, place, counted } => {
            reply.truncate(start);
            if let Some((source, line)) = place {
                text.extend_from_slice(b" script: ");
                text.extend_from_slice(&call.name);
                text.extend_from_slice(b", on ");
                text.extend_from_slice(&source);
                text.extend_from_slice(format!(":{line}.").as_bytes());
            }
            if !counted {
                return Err(Error::text(text));
            }
            reply.error(&text);
            Ok(())
        }
    }
}

/// Refuses what may not run here and now. Most was refused by the gates, which know the script's flags.
fn check(ctx: &mut Context<'_>, call: &Call<'_>) -> Result {
    let obeys = matches!(ctx.origin, Origin::Loader | Origin::Master);
    let flags = call.flags;
    let engine = &mut *ctx.engine;
    if flags.has(ScriptFlags::COMPATIBLE) {
        let is_denied = gates::denial(engine) == Some(Denial::Stale) && !obeys;
        return if is_denied { Err(gates::MASTER_DOWN) } else { Ok(()) };
    }
    if !flags.has(ScriptFlags::NO_WRITES) && call.read_only {
        return Err(Error::new("ERR Can not execute a script with write flag using *_ro command."));
    }
    Ok(())
}

/// Notes what is running, and prepares the client as which it calls commands.
fn begin(ctx: &mut Context<'_>, request: Args<'_>, call: &Call<'_>) -> ClientKey {
    let key = client(ctx.engine);
    let caller = ctx.engine.clients.get(ctx.client);
    let (user, unrestricted) = (caller.user.clone(), caller.unrestricted);
    let db = ctx.db;
    let state = ctx.engine.clients.get_mut(key);
    (state.user, state.unrestricted, state.db) = (user, unrestricted, db);
    state.protocol = Protocol::Resp2;
    ctx.engine.scripting.running = Some(Running {
        name: call.name.clone(),
        started: Instant::now(),
        is_function: call.is_function,
        has_written: false,
        kill: false,
        is_slow: false,
        caller: ctx.client,
        is_protected: matches!(ctx.origin, Origin::Loader | Origin::Master),
    });
    ctx.engine.scripting.request.clear();
    request.iter().for_each(|arg| ctx.engine.scripting.request.push(arg));
    key
}

/// The server, as a running script finds it.
pub struct ScriptHost<'h, 'e, 'c> {
    /// The context of EVAL.
    pub ctx: &'h mut Context<'e>,
    /// The client as which commands are called.
    pub client: ClientKey,
    /// What is running.
    pub call: &'h Call<'c>,
    started: Instant,
}

impl ScriptHost<'_, '_, '_> {
    /// Everything behind the lock.
    pub fn engine(&mut self) -> &mut Engine {
        self.ctx.engine
    }

    /// The script as the engine knows it.
    pub fn running(&mut self) -> &mut Running {
        let running = &mut self.ctx.engine.scripting.running;
        running.as_mut().expect("a script that calls is running")
    }
}

impl Host for ScriptHost<'_, '_, '_> {
    fn call(&mut self, args: Args<'_>, reply: &mut Reply) -> std::result::Result<(), Vec<u8>> {
        calls::call_from_script(self, args, reply).map_err(|error| error.as_bytes().to_vec())
    }

    fn log(&mut self, level: u8, text: &[u8]) {
        write_log(level, text);
    }

    fn set_replication(&mut self, targets: u8) {
        self.engine().journal.targets = targets;
    }

    fn may_run(&mut self, args: Args<'_>) -> Option<bool> {
        calls::may_run(self, args)
    }

    fn tick(&mut self) -> std::result::Result<Pace, &'static str> {
        let threshold = Duration::from_millis(self.engine().config.busy_reply_threshold);
        if threshold.is_zero() || self.started.elapsed() < threshold {
            return Ok(Pace::Usual);
        }
        crate::engine::busy::serve(self.engine());
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
