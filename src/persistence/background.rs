//! Work on the data that takes long: BGSAVE and BGREWRITEAOF, done by one thread, one at a time.
//!
//! ```text
//! BGSAVE, save points ──┐ under the lock: Snapshot::begin            the thread: snapshot -> file
//! BGREWRITEAOF, growth ─┴────────> Job ─────────> channel ─────────>  under the lock: the outcome
//! ```
//!
//! Redis forks for this, and lets the child write what it sees. Here the snapshot keeps what the
//! thread still has to see, so neither a copy of the page tables nor a second copy of the memory is
//! ever needed.
//!
//! What can't begin at once is scheduled, and [`tick`] begins it, as it does what is due by itself:
//! a save point that was reached, a file that has grown, another attempt after one that failed.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam::channel::{Receiver, unbounded};

use super::aof::rewrite;
use super::disk::{self, SnapshotWriter};
use super::save::TemporaryFile;
use super::snapshot::Snapshot;
use crate::engine::append_only::AofState;
use crate::engine::background::{Control, Job, Kind};
use crate::engine::{Engine, SharedEngine};
use crate::system::clock::Tick;
use crate::system::cores;
use crate::system::service::essential;

/// How long to wait after a save that failed before save points are looked at again.
const RETRY_SAVE_AFTER: Duration = Duration::from_secs(5);
/// Rewrites that may fail in a row before there are pauses between attempts.
const FREE_ATTEMPTS: u32 = 3;
/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Starts the thread. It ends when [`stop`] says so.
pub fn start(shared: &Arc<SharedEngine>) -> io::Result<JoinHandle<()>> {
    let (jobs, incoming) = unbounded();
    shared.lock().background.jobs = Some(jobs);
    let shared = Arc::clone(shared);
    let thread = Builder::new().name("background".into());
    thread.spawn(essential(move || work(&shared, &incoming)))
}

/// Lets the thread end: cancels what it does and takes its channel away.
pub fn stop(engine: &mut Engine) {
    engine.background.cancel_all();
    engine.background.jobs = None;
}

fn work(shared: &SharedEngine, jobs: &Receiver<Job>) {
    for job in jobs {
        job(shared);
    }
}

/// Begins a BGSAVE: the file will hold what there is now. False: it could not be begun.
pub fn begin_save(engine: &mut Engine) -> bool {
    if engine.replication.transferring {
        engine.background.save_scheduled = true; // a replica is being sent a snapshot
        return true;
    }
    if !engine.background.has_thread() {
        return false; // before anything is marked as being saved
    }
    engine.background.save_scheduled = false;
    engine.saving.last_try = Some(engine.clock.tick());
    let Some(path) = disk::snapshot_path(&engine.config) else {
        crate::warning!("Background saving error: the configuration names no file (dbfilename)");
        engine.saving.last_ok = false;
        return false;
    };
    let snapshot = Snapshot::begin(engine);
    let writer = SnapshotWriter::new(engine, false);
    let (keys, dirty) = (snapshot.keys() as u64, engine.dirty);
    let (control, cores) =
        (Arc::clone(&engine.background.control), engine.config.bgsave_cpulist.clone());
    let job = move |shared: &SharedEngine| {
        cores::keep_to(&cores);
        let result = save(shared, snapshot, &writer, path, &control);
        save_ended(&mut shared.lock(), result, dirty);
    };
    let started = engine.background.start(Kind::Save, keys, Box::new(job));
    if started {
        crate::notice!("Background saving started by pid {}", std::process::id());
    }
    started
}

fn save(
    shared: &SharedEngine,
    mut snapshot: Snapshot,
    writer: &SnapshotWriter,
    path: PathBuf,
    control: &Control,
) -> io::Result<()> {
    // Not the name that SAVE uses: a stop may save while this is being cancelled.
    let temporary = path.with_file_name(format!("temp-bg-{}.rdb", std::process::id()));
    let result = TemporaryFile::create(temporary, writer.is_synced_incrementally())
        .and_then(|file| writer.write(shared, &mut snapshot, file, control))
        .and_then(|file| file.commit_if(&path, || control.still_wanted()));
    if result.is_err() {
        snapshot.abandon(&mut shared.lock());
    }
    result
}

fn save_ended(engine: &mut Engine, result: io::Result<()>, dirty: u64) {
    let running = engine.background.running.take();
    let cancelled = engine.background.control.is_cancelled();
    let saving = &mut engine.saving;
    saving.last_seconds = running.map(|running| running.begun.elapsed().as_secs());
    match result {
        Ok(()) => {
            crate::notice!("DB saved on disk");
            crate::notice!("Background saving terminated with success");
            saving.last_ok = true;
            saving.saves += 1;
            // What was changed while it was written is in the next one.
            engine.dirty = engine.dirty.saturating_sub(dirty);
            engine.saving.last_save = engine.unix_ms() / 1000;
        }
        Err(_) if cancelled => crate::notice!("Background saving was cancelled"),
        Err(error) => {
            crate::warning!("Background saving error: {error}");
            saving.last_ok = false;
        }
    }
    tick(engine); // somebody may be waiting for the thread
}

/// Begins a BGREWRITEAOF. False: it could not be begun.
pub fn begin_rewrite(engine: &mut Engine) -> bool {
    if engine.replication.transferring {
        engine.background.rewrite_scheduled = true;
        return true;
    }
    if !engine.background.has_thread() {
        return false;
    }
    engine.background.rewrite_scheduled = false;
    engine.aof.last_attempt = Some(engine.clock.tick());
    let keys = engine.databases.iter().map(|db| db.len() as u64).sum();
    let (control, cores) =
        (Arc::clone(&engine.background.control), engine.config.aof_rewrite_cpulist.clone());
    let job = move |shared: &SharedEngine| {
        cores::keep_to(&cores);
        let result = rewrite::run(shared, &control);
        rewrite_ended(&mut shared.lock(), result);
    };
    let started = engine.background.start(Kind::Rewrite, keys, Box::new(job));
    if started {
        if engine.config.no_appendfsync_on_rewrite {
            engine.aof.writer.set_relaxed(true);
        }
        crate::notice!(
            "Background append only file rewriting started by pid {}",
            std::process::id()
        );
    }
    started
}

fn rewrite_ended(engine: &mut Engine, result: io::Result<()>) {
    let running = engine.background.running.take();
    let cancelled = engine.background.control.is_cancelled();
    engine.aof.writer.set_relaxed(false);
    let aof = &mut engine.aof;
    aof.last_rewrite_seconds = running.map(|running| running.begun.elapsed().as_secs());
    match result {
        Ok(()) => {
            crate::notice!("Background AOF rewrite terminated with success");
            crate::notice!("Background AOF rewrite finished successfully");
            aof.last_rewrite_ok = true;
            aof.rewrites += 1;
            aof.consecutive_failures = 0;
        }
        Err(_) if cancelled => crate::notice!("Background AOF rewrite was cancelled"),
        Err(error) => {
            crate::warning!("Background AOF rewrite terminated with error: {error}");
            aof.last_rewrite_ok = false;
            aof.consecutive_failures += 1;
        }
    }
    tick(engine);
}

/// Begins what is due. Called several times a second, and when the thread has nothing to do.
pub fn tick(engine: &mut Engine) {
    let busy = engine.background.running.is_some() || engine.replication.transferring;
    if busy || engine.loading || engine.shutdown.is_some() {
        return;
    }
    if engine.background.rewrite_scheduled || rewrite_is_due(engine) {
        begin_rewrite(engine);
    } else if engine.background.save_scheduled || save_point_reached(engine) {
        begin_save(engine);
    }
}

fn save_point_reached(engine: &Engine) -> bool {
    let saving = &engine.saving;
    let recently = |at: Tick| engine.clock.since(at) < RETRY_SAVE_AFTER;
    if !saving.last_ok && saving.last_try.is_some_and(recently) {
        return false;
    }
    let age = u64::try_from(engine.unix_ms() / 1000 - saving.last_save).unwrap_or(0);
    let reached = engine
        .config
        .save
        .iter()
        .find(|point| engine.dirty > 0 && engine.dirty >= point.changes && age > point.seconds);
    if let Some(point) = reached {
        crate::notice!("{} changes in {} seconds. Saving...", point.changes, point.seconds);
    }
    reached.is_some()
}

/// Whether the append-only file has grown enough, or has no base yet.
fn rewrite_is_due(engine: &Engine) -> bool {
    let aof = &engine.aof;
    let pause = match aof.consecutive_failures {
        0..FREE_ATTEMPTS => Duration::from_secs(1),
        failures => Duration::from_secs(60 << (failures - FREE_ATTEMPTS).min(6)).min(LONGEST_PAUSE),
    };
    if aof.last_attempt.is_some_and(|at| engine.clock.since(at) < pause) {
        return false;
    }
    match aof.state {
        AofState::Off => false,
        AofState::Starting => true,
        AofState::On => {
            let config = &engine.config;
            let (size, base) = (aof.writer.size(), aof.base_size.max(1));
            let percentage = u64::from(config.auto_aof_rewrite_percentage);
            let growth = (size * 100 / base).saturating_sub(100);
            let due =
                percentage > 0 && size > config.auto_aof_rewrite_min_size && growth >= percentage;
            if due {
                crate::notice!("Starting automatic rewriting of AOF on {growth}% growth");
            }
            due
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::engine::execution::Execution;
    use crate::store::{Str, Value};

    #[test]
    fn what_can_not_begin_leaves_no_marks() {
        let (mut engine, _garbage) = Engine::new(Config::default(), Execution::none());
        let Err(vacant) = engine.databases[0].find(b"k") else { unreachable!() };
        engine.databases[0].insert(vacant, b"k", Value::Str(Str::Int(1)), 0);
        (engine.background.save_scheduled, engine.background.rewrite_scheduled) = (true, true);
        assert!(!begin_save(&mut engine) && !begin_rewrite(&mut engine));
        assert!(engine.databases[0].mark().is_none(), "nobody would ever copy it");
        assert!(engine.saving.last_try.is_none() && engine.aof.last_attempt.is_none());
        assert!(engine.background.save_scheduled && engine.background.rewrite_scheduled);
    }
}
