//! A rewrite that may crash anywhere.
//!
//! A disk has files of changes, and a manifest that names those that count, in order. Each line of a file adds
//! a number to a key (`a+2`). Write `rewrite`: behind it the manifest names a new base, `base.2`, with one line
//! for each key of `data`, and a new, empty file of changes, `incr.2`; the old files are deleted. Use only the
//! methods of `Disk`. The machine may crash before any of them: then nothing happens any more. Whenever that
//! is, `Disk::load` has to find the same data as before, and no file that the manifest names may be missing.

use std::collections::BTreeMap;

pub type Data = BTreeMap<String, i64>;

#[derive(Clone, Default)]
pub struct Disk {
    pub files: BTreeMap<String, Vec<String>>,
    pub manifest: Vec<String>,
    /// So many steps are done before it crashes.
    pub steps: usize,
}

impl Disk {
    fn step(&mut self) -> bool {
        let goes_on = self.steps > 0;
        self.steps = self.steps.saturating_sub(1);
        goes_on
    }

    /// Creates a file, or empties it.
    pub fn create(&mut self, name: &str) {
        if self.step() {
            self.files.insert(name.to_owned(), Vec::new());
        }
    }

    /// Adds a line to a file that is there.
    pub fn append(&mut self, name: &str, line: &str) {
        if self.step() {
            self.files.get_mut(name).expect("there is no such file").push(line.to_owned());
        }
    }

    /// Replaces the manifest.
    pub fn set_manifest(&mut self, names: &[&str]) {
        if self.step() {
            self.manifest = names.iter().map(|name| name.to_string()).collect();
        }
    }

    pub fn delete(&mut self, name: &str) {
        if self.step() {
            self.files.remove(name);
        }
    }

    /// What a start finds. None: a file is missing.
    pub fn load(&self) -> Option<Data> {
        let mut data = Data::new();
        for name in &self.manifest {
            for line in self.files.get(name)? {
                let (key, number) = line.split_once('+')?;
                *data.entry(key.to_owned()).or_default() += number.parse::<i64>().ok()?;
            }
        }
        Some(data)
    }
}

pub fn rewrite(disk: &mut Disk, data: &Data) {
    disk.create("base.1");
    for (key, number) in data {
        disk.append("base.1", &format!("{key}+{number}"));
    }
    disk.create("incr.1");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> Disk {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect();
        let files = BTreeMap::from([
            ("base.1".to_owned(), lines("a+1 b+5")),
            ("incr.1".to_owned(), lines("a+2 c+1 a+1")),
        ]);
        Disk { files, manifest: lines("base.1 incr.1"), steps: usize::MAX }
    }

    #[test]
    fn the_new_files_take_the_place_of_the_old() {
        let mut disk = disk();
        let data = disk.load().unwrap();
        rewrite(&mut disk, &data);
        assert_eq!(disk.load(), Some(data));
        assert_eq!(disk.manifest, ["base.2", "incr.2"]);
        assert!(disk.files.keys().eq(["base.2", "incr.2"]));
        assert_eq!((disk.files["base.2"].len(), disk.files["incr.2"].len()), (3, 0));
    }

    #[test]
    fn a_crash_at_any_step_loses_nothing() {
        let data = disk().load();
        for steps in 0..20 {
            let mut disk = Disk { steps, ..disk() };
            rewrite(&mut disk, data.as_ref().unwrap());
            assert_eq!(disk.load(), data, "after {steps} steps");
        }
    }
}
