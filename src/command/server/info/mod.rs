//! INFO: what the server knows about itself, as `name:value` lines in sections.
//!
//! | file         | sections                                                  |
//! |--------------|-----------------------------------------------------------|
//! | [`server`]   | server, clients, cpu                                      |
//! | [`memory`]   | memory                                                    |
//! | [`stats`]    | stats, commandstats, errorstats, latencystats             |
//! | [`data`]     | persistence, replication, modules, cluster, keyspace      |
//!
//! Tools read these lines by name, so every name that Redis 7.0.15 has is here. Where cacheflow
//! has nothing of the kind (a fork, an event loop) the value is that of an idle server, and
//! `docs/compatibility.md` says so. To add a field, write it where its section is written.

pub mod data;
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
pub struct Fields(Vec<u8>);

impl Fields {
    /// `name:value`
    pub fn put(&mut self, name: impl Display, value: impl Display) {
        let _ = write!(self.0, "{name}:{value}\r\n"); // a vector takes every byte
    }

    /// A whole line, of any bytes.
    pub fn line(&mut self, line: &[u8]) {
        self.0.extend_from_slice(line);
        self.0.extend_from_slice(b"\r\n");
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
}

/// A section.
struct Section {
    title: &'static str,
    /// Whether INFO without arguments shows it.
    by_default: bool,
    write: fn(&mut Context<'_>, &mut Fields),
}

/// The sections, in the order in which they are always shown.
const SECTIONS: &[Section] = &[
    Section { title: "Server", by_default: true, write: server::server },
    Section { title: "Clients", by_default: true, write: server::clients },
    Section { title: "Memory", by_default: true, write: memory::memory },
    Section { title: "Persistence", by_default: true, write: data::persistence },
    Section { title: "Stats", by_default: true, write: stats::stats },
    Section { title: "Replication", by_default: true, write: data::replication },
    Section { title: "CPU", by_default: true, write: server::cpu },
    Section { title: "Modules", by_default: true, write: data::modules },
    Section { title: "Commandstats", by_default: false, write: stats::commandstats },
    Section { title: "Errorstats", by_default: true, write: stats::errorstats },
    Section { title: "Latencystats", by_default: false, write: stats::latencystats },
    Section { title: "Cluster", by_default: true, write: data::cluster },
    Section { title: "Keyspace", by_default: true, write: data::keyspace },
];

impl Section {
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
    let mut fields = Fields::default();
    for section in SECTIONS.iter().filter(|section| section.is_wanted(args.from(1))) {
        if !fields.0.is_empty() {
            fields.0.extend_from_slice(b"\r\n");
        }
        let _ = write!(fields.0, "# {}\r\n", section.title);
        (section.write)(ctx, &mut fields);
    }
    reply.verbatim("txt", &fields.0);
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
