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
//! A message may come from anywhere, so the log isn't passed from call to call: a thread knows which server it
//! works for ([`ServerLog`]), and threads that it starts work for the same one ([`inherit`]). Level, role and place are
//! those of that server. Unless it has a place of its own, its lines go where those of the process go.
//!
//! Left out on purpose: syslog (service managers collect standard output) and structured logs.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, RwLock};

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
    /// No message has it: the level of a log that is to stay empty.
    Nothing,
}

impl Level {
    const fn mark(self) -> char {
        match self {
            Self::Debug => '.',
            Self::Verbose => '-',
            Self::Notice => '*',
            Self::Warning | Self::Nothing => '#',
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

/// Where the lines of a log go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Where those of the process go: to its file, or to standard output.
    Process,
    /// To what the test harness shows of a test that fails.
    TestOutput,
    /// To the end of a file.
    File(PathBuf),
    /// Nowhere.
    Nowhere,
}

/// A log: what it takes, and where that goes.
#[derive(Debug)]
struct Log {
    /// The least level that is logged. Relaxed, because no other data depends on it.
    level: AtomicU8,
    /// Whether what clients have sent and stored stays out of the log.
    hides_user_data: AtomicBool,
    /// The role that lines show. Servers start as `C` and say so once they are something else.
    role: AtomicU8,
    sink: Sink,
}

impl Log {
    const fn new(sink: Sink) -> Self {
        Log {
            level: AtomicU8::new(Level::Notice as u8),
            hides_user_data: AtomicBool::new(false),
            role: AtomicU8::new(Role::Child as u8),
            sink,
        }
    }
}

/// The log of whoever works for no server, and of all servers that have no place of their own for it.
static PROCESS: Log = Log::new(Sink::Process);
/// Whether lines of the process that go to no file go to standard error, and not to standard output.
static TO_STANDARD_ERROR: AtomicBool = AtomicBool::new(false);
/// Where lines of the process go; `None` is standard output.
static FILE: RwLock<Option<PathBuf>> = RwLock::new(None);

thread_local! {
    /// The log of the server that this thread works for.
    static OWN: RefCell<ServerLog> = const { RefCell::new(ServerLog(None)) };
}

/// The log of a server, or of the process.
#[derive(Clone, Debug)]
pub struct ServerLog(Option<Arc<Log>>);

impl ServerLog {
    /// The log of another server.
    pub fn new(sink: Sink) -> Self {
        ServerLog(Some(Arc::new(Log::new(sink))))
    }

    /// The one that the calling thread logs to.
    pub fn current() -> Self {
        // A thread that ends has none any more.
        OWN.try_with(|own| own.borrow().clone()).unwrap_or(ServerLog(None))
    }

    /// Lets work log here, on whatever thread it is done.
    pub fn inherited<T, W: FnOnce() -> T>(&self, work: W) -> impl FnOnce() -> T + use<T, W> {
        let log = self.clone();
        move || {
            let _back = Back(log.adopt());
            work()
        }
    }

    /// The calling thread logs here from now on. What it logged to is returned.
    pub fn adopt(&self) -> ServerLog {
        OWN.replace(self.clone())
    }

    fn get(&self) -> &Log {
        self.0.as_deref().unwrap_or(&PROCESS)
    }
}

/// Lets a thread log where it did before, however its work ends.
struct Back(ServerLog);

impl Drop for Back {
    fn drop(&mut self) {
        self.0.adopt();
    }
}

/// Work for another thread, which logs where the calling one does.
pub fn inherit<T, W: FnOnce() -> T>(work: W) -> impl FnOnce() -> T + use<T, W> {
    ServerLog::current().inherited(work)
}

/// Logs messages of this level and above.
pub fn set_level(level: Level) {
    ServerLog::current().get().level.store(level as u8, Ordering::Relaxed);
}

/// What clients have sent or stored, as the log may show it (`hide-user-data-from-log`).
pub struct UserData<'d>(pub &'d [u8]);

impl fmt::Display for UserData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if hides_user_data() {
            return f.write_str("(hidden)");
        }
        write!(f, "{}", self.0.escape_ascii())
    }
}

fn hides_user_data() -> bool {
    ServerLog::current().get().hides_user_data.load(Ordering::Relaxed)
}

/// Keeps what clients have sent and stored out of the log from now on, or no longer.
pub fn hide_user_data(hide: bool) {
    ServerLog::current().get().hides_user_data.store(hide, Ordering::Relaxed);
}

/// Shows this role from now on.
pub fn set_role(role: Role) {
    ServerLog::current().get().role.store(role as u8, Ordering::Relaxed);
}

/// The process logs to the end of this file from now on, or to standard output without one. Tells whether the file
/// can be written to; a server should not start if not.
pub fn set_file(path: Option<&Path>) -> std::io::Result<()> {
    if let Some(path) = path {
        open(path)?;
    }
    *FILE.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = path.map(Path::to_owned);
    Ok(())
}

/// Leaves standard output to what else the process has to say.
pub fn to_standard_error() {
    TO_STANDARD_ERROR.store(true, Ordering::Relaxed);
}

/// Whether a message of this level would be written. The macros ask this before they format
/// anything, so that a message that is filtered out costs little.
pub fn enabled(level: Level) -> bool {
    let current = ServerLog::current();
    let log = current.get();
    log.sink != Sink::Nowhere && level as u8 >= log.level.load(Ordering::Relaxed)
}

/// Writes one message. Use the macros, which filter.
pub fn write(level: Level, message: fmt::Arguments<'_>) {
    let current = ServerLog::current();
    let log = current.get();
    let role = char::from(log.role.load(Ordering::Relaxed));
    let line = line(std::process::id(), role, Timestamp::now(), &local_zone(), level, message);
    // One write for the whole line: lines of several threads, or processes, do not mix.
    let append = |path: &Path| open(path).and_then(|mut file| file.write_all(line.as_bytes()));
    let _ = match &log.sink {
        Sink::Nowhere => Ok(()),
        Sink::File(path) => append(path),
        Sink::TestOutput => {
            print!("{line}"); // the harness takes what this macro prints, and nothing else
            Ok(())
        }
        Sink::Process => match &*FILE.read().unwrap_or_else(|poisoned| poisoned.into_inner()) {
            None if TO_STANDARD_ERROR.load(Ordering::Relaxed) => {
                std::io::stderr().lock().write_all(line.as_bytes())
            }
            None => std::io::stdout().lock().write_all(line.as_bytes()),
            Some(path) => append(path),
        },
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
        let name = thread.name().unwrap_or("without a name");
        // What a panic says may quote what it stumbled over; where it was says enough.
        if hides_user_data()
            && let Some(place) = panic.location()
        {
            crate::warning!("Thread '{name}': panicked at {place}");
            return;
        }
        crate::warning!("Thread '{name}': {panic}");
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
macro_rules! log_at {
    ($level:expr, $($format:tt)+) => {
        if $crate::system::logging::enabled($level) {
            $crate::system::logging::write($level, format_args!($($format)+));
        }
    };
}

/// Logs a message for whoever develops the server.
macro_rules! debug {
    ($($format:tt)+) => { $crate::log_at!($crate::system::logging::Level::Debug, $($format)+) };
}

/// Logs a message that is rarely useful.
macro_rules! verbose {
    ($($format:tt)+) => { $crate::log_at!($crate::system::logging::Level::Verbose, $($format)+) };
}

/// Logs a message that an operator wants to know.
macro_rules! notice {
    ($($format:tt)+) => { $crate::log_at!($crate::system::logging::Level::Notice, $($format)+) };
}

/// Logs a message that an operator must know.
macro_rules! warning {
    ($($format:tt)+) => { $crate::log_at!($crate::system::logging::Level::Warning, $($format)+) };
}

pub(crate) use {debug, log_at, notice, verbose, warning};

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

    #[test]
    fn a_server_logs_to_its_own_place_whatever_thread_works_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let paths = ["one", "other"].map(|name| dir.path().join(name));
        let [one, other] = paths.clone().map(|path| ServerLog::new(Sink::File(path)));
        one.inherited(|| {
            set_level(Level::Verbose);
            set_role(Role::Replica);
            other.inherited(|| crate::notice!("{}", UserData(b"of the other")))();
            hide_user_data(true);
            let thread = std::thread::spawn(inherit(|| crate::verbose!("{}", UserData(b"secret"))));
            thread.join().unwrap();
        })();
        other.inherited(|| crate::verbose!("too much"))();
        let [one, other] = paths.map(|path| std::fs::read_to_string(path).unwrap());
        assert!(one.contains(":S ") && one.ends_with(" - (hidden)\n"), "{one}");
        assert!(other.contains(":C ") && other.ends_with(" * of the other\n"), "{other}");
        assert_eq!((one.lines().count(), other.lines().count()), (1, 1));
    }
}
