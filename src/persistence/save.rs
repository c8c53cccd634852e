//! Keyspaces as a file, which is there whole or not at all.
//!
//! ```text
//! write temp-PID.rdb -> fsync it -> rename it to dump.rdb -> fsync the directory
//! ```
//!
//! A crash at any point leaves the old file or the new one. Without the first fsync the rename
//! might reach the disk before the bytes do; without the second it might not reach it at all, though
//! the caller was told that it had.
//!
//! A file can also be synced piece by piece while it is written (`rdb-save-incremental-fsync`): then
//! the last sync has little to do, and the kernel never has a gigabyte to write at once, behind
//! which everybody else's syncs would have to wait.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::rdb::Usage;
use crate::rdb::{Encoder, Style, Unwritable};
use crate::store::{Keyspace, fields_expire};
use crate::system::logging::UserData;

/// Bytes between two syncs of a file that is synced piece by piece.
const SYNC_EVERY: usize = 4 << 20;

/// A file under a temporary name, removed unless it is committed.
pub struct TemporaryFile {
    file: File,
    path: PathBuf,
    committed: bool,
    /// Bytes written since the last sync, if it is synced piece by piece.
    unsynced: Option<usize>,
}

impl TemporaryFile {
    /// Creates it at this path, in the directory of the file that it will become. With
    /// `incremental` it is synced piece by piece.
    pub fn create(path: PathBuf, incremental: bool) -> io::Result<Self> {
        let file = File::create(&path)?;
        Ok(TemporaryFile { file, path, committed: false, unsynced: incremental.then_some(0) })
    }

    /// Makes it the file at `target`, in the same directory, and waits until the disk has it.
    pub fn commit(self, target: &Path) -> io::Result<()> {
        self.commit_if(target, || Ok(()))
    }

    /// The same, if `allow` says so at the last moment. What that returns is held until the file
    /// has its name.
    pub fn commit_if<G>(
        mut self,
        target: &Path,
        allow: impl FnOnce() -> io::Result<G>,
    ) -> io::Result<()> {
        self.file.sync_all()?;
        let held = allow()?;
        fs::rename(&self.path, target)?;
        self.committed = true;
        drop(held);
        match target.parent() {
            Some(directory) if directory != Path::new("") => File::open(directory)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        }
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        if let Some(unsynced) = &mut self.unsynced {
            *unsynced += written;
            if *unsynced >= SYNC_EVERY {
                *unsynced = 0;
                self.file.sync_data()?;
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.committed {
            let _ = fs::remove_file(&self.path); // nothing better can be done about it
        }
    }
}

/// What to write, and how.
pub struct Options<'a> {
    /// What is left to choose.
    pub style: Style,
    /// Whether to write a checksum.
    pub checksum: bool,
    /// Whether the file is synced piece by piece.
    pub incremental: bool,
    /// The facts about the file, in order.
    pub aux: &'a [(&'a str, String)],
    /// The libraries of functions, as their sources.
    pub functions: &'a [Vec<u8>],
    /// How a key with these access bits was used, if that is to be kept.
    pub usage: &'a dyn Fn(u32) -> Option<Usage>,
}

/// The name under which a process writes its file.
pub fn temporary_path(target: &Path) -> PathBuf {
    target.with_file_name(format!("temp-{}.rdb", std::process::id()))
}

/// Writes everything to the file at `path`.
pub fn save(databases: &[Keyspace], path: &Path, options: &Options<'_>) -> io::Result<()> {
    let file = TemporaryFile::create(temporary_path(path), options.incremental)?;
    write(databases, file, options)?.commit(path)
}

/// Lets an error tell of which key something can't be written.
pub fn naming(key: &[u8]) -> impl Fn(io::Error) -> io::Error {
    move |error| match error.get_ref().and_then(|inner| inner.downcast_ref::<Unwritable>()) {
        Some(unwritable) => {
            io::Error::other(format!("the key '{}': {unwritable} (rdb-version)", UserData(key)))
        }
        None => error,
    }
}

/// Writes everything to `writer`, and returns it flushed.
pub fn write<W: Write>(databases: &[Keyspace], writer: W, options: &Options<'_>) -> io::Result<W> {
    let (fields_expire, checksum) = (fields_expire(databases), options.checksum);
    let mut encoder = Encoder::new(writer, options.style, fields_expire, checksum)?;
    for (name, value) in options.aux {
        encoder.aux(name, value)?;
    }
    for library in options.functions {
        encoder.function(library)?;
    }
    for (db, keyspace) in databases.iter().enumerate().filter(|(_, keyspace)| !keyspace.is_empty())
    {
        encoder.select_db(db, keyspace.len(), keyspace.expiring())?;
        for (entry, deadline) in keyspace.iter_with_deadlines() {
            let usage = (options.usage)(entry.access);
            encoder.key(&entry.key, &entry.value, deadline, usage).map_err(naming(&entry.key))?;
        }
    }
    encoder.finish()
}
