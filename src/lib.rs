//! cacheflow: a Redis-compatible server, written from scratch so that it can be read.
//!
//! # In your tests
//!
//! A [`Server`] lives in the process of its test: it starts in a millisecond, listens nowhere if it need not, shares nothing
//! with others, and is gone when it is dropped.
//!
//! ```
//! use cacheflow::{Log, Server, Value};
//!
//! let server = Server::builder().no_listener().log(Log::TestOutput).start()?;
//! let mut client = server.connect()?; // reads and writes as a socket does, for whatever client you use
//! assert_eq!(client.call(["INCR", "visits"])?, Value::Integer(1));
//! assert_eq!(server.db(0).get("visits").as_deref(), Some(&b"1"[..]));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | to                                     | there is                                            |
//! |----------------------------------------|-----------------------------------------------------|
//! | say what the server is like            | [`Builder`]: [`set`](Builder::set), [`user`](Builder::user), [`log`](Builder::log) |
//! | give it data                           | [`load_rdb`](Builder::load_rdb), [`command`](Builder::command), [`Server::db`] |
//! | speak to it                            | [`Server::connect`], [`Server::address`]            |
//! | look at the data without a client      | [`Database`]                                        |
//! | begin the next test where this one did | [`Server::snapshot`], [`Server::restore`]           |
//! | let hours pass                         | [`Clock`]                                           |
//!
//! What stands on this page is the API, and follows semantic versioning: 0.1.x only adds to it. Everything else is private.
//! What the server says to clients follows Redis 7.0.15 (`docs/compatibility.md`).
//!
//! # Reading the source
//!
//! ```text
//!                    clients    other nodes      replicas          files
//!                       |       (bus/)  |           |                |
//!  server/     listener, sessions, outboxes         |                |
//!                 |          ^                      |                |
//!  resp/        reader     writer                   |                |
//!                 |          |                      |                |
//!  command/    execute -> table -> handlers    replication/    persistence/
//!                 |          |                      |                |
//!  engine/     THE lock: databases, clients, who waits, listens, watches
//!                 |          |                      |                |
//!  store/      keyspace, value types     journal/ --+---------- rdb/-+
//! ```
//!
//! Calls go downwards only: `docs/ARCHITECTURE.md` has the whole stack, and a test holds it. `store`
//! knows no command, `resp` knows no store, and everything that executes - a client, EXEC, a script,
//! the loader of a file, a master - goes through [`command::execute()`].
//!
//! To read the source, follow one command through five files:
//!
//! 1. [`server::session`]: read everything that has arrived, execute it, write once
//! 2. [`command::execute`](mod@command::execute): look up, pass the gates, dispatch, collect effects
//! 3. `catalogue/table.rs`: one row per command
//! 4. [`command::strings`]: `fn set`
//! 5. [`store::keyspace`]: find, insert, remove, expire
//!
//! `docs/life-of-a-command.md` walks along with `SET x 1`, `docs/ARCHITECTURE.md` has the rules.

#![forbid(unsafe_code)]

/// Declares the rooms. They are private: what the crate promises is what this file re-exports. Its own tests, benchmarks
/// and fuzz targets are other crates, and look into rooms; the feature `internals` opens the doors for them, and promises
/// nothing.
macro_rules! rooms {
    ($($room:ident)*) => {$(
        #[cfg(not(feature = "internals"))]
        mod $room;
        #[cfg(feature = "internals")]
        pub mod $room;
    )*};
}

rooms! {
    acl bus catalogue cluster command config engine journal number
    persistence rdb replication resp scripting server store system
}

pub(crate) use crate::system::logging::{debug, log_at, notice, verbose, warning};

pub use crate::config::{Config, SetError};
pub use crate::server::embedding::connection::Connection;
pub use crate::server::embedding::database::Database;
pub use crate::server::embedding::reply::Value;
pub use crate::server::embedding::saved::{RestoreError, Snapshot};
pub use crate::server::{Builder, Log, Server};
pub use crate::system::clock::Clock;

/// The types of [`Config`]'s fields.
pub mod settings {
    pub use crate::catalogue::Names;
    pub use crate::config::{
        AclPubsubDefault, Allowed, BufferLimit, BufferLimits, CompatVersion, DisklessLoad,
        EndpointType, EventClasses, EvictionPolicy, FsyncPolicy, OomScoreAdj, PropagationErrors,
        RdbVersion, Sanitize, SavePoint, Share, ShutdownMode, Supervision, SyslogFacility,
        TlsAuthClients,
    };
    pub use crate::system::logging::Level;
}

/// What the `cacheflow` program calls. It is no part of the API.
#[doc(hidden)]
pub mod program {
    pub use crate::config::{Invocation, from_command_line};
    pub use crate::server::{healthcheck, process};
    pub use crate::system::{memory, threads};
}
