//! Pure data: what the keys hold, and nothing about how it is asked for.
//!
//! The store knows no protocol, no socket, no command, no journal and no clock: whoever calls it
//! passes the time in. That makes every structure here testable with nothing but its own methods.

pub mod bitfield;
pub mod bits;
mod blob;
pub mod bytes;
pub mod chains;
mod draw;
mod due;
pub mod element;
mod entry;
mod expiring_hashes;
mod field_expiry;
mod figures;
pub mod geo;
pub mod hash;
pub mod hash_slot;
pub mod hashing;
pub mod hyperloglog;
pub mod intset;
pub mod keyspace;
pub mod lcs;
pub mod list;
pub mod outline;
pub mod packed;
mod positions;
pub mod ranked_tree;
mod resize;
mod scan;
mod segments;
pub mod set;
mod slot_index;
mod slots;
pub mod snapshot;
pub mod sorted_map;
pub mod sorted_set;
pub mod stream;
pub mod string;
pub mod table;
pub mod value;

pub use self::bytes::Bytes;
pub use self::element::Element;
pub use self::field_expiry::fields_expire;
pub use self::hash::Hash;
pub use self::hashing::hash;
pub use self::keyspace::Keyspace;
pub use self::list::List;
pub use self::set::Set;
pub use self::sorted_set::SortedSet;
pub use self::stream::Stream;
pub use self::string::Str;
pub use self::value::{Value, WrongType};
