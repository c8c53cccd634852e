//! Keyspaces as a file, which is there whole or not at all.
//!
//! ```text
//! write temp-PID.rdb -> fsync it -> rename it to dump.rdb -> fsync the directory
//! ```
//!
//! A crash at any point leaves the old file or the new one. Without the first fsync the rename
//! might reach the disk before the bytes do; without the second it might not reach it at all, though
//! the caller was told that it had.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Usage;
use super::encode::{Compression, Encoder};
use crate::store::Keyspace;

/// A file under a temporary name, removed unless it is committed.
pub struct TemporaryFile {
    file: File,
    path: PathBuf,
    committed: bool,
}

impl TemporaryFile {
    /// Creates it at this path, in the directory of the file that it will become.
    pub fn create(path: PathBuf) -> io::Result<Self> {
        let file = File::create(&path)?;
        Ok(TemporaryFile { file, path, committed: false })
    }

    /// Makes it the file at `target`, in the same directory, and waits until the disk has it.
    pub fn commit(mut self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, target)?;
        self.committed = true;
        match target.parent() {
            Some(directory) if directory != Path::new("") => File::open(directory)?.sync_all(),
            _ => File::open(".")?.sync_all(),
        }
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
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
    /// What becomes of long strings.
    pub compression: Compression,
    /// Whether to write a checksum.
    pub checksum: bool,
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
    let file = TemporaryFile::create(temporary_path(path))?;
    write(databases, file, options)?.commit(path)
}

/// Writes everything to `writer`, and returns it flushed.
pub fn write<W: Write>(databases: &[Keyspace], writer: W, options: &Options<'_>) -> io::Result<W> {
    let mut encoder = Encoder::new(writer, options.compression, options.checksum)?;
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
            encoder.key(&entry.key, &entry.value, deadline, (options.usage)(entry.access))?;
        }
    }
    encoder.finish()
}
