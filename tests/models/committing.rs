//! Group commit: nothing is acknowledged before it is as safe as promised, and nobody is forgotten.

use std::sync::Arc;

use crate::check;
use crate::config::FsyncPolicy;
use crate::journal::Sink;
use crate::journal::group_commit::{Aof, AofSink};
use crate::system::clock::Clock;
use crate::system::disk::File;
use crate::system::sync::thread::{self, JoinHandle};
use crate::system::sync::{Mutex, channel};

const POLICIES: [FsyncPolicy; 3] = [FsyncPolicy::Always, FsyncPolicy::Everysec, FsyncPolicy::No];

/// What the server has of it: the file, and what stands behind THE lock.
#[derive(Clone)]
pub struct Server {
    pub aof: Arc<Aof>,
    the_lock: Arc<Mutex<Journal>>,
}

struct Journal {
    sink: AofSink,
    /// All units, in the order in which they were executed.
    units: String,
}

impl Server {
    /// A server whose append-only file is this.
    pub fn new(policy: FsyncPolicy, file: &File) -> Server {
        let aof = Arc::new(Aof::new(policy));
        aof.switch(Some(file.clone()));
        aof.commit();
        let journal = Journal {
            sink: AofSink::new(Arc::clone(&aof), Clock::machine()),
            units: String::new(),
        };
        Server { aof, the_lock: Arc::new(Mutex::new(journal)) }
    }

    /// Executes something: under THE lock, its unit is appended.
    fn execute(&self, unit: &str) {
        let mut journal = self.the_lock.lock().unwrap();
        journal.sink.append(unit.as_bytes());
        journal.units.push_str(unit);
    }

    /// Lets a unit be acknowledged by whoever makes it safe, if there is somebody, and waits for that.
    fn leave(&self, unit: &str, acknowledged: impl Fn(&str) + Send + Sync + 'static) {
        let (told, answered) = channel::unbounded();
        let text = unit.to_owned();
        let acknowledge = Arc::new(move || {
            acknowledged(&text);
            let _ = told.send(());
        });
        let errand = Arc::clone(&acknowledge);
        if !self.aof.commit_or_leave(|| Some(Box::new(move || errand()))) {
            acknowledge();
        }
        answered.recv().unwrap();
    }

    fn units(&self) -> String {
        self.the_lock.lock().unwrap().units.clone()
    }

    /// Clients that each execute two things and are done when `acknowledged` has seen both. The first waits
    /// itself until a unit is safe, the others leave that to whoever is at it.
    fn clients(
        &self,
        count: usize,
        acknowledged: impl Fn(&str) + Clone + Send + Sync + 'static,
    ) -> Vec<JoinHandle<()>> {
        let client = |client: usize| {
            let (server, acknowledged) = (self.clone(), acknowledged.clone());
            thread::spawn(move || {
                for round in 0..2 {
                    let unit = format!("<{client}.{round}>");
                    server.execute(&unit);
                    if client == 0 {
                        server.aof.commit();
                        acknowledged(&unit);
                    } else {
                        server.leave(&unit, acknowledged.clone());
                    }
                }
            })
        };
        (0..count).map(client).collect()
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn nothing_is_acknowledged_before_it_is_as_safe_as_promised() {
    for policy in POLICIES {
        check(move || {
            let file = File::default();
            let server = Server::new(policy, &file);
            let seen = file.clone();
            let mut threads = server.clients(3, move |unit| {
                let there =
                    if policy == FsyncPolicy::Always { seen.safe() } else { seen.written() };
                assert!(there.contains(unit), "{unit} was acknowledged, and {there:?} was there");
            });
            let aof = Arc::clone(&server.aof);
            threads.push(thread::spawn(move || {
                aof.retry(); // cron
                aof.sync_in_background(); // the syncer
            }));
            join(threads);
            assert_eq!(file.written(), server.units());
            assert_eq!(server.aof.buffered(), 0);
        });
    }
}

#[test]
fn units_go_to_the_file_that_was_in_force_and_a_file_is_on_disk_before_the_next_has_anything() {
    for policy in POLICIES {
        check(move || {
            let first = File::default();
            let second = File::behind(&first);
            let server = Server::new(policy, &first);
            let files = [first.clone(), second.clone()];
            let mut threads = server.clients(2, move |unit| {
                let there = files.each_ref().map(|file| match policy {
                    FsyncPolicy::Always => file.safe(),
                    _ => file.written(),
                });
                assert!(there.concat().contains(unit), "{unit} was acknowledged: {there:?}");
            });
            let (told, switched) = channel::unbounded();
            let (rewriter, next) = (server.clone(), second.clone());
            threads.push(thread::spawn(move || {
                rewriter.aof.sync_ahead();
                let journal = rewriter.the_lock.lock().unwrap();
                rewriter.aof.switch(Some(next));
                let _ = told.send(journal.units.len());
                drop(journal);
                rewriter.aof.commit();
            }));
            join(threads);
            let (units, at) = (server.units(), switched.recv().unwrap());
            assert_eq!(
                (first.written(), second.written()),
                (units[..at].into(), units[at..].into())
            );
        });
    }
}

#[test]
fn a_full_disk_holds_nobody_up_and_loses_nothing_that_is_written_later() {
    for (policy, keeps_all) in
        [(FsyncPolicy::Everysec, false), (FsyncPolicy::Everysec, true), (FsyncPolicy::No, false)]
    {
        check(move || {
            let file = File::default();
            file.limit(Some(7)); // a unit, and a part of the next
            if keeps_all {
                file.keep_all();
            }
            let server = Server::new(policy, &file);
            let mut threads = server.clients(2, |_| {});
            let (aof, disk) = (Arc::clone(&server.aof), file.clone());
            threads.push(thread::spawn(move || {
                aof.retry();
                disk.limit(Some(16)); // a little room, and then none again
                aof.retry();
            }));
            join(threads);
            let (there, units) = (file.written(), server.units());
            assert!(units.starts_with(&there), "{there:?} is no beginning of {units:?}");
            assert!(server.aof.is_failing() && there.len() < units.len());
            assert!(keeps_all || there.is_empty() || there.ends_with('>'), "{there:?} is torn");
            file.limit(None);
            server.aof.retry();
            assert_eq!(file.written(), units);
            assert!(!server.aof.is_failing() && server.aof.buffered() == 0);
        });
    }
}

#[test]
fn a_policy_that_changes_meanwhile_leaves_nobody_behind() {
    check(|| {
        let file = File::default();
        let server = Server::new(FsyncPolicy::No, &file);
        let seen = file.clone();
        let mut threads = server.clients(3, move |unit| {
            assert!(seen.written().contains(unit), "{unit} was acknowledged");
        });
        let aof = Arc::clone(&server.aof);
        threads.push(thread::spawn(move || {
            aof.set_policy(FsyncPolicy::Always);
            aof.set_relaxed(true); // a rewrite begins, with no-appendfsync-on-rewrite
            aof.set_relaxed(false);
            aof.set_policy(FsyncPolicy::Everysec);
        }));
        join(threads);
        server.aof.finish().unwrap();
        assert_eq!((file.written(), file.safe()), (server.units(), server.units()));
    });
}

#[test]
fn always_holds_from_the_moment_it_is_said() {
    check(|| {
        let file = File::default();
        let server = Server::new(FsyncPolicy::Everysec, &file);
        let mut threads = server.clients(2, |_| {});
        let aof = Arc::clone(&server.aof);
        threads.push(thread::spawn(move || {
            aof.sync_in_background();
            aof.sync_in_background();
        }));
        let (later, seen) = (server.clone(), file.clone());
        threads.push(thread::spawn(move || {
            later.aof.set_policy(FsyncPolicy::Always);
            later.execute("<later>");
            later.aof.commit();
            let safe = seen.safe();
            assert!(safe.contains("<later>"), "it was acknowledged, and {safe:?} was there");
        }));
        join(threads);
    });
}
