//! `docs/performance.md`: measured sections among hand-written text.
//!
//! Each section lies between two lines of its own, so that one can be measured again while the others
//! stay, and so that what people wrote around them is never touched:
//!
//! ```text
//! ## Memory                                      by hand
//! Short strings lie inside their entries ...     by hand
//! <!-- bench:memory:begin ... -->
//! | case | cacheflow | ...                       by `make bench`
//! <!-- bench:memory:end -->
//! ```
//!
//! A section that the page doesn't have yet is added at its end.

use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

/// A file of this repository, by its path from the root.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Puts `text` between the markers of section `key` of the page at `path`.
pub fn insert(path: &Path, key: &str, text: &str) -> Result<()> {
    let old = fs::read_to_string(path).unwrap_or_default();
    write(path, &with_section(&old, key, text))
}

/// The page with `text` as its section `key`.
fn with_section(page: &str, key: &str, text: &str) -> String {
    let name = format!("<!-- bench:{key}:begin");
    let begin = format!("{name} (measured; edits between these lines are lost) -->");
    let end = format!("<!-- bench:{key}:end -->");
    let text = format!("{begin}\n\n{}\n\n{end}", text.trim());
    match (page.find(&name), page.find(&end)) {
        (Some(from), Some(to)) if from < to => {
            format!("{}{text}{}", &page[..from], &page[to + end.len()..])
        }
        _ if page.is_empty() => format!("{text}\n"),
        _ => format!("{}\n\n{text}\n", page.trim_end()),
    }
}

/// Writes a file and the directories above it.
pub fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)
}

/// The processor and how many cores it has.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    format!("{}, {cores} cores", cpu.as_deref().unwrap_or("an unnamed processor"))
}
