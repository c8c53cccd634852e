//! What stands in the place of the operating system.

pub use cacheflow::system::{clock, stream};

pub mod disk;
#[path = "../../../src/system/lock.rs"]
pub mod lock;
pub mod sync;

/// Threads on no particular core.
pub mod cores {
    use std::io;

    use super::sync::thread::Builder;

    pub fn count() -> usize {
        2
    }

    pub fn spawn(thread: Builder, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        thread.spawn(work).map(drop)
    }
}

/// A panic fails the run, whichever thread it is in.
pub mod service {
    pub fn essential(job: impl FnOnce() + Send + 'static) -> impl FnOnce() + Send + 'static {
        job
    }
}
