//! Clusters of cacheflow and redis-server mixed, driven by redis-cli as people do it.
//!
//! ```text
//!   redis-cli --cluster create / reshard / rebalance / add-node / del-node / fix / import
//!        |
//!   cacheflow   redis-server   cacheflow      masters ......... a client that follows redirections writes,
//!   redis-server  cacheflow   redis-server    their replicas    and knows what was acknowledged
//! ```
//!
//! Nearly all of it needs redis-server and redis-cli, and is ignored unless asked for (`make cluster`).
//! `CLUSTER_OF=redis` (or `cacheflow`) makes every node one of that kind: a test that fails among
//! redis-servers alone is wrong itself.
//!
//! | file           | what it is                                                       |
//! |----------------|------------------------------------------------------------------|
//! | `nodes.rs`     | nodes: started, killed, brought back                             |
//! | `router.rs`    | a client that knows whose each slot is, and follows redirections |
//! | `load.rs`      | writers that know what was acknowledged                          |
//! | `slots.rs`     | the keys of slots: on replicas, after a restart, when a slot is lost |
//! | `tooling.rs`   | what redis-cli does with a cluster                               |
//! | `clients.rs`   | client libraries under load while slots move and masters fail    |
//! | `documents.rs` | what docs/scaling.md shows                                       |
//! | `operators.rs` | directories that are lost, and peers that don't behave          |
//! | `pubsub.rs`    | messages that go from node to node                               |
//! | `encrypted.rs` | nodes that speak TLS, and the ports that clients are told        |
//! | `parameters.rs` | what each `cluster-*` parameter does                            |
//! | `failover.rs`  | masters that are killed, stopped, or asked to go                 |
//! | `partition.rs` | a master that is cut off                                         |
//! | `hostile.rs`   | who speaks on the bus and is no node                             |

#[path = "../doors/certificates.rs"]
#[allow(dead_code)] // the tests of TLS need more of it
mod certificates;
#[path = "../support/client.rs"]
#[allow(dead_code)] // Other tests use all of it, this one a part.
mod client;
mod clients;
mod documents;
mod encrypted;
mod failover;
mod hostile;
#[path = "../replication/hosts.rs"]
mod hosts;
mod load;
mod nodes;
mod operators;
mod parameters;
mod partition;
mod pubsub;
mod router;
mod slots;
mod tooling;
