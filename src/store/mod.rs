//! Pure data: what the keys hold, and nothing about how it is asked for.
//!
//! The store knows no protocol, no socket, no command, no journal and no clock: whoever calls it
//! passes the time in. That makes every structure here testable with nothing but its own methods.

pub mod bitfield;
pub mod bits;
mod blob;
pub mod bytes;
pub mod geo;
pub mod hash;
pub mod hashing;
pub mod hyperloglog;
pub mod intset;
pub mod keyspace;
pub mod lcs;
pub mod list;
pub mod packed;
pub mod ranked_tree;
mod segments;
pub mod set;
pub mod snapshot;
pub mod sorted_map;
pub mod sorted_set;
pub mod stream;
pub mod string;
pub mod table;
pub mod value;

pub use bytes::Bytes;
pub use hash::Hash;
pub use hashing::hash;
pub use keyspace::Keyspace;
pub use list::List;
pub use set::Set;
pub use sorted_set::SortedSet;
pub use stream::Stream;
pub use string::Str;
pub use value::{Value, WrongType};
