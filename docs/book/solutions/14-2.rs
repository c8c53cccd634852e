#[derive(Default)]
pub struct Journal {
    /// What the running command has left: databases and commands.
    pub pending: Vec<(usize, String)>,
    /// The database that the stream has selected; None: nothing was written yet.
    pub selected: Option<usize>,
    /// Everything so far.
    pub stream: Vec<String>,
}

impl Journal {
    pub fn add(&mut self, db: usize, effect: &str) {
        self.pending.push((db, effect.to_owned()));
    }

    pub fn flush(&mut self) {
        let several = self.pending.len() > 1;
        for (at, (db, effect)) in self.pending.drain(..).enumerate() {
            if self.selected.replace(db) != Some(db) {
                self.stream.push(format!("SELECT {db}"));
            }
            if several && at == 0 {
                self.stream.push("MULTI".to_owned());
            }
            self.stream.push(effect);
        }
        if several {
            self.stream.push("EXEC".to_owned());
        }
    }
}
