//! Which process the kernel ends first when memory runs out: `/proc/self/oom_score_adj`, from -1000
//! (never) to 1000 (first).
//!
//! A process inherits its score from whoever started it. That one is kept, to be added to, and to be
//! put back when nobody wants another any more.

use std::io;
use std::sync::Mutex;

use crate::system::mutex::locked;

const FILE: &str = "/proc/self/oom_score_adj";

/// The inherited score, while there is another.
static INHERITED: Mutex<Option<i32>> = Mutex::new(None);

/// A score for this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// That of whoever started it.
    Inherited,
    /// So much more than the inherited one.
    Relative(i32),
    /// This one.
    Absolute(i32),
}

/// Sets the score. To lower it takes a privilege, unless it goes back to where it was.
pub fn set(score: Score) -> io::Result<()> {
    let mut inherited = locked(&INHERITED);
    if score == Score::Inherited && inherited.is_none() {
        return Ok(());
    }
    let base = match *inherited {
        Some(base) => base,
        None => *inherited.insert(read()?),
    };
    let value = match score {
        Score::Inherited => base,
        Score::Relative(more) => base + more,
        Score::Absolute(value) => value,
    };
    std::fs::write(FILE, value.clamp(-1000, 1000).to_string())?;
    if score == Score::Inherited {
        *inherited = None;
    }
    Ok(())
}

fn read() -> io::Result<i32> {
    let text = std::fs::read_to_string(FILE)?;
    text.trim().parse().map_err(|_| io::ErrorKind::InvalidData.into())
}
