//! What is looked at before a command is executed, and again after it: the difference is what it has done.

use super::journey;
use super::places::place;
use super::show::quoted;
use crate::catalogue::find_keys::find_keys;
use crate::catalogue::spec::Flags;
use crate::catalogue::{Command, Row};
use crate::command::context::Context;
use crate::command::server::memory::size_of_entry;
use crate::config::EventClasses;
use crate::engine::role::Replication;
use crate::engine::{ClientKey, Engine, blocking, pubsub, tracking, watch};
use crate::journal::Journal;
use crate::journal::copy::{Copied, requests};
use crate::journal::group_commit::Aof;
use crate::resp::Args;
use crate::store::hashing::hash;
use crate::store::keyspace::Keyspace;

/// So many keys are shown; of a request with a million, these will do.
const SHOWN_KEYS: usize = 16;
/// Elements of a large collection that are looked at to know its size.
const SAMPLES: usize = 5;

/// The server before the command.
pub struct Before {
    db: usize,
    /// The handler's time in all of its calls.
    total_ns: u64,
    /// The first keys of the request.
    keys: Vec<Vec<u8>>,
    more_keys: usize,
    states: Vec<KeyState>,
    /// Watchers that have to be afraid of EXEC.
    broken: usize,
    blocked: usize,
    offset: u64,
    unit: Unit,
}

/// What becomes of what a command leaves in the journal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// It is copied, to be shown.
    Copied,
    /// It belongs to the command that has called this one, which shows it.
    Callers,
    /// A command of administration may have to do with the journal itself: it is left alone.
    LeftAlone,
}

/// What there is under a key.
#[derive(Default, PartialEq, Eq)]
struct KeyState {
    /// Type and encoding.
    value: Option<(&'static str, &'static str)>,
    /// When it expires.
    deadline_ms: Option<i64>,
    bytes: usize,
}

impl Before {
    /// Looks at the server before `request` is executed. The journal is copied from now on.
    pub fn look(ctx: &mut Context<'_>, row: &Row, flags: Flags, request: Args<'_>) -> Self {
        let found = find_keys(row, request);
        let keys: Vec<Vec<u8>> =
            found.iter().take(SHOWN_KEYS).map(|key| request.at(key.index).to_vec()).collect();
        let db = ctx.engine.clients.get(ctx.client).db;
        let states = keys.iter().map(|key| KeyState::of(ctx.engine, db, key)).collect();
        let unit = match ctx.command {
            Command::Explain if flags.any(Flags::ADMIN) => Unit::LeftAlone,
            Command::Explain => Unit::Copied,
            _ => Unit::Callers,
        };
        if unit == Unit::Copied {
            ctx.engine.journal.begin_copy();
        }
        let engine = &mut *ctx.engine;
        Before {
            db,
            total_ns: engine.stats.command(row.command).time_ns,
            more_keys: found.len() - keys.len(),
            keys,
            states,
            broken: broken(engine, ctx.client),
            blocked: engine.blocking.clients(),
            offset: engine.replication.offset(),
            unit,
        }
    }

    /// How long the handler took.
    pub fn handler_ns(&self, ctx: &mut Context<'_>, row: &Row) -> u64 {
        // CONFIG RESETSTAT begins to count anew.
        ctx.engine.stats.command(row.command).time_ns.saturating_sub(self.total_ns)
    }

    /// Tells what is otherwise now.
    pub fn compare(&self, ctx: &mut Context<'_>, events: &[String], invalidations: usize) {
        self.tell_keys(ctx);
        if self.unit == Unit::Copied {
            let copied = ctx.engine.journal.end_copy();
            self.tell_journal(ctx, &copied);
            self.tell_readers(ctx, &copied);
        }
        let broken = broken(ctx.engine, ctx.client).saturating_sub(self.broken);
        count(ctx, "watchers", broken, "transactions of others broken", place(&watch::key_changed));
        let at = place(&tracking::key_changed);
        count(ctx, "tracking", invalidations, "messages to clients that cache keys", at);
        let woken = self.blocked.saturating_sub(ctx.engine.blocking.clients());
        count(ctx, "blocked", woken, "waiting clients served", place(&blocking::answer));
        let text = match events {
            [] if ctx.engine.config.notify_keyspace_events == EventClasses::default() => {
                "none published: notify-keyspace-events is empty".to_owned()
            }
            [] => "none published".to_owned(),
            events => format!("published: {}", events.join(", ")),
        };
        let step = journey(ctx).add("events", text, place(&pubsub::publish_event));
        step.list("published", events.to_vec());
    }

    fn tell_keys(&self, ctx: &mut Context<'_>) {
        for (key, before) in self.keys.iter().zip(&self.states) {
            let after = KeyState::of(ctx.engine, self.db, key);
            let (table, tables) = ctx.engine.databases[self.db].sub_table(key);
            let now_ms = ctx.engine.unix_ms(); // later than EXPLAIN began
            let change = match before == &after {
                true => format!("is {}", after.describe(now_ms)),
                false => format!("was {}; is {}", before.describe(now_ms), after.describe(now_ms)),
            };
            let hash = hash(key);
            let text = format!(
                "{} hash {hash:016x}, sub-table {table} of {tables}: {change}",
                quoted(key)
            );
            // A method of a keyspace, whose place is that of the look-up.
            let step = journey(ctx).add("key", text, place(&Keyspace::find));
            step.text("name", quoted(key)).text("hash", format!("{hash:016x}"));
            step.number("sub_table", table as u64).number("sub_tables", tables as u64);
            for (state, names) in [
                (
                    before,
                    [
                        "found",
                        "type_before",
                        "encoding_before",
                        "expires_ms_before",
                        "bytes_before",
                    ],
                ),
                (&after, ["there", "type", "encoding", "expires_ms", "bytes"]),
            ] {
                step.flag(names[0], state.value.is_some());
                if let Some((type_name, encoding)) = state.value {
                    step.text(names[1], type_name).text(names[2], encoding);
                }
                if let Some(at) = state.deadline_ms {
                    step.number(names[3], at as u64);
                }
                step.number(names[4], state.bytes as u64);
            }
        }
        if self.more_keys > 0 {
            let text = format!("and {} more", self.more_keys);
            journey(ctx).add("key", text, place(&find_keys)).number("more", self.more_keys as u64);
        }
    }

    fn tell_journal(&self, ctx: &mut Context<'_>, copied: &Copied) {
        let units = if copied.replicas.is_empty() { &copied.file } else { &copied.replicas };
        let effects: Vec<String> = requests(units)
            .iter()
            .map(|request| {
                let words: Vec<String> = request.args().iter().map(word).collect();
                words.join(" ")
            })
            .collect();
        let text = match (effects.is_empty(), ctx.engine.journal.is_needed()) {
            (true, _) => "nothing: it has no effect on other copies of the data".to_owned(),
            (false, true) => effects.join("; "),
            (false, false) => format!("nobody reads it; it would be: {}", effects.join("; ")),
        };
        let is_read = ctx.engine.journal.is_needed();
        let step = journey(ctx).add("journal", text, place(&Journal::flush));
        step.list("effects", effects).flag("is_read", is_read);
    }

    fn tell_readers(&self, ctx: &mut Context<'_>, copied: &Copied) {
        let offset = ctx.engine.replication.offset();
        let text = match ctx.engine.journal.replication.is_some() {
            true => format!("offset {} before, {offset} after", self.offset),
            false => "none has ever connected".to_owned(),
        };
        let step = journey(ctx).add("replicas", text, place(&Replication::offset));
        step.number("offset_before", self.offset).number("offset", offset);
        let is_on = ctx.engine.journal.aof.is_some();
        let (text, bytes) = match (is_on, copied.file.len()) {
            (true, bytes) => (format!("{bytes} bytes, written before this reply leaves"), bytes),
            (false, _) => ("appendonly is off".to_owned(), 0),
        };
        let step = journey(ctx).add("file", text, place(&Aof::commit));
        step.flag("is_on", is_on).number("bytes", bytes as u64);
    }
}

impl KeyState {
    fn of(engine: &Engine, db: usize, key: &[u8]) -> KeyState {
        let keyspace = &engine.databases[db];
        let Ok(slot) = keyspace.find(key) else { return KeyState::default() };
        let entry = keyspace.entry(slot);
        KeyState {
            value: Some((entry.value.type_name(), entry.value.encoding())),
            deadline_ms: keyspace.deadline(slot),
            bytes: size_of_entry(entry, SAMPLES),
        }
    }

    fn describe(&self, now_ms: i64) -> String {
        let Some((type_name, encoding)) = self.value else { return "not there".to_owned() };
        let lifetime = match self.deadline_ms {
            Some(at) if at < now_ms => "its time is over".to_owned(),
            Some(at) => format!("expires in {} ms", at - now_ms),
            None => "without a time to live".to_owned(),
        };
        format!("{type_name} ({encoding}), {} bytes, {lifetime}", self.bytes)
    }
}

/// Clients whose transaction a change has broken, but for the one that has made it.
fn broken(engine: &Engine, by: ClientKey) -> usize {
    let connections = engine.clients.connections().into_iter().filter(|client| *client != by);
    connections.filter(|client| engine.clients.get(*client).watches.broken).count()
}

fn count(ctx: &mut Context<'_>, kind: &'static str, count: usize, what: &str, place: &'static str) {
    let step = journey(ctx).add(kind, format!("{count} {what}"), place);
    step.number("count", count as u64);
}

/// A word of an effect: quoted only if it has to be.
fn word(word: &[u8]) -> String {
    match std::str::from_utf8(word) {
        Ok(plain) if !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_graphic()) => {
            plain.to_owned()
        }
        _ => quoted(word),
    }
}
