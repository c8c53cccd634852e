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
    disk.create("base.2");
    for (key, number) in data {
        disk.append("base.2", &format!("{key}+{number}"));
    }
    disk.create("incr.2");
    disk.set_manifest(&["base.2", "incr.2"]); // this is the moment
    disk.delete("base.1");
    disk.delete("incr.1");
}
