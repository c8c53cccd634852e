//! The language of the test scripts: this file describes it and parses it.
//!
//! ```text
//! # text                a comment; says what the next lines specify
//! > SET k v EX 100      a command, quoted as in redis-cli, on the nameless connection
//! a> BLPOP q 0          the same on connection `a`, opened when first used
//! OK                    the reply, in redis-cli's notation (see format.rs, matcher.rs)
//! (unordered)           before the reply: its elements may come in any order
//! (no reply)            in place of a reply: nothing arrives
//! (closed)              in place of a reply: the server closes the connection
//! ~ SET k v PXAT <ms now+100s>   after the reply: an effect, as the journal shows it
//! ~ (none)              the command had no effect
//!
//! a: (blocked)          no output (yet) on `a`
//! a: 1) "q"             what arrives on `a` next, without having been asked for by the line above;
//!    2) "x"             further lines are indented to stand under the first
//! : 1> "message"        the same for the nameless connection
//!
//! (in 8.2)              after a reply, an output or effects (`~ (in 8.2)`): what follows takes
//!                       its place where Redis 8.2 answers differently; what stands before it is
//!                       then said of Redis 7.0. Cacheflow may have the effects of either.
//!
//! raw> "*1\r\n$-5\r\n"  sends these bytes, and nothing else
//! raw: "-ERR ...\r\n"   all the bytes that come back; or (closed), (blocked)
//! ```
//!
//! A connection whose name begins with `raw` carries bytes, any other one values. After `(closed)`
//! the next line that sends opens a new connection. Commands without `~` lines are held to the
//! general rule: no effect at all, or the command itself, word for word.
//!
//! Commands (and bytes) may contain `<ms now+5s>`, `<s now-1h>`, `<id a>` (the client id of `a`),
//! `<addr a>`, and `<repeat x 1000>`. Directives:
//!
//! ```text
//! @ resp3 [a]              HELLO 3 on a connection; @ resp2 goes back
//! @ config name value      CONFIG SET behind the script's back
//! @ server --flag value    before the first command: a server of its own, with these flags
//! @ file name line         with that: another line of a file that is there when the server starts
//! @ script only redis      the whole file makes sense on some targets only (cacheflow, redis-7.0,
//!                          redis-8.2, redis: both of these; 7.0: redis-7.0 and cacheflow as it
//!                          is by default, 8.2: redis-8.2 and cacheflow with compat-version 8.2)
//! @ only cacheflow         the next command does, with the output that follows it
//! @ script not redis-8.2   the file makes sense on all others; @ not redis-8.2: the next command
//! @ script since 8.2       the file is about what came with this version: not for an older redis
//! @ since 8.2              the next command is
//! @ together 3             the next so many commands, all on one connection, are sent in one write;
//!                          their effects are not looked at
//! @ sleep 10ms
//! @ close a                the client hangs up; @ half-close a: it only stops sending
//! ```
//!
//! The configuration is put back after every script. A line that is none of these is an error: a
//! script that silently tests nothing is worse than none. Left out on purpose: variables, loops and
//! conditions. Every item keeps its source lines, so that recording can print the file again.

use std::ops::Range;

use super::matcher::duration_ms;

/// The line between what is expected of Redis 7.0 and what is expected of Redis 8.2.
pub const IN_LATER: &str = "(in 8.2)";

/// A parsed script: one item after the other, every line of the file in exactly one.
pub struct Script {
    /// The file, as failures name it.
    pub path: String,
    /// What it says.
    pub items: Vec<Item>,
}

/// A step and the lines it was read from.
pub struct Item {
    /// The number of its first line, from 1.
    pub line: usize,
    /// The lines themselves.
    pub source: Vec<String>,
    /// Which of `source` are the expected reply or output.
    pub reply: Range<usize>,
    /// Which are the one of Redis 8.2, without the line that says so; empty: the same.
    pub later_reply: Range<usize>,
    /// What to do.
    pub step: Step,
}

/// One step of a script.
pub enum Step {
    /// A comment or an empty line.
    Text,
    /// An `@` line.
    Directive(Directive),
    /// `name> command` with everything expected of it.
    Send(Send),
    /// `name: output`.
    Later {
        /// The connection.
        on: String,
        /// The expected lines, without the name and the indentation.
        expected: Versions,
    },
}

/// A command and what should come of it.
pub struct Send {
    /// The connection.
    pub on: String,
    /// The command as written.
    pub command: String,
    /// Was there an `(unordered)` line?
    pub unordered: bool,
    /// The expected reply; empty if `name:` lines take its place.
    pub expected: Versions,
    /// The expected effects; none for the general rule.
    pub effects: Versions,
}

/// Lines that are expected, of either version of Redis.
pub struct Versions {
    /// Of Redis 7.0, and of 8.2 if nothing is said of it.
    pub early: Vec<String>,
    /// Of Redis 8.2.
    pub late: Option<Vec<String>>,
}

impl Versions {
    /// Splits lines at the one that says `(in 8.2)`.
    fn new(lines: Vec<String>) -> Versions {
        match lines.iter().position(|line| line == IN_LATER) {
            Some(at) => {
                Versions { early: lines[..at].to_vec(), late: Some(lines[at + 1..].to_vec()) }
            }
            None => Versions { early: lines, late: None },
        }
    }

    /// What is expected of a server that behaves as the later version, or doesn't.
    pub fn of(&self, is_later: bool) -> &[String] {
        self.late.as_deref().filter(|_| is_later).unwrap_or(&self.early)
    }
}

/// An `@` line.
#[derive(Clone, Debug, PartialEq)]
pub enum Directive {
    /// Switch the named connection to this version of the protocol.
    Protocol(u8, String),
    /// Set a parameter for the rest of the script.
    Config(String, String),
    /// Flags for a server of its own.
    Server(Vec<String>),
    /// A line of a file in the directory of the script's own server.
    File(String, String),
    /// The whole script runs on this target only.
    ScriptOnly(String),
    /// The next command runs on this target only.
    Only(String),
    /// The whole script doesn't run on this target.
    ScriptNot(String),
    /// The next command doesn't.
    Not(String),
    /// The whole script is for targets that have what came with this version.
    ScriptSince(String),
    /// The next command is.
    Since(String),
    /// Send so many commands in one write.
    Together(usize),
    /// Wait so many milliseconds.
    Sleep(u64),
    /// Close the connection.
    Close(String),
    /// Close the sending half of the connection.
    HalfClose(String),
}

/// Does a connection of this name carry bytes rather than values?
pub fn is_raw(name: &str) -> bool {
    name.starts_with("raw")
}

/// Parses a script; an error names file and line.
pub fn parse(path: &str, text: &str) -> Result<Script, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut items = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let fail = |what: String| format!("{path}:{}: {what}", at + 1);
        let (len, replies, step) = step(&lines[at..]).map_err(fail)?;
        let source: Vec<String> = lines[at..at + len].iter().map(|l| l.to_string()).collect();
        let (reply, later_reply) = split_replies(&source, replies);
        items.push(Item { line: at + 1, source, reply, later_reply, step });
        at += len;
    }
    Ok(Script { path: path.into(), items })
}

/// Which lines of `source` are the reply of either version.
fn split_replies(source: &[String], replies: Range<usize>) -> (Range<usize>, Range<usize>) {
    let Range { start, end } = replies;
    match (start..end).find(|i| source[*i].trim_start() == IN_LATER) {
        Some(mark) => (start..mark, mark + 1..end),
        None => (start..end, end..end),
    }
}

/// The step at the head of `lines`, how many lines it takes, and where its reply stands.
fn step(lines: &[&str]) -> Result<(usize, Range<usize>, Step), String> {
    let line = lines[0];
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok((1, 1..1, Step::Text));
    }
    if let Some(rest) = line.strip_prefix("@ ") {
        return Ok((1, 1..1, Step::Directive(directive(rest)?)));
    }
    match head(line) {
        Some((on, '>', command)) => send(on, command, &lines[1..]),
        Some((on, _, first)) => {
            let indent = on.len() + 2;
            let further = lines[1..].iter().take_while(|l| continues(l, indent)).count();
            let mut expected = vec![first.to_string()];
            expected.extend(lines[1..=further].iter().map(|l| l[indent..].to_string()));
            let expected = Versions::new(expected);
            Ok((1 + further, 0..1 + further, Step::Later { on: on.into(), expected }))
        }
        None if line.starts_with('~') => Err("an effect without a command".into()),
        None => Err(format!("neither a command nor a comment nor a directive: {line}")),
    }
}

/// Parses what follows the line `on> command`.
fn send(on: &str, command: &str, lines: &[&str]) -> Result<(usize, Range<usize>, Step), String> {
    super::format::split(command)?;
    let unordered = lines.first() == Some(&"(unordered)");
    let start = usize::from(unordered);
    let ends = |line: &&str| {
        line.trim().is_empty()
            || ["#", "@ ", "~ "].iter().any(|p| line.starts_with(p))
            || head(line).is_some()
    };
    let replies = lines[start..].iter().take_while(|l| !ends(l)).count();
    let end = start + replies;
    let effects: Vec<String> =
        lines[end..].iter().map_while(|l| l.strip_prefix("~ ")).map(str::to_string).collect();
    let effect_count = effects.len();
    if is_raw(on) && replies > 0 {
        return Err(format!("bytes have no reply, only output: write \"{on}: ...\""));
    }
    let step = Step::Send(Send {
        on: on.into(),
        command: command.into(),
        unordered,
        expected: Versions::new(lines[start..end].iter().map(|l| l.to_string()).collect()),
        effects: Versions::new(effects),
    });
    Ok((1 + end + effect_count, 1 + start..1 + end, step))
}

/// Splits `name> rest` and `name: rest`. Names begin with a letter, or are empty.
fn head(line: &str) -> Option<(&str, char, &str)> {
    let (name, rest) = line.split_once(' ')?;
    let mark = name.chars().last().filter(|c| matches!(c, '>' | ':'))?;
    let name = &name[..name.len() - 1];
    let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let named = name.is_empty() || (letters && name.as_bytes()[0].is_ascii_lowercase());
    named.then_some((name, mark, rest))
}

/// Does this line go on with the output of a `name:` line?
fn continues(line: &str, indent: usize) -> bool {
    line.len() > indent && line.as_bytes()[..indent].iter().all(|&b| b == b' ')
}

fn directive(text: &str) -> Result<Directive, String> {
    let own = |s: &str| s.to_string();
    let target = |name: &str| match name {
        "redis" | "redis-7.0" | "redis-8.2" | "cacheflow" | "7.0" | "8.2" => Ok(own(name)),
        _ => Err(format!("there is no target '{name}'")),
    };
    let args: Result<Vec<String>, _> =
        super::format::split(text)?.into_iter().map(String::from_utf8).collect();
    let args = args.map_err(|_| "a directive is text".to_string())?;
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    Ok(match words[..] {
        ["resp2"] => Directive::Protocol(2, own("")),
        ["resp3"] => Directive::Protocol(3, own("")),
        ["resp2", on] => Directive::Protocol(2, own(on)),
        ["resp3", on] => Directive::Protocol(3, own(on)),
        ["config", name, value] => Directive::Config(own(name), own(value)),
        ["server", ..] if words.len() > 1 => Directive::Server(args[1..].to_vec()),
        ["file", name, line] => Directive::File(own(name), own(line)),
        ["script", "only", name] => Directive::ScriptOnly(target(name)?),
        ["only", name] => Directive::Only(target(name)?),
        ["script", "not", name] => Directive::ScriptNot(target(name)?),
        ["not", name] => Directive::Not(target(name)?),
        ["script", "since", version @ "8.2"] => Directive::ScriptSince(own(version)),
        ["since", version @ "8.2"] => Directive::Since(own(version)),
        ["together", count] => {
            Directive::Together(count.parse().map_err(|_| format!("no number: {count}"))?)
        }
        ["sleep", time] => {
            Directive::Sleep(duration_ms(time).ok_or("a duration like 10ms")?.unsigned_abs())
        }
        ["close"] => Directive::Close(own("")),
        ["close", on] => Directive::Close(own(on)),
        ["half-close", on] => Directive::HalfClose(own(on)),
        _ => return Err(format!("unknown directive: {text}")),
    })
}

#[test]
fn every_line_belongs_to_one_item() {
    let text =
        "# c\n> SET a b\nOK\n~ SET a b\na> BLPOP q 0\na: 1) \"q\"\n   2) \"x\"\n\n@ sleep 5ms\n";
    let script = parse("t", text).unwrap();
    let joined: Vec<String> = script.items.iter().flat_map(|i| i.source.clone()).collect();
    assert_eq!(joined.join("\n") + "\n", text);
    let Step::Send(send) = &script.items[1].step else { panic!("not a command") };
    assert_eq!(
        (send.expected.of(false), send.effects.of(true)),
        (&["OK".to_string()][..], &["SET a b".to_string()][..])
    );
    let Step::Later { expected, .. } = &script.items[3].step else { panic!("not an output") };
    assert_eq!(expected.of(false), ["1) \"q\"", "2) \"x\""]);
}

#[test]
fn each_version_has_an_expectation() {
    let text = "> GET a\n1\n(in 8.2)\n2\n~ (in 8.2)\n~ DEL a\na: 1) x\n   (in 8.2)\n   1) y\n";
    let script = parse("t", text).unwrap();
    let Step::Send(send) = &script.items[0].step else { panic!("not a command") };
    assert_eq!(
        (send.expected.of(false), send.expected.of(true)),
        (&["1".to_string()][..], &["2".to_string()][..])
    );
    assert_eq!(
        (send.effects.of(false), send.effects.of(true)),
        (&[][..], &["DEL a".to_string()][..])
    );
    let (reply, later) = (&script.items[0].reply, &script.items[0].later_reply);
    assert_eq!((reply.clone(), later.clone()), (1..2, 3..4));
    let Step::Later { expected, .. } = &script.items[1].step else { panic!("not an output") };
    assert_eq!(
        (expected.of(false), expected.of(true)),
        (&["1) x".to_string()][..], &["1) y".to_string()][..])
    );
}

#[test]
fn what_is_not_understood_is_an_error() {
    for (text, error) in [
        ("# c\nOK\n", "t:2: neither"),
        ("@ nosuch\n", "t:1: unknown directive"),
        ("@ only valkey\n", "t:1: there is no target"),
        ("~ DEL a\n", "t:1: an effect without"),
        ("> SET \"a\n", "t:1: unbalanced"),
        ("raw> \"x\"\nOK\n", "t:1: bytes have no reply"),
    ] {
        let found = parse("t", text).err().unwrap_or_default();
        assert!(found.starts_with(error), "{found}");
    }
}
