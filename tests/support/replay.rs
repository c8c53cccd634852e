//! Replays a script: sends what it sends, compares what comes back, and can record it instead.
//!
//! ```text
//! before       the server is reset (see server.rs) and old effects are forgotten
//! > command    send, wait for the next value on that connection, then read the journal
//! a: output    wait for the next value on `a`; "(blocked)" waits a little and wants nothing
//! at the end   nothing unread may be left on any connection
//! ```
//!
//! Values are taken in the order of the wire. A push that overtakes a reply therefore stands in the
//! script as the reply, and the reply as later output; that order is part of the protocol.
//!
//! Recording only replaces expectations that the server does not meet; one that matches is left as
//! it was written, so matchers survive.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::client::{Client, Output};
use super::format;
use super::matcher::{Clock, matches, matches_unordered, now_ms, now_offset_ms};
use super::script::{self, Directive, Item, Script, Send, Step};
use super::server::{PATIENCE, Server, Target};

/// How long "nothing arrives" is watched before it is believed.
const SILENCE: Duration = Duration::from_millis(40);
/// How long a recording waits for output that nothing says will come.
const SURPRISE: Duration = Duration::from_millis(5);
/// How late expected output may be; a script that waits in vain ends there.
const LATE: Duration = Duration::from_secs(3);

/// What came of a script.
#[derive(Default)]
pub struct Outcome {
    /// One text per failed expectation.
    pub failures: Vec<String>,
    /// The script with every failed expectation replaced by what came instead.
    pub recorded: String,
    /// Commands whose `~` lines could not be checked, because this server keeps no journal.
    pub unchecked_effects: usize,
}

/// Source lines that replace those of an item, or `None` to keep them.
type Lines = Option<Vec<String>>;

/// A script in progress.
struct Replay<'a> {
    script: &'a Script,
    server: &'a mut Server,
    target: Target,
    recording: bool,
    /// The command at hand is one that only the later version has: it has one expectation.
    is_new: bool,
    clients: BTreeMap<String, Client>,
    /// Client ids of the connections that `<id name>` mentions.
    ids: BTreeMap<String, String>,
    started_ms: i64,
    /// Commands that were sent together with those before them.
    sent_ahead: usize,
    /// Something expected did not arrive: from here on, replies would be taken for one another.
    stalled: bool,
    outcome: Outcome,
}

/// Replays `script` against a server that has been reset.
pub fn replay(script: &Script, server: &mut Server, target: Target, recording: bool) -> Outcome {
    let mut replay = Replay {
        script,
        server,
        target,
        recording,
        is_new: false,
        clients: BTreeMap::new(),
        ids: BTreeMap::new(),
        started_ms: now_ms(),
        sent_ahead: 0,
        stalled: false,
        outcome: Outcome::default(),
    };
    let _ = replay.server.new_effects();
    let all_new = script.items.iter().any(|item| is_for_later_only(&item.step));
    let (mut meant, mut skipping, mut new) = (true, false, false);
    for (i, item) in script.items.iter().enumerate() {
        match &item.step {
            Step::Directive(Directive::Only(name)) => {
                (meant, new) = (target.is_meant_by(name), !Target::Redis.is_meant_by(name));
            }
            Step::Directive(Directive::Not(name)) => meant = !target.is_meant_by(name),
            Step::Directive(Directive::Since(version)) => {
                (meant, new) = (target.has(version), true);
            }
            // The later output that belongs to a command is skipped along with it.
            Step::Send(_) => {
                skipping = !std::mem::replace(&mut meant, true);
                replay.is_new = all_new || std::mem::replace(&mut new, false);
            }
            _ => {}
        }
        let result = match &item.step {
            Step::Send(_) | Step::Later { .. } if skipping => Ok(None),
            Step::Directive(Directive::Together(count)) => {
                replay.send_together(&script.items[i + 1..], *count).map(|()| None)
            }
            _ => replay.step(item, script.items.get(i + 1)),
        };
        match result {
            Ok(_) if replay.stalled && !recording => return replay.outcome,
            Ok(lines) => replay.keep(lines.as_ref().unwrap_or(&item.source)),
            Err(error) => {
                replay.fail(item, &[], &[format!("({error})")]);
                script.items[i..].iter().for_each(|item| replay.keep(&item.source));
                return replay.outcome;
            }
        }
    }
    replay.leftovers();
    replay.outcome
}

/// Is this the line that says that a whole script is about the later version?
fn is_for_later_only(step: &Step) -> bool {
    match step {
        Step::Directive(Directive::ScriptSince(_)) => true,
        Step::Directive(Directive::ScriptOnly(name)) => !Target::Redis.is_meant_by(name),
        _ => false,
    }
}

impl Replay<'_> {
    fn step(&mut self, item: &Item, next: Option<&Item>) -> io::Result<Lines> {
        let more_follows =
            |next: &Item| matches!(next.step, Step::Later { .. } | Step::Directive(_));
        let mut lines = match &item.step {
            Step::Text => return Ok(None),
            Step::Directive(directive) => return self.directive(directive).map(|()| None),
            Step::Send(send) => self.send(item, send, next)?,
            Step::Later { on, expected } => {
                let expected = expected.of(self.target.is_later());
                let lines = match script::is_raw(on) {
                    true => self.raw_output(item, on, expected)?,
                    false => self.output(item, on, expected)?,
                };
                // Only what the command above did at once is compared with `~` lines.
                self.server.new_effects()?;
                lines
            }
        };
        if self.recording && self.sent_ahead == 0 && !next.is_some_and(more_follows) {
            let surprises = self.surprises()?;
            if !surprises.is_empty() {
                lines.get_or_insert_with(|| item.source.clone()).extend(surprises);
            }
        }
        Ok(lines)
    }

    fn directive(&mut self, directive: &Directive) -> io::Result<()> {
        match directive {
            Directive::Protocol(version, on) => {
                let reply = self.client(on)?.call(&["HELLO", &version.to_string()], PATIENCE)?;
                let lines = format::lines(&reply);
                match lines[0].starts_with("(error)") {
                    true => return Err(io::Error::other(lines.join("\n"))),
                    false => return Ok(()),
                }
            }
            Directive::Config(name, value) => {
                let reply = self.server.call(&["CONFIG", "SET", name, value])?;
                if format::lines(&reply) != ["OK"] {
                    return Err(io::Error::other(format::lines(&reply).join("\n")));
                }
            }
            Directive::Sleep(ms) => sleep(Duration::from_millis(*ms)),
            Directive::Close(on) => drop(self.clients.remove(on)),
            Directive::HalfClose(on) => self.client(on)?.half_close()?,
            // These are for whoever starts the script.
            Directive::Server(_) | Directive::File(..) => {}
            Directive::ScriptOnly(_) | Directive::Only(_) => {}
            Directive::ScriptNot(_) | Directive::Not(_) => {}
            Directive::ScriptSince(_) | Directive::Since(_) => {}
            Directive::Together(_) => {} // see `replay`
        }
        Ok(())
    }

    /// Sends the next commands, which are all for one connection, in one write.
    fn send_together(&mut self, items: &[Item], count: usize) -> io::Result<()> {
        let sends = items.iter().filter_map(|item| match &item.step {
            Step::Send(send) => Some(send),
            _ => None,
        });
        let sends: Vec<&Send> = sends.take(count).collect();
        let on = sends.first().map_or("", |send| &send.on);
        if sends.len() < count || script::is_raw(on) || sends.iter().any(|send| send.on != on) {
            return Err(io::Error::other(format!("no {count} commands for one connection")));
        }
        let mut requests = Vec::new();
        for send in &sends {
            let command = self.expand(&send.command, true)?;
            let args = format::split(&command).map_err(io::Error::other)?;
            requests.extend(super::client::request(&args));
        }
        self.sent_ahead = count;
        self.client(on)?.send_raw(&requests)
    }

    /// Sends a command, and checks its reply and its effects.
    fn send(&mut self, item: &Item, send: &Send, next: Option<&Item>) -> io::Result<Lines> {
        let command = self.expand(&send.command, true)?;
        let args = format::split(&command).map_err(io::Error::other)?;
        let is_sent = self.sent_ahead > 0;
        self.sent_ahead = self.sent_ahead.saturating_sub(1);
        let client = self.client(&send.on)?;
        if !is_sent && !client.raw().is_empty() {
            let unread = format::quote(client.raw());
            client.clear_raw();
            self.fail(item, &[], &[format!("(unread output) {unread}")]);
        }
        if script::is_raw(&send.on) {
            self.client(&send.on)?.send_raw(&args.concat())?;
            return if !send.effects.early.is_empty() {
                self.effects(item, send, &args)
            } else {
                Ok(None)
            };
        }
        if !is_sent {
            self.client(&send.on)?.send(&args)?;
        }
        let awaited_later = matches!(
            next.map(|n| &n.step), Some(Step::Later { on, .. }) if *on == send.on
        );
        let mut lines = None;
        let expected = send.expected.of(self.target.is_later());
        if expected.is_empty() && awaited_later {
            if self.server.keeps_journal() {
                sleep(SILENCE);
            }
        } else {
            let got = self.reply(&send.on, expected)?;
            if !self.meets(expected, &got, send.unordered)? {
                self.fail(item, expected, &got);
                let got = match got[0] == "(no reply)" && !send.on.is_empty() && !self.adds() {
                    true => vec![format!("{}: (blocked)", send.on)],
                    false => got,
                };
                lines = Some(self.with_reply(item, &got, script::IN_LATER));
            }
        }
        if is_sent {
            self.server.new_effects()?;
            return Ok(lines);
        }
        let Some(effects) = self.effects(item, send, &args)? else { return Ok(lines) };
        let mut all = lines.unwrap_or_else(|| item.source.clone());
        all.retain(|l| !l.starts_with("~ "));
        all.extend(effects);
        Ok(Some(all))
    }

    /// While recording: does what came stand beside what is expected of the earlier version?
    fn adds(&self) -> bool {
        self.target.is_later() && !self.is_new
    }

    /// The lines of an item with another reply: of the version that is being recorded.
    fn with_reply(&self, item: &Item, got: &[String], mark: &str) -> Vec<String> {
        let mut all = item.source.clone();
        match self.adds() {
            true if !item.later_reply.is_empty() => {
                all.splice(item.later_reply.clone(), got.iter().cloned());
            }
            true => {
                let end = item.reply.end;
                let mark = std::iter::once(mark.to_string());
                all.splice(end..end, mark.chain(got.iter().cloned()));
            }
            false => {
                all.splice(item.reply.clone(), got.iter().cloned());
            }
        }
        all
    }

    /// Checks the effects of a command; answers the `~` lines with the real ones if they differ.
    fn effects(&mut self, item: &Item, send: &Send, args: &[Vec<u8>]) -> io::Result<Lines> {
        if script::is_raw(&send.on) {
            sleep(SILENCE);
        }
        let Some(mut got) = self.server.new_effects()? else {
            self.outcome.unchecked_effects += usize::from(!send.effects.early.is_empty());
            return Ok(None);
        };
        // What another connection does in consequence may come a moment after this one's reply.
        let expected = send.effects.of(self.target.is_later());
        let wanted = if expected == ["(none)"] { 0 } else { expected.len() };
        let deadline = Instant::now() + SILENCE;
        while got.len() < wanted && Instant::now() < deadline {
            sleep(Duration::from_millis(1));
            got.extend(self.server.new_effects()?.unwrap_or_default());
        }
        // Cacheflow writes the same journal whomever it is like, unless it has done something else.
        let either = self.target == Target::Cacheflow8;
        if self.has_effects(expected, &got, args)?
            || either && self.has_effects(&send.effects.early, &got, args)?
        {
            return Ok(None);
        }
        let mark = |line: &String| format!("~ {line}");
        let got = if got.is_empty() { vec!["(none)".to_string()] } else { got };
        let got: Vec<String> = got.iter().map(|line| mark(&with_relative_times(line))).collect();
        self.fail(item, &expected.iter().map(mark).collect::<Vec<_>>(), &got);
        Ok(Some(match self.adds() {
            true => {
                let early = send.effects.early.iter().map(mark);
                early.chain([format!("~ {}", script::IN_LATER)]).chain(got).collect()
            }
            false => {
                let late = send.effects.late.iter().flatten().map(mark);
                let mark = send.effects.late.iter().map(|_| format!("~ {}", script::IN_LATER));
                got.into_iter().chain(mark).chain(late).collect()
            }
        }))
    }

    /// Are these the effects that are expected? None are, if that is said, or by the general rule.
    fn has_effects(
        &mut self,
        expected: &[String],
        got: &[String],
        args: &[Vec<u8>],
    ) -> io::Result<bool> {
        Ok(match expected {
            [] => got.is_empty() || got == [format::command(args)],
            [none] if none == "(none)" => got.is_empty(),
            expected => self.meets(expected, got, false)?,
        })
    }

    /// The next value on a connection, or what took its place, as a script would show it.
    fn reply(&mut self, on: &str, expected: &[String]) -> io::Result<Vec<String>> {
        let silence = ["(no reply)", "(blocked)"];
        let expects_none = expected.first().is_some_and(|line| silence.contains(&line.as_str()));
        let patience = match (expects_none, self.recording) {
            (true, _) => SILENCE,
            (false, true) if expected.is_empty() => 12 * SILENCE,
            (false, true) => LATE,
            (false, false) => LATE,
        };
        Ok(match self.client(on)?.read(patience)? {
            Output::Value(value) => format::lines(&value),
            Output::Nothing if expects_none => expected.to_vec(),
            Output::Nothing => {
                self.stalled = true;
                vec![silence[0].to_string()]
            }
            Output::Closed => {
                self.clients.remove(on);
                vec!["(closed)".into()]
            }
        })
    }

    /// Checks a `name: output` item.
    fn output(&mut self, item: &Item, on: &str, expected: &[String]) -> io::Result<Lines> {
        let got = self.reply(on, expected)?;
        if self.meets(expected, &got, false)? {
            return Ok(None);
        }
        self.fail(item, expected, &got);
        Ok(Some(self.with_output(item, on, &got)))
    }

    /// The lines of a `name: output` item with another output.
    fn with_output(&self, item: &Item, on: &str, got: &[String]) -> Vec<String> {
        let indent = " ".repeat(on.len() + 2);
        match self.adds() {
            true => {
                let got: Vec<String> = got.iter().map(|line| format!("{indent}{line}")).collect();
                self.with_reply(item, &got, &format!("{indent}{}", script::IN_LATER))
            }
            false => self.with_reply(item, &later_lines(on, got), ""),
        }
    }

    /// Checks a `raw: "bytes"` item: waits until the bytes are all there, or can't be any more.
    fn raw_output(&mut self, item: &Item, on: &str, expected: &[String]) -> io::Result<Lines> {
        let patience = match expected[0].as_str() {
            "(blocked)" | "(no reply)" => SILENCE,
            _ if self.recording => 8 * SILENCE,
            _ => LATE,
        };
        let mut deadline = Instant::now() + patience;
        loop {
            let client = self.client(on)?;
            if !client.raw().is_empty() {
                // Once there is something, the rest of it is not far.
                deadline = deadline.min(Instant::now() + 8 * SILENCE);
            }
            let got = match (client.raw(), client.is_closed()) {
                (b"", true) => "(closed)".to_string(),
                (b"", false) => "(blocked)".to_string(),
                (bytes, _) => format::quote(bytes),
            };
            // Silence is only proven when its time is over.
            let early = got == "(blocked)" && Instant::now() < deadline;
            let got = [got];
            if !early && self.meets(expected, &got, false)? {
                self.forget_raw(on)?;
                return Ok(None);
            }
            let client = self.client(on)?;
            if client.is_closed() || !client.fill(deadline)? && Instant::now() >= deadline {
                if early {
                    continue;
                }
                self.fail(item, expected, &got);
                self.forget_raw(on)?;
                return Ok(Some(self.with_output(item, on, &got)));
            }
        }
    }

    /// Takes the raw bytes as read; a connection that had none to the end is done with.
    fn forget_raw(&mut self, on: &str) -> io::Result<()> {
        let client = self.client(on)?;
        if client.raw().is_empty() && client.is_closed() {
            self.clients.remove(on);
        } else {
            client.clear_raw();
        }
        Ok(())
    }

    /// While recording: output that no line of the script has asked for.
    fn surprises(&mut self) -> io::Result<Vec<String>> {
        let mut lines = Vec::new();
        for on in self.clients.keys().cloned().collect::<Vec<_>>() {
            if script::is_raw(&on) {
                let client = self.client(&on)?;
                while !client.is_closed() && client.fill(Instant::now() + 3 * SILENCE)? {}
                if !client.raw().is_empty() {
                    lines.push(format!("{on}: {}", format::quote(client.raw())));
                    client.clear_raw();
                }
                if client.is_closed() {
                    lines.push(format!("{on}: (closed)"));
                    self.clients.remove(&on);
                }
                continue;
            }
            while let Some(client) = self.clients.get_mut(&on) {
                match client.read(SURPRISE)? {
                    Output::Value(value) => lines.extend(later_lines(&on, &format::lines(&value))),
                    Output::Nothing => break,
                    Output::Closed => {
                        self.clients.remove(&on);
                        lines.push(format!("{on}: (closed)"));
                    }
                }
            }
        }
        Ok(lines)
    }

    /// At the end: whatever is still unread was expected by nobody.
    fn leftovers(&mut self) {
        let mut found = Vec::new();
        for (on, client) in &mut self.clients {
            let _ = client.fill(Instant::now());
            if !client.raw().is_empty() {
                found.push(format!("{on}: (unread output) {}", format::quote(client.raw())));
            }
            if client.is_closed() {
                found.push(format!("{on}: (closed)"));
            }
        }
        if let (Some(last), false) = (self.script.items.last(), found.is_empty()) {
            self.fail(last, &[], &found);
        }
    }

    /// The connection of this name; opens it first if need be.
    fn client(&mut self, on: &str) -> io::Result<&mut Client> {
        if !self.clients.contains_key(on) {
            let mut client = self.server.connect()?;
            let mention = format!("<id {on}>");
            let mentions = |item: &Item| item.source.iter().any(|line| line.contains(&mention));
            if self.script.items.iter().any(mentions) {
                let id = client.call(&["CLIENT", "ID"], PATIENCE)?;
                let id = format::lines(&id)[0].replace("(integer) ", "");
                self.ids.insert(on.into(), id);
            }
            self.clients.insert(on.into(), client);
        }
        self.clients.get_mut(on).ok_or_else(|| ErrorKind::NotConnected.into())
    }

    /// Replaces what only the runner knows. Times stand for themselves in a command, and for a
    /// span of time in an expectation, which matcher.rs knows better.
    fn expand(&mut self, text: &str, in_command: bool) -> io::Result<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('<') {
            out.push_str(&rest[..open]);
            rest = &rest[open..];
            let close = rest.find('>').map_or(rest.len(), |i| i + 1);
            let words: Vec<&str> = rest[1..close.saturating_sub(1).max(1)].split(' ').collect();
            let value = match words[..] {
                ["id", on] => {
                    self.client(on)?;
                    self.ids.get(on).cloned()
                }
                ["addr", on] => Some(self.client(on)?.local_address()?.to_string()),
                ["ms", time] if in_command => {
                    now_offset_ms(time).map(|o| (now_ms() + o).to_string())
                }
                ["s", time] if in_command => {
                    now_offset_ms(time).map(|o| ((now_ms() + o) / 1000).to_string())
                }
                ["repeat", what, count] => count.parse().ok().map(|n| what.repeat(n)),
                _ => None,
            };
            let taken = if value.is_some() { close } else { 1 };
            out.push_str(value.as_deref().unwrap_or(&rest[..1]));
            rest = &rest[taken..];
        }
        Ok(out + rest)
    }

    fn meets(&mut self, expected: &[String], got: &[String], unordered: bool) -> io::Result<bool> {
        let expected: io::Result<Vec<String>> =
            expected.iter().map(|line| self.expand(line, false)).collect();
        let clock = Clock { from_ms: self.started_ms, to_ms: now_ms() };
        let compare = if unordered { matches_unordered } else { matches };
        Ok(compare(&expected?, got, clock))
    }

    fn keep(&mut self, lines: &[String]) {
        for line in lines {
            self.outcome.recorded.push_str(line);
            self.outcome.recorded.push('\n');
        }
    }

    fn fail(&mut self, item: &Item, expected: &[String], got: &[String]) {
        let indented = |lines: &[String]| lines.join("\n            ");
        self.outcome.failures.push(format!(
            "{}:{}: {}\n  expected: {}\n  got:      {}",
            self.script.path,
            item.line,
            item.source[0],
            indented(expected),
            indented(got)
        ));
    }
}

/// An effect to be recorded: a Unix time in it becomes a matcher, if it is a round span from now.
fn with_relative_times(effect: &str) -> String {
    let now = now_ms();
    let relative = |word: &str| {
        let offset = word.parse::<i64>().ok()? - now;
        // The command ran a few milliseconds ago; the span it meant was rounder than what is left.
        let grain = if offset < 1000 { 10 } else { 100 };
        let rounded = (offset + grain - 1).div_euclid(grain) * grain;
        let plausible = word.len() == 13 && rounded - offset <= 20 && rounded >= 0;
        plausible.then(|| match rounded % 1000 {
            _ if rounded == 0 => "<ms now>".to_string(),
            0 => format!("<ms now+{}s>", rounded / 1000),
            _ => format!("<ms now+{rounded}ms>"),
        })
    };
    let word = |word: &str| relative(word).unwrap_or_else(|| word.to_string());
    effect.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Output as `name: first line`, the others indented to stand under it.
fn later_lines(on: &str, lines: &[String]) -> Vec<String> {
    let indent = on.len() + 2;
    let line = |(i, line): (usize, &String)| match i {
        0 => format!("{on}: {line}"),
        _ => format!("{:indent$}{line}", ""),
    };
    lines.iter().enumerate().map(line).collect()
}
