//! A restart: the history that the data on disk belongs to.
//!
//! ```text
//! snapshot file:  REDIS0010  repl-stream-db 0  repl-id <40 characters>  repl-offset 1234  keys ...
//!
//! started again as a replica   id = repl-id, offset 1234: PSYNC <repl-id> 1235, the rest follows
//! started again as a master    a new id; second id = repl-id, valid to 1234: replicas that have
//!                              everything go on, under the new id
//! ```
//!
//! A snapshot is the data at one offset of one history, so the file says which: then a restart costs
//! what was missed, and not everything. It doesn't matter how old the file is. Who asks with an old
//! offset gets more; a master answers under its former id only up to where the file ends, since what
//! it had written after that is lost, and whoever has that must begin anew.
//!
//! A master leaves expired keys out when it loads, while its replicas still have them: the removals
//! are the first thing in the new stream.
//!
//! Left out on purpose, as in Redis: the append-only file. It says what the data is, not which bytes
//! of whose stream it came from.

use super::load::{HISTORY, LoadedData};
use crate::engine::Engine;
use crate::engine::role::{self, is_id, parse_offset};
use crate::journal::Effect;
use crate::resp::Request;

const OFFSET: &str = "repl-offset";
const DB: &str = "repl-stream-db";

/// What a file says about where its data stands.
#[derive(Debug)]
pub struct History {
    id: String,
    offset: u64,
    /// The database that the stream has selected there.
    db: usize,
    /// Keys that had expired, and were left out.
    expired: Vec<(usize, Vec<u8>)>,
}

/// The facts that belong into a snapshot of this moment: none while changes are not counted.
pub fn facts(engine: &Engine) -> Vec<(&'static str, String)> {
    let replication = &engine.replication;
    if !replication.active {
        return Vec::new();
    }
    let selected = engine.journal.selected().unwrap_or(0);
    let db = replication.master.as_ref().map_or(selected, |master| master.db);
    vec![
        (DB, db.to_string()),
        (HISTORY, replication.id.clone()),
        (OFFSET, replication.offset().to_string()),
    ]
}

/// The database that the stream has selected behind a snapshot.
pub fn stream_db(data: &LoadedData) -> usize {
    text(data, DB)
        .and_then(|text| text.parse().ok())
        .filter(|db| *db < data.databases.len())
        .unwrap_or(0)
}

impl History {
    /// What a file says, if it says something that makes sense.
    pub fn of(data: &mut LoadedData) -> Option<History> {
        let id = text(data, HISTORY).filter(|id| is_id(id))?.to_owned();
        let offset = parse_offset(text(data, OFFSET)?)?;
        Some(History { id, offset, db: stream_db(data), expired: std::mem::take(&mut data.gone) })
    }

    /// The server has just loaded the file, and goes on with its history.
    pub fn resume(self, engine: &mut Engine) {
        crate::notice!("The data stands at {}:{}", self.id, self.offset);
        let replication = &mut engine.replication;
        replication.backlog.restart(self.offset);
        replication.active = true;
        if let Some(master) = &mut replication.master {
            (replication.id, master.db) = (self.id, self.db);
            return;
        }
        (replication.second_id, replication.second_end) = (self.id, Some(self.offset));
        replication.alone_since = engine.clock.tick();
        role::connect_journal(engine);
        for (db, key) in self.expired {
            engine.journal.add(Effect { db, request: Request::new([&b"DEL"[..], &key]) });
            engine.end_of_unit();
        }
    }
}

fn text<'d>(data: &'d LoadedData, fact: &str) -> Option<&'d str> {
    data.fact(fact).and_then(|text| std::str::from_utf8(text).ok())
}
