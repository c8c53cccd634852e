//! What the engine knows of the append-only file. How it is loaded, switched and rewritten is told in
//! `persistence/aof`.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Config;
use crate::journal::group_commit::Aof;
use crate::system::clock::Tick;

/// Whether there is an append-only file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AofState {
    /// There is none.
    Off,
    /// CONFIG SET has switched it on; its first base is not complete.
    Starting,
    /// There is.
    On,
}

/// The engine's side of the append-only file.
pub struct AppendOnly {
    /// Whether it is in use.
    pub state: AofState,
    /// How often it was switched on or off: whoever works on it for long can tell that what it
    /// works on is not what is in use now, though the state may look the same.
    pub switches: u64,
    /// Where units go.
    pub writer: Arc<Aof>,
    /// Where the files are, once they are there.
    pub place: Option<AofFiles>,
    /// The size of all files after the last rewrite, or at the start.
    pub base_size: u64,
    /// Whether the last rewrite succeeded.
    pub last_rewrite_ok: bool,
    /// How many seconds it took.
    pub last_rewrite_seconds: Option<u64>,
    /// When the last rewrite was begun.
    pub last_attempt: Option<Tick>,
    /// How many rewrites have succeeded.
    pub rewrites: u64,
    /// How many have failed since one succeeded.
    pub consecutive_failures: u32,
}

impl AppendOnly {
    /// Not in use yet.
    pub fn new(config: &Config) -> Self {
        let writer = Aof::new(config.appendfsync);
        writer.set_timestamps(config.aof_timestamp_enabled);
        AppendOnly {
            state: AofState::Off,
            switches: 0,
            writer: Arc::new(writer),
            place: None,
            base_size: 0,
            last_rewrite_ok: true,
            last_rewrite_seconds: None,
            last_attempt: None,
            rewrites: 0,
            consecutive_failures: 0,
        }
    }
}

/// Where the files are, and how their names begin.
#[derive(Clone, Debug)]
pub struct AofFiles {
    /// The directory of all of them.
    pub directory: PathBuf,
    /// `appendfilename`.
    pub prefix: String,
}

impl AofFiles {
    /// Where the configuration has it.
    pub fn of(config: &Config) -> Self {
        let directory = config.dir.join(&config.appenddirname);
        AofFiles { directory, prefix: config.appendfilename.clone() }
    }

    /// A file's path.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The manifest's path.
    pub fn manifest(&self) -> PathBuf {
        self.path(&format!("{}.manifest", self.prefix))
    }
}
