//! The project's own files, for tests that read them.

use std::fs;
use std::path::{Path, PathBuf};

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below `folder` with this extension, in order, with their text.
pub fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    files.sort();
    files
}

/// The source files, in order: the path as seen from `src`, and the text.
#[allow(dead_code)] // not every test that reads files reads these by name
pub fn sources() -> Vec<(String, String)> {
    let name = |path: PathBuf| {
        let below = path.strip_prefix(root().join("src")).expect("it was found there");
        below.to_string_lossy().into_owned()
    };
    files("src", "rs").into_iter().map(|(path, text)| (name(path), text)).collect()
}
