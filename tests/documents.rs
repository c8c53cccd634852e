//! What comments and documents say of the code, held against the code.

use std::fs;
use std::path::{Path, PathBuf};

use cacheflow::catalogue::{ROWS, Row};
use cacheflow::{Log, Server, Value};
use tree::{files, root};

#[path = "support/tree.rs"]
mod tree;

/// The handler of a row, as the table's source names it: its module below `command`, and its name.
fn handler(table: &str, row: &Row) -> (String, String) {
    let quoted = format!("\"{}\" ", row.name);
    let mut section = "";
    for line in table.lines().map(str::trim_start) {
        if let Some((module, _)) = line.strip_prefix('[').and_then(|line| line.split_once("] \"")) {
            section = module;
        }
        if line.contains(&quoted) && line.contains("=> ") {
            let (_, handler) = line.trim_end_matches(';').rsplit_once("=> ").unwrap();
            let path = format!("{section}::{handler}");
            let (module, name) = path.rsplit_once("::").unwrap();
            return (module.replace("::", "/"), name.to_owned());
        }
    }
    panic!("{} has no row in the table's source", row.name);
}

/// The text of a module below `command`.
fn module(name: &str) -> String {
    let folder = root().join("src/command");
    let file = folder.join(format!("{name}.rs"));
    let file = if file.exists() { file } else { folder.join(name).join("mod.rs") };
    fs::read_to_string(file).unwrap()
}

/// The paragraphs of the doc comment in front of `pub fn name(`.
fn comment(text: &str, name: &str) -> Vec<String> {
    let (above, _) = text.split_once(&format!("\npub fn {name}(")).unwrap_or_default();
    let mut lines: Vec<&str> = above
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
    let table = fs::read_to_string(root().join("src/catalogue/table.rs")).unwrap();
    let mut wrong = Vec::new();
    for row in ROWS {
        let (place, handler) = handler(&table, row);
        if ["container", "help", "disabled"].contains(&handler.as_str()) {
            continue; // they serve whole families, and do the same for each row
        }
        let name = row.name.replace('|', " ").to_ascii_uppercase();
        let usage = format!("`{name} {}`", row.doc.syntax).replace(" `", "`");
        let paragraphs = comment(&module(&place), &handler);
        let usages = paragraphs.iter().take_while(|paragraph| paragraph.starts_with('`'));
        if !usages.clone().any(|paragraph| *paragraph == usage) {
            wrong.push(format!("fn {handler}: {usage}\n    has {:?}", usages.collect::<Vec<_>>()));
        }
    }
    assert!(wrong.is_empty(), "doc comments and rows differ:\n{}", wrong.join("\n"));
}

/// The pieces of code in a text, as Markdown marks them; blocks of code are not among them.
fn spans(text: &str) -> Vec<String> {
    let mut fenced = false;
    let prose = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    });
    let prose = prose.collect::<Vec<_>>().join("\n");
    // Paragraph by paragraph, so that a mark that is missing spoils only its own.
    let paragraphs = prose.split("\n\n").flat_map(|paragraph| {
        let pieces: Vec<String> = paragraph.split('`').map(str::to_owned).collect();
        pieces.into_iter().skip(1).step_by(2)
    });
    paragraphs.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The essay that opens a source file.
fn essay(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// Whether `text` has `words` in it, and no longer word instead of the last one.
fn declares(text: &str, words: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|it: char| it.is_alphanumeric() || it == '_');
    text.match_indices(words).any(|(at, _)| ends(&text[at + words.len()..]))
}

/// A text without its comments.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// What the sources declare.
struct Code {
    /// Every file: its module's name, and its text without comments.
    files: Vec<(String, String)>,
    /// The texts of the server alone, without tests and benchmarks beside it.
    server: String,
}

impl Code {
    fn read() -> Self {
        let module = |path: &Path| {
            let is_mod = path.ends_with("mod.rs");
            let named = if is_mod { path.parent() } else { Some(path) };
            named.and_then(Path::file_stem).unwrap().to_str().unwrap().to_owned()
        };
        let files = ["src", "tests", "benches"].iter().flat_map(|folder| files(folder, "rs"));
        // This file names, further down, what must not be there.
        let others = files.filter(|(path, _)| !path.ends_with("documents.rs"));
        let server = tree::files("src", "rs").iter().map(|(_, text)| code(text)).collect();
        Code { files: others.map(|(path, text)| (module(&path), code(&text))).collect(), server }
    }

    fn has_function(&self, name: &str) -> bool {
        declares(&self.server, &format!("fn {name}"))
    }

    /// What is wrong with `owner::item`.
    fn complaint_of_item(&self, owner: &str, item: &str) -> Option<&'static str> {
        let is_type = owner.starts_with(|letter: char| letter.is_ascii_uppercase());
        let kinds =
            ["struct", "enum", "trait", "type", "impl"].map(|kind| format!("{kind} {owner}"));
        let is_home = |module: &str, text: &str| match is_type {
            true => kinds.iter().any(|declaration| declares(text, declaration)),
            false => module == owner,
        };
        let homes = self.files.iter().filter(|(module, text)| is_home(module, text));
        let homes: Vec<&String> = homes.map(|(_, text)| text).collect();
        if homes.is_empty() {
            // Of a library, then. If it is a type, somebody must use it.
            let is_used = self.files.iter().any(|(_, text)| declares(text, owner));
            return (is_type && !is_used).then_some("there is no such type");
        }
        let found = homes.iter().any(|text| declares(text, item));
        (!found).then_some("it has no such item")
    }

    /// What is wrong with a piece of code in a text that stands in `folder`; None: nothing, or it is no
    /// mention of something that could be missing.
    fn complaint(&self, folder: &Path, span: &str) -> Option<&'static str> {
        let is_path = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
        let names_place =
            ["src/", "docs/", "tests/", "benches/", "fuzz/", "examples/", "packaging/"]
                .iter()
                .any(|top| span.starts_with(top));
        // The output of a build isn't there before it, and every folder has its `mod.rs`.
        let may_miss = span.starts_with("target/") || span == "mod.rs";
        let is_file = span.ends_with(".rs") || span.ends_with('/') || names_place;
        if is_file && !may_miss && span.chars().all(is_path) {
            let places = [root().to_owned(), root().join("src"), folder.to_owned()];
            let found = places.iter().any(|place| place.join(span).exists());
            return (!found).then_some("there is no such file");
        }
        if let Some(name) = span.strip_prefix("fn ") {
            let name = name.trim_end_matches("()");
            return (is_name(name) && !self.has_function(name))
                .then_some("there is no such function");
        }
        let path = span.trim_start_matches("crate::").trim_end_matches("()");
        match path.rsplit_once("::") {
            Some((owner, item)) if is_name(item) => {
                let owner = owner.rsplit("::").next().unwrap_or_default();
                is_name(owner).then(|| self.complaint_of_item(owner, item))?
            }
            _ => None,
        }
    }
}

/// Files, folders, functions and items that the documents and the essays of the sources mention.
#[test]
fn what_the_documents_mention_exists() {
    let code = Code::read();
    let mut texts: Vec<(PathBuf, String)> = files("docs", "md");
    texts.extend(files("packaging", "md"));
    texts.push((root().join("README.md"), fs::read_to_string(root().join("README.md")).unwrap()));
    for folder in ["src", "tests", "benches"] {
        texts.extend(files(folder, "rs").into_iter().map(|(path, text)| (path, essay(&text))));
    }
    let mut wrong = Vec::new();
    for (path, text) in &texts {
        let shown = path.strip_prefix(root()).unwrap().display();
        for span in spans(text) {
            if let Some(complaint) = code.complaint(path.parent().unwrap(), &span) {
                wrong.push(format!("{shown}: `{span}`: {complaint}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The walk along a command tells names in passing, too: functions of the files that the section
/// mentions, methods of types there, or parameters of the configuration.
#[test]
fn names_on_the_walk_are_functions() {
    let walk = fs::read_to_string(root().join("docs/life-of-a-command.md")).unwrap();
    let is_parameter =
        |name: &str| cacheflow::config::PARAMETERS.iter().any(|row| row.name == name);
    let is_bare = |name: &str| is_name(name) && name == name.to_ascii_lowercase();
    let (mut checked, mut wrong) = (0, Vec::new());
    for section in walk.split("\n## ") {
        let spans = spans(section);
        let files = spans.iter().filter(|span| span.starts_with("src/") && span.ends_with(".rs"));
        let text: String =
            files.map(|file| code(&fs::read_to_string(root().join(file)).unwrap())).collect();
        for span in &spans {
            let method = span.split_once("::").filter(|(owner, _)| !is_bare(owner));
            let name = method.map_or(span.trim_start_matches("fn "), |(_, method)| method);
            if !is_bare(name) || name.starts_with(|letter: char| letter.is_ascii_digit()) {
                continue;
            }
            checked += 1;
            if !declares(&text, &format!("fn {name}")) && !is_parameter(name) {
                wrong.push(format!("{name}: under {}", section.lines().next().unwrap()));
            }
        }
    }
    assert!(checked > 15 && wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The transcript in the README, but for numbers that are others each time. Who moves a line of the sources that is
/// named there corrects it: `EXPLAIN SET x 1 EX 100` prints it.
#[test]
fn the_readme_explains_a_command_as_the_server_does() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("> EXPLAIN SET x 1 EX 100\n").unwrap();
    let shown: Vec<&str> = rest.lines().take_while(|line| *line != "```").collect();
    let server = Server::builder().no_listener().log(Log::Nowhere).start().unwrap();
    let mut connection = server.connect().unwrap();
    let Ok(Value::Array(steps)) = connection.call(["EXPLAIN", "SET", "x", "1", "EX", "100"]) else {
        panic!("no array")
    };
    assert_eq!(shown.len(), steps.len());
    for (line, step) in shown.iter().zip(&steps) {
        let Value::Simple(said) = step else { panic!("{step:?}") };
        let (_, line) = line.split_once(") ").unwrap();
        assert_eq!(without_numbers(line), without_numbers(said));
    }
}

/// A text without its numbers, but for those in brackets.
fn without_numbers(text: &str) -> String {
    let has_digit = |word: &str| word.contains(|letter: char| letter.is_ascii_digit());
    let is_place = |word: &str| word.starts_with('[');
    let words = text.split(' ').map(|word| match has_digit(word) && !is_place(word) {
        true => "#",
        false => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The terms of the glossary that stand for something in the code are its names, in the files it says.
#[test]
fn the_glossary_has_the_names_of_the_code() {
    let text = fs::read_to_string(root().join("docs/book/src/appendix-a-glossary.md")).unwrap();
    let (_, glossary) = text.split_once("\n## Our own\n").unwrap();
    let rows: Vec<Vec<&str>> = glossary
        .lines()
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with("| ") && !line.starts_with("| term "))
        .map(|line| line.trim_matches('|').split('|').collect())
        .collect();
    let mut wrong = Vec::new();
    for row in &rows {
        let [terms, _, places] = row[..] else { panic!("not three columns: {row:?}") };
        let text: String = spans(places)
            .iter()
            .map(|place| code(&fs::read_to_string(root().join(place)).unwrap_or_default()))
            .collect();
        for term in spans(terms) {
            let kinds = ["struct", "enum", "trait", "fn"];
            if !kinds.iter().any(|kind| declares(&text, &format!("{kind} {term}"))) {
                wrong.push(format!("{term}: not in {places}"));
            }
        }
    }
    assert!(rows.len() > 10 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mentions_are_told_from_other_code() {
    let code = Code::read();
    let complaint = |span: &str| code.complaint(&root().join("src/server"), span);
    for right in ["session.rs", "store/", "src/store", "fn set", "Context::modified", "GET key"] {
        assert_eq!(complaint(right), None, "{right}");
    }
    for right in ["session::serve", "Origin::Client", "Arc::make_mut", "std::io::Read", "a.rdb"] {
        assert_eq!(complaint(right), None, "{right}");
    }
    for wrong in ["sessions.rs", "shop/", "src/shop", "fn sell", "Context::sell", "Shop::sell"] {
        assert!(complaint(wrong).is_some(), "{wrong}");
    }
    assert!(complaint("session::sell").is_some());
    assert_eq!(spans("a `b` c\n```text\n`d`\n```\n`e\nf`"), ["b", "e f"]);
}
