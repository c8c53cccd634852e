//! Connections, and what the thread of each does.

use std::time::Duration;

use serde_json::{Value, json};

use super::Visits;
use crate::catalogue::row;
use crate::command::connection::client_list::ClientType;
use crate::engine::Engine;
use crate::engine::client::Client;
use crate::system::tasks::{Doing, Task};

/// Connections that are shown.
const MOST_SHOWN: usize = 128;
/// Places that are looked through under one taking of the lock, and connections that are described.
const AT_ONCE: usize = 256;
const DESCRIBED_AT_ONCE: usize = 32;

/// A connection that is shown.
pub struct Person {
    /// The client's id.
    pub id: u64,
    task: Option<Task>,
    is_blocked: bool,
    shown: Value,
}

/// Reads how many there are, how many wait, who was busy last, and the bytes that all of them take.
pub(super) fn read(
    visits: &mut Visits<'_>,
    file_is_busy: bool,
) -> ((usize, usize), Vec<Person>, usize) {
    let mut briefs = Vec::new();
    let mut start = 0;
    loop {
        let (found, places) =
            visits.visit(move |engine| (brief(engine, start), engine.clients.places()));
        briefs.extend(found);
        start += AT_ONCE;
        if start >= places {
            break;
        }
    }
    let bytes = briefs.iter().map(|brief| brief.bytes).sum();
    let counts = (briefs.len(), briefs.iter().filter(|brief| brief.is_blocked).count());
    briefs.sort_by_key(|brief| brief.idle);
    briefs.truncate(MOST_SHOWN);
    briefs.sort_by_key(|brief| brief.id);
    let mut people = Vec::new();
    for some in briefs.chunks(DESCRIBED_AT_ONCE) {
        let ids: Vec<u64> = some.iter().map(|brief| brief.id).collect();
        people.extend(visits.visit(move |engine| {
            let clients = ids.iter().filter_map(|id| engine.clients.by_id(*id));
            clients.map(|key| describe(engine.clients.get(key))).collect::<Vec<_>>()
        }));
    }
    for person in &mut people {
        person.shown["state"] = state(person, file_is_busy).into();
    }
    (counts, people, bytes)
}

impl Person {
    /// For somebody who is client `you`, if any.
    pub fn json(&self, you: Option<u64>) -> Value {
        let mut shown = self.shown.clone();
        shown["is_you"] = (you == Some(self.id)).into();
        shown
    }
}

struct Brief {
    id: u64,
    idle: Duration,
    bytes: usize,
    is_blocked: bool,
}

fn brief(engine: &Engine, start: usize) -> Vec<Brief> {
    let clients = engine.clients.in_places(start, AT_ONCE);
    let connections = clients.filter(|client| client.stream.is_some() && !client.is_gone);
    let brief = connections.map(|client| Brief {
        id: client.id,
        idle: client.activity.idle(),
        bytes: client.memory(),
        is_blocked: client.wait.is_some(),
    });
    brief.collect()
}

fn describe(client: &Client) -> Person {
    let kind = match ClientType::of(client) {
        _ if client.monitors => "monitor",
        ClientType::Normal => "normal",
        ClientType::Master => "master",
        ClientType::Replica => "replica",
        ClientType::Pubsub => "pubsub",
    };
    let address = client.peer.as_ref().map_or_else(String::new, |peer| peer.to_string());
    let shown = json!({
        "id": client.id,
        "address": address,
        "name": String::from_utf8_lossy(&client.name),
        "user": String::from_utf8_lossy(&client.user),
        "db": client.db,
        "command": client.last_command.map(|command| row(command).name),
        "kind": kind,
        "age_s": client.age().as_secs(),
        "idle_s": client.activity.idle().as_secs(),
        "commands": client.traffic.commands,
        "received": client.traffic.received,
        "sent": client.traffic.sent,
        "in_multi": client.transaction.is_some(),
    });
    Person { id: client.id, task: client.task, is_blocked: client.wait.is_some(), shown }
}

/// What the system tells of a thread, in our words. A thread that waits for another waits for the lock, or for the one that writes the file.
fn state(person: &Person, file_is_busy: bool) -> &'static str {
    if person.is_blocked {
        return "blocked";
    }
    match person.task.map_or(Doing::Unknown, Task::doing) {
        Doing::Running => "running",
        Doing::Waiting if file_is_busy => "syncing",
        Doing::Waiting => "lock",
        Doing::Sending => "sending",
        Doing::Syncing => "syncing",
        Doing::Asleep => "asleep",
        Doing::Unknown => "unknown",
    }
}
