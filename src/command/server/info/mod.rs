//! INFO: what the server knows about itself, as `name:value` lines in sections.
//!
//! | file         | sections                                                  |
//! |--------------|-----------------------------------------------------------|
//! | [`server`]   | server, clients, cpu                                      |
//! | [`memory`]   | memory                                                    |
//! | [`stats`]    | stats, commandstats, errorstats, latencystats, lock       |
//! | [`data`]     | persistence, replication, modules, cluster, keyspace      |
//! | [`keysizes`](mod@keysizes) | threads, keysizes                           |
//!
//! Tools read these lines by name, so every name that Redis 7.0.15 has is here, and with
//! `compat-version 8.2` every name of that. Where cacheflow
//! has nothing of the kind (a fork, an event loop) the value is that of an idle server, and
//! `docs/compatibility.md` says so. To add a field, write it where its section is written.

pub mod data;
pub mod keysizes;
pub mod memory;
pub mod server;
pub mod stats;

use std::fmt::Display;
use std::io::Write;

use crate::command::args::is;
use crate::command::context::Context;
use crate::command::error::Result;
use crate::number::format_human_bytes;
use crate::resp::{Args, Reply};

/// The lines of a section.
#[derive(Default)]
pub struct Fields {
    text: Vec<u8>,
    /// Whether the section was asked for by its name.
    is_named: bool,
    /// Whether what came with Redis 8 is shown.
    shows_later: bool,
}

impl Fields {
    /// `name:value`
    pub fn put(&mut self, name: impl Display, value: impl Display) {
        let _ = write!(self.text, "{name}:{value}\r\n"); // a vector takes every byte
    }

    /// The same, for what Redis 7.0 doesn't show.
    pub fn put_later(&mut self, name: impl Display, value: impl Display) {
        if self.shows_later {
            self.put(name, value);
        }
    }

    /// A whole line, of any bytes.
    pub fn line(&mut self, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.text.extend_from_slice(b"\r\n");
    }

    /// `name:bytes` and `name_human:bytes`, the latter for people.
    pub fn bytes(&mut self, name: &str, bytes: u64) {
        self.put(name, bytes);
        self.human(name, bytes);
    }

    /// `name_human:bytes` alone.
    pub fn human(&mut self, name: &str, bytes: u64) {
        self.put(format_args!("{name}_human"), format_human_bytes(bytes));
    }

    /// `name:0` for each name: what cacheflow has nothing of.
    pub fn zeros(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.put(name, 0));
    }

    /// The same, for what Redis 7.0 doesn't show.
    pub fn zeros_later(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.put_later(name, 0));
    }
}

/// A section.
struct Section {
    title: &'static str,
    /// Whether INFO without arguments shows it.
    by_default: bool,
    /// Whether Redis 7.0 doesn't have it.
    is_later: bool,
    write: fn(&mut Context<'_>, &mut Fields),
}

/// The sections, in the order in which they are always shown.
const SECTIONS: &[Section] = &[
    Section::new("Server", server::server),
    Section::new("Clients", server::clients),
    Section::new("Memory", memory::memory),
    Section::new("Persistence", data::persistence),
    Section::new("Threads", keysizes::threads).later(),
    Section::new("Stats", stats::stats),
    Section::new("Replication", data::replication),
    Section::new("CPU", server::cpu),
    Section::new("Modules", data::modules),
    Section::new("Commandstats", stats::commandstats).only_if_named(),
    Section::new("Errorstats", stats::errorstats),
    Section::new("Latencystats", stats::latencystats).only_if_named(),
    Section::new("Lock", stats::lock).only_if_named(),
    Section::new("Cluster", data::cluster),
    Section::new("Keyspace", data::keyspace),
    Section::new("Keysizes", keysizes::keysizes).later(),
];

impl Section {
    const fn new(title: &'static str, write: fn(&mut Context<'_>, &mut Fields)) -> Self {
        Section { title, by_default: true, is_later: false, write }
    }

    const fn only_if_named(self) -> Self {
        Section { by_default: false, ..self }
    }

    const fn later(self) -> Self {
        Section { is_later: true, ..self }
    }

    /// Whether one of the names asks for it.
    fn is_wanted(&self, names: Args<'_>) -> bool {
        names.len() == 0 && self.by_default
            || names.iter().any(|name| {
                is(name, "all")
                    || is(name, "everything")
                    || is(name, "default") && self.by_default
                    || is(name, self.title)
            })
    }
}

/// `INFO [section [section ...]]`
///
/// `default`, `all` and `everything` name several; a section that doesn't exist is just empty.
pub fn info(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let names = args.from(1);
    let shows_later = ctx.compat().shows_later_figures();
    let mut fields = Fields { shows_later, ..Fields::default() };
    let sections = SECTIONS.iter().filter(|section| shows_later || !section.is_later);
    for section in sections.filter(|section| section.is_wanted(names)) {
        if !fields.text.is_empty() {
            fields.text.extend_from_slice(b"\r\n");
        }
        let _ = write!(fields.text, "# {}\r\n", section.title);
        fields.is_named = names.iter().any(|name| is(name, section.title));
        (section.write)(ctx, &mut fields);
    }
    reply.verbatim("txt", &fields.text);
    Ok(())
}

/// Bytes in units of 1024, as the rates of INFO stats are shown.
fn kilobytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::engine::Engine;
    use crate::engine::client::Client;
    use crate::engine::execution::Origin;
    use crate::resp::{Reply, Request};

    /// The names in `tests/data/info-fields.txt` are those of redis-server 7.0.15.
    #[test]
    fn every_field_of_redis_is_there() {
        let (mut engine, _garbage) = Engine::new(Config::default(), crate::command::EXECUTION);
        let client = engine.clients.add(Client::internal);
        let mut reply = Reply::default();
        let request = Request::new([&b"INFO"[..], b"everything"]);
        crate::command::execute(&mut engine, client, request.args(), &mut reply, Origin::Client);
        let text = String::from_utf8_lossy(reply.as_bytes()).into_owned();
        let names: Vec<&str> =
            text.split("\r\n").filter_map(|line| Some(line.split_once(':')?.0)).collect();
        let expected = include_str!("../../../../tests/data/info-fields.txt");
        let missing: Vec<&str> = expected.lines().filter(|name| !names.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
