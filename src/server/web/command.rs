//! `POST /api/command`: a command as somebody has typed it, with its journey.

use std::io::{self, ErrorKind};

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::http::{Refusal, refuse};
use super::sessions::Connection;
use super::terminal::print;
use crate::command::permission::might_run;
use crate::command::server::explain::unescape;
use crate::engine::Engine;
use crate::resp::Request;
use crate::resp::inline::words;
use crate::server::Shared;
use crate::server::reply::Reply;
use crate::system::clock::machine_now;

/// The words of a command: a list, or a line that is split here.
pub fn args(body: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let list = body["args"].as_array().and_then(|args| {
        args.iter().map(|arg| Some(arg.as_str()?.as_bytes().to_vec())).collect::<Option<Vec<_>>>()
    });
    let args = match (list, body["line"].as_str()) {
        (Some(args), _) => args,
        (None, Some(line)) => match words(line.as_bytes()) {
            Ok(words) => words,
            Err(_) => return refuse(400, "Invalid argument(s)"), // as redis-cli has it
        },
        (None, None) => return refuse(400, r#"send {"line": "..."} or {"args": ["...", ...]}"#),
    };
    if args.is_empty() { refuse(400, "there is no command") } else { Ok(args) }
}

/// How a command is executed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By EXPLAIN.
    Explained,
    /// As it is: EXPLAIN can't show it, or isn't for this user.
    Plain,
}

/// Executes a command. Returns the answer's text.
pub fn execute(
    shared: &Shared,
    connection: &mut Connection,
    args: Vec<Vec<u8>>,
) -> Result<String, Refusal> {
    let begun = machine_now();
    let way = way(shared, connection.client, &args);
    let explain = [&b"EXPLAIN"[..], b"JSON"].into_iter().filter(|_| way == Way::Explained);
    let request: Vec<&[u8]> = explain.chain(args.iter().map(Vec::as_slice)).collect();
    let reply = connection.call(request.into_iter()).map_err(|error| ended(&error))?;
    let (reply, journey) = match &reply {
        Reply::Bulk(text) if way == Way::Explained => {
            unpack(text).map_err(|error| ended(&error))?
        }
        _ => (reply, None),
    };
    let took_us = begun.elapsed().as_micros() as u64;
    let id = connection.client;
    let state = shared.engine.visit(move |engine| {
        let client = engine.clients.get(engine.clients.by_id(id)?);
        Some(json!({
            "db": client.db,
            "in_multi": client.transaction.is_some(),
            "user": String::from_utf8_lossy(&client.user),
        }))
    });
    let Some(state) = state else { return refuse(410, ENDED) };
    let answer = Answer {
        reply: print(&reply, is_plain(&args)),
        is_error: reply.error().is_some(),
        took_us,
        state,
        journey,
    };
    Ok(answer.text())
}

/// What the page gets.
struct Answer {
    reply: String,
    is_error: bool,
    took_us: u64,
    state: Value,
    /// As EXPLAIN has written it.
    journey: Option<Box<RawValue>>,
}

impl Answer {
    fn text(self) -> String {
        let Answer { reply, is_error, took_us, mut state, journey } = self;
        state["reply"] = reply.into();
        state["is_error"] = is_error.into();
        state["took_us"] = took_us.into();
        let state = state.to_string();
        let journey = journey.as_deref().map_or("null", RawValue::get);
        format!("{},\"journey\":{journey}}}", state.trim_end_matches('}'))
    }
}

const ENDED: &str = "the connection was ended; the next command begins another";

/// Why there is no reply.
fn ended(error: &io::Error) -> Refusal {
    let (status, reason) = match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => (
            504,
            "no reply in ten seconds: is the server paused, or busy with a script?".to_owned(),
        ),
        ErrorKind::InvalidData => (504, format!("the reply can't be shown: {error}")),
        _ => (410, ENDED.to_owned()),
    };
    Refusal { status, reason }
}

/// SAVE and SHUTDOWN can't be explained, since they can't stand in a transaction, but they have one reply like others. A journey of EXPLAIN
/// itself there is none: who types it wants to read its lines.
fn way(shared: &Shared, client: u64, args: &[Vec<u8>]) -> Way {
    let request = Request::new(args.iter().map(Vec::as_slice));
    let explain = Request::new([&b"EXPLAIN"[..], b"PING"]);
    shared.engine.visit(move |engine: &mut Engine| {
        let names = &engine.config.command_names;
        let name = names.lookup(request.args()).map_or("", |row| row.name);
        let user = engine.clients.by_id(client).map(|key| &engine.clients.get(key).user);
        let is_allowed = user.is_some_and(|user| might_run(engine, user, explain.args()));
        match ["save", "shutdown", "explain"].contains(&name) || !is_allowed {
            true => Way::Plain,
            false => Way::Explained,
        }
    })
}

/// Takes a command's own reply out of what EXPLAIN has replied.
fn unpack(text: &[u8]) -> io::Result<(Reply, Option<Box<RawValue>>)> {
    let journey: Box<RawValue> = serde_json::from_slice(text)?;
    let value: Value = serde_json::from_str(journey.get())?;
    let reply = unescape(value["reply"].as_str().unwrap_or_default().as_bytes());
    // CLIENT REPLY OFF leaves none.
    let reply =
        if reply.is_empty() { Reply::Null } else { Reply::read(&mut &reply[..], usize::MAX)? };
    Ok((reply, Some(journey)))
}

/// Commands that reply a text for people, which redis-cli prints as it is.
fn is_plain(args: &[Vec<u8>]) -> bool {
    const PLAIN: [&str; 11] = [
        "INFO",
        "LOLWUT",
        "CLIENT LIST",
        "CLIENT INFO",
        "CLUSTER NODES",
        "CLUSTER INFO",
        "LATENCY DOCTOR",
        "LATENCY GRAPH",
        "MEMORY DOCTOR",
        "MEMORY MALLOC-STATS",
        "DEBUG HTSTATS",
    ];
    let word = |index: usize| {
        let word = args.get(index).map(|word| String::from_utf8_lossy(word).to_ascii_uppercase());
        word.unwrap_or_default()
    };
    let both = format!("{} {}", word(0), word(1));
    PLAIN.contains(&word(0).as_str()) || PLAIN.contains(&both.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_a_line_or_a_list() {
        let words = |text: &str| args(text.as_bytes()).map_err(|refusal| refusal.status);
        let set = || Ok(vec![b"SET".to_vec(), b"a b".to_vec(), b"\xff".to_vec()]);
        assert_eq!(words(r#"{"line": "SET 'a b' \"\\xff\""}"#), set());
        assert_eq!(words(r#"{"args": ["a", ""]}"#), Ok(vec![b"a".to_vec(), Vec::new()]));
        for bad in ["", "[]", r#"{"line": "'"}"#, r#"{"line": " "}"#, r#"{"args": [1]}"#] {
            assert_eq!(words(bad), Err(400), "{bad}");
        }
    }
}
