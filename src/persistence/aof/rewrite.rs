//! The rewrite: a new base, so that the file of changes can begin anew.
//!
//! ```text
//!            base 1 ── incr 1 ─────────────┐
//! 1. a new file of changes, named in the manifest, still empty
//! 2. under the lock: units go to it from here on; the snapshot begins at the same moment
//!            base 1 ── incr 1 ── incr 2    |  both, together, are the data
//! 3. the snapshot is written to a temporary file, synced, and renamed
//! 4. a new manifest:  base 2 ── incr 2     |  the same data, by another way
//! 5. what was replaced is deleted
//! ```
//!
//! A crash between any two steps leaves a manifest that tells the whole truth. If the rewrite fails,
//! there is one more file of changes, and nothing is lost.
//!
//! `CONFIG SET appendonly yes` is a rewrite, too. There is no manifest yet, or an old one whose data
//! is not ours, so the new file of changes is not named before step 4; until then the data is as
//! safe as it was before. With the append-only file switched off, BGREWRITEAOF writes a base alone.

use std::fs::{self, File};
use std::io;
use std::sync::Arc;

use super::commands::CommandWriter;
use super::manifest::{Manifest, Part, sync_directory};
use crate::engine::append_only::{AofFiles, AofState};
use crate::engine::background::Control;
use crate::engine::{Engine, SharedEngine};
use crate::journal::group_commit::AofSink;
use crate::persistence::disk::SnapshotWriter;
use crate::persistence::save::TemporaryFile;
use crate::persistence::snapshot::Snapshot;

/// A rewrite in progress.
struct Rewrite<'a> {
    shared: &'a SharedEngine,
    control: &'a Control,
    place: AofFiles,
    manifest: Manifest,
    /// The state in which it was begun.
    state: AofState,
    /// How often the append-only file had been switched on or off by then.
    switches: u64,
    /// The new file of changes.
    increment: Option<Part>,
}

/// Writes a new base, and lets everything follow from it.
pub fn run(shared: &SharedEngine, control: &Control) -> io::Result<()> {
    let (place, state, switches) = {
        let engine = shared.lock();
        let place = engine.aof.place.clone().unwrap_or_else(|| AofFiles::of(&engine.config));
        (place, engine.aof.state, engine.aof.switches)
    };
    fs::create_dir_all(&place.directory)?;
    let manifest = Manifest::load(&place)?.unwrap_or_default();
    let mut rewrite =
        Rewrite { shared, control, place, manifest, state, switches, increment: None };
    let result = rewrite.run();
    if result.is_err() {
        rewrite.give_up();
    }
    result
}

/// Writes a base for what there is now, as a server does at its first start. Nobody may change
/// anything meanwhile.
pub fn write_first_base(
    shared: &SharedEngine,
    place: &AofFiles,
    manifest: &mut Manifest,
) -> io::Result<()> {
    let control = Control::default();
    let (snapshot, format) = {
        let mut engine = shared.lock();
        (Snapshot::begin(&mut engine), Format::of(&engine))
    };
    let part = write_base(shared, snapshot, format, place, manifest, &control)?;
    crate::notice!("Creating AOF base file {} on server start", part.name);
    let first = manifest.next_increment(place);
    manifest.replace_base(part, &first);
    Ok(())
}

impl Rewrite<'_> {
    fn run(&mut self) -> io::Result<()> {
        let file = match self.state {
            AofState::Off => None,
            AofState::On | AofState::Starting => Some(self.new_increment()?),
        };
        let writer = Arc::clone(&self.shared.lock().aof.writer);
        writer.sync_ahead();
        let (snapshot, format) = {
            let mut engine = self.shared.lock();
            if engine.aof.switches != self.switches {
                return Err(io::Error::other("the append-only file was switched on or off"));
            }
            if let Some(file) = file {
                switch(&mut engine, file);
            }
            (Snapshot::begin(&mut engine), Format::of(&engine))
        };
        writer.commit(); // the old file is complete on disk before anything is said to follow it
        let base =
            write_base(self.shared, snapshot, format, &self.place, &self.manifest, self.control)?;
        let base_len = fs::metadata(self.place.path(&base.name))?.len();
        let first = self.increment.clone();
        if let (AofState::Starting, Some(part)) = (self.state, &first) {
            self.manifest.push_increment(part.clone());
        }
        let first = first.unwrap_or_else(|| self.manifest.next_increment(&self.place));
        let replaced_before = self.manifest.history.len();
        self.manifest.replace_base(base, &first);
        let replaced = self.size_of_history(replaced_before);
        self.manifest.store(&self.place)?;
        writer.drop_old_files();
        let mut engine = self.shared.lock();
        // Else another one writes a base for what has been switched on meanwhile.
        if engine.aof.switches == self.switches {
            match self.state {
                AofState::On => writer.resize(base_len, replaced),
                AofState::Starting => {
                    engine.aof.state = AofState::On;
                    writer.resize(base_len, 0);
                    crate::notice!("AOF rewrite, and the switch to appendonly, is complete");
                }
                AofState::Off => {}
            }
            engine.aof.base_size = writer.size();
        }
        let keeps = engine.config.aof_disable_auto_gc;
        drop(engine);
        if keeps { Ok(()) } else { self.manifest.delete_history(&self.place) }
    }

    /// Creates the next file of changes. While the file is in use, the manifest has to name it
    /// before the first unit goes there.
    fn new_increment(&mut self) -> io::Result<File> {
        let part = self.manifest.next_increment(&self.place);
        let file = File::create(self.place.path(&part.name))?;
        if self.state == AofState::On {
            sync_directory(&self.place.directory)?;
            self.manifest.push_increment(part.clone());
            self.manifest.store(&self.place)?;
        }
        crate::notice!("Creating AOF incr file {} on background rewrite", part.name);
        self.increment = Some(part);
        Ok(file)
    }

    fn size_of_history(&self, skip: usize) -> u64 {
        let sizes = self.manifest.history.iter().skip(skip);
        sizes.filter_map(|part| Some(fs::metadata(self.place.path(&part.name)).ok()?.len())).sum()
    }

    /// After a failure: a file that was only being started is not one yet.
    fn give_up(&self) {
        let mut engine = self.shared.lock();
        let (AofState::Starting, Some(part)) = (self.state, &self.increment) else { return };
        if engine.aof.switches == self.switches {
            engine.journal.aof = None;
            engine.aof.writer.switch(None);
        }
        let writer = Arc::clone(&engine.aof.writer);
        drop(engine);
        writer.commit();
        let _ = fs::remove_file(self.place.path(&part.name)); // no manifest names it
    }
}

/// Lets the journal go to a new file from now on.
fn switch(engine: &mut Engine, file: File) {
    engine.aof.writer.switch(Some(file));
    engine.journal.forget_selected();
    if engine.journal.aof.is_none() {
        engine.journal.aof =
            Some(Box::new(AofSink::new(Arc::clone(&engine.aof.writer), engine.clock.clone())));
    }
}

/// How a base is written.
struct Format {
    /// As a snapshot: small, and fast to load. None: as commands.
    rdb: Option<SnapshotWriter>,
    /// Whether the file is synced piece by piece.
    incremental: bool,
    /// When it is begun, if commands are to say so.
    annotation: Option<i64>,
    /// The libraries of functions, as their sources.
    functions: Vec<Vec<u8>>,
}

impl Format {
    fn of(engine: &Engine) -> Self {
        let config = &engine.config;
        let rdb = config.aof_use_rdb_preamble.then(|| SnapshotWriter::new(engine, true));
        let annotation = config.aof_timestamp_enabled.then(|| engine.unix_ms() / 1000);
        Format {
            rdb,
            incremental: config.aof_rewrite_incremental_fsync,
            annotation,
            functions: engine.scripting.sources(),
        }
    }
}

/// Writes the base file, complete and on disk.
fn write_base(
    shared: &SharedEngine,
    mut snapshot: Snapshot,
    format: Format,
    place: &AofFiles,
    manifest: &Manifest,
    control: &Control,
) -> io::Result<Part> {
    let suffix = if format.rdb.is_some() { "rdb" } else { "aof" };
    let part = manifest.next_base(place, suffix);
    let temporary = place.path(&format!("temp-rewriteaof-bg-{}.aof", std::process::id()));
    let result = TemporaryFile::create(temporary, format.incremental).and_then(|file| {
        let file = match &format.rdb {
            Some(writer) => writer.write(shared, &mut snapshot, file, control),
            None => write_commands(shared, &mut snapshot, file, &format, control),
        };
        file?.commit(&place.path(&part.name))
    });
    if result.is_err() {
        snapshot.abandon(&mut shared.lock());
    }
    result.map(|()| part)
}

fn write_commands(
    shared: &SharedEngine,
    snapshot: &mut Snapshot,
    file: TemporaryFile,
    format: &Format,
    control: &Control,
) -> io::Result<TemporaryFile> {
    let mut writer = CommandWriter::new(file);
    format.annotation.into_iter().for_each(|time_s| writer.annotate(time_s));
    for source in &format.functions {
        writer.function(source)?;
    }
    let mut selected = None;
    while let Some((database, keys)) = snapshot.next(shared)? {
        if selected != Some(database.db) {
            selected = Some(database.db);
            writer.select(database.db)?;
        }
        for saved in &keys {
            writer.key(saved)?;
        }
        control.advance(keys.len())?;
    }
    writer.finish()
}
