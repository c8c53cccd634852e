//! A file that knows what of it a power failure would leave, and that can be full.
//!
//! Writing and syncing take time: others go on meanwhile. A write takes any number of the bytes it is
//! given, as the kernel may.

use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread::yield_now;

use super::sync::pass;

/// Long enough for it to be worth waiting for others, as `turns` sees it.
const A_SYNC: Duration = Duration::from_millis(10);
const NO_SPACE: i32 = 28;

/// A file; clones are the same one.
#[derive(Clone, Default)]
pub struct File(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// How many of them are on disk.
    safe: usize,
    /// How many there may be.
    most: Option<usize>,
    /// It can't be cut back.
    keeps_all: bool,
    /// The file that has to be on disk before this one has anything.
    before: Option<File>,
}

impl File {
    /// A file that follows another one.
    pub fn behind(before: &File) -> File {
        let file = File::default();
        file.state().before = Some(before.clone());
        file
    }

    /// Limits how long it may be; None: not at all.
    pub fn limit(&self, most: Option<usize>) {
        self.state().most = most;
    }

    /// From now on it can't be cut back.
    pub fn keep_all(&self) {
        self.state().keeps_all = true;
    }

    /// What is written.
    pub fn written(&self) -> String {
        String::from_utf8(self.state().bytes.clone()).unwrap()
    }

    /// What is on disk.
    pub fn safe(&self) -> String {
        let state = self.state();
        String::from_utf8(state.bytes[..state.safe].to_vec()).unwrap()
    }

    /// Never held over a step of the scheduler.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn sync_data(&self) -> io::Result<()> {
        let begun_with = self.state().bytes.len();
        yield_now();
        pass(A_SYNC);
        let mut state = self.state();
        state.safe = state.safe.max(begun_with.min(state.bytes.len()));
        Ok(())
    }

    pub fn set_len(&self, len: u64) -> io::Result<()> {
        yield_now();
        let mut state = self.state();
        if state.keeps_all {
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        state.bytes.truncate(len as usize);
        state.safe = state.safe.min(len as usize);
        Ok(())
    }

    pub fn metadata(&self) -> io::Result<Metadata> {
        Ok(Metadata(self.state().bytes.len() as u64))
    }
}

/// What is known of a file.
pub struct Metadata(u64);

impl Metadata {
    pub fn len(&self) -> u64 {
        self.0
    }
}

impl Write for &File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        yield_now();
        let taken = thread_rng().gen_range(1..=bytes.len());
        let mut state = self.state();
        let room = state.most.map_or(usize::MAX, |most| most.saturating_sub(state.bytes.len()));
        if room == 0 {
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        if let Some(before) = &state.before {
            assert_eq!(before.safe(), before.written(), "the file before it isn't on disk");
        }
        state.bytes.extend_from_slice(&bytes[..taken.min(room)]);
        Ok(taken.min(room))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything is written at the end; that is where it is cut, too.
impl Seek for &File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let end = self.state().bytes.len() as u64;
        assert_eq!(to, SeekFrom::Start(end));
        Ok(end)
    }
}
