//! The append-only file: every change, in the order in which they came.
//!
//! | module       | what it is                                                            |
//! |--------------|-----------------------------------------------------------------------|
//! | [`manifest`] | which files it consists of                                            |
//! | [`loader`]   | the files executed again; what to do about a cut end                  |
//! | [`rewrite`]  | a new base, without stopping anybody                                  |
//! | [`commands`] | values as commands, for a base that is no snapshot                    |
//!
//! How units get into the file while the server runs is told in [`crate::journal::group_commit`].
//! Here is how it begins, at a start, and how it is switched on and off. The layout is that of Redis
//! 7.0, in both directions: a directory with a base, files of changes, and a manifest. A single file
//! as Redis wrote it before 7.0 becomes the base.
//!
//! Where Redis starts with nothing we are more careful, since an empty database that is being
//! written to can't be told from a lost one: files without a manifest are an error, and if there is
//! no append-only file yet but a snapshot is, its data is taken over.

pub mod commands;
pub mod loader;
pub mod manifest;
pub mod rewrite;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::sync::Arc;

use super::{background, disk};
use crate::engine::append_only::{AofFiles, AofState};
use crate::engine::background::Kind;
use crate::engine::progress::Progress;
use crate::engine::tracking;
use crate::engine::{Engine, SharedEngine};
use crate::journal::group_commit::AofSink;
use crate::persistence::access::Access;
use crate::system::clock::machine_now;
use manifest::{Manifest, Part, sync_directory};

/// Loads the data at the start and opens the file for what comes. An error means that the server
/// must not start: it says why, and what can be done.
pub fn start(shared: &SharedEngine, progress: &Progress) -> io::Result<()> {
    let place = AofFiles::of(&shared.lock().config);
    let mut manifest = match find(shared, &place)? {
        Some(manifest) => {
            load_parts(&mut Access::Shared(shared), &place, &manifest, progress)?;
            manifest
        }
        None => {
            let snapshot = disk::snapshot_path(&shared.lock().config);
            if let Some(path) = snapshot.filter(|path| path.exists()) {
                let name = path.display();
                crate::warning!("There is no append-only file yet: taking the data of {name}");
            }
            disk::load_snapshot(&mut Access::Shared(shared), progress)?;
            Manifest::default()
        }
    };
    fs::create_dir_all(&place.directory)?;
    sync_directory(&shared.lock().config.dir)?;
    if manifest.base.is_none() && manifest.increments.is_empty() {
        rewrite::write_first_base(shared, &place, &mut manifest)?;
    }
    let file = open_last(&place, &mut manifest)?;
    manifest.store(&place)?;
    let mut engine = shared.lock();
    let keeps = engine.config.aof_disable_auto_gc;
    engine.aof.writer.set_size(total_size(&place, &manifest)?);
    engine.aof.base_size = engine.aof.writer.size();
    engine.aof.place = Some(place.clone());
    engine.aof.state = AofState::On;
    let writer = Arc::clone(&engine.aof.writer);
    engine.journal.aof = Some(Box::new(AofSink::new(Arc::clone(&writer), engine.clock.clone())));
    writer.switch(Some(file));
    drop(engine);
    writer.commit();
    if keeps { Ok(()) } else { manifest.delete_history(&place) }
}

/// The manifest, or one made for the single file of an old server. None: there is neither.
fn find(shared: &SharedEngine, place: &AofFiles) -> io::Result<Option<Manifest>> {
    let old = shared.lock().config.dir.join(&place.prefix);
    let manifest = match Manifest::load(place)? {
        Some(manifest) => manifest,
        None => {
            let leftovers = manifest::leftovers(place)?;
            if let Some(name) = leftovers.first() {
                return Err(missing_manifest(place, name));
            }
            if !old.try_exists()? {
                return Ok(None);
            }
            let base = Part { name: place.prefix.clone(), seq: 1 };
            let mut manifest = Manifest::default();
            let first = manifest.next_increment(place);
            manifest.replace_base(base, &first);
            fs::create_dir_all(&place.directory)?;
            manifest.store(place)?;
            manifest
        }
    };
    // An upgrade that was begun, now or by a server that crashed, is completed.
    if let Some(base) = &manifest.base
        && base.name == place.prefix
        && !place.path(&base.name).try_exists()?
        && old.try_exists()?
    {
        fs::rename(&old, place.path(&base.name))?;
        sync_directory(&place.directory)?;
        crate::notice!("The append-only file {} of an old version is the base now", old.display());
    }
    Ok(Some(manifest))
}

fn missing_manifest(place: &AofFiles, name: &str) -> io::Error {
    let (directory, manifest) = (place.directory.display(), place.manifest());
    let manifest = manifest.display();
    io::Error::new(
        io::ErrorKind::NotFound,
        format!(
            "The AOF manifest {manifest} is missing, but there are append-only files beside it \
             ({name}, ...). Refusing to start with an empty data set. Either restore the manifest \
             (a line 'file <name> seq <number> type b' for the base and one with 'type i' for each \
             file of changes, in order), or move {directory} away to start without its data"
        ),
    )
}

/// Loads all parts in order.
pub fn load_parts(
    access: &mut Access<'_>,
    place: &AofFiles,
    manifest: &Manifest,
    progress: &Progress,
) -> io::Result<()> {
    let now_ms = access.with(|engine| engine.unix_ms());
    progress.begin(now_ms, total_size(place, manifest)?);
    let begun = machine_now();
    let parts: Vec<&Part> = manifest.parts().collect();
    for (index, part) in parts.iter().enumerate() {
        let begun = machine_now();
        // Files of no bytes behind it don't contradict that the end was cut by a crash.
        let rest = &parts[index + 1..];
        let is_last = rest.iter().try_fold(true, |all, part| {
            Ok::<_, io::Error>(all && fs::metadata(place.path(&part.name))?.len() == 0)
        })?;
        loader::load_file(access, &place.path(&part.name), is_last, progress)?;
        let kind = if manifest.base.as_ref() == Some(*part) { "base" } else { "incr" };
        let seconds = begun.elapsed().as_secs_f64();
        crate::notice!("DB loaded from {kind} file {}: {seconds:.3} seconds", part.name);
    }
    let seconds = begun.elapsed().as_secs_f64();
    crate::notice!("DB loaded from append only file: {seconds:.3} seconds");
    Ok(())
}

/// Bytes of all files. One that is missing is an error.
fn total_size(place: &AofFiles, manifest: &Manifest) -> io::Result<u64> {
    let size = |part: &Part| {
        let path = place.path(&part.name);
        let metadata = fs::metadata(&path).map_err(|error| {
            let text = format!("The AOF file {} can't be read: {error}", path.display());
            io::Error::new(error.kind(), text)
        })?;
        Ok(metadata.len())
    };
    manifest.parts().map(size).sum()
}

/// Opens the last file of changes to append to it; a new one if there is none.
fn open_last(place: &AofFiles, manifest: &mut Manifest) -> io::Result<File> {
    if let Some(last) = manifest.increments.last() {
        crate::notice!("Opening AOF incr file {} on server start", last.name);
        return OpenOptions::new().append(true).open(place.path(&last.name));
    }
    let part = manifest.next_increment(place);
    crate::notice!("Creating AOF incr file {} on server start", part.name);
    let file = File::create(place.path(&part.name))?;
    manifest.push_increment(part);
    Ok(file)
}

/// Loads everything again, as a start would (DEBUG LOADAOF). What was journalled until now has to
/// be in the files already.
pub fn reload(engine: &mut Engine) -> io::Result<()> {
    if engine.aof.state == AofState::Starting {
        // What is on disk is nothing, or the data of long ago.
        return Err(io::Error::other(
            "the first base is being written; see aof_rewrite_in_progress",
        ));
    }
    engine.aof.writer.finish()?;
    let place = engine.aof.place.clone().unwrap_or_else(|| AofFiles::of(&engine.config));
    let manifest = Manifest::load(&place)?
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no append-only file"))?;
    let sink = engine.journal.aof.take();
    for db in 0..engine.databases.len() {
        engine.empty_database(db);
    }
    tracking::flushed(engine);
    engine.loading = true;
    let progress = Progress::default();
    let result = load_parts(&mut Access::Held(engine), &place, &manifest, &progress);
    engine.loading = false;
    engine.journal.aof = sink;
    engine.journal.forget_selected();
    engine.dirty = 0;
    result
}

/// What CONFIG SET appendonly has changed.
pub fn set_enabled(engine: &mut Engine, enabled: bool) {
    match (engine.aof.state, enabled) {
        (AofState::Off, true) => {
            engine.aof.state = AofState::Starting;
            engine.aof.switches += 1;
            engine.aof.place = Some(AofFiles::of(&engine.config));
            engine.aof.consecutive_failures = 0;
            engine.aof.writer.set_size(0);
            // Until this is done, there is no file that the data could be loaded from.
            engine.background.rewrite_scheduled = true;
            background::tick(engine);
        }
        (AofState::On | AofState::Starting, false) => {
            engine.journal.aof = None;
            engine.aof.writer.switch(None);
            engine.aof.state = AofState::Off;
            engine.aof.switches += 1;
            engine.aof.place = None;
            engine.background.rewrite_scheduled = false;
            engine.background.cancel(Kind::Rewrite);
        }
        _ => {}
    }
}
