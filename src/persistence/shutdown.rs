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
//! Whoever sent SHUTDOWN waits all the while, and gets a reply only if nothing comes of it.

use std::time::{Duration, Instant};

use super::disk;
use crate::config::ShutdownMode;
use crate::engine::Engine;
use crate::engine::blocking::{self, Wait};
use crate::engine::client::ClientKey;
use crate::engine::pause::Reason;
use crate::engine::role;
use crate::resp::Request;

/// What SHUTDOWN asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShutdownRequest {
    /// `SAVE` or `NOSAVE`; neither: save if there are save points.
    pub save: Option<bool>,
    /// `NOW`: don't wait for replicas that lag.
    pub now: bool,
    /// `FORCE`: stop even if saving fails.
    pub force: bool,
}

impl From<ShutdownMode> for ShutdownRequest {
    fn from(mode: ShutdownMode) -> Self {
        let ShutdownMode { save, no_save, now, force } = mode;
        ShutdownRequest { save: (save || no_save).then_some(save), now, force }
    }
}

/// A shutdown that waits for replicas.
#[derive(Debug)]
pub struct Leaving {
    request: ShutdownRequest,
    deadline: Instant,
    /// The connections that wait for it, by their numbers.
    clients: Vec<u64>,
}

impl Leaving {
    /// How long it will wait at the most.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn end(self, engine: &mut Engine, decided: bool) {
        for id in self.clients {
            let Some(client) = engine.clients.by_id(id) else { continue };
            if decided {
                engine.clients.get_mut(client).disconnect();
            } else {
                blocking::interrupt(engine, client, FAILED);
            }
        }
    }

    /// Whether this client sent SHUTDOWN.
    pub fn is_awaited_by(&self, client: u64) -> bool {
        self.clients.contains(&client)
    }
}

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
    let deadline = Instant::now() + patience;
    engine.leaving = Some(Leaving { request, deadline, clients: Vec::new() });
    Outcome::Waiting
}

/// The client waits for what comes of the shutdown that has begun.
pub fn wait(engine: &mut Engine, client: ClientKey) {
    let Engine { clients, leaving, .. } = engine;
    let Some(leaving) = leaving else { return };
    leaving.clients.push(clients.get(client).id);
    let wait = Wait {
        request: Request::default(),
        db: 0,
        keys: Vec::new(),
        deadline: None,
        sees_removal: false,
        acknowledgements: None,
    };
    blocking::block(engine, client, wait);
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
        leaving.end(engine, decided);
    }
}

/// Gives a shutdown up that waits for replicas. False: there is none.
pub fn abort(engine: &mut Engine) -> bool {
    let Some(leaving) = engine.leaving.take() else { return false };
    crate::notice!("Shutdown manually aborted.");
    leaving.end(engine, false);
    engine.pause.release(Reason::Shutdown);
    true
}

/// How many replicas have not got everything.
fn behind(engine: &Engine) -> usize {
    role::count_behind(engine, engine.replication.offset())
}

fn finish(engine: &mut Engine, request: ShutdownRequest) -> Outcome {
    let wanted = request.save.unwrap_or(!engine.config.save.is_empty());
    let saves = wanted && !engine.loading; // else the file would lose what is not loaded
    engine.background.cancel();
    if saves && disk::save_now(engine).is_err() && !request.force {
        crate::warning!("Error trying to save the DB, can't exit.");
        engine.pause.release(Reason::Shutdown);
        return Outcome::Failed;
    }
    engine.shutdown = Some(request);
    Outcome::Decided
}
