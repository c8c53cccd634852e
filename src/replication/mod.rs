//! Replication: other servers with the same data.
//!
//! ```text
//!  master                                                replica
//!  execute -> journal ─┐                            ┌─ link: parse -> execute(Origin::Master)
//!                      v                            │    '- the same bytes -> its own backlog
//!                   backlog ── feeder thread ── TCP ┘                            └─ its replicas
//!                   (a ring, by offset)  <── REPLCONF ACK offset, once a second
//! ```
//!
//! The journal's units are bytes of one stream, and an offset in it says everything about how far a
//! copy has come: two servers with the same replication id and the same offset hold the same data.
//! A replica passes on what its master sent byte for byte, so this is true for a whole chain.
//!
//! | file          | what it is                                                              |
//! |---------------|-------------------------------------------------------------------------|
//! | [`master`]    | PSYNC: from the backlog if it goes back far enough, else a snapshot     |
//! | [`transfer`]  | one snapshot to all who wait for it                                     |
//! | [`feeder`]    | the thread that writes the stream to one replica                        |
//! | [`handshake`] | how a replica introduces itself                                         |
//! | [`link`]      | the thread that follows a master                                        |
//! | [`retry`]     | how long it waits before it tries again                                 |
//! | [`apply`]     | the stream, followed                                                    |
//! | [`stream`]    | the stream, executed                                                    |
//! | [`cron`]      | pings, timeouts, and what else goes by the clock                        |
//! | [`failover`]  | FAILOVER: a planned exchange of roles                                   |
//!
//! The newest part of the stream, shared by all who read it, is [`crate::journal::backlog`]; ids, role
//! and replicas, and how they change, are the engine's ([`crate::engine::role`]); the history that the
//! data on disk belongs to is [`crate::persistence::history`].
//!
//! A link that breaks goes on where it was (partial resynchronisation) if the backlog still has what
//! was missed, also with another master, if that one was a replica of the same stream: hence the
//! second id, under which a promoted replica still answers for what it had before.
//!
//! What a master sends is loaded into fresh keyspaces, which replace the old ones only when
//! everything was right. A damaged transfer costs a retry, never data. A command of the stream that
//! fails here shows that the two differ, and costs a full synchronisation.
//!
//! Not every server can read what another one has: who may follow is decided by [`reader`].
//!
//! Left out on purpose: SYNC towards masters older than 2.8.

pub mod apply;
pub mod cron;
pub mod failover;
pub mod feeder;
pub mod handshake;
pub mod link;
pub mod master;
pub mod reader;
pub mod retry;
pub mod stream;
pub mod transfer;
