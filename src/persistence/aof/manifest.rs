//! The manifest: which files, in which order, are the append-only file.
//!
//! ```text
//! appendonlydir/appendonly.aof.manifest
//!   file appendonly.aof.2.base.rdb seq 2 type b     the data as it was when file 5 began
//!   file appendonly.aof.5.incr.aof seq 5 type i     what has changed since
//!   file appendonly.aof.6.incr.aof seq 6 type i     only while (or after) a rewrite fails
//!   file appendonly.aof.1.base.rdb seq 1 type h     replaced, to be deleted
//! ```
//!
//! The manifest is what decides: a file that it doesn't name is not part of the data. So every
//! change is made in the same order. First the new file is complete on disk, then a new manifest
//! takes the old one's place in one step ([`Manifest::store`]), and only then are files deleted
//! that it doesn't need any more. A crash anywhere leaves a manifest whose files are all there.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use crate::config::words::quote_if_needed;
use crate::engine::append_only::AofFiles;
use crate::resp::inline;

/// A line with its end. Redis reads no longer ones, and we write none.
const LONGEST_LINE: usize = 1024;

/// A file that the manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name inside the directory.
    pub name: String,
    /// Counts up: no number is used twice, so no new file has an old one's name.
    pub seq: u64,
}

/// The parts of the append-only file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// What everything starts from.
    pub base: Option<Part>,
    /// Changes since, in order.
    pub increments: Vec<Part>,
    /// Replaced files that have not been deleted yet.
    pub history: Vec<Part>,
    last_base: u64,
    last_increment: u64,
}

/// The files in the directory that only an append-only file of this name can have left.
pub fn leftovers(place: &AofFiles) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(&place.directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let numbered = name.strip_prefix(&place.prefix).and_then(|rest| rest.strip_prefix('.'));
        if numbered.is_some_and(|rest| rest.contains(".base.") || rest.contains(".incr.")) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

impl Manifest {
    /// Reads the manifest. None: there is none.
    pub fn load(place: &AofFiles) -> io::Result<Option<Self>> {
        let text = match fs::read(place.manifest()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let refused = |reason| {
            let path = place.manifest();
            let text = format!("Invalid AOF manifest file {}: {reason}", path.display());
            io::Error::new(ErrorKind::InvalidData, text)
        };
        Self::parse(&text).map(Some).map_err(refused)
    }

    /// Reads the text of a manifest. The error says what is wrong in which line.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let mut manifest = Manifest::default();
        for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let result = match line.strip_suffix(b"\n") {
                None => Err("it is cut".to_owned()),
                Some(_) if line.len() > LONGEST_LINE => Err("it is too long".to_owned()),
                Some(line) if line.starts_with(b"#") => Ok(()),
                Some(line) => parse_line(line).and_then(|(part, kind)| manifest.add(part, kind)),
            };
            result.map_err(|reason| format!("line {}: {reason}", number + 1))?;
        }
        if manifest.base.is_none() && manifest.increments.is_empty() {
            return Err("it names no file".to_owned());
        }
        Ok(manifest)
    }

    fn add(&mut self, part: Part, kind: u8) -> Result<(), String> {
        match kind {
            b'b' if self.base.is_some() => return Err("a second base file".to_owned()),
            b'b' => {
                self.last_base = part.seq;
                self.base = Some(part);
            }
            b'i' if part.seq <= self.last_increment => {
                return Err("the sequence numbers don't increase".to_owned());
            }
            b'i' => {
                self.last_increment = part.seq;
                self.increments.push(part);
            }
            b'h' => self.history.push(part),
            _ => return Err("an unknown type".to_owned()),
        }
        Ok(())
    }

    /// The text of the manifest.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let base = self.base.iter().map(|part| (part, 'b'));
        let history = self.history.iter().map(|part| (part, 'h'));
        let increments = self.increments.iter().map(|part| (part, 'i'));
        for (Part { name, seq }, kind) in base.chain(history).chain(increments) {
            let name = quote_if_needed(name);
            let _ = writeln!(text, "file {name} seq {seq} type {kind}"); // a String takes all
        }
        text
    }

    /// Puts this manifest in the place of the old one, and waits until the disk has it.
    pub fn store(&self, place: &AofFiles) -> io::Result<()> {
        let temporary = place.path(&format!("temp-{}.manifest", place.prefix));
        let result = self.write_to(&temporary).and_then(|()| {
            fs::rename(&temporary, place.manifest())?;
            sync_directory(&place.directory)
        });
        if result.is_err() {
            let _ = fs::remove_file(&temporary); // nothing better can be done about it
        }
        result
    }

    fn write_to(&self, path: &Path) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(self.to_text().as_bytes())?;
        file.sync_all()
    }

    /// The part that the next base file will be.
    pub fn next_base(&self, place: &AofFiles, suffix: &str) -> Part {
        let seq = self.last_base + 1;
        Part { name: format!("{}.{seq}.base.{suffix}", place.prefix), seq }
    }

    /// The part that the next file of changes will be.
    pub fn next_increment(&self, place: &AofFiles) -> Part {
        let seq = self.last_increment + 1;
        Part { name: format!("{}.{seq}.incr.aof", place.prefix), seq }
    }

    /// Adds a file of changes behind the others.
    pub fn push_increment(&mut self, part: Part) {
        self.last_increment = part.seq;
        self.increments.push(part);
    }

    /// Lets everything start from a new base, which holds all that came before the file of changes
    /// `first`.
    pub fn replace_base(&mut self, base: Part, first: &Part) {
        self.last_base = base.seq;
        self.history.extend(self.base.replace(base));
        let replaced = self.increments.iter().take_while(|part| part.seq < first.seq).count();
        self.history.extend(self.increments.drain(..replaced));
    }

    /// All parts that are loaded, in order.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.base.iter().chain(&self.increments)
    }

    /// Deletes what was replaced, and forgets it. A file that stays is only a waste of space.
    pub fn delete_history(&mut self, place: &AofFiles) -> io::Result<()> {
        if self.history.is_empty() {
            return Ok(());
        }
        for part in self.history.drain(..) {
            match fs::remove_file(place.path(&part.name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    crate::warning!("Can't delete the replaced AOF file {}: {error}", part.name);
                }
                _ => crate::notice!("Removing the history file {}", part.name),
            }
        }
        self.store(place)
    }
}

/// Waits until the disk has the names in a directory.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// `file <name> seq <number> type <letter>`; the pairs in any order.
fn parse_line(line: &[u8]) -> Result<(Part, u8), String> {
    let words = inline::words(line).map_err(|_| "unbalanced quotes".to_owned())?;
    let (mut name, mut seq, mut kind) = (None, None, None);
    for pair in words.chunks(2) {
        let [key, value] = pair else { return Err("a word is missing".to_owned()) };
        match key.to_ascii_lowercase().as_slice() {
            b"file" => name = String::from_utf8(value.clone()).ok(),
            b"seq" => seq = crate::number::parse_i64(value).and_then(|seq| seq.try_into().ok()),
            b"type" => kind = value.first().copied(),
            _ => {} // what a later version may add
        }
    }
    let name = name.filter(|name| !name.is_empty() && !name.contains('/'));
    match (name, seq, kind) {
        (Some(name), Some(seq), Some(kind)) if seq > 0 => Ok((Part { name, seq }, kind)),
        _ => Err("file, seq or type is missing or wrong".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_it_is_written() {
        let text = "file appendonly.aof.2.base.rdb seq 2 type b\n\
                    file appendonly.aof.1.base.rdb seq 1 type h\n\
                    file appendonly.aof.5.incr.aof seq 5 type i\n\
                    file \"a b.6.incr.aof\" seq 6 type i\n";
        let mut manifest = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(manifest.to_text(), text);
        let place = AofFiles { directory: "x".into(), prefix: "appendonly.aof".to_owned() };
        let next = manifest.next_increment(&place);
        assert_eq!(next.name, "appendonly.aof.7.incr.aof");
        manifest.push_increment(next.clone());
        let base = manifest.next_base(&place, "rdb");
        manifest.replace_base(base, &next);
        assert_eq!(manifest.history.len(), 4);
        let names: Vec<&str> = manifest.parts().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["appendonly.aof.3.base.rdb", "appendonly.aof.7.incr.aof"]);
    }

    #[test]
    fn a_damaged_manifest_is_refused() {
        for (text, reason) in [
            ("", "it names no file"),
            ("# nothing\n", "it names no file"),
            ("file a seq 1\n", "line 1: file, seq or type is missing or wrong"),
            ("file a seq 1 type\n", "line 1: a word is missing"),
            ("file a seq x type b\n", "line 1: file, seq or type is missing or wrong"),
            ("file ../a seq 1 type b\n", "line 1: file, seq or type is missing or wrong"),
            ("file a seq 1 type b\nfile b seq 2 type b\n", "line 2: a second base file"),
            (
                "file a seq 2 type i\nfile b seq 2 type i\n",
                "line 2: the sequence numbers don't increase",
            ),
            ("file a seq 1 type z\n", "line 1: an unknown type"),
            // A file system that lost a part of it leaves such things.
            ("file a seq 1 type b\n\n", "line 2: file, seq or type is missing or wrong"),
            ("file a seq 1 type b\n \t\n", "line 2: file, seq or type is missing or wrong"),
            ("file a seq 1 type b", "line 1: it is cut"),
            ("file a seq 1 type b\n\0\0\0", "line 2: it is cut"),
        ] {
            assert_eq!(Manifest::parse(text.as_bytes()), Err(reason.to_owned()), "{text}");
        }
    }

    #[test]
    fn lines_have_a_longest_length_and_words_no_case() {
        let line = "FILE a Seq 1 TYPE b".to_owned();
        let padded = |length: usize| format!("{line:<width$}\n", width = length - 1);
        assert!(Manifest::parse(padded(LONGEST_LINE).as_bytes()).is_ok());
        let too_long = Err("line 1: it is too long".to_owned());
        assert_eq!(Manifest::parse(padded(LONGEST_LINE + 1).as_bytes()), too_long);
        let comment = format!("#{}\n{line}\n", "x".repeat(LONGEST_LINE));
        assert_eq!(Manifest::parse(comment.as_bytes()), too_long);
    }

    #[test]
    fn files_without_a_manifest_are_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let place = AofFiles { directory: directory.path().join("d"), prefix: "a.aof".to_owned() };
        assert!(leftovers(&place).unwrap().is_empty());
        fs::create_dir(&place.directory).unwrap();
        for name in ["a.aof.1.incr.aof", "other", "b.aof.1.incr.aof", "a.aof.1.base.rdb"] {
            fs::write(place.path(name), "").unwrap();
        }
        assert_eq!(leftovers(&place).unwrap(), ["a.aof.1.base.rdb", "a.aof.1.incr.aof"]);
        assert!(Manifest::load(&place).unwrap().is_none());
    }
}
