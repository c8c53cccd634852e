//! `nodes.conf` on disk: one server's at a time, and never half of it.
//!
//! A new state is written beside the old one, synced, and takes its name; so whoever is killed, or loses its power,
//! in between has the old state or the new one. If the state holds a promise, its having the name is synced,
//! too. The lock is the file's own, for life: the new file is locked before it gets the name. Another server
//! that is given the same file by mistake would become the same node, and ends its start instead.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustix::fs::{FlockOperation, flock};

use crate::engine::cluster::{SaveNodes, Snapshot};

/// The file, locked.
#[derive(Debug)]
pub struct NodesFile {
    path: PathBuf,
    /// Holds the lock.
    file: File,
    /// Which state it has: a later one has a higher number.
    version: u64,
}

/// The file, for the bus' thread and for who changes the state by command.
pub struct SharedFile(Arc<Mutex<NodesFile>>);

impl SharedFile {
    /// Several may write it.
    pub fn new(file: NodesFile) -> Self {
        SharedFile(Arc::new(Mutex::new(file)))
    }

    /// The same file, for somebody else.
    pub fn share(&self) -> Self {
        SharedFile(Arc::clone(&self.0))
    }
}

impl SaveNodes for SharedFile {
    fn save(&self, snapshot: &Snapshot) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if snapshot.version < file.version {
            return Ok(()); // somebody was faster, and has written a later state
        }
        file.save(&snapshot.text, snapshot.synced)?;
        file.version = snapshot.version;
        Ok(())
    }
}

impl NodesFile {
    /// Locks the file, and reads it. It is created if there is none.
    pub fn open(path: &Path) -> io::Result<(NodesFile, String)> {
        let cant = |error: io::Error| {
            let text = format!("Can't open {} to acquire a lock: {error}", path.display());
            io::Error::new(error.kind(), text)
        };
        let options =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(path).map_err(cant)?;
        lock(&file, path)?;
        // Its owner may have put another one in its place just before, and has locked that one.
        if !fs::metadata(path).is_ok_and(|named| is_same(&named, &file)) {
            return Self::open(path);
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok((NodesFile { path: path.to_owned(), file, version: 0 }, text))
    }

    /// Puts a new text in the place of the old one; synced, so that it is there after a power failure.
    fn save(&mut self, text: &str, synced: bool) -> io::Result<()> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".tmp"); // what a node that was killed has left is written over
        let beside = self.path.with_file_name(name);
        let replaced = self.replace(&beside, text, synced);
        if replaced.is_err() {
            let _ = fs::remove_file(&beside); // it may not have been created
        }
        replaced
    }

    fn replace(&mut self, beside: &Path, text: &str, synced: bool) -> io::Result<()> {
        let mut file = File::create(beside)?;
        lock(&file, beside)?;
        file.write_all(text.as_bytes())?;
        // Otherwise an empty file may have the name after a power failure, and the old promises are gone.
        file.sync_all()?;
        fs::rename(beside, &self.path)?;
        self.file = file;
        if synced {
            let directory = self.path.parent().filter(|path| !path.as_os_str().is_empty());
            File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }
}

/// Whether a file is the one that has the name.
fn is_same(named: &fs::Metadata, file: &File) -> bool {
    let file = file.metadata();
    file.is_ok_and(|file| (file.dev(), file.ino()) == (named.dev(), named.ino()))
}

fn lock(file: &File, path: &Path) -> io::Result<()> {
    flock(file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
        rustix::io::Errno::WOULDBLOCK => io::Error::other(format!(
            "Sorry, the cluster configuration file {} is already used by a different Redis Cluster \
             node. Please make sure that different nodes use different cluster configuration files.",
            path.display()
        )),
        error => error.into(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_file_is_one_servers_and_replaced_as_a_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let (mut file, text) = NodesFile::open(&path).unwrap();
        assert_eq!(text, "");
        for (text, synced) in [("first, and longer\n", true), ("second\n", false)] {
            file.save(text, synced).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            let refused = NodesFile::open(&path).unwrap_err().to_string();
            assert!(refused.contains("already used by a different"), "{refused}");
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
        drop(file);
        assert_eq!(NodesFile::open(&path).unwrap().1, "second\n");
    }

    #[test]
    fn a_file_that_is_being_replaced_is_still_its_owners() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let (mut file, _) = NodesFile::open(&path).unwrap();
        let ends = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    file.save("a state\n", false).unwrap();
                }
            });
            let opened = (0..20_000).find(|_| NodesFile::open(&path).is_ok());
            ends.store(true, Ordering::Relaxed);
            assert_eq!(opened, None, "two own one file");
        });
    }

    #[test]
    fn what_a_node_that_was_killed_has_left_is_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        fs::write(directory.path().join("nodes.conf.tmp"), "half of it, and longer").unwrap();
        let (mut file, _) = NodesFile::open(&path).unwrap();
        file.save("a state\n", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a state\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_older_state_never_replaces_a_later_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let file = SharedFile::new(NodesFile::open(&path).unwrap().0);
        let save = |version, text: &str| {
            let snapshot = Snapshot { version, text: text.to_owned(), synced: true };
            file.share().save(&snapshot).unwrap();
            fs::read_to_string(&path).unwrap()
        };
        assert_eq!(save(2, "two"), "two");
        assert_eq!(save(1, "one"), "two");
        assert_eq!(save(3, "three"), "three");
    }
}
