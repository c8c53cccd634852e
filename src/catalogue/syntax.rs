//! The notation of command syntax, and the tree of arguments that COMMAND DOCS makes of it.
//!
//! ```text
//! key value [NX|XX] [GET] [EX seconds|PX milliseconds] score member [score member ...]
//! ```
//!
//! | written                      | means                                                       |
//! |------------------------------|-------------------------------------------------------------|
//! | `name`                       | an argument; its type follows from its name ([`type_of`])   |
//! | `WORD`                       | the word itself (no lower-case letters in it)               |
//! | `WORD a b`                   | the word and what it introduces: the required items behind it |
//! | `[x]`                        | optional                                                    |
//! | `<x\|y>`, `[x\|y]`             | one of several                                              |
//! | `x [x ...]`, `x y [x y ...]` | repeated; `x [...]` says the same of one item               |
//!
//! Clients complete commands from the tree (redis-cli's hints), so it has the shape that Redis
//! gives it; the names of groups are made from those of their members. Left out: display texts and
//! versions of single arguments.

/// What an argument is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value of this type.
    Value(&'static str),
    /// The token itself.
    PureToken,
    /// One of its members.
    OneOf(Vec<Argument>),
    /// All of its members, in order.
    Block(Vec<Argument>),
}

/// An argument, or a group of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The name; that of a group is made from its members'.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The word in front of it, or the word it is.
    pub token: Option<&'static str>,
    /// May be missing.
    pub optional: bool,
    /// May come several times.
    pub multiple: bool,
    /// If so, each time with its token.
    pub multiple_token: bool,
}

impl Argument {
    fn new(name: String, kind: Kind) -> Self {
        let (optional, multiple, multiple_token) = (false, false, false);
        Argument { name, kind, token: None, optional, multiple, multiple_token }
    }

    /// One item stays what it is; several become a block.
    fn block(mut items: Vec<Argument>) -> Self {
        if items.len() == 1 {
            return items.remove(0);
        }
        Argument::new(joined(&items, "-"), Kind::Block(items))
    }

    /// One alternative stays what it is; several become a choice.
    fn one_of(mut items: Vec<Argument>) -> Self {
        if items.len() == 1 {
            return items.remove(0);
        }
        Argument::new(joined(&items, "-or-"), Kind::OneOf(items))
    }

    /// The members of a group.
    pub fn members(&self) -> &[Argument] {
        match &self.kind {
            Kind::OneOf(members) | Kind::Block(members) => members,
            Kind::Value(_) | Kind::PureToken => &[],
        }
    }

    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Value(name) => name,
            Kind::PureToken => "pure-token",
            Kind::OneOf(_) => "oneof",
            Kind::Block(_) => "block",
        }
    }

    /// The names of its flags.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let flags = [
            (self.optional, "optional"),
            (self.multiple, "multiple"),
            (self.multiple_token, "multiple_token"),
        ];
        flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name)
    }
}

fn joined(items: &[Argument], with: &str) -> String {
    items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>().join(with)
}

/// The type of the argument with this name.
fn type_of(name: &str) -> &'static str {
    match name {
        "key" | "key1" | "key2" | "newkey" | "source" | "destination" => "key",
        "pattern" => "pattern",
        "unix-time-seconds" | "unix-time-milliseconds" => "unix-time",
        "amount" | "height" | "latitude" | "longitude" | "max" | "min" | "radius" | "score"
        | "timeout" | "width" => "double",
        "bit" | "bits" | "client-id" | "count" | "cursor" | "db" | "decrement"
        | "destination-db" | "end" | "entries-added" | "entries-read" | "frequency"
        | "increment" | "index" | "index1" | "index2" | "len" | "limit" | "milliseconds"
        | "min-idle-time" | "ms" | "num-matches" | "numids" | "numkeys" | "numreplicas"
        | "offset" | "port" | "protover" | "rank" | "seconds" | "start" | "stop" | "timeout-ms"
        | "ttl" | "version" | "weight" => "integer",
        _ => "string",
    }
}

/// The arguments that a syntax describes. The notation is our own, so an error in it is a bug.
pub fn parse(syntax: &'static str) -> Vec<Argument> {
    let mut parser = Parser { tokens: tokens(syntax), next: 0 };
    let items = parser.sequence();
    debug_assert_eq!(parser.next, parser.tokens.len(), "unbalanced: {syntax}");
    items
}

/// Cuts the text into words and the marks `[ ] < > |`.
fn tokens(syntax: &'static str) -> Vec<&'static str> {
    let is_mark = |c: char| "[]<>|".contains(c);
    let pieces = syntax.split(' ').flat_map(|word| {
        word.split_inclusive(is_mark).flat_map(move |piece| {
            let (text, mark) = piece.split_at(piece.len() - usize::from(piece.ends_with(is_mark)));
            [text, mark]
        })
    });
    pieces.filter(|piece| !piece.is_empty()).collect()
}

struct Parser {
    tokens: Vec<&'static str>,
    next: usize,
}

fn is_token(word: &str) -> bool {
    !word.contains(|c: char| c.is_ascii_lowercase())
}

impl Parser {
    fn peek(&self) -> Option<&'static str> {
        self.tokens.get(self.next).copied()
    }

    fn skip(&mut self) {
        self.next += 1;
    }

    /// Items until the end of the group they are in.
    fn sequence(&mut self) -> Vec<Argument> {
        let mut items = Vec::new();
        while let Some(piece) = self.peek() {
            match piece {
                "]" | ">" | "|" | "..." => break,
                "[" => self.bracket(&mut items),
                "<" => items.push(self.group()),
                word if is_token(word) => items.push(self.word_and_its_items()),
                name => {
                    self.skip();
                    items.push(Argument::new(name.to_owned(), Kind::Value(type_of(name))));
                }
            }
        }
        items
    }

    /// `<x|y>` or `[x|y]`, whichever begins here.
    fn group(&mut self) -> Argument {
        let mut alternatives = Vec::new();
        loop {
            self.skip(); // the opening mark, or `|`
            alternatives.push(Argument::block(self.sequence()));
            if self.peek() != Some("|") {
                break;
            }
        }
        self.skip(); // the closing mark
        Argument::one_of(alternatives)
    }

    /// `[x]`, or `[x ...]`, which says that what stands before is repeated.
    fn bracket(&mut self, before: &mut Vec<Argument>) {
        let start = self.next;
        self.skip();
        let again = self.sequence();
        if self.peek() != Some("...") {
            self.next = start;
            before.push(Argument { optional: true, ..self.group() });
            return;
        }
        self.skip(); // `...`
        self.skip(); // `]`
        let count = again.len().max(1);
        let repeated = Argument::block(before.split_off(before.len() - count));
        let multiple_token = again.len() == 1 && again[0].token.is_some();
        // `[x [x ...]]`: the repetition is inside an optional group, which is then what repeats.
        before.push(Argument { multiple: true, multiple_token, ..repeated });
    }

    /// A word, with the required items behind it if there are any.
    fn word_and_its_items(&mut self) -> Argument {
        let word = self.peek().unwrap_or_default();
        self.skip();
        let mut items = Vec::new();
        while let Some(piece) = self.peek() {
            match piece {
                "<" => items.push(self.group()),
                "[" if self.repeats(&items) => self.bracket(&mut items),
                "[" | "]" | ">" | "|" | "..." => break,
                other if is_token(other) => break,
                name => {
                    self.skip();
                    items.push(Argument::new(name.to_owned(), Kind::Value(type_of(name))));
                }
            }
        }
        let word = word.trim_matches('"');
        if items.is_empty() {
            let name = word.to_ascii_lowercase();
            return Argument { token: Some(word), ..Argument::new(name, Kind::PureToken) };
        }
        Argument { token: Some(word), ..Argument::block(items) }
    }

    /// Whether the bracket that begins here repeats the last of `items`, and not the word, too.
    fn repeats(&self, items: &[Argument]) -> bool {
        let inside = &self.tokens[self.next + 1..];
        let repeats = inside.iter().take_while(|piece| **piece != "]").any(|piece| *piece == "...");
        repeats && items.last().is_some_and(|last| inside.first() == Some(&last.name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in a line: `name:type(token)?+*{members}`.
    fn show(items: &[Argument]) -> String {
        let one = |item: &Argument| {
            let token = item.token.map_or(String::new(), |token| format!("({token})"));
            let marks = [(item.optional, "?"), (item.multiple, "+"), (item.multiple_token, "*")];
            let marks: String = marks.iter().filter(|(set, _)| *set).map(|(_, m)| *m).collect();
            let members = match item.members() {
                [] => String::new(),
                members => format!("{{{}}}", show(members)),
            };
            format!("{}:{}{token}{marks}{members}", item.name, item.type_name())
        };
        items.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_types_and_options() {
        let tree = show(&parse("key [NX|XX] [GET] [EX seconds|PX milliseconds|KEEPTTL]"));
        let expected = "key:key nx-or-xx:oneof?{nx:pure-token(NX) xx:pure-token(XX)} \
            get:pure-token(GET)? seconds-or-milliseconds-or-keepttl:oneof?{seconds:integer(EX) \
            milliseconds:integer(PX) keepttl:pure-token(KEEPTTL)}";
        assert_eq!(tree, expected);
    }

    #[test]
    fn repetition() {
        assert_eq!(show(&parse("key [key ...]")), "key:key+");
        assert_eq!(show(&parse("[key [key ...]]")), "key:key?+");
        let pairs = "score-member:block+{score:double member:string}";
        assert_eq!(show(&parse("score member [score member ...]")), pairs);
        assert_eq!(show(&parse("[GET pattern [GET pattern ...]]")), "pattern:pattern(GET)?+*");
        assert_eq!(show(&parse("KEYS key [key ...]")), "key:key(KEYS)+");
        let streams = "key-id:block(STREAMS){key:key+ id:string+}";
        assert_eq!(show(&parse("STREAMS key [key ...] id [id ...]")), streams);
        let either = "a-or-b:oneof+{a:string b:string}";
        assert_eq!(show(&parse("<a|b> [...]")), either);
    }

    #[test]
    fn words_that_introduce_groups() {
        let limit = "offset-count:block(LIMIT)?{offset:integer count:integer}";
        assert_eq!(show(&parse("[LIMIT offset count]")), limit);
        let sum = "sum-or-min:oneof(AGGREGATE){sum:pure-token(SUM) min:pure-token(MIN)}";
        assert_eq!(show(&parse("AGGREGATE <SUM|MIN>")), sum);
        let count = "count-any:block?{count:integer(COUNT) any:pure-token(ANY)?}";
        assert_eq!(show(&parse("[COUNT count [ANY]]")), count);
        let one = "no-one:block{no:pure-token(NO) one:pure-token(ONE)}";
        assert_eq!(show(&parse("<NO ONE>")), one);
        let empty = "key-or-:oneof{key:key :pure-token()}";
        assert_eq!(show(&parse("<key|\"\">")), empty);
    }

    #[test]
    fn every_documented_syntax_is_balanced() {
        for row in crate::catalogue::ROWS {
            let items = parse(row.doc.syntax); // asserts that nothing is left over
            assert_eq!(items.is_empty(), row.doc.syntax.is_empty(), "{}", row.name);
        }
    }
}
