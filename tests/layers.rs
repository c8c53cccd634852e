//! The stack of rooms: who may import whom.
//!
//! The table stands in `docs/ARCHITECTURE.md`, under "The stack"; this test reads it there and holds
//! the tree to it. A room may use those that its row names, which stand below it, and no other; and a
//! row names no room that isn't used. Between files there are no circles, but for the twins that the
//! same page names. A folder's `mod.rs` and its files may know each other: they are one room.
//!
//! What is read is the text of the sources, without comments, strings and tests: `use` declarations
//! with all their braces, and paths in the code that begin with `crate` or `super`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Module = Vec<String>;

/// A source file.
struct Source {
    /// Its path below `src`.
    name: String,
    module: Module,
    /// What it imports: paths from the crate's root, and whether that is only a re-export.
    paths: Vec<(Module, bool)>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.sort();
    let files = files.into_iter().filter(|path| !path.to_string_lossy().contains("tests"));
    files.map(|path| source(&path)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn source(path: &Path) -> Source {
    let name = path.strip_prefix(root().join("src")).unwrap().to_string_lossy().into_owned();
    let mut module: Module = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    let tokens = tokens(&fs::read_to_string(path).unwrap());
    let paths = paths(&tokens, &module);
    Source { name, module, paths }
}

/// Identifiers and single characters, without comments, strings, and the tests at the end.
fn tokens(text: &str) -> Vec<String> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let chars: Vec<char> = code.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let (this, next) = (chars[at], chars.get(at + 1).copied().unwrap_or(' '));
        if this == '/' && next == '/' {
            at += chars[at..].iter().position(|c| *c == '\n').unwrap_or(chars.len() - at);
        } else if this == '"' {
            at += 1;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if this == '\'' && (next == '\\' || chars.get(at + 2) == Some(&'\'')) {
            at += if next == '\\' { 2 } else { 1 }; // a character, not a lifetime
            at += chars[at + 1..].iter().position(|c| *c == '\'').unwrap_or(0) + 2;
        } else if this.is_alphanumeric() || this == '_' {
            let length = chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_');
            let length = length.count();
            tokens.push(chars[at..at + length].iter().collect());
            at += length;
        } else {
            if !this.is_whitespace() {
                tokens.push(this.to_string());
            }
            at += 1;
        }
    }
    tokens
}

/// Every path of a file that leads to another module of the crate.
fn paths(tokens: &[String], module: &Module) -> Vec<(Module, bool)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_use = tokens[at] == "use";
        let is_path = ["crate", "super"].contains(&tokens[at].as_str())
            && !(at >= 1 && (tokens[at - 1] == ":" || tokens[at - 1] == "("));
        let is_macros_own = at >= 1 && tokens[at - 1] == "$";
        if is_use {
            let is_reexport = at >= 1 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
            let end = at + tokens[at..].iter().position(|token| token == ";").unwrap_or(0);
            for path in tree(&tokens[at + 1..end]) {
                found.extend(resolve(&path, module).map(|path| (path, is_reexport)));
            }
            at = end;
        } else if is_path && !is_macros_own {
            let mut path = vec![tokens[at].clone()];
            while tokens.get(at + 1).is_some_and(|t| t == ":")
                && tokens.get(at + 2).is_some_and(|t| t == ":")
                && tokens.get(at + 3).is_some_and(|t| t.starts_with(char::is_alphabetic))
            {
                path.push(tokens[at + 3].clone());
                at += 3;
            }
            if tokens.get(at + 1).is_some_and(|t| t == "!") && path.len() == 2 {
                path = ["crate", "system", "logging"].map(str::to_owned).to_vec(); // notice!(...)
            }
            found.extend(resolve(&path, module).map(|path| (path, false)));
        }
        at += 1;
    }
    found
}

/// The paths of a `use` tree.
fn tree(tokens: &[String]) -> Vec<Module> {
    let mut prefix: Module = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "{" => {
                let mut paths = Vec::new();
                let (mut depth, mut begin) = (0, at + 1);
                for (index, token) in tokens.iter().enumerate().skip(at) {
                    match token.as_str() {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 || depth == 1 && token == "," {
                        paths.extend(tree(&tokens[begin..index]).into_iter().map(|path| {
                            let path = path.into_iter().filter(|segment| segment != "self");
                            prefix.iter().cloned().chain(path).collect::<Module>()
                        }));
                        begin = index + 1;
                    }
                    if depth == 0 {
                        break;
                    }
                }
                return paths;
            }
            "as" => break,
            ":" => {}
            segment => prefix.push(segment.to_owned()),
        }
        at += 1;
    }
    if prefix.is_empty() { Vec::new() } else { vec![prefix] }
}

/// A path from the crate's root. None: it leads out of the crate, or is not known to lead anywhere.
fn resolve(path: &[String], module: &Module) -> Option<Module> {
    let mut rest = path;
    let mut from = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "super" | "self" => module.clone(),
        first => {
            // A child that is named without `self`.
            let child: Module = module.iter().cloned().chain([first.to_owned()]).collect();
            let folder = root().join("src").join(child.join("/"));
            let exists = folder.is_dir() || folder.with_extension("rs").exists();
            return (exists && !module.is_empty())
                .then(|| module.iter().chain(path).cloned().collect());
        }
    };
    while let Some(first) =
        rest.first().filter(|first| ["crate", "super", "self"].contains(&first.as_str()))
    {
        if first == "super" {
            from.pop();
        }
        rest = &rest[1..];
    }
    Some(from.into_iter().chain(rest.iter().cloned()).collect())
}

/// The lines of the table under a heading of ARCHITECTURE, as cells.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let section = page.split(&format!("## {heading}\n")).nth(1).expect("the heading is there");
    let rows = section.lines().skip_while(|line| !line.starts_with("|---"));
    let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// The words between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(|word| word.trim_end_matches('/').to_owned()).collect()
}

/// Rooms from the top, each with those it may use.
fn stack() -> Vec<(String, Vec<String>)> {
    let rows = table("The stack");
    rows.iter().map(|row| (quoted(&row[0])[0].clone(), quoted(&row[2]))).collect()
}

#[test]
fn the_table_is_a_stack() {
    let stack = stack();
    for (index, (room, uses)) in stack.iter().enumerate() {
        for used in uses {
            let is_below = stack[index + 1..].iter().any(|(below, _)| below == used);
            assert!(is_below, "{room} may use {used}, which does not stand below it");
        }
    }
}

#[test]
fn every_file_has_a_room() {
    let rooms: BTreeSet<String> = stack().into_iter().map(|(room, _)| room).collect();
    let mut found = BTreeSet::new();
    for source in sources() {
        match source.name.split_once('/') {
            Some((room, _)) => _ = found.insert(room.to_owned()),
            None => assert!(
                ["lib.rs", "main.rs"].contains(&source.name.as_str()),
                "src/{} stands outside of all rooms",
                source.name
            ),
        }
    }
    assert_eq!(found, rooms, "the folders of src, and the rooms of the table");
}

#[test]
fn imports_go_down_the_stack_only() {
    let stack: BTreeMap<String, Vec<String>> = stack().into_iter().collect();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut refused = Vec::new();
    for source in sources() {
        let Some(room) = source.name.split_once('/').map(|(room, _)| room.to_owned()) else {
            continue;
        };
        for (path, _) in &source.paths {
            let Some(target) = path.first().filter(|first| stack.contains_key(*first)) else {
                continue;
            };
            if *target == room {
                continue;
            }
            used.entry(room.clone()).or_default().insert(target.clone());
            if !stack[&room].contains(target) {
                refused.push(format!("src/{}: {}", source.name, path.join("::")));
            }
        }
    }
    assert!(refused.is_empty(), "not in the table of the stack:\n{}", refused.join("\n"));
    for (room, allowed) in &stack {
        let used = used.get(room).cloned().unwrap_or_default();
        let idle: Vec<_> = allowed.iter().filter(|allowed| !used.contains(*allowed)).collect();
        assert!(idle.is_empty(), "{room} may use {idle:?} by the table, and does not");
    }
}

/// The files that a path may lead to, by module, and what their `pub use` lines pass on.
struct Files {
    by_module: BTreeMap<Module, String>,
    passed_on: BTreeMap<Module, Module>,
}

impl Files {
    fn of(sources: &[Source]) -> Self {
        let by_module = sources.iter().map(|s| (s.module.clone(), s.name.clone())).collect();
        let mut passed_on = BTreeMap::new();
        for source in sources {
            for (path, _) in source.paths.iter().filter(|(_, is_reexport)| *is_reexport) {
                let mut from = source.module.clone();
                from.extend(path.last().cloned());
                if from != *path {
                    passed_on.insert(from, path.clone());
                }
            }
        }
        Files { by_module, passed_on }
    }

    /// The file in which a path ends.
    fn find(&self, path: &[String]) -> Option<&String> {
        let mut path = path.to_vec();
        for _ in 0..4 {
            let prefix = (1..=path.len()).find_map(|len| {
                self.passed_on.get(&path[..len]).map(|to| [&to[..], &path[len..]].concat())
            });
            match prefix {
                Some(longer) => path = longer,
                None => break,
            }
        }
        (1..=path.len()).rev().find_map(|len| self.by_module.get(&path[..len]))
    }
}

#[test]
fn files_import_each_other_in_no_circle() {
    let sources = sources();
    let files = Files::of(&sources);
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &sources {
        for (path, _) in source.paths.iter().filter(|(_, is_reexport)| !is_reexport) {
            let target = files.find(path).filter(|target| !belong_together(target, &source.name));
            if let Some(target) = target {
                imports.entry(source.name.clone()).or_default().insert(target.clone());
            }
        }
    }
    let twins: Vec<BTreeSet<String>> =
        table("Twins").iter().map(|row| quoted(&row[0]).into_iter().collect()).collect();
    let circles = circles(&imports);
    let wrong: Vec<_> = circles.iter().filter(|circle| !twins.contains(*circle)).collect();
    let report = wrong.iter().map(|circle| {
        let arrows = circle.iter().flat_map(|from| {
            let to = imports[from].iter().filter(|to| circle.contains(*to));
            to.map(move |to| format!("  {from} -> {to}"))
        });
        arrows.collect::<Vec<_>>().join("\n")
    });
    let report = report.collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "files that import each other:\n{report}");
    let gone: Vec<_> = twins.iter().filter(|twins| !circles.contains(twins)).collect();
    assert!(gone.is_empty(), "no twins any more: {gone:?}");
}

/// Whether it is one file, or a folder's `mod.rs` and a file of that folder: what a room is as a whole,
/// and a part of it.
fn belong_together(a: &str, b: &str) -> bool {
    let is_whole = |whole: &str, part: &str| {
        let folder = whole.strip_suffix("mod.rs").and_then(|folder| part.strip_prefix(folder));
        folder.is_some_and(|rest| !rest.trim_end_matches("/mod.rs").contains('/'))
    };
    a == b || is_whole(a, b) || is_whole(b, a)
}

/// The sets of files of which each reaches all others.
fn circles(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reach = |from: &String| {
        let (mut reached, mut todo) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(file) = todo.pop() {
            for next in imports.get(&file).into_iter().flatten() {
                if reached.insert(next.clone()) {
                    todo.push(next.clone());
                }
            }
        }
        reached
    };
    let reached: BTreeMap<&String, BTreeSet<String>> =
        imports.keys().map(|file| (file, reach(file))).collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (file, reaches) in &reached {
        if reaches.contains(*file) && !circles.iter().any(|circle| circle.contains(*file)) {
            let circle = reaches.iter();
            let circle =
                circle.filter(|other| reached.get(other).is_some_and(|r| r.contains(*file)));
            circles.push(circle.cloned().collect());
        }
    }
    circles
}

/// The reader of imports itself: what it must find, and what it must not.
#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let code = r#"
        //! crate::server::session in a comment
        use crate::engine::{self, client::{Client, ClientKey}, Engine as E};
        pub use super::table::Row;
        fn f() { crate::notice!("crate::command::x"); super::super::acl::check('"', "a\"b"); }
        #[cfg(test)]
        use crate::server::Server;
    "#;
    let module = ["command", "lists"].map(str::to_owned).to_vec();
    let found: Vec<String> = paths(&tokens(code), &module)
        .into_iter()
        .map(|(path, is_reexport)| {
            format!("{}{}", if is_reexport { "pub " } else { "" }, path.join("::"))
        })
        .collect();
    assert_eq!(
        found,
        [
            "engine",
            "engine::client::Client",
            "engine::client::ClientKey",
            "engine::Engine",
            "pub command::table::Row",
            "system::logging",
            "acl::check",
            "server::Server",
        ]
    );
}
