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
    /// Up to which unit everything is safe. Held by who syncs.
    safe: Mutex<u64>,
}

impl Log {
    /// The number of the new unit; the first is 1.
    pub fn append(&self) -> u64 {
        self.appended.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Returns when the unit with this number is safe.
    pub fn commit(&self, unit: u64, disk: &dyn Disk) {
        let mut safe = self.safe.lock().unwrap(); // waits for the one who syncs
        if *safe < unit {
            let end = self.appended.load(Ordering::SeqCst);
            disk.sync(end);
            *safe = end;
        }
    }
}
