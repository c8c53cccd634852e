//! Loading a library of functions: its code runs once, and says what it offers.
//!
//! FUNCTION LOAD, FUNCTION RESTORE, snapshots and masters all come here. A library is added whole or not
//! at all; one that it would have replaced then stays.

use std::time::{Duration, Instant};

use super::scripting::{Library, Scripting};
use crate::resp::{Args, Reply};
use crate::scripting::Purpose;
use crate::scripting::flags::library_name;
use crate::scripting::{Host, Interpreter, Pace, Registration};
use crate::system::clock::machine_now;

/// A library has so long to register its functions.
const PATIENCE: Duration = Duration::from_millis(500);

/// What the code of a library finds in place of a server.
struct Loading {
    functions: Vec<Registration>,
    started: Instant,
    /// It has loaded before, so it may take its time.
    is_known_good: bool,
}

impl Host for Loading {
    fn call(&mut self, _: Args<'_>, _: &mut Reply) -> Result<(), Vec<u8>> {
        Err(b"ERR commands can only be called by a running function".to_vec())
    }

    fn log(&mut self, level: u8, text: &[u8]) {
        write_log(level, text);
    }

    fn set_replication(&mut self, _: u8) {}

    fn may_run(&mut self, _: Args<'_>) -> Option<bool> {
        None
    }

    fn tick(&mut self) -> Result<Pace, &'static str> {
        let is_late = !self.is_known_good && self.started.elapsed() > PATIENCE;
        if is_late { Err("FUNCTION LOAD timeout") } else { Ok(Pace::Usual) }
    }

    fn register(&mut self, registration: Registration) -> Result<(), &'static str> {
        let name = &registration.name;
        if self.functions.iter().any(|function| function.name.eq_ignore_ascii_case(name)) {
            return Err("ERR Function already exists in the library");
        }
        self.functions.push(registration);
        Ok(())
    }
}

/// Writes what a script has to say into the server's log.
pub fn write_log(level: u8, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    match level {
        0 => crate::debug!("{text}"),
        1 => crate::verbose!("{text}"),
        2 => crate::notice!("{text}"),
        _ => crate::warning!("{text}"),
    }
}

/// What may happen to a library of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    /// It stays, and the new one is an error.
    Refuse,
    /// The new one takes its place.
    Replace,
}

impl Same {
    /// Replaces if it may.
    pub fn when(replaces: bool) -> Self {
        if replaces { Same::Replace } else { Same::Refuse }
    }
}

impl Scripting {
    /// Loads a library, and returns its name.
    pub fn load_library(
        &mut self,
        source: &[u8],
        same: Same,
        is_known_good: bool,
        memory_limit: usize,
    ) -> Result<Vec<u8>, Vec<u8>> {
        let (name, start) = library_name(source)?;
        if same == Same::Refuse && self.libraries().contains_key(&name) {
            return Err([b"ERR Library '", &name[..], b"' already exists"].concat());
        }
        let old = self.remove_library(&name);
        match self.load_code(source, start, is_known_good, memory_limit) {
            Ok(library) => {
                self.add_library(name.clone(), library);
                if let Some(old) = old {
                    self.forget(&old);
                }
                Ok(name)
            }
            Err(text) => {
                if let Some(old) = old {
                    self.add_library(name, old);
                }
                Err(text)
            }
        }
    }

    /// Puts these libraries in the place of all that there are; if one can't be loaded, all stay.
    pub fn replace_libraries(
        &mut self,
        sources: &[Vec<u8>],
        memory_limit: usize,
    ) -> Result<(), Vec<u8>> {
        let before = self.take_libraries();
        let mut sources = sources.iter();
        let result = sources.try_for_each(|source| {
            self.load_library(source, Same::Refuse, true, memory_limit).map(|_| ())
        });
        if result.is_err() {
            self.put_libraries_back(before);
        }
        result
    }

    fn load_code(
        &mut self,
        source: &[u8],
        start: usize,
        is_known_good: bool,
        memory_limit: usize,
    ) -> Result<Library, Vec<u8>> {
        let started = machine_now();
        let mut host = Loading { functions: Vec::new(), started, is_known_good };
        let purpose = Purpose::Functions;
        let interpreter = self.functions_interpreter.get_or_insert_with(|| {
            let random = self.random.clone();
            Box::new(Interpreter::new(purpose, memory_limit, self.compat, random))
        });
        interpreter.load(&mut host, &source[start..])?;
        let library = Library { source: source.to_vec(), functions: host.functions };
        let taken =
            library.functions.iter().find(|function| self.library_of(&function.name).is_some());
        let text = match taken {
            Some(function) => [b"ERR Function ", &function.name[..], b" already exists"].concat(),
            None if library.functions.is_empty() => b"ERR No functions registered".to_vec(),
            None => return Ok(library),
        };
        self.forget(&library);
        Err(text)
    }
}
