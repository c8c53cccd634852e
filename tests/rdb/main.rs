//! RDB files and DUMP payloads, exchanged with a real redis-server, and damaged in every way.
//!
//! ```text
//! data.rs      commands that make a value of every type, encoding and width
//! exchange.rs  files and payloads, ours and those of a real server       (needs redis-server)
//! corpus.rs    files of tests/data/rdb: loaded, cut at every byte, changed at every byte
//! lifecycle.rs the file at the start and the end of a server
//! later.rs     fields of hashes that expire, Valkey's files, which version we write
//! handmade.rs  files of forms that no server at hand writes any more, put together here
//! ```
//!
//! `cargo test --test rdb` needs nothing but cargo; `make differential` runs the rest, too.

mod corpus;
mod data;
mod exchange;
mod handmade;
mod later;
mod lifecycle;
#[path = "../../benches/compare/servers.rs"]
#[allow(dead_code)]
mod servers;

use cacheflow::command::server::digest::Digest;
use cacheflow::engine::debugging::Delays;
use cacheflow::persistence::load::{LoadedData, Options, load_from};
use cacheflow::persistence::save::{self, write};
use cacheflow::rdb::source::damaged;
use cacheflow::rdb::{Decoder, EncodingLimits, Result, Style, Target};

/// Loads a file from memory, which must hold nothing else. Nothing has expired.
fn load(bytes: &[u8]) -> Result<LoadedData> {
    load_within(bytes, EncodingLimits::default())
}

fn load_within(bytes: &[u8], limits: EncodingLimits) -> Result<LoadedData> {
    let delays = Delays::default();
    let options = Options {
        databases: 16,
        indexes_slots: false,
        limits,
        now_ms: None,
        verifies: true,
        delays: &delays,
        access: &|_| 0,
    };
    let mut decoder = Decoder::new(bytes, options.limits)?;
    let data = load_from(&mut decoder, &options)?;
    if decoder.is_at_end()? {
        Ok(data)
    } else {
        Err(damaged(decoder.offset(), "there is something behind the end"))
    }
}

/// Writes everything to memory.
fn save(data: &LoadedData) -> Vec<u8> {
    save_as(data, Target::AsNeeded)
}

fn save_as(data: &LoadedData, target: Target) -> Vec<u8> {
    try_save_as(data, target).unwrap()
}

fn try_save_as(data: &LoadedData, target: Target) -> std::io::Result<Vec<u8>> {
    let options = save::Options {
        incremental: true,
        style: Style { target, ..Style::default() },
        checksum: true,
        aux: &[("redis-ver", "7.0.15".to_owned())],
        functions: &data.functions,
        usage: &|_| None,
    };
    write(&data.databases, Vec::new(), &options)
}

fn digest(data: &LoadedData) -> String {
    Digest::of_databases(&data.databases).to_string()
}
