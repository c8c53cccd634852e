//! The book (`docs/book`), held against what it tells of.
//!
//! ```text
//! chapters.rs      what a chapter has in it: blocks, headings, links
//! excerpts.rs      how it quotes the sources
//! exercises.rs     what it asks of its readers, and the answers
//! ```
//!
//! What readers would try is tried here: every transcript is replayed, on cacheflow and on
//! redis-server (`CACHEFLOW_TEST_TARGET=redis`), those of the first chapter on `examples/tiny.rs`, too;
//! every exercise fails as it is given, and passes with its solution. `docs/book/README.md` says what a
//! chapter looks like.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use chapters::{Block, Chapter, anchor};
use exercises::Exercise;
use support::server::{Server, Target};
use support::{replay, script, servers};
use tiny::Tiny;
use tree::{files, root};

mod chapters;
mod excerpts;
mod exercises;
#[path = "../support/mod.rs"]
#[allow(dead_code)] // of the scripts' support, only the runner is used
mod support;
#[path = "../support/tiny.rs"]
mod tiny;
#[path = "../support/tree.rs"]
#[allow(dead_code)]
mod tree;

/// What every chapter has, in this order.
const SECTIONS: [&str; 6] = [
    "The promise",
    "The picture",
    "How Redis does it, and why we do it so",
    "The walk",
    "At the prompt",
    "Exercises",
];

/// How many exercises a chapter has.
const EXERCISES: usize = 3;

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_contents_has_every_chapter_under_its_title() {
    let summary = fs::read_to_string(root().join("docs/book/src/SUMMARY.md")).unwrap();
    let listed: Vec<(&str, &str)> = summary
        .lines()
        .filter_map(|line| line.trim_start_matches("- ").strip_prefix('[')?.split_once("]("))
        .map(|(title, file)| (title, file.trim_end_matches(')')))
        .collect();
    let found = chapters::all(root());
    let titles: Vec<(&str, &str)> =
        found.iter().map(|it| (it.headings(1)[0], it.name.as_str())).collect();
    let as_set = |list: &[(&str, &str)]| -> BTreeSet<String> {
        list.iter().map(|(title, file)| format!("[{title}]({file})")).collect()
    };
    assert_eq!(as_set(&listed), as_set(&titles));
    let numbers: Vec<usize> = found.iter().filter_map(Chapter::number).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "one of each: {numbers:?}");
    let in_order = listed.iter().filter_map(|(_, file)| file.split_once('-')?.0.parse().ok());
    assert_eq!(in_order.collect::<Vec<usize>>(), numbers);
}

#[test]
fn every_chapter_has_the_form_of_a_chapter() {
    let exercises = exercises::all(root()).unwrap();
    let mut wrong = Vec::new();
    for chapter in chapters::all(root()) {
        let Some(number) = chapter.number() else { continue };
        let name = &chapter.name;
        if chapter.headings(2) != SECTIONS {
            wrong.push(format!("{name} has the sections {:?}", chapter.headings(2)));
        }
        let title = chapter.headings(1);
        if title.len() != 1 || !title[0].starts_with(&format!("{number}. ")) {
            wrong.push(format!("{name} has the title {title:?}"));
        }
        let section = |name: &str| {
            let text = chapter.text.split(&format!("\n## {name}\n")).nth(1);
            text.and_then(|text| text.split("\n## ").next()).unwrap_or_default()
        };
        for (section_name, needs) in [
            ("The picture", vec!["```text", "{{drawing", ".svg)"]),
            ("The walk", vec!["{{code"]),
            ("At the prompt", vec!["```console"]),
            ("Exercises", vec!["{{exercises}}"]),
        ] {
            if !needs.iter().any(|text| section(section_name).contains(text)) {
                wrong.push(format!("{name}: {section_name} lacks {}", needs.join(" or ")));
            }
        }
        let own = exercises.iter().filter(|it| it.number().starts_with(&format!("{number}.")));
        if own.count() != EXERCISES {
            wrong.push(format!("{name} has not {EXERCISES} exercises"));
        }
        let is_long = |line: &&str| line.chars().count() > 100 && !line.starts_with("{{");
        if let Some(line) = chapter.prose().into_iter().find(is_long) {
            wrong.push(format!("{name} has a line of more than 100 letters: {line}"));
        }
    }
    none(&wrong);
}

#[test]
fn what_chapters_quote_is_there() {
    let all = chapters::all(root());
    let expanded = all.iter().map(|it| excerpts::expand(root(), &it.name, &it.text));
    let wrong: Vec<String> = expanded.clone().filter_map(Result::err).collect();
    none(&wrong);
    let excerpts: usize = expanded.flatten().map(|(_, excerpts)| excerpts).sum();
    println!("{} chapters, {excerpts} excerpts", all.iter().filter_map(Chapter::number).count());
}

#[test]
fn links_lead_somewhere() {
    let expanded = |chapter: Chapter| {
        let (text, _) = excerpts::expand(root(), &chapter.name, &chapter.text).unwrap();
        Chapter { text, ..chapter }
    };
    let all: Vec<Chapter> = chapters::all(root()).into_iter().map(expanded).collect();
    let mut wrong = Vec::new();
    for chapter in &all {
        for link in chapter.links() {
            if link.starts_with("https://") {
                continue; // the network is nothing that a test could rely on
            }
            let (file, place) = link.split_once('#').unwrap_or((&link, ""));
            let file = if file.is_empty() { &chapter.name } else { file };
            let Some(target) = all.iter().find(|it| it.name == file) else {
                wrong.push(format!("{}: {link}: there is no such chapter", chapter.name));
                continue;
            };
            let headings: Vec<&str> = (1..4).flat_map(|depth| target.headings(depth)).collect();
            if !place.is_empty() && !headings.iter().any(|it| anchor(it) == place) {
                wrong.push(format!("{}: {link}: there is no such heading", chapter.name));
            }
        }
    }
    none(&wrong);
}

/// Functions, types and `make` targets that the chapters mention. (`tests/documents.rs` looks for files,
/// and for what is written with its owner, as in `Reader::batch`.)
#[test]
fn names_in_the_text_are_names_in_the_code() {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let texts = ["src", "examples", "tests", "benches", "docs/book/exercises"]
        .iter()
        .flat_map(|folder| files(folder, "rs"));
    let words: BTreeSet<String> = texts
        .filter(|(path, _)| !path.ends_with("tests/book/main.rs"))
        .flat_map(|(_, text)| text.split(|it| !is_part(it)).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let (mut checked, mut wrong) = (0, Vec::new());
    for chapter in chapters::all(root()) {
        let blocks = chapter.blocks();
        let shell = blocks.iter().filter(|block| block.info == "sh").flat_map(|it| &it.lines);
        let commands = shell.map(|line| line.to_string()).chain(chapter.spans());
        for command in commands.filter(|it| it.starts_with("make ")) {
            let target = command.split_whitespace().nth(1).unwrap_or_default().to_owned();
            if !makefile.contains(&format!("\n{target}:")) {
                wrong.push(format!("{}: {command}: there is no such target", chapter.name));
            }
        }
        for span in chapter.spans() {
            let name = span.trim_end_matches("()");
            let is_type = name.len() > 1
                && name.starts_with(|it: char| it.is_ascii_uppercase())
                && name.contains(|it: char| it.is_ascii_lowercase());
            let is_function = name.len() < span.len() || name.contains('_');
            if (is_type || is_function) && name.chars().all(is_part) {
                checked += 1;
                if !words.contains(name) {
                    wrong.push(format!("{}: {span}: the code has no such name", chapter.name));
                }
            }
        }
    }
    assert!(checked > 0);
    none(&wrong);
}

/// A script of the transcripts of a chapter, each line where it stands in the chapter, so that failures
/// name the place; None: there is none for this server.
fn script_of(chapter: &Chapter, blocks: &[&Block<'_>]) -> Option<String> {
    let mut lines = vec![""; chapter.text.lines().count()];
    let mut flags = String::new();
    for block in blocks {
        for (index, line) in block.lines.iter().enumerate() {
            lines[block.fence + 1 + index] = line;
        }
        if let Some(found) = block.info.strip_prefix("console server ") {
            flags = format!("@ server {found}");
        }
    }
    if let (false, Some(block)) = (flags.is_empty(), blocks.first()) {
        lines[block.fence] = &flags;
    }
    (!blocks.is_empty()).then(|| lines.join("\n"))
}

/// Whether a block is a script of its own, on a server of its own.
fn is_apart(block: &Block<'_>) -> bool {
    ["console server", "console effects"].iter().any(|mark| block.info.starts_with(mark))
}

/// The transcripts of a chapter that make sense on this server. All that are not scripts of their own are
/// one, so that each goes on where the one before has ended.
fn transcripts(chapter: &Chapter, target: Target) -> Vec<String> {
    let blocks = chapter.blocks();
    let is_meant = |block: &&Block<'_>| match block.info.split(' ').collect::<Vec<_>>()[..] {
        ["console"] | ["console", "tiny" | "effects"] | ["console", "server", ..] => true,
        ["console", "only", name] => target.is_meant_by(name),
        ["console", "since", version] => target.has(version),
        ["console", ..] => panic!("{}: {}", chapter.name, block.info),
        _ => false,
    };
    let (own, shared): (Vec<&Block<'_>>, Vec<&Block<'_>>) =
        blocks.iter().filter(is_meant).partition(|block| is_apart(block));
    let own = own.iter().map(|block| script_of(chapter, &[block]));
    own.chain([script_of(chapter, &shared)]).flatten().collect()
}

/// Files that a chapter shows: `bytes NAME`, in hexadecimal, with what they mean behind two blanks; and
/// `lines NAME`, of text. The flag FILES stands for a folder that has them.
fn shown_files(chapter: &Chapter) -> Vec<(String, Vec<u8>)> {
    let byte = |text: &str| u8::from_str_radix(text, 16).unwrap_or_else(|_| panic!("{text}"));
    let blocks = chapter.blocks();
    let files = blocks.iter().filter_map(|block| match block.info.split_once(' ')? {
        ("bytes", name) => {
            let digits = block.lines.iter().filter_map(|line| line.split("  ").next());
            Some((name.to_owned(), digits.flat_map(|it| it.split(' ').map(byte)).collect()))
        }
        ("lines", name) => {
            let end = if name.ends_with(".aof") { "\r\n" } else { "\n" };
            let text: String = block.lines.iter().map(|line| format!("{line}{end}")).collect();
            Some((name.to_owned(), text.into_bytes()))
        }
        _ => None,
    });
    files.collect()
}

/// A server that has loaded the files of a chapter; it goes on without being put back first.
fn start_with_files(chapter: &Chapter, target: Target, flags: &[String]) -> servers::Server {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in shown_files(chapter) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let place = folder.path().to_str().unwrap();
    let flags = flags.iter().map(|flag| if flag == "FILES" { place } else { flag });
    let binary = match target {
        Target::Redis => servers::redis_binary(),
        Target::Redis8 => servers::redis_8_binary(),
        _ => servers::cacheflow_binary(env!("CARGO_BIN_EXE_cacheflow")),
    };
    servers::Server::start(target.name(), binary, &flags.collect::<Vec<_>>()).unwrap()
}

fn flags(script: &str) -> Vec<String> {
    let line = script.lines().find_map(|line| line.strip_prefix("@ server "));
    line.map_or(Vec::new(), |line| line.split(' ').map(str::to_owned).collect())
}

#[test]
fn transcripts_are_what_happens() {
    let target = Target::from_environment();
    let mut shared = Server::start(target, &[], &[]).unwrap();
    let (mut wrong, mut blocks, mut commands) = (Vec::new(), 0, 0);
    for chapter in chapters::all(root()) {
        blocks += chapter.blocks().iter().filter(|it| it.info.starts_with("console")).count();
        for text in transcripts(&chapter, target) {
            let script = script::parse(&format!("docs/book/src/{}", chapter.name), &text).unwrap();
            let is_send = |item: &&script::Item| matches!(item.step, script::Step::Send(_));
            commands += script.items.iter().filter(is_send).count();
            let (flags, shows_effects) = (flags(&text), text.contains("\n~ "));
            if flags.iter().any(|flag| flag == "FILES") {
                let loaded = start_with_files(&chapter, target, &flags);
                let mut server = Server::at(([127, 0, 0, 1], loaded.port).into());
                let outcome = replay::replay(&script, &mut server, target, false);
                wrong.extend(outcome.failures);
                continue;
            }
            let own = (!flags.is_empty() || shows_effects)
                .then(|| Server::start(target, &flags, &[]).unwrap());
            shared.reset().unwrap();
            let mut server = match own {
                Some(own) if shows_effects => own,
                // Without a journal: where no effects are shown, none are looked at.
                ref other => Server::at(other.as_ref().unwrap_or(&shared).address),
            };
            let outcome = replay::replay(&script, &mut server, target, false);
            wrong.extend(outcome.failures);
        }
    }
    println!("{blocks} transcripts, {commands} commands sent to {}", target.name());
    none(&wrong);
}

#[test]
fn transcripts_of_the_tiny_server_are_what_it_does() {
    let mut tried = 0;
    for chapter in chapters::all(root()) {
        let blocks = chapter.blocks();
        let own: Vec<_> = blocks.iter().filter(|block| block.info == "console tiny").collect();
        let Some(text) = script_of(&chapter, &own) else { continue };
        let tiny = Tiny::start();
        let path = format!("docs/book/src/{} on tiny.rs", chapter.name);
        let script = script::parse(&path, &text).unwrap();
        let mut server = Server::at(tiny.address);
        none(&replay::replay(&script, &mut server, Target::Cacheflow, false).failures);
        tried += own.len();
    }
    assert!(tried > 0);
}

/// Compiles files, each a module of one program, and runs their tests.
fn run_together(name: &str, sources: &[(String, String)]) -> Result<Output, String> {
    let folder = tempfile::tempdir().unwrap();
    let mut modules = String::new();
    for (module, source) in sources {
        fs::write(folder.path().join(format!("{module}.rs")), source).unwrap();
        modules += &format!("mod {module};\n");
    }
    let program = folder.path().join(format!("{name}.rs"));
    fs::write(&program, modules).unwrap();
    let binary = folder.path().join(name);
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let mut compile = Command::new(rustc);
    compile.args(["--edition", "2024", "--test", "-A", "warnings", "-o"]).arg(&binary).arg(program);
    let compiled = compile.output().unwrap();
    if !compiled.status.success() {
        return Err(String::from_utf8_lossy(&compiled.stderr).into_owned());
    }
    Ok(Command::new(binary).output().unwrap())
}

/// A step of a chapter with what it takes from elsewhere: lines that say `// quote file item; item`.
fn with_quotes(text: &str) -> String {
    let line = |line: &str| {
        let Some((path, items)) = line.strip_prefix("// quote ").and_then(|it| it.split_once(' '))
        else {
            return line.to_owned();
        };
        let source = fs::read_to_string(root().join(path)).unwrap();
        let quoted = items.split("; ").map(|item| excerpts::excerpt(&source, item).unwrap());
        quoted.collect::<Vec<_>>().join("\n\n")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What came of the tests of a module: how many passed, and how many didn't.
fn results(output: &Output, module: &str) -> (usize, usize) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let own = |line: &&str| line.starts_with(&format!("test {module}::"));
    let (passed, failed): (Vec<&str>, Vec<&str>) =
        text.lines().filter(own).partition(|line| line.ends_with(" ok"));
    (passed.len(), failed.len())
}

fn module(exercise: &Exercise) -> String {
    format!("exercise_{}", exercise.name.replace('-', "_"))
}

#[test]
fn exercises_fail_as_they_are_and_pass_with_their_solutions() {
    let all = exercises::all(root()).unwrap();
    let named = |text: fn(&Exercise) -> String| {
        all.iter().map(|it| (module(it), text(it))).collect::<Vec<(String, String)>>()
    };
    let given = named(|it| it.start.clone());
    let mut solved = named(Exercise::solved);
    let steps = files("docs/book/steps", "rs").into_iter().map(|(path, text)| {
        let name = path.file_stem().unwrap().to_str().unwrap().replace('-', "_");
        (format!("step_{name}"), with_quotes(&text))
    });
    let steps: Vec<(String, String)> = steps.collect();
    solved.extend_from_slice(&steps);
    let given = std::thread::spawn(move || run_together("given", &given));
    let solved = run_together("solved", &solved).unwrap_or_else(|error| panic!("{error}"));
    let given = given.join().unwrap().unwrap_or_else(|error| panic!("{error}"));
    let mut wrong = Vec::new();
    for exercise in &all {
        let (number, module) = (exercise.number(), module(exercise));
        if exercise.title().is_empty() || exercise.task().is_empty() {
            wrong.push(format!("{number} has no title, or no task"));
        }
        if results(&given, &module).1 == 0 {
            wrong.push(format!("{number} is solved as it is given"));
        }
        let (passed, failed) = results(&solved, &module);
        if passed == 0 || failed > 0 {
            wrong.push(format!("{number}: the solution doesn't pass"));
        }
    }
    for (step, _) in &steps {
        let (passed, failed) = results(&solved, step);
        if passed == 0 || failed > 0 {
            wrong.push(format!("{step} doesn't work"));
        }
    }
    if !wrong.is_empty() {
        wrong.push(String::from_utf8_lossy(&solved.stdout).into_owned());
    }
    println!("{} exercises, {} steps", all.len(), steps.len());
    none(&wrong);
    let solutions = files("docs/book/solutions", "rs");
    assert_eq!(solutions.len(), all.len(), "every solution is one of an exercise");
}

#[test]
fn items_are_found_with_what_belongs_to_them() {
    let text = "\
/// Says so.
#[inline]
pub fn say(
    so: bool,
) -> bool {
    if so {
        true
    } else {
        false
    }
}

const A: [u8; 1] = [
    1,
];
struct B;
impl<T> C for D<T> {
    fn say(&self) {}
}
    Get \"get\" 2 [] => get;
        \"key\"

    Set \"set\" 3 [] => set;
";
    let excerpt = |what| excerpts::excerpt(text, what);
    assert!(excerpt("const A").unwrap().ends_with("1,\n];"));
    assert_eq!(excerpt("struct B").unwrap(), "struct B;");
    assert_eq!(excerpt("D::say").unwrap(), "fn say(&self) {}");
    assert_eq!(excerpt("row get").unwrap(), "Get \"get\" 2 [] => get;\n    \"key\"");
    assert_eq!(excerpt("fn say").unwrap_err(), "fn say is there 2 times");
    assert_eq!(excerpt("enum A").unwrap_err(), "there is no enum A");
    let part = excerpt("const A from \"1,\" to \"]\"").unwrap();
    assert_eq!(part, "    1,\n];");
    let (alone, _) = text.split_once("impl").unwrap();
    let whole = excerpts::excerpt(alone, "fn say").unwrap();
    assert!(whole.starts_with("/// Says so.\n#[inline]\n") && whole.ends_with("    }\n}"));
}

#[test]
fn chapters_that_are_there_are_linked() {
    let names = ["03-resp.md".to_owned()];
    let linked = |line| excerpts::with_links(line, &names);
    assert_eq!(linked("Chapter 3, chapter 33"), "[Chapter 3](03-resp.md), chapter 33");
    assert_eq!(linked("[chapter 3](03-resp.md) chapter"), "[chapter 3](03-resp.md) chapter");
}
