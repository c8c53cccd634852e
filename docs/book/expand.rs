//! Writes the book as mdBook gets it, with everything that it quotes: `expand ROOT TARGET`.
//!
//! Part of `make book`, compiled by rustc alone. What may be quoted, and how, stands in
//! `tests/book/excerpts.rs`.

use std::fs;
use std::path::Path;

#[path = "../../tests/book/excerpts.rs"]
mod excerpts;
#[path = "../../tests/book/exercises.rs"]
#[allow(dead_code)] // the tests use all of it
mod exercises;

fn main() -> Result<(), String> {
    let args: Vec<String> = std::env::args().collect();
    let [_, root, target] = &args[..] else { return Err("expand ROOT TARGET".into()) };
    let (root, target) = (Path::new(root), Path::new(target));
    let source = root.join("docs/book/src");
    let (mut chapters, mut excerpts, mut transcripts) = (0, 0, 0);
    for entry in fs::read_dir(&source).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        let (text, found) = excerpts::expand(root, &name, &text)?;
        chapters += usize::from(name.starts_with(|it: char| it.is_ascii_digit()));
        excerpts += found;
        transcripts += text.matches("\n```console\n").count();
        fs::write(target.join(&name), text).map_err(|error| format!("{name}: {error}"))?;
    }
    let exercises = exercises::all(root)?.len();
    println!(
        "{chapters} chapters, {transcripts} transcripts, {excerpts} excerpts, {exercises} exercises"
    );
    Ok(())
}
