//! Configuration: one table of parameters, and everybody who reads or writes it.
//!
//! ```text
//!  defaults -> redis.conf -> CACHEFLOW_* environment -> command line      (later wins)
//!                 |                  |                      |
//!              file.rs         environment.rs        command_line.rs
//!                 '------------------+----------------------'
//!                                    v
//!                             parameters.rs  THE TABLE: one row per parameter
//!        (words.rs: quotes)          |           (define.rs: what a row becomes)
//!                                    |           (value.rs, verbatim.rs, compound.rs, limits.rs,
//!                                    |            choices.rs, events.rs, listen.rs, title.rs: notations)
//!                 .------------------+----------------------.
//!                 v                  v                      v
//!          config.maxmemory    CONFIG GET/SET        CONFIG REWRITE
//!          (typed fields)        (change.rs)          (rewrite.rs)
//! ```
//!
//! From the same table come the help (help.rs) and the file that documents it all (sample.rs).
//!
//! `Config` is plain data. It knows how to check and store a value; what has to happen when a value
//! changes (open a port, resize a backlog) is the business of whoever owns the thing, which is told
//! by the list of changed parameters that [`Config::set_many`] returns.
//!
//! Left out on purpose: configuration of modules, Sentinel mode, and `--check-system`.

mod change;
mod choices;
pub mod command_line;
mod compat;
mod compound;
mod define;
mod environment;
mod events;
pub mod file;
mod help;
mod limits;
mod listen;
mod manual;
mod parameters;
pub mod rewrite;
mod sample;
mod start_error;
#[cfg(test)]
mod tests;
pub mod title;
pub mod value;
mod verbatim;
pub mod words;

use std::collections::HashMap;

use once_cell::sync::Lazy;

pub use self::change::SetError;
pub use self::choices::{
    AclPubsubDefault, Allowed, DisklessLoad, EndpointType, EvictionPolicy, FsyncPolicy,
    OomScoreAdj, PropagationErrors, RdbVersion, Sanitize, Supervision, SyslogFacility,
    TlsAuthClients,
};
pub use self::command_line::{Invocation, from_command_line};
pub use self::compat::CompatVersion;
pub use self::compound::{SavePoint, ShutdownMode, system_text};
pub use self::define::{Flag, Parameter};
pub use self::events::EventClasses;
pub use self::limits::{BufferLimit, BufferLimits, Share};
pub use self::listen::{split as split_listen_addr, web_address};
pub use self::parameters::{Config, PARAMETERS};
#[cfg(feature = "internals")] // for tests
pub use self::start_error::StartError;

/// The version of Redis whose behaviour cacheflow reproduces.
pub const REDIS_VERSION: &str = CompatVersion::Redis7.version();
/// The version of cacheflow itself.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Names and aliases, each with its parameter.
static BY_NAME: Lazy<HashMap<&'static str, &'static Parameter>> = Lazy::new(|| {
    let names = PARAMETERS.iter().flat_map(|parameter| {
        let aliases = parameter.aliases.iter().copied();
        std::iter::once(parameter.name).chain(aliases).map(move |name| (name, parameter))
    });
    names.collect()
});

/// The parameter of this name or alias, in any letter case, together with the name as the table
/// spells it.
pub fn lookup(name: impl AsRef<[u8]>) -> Option<(&'static str, &'static Parameter)> {
    let lower = name.as_ref().to_ascii_lowercase();
    BY_NAME
        .get_key_value(std::str::from_utf8(&lower).ok()?)
        .map(|(name, parameter)| (*name, *parameter))
}

impl Config {
    /// Stores one value, with what follows from it for other parameters.
    pub fn apply(&mut self, parameter: &Parameter, words: &[&[u8]]) -> Result<(), String> {
        (parameter.set)(self, words)?;
        match parameter.name {
            "listen-addr" => {
                if let Some((host, port)) = listen::split(&self.listen_addr) {
                    self.port = port;
                    self.bind = match host {
                        Some(host) => vec![host.to_owned()],
                        None => Self::default().bind,
                    };
                }
            }
            // What comes later wins; `listen-addr` must not claim what is no longer so.
            "port" => self.listen_addr.clear(),
            "bind" if !self.listen_addr.is_empty() => {
                let host = self.bind.first().map_or("", String::as_str);
                let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
                self.listen_addr = format!("{host}:{}", self.port);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether there is a TCP port to listen on. If so and `port` is 0, the system picks it.
    pub fn listens_on_tcp(&self) -> bool {
        self.port != 0 || !self.listen_addr.is_empty()
    }

    /// The parameters that were given a value, but do nothing in cacheflow: for one line of log.
    pub fn without_effect(&self) -> Vec<&'static Parameter> {
        let default = Self::default();
        let given = |parameter: &&Parameter| (parameter.get)(self) != (parameter.get)(&default);
        PARAMETERS.iter().filter(|row| row.has(Flag::NoEffect)).filter(given).collect()
    }
}

/// Only what differs from the defaults, and no secrets.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let default = Self::default();
        let mut shown = f.debug_struct("Config");
        for parameter in PARAMETERS {
            let value = (parameter.get)(self);
            if value != (parameter.get)(&default) {
                let secret = parameter.has(Flag::Sensitive);
                let value =
                    if secret { "(secret)".into() } else { String::from_utf8_lossy(&value) };
                shown.field(parameter.name, &value);
            }
        }
        shown.finish_non_exhaustive()
    }
}
