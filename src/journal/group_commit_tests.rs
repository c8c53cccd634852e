//! Tests of the writer: threads, failures, switches.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::Sink;
use super::group_commit::{Aof, AofSink, lock};
use crate::config::FsyncPolicy;
use crate::system::clock::Clock;

fn open(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

fn opened(path: &Path, policy: FsyncPolicy) -> Arc<Aof> {
    let aof = Arc::new(Aof::new(policy));
    aof.switch(Some(open(path)));
    aof.commit();
    aof
}

#[test]
fn units_go_to_the_file_that_was_in_force_when_they_came() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| directory.path().join(name));
    let aof = opened(&one, FsyncPolicy::Everysec);
    let mut sink = AofSink::new(Arc::clone(&aof), Clock::machine());
    sink.append(b"a");
    sink.append(b"b");
    aof.switch(Some(open(&two)));
    sink.append(b"c");
    assert_eq!(fs::read(&one).unwrap(), b"");
    aof.commit();
    assert_eq!((fs::read(&one).unwrap(), fs::read(&two).unwrap()), (b"ab".into(), b"c".into()));
    assert_eq!((aof.size(), aof.buffered()), (3, 0));
    aof.switch(None);
    aof.commit();
    assert!(lock(&aof.output).file.is_none());
}

#[test]
fn threads_that_commit_at_the_same_time_share_writes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let aof = opened(&path, FsyncPolicy::Always);
    let the_lock = Mutex::new(AofSink::new(Arc::clone(&aof), Clock::machine()));
    std::thread::scope(|scope| {
        for thread in 0..8u8 {
            let (aof, the_lock, path) = (&aof, &the_lock, &path);
            scope.spawn(move || {
                for _ in 0..20 {
                    lock(the_lock).append(&[b'0' + thread]);
                    aof.commit();
                    let there = fs::read(path).unwrap();
                    assert!(there.contains(&(b'0' + thread)));
                }
            });
        }
    });
    assert_eq!(fs::read(&path).unwrap().len(), 160);
}

#[test]
fn what_could_not_be_written_is_written_later() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "before").unwrap();
    let aof = Arc::new(Aof::new(FsyncPolicy::Everysec));
    aof.switch(Some(OpenOptions::new().write(true).open("/dev/full").unwrap()));
    let mut sink = AofSink::new(Arc::clone(&aof), Clock::machine());
    sink.append(b"kept");
    aof.commit();
    assert_eq!(aof.error().as_deref(), Some("No space left on device"));
    assert!(!aof.last_write_ok());
    sink.append(b"+more");
    aof.commit();
    assert_eq!(aof.buffered(), 4 + 1 + 5, "nobody tries while writes fail");
    lock(&aof.output).file = Some(Arc::new(open(&path)));
    aof.retry();
    assert_eq!(fs::read(&path).unwrap(), b"beforekept+more");
    assert_eq!((aof.error(), aof.buffered()), (None, 0));
}

#[test]
fn a_new_base_makes_up_for_what_could_not_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let aof = Arc::new(Aof::new(FsyncPolicy::Everysec));
    aof.switch(Some(OpenOptions::new().write(true).open("/dev/full").unwrap()));
    let mut sink = AofSink::new(Arc::clone(&aof), Clock::machine());
    sink.append(b"in the base");
    aof.commit();
    aof.switch(Some(open(&path)));
    sink.append(b"behind it");
    aof.drop_old_files();
    aof.retry();
    assert_eq!(fs::read(&path).unwrap(), b"behind it");
    assert_eq!((aof.error(), aof.buffered()), (None, 0));
}

#[test]
fn timestamps_come_before_a_unit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let aof = opened(&path, FsyncPolicy::No);
    aof.set_timestamps(true);
    let mut sink = AofSink::new(Arc::clone(&aof), Clock::machine());
    sink.append(b"unit\r\n");
    aof.commit();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].strip_prefix("#TS:").unwrap().parse::<u64>().unwrap() > 1_600_000_000);
    assert_eq!(lines[1], "unit");
}
