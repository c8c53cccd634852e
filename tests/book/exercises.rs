//! Exercises: files that rustc compiles alone, whose tests fail until somebody has solved them.
//!
//! ```text
//! docs/book/exercises/03-2.rs     //! The title.          what there is to do
//!                                 //!
//!                                 //! The task.
//!                                 fn solve_me() { ... }   where the learner begins: it compiles
//!                                 #[cfg(test)]
//!                                 mod tests { ... }       fails as long as nobody has solved it
//! docs/book/solutions/03-2.rs     fn solve_me() { ... }   what stands above the tests when it is solved
//! ```
//!
//! `make exercise N=3.2` works on a copy of the first.

use std::fs;
use std::path::{Path, PathBuf};

/// The line that begins the tests.
const TESTS: &str = "#[cfg(test)]";

/// An exercise, and its solution.
pub struct Exercise {
    /// The name of its files: `03-2`.
    pub name: String,
    /// The learner's file.
    pub start: String,
    /// What is to stand above its tests.
    pub solution: String,
}

impl Exercise {
    /// Its number, as readers know it: `3.2`.
    pub fn number(&self) -> String {
        self.name.replacen('-', ".", 1).trim_start_matches('0').to_owned()
    }

    fn essay(&self) -> Vec<&str> {
        let lines = self.start.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect()
    }

    /// The first line of its text, without the full stop.
    pub fn title(&self) -> String {
        self.essay().first().map_or("", |line| line.trim_end_matches('.')).to_owned()
    }

    /// The rest of its text.
    pub fn task(&self) -> String {
        self.essay().into_iter().skip(1).collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    /// The learner's tests.
    pub fn tests(&self) -> Option<&str> {
        self.start.find(&format!("\n{TESTS}\n")).map(|at| &self.start[at + 1..])
    }

    /// The learner's file when it is solved.
    pub fn solved(&self) -> String {
        format!("{}\n{}", self.solution, self.tests().unwrap_or_default())
    }
}

/// All exercises, in order.
pub fn all(root: &Path) -> Result<Vec<Exercise>, String> {
    let folder = root.join("docs/book/exercises");
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let read = |path: &Path| {
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let solution = root.join("docs/book/solutions").join(format!("{name}.rs"));
        Ok(Exercise { name, start: read(path)?, solution: read(&solution)? })
    };
    paths.iter().map(read).collect()
}

/// What a chapter's exercises ask for.
pub fn tasks(root: &Path, chapter: &str) -> Result<String, String> {
    let all = all(root)?;
    let own = all.iter().filter(|exercise| exercise.name.starts_with(&format!("{chapter}-")));
    let tasks = own.map(|it| {
        let number = it.number();
        let title = it.title();
        format!("### {number} {title}\n\n{}\n\n```sh\nmake exercise N={number}\n```\n", it.task())
    });
    Ok(tasks.collect::<Vec<_>>().join("\n"))
}

/// How they can be solved.
pub fn solutions(root: &Path) -> Result<String, String> {
    let solution = |it: Exercise| {
        format!("## {} {}\n\n```rust\n{}\n```\n", it.number(), it.title(), it.solution.trim_end())
    };
    Ok(all(root)?.into_iter().map(solution).collect::<Vec<_>>().join("\n"))
}
