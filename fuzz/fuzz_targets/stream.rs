//! Any bytes as what a master sends: its answers to the handshake, and its stream, which arrives at
//! once and in pieces. Both ways lead to the same data and the same offset, and what our own replicas
//! would be sent is a beginning of what came.

#![no_main]

use std::io::sink;
use std::time::Duration;

use cacheflow::command::EXECUTION;
use cacheflow::engine::Engine;
use cacheflow::engine::client::Client;
use cacheflow::engine::role::Master;
use cacheflow::journal::backlog::Next;
use cacheflow::rdb::{Decoder, EncodingLimits, Item};
use cacheflow::replication::handshake::{Handshake, Introduction};
use cacheflow::replication::stream::{Executor, LIMITS};
use cacheflow::resp::Reader;
use libfuzzer_sys::fuzz_target;
use pieces::Pieces;

#[path = "../harness.rs"]
mod harness;
#[path = "../pieces.rs"]
mod pieces;

const ID: &str = "0123456789abcdef0123456789abcdef01234567";

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    handshake(bytes, piece);
    if harness::reaches_outside(bytes) {
        return;
    }
    let at_once = follow(bytes, bytes.len().max(1));
    let in_pieces = follow(bytes, usize::from(piece % 17) + 1);
    assert_eq!(at_once.broken, in_pieces.broken);
    assert!(harness::is_random(bytes) || at_once.data == in_pieces.data);
    for followed in [&at_once, &in_pieces] {
        assert!(bytes.starts_with(&followed.backlog), "offsets count what the master has sent");
    }
    // When it breaks, the history is forgotten, and with it how far it went.
    assert!(at_once.broken || at_once.backlog == in_pieces.backlog, "what goes to replicas");
});

/// The answers to everything that a replica says, and the snapshot behind them.
fn handshake(mut answers: &[u8], about_us: u8) {
    let config = cacheflow::config::Config {
        masterauth: if about_us & 1 == 0 { Vec::new() } else { b"secret".to_vec() },
        replica_announce_ip: if about_us & 2 == 0 { Vec::new() } else { b"::1".to_vec() },
        ..harness::config()
    };
    let mut handshake = Handshake { reader: &mut answers, writer: &mut sink() };
    if about_us & 4 == 0 && handshake.introduce(&Introduction::new(&config, 1)).is_err() {
        return;
    }
    let known = (about_us & 8 == 0).then_some((ID, 5));
    if handshake.synchronise(known, about_us & 16 == 0).is_err() {
        return;
    }
    let Ok(_length) = handshake.line() else { return };
    let Ok(mut decoder) = Decoder::new(answers, EncodingLimits::default()) else { return };
    while decoder.next_item().is_ok_and(|item| !matches!(item, Item::End)) {}
}

/// What came of a stream.
struct Followed {
    /// It ended before its last byte.
    broken: bool,
    backlog: Vec<u8>,
    /// A digest.
    data: Vec<u8>,
}

/// Follows the stream until it ends or breaks.
fn follow(bytes: &[u8], size: usize) -> Followed {
    let (mut engine, _garbage) = Engine::new(harness::config(), EXECUTION);
    let now = engine.clock.tick();
    engine.replication.master = Some(Master::new("master".to_owned(), 1, now));
    engine.replication.active = true;
    let client =
        engine.clients.add(|id, clock| Client { is_master: true, ..Client::internal(id, clock) });
    let mut stream = Executor::new(client);
    let mut reader = Reader::new(Pieces { rest: bytes, size });
    let broken = loop {
        match reader.batch(&LIMITS) {
            Ok(batch) if batch.is_empty() || !batch.is_inline() => {
                if stream.execute(&mut engine, &batch).is_err() {
                    break true;
                }
                if batch.is_empty() && reader.fill().expect("the slice gives no error") == 0 {
                    break false;
                }
            }
            _ => break true,
        }
    };
    let backlog = &engine.replication.backlog;
    assert!(backlog.attach(1, 0));
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    while backlog.read(1, &mut buffer, Duration::ZERO) == Next::Bytes {
        found.extend_from_slice(&buffer);
    }
    engine.replication.master = None; // so that a digest may be asked for
    Followed { broken, backlog: found, data: harness::digest(&mut engine) }
}
