//! Group commit.
//!
//! `Log::append` adds a unit and returns its number; the units up to a number are safe when the disk has synced
//! up to there. `Log::commit` returns when a unit is safe. As it is, every commit is a sync. Change `commit`:
//! while a thread syncs, others wait; the next sync is for all units that have been appended by then, and who
//! finds its unit safe already goes on without a sync of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Syncs are slow.
pub trait Disk: Sync {
    /// Returns when the units up to this number are safe.
    fn sync(&self, up_to: u64);
}

#[derive(Default)]
pub struct Log {
    appended: AtomicU64,
    /// Held by who syncs.
    turn: Mutex<()>,
}

impl Log {
    /// The number of the new unit; the first is 1.
    pub fn append(&self) -> u64 {
        self.appended.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Returns when the unit with this number is safe.
    pub fn commit(&self, unit: u64, disk: &dyn Disk) {
        let _turn = self.turn.lock().unwrap();
        disk.sync(unit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::AtomicBool;
    use std::thread;
    use std::time::Duration;

    #[derive(Default)]
    struct SlowDisk {
        syncs: AtomicU64,
        safe: AtomicU64,
    }

    impl Disk for SlowDisk {
        fn sync(&self, up_to: u64) {
            thread::sleep(Duration::from_millis(2));
            self.syncs.fetch_add(1, Ordering::SeqCst);
            self.safe.fetch_max(up_to, Ordering::SeqCst);
        }
    }

    #[test]
    fn eight_threads_share_syncs() {
        let (log, disk) = (Log::default(), SlowDisk::default());
        let (together, too_early) = (Barrier::new(8), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let unit = log.append();
                        together.wait();
                        log.commit(unit, &disk);
                        let is_safe = disk.safe.load(Ordering::SeqCst) >= unit;
                        too_early.fetch_or(!is_safe, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(!too_early.into_inner(), "a commit has returned too early");
        let syncs = disk.syncs.into_inner();
        assert!(syncs <= 40, "{syncs} syncs for 20 times 8 commits");
    }

    #[test]
    fn what_is_safe_needs_no_sync() {
        let (log, disk) = (Log::default(), SlowDisk::default());
        let (first, second) = (log.append(), log.append());
        log.commit(second, &disk);
        log.commit(first, &disk);
        assert_eq!(disk.syncs.load(Ordering::SeqCst), 1);
        assert_eq!(disk.safe.load(Ordering::SeqCst), 2);
    }
}
