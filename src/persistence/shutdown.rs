//! SHUTDOWN: how a server ends without losing anything.
//!
//! ```text
//! SHUTDOWN, SIGTERM ── writes are held ──> every replica has everything? ── yes, or NOW ──> save ──> end
//!                                            │        ^      │ no                            │
//!                                            │        '──────┤ look again, until             │ failed
//!                                            │               │ shutdown-timeout is over      v
//!                        SHUTDOWN ABORT <────'               '──────────> save        go on serving
//! ```
//!
//! First the replicas, then the file: asking them how far they are is part of the stream, and what
//! the file says about its place in the stream must be true when the server comes back. From the
//! moment it is saved nothing is executed any more, and nothing is appended.
//!
//! Whoever sent SHUTDOWN waits all the while, and gets a reply only if nothing comes of it. When its
//! connection is closed, the process has done everything that it had to do with files: a script may
//! remove them then.

use std::time::Duration;

use super::disk;
use crate::engine::ClientKey;
use crate::engine::Engine;
use crate::engine::append_only::AofState;
use crate::engine::blocking::{self, Awaited, Wait};
use crate::engine::pause::{self, Reason};
use crate::engine::role;
use crate::engine::shutdown::{Leaving, ShutdownRequest};
use crate::resp::Request;
use crate::system::clock::machine_now;
use crate::system::supervisor;

/// What has come of a shutdown so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server ends now.
    Decided,
    /// It waits for replicas.
    Waiting,
    /// The data could not be saved, so it goes on; the log has the reason.
    Failed,
}

/// What SHUTDOWN replies when the data could not be saved, or somebody has changed their mind.
pub const FAILED: &str = "ERR Errors trying to SHUTDOWN. Check logs.";

/// Begins a shutdown, unless one has begun already.
pub fn begin(engine: &mut Engine, request: ShutdownRequest) -> Outcome {
    if engine.leaving.is_some() {
        return Outcome::Waiting;
    }
    crate::notice!("User requested shutdown...");
    engine.pause.hold(Reason::Shutdown);
    let patience = Duration::from_secs(u64::from(engine.config.shutdown_timeout));
    if request.now || patience.is_zero() || behind(engine) == 0 {
        return finish(engine, request);
    }
    crate::notice!("Waiting for replicas before shutting down.");
    engine.replication.ask_for_acknowledgement();
    let deadline = machine_now() + patience;
    engine.leaving = Some(Leaving { request, deadline, clients: Vec::new() });
    Outcome::Waiting
}

/// The client waits for what comes of the shutdown that has begun.
pub fn wait(engine: &mut Engine, client: ClientKey) {
    let Engine { clients, leaving, .. } = engine;
    let Some(leaving) = leaving else { return };
    leaving.clients.push(clients.get(client).id);
    let wait = Wait {
        awaited: Awaited::Shutdown,
        request: Request::default(),
        db: 0,
        keys: Vec::new(),
        deadline: None,
    };
    blocking::block(engine, client, wait);
}

/// The end that this client has asked for is decided: its connection ends, with the process if that does.
pub fn part(engine: &mut Engine, client: ClientKey) {
    let ends_process = engine.ends_process;
    let client = engine.clients.get_mut(client);
    client.asked_for_end = ends_process;
    client.close_after_reply = true;
}

/// Looks whether the replicas have everything, or the time is over. Called several times a second.
pub fn tick(engine: &mut Engine) {
    let Some(leaving) = &engine.leaving else { return };
    let missing = behind(engine);
    if missing > 0 && !leaving.remaining().is_zero() {
        return;
    }
    if missing > 0 {
        crate::warning!("{missing} replica(s) have not got everything when shutting down.");
    }
    let request = leaving.request;
    let decided = finish(engine, request) == Outcome::Decided;
    if let Some(leaving) = engine.leaving.take() {
        end(leaving, engine, decided);
    }
}

/// Tells those who waited what has come of it.
fn end(leaving: Leaving, engine: &mut Engine, decided: bool) {
    for id in leaving.clients {
        let Some(client) = engine.clients.by_id(id) else { continue };
        if decided {
            part(engine, client);
            engine.clients.get_mut(client).disconnect();
        } else {
            blocking::interrupt(engine, client, FAILED);
        }
    }
}

/// Gives a shutdown up that waits for replicas. False: there is none.
pub fn abort(engine: &mut Engine) -> bool {
    let Some(leaving) = engine.leaving.take() else { return false };
    crate::notice!("Shutdown manually aborted.");
    end(leaving, engine, false);
    pause::release(engine, Reason::Shutdown);
    true
}

/// How many replicas have not got everything.
fn behind(engine: &Engine) -> usize {
    role::count_behind(engine, engine.replication.offset())
}

fn finish(engine: &mut Engine, request: ShutdownRequest) -> Outcome {
    let wanted = request.save.unwrap_or(!engine.config.save.is_empty());
    let saves = wanted && !engine.loading; // else the file would lose what is not loaded
    if engine.aof.state == AofState::Starting {
        // There is no base yet: the next start would find nothing, or the file of long ago.
        if !request.force {
            crate::warning!("Writing initial AOF, can't exit.");
            return fail(engine);
        }
        crate::warning!("Writing initial AOF. Exit anyway.");
    }
    engine.background.cancel_all();
    supervisor::tell("STOPPING=1");
    if saves {
        crate::notice!("Saving the final RDB snapshot before exiting.");
        supervisor::tell("STATUS=Saving the final RDB snapshot");
    }
    if saves && disk::save_now(engine).is_err() && !request.force {
        crate::warning!("Error trying to save the DB, can't exit.");
        supervisor::tell("STATUS=Error trying to save the DB, can't exit.");
        return fail(engine);
    }
    engine.shutdown = Some(request);
    Outcome::Decided
}

/// Goes on serving.
fn fail(engine: &mut Engine) -> Outcome {
    pause::release(engine, Reason::Shutdown);
    Outcome::Failed
}
