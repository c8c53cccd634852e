//! Where a connection comes from, or goes to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// One end of a connection. Displayed as CLIENT LIST has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Of the internet.
    Ip(SocketAddr),
    /// A file of this machine; the other end has no name.
    Unix(PathBuf),
}

impl Address {
    /// The address, if it is one of the internet.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Address::Ip(address) => Some(address.ip()),
            Address::Unix(_) => None,
        }
    }

    /// Whether whoever is there is on this machine, as far as the address alone tells.
    pub fn is_local(&self) -> bool {
        self.ip().is_none_or(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(address) => address.fmt(f),
            Address::Unix(path) => write!(f, "{}:0", path.display()),
        }
    }
}
