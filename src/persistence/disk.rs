//! The data directory: loading at the start, saving when asked to.
//!
//! This is where the engine and the format meet: what the format needs to know (the forms of
//! collections, how a key was used, the facts at the head of a file) is taken from configuration
//! and engine here, and nowhere else.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::history::{self, History};
use super::snapshot::Snapshot;
use super::{load, save};
use crate::config::{Config, EvictionPolicy, REDIS_VERSION, RdbVersion};
use crate::engine::background::{Control, Kind};
use crate::engine::debugging::Delays;
use crate::engine::eviction;
use crate::engine::libraries::Same;
use crate::engine::progress::Progress;
use crate::engine::tracking;
use crate::engine::{Engine, SharedEngine};
use crate::persistence::access::Access;
use crate::rdb::{
    self, Compression, Decoder, Encoder, EncodingLimits, NodeLimit, Reason, Style, Target,
};
use crate::store::packed;
use crate::system::clock::machine_now;

impl EncodingLimits {
    /// The limits in force.
    pub fn of_config(config: &Config) -> Self {
        let limits = |entries, value| packed::PackedLimits { entries, value };
        EncodingLimits {
            hash: limits(config.hash_max_listpack_entries, config.hash_max_listpack_value),
            zset: limits(config.zset_max_listpack_entries, config.zset_max_listpack_value),
            intset: config.set_max_intset_entries,
        }
    }
}

impl Style {
    /// As it is configured.
    pub fn of_config(config: &Config) -> Self {
        Style {
            compression: if config.rdbcompression { Compression::Lzf } else { Compression::None },
            list_nodes: NodeLimit::of_config(config.list_max_listpack_size),
            target: match config.rdb_version {
                RdbVersion::AsNeeded => Target::AsNeeded,
                RdbVersion::Redis70 => Target::Exactly(10),
                RdbVersion::Redis72 => Target::Exactly(11),
                RdbVersion::Redis74 => Target::Exactly(12),
                RdbVersion::Valkey9 => Target::Exactly(80),
            },
        }
    }
}

/// The snapshot file; None if the configuration names none, so that nothing is kept.
pub fn snapshot_path(config: &Config) -> Option<PathBuf> {
    (!config.dbfilename.is_empty()).then(|| config.dir.join(&config.dbfilename))
}

/// Loads the snapshot, if there is one. After an error the data is as it was, and so is the file.
/// What it says about replication is returned.
pub fn load_snapshot(access: &mut Access<'_>, progress: &Progress) -> io::Result<Option<History>> {
    let (path, reading, now_ms) = access
        .with(|engine| (snapshot_path(&engine.config), Reading::of(engine), engine.unix_ms()));
    let Some(path) = path else { return Ok(None) };
    let begun = machine_now();
    if !path.try_exists()? {
        return Ok(None);
    }
    progress.begin(now_ms, fs::metadata(&path)?.len());
    let mut data = reading.read_file(&path, progress).map_err(|error| {
        explain(&error);
        let text = format!("Bad snapshot file {}: {error}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    })?;
    if data.empty > 0 {
        crate::notice!("Skipped {} empty keys", data.empty);
    }
    crate::notice!("Done loading RDB, keys loaded: {}, keys expired: {}.", data.keys, data.expired);
    let history = History::of(&mut data);
    access.with(|engine| install(engine, data))?;
    crate::notice!("DB loaded from disk: {:.3} seconds", begun.elapsed().as_secs_f64());
    Ok(history)
}

/// Tells the log what is wrong with a snapshot, in the words that operators watch for.
fn explain(error: &rdb::Error) {
    let reason = match &error.reason {
        Reason::Io(_) | Reason::Unsupported(_) => return,
        Reason::Truncated => {
            crate::warning!("Short read or OOM loading DB. Unrecoverable error, aborting now.");
            "Unexpected EOF reading RDB file"
        }
        Reason::Damaged(text) if text.starts_with("Wrong RDB checksum") => {
            crate::warning!("{text}. Aborting now.");
            "RDB CRC error"
        }
        Reason::Damaged(text) => text,
    };
    crate::warning!("Internal error in RDB reading offset {} -> {reason}", error.offset);
}

/// FLUSHALL has removed everything. If there are save points, a restart must not bring back what was
/// saved before, so that nothing is saved at once. Where that fails, the changes still count, and the
/// save points try again.
pub fn save_nothing(engine: &mut Engine) {
    if engine.config.save.is_empty() {
        engine.background.cancel(Kind::Save);
    } else {
        let _ = save_now(engine); // the log has the reason
    }
}

/// Puts what was loaded in the place of what there is. If a library of functions can't be loaded, all
/// stays as it is: whatever is saved later would lack it.
pub fn install(engine: &mut Engine, data: load::LoadedData) -> io::Result<()> {
    let limit = engine.config.lua_memory_limit as usize;
    engine.scripting.replace_libraries(&data.functions, limit).map_err(|text| {
        let text = String::from_utf8_lossy(text.strip_prefix(b"ERR ").unwrap_or(&text));
        crate::warning!("Failed loading library, {text}");
        io::Error::new(io::ErrorKind::InvalidData, format!("Failed loading library, {text}"))
    })?;
    for (db, keyspace) in data.databases.into_iter().enumerate() {
        engine.replace_database(db, keyspace);
    }
    tracking::flushed(engine);
    engine.saving.keys_loaded = data.keys;
    engine.saving.keys_expired = data.expired;
    Ok(())
}

/// Puts what was loaded beside what there is. A key or library that is in both is replaced, if it may
/// be; otherwise that is an error, and no key is changed.
pub fn install_on_top(
    engine: &mut Engine,
    data: load::LoadedData,
    replaces: bool,
) -> Result<(), String> {
    if !replaces {
        for (db, keyspace) in data.databases.iter().enumerate() {
            let mut both = keyspace.iter().map(|entry| &entry.key);
            if let Some(key) = both.find(|key| engine.databases[db].find(key).is_ok()) {
                return Err(format!("the key '{}' is there already", key.escape_ascii()));
            }
        }
    }
    let (limit, same) = (engine.config.lua_memory_limit as usize, Same::when(replaces));
    for source in &data.functions {
        let loaded = engine.scripting.load_library(source, same, true, limit);
        loaded.map_err(|text| String::from_utf8_lossy(&text).into_owned())?;
    }
    for (db, keyspace) in data.databases.iter().enumerate() {
        for (entry, deadline) in keyspace.iter_with_deadlines() {
            if let Ok(slot) = engine.databases[db].find(&entry.key) {
                let old = engine.databases[db].remove(slot);
                engine.free_lazily(old.value);
            }
            let Err(vacant) = engine.databases[db].find(&entry.key) else { continue };
            let (value, access) = (entry.value.clone(), entry.access);
            let slot = engine.databases[db].insert(vacant, &entry.key, value, access);
            if let Some(at) = deadline {
                engine.databases[db].set_deadline(slot, at);
            }
            engine.key_modified(db, &entry.key);
        }
    }
    Ok(())
}

/// How snapshots are read: what the format has to know of the engine, so that the lock is not
/// needed while a file is read.
pub struct Reading {
    /// The forms of collections.
    pub limits: EncodingLimits,
    databases: usize,
    indexes_slots: bool,
    policy: EvictionPolicy,
    clock_ms: i64,
    /// Whether keys that have expired are left out.
    skip_expired: bool,
    verifies: bool,
    /// Pauses that tests ask for.
    pub delays: Arc<Delays>,
}

impl Reading {
    /// As the data file is read.
    pub fn of(engine: &Engine) -> Self {
        Reading {
            limits: EncodingLimits::of_config(&engine.config),
            databases: engine.databases.len(),
            indexes_slots: engine.config.cluster_enabled,
            policy: engine.config.maxmemory_policy,
            clock_ms: engine.unix_ms(),
            skip_expired: !engine.is_replica(),
            verifies: !engine.debugging.skips_checksums,
            delays: Arc::clone(&engine.debugging.delays),
        }
    }

    /// As the base of an append-only file is read: what follows may still speak of keys that have
    /// expired since.
    pub fn of_base(engine: &Engine) -> Self {
        Reading { skip_expired: false, ..Reading::of(engine) }
    }

    /// Reads the file at `path` into fresh keyspaces.
    pub fn read_file(&self, path: &Path, progress: &Progress) -> rdb::Result<load::LoadedData> {
        self.with_options(|options| load::load(path, progress, options))
    }

    /// Reads what the decoder reads.
    pub fn read<R: BufRead>(&self, decoder: &mut Decoder<R>) -> rdb::Result<load::LoadedData> {
        self.with_options(|options| load::load_from(decoder, options))
    }

    fn with_options<T>(&self, work: impl FnOnce(&load::Options<'_>) -> T) -> T {
        let access = |usage: Option<rdb::Usage>| {
            usage
                .and_then(|usage| eviction::access_of(self.policy, usage, self.clock_ms))
                .unwrap_or_else(|| eviction::initial(self.policy, self.clock_ms))
        };
        work(&load::Options {
            databases: self.databases,
            indexes_slots: self.indexes_slots,
            limits: self.limits,
            now_ms: self.skip_expired.then_some(self.clock_ms),
            verifies: self.verifies,
            delays: &self.delays,
            access: &access,
        })
    }
}

/// The facts at the head of a snapshot; `is_base` tells that commands follow it, in another file.
pub fn facts(engine: &Engine, is_base: bool) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("redis-ver", REDIS_VERSION.to_owned()),
        ("redis-bits", usize::BITS.to_string()),
        ("ctime", (engine.unix_ms() / 1000).to_string()),
        ("used-mem", crate::system::memory::used().to_string()),
        ("aof-base", u8::from(is_base).to_string()),
    ];
    if !is_base {
        facts.extend(history::facts(engine));
    }
    facts
}

/// Saves everything while everybody waits, as SAVE, FLUSHALL and a stop do. A BGSAVE that is running
/// ends without an outcome: its file would be older than this one, and take its place.
pub fn save_now(engine: &mut Engine) -> io::Result<()> {
    engine.background.cancel(Kind::Save);
    let result = write_snapshot(engine);
    match &result {
        Ok(()) => {
            crate::notice!("DB saved on disk");
            engine.saving.last_ok = true;
            engine.saving.last_save = engine.unix_ms() / 1000;
            engine.saving.saves += 1;
            engine.dirty = 0;
        }
        Err(error) => crate::warning!("Write error saving DB on disk: {error}"),
    }
    result
}

fn write_snapshot(engine: &Engine) -> io::Result<()> {
    let path = snapshot_path(&engine.config)
        .ok_or_else(|| io::Error::other("the configuration names no file (dbfilename)"))?;
    let writer = SnapshotWriter::new(engine, false);
    let options = save::Options {
        style: writer.style,
        checksum: writer.config.rdbchecksum,
        incremental: writer.config.rdb_save_incremental_fsync,
        aux: &writer.facts,
        functions: &writer.functions,
        usage: &|access| writer.usage(access),
    };
    save::save(&engine.databases, &path, &options)
}

/// How a snapshot is written: what the format has to know of the engine, so that the lock is not
/// needed while a file is written.
pub struct SnapshotWriter {
    config: Config,
    style: Style,
    delays: Arc<Delays>,
    facts: Vec<(&'static str, String)>,
    functions: Vec<Vec<u8>>,
    now_ms: i64,
}

impl SnapshotWriter {
    /// As things are now. `is_base` marks the base of an append-only file.
    pub fn new(engine: &Engine, is_base: bool) -> Self {
        SnapshotWriter {
            config: engine.config.clone(),
            style: Style::of_config(&engine.config),
            delays: Arc::clone(&engine.debugging.delays),
            facts: facts(engine, is_base),
            functions: engine.scripting.sources(),
            now_ms: engine.unix_ms(),
        }
    }

    /// The same, in this version.
    pub fn with_target(self, target: Target) -> Self {
        SnapshotWriter { style: Style { target, ..self.style }, ..self }
    }

    /// Writes a whole file to `out`, and returns it flushed. The lock is taken for each copy only.
    pub fn write<W: Write>(
        &self,
        shared: &SharedEngine,
        snapshot: &mut Snapshot,
        out: W,
        control: &Control,
    ) -> io::Result<W> {
        let (fields_expire, checksum) = (snapshot.fields_expire(), self.config.rdbchecksum);
        let mut encoder = Encoder::new(out, self.style, fields_expire, checksum)?;
        for (name, value) in &self.facts {
            encoder.aux(name, value)?;
        }
        for library in &self.functions {
            encoder.function(library)?;
        }
        let mut selected = None;
        while let Some((database, keys)) = snapshot.next(shared)? {
            if selected != Some(database.db) {
                selected = Some(database.db);
                encoder.select_db(database.db, database.keys, database.expiring)?;
            }
            for saved in &keys {
                let usage = self.usage(saved.access);
                let (key, value) = (&saved.key, &saved.value);
                encoder.key(key, value, saved.deadline, usage).map_err(save::naming(key))?;
            }
            self.delays.saved(keys.len(), || control.is_cancelled());
            control.advance(keys.len())?;
        }
        encoder.finish()
    }

    /// Whether the data file is synced piece by piece while it is written.
    pub fn is_synced_incrementally(&self) -> bool {
        self.config.rdb_save_incremental_fsync
    }

    fn usage(&self, access: u32) -> Option<rdb::Usage> {
        eviction::usage_of(&self.config, access, self.now_ms)
    }
}
