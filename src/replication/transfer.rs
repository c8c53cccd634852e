//! A transfer: one snapshot to all replicas that have waited for it.
//!
//! ```text
//! begin   under the lock: the snapshot, its offset, and a place in the backlog for each replica
//! run     +FULLRESYNC, and then
//!           diskless   $EOF:<mark> the snapshot <mark>, into all sockets at once
//!           file       the snapshot to a file, meanwhile signs of life; $<len>, each at its own pace
//!         a feeder for each replica that has got everything
//! ```
//!
//! In the diskless form the slowest sets the pace for those that get it together; one that takes
//! nothing for `repl-timeout` is dropped.

use std::fs::File;
use std::io::{self, Write};
use std::net::Shutdown;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::Builder;

use super::feeder::{Feeder, Prelude};
use super::reader;
use crate::engine::background::Control;
use crate::engine::role::{self, Phase};
use crate::engine::{ClientKey, Engine, EngineGuard, SharedEngine};
use crate::persistence::disk::SnapshotWriter;
use crate::persistence::save::TemporaryFile;
use crate::persistence::snapshot::Snapshot;
use crate::system::cores;
use crate::system::mutex::locked;
use crate::system::random::secure_hex;
use crate::system::service::essential;
use crate::system::stream::Stream;

/// Replicas whose snapshot is being written to a file. Before anything else is written to their
/// sockets, they are taken out.
pub(super) type Listening = Arc<Mutex<Vec<Arc<Stream>>>>;

/// A snapshot on its way to the replicas that wait for one of the same kind.
pub struct Transfer {
    shared: Arc<SharedEngine>,
    targets: Vec<Target>,
    snapshot: Snapshot,
    writer: SnapshotWriter,
    /// The mark at the end, if it goes straight into the sockets.
    mark: Option<String>,
    directory: PathBuf,
    header: String,
    cpus: String,
    /// Who gets signs of life while the file is written.
    listening: Listening,
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
    pub fn begin(
        shared: &Arc<SharedEngine>,
        mut guard: EngineGuard<'_>,
        waiting: &[ClientKey],
        listening: &Listening,
    ) -> Self {
        let engine = &mut *guard;
        role::activate(engine);
        // What follows the snapshot begins with a SELECT; a replica's own master sent its own.
        engine.journal.forget_selected();
        let kind = |engine: &Engine, key: ClientKey| {
            let replica = engine.clients.get(key).replica.as_ref();
            replica.and_then(|replica| {
                let target = reader::target(engine, replica).ok()?;
                Some((replica.knows_eof, replica.functions_only, target))
            })
        };
        // Fields may have begun to expire while they waited: who can't read that has nobody to wait for.
        reader::drop_unable(engine);
        let first = waiting.iter().find_map(|key| kind(engine, *key));
        let (knows_eof, functions_only, target) = first.unwrap_or_default();
        let diskless = engine.config.repl_diskless_sync && knows_eof;
        let position = engine.replication.offset();
        let mut targets = Vec::new();
        for key in waiting {
            if first.is_none() || kind(engine, *key) != first {
                continue;
            }
            let Some(feeder) = Feeder::of(shared, engine, *key) else { continue };
            engine.replication.backlog.attach(feeder.client, position);
            engine.replication.sync_full += 1;
            let Some(replica) = &mut engine.clients.get_mut(*key).replica else { continue };
            replica.phase = if diskless { Phase::Receiving } else { Phase::Saving };
            targets.push(Target { feeder, is_old: replica.is_old, failed: false });
        }
        let writer = SnapshotWriter::new(engine, false).with_target(target);
        let mut snapshot = Snapshot::begin(engine);
        if functions_only {
            snapshot.leave_out_data(engine);
        }
        crate::notice!(
            "Starting BGSAVE for SYNC with target: {} ({} replicas)",
            if diskless { "replicas sockets" } else { "disk" },
            targets.len()
        );
        Transfer {
            shared: Arc::clone(shared),
            targets,
            snapshot,
            writer,
            mark: diskless.then(|| secure_hex(40)),
            directory: engine.config.dir.clone(),
            header: format!("+FULLRESYNC {} {position}\r\n", engine.replication.id),
            cpus: engine.config.bgsave_cpulist.clone(),
            listening: Arc::clone(listening),
        }
    }

    /// Lets a thread of its own do it: others may begin to wait meanwhile.
    pub fn start(self) {
        let shared = Arc::clone(&self.shared);
        let streams = self.targets.iter().map(|target| Arc::clone(&target.feeder.stream));
        let streams: Vec<Arc<Stream>> = streams.collect();
        let work = move || {
            cores::keep_to(&self.cpus);
            let shared = Arc::clone(&self.shared);
            self.run();
            shared.lock().replication.transferring = false;
        };
        let started = cores::spawn(Builder::new().name("transfer".into()), essential(work));
        if let Err(error) = started {
            crate::warning!("Can't start a thread to send a snapshot to replicas: {error}");
            streams.iter().for_each(|stream| _ = stream.shutdown(Shutdown::Both));
            shared.lock().replication.transferring = false;
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
            crate::warning!("BGSAVE for replication failed: {error}");
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
        let live = self.targets.iter().filter(|target| !target.failed);
        locked(&self.listening).extend(live.map(|target| Arc::clone(&target.feeder.stream)));
        let files = self.write_and_open();
        locked(&self.listening).clear();
        files
    }

    fn write_and_open(&mut self) -> io::Result<Vec<File>> {
        let path = self.directory.join(format!("temp-repl-{}.rdb", std::process::id()));
        let file = TemporaryFile::create(path.clone(), false)?;
        let control = Control::default();
        let _file = self.writer.write(&self.shared, &mut self.snapshot, file, &control)?;
        self.targets.iter().map(|_| File::open(&path)).collect()
    }
}
