//! Where the server listens, as far as a command can change it: CONFIG SET of `port` and `bind`.
//!
//! Sockets and the threads that accept on them belong to the server, which stands above the engine. It
//! hands a way to them down.

use std::io;

use super::Engine;
use crate::config::{Config, title};

/// What a server can do about its sockets, under the lock.
pub trait Listen: Send {
    /// Listens where the configuration says, and nowhere else. Returns the port.
    fn listen(&mut self, config: &Config) -> io::Result<u16>;
}

impl Engine {
    /// Listens where the configuration says by now. An error may leave some addresses without a socket:
    /// the caller puts the old configuration back and tries again.
    pub fn listen(&mut self) -> io::Result<()> {
        let Some(listening) = &mut self.listening else { return Ok(()) };
        self.port = listening.listen(&self.config)?;
        title::show(&self.config);
        Ok(())
    }
}
