//! The file that tells others which process this is.

use std::fs;
use std::path::{Path, PathBuf};

/// A pidfile, removed when this is dropped.
#[derive(Debug)]
pub struct PidFile(PathBuf);

impl PidFile {
    /// Writes the file. That it can't be written is no reason not to serve, only to say so.
    pub fn write(path: &Path) -> Option<Self> {
        match fs::write(path, contents()) {
            Ok(()) => Some(PidFile(path.to_owned())),
            Err(error) => {
                crate::warning!("Failed to write PID file: {error}");
                None
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // It may be another's by now.
        if fs::read_to_string(&self.0).is_ok_and(|text| text == contents()) {
            crate::notice!("Removing the pid file.");
            let _ = fs::remove_file(&self.0); // if that fails, it names a process that is gone
        }
    }
}

fn contents() -> String {
    format!("{}\n", std::process::id())
}
