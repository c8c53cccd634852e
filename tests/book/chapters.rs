//! Chapters as the tests read them: Markdown, as far as the book uses it.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the book.
pub struct Chapter {
    /// The file's name.
    pub name: String,
    /// What stands in it, with its directives.
    pub text: String,
}

/// A block of code.
pub struct Block<'a> {
    /// The index of its first line, the fence.
    pub fence: usize,
    /// What stands behind the fence: a language, and words for the tests.
    pub info: &'a str,
    /// The lines in it.
    pub lines: Vec<&'a str>,
}

/// The files of the book in order of their names; the table of contents is not among them.
pub fn all(root: &Path) -> Vec<Chapter> {
    let folder = root.join("docs/book/src");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let named = paths.iter().filter(|path| !path.ends_with("SUMMARY.md"));
    let read = |path: &PathBuf| Chapter {
        name: path.file_name().unwrap().to_str().unwrap().to_owned(),
        text: fs::read_to_string(path).unwrap(),
    };
    named.map(read).collect()
}

impl Chapter {
    /// Its number; None: it is an appendix or the like.
    pub fn number(&self) -> Option<usize> {
        self.name.split_once('-').and_then(|(number, _)| number.parse().ok())
    }

    /// The blocks of code in it.
    pub fn blocks(&self) -> Vec<Block<'_>> {
        let (mut blocks, mut open): (Vec<Block<'_>>, bool) = (Vec::new(), false);
        for (index, line) in self.text.lines().enumerate() {
            match (line.strip_prefix("```"), open) {
                (Some(info), false) => {
                    blocks.push(Block { fence: index, info, lines: Vec::new() });
                    open = true;
                }
                (Some(_), true) => open = false,
                (None, true) => blocks.last_mut().unwrap().lines.push(line),
                (None, false) => {}
            }
        }
        assert!(!open, "{}: a block of code has no end", self.name);
        blocks
    }

    /// The lines outside of blocks of code.
    pub fn prose(&self) -> Vec<&str> {
        let mut fenced = false;
        let is_prose = |line: &&str| {
            let is_fence = line.starts_with("```");
            fenced ^= is_fence;
            !fenced && !is_fence
        };
        self.text.lines().filter(is_prose).collect()
    }

    /// Its headings of this depth.
    pub fn headings(&self, depth: usize) -> Vec<&str> {
        let mark = format!("{} ", "#".repeat(depth));
        self.prose().into_iter().filter_map(|line| line.strip_prefix(&mark)).collect()
    }

    /// Where its links lead to.
    pub fn links(&self) -> Vec<String> {
        let prose = self.prose().join("\n");
        let ends = prose.match_indices("](").map(|(at, _)| &prose[at + 2..]);
        ends.map(|link| link.split(')').next().unwrap().to_owned()).collect()
    }

    /// The pieces of code in its prose.
    pub fn spans(&self) -> Vec<String> {
        let prose = self.prose().join("\n");
        let paragraphs = prose.split("\n\n").flat_map(|paragraph| {
            paragraph.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
        });
        paragraphs.collect()
    }
}

/// What mdBook calls a heading in a link: small letters, dashes for blanks, nothing else.
pub fn anchor(heading: &str) -> String {
    let letters = heading.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
    letters.map(|it| if it == ' ' { '-' } else { it.to_ascii_lowercase() }).collect()
}
