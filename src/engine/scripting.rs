//! Scripts and functions that clients have brought, and the one that is running.
//!
//! ```text
//! EVAL      text ── SHA1 ──> scripts      { flags, number }  ─┐
//! FCALL     name ──────────> functions    library, place     ─┴─> Interpreter
//! ```
//!
//! Scripts are a cache: they are in no file, and clients send them again. Libraries of functions are
//! data: they are saved, journalled and copied.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use ahash::AHashMap;

use super::{ClientKey, Engine};
use crate::config::{CompatVersion, Config};
use crate::engine::client::Client;
use crate::resp::Request;
use crate::scripting::Purpose;
use crate::scripting::random::RandomNumbers;
use crate::scripting::{Interpreter, Registration, ScriptFlags, ScriptId, Sha1Hex};
use crate::system::clock::Tick;

/// A cached script.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// What its first line says.
    pub flags: ScriptFlags,
    /// Where the interpreter has it.
    pub id: ScriptId,
    /// What it takes in the cache.
    bytes: usize,
    /// When it ran last, as counted by `uses`, if it came with EVAL and may be forgotten. What SCRIPT
    /// LOAD has brought stays.
    used: Option<u64>,
}

/// A library of functions.
#[derive(Clone, Debug)]
pub struct Library {
    /// The whole text, with the line that names it.
    pub source: Vec<u8>,
    /// What it has registered, in order.
    pub functions: Vec<Registration>,
}

/// Libraries that were taken out, with the interpreter that has their functions.
pub struct TakenLibraries {
    libraries: BTreeMap<Vec<u8>, Library>,
    functions: HashMap<Vec<u8>, Vec<u8>>,
    interpreter: Option<Box<Interpreter>>,
}

/// The script that is running.
#[derive(Clone, Debug)]
pub struct Running {
    /// The SHA1, or the name of the function; noted once it is slow.
    pub name: Vec<u8>,
    /// The request that runs it; noted once it is slow.
    pub request: Request,
    /// When it began.
    pub started: Tick,
    /// The same as the machine has it: how long a script may hold everybody up is nothing to be turned.
    pub began: Instant,
    /// Whether FCALL has called it.
    pub is_function: bool,
    /// It has changed data: it can't be ended any more without leaving half of what it does.
    pub has_written: bool,
    /// Somebody wants it to end.
    pub kill: bool,
    /// It has taken so long that others are told.
    pub is_slow: bool,
    /// What is replayed or copied can't be ended.
    pub is_protected: bool,
    /// What its interpreter took when it began.
    pub interpreter_bytes: usize,
}

/// Everything about scripts.
#[derive(Default)]
pub struct Scripting {
    /// What interpreters are to be like.
    pub(super) compat: CompatVersion,
    /// What `math.random` of all of them goes on with.
    pub(super) random: RandomNumbers,
    /// The interpreter of EVAL, once it has been needed.
    pub scripts_interpreter: Option<Box<Interpreter>>,
    /// That of functions.
    pub functions_interpreter: Option<Box<Interpreter>>,
    scripts: AHashMap<Sha1Hex, Script>,
    script_bytes: usize,
    /// How often scripts have run.
    uses: u64,
    /// Scripts that may be forgotten.
    forgettable: usize,
    libraries: BTreeMap<Vec<u8>, Library>,
    /// From the name of a function, in lower case, to its library.
    functions: HashMap<Vec<u8>, Vec<u8>>,
    client: Option<ClientKey>,
    /// The script that is running.
    pub running: Option<Running>,
    /// Memory was short when the running command began.
    pub out_of_memory: bool,
}

impl Scripting {
    /// No scripts.
    pub fn new(config: &Config) -> Self {
        Scripting { compat: config.compat_version, ..Scripting::default() }
    }

    /// The script with this SHA1, which may be written in any case.
    pub fn script(&self, sha1: &[u8]) -> Option<Script> {
        let mut sha1: Sha1Hex = sha1.try_into().ok()?;
        sha1.make_ascii_lowercase();
        self.scripts.get(&sha1).copied()
    }

    /// How many scripts are cached.
    pub fn script_count(&self) -> usize {
        self.scripts.len()
    }

    /// Bytes of the cache of scripts.
    pub fn script_bytes(&self) -> usize {
        self.script_bytes
    }

    /// Compiles a script, and keeps it.
    pub fn add_script(
        &mut self,
        sha1: Sha1Hex,
        source: &[u8],
        memory_limit: usize,
    ) -> Result<Script, Vec<u8>> {
        let (flags, start) = crate::scripting::flags::script_flags(source)?;
        let purpose = Purpose::Scripts;
        let interpreter = self.scripts_interpreter.get_or_insert_with(|| {
            let random = self.random.clone();
            Box::new(Interpreter::new(purpose, memory_limit, self.compat, random))
        });
        let id = interpreter
            .compile(&source[start..])
            .map_err(|text| [b"ERR Error compiling script (new function): ", &text[..]].concat())?;
        let bytes = source.len() + SCRIPT_OVERHEAD;
        let script = Script { flags, id, bytes, used: None };
        self.scripts.insert(sha1, script);
        self.script_bytes += bytes;
        Ok(script)
    }

    /// A script that EVAL has just brought may be forgotten; if there are too many of those, the one
    /// that hasn't run for longest is. True: it was.
    pub fn add_forgettable(&mut self, sha1: &Sha1Hex) -> bool {
        let most = self.compat.most_cached_scripts();
        let Some(script) = self.scripts.get_mut(sha1).filter(|_| most < usize::MAX) else {
            return false;
        };
        self.uses += 1;
        script.used = Some(self.uses);
        self.forgettable += 1;
        if self.forgettable <= most {
            return false;
        }
        let used = |(sha1, script): (&Sha1Hex, &Script)| Some((script.used?, *sha1));
        let Some((_, oldest)) = self.scripts.iter().filter_map(used).min() else { return false };
        let Some(script) = self.scripts.remove(&oldest) else { return false };
        self.forgettable -= 1;
        self.script_bytes -= script.bytes;
        if let Some(interpreter) = &mut self.scripts_interpreter {
            interpreter.forget(script.id);
        }
        true
    }

    /// A script runs.
    pub fn note_use(&mut self, sha1: &Sha1Hex) {
        if self.forgettable == 0 {
            return; // all are kept
        }
        self.uses += 1;
        if let Some(Script { used: Some(used), .. }) = self.scripts.get_mut(sha1) {
            *used = self.uses;
        }
    }

    /// Forgets all scripts. What is returned is large to drop.
    pub fn flush_scripts(&mut self) -> Option<Box<Interpreter>> {
        self.scripts.clear();
        self.script_bytes = 0;
        self.forgettable = 0;
        self.scripts_interpreter.take()
    }

    /// Forgets all libraries. What is returned is large to drop.
    pub fn flush_libraries(&mut self) -> Option<Box<Interpreter>> {
        self.take_libraries().interpreter
    }

    /// Takes all libraries out.
    pub fn take_libraries(&mut self) -> TakenLibraries {
        TakenLibraries {
            libraries: std::mem::take(&mut self.libraries),
            functions: std::mem::take(&mut self.functions),
            interpreter: self.functions_interpreter.take(),
        }
    }

    /// Puts libraries back, in the place of those that there are.
    pub fn put_libraries_back(&mut self, taken: TakenLibraries) {
        self.libraries = taken.libraries;
        self.functions = taken.functions;
        self.functions_interpreter = taken.interpreter;
    }

    /// The libraries by name.
    pub fn libraries(&self) -> &BTreeMap<Vec<u8>, Library> {
        &self.libraries
    }

    /// How many functions there are.
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// Bytes of libraries' texts.
    pub fn library_bytes(&self) -> usize {
        let bytes = |library: &Library| library.source.len() + SCRIPT_OVERHEAD;
        self.libraries.values().map(bytes).sum()
    }

    /// The sources of all libraries.
    pub fn sources(&self) -> Vec<Vec<u8>> {
        self.libraries.values().map(|library| library.source.clone()).collect()
    }

    /// The function of this name, which may be written in any case.
    pub fn function(&self, name: &[u8]) -> Option<&Registration> {
        let library = self.libraries.get(self.library_of(name)?)?;
        library.functions.iter().find(|function| function.name.eq_ignore_ascii_case(name))
    }

    /// The library that has a function.
    pub fn library_of(&self, function: &[u8]) -> Option<&Vec<u8>> {
        self.functions.get(&function.to_ascii_lowercase())
    }

    /// Adds a library that was loaded.
    pub fn add_library(&mut self, name: Vec<u8>, library: Library) {
        for function in &library.functions {
            self.functions.insert(function.name.to_ascii_lowercase(), name.clone());
        }
        self.libraries.insert(name, library);
    }

    /// Takes a library out; its functions can't be called any more.
    pub fn remove_library(&mut self, name: &[u8]) -> Option<Library> {
        let library = self.libraries.remove(name)?;
        for function in &library.functions {
            self.functions.remove(&function.name.to_ascii_lowercase());
        }
        Some(library)
    }

    /// The library will not come back: the interpreter forgets it, too.
    pub fn forget(&mut self, library: &Library) {
        if let Some(interpreter) = &mut self.functions_interpreter {
            library.functions.iter().for_each(|function| interpreter.forget(function.id));
        }
    }

    /// Whether a script has been running for so long that others are told.
    #[inline]
    pub fn is_slow(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.is_slow)
    }

    /// Bytes of the two interpreters; of one that is running, as many as when it began.
    pub fn interpreter_bytes(&self) -> (usize, usize) {
        let running = self.running.as_ref().map_or(0, |running| running.interpreter_bytes);
        let bytes = |interpreter: &Option<Box<Interpreter>>, runs| match interpreter {
            Some(interpreter) => interpreter.memory(),
            None if runs => running,
            None => 0,
        };
        let runs_function = self.running.as_ref().is_some_and(|running| running.is_function);
        (
            bytes(&self.scripts_interpreter, !runs_function),
            bytes(&self.functions_interpreter, runs_function),
        )
    }
}

/// The stack that who executes requests has: address space, of which only touched pages cost memory.
/// Nearly all of it is for scripts that call as deep as Lua lets them (`scripting/prelude.lua` has the
/// limits); without optimisation, each call takes several times as much.
pub const STACK_SIZE: usize = if cfg!(debug_assertions) { 16 } else { 4 } * 1024 * 1024;

/// What the cache needs for a script beside its text.
const SCRIPT_OVERHEAD: usize = 40 + size_of::<Script>() + size_of::<Vec<u8>>();

/// The client as which scripts call commands. It is no connection.
pub fn client(engine: &mut Engine) -> ClientKey {
    if let Some(client) = engine.scripting.client {
        return client;
    }
    let client = engine.clients.add(Client::internal);
    engine.scripting.client = Some(client);
    client
}

impl Running {
    /// How long it has been running.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}
