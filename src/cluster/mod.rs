//! The cluster, as one of its nodes sees it: a state machine that knows no socket, no clock and no thread.
//!
//! The keys are divided into 16384 slots, and each slot is a master's. Nobody directs a cluster: nodes tell
//! each other what they own, whom they miss, and what others have told them (gossip), over connections of
//! their own, the bus. What comes in - packets, connections, commands, time - changes the state; what is
//! to be done about it, packets to be sent, a master to be copied, is left in [`output`] for others to do.
//! So whole clusters run in a test, with a clock and links that are only pretended.
//!
//! | file           | what it is                                                              |
//! |----------------|-------------------------------------------------------------------------|
//! | [`id`], [`key`], [`slots`], [`node`], [`link`] | the nouns                               |
//! | [`table`]      | all nodes, and whose each slot is                                       |
//! | [`state`]      | the cluster as a node sees it, and what others ask of it                |
//! | `underway`     | elections and other things that take time, as data                      |
//! | [`settings`]   | the parameters that count here                                          |
//! | [`packet`]     | what nodes say to each other, as bytes                                  |
//! | [`stats`]      | packets, counted                                                        |
//! | [`output`]     | what is to be done                                                      |
//! | [`tick`]       | what happens by itself: pings, and what follows from no answer          |
//! | `links`        | connections: made, answered, lost                                       |
//! | `send`         | what this node says                                                     |
//! | `receive`      | what others say                                                         |
//! | `failure`      | nodes that don't answer: suspected, then failed                         |
//! | `health`       | whether the cluster serves                                              |
//! | `claims`       | whose a slot is: epochs, and which of two claims wins                   |
//! | `roles`        | masters and replicas                                                    |
//! | `election`     | a replica takes the place of its master                                 |
//! | [`manual`]     | the same, because somebody wants it                                     |
//! | `migration`    | replicas that move to masters without any                               |
//! | [`admin`]      | what CLUSTER's subcommands do                                           |
//! | [`describe`]   | the state as text: CLUSTER NODES, CLUSTER INFO                          |
//! | [`file`](mod@file)       | the state as a file, and back                                           |
//!
//! Times are Unix times in milliseconds, 0 for never.

pub mod admin;
mod claims;
pub mod describe;
mod election;
mod failure;
pub mod file;
mod health;
#[cfg(test)]
mod hostile_tests;
pub mod id;
pub mod key;
pub mod link;
mod links;
pub mod manual;
mod migration;
pub mod node;
pub mod output;
pub mod packet;
mod receive;
mod roles;
mod send;
pub mod settings;
pub mod slots;
pub mod state;
pub mod stats;
pub mod table;
pub mod tick;
mod underway;

#[cfg(feature = "internals")] // for tests
pub use id::NodeId;
pub use key::NodeKey;
pub use node::Node;
#[cfg(feature = "internals")] // for tests
pub use slots::SlotSet;
pub use slots::{SLOTS, Slot};
pub use state::{Cluster, Health};
