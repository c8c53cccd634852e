//! What is on disk when the server comes back, however it went away.
//!
//! | file           | what is done to it                                                      |
//! |----------------|-------------------------------------------------------------------------|
//! | `kills`        | killed by SIGKILL in the middle of everything, thirty times             |
//! | `acknowledging` | replies that another thread sends, when all is on disk                 |
//! | `damage`       | files that are cut, changed, missing                                    |
//! | `expiry`       | keys that expire or are evicted, in the append-only file                |
//! | `full_disk`    | a disk that takes no more                                               |
//! | `saving`       | snapshots while data changes, save points, stops                        |
//! | `functions`    | libraries of functions, in every kind of file; scripts in old ones      |
//! | `switching`    | the append-only file switched on and off while the server runs          |
//! | `replicas`     | what a replica has acknowledged                                         |
//! | `stalls`       | how long anybody waits for a snapshot: a measurement                    |
//! | `exchange`     | files of a real redis-server, and ours given to it                      |
//!
//! What acknowledged writes are worth can't be seen from inside, so the servers are processes of
//! their own. Only where hundreds of starts are needed they are embedded.

mod acknowledging;
#[path = "../support/client.rs"]
#[allow(dead_code)] // the scripts need more of it
mod client;
mod damage;
mod exchange;
mod expiry;
mod fields;
mod full_disk;
mod functions;
mod kills;
mod replicas;
mod saving;
mod server;
mod stalls;
mod switching;
