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
//! which starts a feeder, or lets the thread that sends snapshots know. That thread sends one
//! snapshot to all who wait for it. In the diskless form the slowest of them sets the pace for
//! those that get it together; one that takes nothing for `repl-timeout` is dropped.

use std::fs::File;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use super::feeder::{Feeder, Prelude};
use crate::engine::ClientKey;
use crate::engine::background::Control;
use crate::engine::role::{self, Phase};
use crate::engine::{Engine, EngineGuard, SharedEngine};
use crate::persistence::disk::SnapshotWriter;
use crate::persistence::save::TemporaryFile;
use crate::persistence::snapshot::Snapshot;
use crate::system::cores;
use crate::system::random::secure_hex;

/// How often the thread looks whether a snapshot can begin.
const LOOK: Duration = Duration::from_millis(20);
/// Waiting replicas hear so often that we are still here.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// Lets a replica whose PSYNC or SYNC was accepted have what it asked for. Called by the thread of
/// its connection when everything it was replied so far has been written.
pub fn begin(shared: &Arc<SharedEngine>, client: ClientKey) -> io::Result<()> {
    let mut engine = shared.lock();
    let Some(replica) = &mut engine.clients.get_mut(client).replica else { return Ok(()) };
    match replica.phase {
        Phase::Continuing => {
            replica.phase = Phase::Online;
            replica.seen = Instant::now();
            let feeder = feeder(shared, &engine, client);
            drop(engine);
            feeder.map_or(Ok(()), |feeder| feeder.start(Prelude::None))
        }
        Phase::Requesting => {
            replica.phase = Phase::Waiting;
            replica.seen = Instant::now();
            if std::mem::replace(&mut engine.replication.syncing, true) {
                return Ok(());
            }
            let shared = Arc::clone(shared);
            let thread = Builder::new().name("sync".into());
            let started = cores::spawn(thread, move || send_snapshots(&shared));
            engine.replication.syncing = started.is_ok();
            started
        }
        _ => Ok(()),
    }
}

fn feeder(shared: &Arc<SharedEngine>, engine: &Engine, client: ClientKey) -> Option<Feeder> {
    let client = engine.clients.get(client);
    let timeout = Duration::from_secs(u64::from(engine.config.repl_timeout));
    let stream = Arc::clone(client.stream.as_ref()?);
    let _ = stream.set_write_timeout(Some(timeout)); // a socket that is gone fails later
    let _ = stream.set_nodelay(!engine.config.repl_disable_tcp_nodelay);
    Some(Feeder {
        engine: Arc::clone(shared),
        client: client.id,
        stream,
        pen: Arc::clone(&client.pen),
        backlog: Arc::clone(&engine.replication.backlog),
    })
}

/// The thread that sends snapshots, for as long as somebody waits for one.
fn send_snapshots(shared: &Arc<SharedEngine>) {
    let cpus = shared.lock().config.bgsave_cpulist.clone();
    cores::keep_to(&cpus);
    let mut last_sign = Instant::now();
    loop {
        let mut engine = shared.lock();
        let waiting = waiting(&engine);
        if waiting.is_empty() {
            engine.replication.syncing = false;
            return;
        }
        if may_begin(&engine, &waiting) {
            engine.replication.transferring = true;
            Transfer::begin(shared, engine, &waiting).run();
            shared.lock().replication.transferring = false;
            continue;
        }
        if last_sign.elapsed() > SIGN_OF_LIFE {
            last_sign = Instant::now();
            let streams = waiting.iter().filter_map(|key| engine.clients.get(*key).stream.clone());
            let streams: Vec<Arc<TcpStream>> = streams.collect();
            drop(engine);
            // An empty line: "still here". Nothing else is in these sockets, so this doesn't block.
            streams.iter().for_each(|stream| _ = (&**stream).write_all(b"\n"));
        } else {
            drop(engine);
        }
        std::thread::sleep(LOOK);
    }
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
    if engine.background.running.is_some() {
        return false; // one snapshot at a time
    }
    let most = config.repl_diskless_sync_max_replicas as usize;
    if !config.repl_diskless_sync || most > 0 && waiting.len() >= most {
        return true;
    }
    let delay = Duration::from_secs(u64::from(config.repl_diskless_sync_delay));
    let replicas = waiting.iter().filter_map(|key| engine.clients.get(*key).replica.as_ref());
    replicas.map(|replica| replica.seen.elapsed()).any(|waited| waited >= delay)
}

/// A snapshot on its way to the replicas that wait for one of the same kind.
struct Transfer {
    shared: Arc<SharedEngine>,
    targets: Vec<Target>,
    snapshot: Snapshot,
    writer: SnapshotWriter,
    /// The mark at the end, if it goes straight into the sockets.
    mark: Option<String>,
    directory: std::path::PathBuf,
    header: String,
}

/// A replica, while a snapshot is being sent to it.
struct Target {
    feeder: Feeder,
    is_old: bool,
    failed: bool,
}

/// Writes to several sockets; one that fails is left out from then on.
struct Fan<'t>(&'t mut [Target]);

impl Write for Fan<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut reached = 0;
        for target in self.0.iter_mut().filter(|target| !target.failed) {
            target.failed = (&*target.feeder.stream).write_all(bytes).is_err();
            reached += usize::from(!target.failed);
        }
        if reached == 0 {
            return Err(io::Error::other("no replica is left"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transfer {
    /// Begins one, for this moment: the snapshot, the offset that belongs to it, and the places in
    /// the backlog where the stream goes on.
    fn begin(
        shared: &Arc<SharedEngine>,
        mut guard: EngineGuard<'_>,
        waiting: &[ClientKey],
    ) -> Self {
        let engine = &mut *guard;
        role::activate(engine);
        // What follows the snapshot begins with a SELECT; a replica's own master sent its own.
        engine.journal.forget_selected();
        let kind = |engine: &Engine, key: ClientKey| {
            let replica = engine.clients.get(key).replica.as_ref();
            replica.map(|replica| (replica.knows_eof, replica.functions_only))
        };
        let first = kind(engine, waiting[0]);
        let (knows_eof, functions_only) = first.unwrap_or_default();
        let position = engine.replication.offset();
        let mut targets = Vec::new();
        for key in waiting {
            if kind(engine, *key) != first {
                continue;
            }
            let Some(feeder) = feeder(shared, engine, *key) else { continue };
            engine.replication.backlog.attach(feeder.client, position);
            engine.replication.sync_full += 1;
            let Some(replica) = &mut engine.clients.get_mut(*key).replica else { continue };
            replica.phase = Phase::Receiving;
            targets.push(Target { feeder, is_old: replica.is_old, failed: false });
        }
        let writer = SnapshotWriter::new(engine, false);
        let mut snapshot = Snapshot::begin(engine);
        if functions_only {
            snapshot.leave_out_data(engine);
        }
        let diskless = engine.config.repl_diskless_sync && knows_eof;
        crate::notice!(
            "Starting snapshot for {} replica(s), target: {}",
            targets.len(),
            if diskless { "replicas sockets" } else { "disk" }
        );
        Transfer {
            shared: Arc::clone(shared),
            targets,
            snapshot,
            writer,
            mark: diskless.then(|| secure_hex(40)),
            directory: engine.config.dir.clone(),
            header: format!("+FULLRESYNC {} {position}\r\n", engine.replication.id),
        }
    }

    fn run(mut self) {
        for target in self.targets.iter_mut().filter(|target| !target.is_old) {
            target.failed = (&*target.feeder.stream).write_all(self.header.as_bytes()).is_err();
        }
        let mut result = match self.mark.take() {
            Some(mark) => self.send(&mark).map(|()| None),
            None => self.write_file().map(Some),
        };
        if let Err(error) = &result {
            crate::warning!("Sending a snapshot to replicas failed: {error}");
            self.snapshot.abandon(&mut self.shared.lock());
        }
        for target in self.targets {
            let prelude = match &mut result {
                _ if target.failed => None,
                Ok(None) => Some(Prelude::Acknowledgement),
                Ok(Some(files)) => files.pop().map(Prelude::File),
                Err(_) => None,
            };
            let stream = Arc::clone(&target.feeder.stream);
            let started = prelude.map(|prelude| target.feeder.start(prelude));
            if !matches!(started, Some(Ok(()))) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    /// Straight into the sockets, between a mark of forty bytes and the same mark.
    fn send(&mut self, mark: &str) -> io::Result<()> {
        let mut fan = Fan(&mut self.targets);
        fan.write_all(format!("$EOF:{mark}\r\n").as_bytes())?;
        let control = Control::default();
        let mut fan = self.writer.write(&self.shared, &mut self.snapshot, fan, &control)?;
        fan.write_all(mark.as_bytes())
    }

    /// Into a file that has no name any more when this returns. It is opened once for each replica,
    /// as each reads at its own pace.
    fn write_file(&mut self) -> io::Result<Vec<File>> {
        let path = self.directory.join(format!("temp-repl-{}.rdb", std::process::id()));
        let file = TemporaryFile::create(path.clone(), false)?;
        let control = Control::default();
        let _file = self.writer.write(&self.shared, &mut self.snapshot, file, &control)?;
        self.targets.iter().map(|_| File::open(&path)).collect()
    }
}
