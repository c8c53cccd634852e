//! The other ways in: TLS and Unix sockets, seen from outside.
//!
//! | file              | what it is                                                        |
//! |-------------------|-------------------------------------------------------------------|
//! | `certificates.rs` | certificates, made for one test                                   |
//! | `streams.rs`      | one encrypted stream, chopped, full, used by several threads      |

mod certificates;
mod streams;
