//! The key of a client in the registry: what everybody keeps who has to do with one later.

/// A client's place in the registry. It may be reused when the client is gone, its id never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(pub(super) usize);
