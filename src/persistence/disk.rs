//! The data directory: loading at the start, saving when asked to.
//!
//! This is where the engine and the format meet: what the format needs to know (the forms of
//! collections, how a key was used, the facts at the head of a file) is taken from configuration
//! and engine here, and nowhere else.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::rdb::{self, Compression, Limits, load, save};
use crate::config::{Config, REDIS_VERSION};
use crate::engine::Engine;
use crate::eviction;
use crate::store::packed;

/// What is known about saving, for INFO and LASTSAVE.
#[derive(Clone, Debug)]
pub struct Saving {
    /// When the data was saved last, or the server was started; Unix seconds.
    pub last_save: i64,
    /// Whether the last attempt succeeded.
    pub last_ok: bool,
    /// How often data was saved.
    pub saves: u64,
    /// Keys loaded at the start.
    pub keys_loaded: u64,
    /// Keys that were not loaded, for their time was over.
    pub keys_expired: u64,
    /// The libraries of functions that the file had: they are written back as they came.
    pub functions: Vec<Vec<u8>>,
}

impl Saving {
    /// Nothing was saved yet.
    pub fn new(now_ms: i64) -> Self {
        Saving {
            last_save: now_ms / 1000,
            last_ok: true,
            saves: 0,
            keys_loaded: 0,
            keys_expired: 0,
            functions: Vec::new(),
        }
    }
}

impl Limits {
    /// The limits in force.
    pub fn of_config(config: &Config) -> Self {
        let limits = |entries, value| packed::Limits { entries, value };
        Limits {
            hash: limits(config.hash_max_listpack_entries, config.hash_max_listpack_value),
            zset: limits(config.zset_max_listpack_entries, config.zset_max_listpack_value),
            intset: config.set_max_intset_entries,
        }
    }
}

/// The snapshot file; None if the configuration names none, so that nothing is kept.
pub fn snapshot_path(config: &Config) -> Option<PathBuf> {
    (!config.dbfilename.is_empty()).then(|| config.dir.join(&config.dbfilename))
}

/// Loads the snapshot, if there is one. After an error the engine is as it was, and so is the file.
pub fn load_at_start(engine: &mut Engine) -> io::Result<()> {
    let Some(path) = snapshot_path(&engine.config) else { return Ok(()) };
    let begun = Instant::now();
    if !path.try_exists()? {
        return Ok(());
    }
    let data = read_snapshot(engine, &path).map_err(|error| {
        let text = format!("Bad snapshot file {}: {error}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    })?;
    if data.empty > 0 {
        crate::notice!("Skipped {} empty keys", data.empty);
    }
    crate::notice!("Done loading RDB, keys loaded: {}, keys expired: {}.", data.keys, data.expired);
    crate::notice!("DB loaded from disk: {:.3} seconds", begun.elapsed().as_secs_f64());
    install(engine, data);
    Ok(())
}

/// Puts what was loaded in the place of what there is.
pub fn install(engine: &mut Engine, data: load::LoadedData) {
    for (db, keyspace) in data.databases.into_iter().enumerate() {
        engine.replace_database(db, keyspace);
    }
    engine.saving.functions = data.functions;
    engine.saving.keys_loaded = data.keys;
    engine.saving.keys_expired = data.expired;
}

/// Reads a snapshot file into fresh keyspaces.
pub fn read_snapshot(engine: &Engine, path: &Path) -> rdb::Result<load::LoadedData> {
    let now_ms = engine.unix_ms();
    let policy = engine.config.maxmemory_policy;
    let access = |usage: Option<rdb::Usage>| {
        usage
            .and_then(|usage| eviction::access_of(policy, usage, now_ms))
            .unwrap_or_else(|| eviction::initial(policy, now_ms))
    };
    let options = load::Options {
        databases: engine.databases.len(),
        limits: Limits::of_config(&engine.config),
        now_ms: (!engine.is_replica()).then_some(now_ms),
        access: &access,
    };
    load::load(path, &options)
}

/// The facts at the head of a snapshot.
pub fn facts(engine: &Engine) -> Vec<(&'static str, String)> {
    vec![
        ("redis-ver", REDIS_VERSION.to_owned()),
        ("redis-bits", usize::BITS.to_string()),
        ("ctime", (engine.unix_ms() / 1000).to_string()),
        ("used-mem", crate::memory::used().to_string()),
        ("aof-base", "0".to_owned()),
    ]
}

/// Saves everything while everybody waits, as SAVE and a stop do.
pub fn save_now(engine: &mut Engine) -> io::Result<()> {
    let result = write_snapshot(engine);
    engine.saving.last_ok = result.is_ok();
    match &result {
        Ok(()) => {
            crate::notice!("DB saved on disk");
            engine.saving.last_save = engine.unix_ms() / 1000;
            engine.saving.saves += 1;
            engine.dirty = 0;
        }
        Err(error) => crate::warning!("Error saving the snapshot on disk: {error}"),
    }
    result
}

fn write_snapshot(engine: &Engine) -> io::Result<()> {
    let path = snapshot_path(&engine.config)
        .ok_or_else(|| io::Error::other("the configuration names no file (dbfilename)"))?;
    let config = &engine.config;
    let now_ms = engine.unix_ms();
    let compression = if config.rdbcompression { Compression::Lzf } else { Compression::None };
    let options = save::Options {
        compression,
        checksum: config.rdbchecksum,
        aux: &facts(engine),
        functions: &engine.saving.functions,
        usage: &|access| eviction::usage_of(config, access, now_ms),
    };
    save::save(&engine.databases, &path, &options)
}
