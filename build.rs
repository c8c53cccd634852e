//! Before the crate is built: where its functions are, for EXPLAIN.
//!
//! A handler's place in the source is shown to whoever asks how a command is executed. Typed by hand it would
//! be wrong after the next change, and no macro can tell the line of another function. So the sources are read,
//! and each function of the rooms that EXPLAIN talks about becomes a line: its path, and where it stands.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// The rooms, and files, whose functions are listed.
const LISTED: [&str; 5] =
    ["src/command", "src/engine", "src/journal", "src/resp", "src/store/keyspace.rs"];

fn main() {
    let mut places = String::new();
    for path in LISTED {
        println!("cargo::rerun-if-changed={path}");
        list(Path::new(path), &mut places);
    }
    let out = env::var("OUT_DIR").expect("cargo says where to write");
    fs::write(Path::new(&out).join("places.txt"), places).expect("the build folder can be written");
}

/// Lists a file, or all files of a folder in order.
fn list(path: &Path, places: &mut String) {
    if path.is_dir() {
        let mut inside: Vec<_> = fs::read_dir(path).expect("the sources can be read").collect();
        inside.sort_by_key(|entry| entry.as_ref().map(|entry| entry.path()).ok());
        inside.into_iter().flatten().for_each(|entry| list(&entry.path(), places));
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let text = fs::read_to_string(path).expect("the sources can be read");
        let file = path.to_str().expect("names in the tree are ASCII").replace('\\', "/");
        let module = file.trim_start_matches("src/").trim_end_matches(".rs");
        let module = module.trim_end_matches("/mod").replace('/', "::");
        for (index, line) in text.lines().enumerate() {
            let code = line.trim_start().trim_start_matches("pub(super) ");
            let Some(rest) = code.trim_start_matches("pub ").strip_prefix("fn ") else { continue };
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            let _ = writeln!(places, "{module}::{name} {file}:{}", index + 1); // a String takes all
        }
    }
}
