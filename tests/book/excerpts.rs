//! Excerpts: how the book quotes the sources, so that neither has to be changed for the other.
//!
//! A chapter names what it wants to show, on a line of its own, and finds it wherever it has moved to:
//!
//! ```text
//! {{code src/resp/parser.rs fn run}}              a function, with its comment; `struct X`, `enum X`, ...
//! {{code src/resp/args.rs Args::at; Args::iter}}  methods; one block for all of them
//! {{code src/catalogue/table.rs row set}}         a row of THE TABLE
//! {{code src/x.rs fn run from "while" to "}"}}    of a long one, the lines between the first that has
//!                                                 the one text and the next that has the other
//! {{drawing src/server/pool.rs}}                  the first block of text in the essay that opens a
//!                                                 file; a number behind it asks for a later one
//! {{file tests/scripts/strings/strlen.redis}}     a whole file
//! {{exercises}}                                   the tasks of the chapter's exercises
//! {{solutions}}                                   all solutions
//! ```
//!
//! Where the text says "chapter 9", it becomes a link, once there is such a chapter.
//!
//! What isn't found, or is found twice, is an error. The ends of items are told by their indentation,
//! which rustfmt sees to. Needs nothing but std: `docs/book/expand.rs` is compiled by rustc alone.

use std::fs;
use std::path::Path;

use super::exercises;

/// A chapter as mdBook gets it, and how many excerpts it has.
pub fn expand(root: &Path, chapter: &str, text: &str) -> Result<(String, usize), String> {
    let names = names(root)?;
    let (mut out, mut excerpts, mut is_code) = (String::new(), 0, false);
    for (index, line) in text.lines().enumerate() {
        let fail = |error: String| format!("{chapter}:{}: {error}", index + 1);
        let Some(directive) = line.strip_prefix("{{").and_then(|line| line.strip_suffix("}}"))
        else {
            if line.starts_with("{{") {
                return Err(fail("a directive ends with its line".into()));
            }
            is_code ^= line.starts_with("```");
            out += &match line {
                // What follows the language is for the tests.
                _ if line.starts_with("```console") => "```console".to_owned(),
                _ if is_code || line.starts_with('#') => line.to_owned(),
                _ => with_links(line, &names),
            };
            out.push('\n');
            continue;
        };
        let (name, rest) = directive.split_once(' ').unwrap_or((directive, ""));
        let expanded = match name {
            "code" | "drawing" | "file" => {
                excerpts += 1;
                quote(root, name, rest)
            }
            "exercises" => exercises::tasks(root, &chapter[..2]),
            "solutions" => exercises::solutions(root),
            _ => Err(format!("there is no directive {name}")),
        };
        out += &expanded.map_err(fail)?;
        out.push('\n');
    }
    Ok((out, excerpts))
}

/// The names of the chapters' files.
fn names(root: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(root.join("docs/book/src")).map_err(|error| error.to_string())?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.collect())
}

/// A line in which the chapters that it speaks of are links.
pub fn with_links(line: &str, names: &[String]) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find("hapter ") {
        let (begin, after) = (at.saturating_sub(1), at + "hapter ".len());
        let digits = rest[after..].bytes().take_while(u8::is_ascii_digit).count();
        let end = after + digits;
        let number = format!("{:0>2}-", &rest[after..end]);
        let is_free = at > 0 && digits > 0 && !rest[..begin].ends_with('[');
        match names.iter().find(|name| is_free && name.starts_with(&number)) {
            Some(name) => {
                out += &format!("{}[{}]({name})", &rest[..begin], &rest[begin..end]);
            }
            None => out += &rest[..end],
        }
        rest = &rest[end..];
    }
    out + rest
}

fn quote(root: &Path, name: &str, rest: &str) -> Result<String, String> {
    let (path, what) = rest.split_once(' ').unwrap_or((rest, ""));
    let text = fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
    if name == "drawing" {
        let number = if what.is_empty() { Ok(1) } else { what.parse::<usize>() };
        let number = number.map_err(|_| format!("{what} is no number"))?;
        let drawing = drawing(&text, number).ok_or(format!("{path} has no such drawing"))?;
        return Ok(format!("```text\n{drawing}\n```\n"));
    }
    if name == "file" {
        return Ok(format!(
            "<p class=\"source\">{path}</p>\n\n```text\n{}\n```\n",
            text.trim_end()
        ));
    }
    let blocks: Result<Vec<String>, String> = what
        .split("; ")
        .map(|item| excerpt(&text, item).map_err(|e| format!("{path}: {e}")))
        .collect();
    let language = if what.starts_with("row ") { "text" } else { "rust" };
    let code = blocks?.join("\n\n");
    Ok(format!("<p class=\"source\">{path}</p>\n\n```{language}\n{code}\n```\n"))
}

/// A block of text in the essay that opens a file.
fn drawing(text: &str, number: usize) -> Option<String> {
    let essay = text.lines().map_while(|line| line.strip_prefix("//!"));
    let essay: Vec<&str> = essay.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let mut begins = essay.iter().enumerate().filter(|(_, line)| **line == "```text");
    let (begin, _) = begins.nth(number.checked_sub(1)?)?;
    let lines: Vec<&str> =
        essay[begin + 1..].iter().take_while(|line| **line != "```").copied().collect();
    Some(lines.join("\n"))
}

/// An item, or a part of it, with its indentation taken off.
pub fn excerpt(text: &str, what: &str) -> Result<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let (item, part) = match what.split_once(" from ") {
        Some((item, part)) => (item, Some(part)),
        None => (what, None),
    };
    let (begin, end) = find(&lines, item)?;
    let found = match part {
        None => with_comment(&lines, begin)..end,
        Some(part) => {
            let bounds = part.strip_prefix('"').and_then(|part| part.strip_suffix('"'));
            let bounds = bounds.and_then(|bounds| bounds.split_once("\" to \""));
            let (first, last) = bounds.ok_or("a part is from \"text\" to \"text\"")?;
            let find = |range: std::ops::Range<usize>, text: &str| {
                let found = range.clone().find(|at| lines[*at].contains(text));
                found.ok_or(format!("{item} has no {text:?}"))
            };
            let first = find(begin..end, first)?;
            first..find(first..end, last)? + 1
        }
    };
    let lines = &lines[found];
    let indent = lines.iter().filter(|line| !line.is_empty()).map(|line| indent(line)).min();
    let dedent = |line: &&str| line.get(indent.unwrap_or(0)..).unwrap_or("").to_owned();
    Ok(lines.iter().map(dedent).collect::<Vec<_>>().join("\n"))
}

/// The lines of an item: the first, and the one behind the last.
fn find(lines: &[&str], item: &str) -> Result<(usize, usize), String> {
    if let Some(name) = item.strip_prefix("row ") {
        let name = format!(" \"{name}\" ");
        let row = |line: &&str| line.contains(&name) && line.contains(" => ");
        let begin = lines.iter().position(row).ok_or(format!("there is no {item}"))?;
        let goes_on = |line: &&&str| indent(line) > indent(lines[begin]);
        return Ok((begin, begin + 1 + lines[begin + 1..].iter().take_while(goes_on).count()));
    }
    if let Some((owner, name)) = item.split_once("::") {
        let blocks = (0..lines.len()).filter(|at| is_impl_of(lines[*at], owner));
        let words = format!("fn {name}");
        let found = blocks.flat_map(|block| {
            (block..end_of(lines, block)).filter(|at| declares(lines[*at], &words))
        });
        return only(found.collect(), lines, item);
    }
    only((0..lines.len()).filter(|at| declares(lines[*at], item)).collect(), lines, item)
}

fn only(found: Vec<usize>, lines: &[&str], item: &str) -> Result<(usize, usize), String> {
    match found[..] {
        [at] => Ok((at, end_of(lines, at))),
        [] => Err(format!("there is no {item}")),
        _ => Err(format!("{item} is there {} times", found.len())),
    }
}

/// Whether this line begins the declaration `words`.
fn declares(line: &str, words: &str) -> bool {
    let mut line = line.trim_start();
    for public in ["pub ", "pub(super) ", "pub(crate) "] {
        line = line.strip_prefix(public).unwrap_or(line);
    }
    let line = line.strip_prefix("const fn").map_or(line.to_owned(), |rest| format!("fn{rest}"));
    let rest = line.strip_prefix(words);
    rest.is_some_and(|rest| !rest.starts_with(|it: char| it.is_alphanumeric() || it == '_'))
}

/// Whether this line begins a block of functions of the type `owner`.
fn is_impl_of(line: &str, owner: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix("impl") else { return false };
    let of = rest.rsplit_once(" for ").map_or(rest, |(_, of)| of);
    of.split(|it: char| !it.is_alphanumeric() && it != '_').any(|word| word == owner)
}

/// Where the item that begins here ends.
fn end_of(lines: &[&str], begin: usize) -> usize {
    let own = indent(lines[begin]);
    if lines[begin].ends_with([';', '}']) {
        return begin + 1;
    }
    let closes = |line: &&str| {
        let is_outside = !line.is_empty() && indent(line) == own;
        is_outside && line.trim_start().starts_with(['}', ']', ')']) && !line.ends_with('{')
    };
    let rest = lines[begin + 1..].iter().position(closes);
    rest.map_or(lines.len(), |at| begin + at + 2)
}

/// The first line of the comments and attributes above an item.
fn with_comment(lines: &[&str], begin: usize) -> usize {
    let belongs =
        |line: &&&str| ["///", "#["].iter().any(|mark| line.trim_start().starts_with(mark));
    begin - lines[..begin].iter().rev().take_while(belongs).count()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
