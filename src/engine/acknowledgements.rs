//! Who has what a connection has written: what WAIT and WAITAOF wait for.
//!
//! ```text
//!                     replica: REPLCONF ACK <received> FACK <synced>
//! SET k v ─┬─> backlog ────────────> its copy ─────> its append-only file
//!          │   Client::last_write        WAIT              WAITAOF 0 1
//!          └─> our append-only file
//!              Client::last_append                         WAITAOF 1 0
//! ```
//!
//! Nobody is interrupted for it: files are synced when `appendfsync` has it, and replicas tell how far they are
//! once a second, or when they are asked, which WAIT does. While the first base of an append-only file is
//! being written, nothing counts as being in it.

use super::ClientKey;
use super::Engine;
use super::append_only::AofState;
use super::blocking::{self, Awaited};
use super::role::Phase;
use crate::resp::Reply;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgements {
    /// The replication offset that has to be reached,
    pub offset: u64,
    /// by so many replicas.
    pub wanted: i64,
    /// That it is on their disks (WAITAOF), not only in their memory.
    pub on_disk: Option<OnDisk>,
}

/// What WAITAOF asks for besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// Up to where our append-only file has to be synced,
    pub appended: u64,
    /// if that is waited for.
    pub ours: bool,
}

/// The error of WAITAOF without a file.
pub const NO_FILE: &str =
    "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";

impl Acknowledgements {
    /// How many replicas have it.
    fn replicas(&self, engine: &Engine) -> usize {
        let replicas = engine.replication.replicas.iter();
        let replicas = replicas.filter_map(|key| engine.clients.get(*key).replica.as_ref());
        let online = replicas.filter(|replica| replica.phase == Phase::Online);
        let reached = online.map(|replica| match self.on_disk {
            Some(_) => replica.synced,
            None => replica.acknowledged,
        });
        reached.filter(|reached| *reached >= self.offset).count()
    }

    /// Whether nobody has to be waited for any more.
    pub fn are_there(&self, engine: &Engine) -> bool {
        let is_missing = |disk: OnDisk| disk.ours && !disk.is_there(engine);
        self.replicas(engine) as i64 >= self.wanted && !self.on_disk.is_some_and(is_missing)
    }

    /// Tells how far everybody is, be it enough or not.
    pub fn tell(&self, engine: &Engine, reply: &mut Reply) {
        if let Some(disk) = self.on_disk {
            reply.array(2);
            reply.integer(i64::from(disk.is_there(engine)));
        }
        reply.count(self.replicas(engine));
    }
}

impl OnDisk {
    fn is_there(self, engine: &Engine) -> bool {
        engine.aof.state == AofState::On && engine.aof.writer.synced() >= self.appended
    }
}

/// Answers those whose wait is over, now that somebody has come further.
pub fn answer_waiters(engine: &mut Engine) {
    for waiter in engine.replication.waiters.clone() {
        answer_if_there(engine, waiter);
    }
}

/// The same for one client.
pub fn answer_if_there(engine: &mut Engine, waiter: ClientKey) {
    let wait = engine.clients.get(waiter).wait.as_ref();
    let Some(Awaited::Acknowledgements(awaited)) = wait.map(|wait| wait.awaited) else { return };
    if awaited.on_disk.is_some_and(|disk| disk.ours) && engine.aof.state == AofState::Off {
        blocking::interrupt(engine, waiter, NO_FILE);
    } else if awaited.are_there(engine) {
        blocking::time_out(engine, waiter);
    }
}
