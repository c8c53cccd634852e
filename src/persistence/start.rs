//! The start: whatever is on disk becomes the data.

use std::io;

use super::access::Access;
use super::{aof, disk};
use crate::engine::SharedEngine;
use crate::engine::progress::Progress;

/// Loads what there is on disk, and opens the append-only file if there is to be one.
pub fn load_at_start(shared: &SharedEngine, progress: &Progress) -> io::Result<()> {
    if shared.lock().config.appendonly {
        aof::start(shared, progress)?;
    } else {
        let history = disk::load_snapshot(&mut Access::Shared(shared), progress)?;
        if let Some(history) = history {
            history.resume(&mut shared.lock());
        }
    }
    shared.lock().dirty = 0;
    Ok(())
}
