//! Where random tests begin: at `DIFF_SEED`, or somewhere new each time, and always said.
//!
//! A failure names the seed with which it comes again. What must not change between two runs, the
//! check before something lands, sets it (`.ci/run`); a nightly run doesn't, and so covers more with
//! each night.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// The seed that all random tests of a process share; printed when it is first asked for.
pub fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let seed = match std::env::var("DIFF_SEED") {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("DIFF_SEED={text:?} is no number")),
            Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_secs()),
        };
        println!("DIFF_SEED={seed}");
        seed
    })
}
