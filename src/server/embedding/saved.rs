//! All data as it is at one moment, to go back to: between two tests, in microseconds.
//!
//! A copy of a keyspace copies entries, not what is large in them: that is behind counted pointers, and whoever
//! changes one later gets a chunk of his own (`store/value.rs`).
//!
//! | who                                | learns of a restore                                      |
//! |------------------------------------|----------------------------------------------------------|
//! | a client that watches a key        | EXEC fails, if the key was there or is there now         |
//! | a client that tracks               | is told to forget everything, as by FLUSHALL             |
//! | a client that waits for a key      | is served, if it is there now                            |
//! | subscribers of keyspace events     | nothing, as by FLUSHALL                                  |
//! | replicas, the append-only file     | there must be none: what they hold can't be taken back   |
//!
//! Left out on purpose: users, configuration, cached scripts, statistics, and what connections have asked for. A test that
//! changes those had better start a server of its own, which takes less than a millisecond.

use std::fmt;

use crate::engine::Engine;
use crate::engine::append_only::AofState;
use crate::engine::tracking;
use crate::server::Server;
use crate::store::Keyspace;

/// All data of a server at one moment: its databases, and its libraries of functions. See [`Server::snapshot`].
#[derive(Debug)]
pub struct Snapshot {
    databases: Vec<Keyspace>,
    libraries: Vec<Vec<u8>>,
}

/// Why a server can't go back to a [`Snapshot`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreError {
    /// It has replicas, or is one.
    Replicated,
    /// It writes an append-only file.
    AppendOnly,
    /// It is a node of a cluster.
    Clustered,
    /// It has another number of databases than the server that the snapshot was made of.
    Databases,
    /// A library of functions can't be loaded, for this reason.
    Library(String),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RestoreError::Replicated => "a server with replicas, or a replica, can't go back",
            RestoreError::AppendOnly => "a server with an append-only file can't go back",
            RestoreError::Clustered => "a node of a cluster can't go back",
            RestoreError::Databases => "the snapshot has another number of databases",
            RestoreError::Library(reason) => reason,
        })
    }
}

impl std::error::Error for RestoreError {}

impl Server {
    /// Keeps all data as it is now: databases with their times to live, and libraries of functions.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().command(["SET", "k", "v"]).start()?;
    /// let clean = server.snapshot();
    /// server.db(0).set("k", "changed by a test");
    /// server.restore(&clean)?;
    /// assert_eq!(server.db(0).get("k").as_deref(), Some(&b"v"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        let engine = self.shared.engine.lock_in_turn();
        let databases = engine.databases.iter().map(Keyspace::duplicate).collect();
        Snapshot { databases, libraries: engine.scripting.sources() }
    }

    /// Puts the data of a snapshot, which may be another server's, in the place of all data. Users, configuration, cached
    /// scripts, statistics and connections stay as they are.
    ///
    /// Who watches or tracks keys, or waits for one, learns of it as of FLUSHALL and of the keys that are there then. It is
    /// refused where the change couldn't be told: with replicas, an append-only file, or in a cluster.
    ///
    /// ```
    /// let builder = cacheflow::Server::builder().no_listener();
    /// let full = builder.clone().command(["RPUSH", "l", "a"]).start()?;
    /// let other = builder.start()?;
    /// other.restore(&full.snapshot())?;
    /// assert_eq!(other.db(0).lrange("l", 0, -1), [b"a"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn restore(&self, snapshot: &Snapshot) -> Result<(), RestoreError> {
        self.log.inherited(|| restore(&mut self.shared.engine.lock_in_turn(), snapshot))()
    }
}

fn restore(engine: &mut Engine, snapshot: &Snapshot) -> Result<(), RestoreError> {
    let replication = &engine.replication;
    if engine.cluster.is_some() {
        return Err(RestoreError::Clustered);
    }
    if replication.master.is_some() || !replication.replicas.is_empty() {
        return Err(RestoreError::Replicated);
    }
    if engine.aof.state != AofState::Off {
        return Err(RestoreError::AppendOnly);
    }
    if engine.databases.len() != snapshot.databases.len() {
        return Err(RestoreError::Databases);
    }
    if engine.scripting.sources() != snapshot.libraries {
        let limit = engine.config.lua_memory_limit as usize;
        engine
            .scripting
            .replace_libraries(&snapshot.libraries, limit)
            .map_err(|text| RestoreError::Library(String::from_utf8_lossy(&text).into_owned()))?;
    }
    for (db, saved) in snapshot.databases.iter().enumerate() {
        if !saved.is_empty() || !engine.databases[db].is_empty() {
            engine.replace_database(db, saved.duplicate());
        }
    }
    tracking::flushed(engine);
    engine.dirty += 1; // a save point saves what is there now
    engine.serve_waiting();
    Ok(())
}
