//! The log: one line per event, in the form that tools for Redis know.
//!
//! ```text
//! 4711:M 07 Mar 2026 09:30:00.123 * Ready to accept connections
//! |    | |                        | message
//! |    | |                        level: . debug, - verbose, * notice, # warning
//! |    | local time, as TZ or /etc/localtime says
//! |    role: M master, S replica, C child or start-up
//! process id
//! ```
//!
//! Lines go to standard output or are appended to a file, which is opened anew for each line: so
//! `logrotate` can move it away without telling us, and a server logs too little for that to cost
//! anything. A log that cannot be written is no reason to stop serving, so errors are swallowed,
//! and a closed standard output never panics (as `println!` would).
//!
//! The log is the one thing that is global to the process instead of belonging to a `Server`: a
//! message may come from anywhere, and several servers in one process share its standard output.
//!
//! Left out on purpose: syslog (service managers collect standard output) and structured logs.

use std::cell::Cell;
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::sync::atomic::{AtomicU8, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use once_cell::sync::Lazy;

/// How important a message is, and the least importance that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever develops the server.
    Debug,
    /// Much that is rarely useful.
    Verbose,
    /// What an operator wants to know.
    Notice,
    /// What an operator must know.
    Warning,
}

impl Level {
    const fn mark(self) -> char {
        match self {
            Self::Debug => '.',
            Self::Verbose => '-',
            Self::Notice => '*',
            Self::Warning => '#',
        }
    }
}

/// What the server is at the moment, as the log shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A master.
    Master = b'M' as isize,
    /// A replica.
    Replica = b'S' as isize,
    /// Not a server yet, or a background task that is none.
    Child = b'C' as isize,
}

/// The least level that is logged. Relaxed, because no other data depends on it.
static LEVEL: AtomicU8 = AtomicU8::new(Level::Notice as u8);
/// The role that lines show. Servers start as `C` and say so once they are something else.
static ROLE: AtomicU8 = AtomicU8::new(Role::Child as u8);
/// Where lines go; `None` is standard output.
static FILE: RwLock<Option<PathBuf>> = RwLock::new(None);

/// Logs messages of this level and above.
pub fn set_level(level: Level) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Shows this role from now on.
pub fn set_role(role: Role) {
    ROLE.store(role as u8, Ordering::Relaxed);
}

/// Appends to this file from now on, or to standard output without one. Tells whether the file
/// can be written to; a server should not start if not.
pub fn set_file(path: Option<&Path>) -> std::io::Result<()> {
    if let Some(path) = path {
        open(path)?;
    }
    *FILE.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = path.map(Path::to_owned);
    Ok(())
}

/// Whether a message of this level would be written. The macros ask this before they format
/// anything, so that a message that is filtered out costs one load and one comparison.
pub fn enabled(level: Level) -> bool {
    level as u8 >= LEVEL.load(Ordering::Relaxed)
}

/// Writes one message. Use the macros, which filter.
pub fn write(level: Level, message: fmt::Arguments<'_>) {
    let role = char::from(ROLE.load(Ordering::Relaxed));
    let line = line(std::process::id(), role, Timestamp::now(), &local_zone(), level, message);
    let file = FILE.read().unwrap_or_else(|poisoned| poisoned.into_inner());
    // One write for the whole line: lines of several threads, or processes, do not mix.
    let _ = match &*file {
        None => std::io::stdout().lock().write_all(line.as_bytes()),
        Some(path) => open(path).and_then(|mut file| file.write_all(line.as_bytes())),
    };
}

fn open(path: &Path) -> std::io::Result<std::fs::File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Finds the time zone now. That takes more stack than a worker has, in a build without
/// optimization, so it must not be left to the first thread that has something to log.
pub fn prepare() {
    local_zone();
}

/// Lets the log have what a panic says, wherever the log goes; until now it was for standard error only.
pub fn report_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if EXPECTED.get() {
            return;
        }
        let thread = std::thread::current();
        crate::warning!("Thread '{}': {panic}", thread.name().unwrap_or("without a name"));
        usual(panic);
    }));
}

thread_local! {
    /// A panic of this thread is no news.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Does what panics if the system refuses something, which is reported otherwise. None: it has.
pub fn expecting_panic<T>(work: impl FnOnce() -> T) -> Option<T> {
    EXPECTED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(false);
    result.ok()
}

/// The time zone of this process: found once, since finding it reads files.
fn local_zone() -> TimeZone {
    static ZONE: Lazy<TimeZone> = Lazy::new(TimeZone::system);
    ZONE.clone()
}

fn line(
    process: u32,
    role: char,
    now: Timestamp,
    zone: &TimeZone,
    level: Level,
    message: fmt::Arguments<'_>,
) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let time = now.to_zoned(zone.clone()).datetime();
    format!(
        "{process}:{role} {:02} {} {:04} {:02}:{:02}:{:02}.{:03} {} {message}\n",
        time.day(),
        MONTHS[time.month() as usize - 1],
        time.year(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond(),
        level.mark(),
    )
}

/// Logs a message of a level given as an expression, formatted as by `format!`.
#[macro_export]
macro_rules! log_at {
    ($level:expr, $($format:tt)+) => {
        if $crate::system::logging::enabled($level) {
            $crate::system::logging::write($level, format_args!($($format)+));
        }
    };
}

/// Logs a message for whoever develops the server.
#[macro_export]
macro_rules! debug {
    ($($format:tt)+) => { $crate::log_at!($crate::system::logging::Level::Debug, $($format)+) };
}

/// Logs a message that is rarely useful.
#[macro_export]
macro_rules! verbose {
    ($($format:tt)+) => { $crate::log_at!($crate::system::logging::Level::Verbose, $($format)+) };
}

/// Logs a message that an operator wants to know.
#[macro_export]
macro_rules! notice {
    ($($format:tt)+) => { $crate::log_at!($crate::system::logging::Level::Notice, $($format)+) };
}

/// Logs a message that an operator must know.
#[macro_export]
macro_rules! warning {
    ($($format:tt)+) => { $crate::log_at!($crate::system::logging::Level::Warning, $($format)+) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_expected_only_where_it_is_said_so() {
        let failed: Option<()> = expecting_panic(|| {
            assert!(EXPECTED.get());
            panic!("only a test")
        });
        assert_eq!((failed, expecting_panic(|| 5)), (None, Some(5)));
        assert!(!EXPECTED.get());
    }

    #[test]
    fn lines_have_the_form_of_redis_in_local_time() {
        let now = Timestamp::from_millisecond(1_772_875_800_007).unwrap();
        let in_zone = |zone: &TimeZone| {
            line(4711, 'M', now, zone, Level::Notice, format_args!("Ready to {}", "serve"))
        };
        assert_eq!(in_zone(&TimeZone::UTC), "4711:M 07 Mar 2026 09:30:00.007 * Ready to serve\n");
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(in_zone(&berlin), "4711:M 07 Mar 2026 10:30:00.007 * Ready to serve\n");
        let levels = [Level::Debug, Level::Verbose, Level::Notice, Level::Warning];
        let marks: String = levels.map(Level::mark).iter().collect();
        assert_eq!(marks, ".-*#");
    }

    /// One test for all that is global, since tests run at the same time.
    #[test]
    fn level_role_and_file_can_change_at_any_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("server.log");
        let moved = dir.path().join("server.log.1");
        set_file(Some(&path)).unwrap();
        crate::debug!("hidden {}", 1);
        crate::notice!("first {}", 1);
        std::fs::rename(&path, &moved).unwrap();
        set_role(Role::Master);
        set_level(Level::Debug);
        crate::debug!("shown");
        set_level(Level::Notice);
        set_role(Role::Child);
        let unwritable = set_file(Some(&dir.path().join("missing/server.log")));
        set_file(None).unwrap();
        assert!(unwritable.is_err());
        let read = |path| std::fs::read_to_string(path).unwrap();
        // Other tests may log meanwhile: look for our lines only.
        assert!(read(&moved).lines().any(|line| line.ends_with(" * first 1")));
        assert!(!read(&moved).contains("hidden"));
        let line = read(&path);
        let line = line.lines().find(|line| line.ends_with(" . shown")).unwrap();
        assert!(line.starts_with(&format!("{}:M ", std::process::id())), "{line}");
    }
}
