//! The bus: the connections between the nodes of a cluster, and the file that keeps a node's promises.
//!
//! ```text
//!  other nodes ══ readers ── packets ──> THE lock: cluster::Cluster ── outputs
//!       ║                                     ^                         │
//!       ╚════════ writers <── packets ──── the bus' thread <────────────┘
//!                                             │  before it sends:
//!                                             '──> nodes.conf
//! ```
//!
//! Everything that is decided is decided by the state machine ([`crate::cluster`]) under THE lock. Around it are
//! threads that wait: for each connection one that reads and one that writes, and one for all that ticks,
//! saves, and hands packets to the writers. Nobody who holds the lock waits for any of them.
//!
//! What has to be on disk before others hear of it (a vote, an epoch) was written there before: the bus' thread
//! takes packets and state at the same time, under the lock, and saves the one before it sends the
//! other. If that fails nothing is sent, and it tries again: to others, the node is as if it were
//! disconnected, which is what they know how to deal with. What others will tell again is saved at the next
//! tick. A command of an administrator writes the file itself.
//!
//! | file        | what it is                                                        |
//! |-------------|-------------------------------------------------------------------|
//! | [`driver`]  | the bus' thread                                                   |
//! | [`links`]   | connections: made, accepted, and their two threads                |
//! | [`reading`] | packets from a stream of bytes that is not to be trusted          |
//! | [`file`](mod@file)    | `nodes.conf`: locked, and replaced as a whole                     |

pub mod driver;
pub mod file;
pub mod links;
pub mod reading;

pub use driver::Bus;
