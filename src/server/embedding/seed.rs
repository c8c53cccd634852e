//! What a server holds when it begins: snapshots that are loaded, and commands that are executed.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::engine::Engine;
use crate::engine::client::Client;
use crate::engine::execution::Origin;
use crate::engine::scripting::STACK_SIZE;
use crate::persistence::disk;
use crate::rdb::decode::Decoder;
use crate::resp::{Reply, Request};
use crate::server::Server;

/// A part of it.
#[derive(Clone, Debug)]
pub enum Seed {
    /// A snapshot file.
    File(PathBuf),
    /// The bytes of one.
    Bytes(Vec<u8>),
    /// A command.
    Command(Vec<Vec<u8>>),
}

impl Server {
    /// Sows all of it, on a thread with a stack for scripts.
    pub(in crate::server) fn sow(&self, seeds: &[Seed]) -> io::Result<()> {
        if seeds.is_empty() {
            return Ok(());
        }
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("loader".into()).stack_size(STACK_SIZE);
            let sow = || seeds.iter().try_for_each(|seed| self.sow_one(seed));
            let sowing = thread.spawn_scoped(scope, self.log.inherited(sow))?;
            sowing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn sow_one(&self, seed: &Seed) -> io::Result<()> {
        let engine = &mut *self.shared.engine.lock_in_turn();
        match seed {
            Seed::File(path) => {
                let bytes = fs::read(path).map_err(|error| {
                    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
                })?;
                load(engine, &bytes)
            }
            Seed::Bytes(bytes) => load(engine, bytes),
            Seed::Command(args) => {
                let reply = execute(engine, 0, args.iter().map(Vec::as_slice));
                match reply.strip_prefix(b"-") {
                    None => Ok(()),
                    Some(error) => {
                        let error = String::from_utf8_lossy(error.trim_ascii_end()).into_owned();
                        Err(io::Error::other(error))
                    }
                }
            }
        }
    }
}

fn load(engine: &mut Engine, bytes: &[u8]) -> io::Result<()> {
    let reading = disk::Reading::of(engine);
    let decoded =
        Decoder::new(bytes, reading.limits).and_then(|mut decoder| reading.read(&mut decoder));
    let data = decoded.map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("Bad snapshot: {error}"))
    })?;
    disk::install(engine, data)
}

/// Executes a command as a client that may do everything and can't wait; returns its reply.
pub(super) fn execute<'a>(
    engine: &mut Engine,
    db: usize,
    args: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<u8> {
    let request = Request::new(args);
    let client = engine.clients.add(|id, clock| Client { db, ..Client::internal(id, clock) });
    let mut reply = Reply::default();
    // Its wait, should it come to that, ends with it.
    engine.execute(client, request.args(), &mut reply, Origin::Client);
    engine.remove_client(client);
    if reply.is_empty() {
        reply.error(b"ERR it would have to wait");
    }
    reply.take()
}
