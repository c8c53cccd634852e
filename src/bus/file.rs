//! `nodes.conf` on disk: one server's at a time, and never half of it.
//!
//! A new state is put into a file beside the old one, which then gets its name; so who is killed in between has the
//! old state or the new one. The lock is the file's own, for life: the new file is locked before it gets the
//! name. Another server that is given the same file by mistake would become the same node, and ends its start
//! instead.
//!
//! There are two ways to keep a state.
//!
//! ```text
//! save   write .tmp, sync it ............ rename .tmp to nodes.conf, remove .synced (sync the directory)
//! write  link nodes.conf to .synced ..... write .new, rename .new to nodes.conf
//! ```
//!
//! The bus' thread saves: a power failure leaves the state, too. It waits for the disk, and holds no lock
//! meanwhile. Commands that promise others nothing write, under THE lock, so that OK means that the file has
//! it; the bus' thread saves soon after. In between a power failure may leave a name without its data; so
//! the last state that was saved is kept as `nodes.conf.synced`, and a start that finds `nodes.conf` cut goes
//! back to it. What was promised to others was saved before, and is in either.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustix::fs::{FlockOperation, flock};

use crate::engine::cluster::{SaveNodes, Snapshot};
use crate::system::mutex::locked;

/// The file, locked.
#[derive(Debug)]
pub struct NodesFile {
    path: PathBuf,
    /// Holds the lock.
    file: File,
    /// Which state it has: a later one has a higher number.
    version: u64,
    /// A power failure leaves it.
    is_saved: bool,
}

/// The file, for the bus' thread and for who changes the state by command.
#[derive(Clone)]
pub struct SharedFile {
    path: PathBuf,
    file: Arc<Mutex<NodesFile>>,
    /// Held while somebody saves: nobody who writes waits for that.
    saving: Arc<Mutex<()>>,
}

impl SharedFile {
    /// Several may write it.
    pub fn new(file: NodesFile) -> Self {
        let path = file.path.clone();
        SharedFile { path, file: Arc::new(Mutex::new(file)), saving: Arc::default() }
    }
}

impl SaveNodes for SharedFile {
    fn write(&self, snapshot: &Snapshot) -> io::Result<()> {
        locked(&self.file).write(snapshot)
    }

    fn save(&self, snapshot: &Snapshot) -> io::Result<()> {
        let _saving = locked(&self.saving);
        let beside = beside(&self.path, ".tmp"); // what a node that was killed has left is written over
        let file = put(&beside, &snapshot.text).and_then(|file| file.sync_all().map(|()| file));
        let saved =
            file.and_then(|file| locked(&self.file).take_over(file, &beside, snapshot.version));
        if saved.is_err() {
            let _ = fs::remove_file(&beside); // it may not have been created
            return saved;
        }
        if snapshot.synced {
            let directory = self.path.parent().filter(|path| !path.as_os_str().is_empty());
            File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
        }
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
        let saved = beside(path, SAVED);
        if !path.exists() {
            let _ = fs::remove_file(&saved); // whoever removes the one wants a new node
        }
        let options =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(path).map_err(cant)?;
        lock(&file, path)?;
        // Its owner may have put another one in its place just before, and has locked that one.
        if !fs::metadata(path).is_ok_and(|named| is_same(&named, &file)) {
            return Self::open(path);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let is_saved = !saved.exists();
        if !is_saved && !is_whole(&bytes) {
            crate::warning!("{} is cut: going back to what was saved before", path.display());
            bytes = fs::read(saved)?;
        }
        let text = String::from_utf8(bytes).map_err(|_| damaged())?;
        Ok((NodesFile { path: path.to_owned(), file, version: 0, is_saved }, text))
    }

    /// Gives the name to a new state without waiting for the disk. The last one that was saved keeps another
    /// name.
    fn write(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        if snapshot.version < self.version {
            return Ok(()); // somebody was faster, and has written a later state
        }
        if self.is_saved {
            fs::hard_link(&self.path, beside(&self.path, SAVED))?;
            self.is_saved = false;
        }
        let beside = beside(&self.path, ".new");
        let written = put(&beside, &snapshot.text)
            .and_then(|file| fs::rename(&beside, &self.path).map(|()| file));
        match written {
            Ok(file) => {
                (self.file, self.version) = (file, snapshot.version);
                Ok(())
            }
            Err(error) => {
                let _ = fs::remove_file(&beside); // it may not have been created
                Err(error)
            }
        }
    }

    /// Gives the name to a file that is on the disk, or, if a later state was written meanwhile, makes it
    /// the one to go back to.
    fn take_over(&mut self, file: File, beside: &Path, version: u64) -> io::Result<()> {
        let saved = self::beside(&self.path, SAVED);
        if version < self.version {
            return match self.is_saved {
                true => fs::remove_file(beside), // the later state is on the disk, too
                false => fs::rename(beside, saved),
            };
        }
        fs::rename(beside, &self.path)?;
        (self.file, self.version, self.is_saved) = (file, version, true);
        let _ = fs::remove_file(saved); // mostly there is none
        Ok(())
    }
}

/// The end of the name of the state that was saved last, while `nodes.conf` has a later one.
const SAVED: &str = ".synced";

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// A new file with a text, locked.
fn put(path: &Path, text: &str) -> io::Result<File> {
    let mut file = File::create(path)?;
    lock(&file, path)?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// Whether a state is there to its last line. What the disk never got is missing, or zeros.
fn is_whole(bytes: &[u8]) -> bool {
    let last = bytes.strip_suffix(b"\n").unwrap_or(b"").rsplit(|byte| *byte == b'\n').next();
    last.is_some_and(|line| line.starts_with(b"vars ")) && !bytes.contains(&0)
}

/// The file can't be understood.
pub fn damaged() -> io::Error {
    io::Error::other("Unrecoverable error: corrupted cluster config file.")
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

    fn state(version: u64, text: &str) -> Snapshot {
        Snapshot { version, text: text.to_owned(), synced: version.is_multiple_of(2) }
    }

    fn open(path: &Path) -> SharedFile {
        SharedFile::new(NodesFile::open(path).unwrap().0)
    }

    #[test]
    fn a_file_is_one_servers_and_replaced_as_a_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let (file, text) = NodesFile::open(&path).unwrap();
        assert_eq!(text, "");
        let file = SharedFile::new(file);
        type Keep = fn(&SharedFile, &Snapshot) -> io::Result<()>;
        let ways: [(Keep, &str); 4] = [
            (SharedFile::save, "first, and longer\n"),
            (SharedFile::write, "second\n"),
            (SharedFile::write, "third\n"),
            (SharedFile::save, "fourth\n"),
        ];
        for (version, (keep, text)) in (1..).zip(ways) {
            keep(&file, &state(version, text)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            let refused = NodesFile::open(&path).unwrap_err().to_string();
            assert!(refused.contains("already used by a different"), "{refused}");
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
        drop(file);
        assert_eq!(NodesFile::open(&path).unwrap().1, "fourth\n");
    }

    /// A power failure may leave the name of what was written, and any part of its data: then the start has
    /// what was saved, promises included.
    #[test]
    fn what_was_saved_is_never_lost_to_what_was_only_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let saved = "a node\nvars currentEpoch 7 lastVoteEpoch 7\n";
        let written = "a node\nanother one\nvars currentEpoch 7 lastVoteEpoch 7\n";
        let file = open(&path);
        file.save(&state(2, saved)).unwrap();
        file.write(&state(3, "a node\nvars between\n")).unwrap();
        file.write(&state(4, written)).unwrap();
        drop(file);
        for cut in 0..written.len() {
            for lost in [written[..cut].to_owned(), written[..cut].to_owned() + &"\0".repeat(9)] {
                fs::write(&path, &lost).unwrap();
                assert_eq!(NodesFile::open(&path).unwrap().1, saved, "{lost:?}");
            }
        }
        fs::write(&path, written).unwrap();
        assert_eq!(NodesFile::open(&path).unwrap().1, written);
    }

    #[test]
    fn several_save_and_write_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let file = open(&path);
        std::thread::scope(|scope| {
            for first in 0..3 {
                let file = file.clone();
                scope.spawn(move || {
                    for version in (0..30).map(|step| 3 * step + first) {
                        file.write(&state(version, &format!("vars {version}\n"))).unwrap();
                        file.save(&state(version, &format!("vars {version}\n"))).unwrap();
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&path).unwrap(), "vars 89\n");
    }

    /// A vote is saved while a command writes a later state: it is on the disk nevertheless.
    #[test]
    fn who_saves_while_another_writes_has_saved() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let (voted, later) = ("vars lastVoteEpoch 7\n", "more\nvars lastVoteEpoch 7\n");
        let file = open(&path);
        file.save(&state(1, "vars lastVoteEpoch 6\n")).unwrap();
        file.write(&state(3, later)).unwrap();
        file.save(&state(2, voted)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), later);
        drop(file);
        fs::write(&path, "more\n").unwrap();
        assert_eq!(NodesFile::open(&path).unwrap().1, voted);
    }

    #[test]
    fn a_file_that_is_no_text_is_damaged() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        fs::write(&path, [0xff, 0xfe, 0, 1]).unwrap();
        let refused = NodesFile::open(&path).unwrap_err().to_string();
        assert_eq!(refused, damaged().to_string());
    }

    #[test]
    fn a_file_that_is_being_replaced_is_still_its_owners() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let file = open(&path);
        let ends = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for version in (0..).take_while(|_| !ends.load(Ordering::Relaxed)) {
                    file.write(&state(version, "a state\n")).unwrap();
                    file.save(&state(version, "a state\n")).unwrap();
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
        fs::write(directory.path().join("nodes.conf.new"), "half of it, and longer").unwrap();
        let file = open(&path);
        file.write(&state(1, "a state\n")).unwrap();
        file.save(&state(2, "a state\n")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a state\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_was_removed_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let file = open(&path);
        file.save(&state(2, "vars saved\n")).unwrap();
        file.write(&state(3, "vars written\n")).unwrap();
        drop(file);
        fs::remove_file(&path).unwrap();
        assert_eq!(NodesFile::open(&path).unwrap().1, "");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_older_state_never_replaces_a_later_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.conf");
        let file = open(&path);
        let save = |version, text: &str| {
            file.save(&state(version, text)).unwrap();
            fs::read_to_string(&path).unwrap()
        };
        assert_eq!(save(2, "two"), "two");
        assert_eq!(save(1, "one"), "two");
        assert_eq!(save(3, "three"), "three");
    }
}
