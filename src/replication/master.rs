//! The master's side: how a replica gets what it lacks.
//!
//! ```text
//! PSYNC id offset ── in the backlog? ── yes ── +CONTINUE ── feeder from that position
//!                          │ no
//!                          v
//!     +FULLRESYNC id offset ── snapshot of that moment ── feeder from there
//!         $<len>          from a temporary file, or
//!         $EOF:<mark>     straight into the sockets of all who wait (repl-diskless-sync)
//! ```
//!
//! The handler only decides. When its reply is on its way, the connection's thread calls [`begin`],
//! which starts a feeder, or lets the thread know that looks after those who wait. It begins a
//! [`Transfer`], one at a time, of one snapshot to all who wait for it. And whoever waits, be it for
//! another's transfer to end or for a file to be written, hears once a second that we are still here.

use std::io;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use super::feeder::{Feeder, Prelude};
use super::transfer::{Listening, Transfer};
use crate::engine::ClientKey;
use crate::engine::role::Phase;
use crate::engine::{Engine, SharedEngine};
use crate::system::clock::machine_now;
use crate::system::cores;
use crate::system::mutex::locked;
use crate::system::service::essential;
use crate::system::stream::Stream;

/// How often the thread looks whether a snapshot can begin.
const LOOK: Duration = Duration::from_millis(20);
/// Waiting replicas hear so often that we are still here.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// Lets a replica whose PSYNC or SYNC was accepted have what it asked for. Called by the thread of
/// its connection when everything it was replied so far has been written.
pub fn begin(shared: &Arc<SharedEngine>, client: ClientKey) -> io::Result<()> {
    let mut engine = shared.lock();
    let now = engine.clock.tick();
    let Some(replica) = &mut engine.clients.get_mut(client).replica else { return Ok(()) };
    match replica.phase {
        Phase::Continuing => {
            replica.phase = Phase::Online;
            replica.seen = now;
            let feeder = Feeder::of(shared, &engine, client);
            drop(engine);
            feeder.map_or(Ok(()), |feeder| feeder.start(Prelude::None))
        }
        Phase::Requesting => {
            replica.phase = Phase::Waiting;
            replica.seen = now;
            if std::mem::replace(&mut engine.replication.syncing, true) {
                return Ok(());
            }
            let shared = Arc::clone(shared);
            let thread = Builder::new().name("sync".into());
            let started = cores::spawn(thread, essential(move || look_after_waiting(&shared)));
            engine.replication.syncing = started.is_ok();
            started
        }
        _ => Ok(()),
    }
}

/// The thread that begins transfers, for as long as somebody waits for one.
fn look_after_waiting(shared: &Arc<SharedEngine>) {
    let listening = Listening::default();
    let mut last_sign = machine_now();
    loop {
        let mut engine = shared.lock();
        let waiting = waiting(&engine);
        if waiting.is_empty() && !engine.replication.transferring {
            engine.replication.syncing = false;
            return;
        }
        if may_begin(&engine, &waiting) {
            engine.replication.transferring = true;
            Transfer::begin(shared, engine, &waiting, &listening).start();
            continue;
        }
        if last_sign.elapsed() > SIGN_OF_LIFE {
            last_sign = machine_now();
            let streams = waiting.iter().filter_map(|key| engine.clients.get(*key).stream.clone());
            // Until this thread begins their transfer, nobody else writes to these.
            let streams: Vec<Arc<Stream>> = streams.collect();
            drop(engine);
            streams.iter().for_each(|stream| sign(stream));
            locked(&listening).iter().for_each(|stream| sign(stream));
        } else {
            drop(engine);
        }
        std::thread::sleep(LOOK);
    }
}

/// An empty line: "still here". Who has no room for it has been told enough.
fn sign(stream: &Stream) {
    let _ = stream.write_now(b"\n");
}

fn waiting(engine: &Engine) -> Vec<ClientKey> {
    let waits = |key: &&ClientKey| {
        engine.clients.get(**key).replica.as_ref().is_some_and(|r| r.phase == Phase::Waiting)
    };
    engine.replication.replicas.iter().filter(waits).copied().collect()
}

/// Whether a snapshot can be taken now, and no more replicas are to be waited for.
fn may_begin(engine: &Engine, waiting: &[ClientKey]) -> bool {
    let config = &engine.config;
    let busy = engine.background.running.is_some() || engine.replication.transferring;
    if busy || waiting.is_empty() {
        return false; // one snapshot at a time
    }
    let most = config.repl_diskless_sync_max_replicas as usize;
    if !config.repl_diskless_sync || most > 0 && waiting.len() >= most || engine.clock.is_frozen() {
        return true; // a clock that stands gathers nobody, for no delay would end
    }
    let delay = Duration::from_secs(u64::from(config.repl_diskless_sync_delay));
    let replicas = waiting.iter().filter_map(|key| engine.clients.get(*key).replica.as_ref());
    replicas.map(|replica| engine.clock.since(replica.seen)).any(|waited| waited >= delay)
}
