//! `Interpreter`: one Lua state with its compiled scripts, and how they are run within limits.
//!
//! EVAL has one, functions have another, so that neither sees the other's globals. Compiled functions
//! are kept in a Lua table under numbers; whoever holds a number needs to know nothing of Lua.

use std::sync::Arc;

use super::Purpose;
use super::convert::{Answer, Errors, until_nul};
use super::host::{self, Host, Scratch};
use super::limits::{self, BYTES_PER_BYTE, Limits, build};
use super::lua::{
    BString, Lua, LuaOptions, Result, StdLib, Table, Value, Variadic, bytes, raised, to_i64,
};
use super::protected::compile;
use super::random::RandomNumbers;
use super::registration::{Pending, ScriptId};
use super::sandbox::{self, Sandbox};
use crate::config::CompatVersion;
use crate::resp::{Args, Reply};

/// How a script ended.
#[derive(Debug)]
pub enum Outcome {
    /// Its reply was written, and has these errors in it.
    Replied(Errors),
    /// It failed.
    Failed {
        /// The text, code first.
        text: Vec<u8>,
        /// The chunk and the line where it was, if they are known.
        place: Option<(Vec<u8>, i64)>,
        /// Whether the statistics of errors have counted it.
        counted: bool,
    },
}

/// A Lua state.
pub struct Interpreter {
    lua: Lua,
    purpose: Purpose,
    sandbox: Sandbox,
    limits: Arc<Limits>,
    functions: Table,
    free: Vec<i64>,
    scratch: Scratch,
    /// What it took when the last script had ended.
    memory_before: usize,
    /// Scripts that have run since the garbage was last looked after.
    since_collection: u32,
}

/// How a run has ended (`ended` of the prelude): one of these numbers; then a number, a text, or a value and
/// what is inside of it.
type Ended = (i64, f64, Option<BString>, Value, Value);

const FAILED: i64 = 0;
const TEXT: i64 = 1;
const NUMBER: i64 = 2;
const STATUS: i64 = 4;
/// A table: the number tells what it stands for.
const TABLE: i64 = 5;

/// So many keys and arguments are handed over on the interpreter's stack, more as tables.
const FEW: usize = 100;

/// After so many scripts a step of garbage collection is made.
const SCRIPTS_PER_STEP: u32 = 50;

impl Interpreter {
    /// An interpreter that may take so much memory.
    pub fn new(
        purpose: Purpose,
        memory_limit: usize,
        compat: CompatVersion,
        random: RandomNumbers,
    ) -> Self {
        Self::try_new(purpose, memory_limit, compat, random)
            .expect("a fresh interpreter can be prepared")
    }

    fn try_new(
        purpose: Purpose,
        memory_limit: usize,
        compat: CompatVersion,
        random: RandomNumbers,
    ) -> Result<Self> {
        let mut libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH;
        if compat.gives_scripts_os() {
            libraries |= StdLib::OS;
        }
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        lua.set_app_data(compat);
        lua.set_app_data(random);
        let functions = lua.create_table()?;
        let sandbox = sandbox::build(&lua, purpose, &functions)?;
        let limits = limits::set(&lua, memory_limit)?;
        let memory_before = lua.used_memory();
        Ok(Interpreter {
            lua,
            purpose,
            sandbox,
            limits,
            functions,
            free: Vec::new(),
            scratch: Scratch::default(),
            memory_before,
            since_collection: 0,
        })
    }

    /// Bytes that the state has allocated.
    pub fn memory(&self) -> usize {
        self.lua.used_memory()
    }

    /// The same when the last script had ended: what is told while one runs.
    pub fn memory_before(&self) -> usize {
        self.memory_before
    }

    /// Compiles a script.
    pub fn compile(&mut self, source: &[u8]) -> std::result::Result<ScriptId, Vec<u8>> {
        let function = compile(&self.lua, source, b"@user_script")?;
        let id = self.free.pop().unwrap_or(self.functions.raw_len() as i64 + 1);
        match self.functions.raw_set(id, function) {
            Ok(()) => Ok(ScriptId(id)),
            Err(error) => Err(raised(&error).to_string().into_bytes()),
        }
    }

    /// Forgets a function.
    pub fn forget(&mut self, id: ScriptId) {
        // The place stays, so that the table remains a sequence.
        if self.functions.raw_set(id.0, false).is_ok() {
            self.free.push(id.0);
        }
    }

    /// Runs a script or function and writes its reply.
    pub fn run(
        &mut self,
        host: &mut dyn Host,
        id: ScriptId,
        keys: Args<'_>,
        args: Args<'_>,
        reply: &mut Reply,
    ) -> Outcome {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.reply.set_limit(self.limits.memory);
        scratch.reply.precision = reply.precision;
        // In a scope the crate's own lock is held, which costs as much as many a step in between.
        let outcome = self.lua.scope(|_| {
            host::run_with(host, &mut scratch, || {
                self.prepare(id, keys, args)?;
                self.sandbox.json.reset();
                let ended = self.sandbox.run.call::<Ended>(())?;
                self.conclude(ended, reply)
            })
        });
        self.scratch = scratch;
        let outcome = outcome.unwrap_or_else(|error| {
            let text = format!("ERR {}", raised(&error)).into_bytes();
            Outcome::Failed { text, place: None, counted: false }
        });
        self.collect_now_and_then();
        outcome
    }

    /// Hands over what is to run, with its keys and arguments.
    fn prepare(&self, id: ScriptId, keys: Args<'_>, args: Args<'_>) -> Result<()> {
        let texts = || keys.iter().chain(args.iter());
        let most = texts().map(|text| text.len() + BYTES_PER_BYTE).sum();
        build(&self.lua, most, || {
            if keys.len() + args.len() <= FEW {
                let texts = texts().map(bytes).collect::<Variadic<_>>();
                return self.sandbox.prepare.call((id.0, keys.len(), texts));
            }
            let list = |args: Args<'_>| self.lua.create_sequence_from(args.iter().map(bytes));
            self.sandbox.prepare.call((id.0, Value::Nil, list(keys)?, list(args)?))
        })
    }

    /// Writes the reply of what has run.
    fn conclude(&self, ended: Ended, reply: &mut Reply) -> Result<Outcome> {
        let (how, number, text, value, inside) = ended;
        let text = text.unwrap_or_default();
        match how {
            FAILED => return Ok(failure(&value)),
            TEXT => reply.bulk(&text),
            NUMBER => reply.integer(to_i64(number)),
            STATUS => reply.simple_text(until_nul(&text)),
            _ => {
                let protocol = host::with(|running| Ok(running.scratch.reply.protocol))?;
                let answer = Answer::new(&self.sandbox.shape, protocol, self.limits.memory);
                let errors = match (how, &value) {
                    (TABLE, Value::Table(table)) => {
                        answer.write_table(table, (number as i64, inside), reply)
                    }
                    _ => answer.write(&value, reply),
                };
                return errors.map(Outcome::Replied);
            }
        }
        Ok(Outcome::Replied(Errors::default()))
    }

    /// Loads a library: runs its code, which registers functions at the host.
    pub fn load(&mut self, host: &mut dyn Host, source: &[u8]) -> std::result::Result<(), Vec<u8>> {
        let function = compile(&self.lua, source, b"@user_function")
            .map_err(|text| [b"ERR Error compiling function: ", &text[..]].concat())?;
        let free = std::mem::take(&mut self.free);
        self.lua.set_app_data(Pending::new(self.functions.clone(), free));
        let mut scratch = Scratch::default();
        let outcome = host::run_with(host, &mut scratch, || {
            self.sandbox.set_loading(true)?;
            self.sandbox.run_library(function)
        });
        let outcome = self.sandbox.set_loading(false).and(outcome);
        let pending = self.lua.remove_app_data::<Pending>();
        let kept = pending.map_or_else(Vec::new, |pending| {
            self.free = pending.free;
            pending.kept
        });
        let text = match outcome {
            Ok((true, _)) => return Ok(()),
            Ok((false, error)) => match failure(&error) {
                Outcome::Failed { text, .. } => text,
                Outcome::Replied(_) => Vec::new(),
            },
            Err(error) => format!("ERR {}", raised(&error)).into_bytes(),
        };
        kept.into_iter().for_each(|id| self.forget(id));
        Err([b"ERR Error registering functions: ", &text[..]].concat())
    }

    /// Garbage is collected in small steps, for scripts that are too small to cause any.
    fn collect_now_and_then(&mut self) {
        self.memory_before = self.limits.end(&self.lua, || {
            for name in ["KEYS", "ARGV"].iter().filter(|_| self.purpose == Purpose::Scripts) {
                let _ = self.sandbox.globals.raw_set(*name, false); // they are there
            }
        });
        self.since_collection += 1;
        if self.since_collection >= SCRIPTS_PER_STEP {
            self.since_collection = 0;
            let _ = self.lua.gc_step();
        }
    }
}

/// What the error handler of the prelude has found out: text, chunk, line, whether it was counted.
fn failure(error: &Value) -> Outcome {
    let Value::Table(error) = error else {
        // The handler itself has failed: memory is gone, or the stack.
        let text = match error {
            Value::String(text) => [b"ERR ", &*text.as_bytes()].concat(),
            Value::Error(error) => format!("ERR {}", raised(error)).into_bytes(),
            _ => b"ERR execution failure".to_vec(),
        };
        return Outcome::Failed { text, place: None, counted: false };
    };
    let text = match error.raw_get::<Value>(1) {
        Ok(Value::String(text)) => super::convert::until_nul(&text.as_bytes()).to_vec(),
        _ => b"ERR unknown error".to_vec(),
    };
    let source = match error.raw_get::<Value>(2) {
        Ok(Value::String(source)) => Some(source.as_bytes().to_vec()),
        _ => None,
    };
    let place = source.zip(error.raw_get::<i64>(3).ok());
    let counted = error.raw_get::<bool>(4).unwrap_or(false);
    Outcome::Failed { text, place, counted }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Request;
    use crate::scripting::limits::INSTRUCTIONS_PER_TICK;
    use crate::scripting::{Pace, Registration};

    struct Nobody;

    impl Host for Nobody {
        fn call(&mut self, _: Args<'_>, reply: &mut Reply) -> std::result::Result<(), Vec<u8>> {
            reply.ok();
            Ok(())
        }
        fn log(&mut self, _: u8, _: &[u8]) {}
        fn set_replication(&mut self, _: u8) {}
        fn may_run(&mut self, _: Args<'_>) -> Option<bool> {
            None
        }
        fn tick(&mut self) -> std::result::Result<Pace, &'static str> {
            Ok(Pace::Usual)
        }
        fn register(&mut self, _: Registration) -> std::result::Result<(), &'static str> {
            Ok(())
        }
    }

    fn run(source: &str) -> String {
        let mut interpreter = Interpreter::new(
            Purpose::Scripts,
            16 << 20,
            CompatVersion::default(),
            RandomNumbers::default(),
        );
        let id = interpreter.compile(source.as_bytes()).unwrap();
        let (request, mut reply) = (Request::default(), Reply::default());
        match interpreter.run(&mut Nobody, id, request.args(), request.args(), &mut reply) {
            Outcome::Replied(_) => String::from_utf8_lossy(reply.as_bytes()).into_owned(),
            Outcome::Failed { text, place, .. } => {
                let (source, line) = place.unwrap_or_default();
                let (text, source) =
                    (String::from_utf8_lossy(&text), String::from_utf8_lossy(&source));
                format!("{text} at {source}:{line}")
            }
        }
    }

    #[test]
    fn a_look_at_the_clock_may_come_while_a_reply_is_written() {
        let mut interpreter = Interpreter::new(
            Purpose::Scripts,
            16 << 20,
            CompatVersion::default(),
            RandomNumbers::default(),
        );
        let id = interpreter.compile(b"return {}").unwrap();
        for _ in 0..INSTRUCTIONS_PER_TICK / 10 {
            let (request, mut reply) = (Request::default(), Reply::default());
            interpreter.run(&mut Nobody, id, request.args(), request.args(), &mut reply);
            assert_eq!(reply.as_bytes(), b"*0\r\n");
        }
    }

    #[test]
    fn an_error_tells_where_it_was_raised() {
        assert_eq!(run("\nerror('x')"), "ERR user_script:2: x at @user_script:2");
        assert_eq!(
            run("return redis.call()"),
            "ERR Please specify at least one argument for this redis lib call at @user_script:1"
        );
    }
}
