//! The journey of a command: what EXPLAIN is told while it executes one.
//!
//! A server that explains nothing has none ([`Engine::journey`](super::Engine::journey) is empty), and looks for one only where it has
//! work that few commands have: a client that caches is told, an event is published, a script or EXEC calls a command,
//! a command would have to wait. All else is found out by comparing what was before with what is after.

/// A step, or something noted on the way.
#[derive(Debug, Default)]
pub struct Journey {
    /// What has happened so far, in order.
    pub steps: Vec<Step>,
    /// Keyspace events, as `event key`.
    pub events: Vec<String>,
    /// How many messages to clients that cache keys were sent.
    pub invalidations: usize,
    /// The command would have waited, and for so many keys.
    pub would_wait_for: Option<usize>,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// What kind it is: `gate`, `key`.
    pub kind: &'static str,
    /// What has happened, for people.
    pub text: String,
    /// The same for programs.
    pub facts: Vec<(&'static str, Fact)>,
    /// Where in the source: `src/command/execute.rs:30`.
    pub place: &'static str,
    /// The journeys of commands that this one has called.
    pub inside: Vec<Step>,
}

/// What a step says to programs.
#[derive(Debug)]
pub enum Fact {
    /// A text.
    Text(String),
    /// A number.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    List(Vec<String>),
}

impl Journey {
    /// Adds a step.
    pub fn add(&mut self, kind: &'static str, text: String, place: &'static str) -> &mut Step {
        self.steps.push(Step { kind, text, facts: Vec::new(), place, inside: Vec::new() });
        self.steps.last_mut().expect("one was added just now")
    }
}

impl Step {
    /// Adds a text.
    pub fn text(&mut self, name: &'static str, text: impl Into<String>) -> &mut Self {
        self.fact(name, Fact::Text(text.into()))
    }

    /// Adds a number.
    pub fn number(&mut self, name: &'static str, number: u64) -> &mut Self {
        self.fact(name, Fact::Number(number))
    }

    /// Adds something that is so, or isn't.
    pub fn flag(&mut self, name: &'static str, is_so: bool) -> &mut Self {
        self.fact(name, Fact::Flag(is_so))
    }

    /// Adds several texts.
    pub fn list(&mut self, name: &'static str, texts: Vec<String>) -> &mut Self {
        self.fact(name, Fact::List(texts))
    }

    fn fact(&mut self, name: &'static str, fact: Fact) -> &mut Self {
        self.facts.push((name, fact));
        self
    }
}
