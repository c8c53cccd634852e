//! RESP, the protocol that clients speak: requests in, replies out.
//!
//! [`reader`] cuts the bytes that have arrived into requests ([`parser`], [`args`]), [`writer`] formats replies for
//! RESP2 and RESP3, and [`inline`] splits the lines that people type into telnet. [`buffer_pool`] has room for requests
//! that are large. This module is a leaf: it knows no command, no store and no socket (anything that implements `Read` will do).

pub mod args;
pub mod buffer_pool;
pub mod inline;
pub mod parser;
pub mod reader;
pub mod writer;

pub use self::args::{Args, Batch, Request};
pub use self::buffer_pool::BufferPool;
pub use self::reader::{ProtocolError, Reader, RequestLimits};
pub use self::writer::{KEEP_CAPACITY, Protocol, Reply};
