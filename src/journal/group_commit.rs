//! The writer: units of the journal on their way to the file, many with one system call.
//!
//! ```text
//!  under THE lock                 outside of it, before the replies leave
//!  append(unit) ──> inbox ──────> commit: whoever comes first writes everything there is,
//!                [Bytes][Switch]          for all who wait; `always`: and syncs it, once
//! ```
//!
//! A thread that executed commands calls [`Aof::commit`] before it sends their replies. Either it
//! finds its bytes written already, by another thread, and returns at once. Or it is its
//! turn, and it takes all that has gathered in the inbox, from whomever, and writes it. Under
//! `appendfsync always` that is group commit: while one thread syncs, the others' units gather, and
//! the next one syncs them all ([`turns`](super::turns)). Who only wants to send a reply then leaves that
//! to the one who syncs ([`Aof::commit_or_leave`]). Under the other policies, too, every unit is in the kernel's hands
//! before its reply leaves: a killed process loses nothing, only a machine that stops can.
//!
//! What fails is tried again. A write that fails is cut back, so that the file ends with a whole
//! unit; its bytes stay with us, and until they are written new writes are refused. Only under
//! `always` there is nothing left to do but to exit: clients must not be told what isn't so.
//!
//! Left out on purpose: Redis delays a write by up to two seconds while a sync is running. Here the
//! reply waits instead.

use std::collections::VecDeque;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use super::Sink;
use super::turns::{Errand, Turns};
use crate::config::{FsyncPolicy, system_text};
use crate::system::clock::Clock;
use crate::system::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use crate::system::sync::{File, Instant, Mutex, MutexGuard, machine_now};

/// A buffer larger than this is not kept for the next units.
const KEEP_CAPACITY: usize = 1 << 20;
/// A large sync takes long enough for much to be written meanwhile; the second one is short.
const SYNCS_AHEAD: usize = 2;
/// A disk that stays full is worth a line in the log this often.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// What waits to be written.
enum Segment {
    /// Units.
    Bytes(Vec<u8>),
    /// From here on, units go to this file; None: the append-only file is switched off. The number
    /// is where the journal is then.
    Switch(Option<File>, u64),
}

/// Filled under THE lock, emptied by whoever writes. Nobody holds it for longer than a copy takes.
#[derive(Default)]
struct Inbox {
    segments: VecDeque<Segment>,
    /// The buffer that was written last, for the next units.
    spare: Vec<u8>,
}

/// The file, and what was taken from the inbox but is not written yet.
#[derive(Default)]
pub(super) struct Output {
    pub(super) file: Option<Arc<File>>,
    /// Where the file ends, behind a whole unit.
    len: u64,
    unwritten: VecDeque<Segment>,
    last_complaint: Option<Instant>,
}

/// The append-only file, as the threads of a server share it.
///
/// Offsets count the bytes of the journal since the start, plus one for each switch of the file.
pub struct Aof {
    inbox: Mutex<Inbox>,
    pub(super) output: Mutex<Output>,
    turns: Turns,
    appended: AtomicU64,
    written: AtomicU64,
    synced: AtomicU64,
    policy: AtomicU8,
    /// Syncs may wait: a rewrite is on its way, and `no-appendfsync-on-rewrite` says so.
    relaxed: AtomicBool,
    timestamps: AtomicBool,
    /// The error number of the write or sync that has failed and not succeeded since; 0: none.
    write_error: AtomicI64,
    sync_error: AtomicI64,
    /// Bytes of all files together.
    size: AtomicU64,
    syncing: AtomicBool,
}

impl Aof {
    /// A writer without a file.
    pub fn new(policy: FsyncPolicy) -> Self {
        Aof {
            inbox: Mutex::default(),
            output: Mutex::default(),
            turns: Turns::default(),
            appended: AtomicU64::new(0),
            written: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            policy: AtomicU8::new(policy as u8),
            relaxed: AtomicBool::new(false),
            timestamps: AtomicBool::new(false),
            write_error: AtomicI64::new(0),
            sync_error: AtomicI64::new(0),
            size: AtomicU64::new(0),
            syncing: AtomicBool::new(false),
        }
    }

    /// From the next unit on, this is the file; None: there is none any more. To be called under
    /// the lock; the work is done by the next [`commit`](Self::commit).
    pub fn switch(&self, file: Option<File>) {
        let mut inbox = lock(&self.inbox);
        // It counts, so that somebody carries it out.
        let place = self.appended.fetch_add(1, Ordering::Release) + 1;
        inbox.segments.push_back(Segment::Switch(file, place));
    }

    /// Adds bytes behind all others. To be called under the lock.
    fn append(&self, bytes: &[u8]) {
        let mut inbox = lock(&self.inbox);
        match inbox.segments.back_mut() {
            Some(Segment::Bytes(buffer)) => buffer.extend_from_slice(bytes),
            _ => {
                let mut buffer = std::mem::take(&mut inbox.spare);
                buffer.extend_from_slice(bytes);
                inbox.segments.push_back(Segment::Bytes(buffer));
            }
        }
        self.appended.fetch_add(bytes.len() as u64, Ordering::Release);
    }

    /// Returns when everything that has been appended by now is as safe as the policy promises.
    /// Nobody may hold the lock meanwhile.
    #[inline]
    pub fn commit(&self) {
        let target = self.appended.load(Ordering::Acquire);
        if self.reached() < target {
            self.commit_up_to(target);
        }
    }

    /// The same without waiting for another thread: what is to be done then is left with that one.
    /// False: everything is safe already, and the errand is still to be run.
    #[inline]
    pub fn commit_or_leave(&self, errand: impl FnOnce() -> Option<Errand>) -> bool {
        let target = self.appended.load(Ordering::Acquire);
        if self.reached() >= target {
            return false;
        }
        let is_left = self.turns.leave(target, || self.done(), errand);
        if !is_left {
            self.commit_up_to(target);
        }
        is_left
    }

    /// One thread writes for all who wait.
    #[cold]
    fn commit_up_to(&self, target: u64) {
        let gather = self.policy() == FsyncPolicy::Always;
        let done = || self.done();
        self.turns.take(target, gather, done, || {
            let _ = self.write_out(&mut lock(&self.output)); // the error is kept for those who ask
        });
    }

    /// Up to where nobody has to wait any more.
    fn done(&self) -> u64 {
        // While writes fail, cron tries again; everybody else would only fail, too.
        let failing = self.write_error.load(Ordering::Relaxed) != 0;
        if failing { u64::MAX } else { self.reached() }
    }

    /// Up to where the promise of the policy is kept.
    fn reached(&self) -> u64 {
        let always = self.policy() == FsyncPolicy::Always;
        let offset = if always { &self.synced } else { &self.written };
        offset.load(Ordering::Acquire)
    }

    /// Writes all there is.
    fn write_out(&self, output: &mut Output) -> io::Result<()> {
        let end = {
            let mut inbox = lock(&self.inbox);
            output.unwritten.append(&mut inbox.segments);
            self.appended.load(Ordering::Acquire)
        };
        let result = self.write_segments(output).and_then(|()| {
            self.written.fetch_max(end, Ordering::Release);
            if self.policy() == FsyncPolicy::Always { self.sync_now(output, end) } else { Ok(()) }
        });
        if let Err(error) = &result {
            self.failed(output, error);
        }
        result
    }

    fn write_segments(&self, output: &mut Output) -> io::Result<()> {
        while let Some(segment) = output.unwritten.pop_front() {
            match segment {
                Segment::Bytes(mut bytes) => {
                    if let Err(error) = self.write_at_end(output, &mut bytes) {
                        output.unwritten.push_front(Segment::Bytes(bytes));
                        return Err(error);
                    }
                    bytes.clear();
                    if bytes.capacity() <= KEEP_CAPACITY {
                        lock(&self.inbox).spare = bytes;
                    }
                }
                Segment::Switch(next, place) => {
                    // The old file must be complete on disk before the new one has anything:
                    // only the last file of all may end in the middle of a unit.
                    let synced = output.file.as_ref().map_or(Ok(()), |old| old.sync_data());
                    match synced.and_then(|()| next.as_ref().map_or(Ok(0), file_len)) {
                        Ok(len) => {
                            (output.len, output.file) = (len, next.map(Arc::new));
                            self.synced.fetch_max(place, Ordering::Release);
                        }
                        Err(error) => {
                            output.unwritten.push_front(Segment::Switch(next, place));
                            return Err(error);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes `bytes` behind the file's end. After an error the file is as it was before; if even
    /// that is impossible, `bytes` is what is still to be written.
    fn write_at_end(&self, output: &mut Output, bytes: &mut Vec<u8>) -> io::Result<()> {
        let Some(file) = output.file.clone() else { return Ok(()) };
        let mut done = 0;
        let result = loop {
            match (&*file).write(&bytes[done..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
            if done == bytes.len() {
                break Ok(());
            }
        };
        if result.is_err() && (done == 0 || cut(&file, output.len).is_ok()) {
            return result;
        }
        output.len += done as u64;
        self.size.fetch_add(done as u64, Ordering::Relaxed);
        bytes.drain(..done);
        result
    }

    /// What was for files before the last switch is not needed any more, for a new base has it. If
    /// it could not be written, it never will be.
    pub fn drop_old_files(&self) {
        let mut output = lock(&self.output);
        output.unwritten.append(&mut lock(&self.inbox).segments);
        let is_switch = |segment: &Segment| matches!(segment, Segment::Switch(..));
        if let Some(last) = output.unwritten.iter().rposition(is_switch) {
            output.unwritten.drain(..last);
            output.file = None; // nothing to sync
        }
    }

    fn sync_now(&self, output: &Output, end: u64) -> io::Result<()> {
        if let Some(file) = &output.file {
            file.sync_data().inspect_err(|error| self.sync_failed(error))?;
        }
        self.synced.fetch_max(end, Ordering::Release);
        self.sync_error.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn sync_failed(&self, error: &io::Error) {
        self.sync_error.store(number_of(error), Ordering::Relaxed);
    }

    fn failed(&self, output: &mut Output, error: &io::Error) {
        if output.last_complaint.is_none_or(|at| at.elapsed() > LOG_EVERY) {
            output.last_complaint = Some(machine_now());
            crate::warning!("Error writing to the AOF file: {}", system_text(error));
        }
        if self.policy() == FsyncPolicy::Always {
            crate::warning!(
                "Can't recover from AOF write error when the AOF fsync policy is 'always'. \
                 Exiting..."
            );
            std::process::exit(1);
        }
        self.write_error.store(number_of(error), Ordering::Relaxed);
    }

    /// Tries again what has failed, and writes what nobody has committed: for cron.
    pub fn retry(&self) {
        if self.reached() < self.appended.load(Ordering::Acquire) {
            let mut output = lock(&self.output);
            let failing = self.write_error.load(Ordering::Relaxed) != 0;
            if self.write_out(&mut output).is_ok() && failing {
                self.write_error.store(0, Ordering::Relaxed);
                output.last_complaint = None;
                crate::warning!("AOF write error looks solved. The server can write again.");
                // Who has come until now has not tried: for them nobody has written yet.
                let _ = self.write_out(&mut output);
            }
        }
    }

    /// Syncs what is written, without keeping anybody from writing: once a second for `everysec`.
    /// True: it has.
    pub fn sync_in_background(&self) -> bool {
        let written = self.written.load(Ordering::Acquire);
        let due = self.synced.load(Ordering::Acquire) < written;
        let policy = self.policy();
        if !due || policy != FsyncPolicy::Everysec {
            return false;
        }
        let (file, written) = {
            let output = lock(&self.output);
            (output.file.clone(), self.written.load(Ordering::Acquire))
        };
        self.syncing.store(true, Ordering::Relaxed);
        let result = file.map_or(Ok(()), |file| file.sync_data());
        match &result {
            Ok(()) => {
                self.synced.fetch_max(written, Ordering::Release);
                self.sync_error.store(0, Ordering::Relaxed);
            }
            Err(error) => {
                self.sync_failed(error);
                crate::warning!("Fail to fsync the AOF file: {}", system_text(error));
            }
        }
        self.syncing.store(false, Ordering::Relaxed);
        result.is_ok()
    }

    /// Syncs what is written by now, while others go on writing. Who switches to another file next
    /// then finds little left to sync, and nobody has to wait for it.
    pub fn sync_ahead(&self) {
        for _ in 0..SYNCS_AHEAD {
            let file = lock(&self.output).file.clone();
            // If this fails, so will the sync that matters.
            let _ = file.map(|file| file.sync_data());
        }
    }

    /// Writes and syncs everything, whatever the policy: before the process ends.
    pub fn finish(&self) -> io::Result<()> {
        let mut output = lock(&self.output);
        self.write_out(&mut output)?;
        let end = self.written.load(Ordering::Acquire);
        self.sync_now(&output, end)
    }

    /// The policy in force.
    pub fn policy(&self) -> FsyncPolicy {
        if self.relaxed.load(Ordering::Relaxed) {
            return FsyncPolicy::No;
        }
        [FsyncPolicy::Always, FsyncPolicy::Everysec, FsyncPolicy::No]
            .into_iter()
            .find(|policy| *policy as u8 == self.policy.load(Ordering::Relaxed))
            .unwrap_or(FsyncPolicy::Always)
    }

    /// What `appendfsync` says now.
    pub fn set_policy(&self, policy: FsyncPolicy) {
        self.policy.store(policy as u8, Ordering::Relaxed);
    }

    /// Whether syncs may wait for now (`no-appendfsync-on-rewrite`).
    pub fn set_relaxed(&self, relaxed: bool) {
        self.relaxed.store(relaxed, Ordering::Relaxed);
    }

    /// What `aof-timestamp-enabled` says now.
    pub fn set_timestamps(&self, enabled: bool) {
        self.timestamps.store(enabled, Ordering::Relaxed);
    }

    /// Whether the last write or sync has failed.
    #[inline]
    pub fn is_failing(&self) -> bool {
        self.write_error.load(Ordering::Relaxed) | self.sync_error.load(Ordering::Relaxed) != 0
    }

    /// Why writes fail, if they do.
    pub fn error(&self) -> Option<String> {
        let error = self.write_error.load(Ordering::Relaxed);
        let error = if error != 0 { error } else { self.sync_error.load(Ordering::Relaxed) };
        (error != 0).then(|| system_text(&io::Error::from_raw_os_error(error as i32)))
    }

    /// Whether the last write succeeded.
    pub fn last_write_ok(&self) -> bool {
        self.write_error.load(Ordering::Relaxed) == 0
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Relaxed)
    }

    /// Files of `removed` bytes were replaced by one of `added` bytes.
    pub fn resize(&self, added: u64, removed: u64) {
        let resized = |size: u64| Some((size + added).saturating_sub(removed));
        let _ = self.size.fetch_update(Ordering::Relaxed, Ordering::Relaxed, resized);
    }

    /// The files have changed: so many bytes are they now.
    pub fn set_size(&self, size: u64) {
        self.size.store(size, Ordering::Relaxed);
    }

    /// Bytes that are not written yet.
    pub fn buffered(&self) -> u64 {
        let written = self.written.load(Ordering::Acquire);
        self.appended.load(Ordering::Acquire).saturating_sub(written)
    }

    /// How much has been appended.
    pub fn appended(&self) -> u64 {
        self.appended.load(Ordering::Acquire)
    }

    /// How much of it is on the disk.
    pub fn synced(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }

    /// Whether a sync is on its way.
    pub fn is_syncing(&self) -> bool {
        self.syncing.load(Ordering::Relaxed)
    }
}

/// The journal's end of the append-only file.
pub struct AofSink {
    aof: Arc<Aof>,
    clock: Clock,
    last_timestamp: i64,
}

impl AofSink {
    /// Appends to `aof`, with the times of `clock` if the file is to have any.
    pub fn new(aof: Arc<Aof>, clock: Clock) -> Self {
        AofSink { aof, clock, last_timestamp: 0 }
    }
}

impl Sink for AofSink {
    fn append(&mut self, unit: &[u8]) {
        if self.aof.timestamps.load(Ordering::Relaxed) {
            let now = self.clock.unix_ms() / 1000;
            if now > self.last_timestamp {
                self.last_timestamp = now;
                self.aof.append(format!("#TS:{now}\r\n").as_bytes());
            }
        }
        self.aof.append(unit);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn file_len(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

/// Cuts a file back and goes on writing there.
fn cut(mut file: &File, len: u64) -> io::Result<()> {
    file.set_len(len)?;
    file.seek(SeekFrom::Start(len)).map(drop)
}

fn number_of(error: &io::Error) -> i64 {
    error.raw_os_error().unwrap_or(5).into() // 5: an input/output error
}
