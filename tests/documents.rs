//! What comments and documents say of the code, held against the code.

use std::fs;
use std::path::{Path, PathBuf};

use cacheflow::catalogue::{ROWS, Row};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below `folder` whose names end in `extension`, with their text.
fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
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

/// The handler of a row, as the table's source names it.
fn handler(table: &str, row: &Row) -> String {
    let quoted = format!("\"{}\" ", row.name);
    let line = table.lines().find(|line| line.contains(&quoted) && line.contains("=> "));
    let (_, handler) = line.unwrap().rsplit_once("=> ").unwrap();
    handler.trim_end_matches(';').to_owned()
}

/// The paragraphs of the doc comment in front of `pub fn name(`.
fn comment(sources: &[(PathBuf, String)], name: &str) -> Vec<String> {
    let head = format!("\npub fn {name}(");
    let found = sources.iter().find_map(|(_, text)| text.split_once(&head)).map(|(above, _)| above);
    let mut lines: Vec<&str> = found
        .unwrap_or_default()
        .lines()
        .rev()
        .skip_while(|line| line.starts_with("#["))
        .map_while(|line| line.strip_prefix("///"))
        .map(str::trim)
        .collect();
    lines.reverse();
    lines.split(|line| line.is_empty()).map(|lines| lines.join(" ")).collect()
}

/// A handler's doc comment begins with `` `NAME syntax` ``; one for several commands has a paragraph
/// for each. Their source is the row.
#[test]
fn handlers_open_with_the_syntax_of_their_rows() {
    let sources = files("src/command", "rs");
    let table = fs::read_to_string(root().join("src/catalogue/table.rs")).unwrap();
    let mut wrong = Vec::new();
    for row in ROWS {
        let handler = handler(&table, row);
        if ["container", "help"].contains(&handler.as_str()) {
            continue; // they serve all of them, and read the rows themselves
        }
        let name = row.name.replace('|', " ").to_ascii_uppercase();
        let usage = format!("`{name} {}`", row.doc.syntax).replace(" `", "`");
        let paragraphs = comment(&sources, &handler);
        let usages = paragraphs.iter().take_while(|paragraph| paragraph.starts_with('`'));
        if !usages.clone().any(|paragraph| *paragraph == usage) {
            wrong.push(format!("fn {handler}: {usage}\n    has {:?}", usages.collect::<Vec<_>>()));
        }
    }
    assert!(wrong.is_empty(), "doc comments and rows differ:\n{}", wrong.join("\n"));
}
