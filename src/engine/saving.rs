//! What the engine knows of its snapshots on disk. How they get there is told in `persistence`.

use crate::system::clock::Tick;

/// What is known about saving, for INFO and LASTSAVE.
#[derive(Clone, Debug)]
pub struct Saving {
    /// When the data was saved last, or the server was started; Unix seconds.
    pub last_save: i64,
    /// Whether the last attempt succeeded.
    pub last_ok: bool,
    /// When BGSAVE was begun last.
    pub last_try: Option<Tick>,
    /// How many seconds the last BGSAVE took.
    pub last_seconds: Option<u64>,
    /// How often data was saved.
    pub saves: u64,
    /// Keys loaded at the start.
    pub keys_loaded: u64,
    /// Keys that were not loaded, for their time was over.
    pub keys_expired: u64,
}

impl Saving {
    /// Nothing was saved yet.
    pub fn new(now_ms: i64) -> Self {
        Saving {
            last_save: now_ms / 1000,
            last_ok: true,
            last_try: None,
            last_seconds: None,
            saves: 0,
            keys_loaded: 0,
            keys_expired: 0,
        }
    }
}
