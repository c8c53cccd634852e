#[derive(Default)]
pub struct Copy {
    pub executed: Vec<String>,
    pub position: usize,
    /// What has come of a unit that isn't complete, with its MULTI.
    unit: Vec<String>,
}

impl Copy {
    pub fn apply(&mut self, requests: &[&str]) {
        for request in requests {
            if self.unit.is_empty() && *request != "MULTI" {
                self.executed.push(request.to_string());
                self.position += 1;
                continue;
            }
            self.unit.push(request.to_string());
            if *request == "EXEC" {
                self.position += self.unit.len();
                self.unit.pop();
                self.executed.extend(self.unit.drain(..).skip(1));
            }
        }
    }

    /// The connection has broken. What comes next comes from `position` on.
    pub fn reconnect(&mut self) {
        self.unit.clear();
    }
}
