//! How far the loading of the data has come, for INFO, and a way to stop it.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// Shared by the thread that loads and whoever asks.
#[derive(Debug, Default)]
pub struct Progress {
    started_s: AtomicI64,
    total: AtomicU64,
    loaded: AtomicU64,
    stop: AtomicBool,
}

impl Progress {
    /// Begins: so many bytes are to be loaded.
    pub fn begin(&self, now_ms: i64, total: u64) {
        self.started_s.store(now_ms / 1000, Ordering::Relaxed);
        self.loaded.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// When loading began, in Unix seconds.
    pub fn started_s(&self) -> i64 {
        self.started_s.load(Ordering::Relaxed)
    }

    /// How many bytes there are.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// How many of them have been read.
    pub fn loaded(&self) -> u64 {
        self.loaded.load(Ordering::Relaxed)
    }

    /// Lets the loading end with an error at the next read.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the loading has been stopped.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Counts what is read.
    pub fn watch<R: Read>(&self, reader: R) -> Watched<'_, R> {
        Watched { progress: self, reader }
    }
}

/// A reader that counts.
#[derive(Debug)]
pub struct Watched<'p, R> {
    progress: &'p Progress,
    reader: R,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.progress.is_stopped() {
            return Err(io::Error::other("the server was stopped while it was loading"));
        }
        let count = self.reader.read(buffer)?;
        self.progress.loaded.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
