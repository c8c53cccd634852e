//! Sockets that were open before the server was: systemd listens, and starts the server when somebody comes.
//!
//! The manager says in `LISTEN_FDS` how many descriptors it passes, from 3 on, in `LISTEN_PID` to whom, and in
//! `LISTEN_FDNAMES` what they are called (sd_listen_fds(3)). Those of TCP take the place of `port`, `tls-port` and
//! `bind`, those of Unix the place of `unixsocket`. At a socket that is called `tls`, TLS is spoken.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;

use crate::config::Config;

/// Nobody passes more sockets than that.
const MOST: u64 = 1000;

/// Sockets that somebody else has opened.
#[derive(Debug, Default)]
pub struct Inherited {
    /// Of the internet, and whether TLS is spoken there.
    pub tcp: Vec<(TcpListener, bool)>,
    /// Of this machine.
    pub unix: Vec<UnixListener>,
}

impl Inherited {
    /// Takes what was passed to this process, and out of the environment, so that nobody takes it again.
    pub fn take() -> io::Result<Inherited> {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let names: Vec<&str> = names.split(':').collect();
        // Before a list is made of it.
        let number = std::env::var("LISTEN_FDS").ok().and_then(|text| text.parse::<u64>().ok());
        if number.is_some_and(|number| number > MOST) {
            return Err(io::Error::other("LISTEN_FDS is no number of sockets"));
        }
        let mut passed = ListenFd::from_env();
        let mut inherited = Inherited::default();
        for index in 0..passed.len() {
            let is_tls = names.get(index) == Some(&"tls");
            if let Ok(Some(listener)) = passed.take_tcp_listener(index) {
                inherited.tcp.push((listener, is_tls));
            } else if let Some(listener) = passed.take_unix_listener(index)? {
                inherited.unix.push(listener);
            }
        }
        Ok(inherited)
    }

    /// Lets the configuration say where these sockets are, as everybody who asks for a port looks there.
    pub fn show_in(&self, config: &mut Config) {
        let port = |listener: &TcpListener| listener.local_addr().map_or(0, |it| it.port());
        if !self.tcp.is_empty() {
            let encrypted = self.tcp.iter().find(|(_, is_tls)| *is_tls);
            config.tls_port = encrypted.map_or(0, |(listener, _)| port(listener));
        }
        let paths = self.unix.iter().filter_map(|listener| listener.local_addr().ok());
        if let Some(address) = paths.into_iter().next() {
            let path = address.as_pathname().map(|path| path.display().to_string());
            config.unixsocket = path.unwrap_or_default();
        }
    }
}
