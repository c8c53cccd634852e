//! `Interpreter`: one Lua state with its compiled scripts, and how they are run within limits.
//!
//! EVAL has one, functions have another, so that neither sees the other's globals. Compiled functions
//! are kept in a Lua table under numbers; whoever holds a number needs to know nothing of Lua.

use super::Purpose;
use super::convert::{Answer, Errors};
use super::host::{self, Host, Scratch};
use super::json;
use super::limits::{self, BYTES_PER_BYTE, build};
use super::lua::{Function, Lua, LuaOptions, Result, StdLib, Table, Value, bytes, raised};
use super::protected::compile;
use super::registration::{Pending, ScriptId};
use super::sandbox::{self, Sandbox};
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
    functions: Table,
    free: Vec<i64>,
    scratch: Scratch,
    /// Scripts that have run since the garbage was last looked after.
    since_collection: u32,
}

/// After so many scripts a step of garbage collection is made.
const SCRIPTS_PER_STEP: u32 = 50;

impl Interpreter {
    /// An interpreter that may take so much memory.
    pub fn new(purpose: Purpose, memory_limit: usize) -> Self {
        Self::try_new(purpose, memory_limit).expect("a fresh interpreter can be prepared")
    }

    fn try_new(purpose: Purpose, memory_limit: usize) -> Result<Self> {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH;
        let lua = Lua::new_with(libraries, LuaOptions::new())?;
        let sandbox = sandbox::build(&lua, purpose)?;
        let functions = lua.create_table()?;
        limits::set(&lua, memory_limit)?;
        let (free, scratch) = (Vec::new(), Scratch::default());
        Ok(Interpreter { lua, purpose, sandbox, functions, free, scratch, since_collection: 0 })
    }

    /// Bytes that the state has allocated.
    pub fn memory(&self) -> usize {
        self.lua.used_memory()
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
        scratch.reply.set_limit(limits::memory(&self.lua));
        let outcome = host::run_with(host, &mut scratch, || {
            let (succeeded, value) = self.call(id, keys, args)?;
            if !succeeded {
                return Ok(Err(failure(&value)));
            }
            let protocol = host::with(|running| Ok(running.scratch.reply.protocol))?;
            Answer::new(&self.lua, &self.sandbox.shape, protocol).write(&value, reply).map(Ok)
        });
        self.scratch = scratch;
        let outcome = match outcome {
            Ok(Ok(errors)) => Outcome::Replied(errors),
            Ok(Err(failure)) => failure,
            Err(error) => {
                let text = format!("ERR {}", raised(&error)).into_bytes();
                Outcome::Failed { text, place: None, counted: false }
            }
        };
        self.collect_now_and_then();
        outcome
    }

    fn call(&mut self, id: ScriptId, keys: Args<'_>, args: Args<'_>) -> Result<(bool, Value)> {
        let function: Function = self.functions.raw_get(id.0)?;
        let lists = [keys, args];
        let most = lists.iter().flat_map(Args::iter).map(|arg| arg.len() + BYTES_PER_BYTE).sum();
        let [keys, args] = build(&self.lua, most, || {
            let list = |args: Args<'_>| self.lua.create_sequence_from(args.iter().map(bytes));
            let lists = [list(keys)?, list(args)?];
            if self.purpose == Purpose::Scripts {
                self.sandbox.globals.raw_set("KEYS", &lists[0])?;
                self.sandbox.globals.raw_set("ARGV", &lists[1])?;
            }
            Ok(lists)
        })?;
        json::reset(&self.lua);
        match self.purpose {
            Purpose::Functions => self.sandbox.run_function(function, keys, args),
            Purpose::Scripts => self.sandbox.run_script(function),
        }
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
            self.sandbox.run_script(function)
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
        limits::end(&self.lua, || {
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
        let mut interpreter = Interpreter::new(Purpose::Scripts, 16 << 20);
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
        let mut interpreter = Interpreter::new(Purpose::Scripts, 16 << 20);
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
