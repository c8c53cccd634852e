//! Expands the syntax lines of `grammar.rs` into commands, from a seed.
//!
//! Chance is skewed towards trouble. There are few keys, members and values, so that commands meet
//! each other's data; numbers lie at the edges of their types; a key now and then holds the wrong
//! type, is empty or binary; every fiftieth command has an argument dropped, doubled or replaced.
//! The same seed and families give the same commands for ever, on every machine, which is why the
//! generator is the twenty lines of SplitMix64 and not a crate that may change its mind.

use crate::compare::Check;
use crate::grammar::{FAMILIES, LATER_FAMILIES, Row};
use crate::values::*;

/// One command to send, and how its reply is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Name and arguments.
    pub argv: Vec<Vec<u8>>,
    /// How much of the reply must agree.
    pub check: Check,
}

/// SplitMix64: a counter, stirred.
pub struct Random(u64);

impl Random {
    /// A generator that repeats itself for the same seed.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`. The bias is far below anything a test would notice.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True so often in a hundred times.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// The index of an item, by weight.
    fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let total: u32 = weights.clone().sum();
        let mut left = self.below(total as usize) as u32;
        for (index, weight) in weights.enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        unreachable!("the weights sum up to the total")
    }
}

/// A parsed syntax line.
enum Node {
    Word(&'static str),
    Choice { optional: bool, alternatives: Vec<Vec<Node>> },
    Repeat(Box<Node>),
}

/// A row of the grammar, parsed.
struct Rule {
    weight: u32,
    check: Check,
    /// The command, and what follows it.
    commands: Vec<Vec<Node>>,
}

fn all_families() -> impl Iterator<Item = &'static (u32, &'static str, &'static [Row])> {
    FAMILIES.iter().chain(LATER_FAMILIES)
}

/// The families in use and the state that makes stream IDs grow.
pub struct Generator {
    random: Random,
    families: Vec<(u32, Vec<Rule>)>,
    last_id: usize,
    /// What `$1` refers to.
    first: Vec<Vec<u8>>,
}

impl Generator {
    /// A generator for the comma-separated `families`; panics on a name that is none.
    pub fn new(seed: u64, families: &str) -> Self {
        let parse = |name: &str| {
            let row = all_families().find(|(_, family, _)| *family == name);
            let (weight, _, rows) = row.unwrap_or_else(|| panic!("no family is called {name:?}"));
            (*weight, rows.iter().map(parse_row).collect())
        };
        let families = families.split(',').map(|name| parse(name.trim())).collect();
        Generator { random: Random::new(seed), families, last_id: 0, first: Vec::new() }
    }

    /// The next `count` commands, or a few more when the last has some that follow it.
    pub fn commands(&mut self, count: usize) -> Vec<Command> {
        let mut commands = Vec::with_capacity(count);
        let families = std::mem::take(&mut self.families);
        while commands.len() < count {
            let family = self.random.weighted(families.iter().map(|(weight, _)| *weight));
            let rules = &families[family].1;
            let rule = self.random.weighted(rules.iter().map(|rule| rule.weight));
            self.expand_rule(&rules[rule], &mut commands);
        }
        self.families = families;
        commands
    }

    fn expand_rule(&mut self, rule: &Rule, commands: &mut Vec<Command>) {
        let first = commands.len();
        for (index, nodes) in rule.commands.iter().enumerate() {
            let mut argv = Vec::new();
            for node in nodes {
                self.expand(node, &mut argv);
            }
            if index == 0 {
                self.first.clone_from(&argv);
            }
            let check = if index == 0 { rule.check } else { Check::Exact };
            commands.push(Command { argv, check });
        }
        // What changes data at random names its key for the commands that follow: leave it alone.
        if rule.commands.len() == 1 && rule.check != Check::Shape && self.random.chance(2) {
            self.spoil(&mut commands[first].argv);
        }
    }

    fn expand(&mut self, node: &Node, argv: &mut Vec<Vec<u8>>) {
        match node {
            Node::Word(word) => {
                let arg = self.word(word);
                argv.extend(arg);
            }
            Node::Choice { optional, alternatives } => {
                // An option is left out more often than not: five at once mostly contradict.
                if *optional && self.random.chance(65) {
                    return;
                }
                let chosen = self.random.below(alternatives.len());
                for node in &alternatives[chosen] {
                    self.expand(node, argv);
                }
            }
            Node::Repeat(node) => {
                // Now and then enough to leave the compact encodings (128 fields, 512 integers).
                let times = match self.random.below(100) {
                    0 => 150,
                    _ => 1 + self.random.below(4),
                };
                for _ in 0..times {
                    self.expand(node, argv);
                }
            }
        }
    }

    /// Damages a command: what users, drivers and fuzzers do.
    fn spoil(&mut self, argv: &mut Vec<Vec<u8>>) {
        let at = self.random.below(argv.len());
        match self.random.below(5) {
            0 => drop(argv.pop().filter(|_| !argv.is_empty())),
            1 => argv.insert(at, argv[at].clone()),
            2 => argv.push(self.value()),
            3 => argv[0].make_ascii_lowercase(),
            _ if at > 0 => argv[at] = self.random.pick(EDGES).to_vec(),
            _ => argv[0].push(b'X'),
        }
        if argv.is_empty() {
            argv.push(b"PING".to_vec());
        }
    }

    /// A placeholder's argument (a few give two or three), or the word itself.
    fn word(&mut self, word: &str) -> Vec<Vec<u8>> {
        let text = |text: String| vec![text.into_bytes()];
        let n = self.random.below(1000);
        match word {
            "string" | "list" | "hash" | "set" | "zset" | "stream" | "hll" | "geo" | "key"
            | "lex" => {
                vec![self.key(word)]
            }
            "value" => vec![self.value()],
            "number" => text((n as i64 - 500).to_string()),
            "int" => vec![self.number(INTS)],
            "float" => vec![self.number(FLOATS)],
            "score" => vec![self.number(SCORES)],
            "index" if n < 900 => text((n as i64 % 12 - 4).to_string()),
            "count" if n < 900 => text((n % 6).to_string()),
            "index" | "count" | "numkeys" => vec![self.random.pick(COUNTS).to_vec()],
            "rank" if n < 900 => text((n as i64 % 9 - 4).to_string()),
            "rank" => vec![self.random.pick(RANKS).to_vec()],
            "offset" if n < 900 => text((n % 40).to_string()),
            "offset" => vec![self.random.pick(OFFSETS).to_vec()],
            "bit_offset" if n < 900 => text((n % 300).to_string()),
            "bit_offset" => vec![self.random.pick(BIT_OFFSETS).to_vec()],
            "bit_type" => vec![self.random.pick(BIT_TYPES).to_vec()],
            "bitfield_op" => self.bitfield_op(),
            // Far enough away to outlive the run, or in the past.
            "seconds" if n < 800 => text((100 + n * 7).to_string()),
            "millis" if n < 800 => text((100_000 + n * 7001).to_string()),
            "when" if n < 800 => text((4_102_444_800 + n).to_string()),
            "when_ms" if n < 800 => text((4_102_444_800_000 + n).to_string()),
            "seconds" | "millis" | "when" | "when_ms" => vec![self.random.pick(TIMES).to_vec()],
            "db" => text(if n < 950 { n % 2 } else { n }.to_string()),
            "type" => vec![self.random.pick(TYPES).to_vec()],
            "pattern" => vec![self.random.pick(PATTERNS).to_vec()],
            "member" | "field" if n < 500 => text(format!("m{}", n % 8)),
            "member" | "field" if n < 700 => text((n % 20).to_string()),
            "member" | "field" => vec![self.value()],
            "score_bound" => vec![self.number(SCORE_BOUNDS)],
            "lex_bound" => vec![self.random.pick(LEX_BOUNDS).to_vec()],
            "new_id" if n < 850 => {
                self.last_id += 1;
                text(format!("{}-{}", self.last_id / 3, self.last_id))
            }
            "id" | "new_id" if n < 950 => {
                let id = self.random.below(self.last_id + 2);
                text(if n < 500 { format!("{}-{id}", id / 3) } else { (id / 3).to_string() })
            }
            "id" | "new_id" => vec![self.random.pick(IDS).to_vec()],
            // To XREAD, one of those is another thing in each version.
            "read_id" => text((self.random.below(self.last_id + 2) / 3).to_string()),
            "id_bound" if n < 600 => text(format!("({}", self.random.below(self.last_id + 2) / 3)),
            "id_bound" => vec![self.random.pick(ID_BOUNDS).to_vec()],
            "group" => text(format!("g{}", n % 2)),
            "consumer" => text(format!("c{}", n % 3)),
            // The whole globe, and a little beyond its edges.
            "longitude" => text(format!("{}.{n}", n as i64 % 364 - 182)),
            "latitude" => text(format!("{}.{n}", n as i64 % 174 - 87)),
            "radius" if n < 500 => text((n * 10).to_string()),
            "radius" if n < 900 => text((n * n / 40).to_string()),
            "radius" => text(format!("0.{n}")),
            _ => {
                if let Some(Ok(number)) = word.strip_prefix('$').map(str::parse::<usize>) {
                    return vec![self.first[number].clone()];
                }
                let literal = !word.starts_with(|first: char| first.is_ascii_lowercase());
                // `weight_*` and `hash:*->field` are patterns, which never collide with a name.
                assert!(literal || word.contains('*'), "{word:?} is no placeholder");
                text(word.to_owned())
            }
        }
    }

    /// A key: of the family's own, at times another's, at times a nasty one.
    fn key(&mut self, family: &str) -> Vec<u8> {
        const KINDS: &[&str] = &["string", "list", "hash", "set", "zset", "stream"];
        let kind = match self.random.below(100) {
            _ if family == "lex" => family,
            0..3 => return self.random.pick(&[b"".as_slice(), b"\x00\xff\r\n", b"a b"]).to_vec(),
            3..10 => self.random.pick(KINDS),
            _ if family == "key" => self.random.pick(KINDS),
            _ => family,
        };
        format!("{kind}:{}", self.random.below(4)).into_bytes()
    }

    fn value(&mut self) -> Vec<u8> {
        match self.random.below(20) {
            0..8 => vec![b'a' + self.random.below(6) as u8],
            8..11 => self.random.below(50).to_string().into_bytes(),
            11 => self.random.pick(INTS).to_vec(),
            12 => self.random.pick(FLOATS).to_vec(),
            13 | 14 => self.random.pick(EDGES).to_vec(),
            15 => (0..self.random.below(20)).map(|_| self.random.next() as u8).collect(),
            // Around the limits of the compact encodings, 44 and 64 bytes.
            16 | 17 => vec![b'x'; 40 + self.random.below(30)],
            18 => b"hello world ".repeat(1 + self.random.below(100)),
            _ => b"ohmytext".to_vec(),
        }
    }

    /// Mostly a small number, at times one of `edges`.
    fn number(&mut self, edges: &[&[u8]]) -> Vec<u8> {
        match self.random.below(10) {
            0..6 => (self.random.below(30) as i64 - 10).to_string().into_bytes(),
            _ => self.random.pick(edges).to_vec(),
        }
    }

    fn bitfield_op(&mut self) -> Vec<Vec<u8>> {
        let name = self.random.pick(&["GET", "SET", "INCRBY"]);
        let mut argv = vec![name.as_bytes().to_vec(), self.random.pick(BIT_TYPES).to_vec()];
        let offset = self.random.below(60);
        let hash = if self.random.chance(20) { "#" } else { "" };
        argv.push(format!("{hash}{offset}").into_bytes());
        if name != "GET" {
            let value = self.number(INTS);
            // Redis 7.0.15 overflows itself when it saturates a SET to about i64::MIN.
            let overflows = name == "SET" && value.starts_with(b"-922337203685477580");
            argv.push(if overflows { b"-9223372036854".to_vec() } else { value });
        }
        argv
    }
}

fn parse_row(&(weight, check, syntax): &Row) -> Rule {
    let commands = syntax.split(';').map(|syntax| {
        let mut rest = syntax;
        let nodes = parse(&mut rest);
        assert!(rest.is_empty(), "unbalanced brackets: {syntax}");
        nodes
    });
    Rule { weight, check, commands: commands.collect() }
}

/// Parses up to the end, a `|` or a closing bracket, which it leaves.
fn parse(rest: &mut &'static str) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("...") {
            *rest = after;
            let node = nodes.pop().expect("something to repeat before the dots");
            nodes.push(Node::Repeat(Box::new(node)));
            continue;
        }
        match rest.bytes().next() {
            None | Some(b'|' | b']' | b')') => return nodes,
            Some(open @ (b'[' | b'(')) => {
                let mut alternatives = Vec::new();
                loop {
                    // Skips the opening bracket, then each bar; stops behind the closing bracket.
                    *rest = &rest[1..];
                    alternatives.push(parse(rest));
                    assert!(!rest.is_empty(), "a bracket is not closed");
                    if !rest.starts_with('|') {
                        *rest = &rest[1..];
                        break;
                    }
                }
                nodes.push(Node::Choice { optional: open == b'[', alternatives });
            }
            Some(_) => {
                let brackets = rest.find([' ', '|', '[', ']', '(', ')']).unwrap_or(rest.len());
                let end = rest.find("...").map_or(brackets, |dots| dots.min(brackets));
                nodes.push(Node::Word(&rest[..end]));
                *rest = &rest[end..];
            }
        }
    }
}

#[test]
fn every_syntax_line_expands() {
    for (_, name, _) in all_families() {
        let commands = Generator::new(1, name).commands(3000);
        assert!(commands.iter().all(|command| !command.argv.is_empty()), "{name}");
    }
}

#[test]
fn a_seed_repeats_itself() {
    let commands = |seed| Generator::new(seed, "strings,lists").commands(500);
    assert_eq!(commands(7), commands(7));
    assert_ne!(commands(7), commands(8));
}
