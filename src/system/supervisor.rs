//! What a service manager is told: that the server is ready, and what it is doing.
//!
//! To systemd that is a datagram of `NAME=value` lines to the socket that `NOTIFY_SOCKET` names (sd_notify(3)); a
//! unit of `Type=notify` counts as started with `READY=1`. Upstart wants the process to stop itself instead, once,
//! and lets it go on.
//!
//! ```text
//! STATUS=Redis is loading...  ->  STATUS=Ready to accept connections  ->  READY=1  ->  ...  ->  STOPPING=1
//! ```
//!
//! Only the program speaks to it, not a server inside another one: as long as nobody has called [`begin`],
//! nothing is told.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicU8, Ordering};

use once_cell::sync::OnceCell;
use rustix::process::{Signal, getpid, kill_process};

/// Which one it is, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// None.
    Nobody,
    /// systemd.
    Systemd,
    /// Upstart.
    Upstart,
}

/// The way to systemd.
static SYSTEMD: OnceCell<SocketAddr> = OnceCell::new();
static MANAGER: AtomicU8 = AtomicU8::new(Manager::Nobody as u8);

/// Who is to be told, by what the environment says: Upstart names the job, systemd a socket.
pub fn find() -> Manager {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match (is_set("UPSTART_JOB"), is_set("NOTIFY_SOCKET")) {
        (true, _) => Manager::Upstart,
        (_, true) => Manager::Systemd,
        _ => Manager::Nobody,
    }
}

/// From now on this one is told. Returns when Upstart has let the process go on.
pub fn begin(manager: Manager) {
    let missing = match manager {
        Manager::Nobody => return,
        Manager::Systemd => "NOTIFY_SOCKET",
        Manager::Upstart => "UPSTART_JOB",
    };
    let Some(value) = std::env::var_os(missing).filter(|value| !value.is_empty()) else {
        crate::warning!("A service manager was asked for, but {missing} is not set");
        return;
    };
    MANAGER.store(manager as u8, Ordering::Relaxed);
    if manager == Manager::Upstart {
        crate::notice!("Supervised by Upstart, will stop to signal readiness");
        let _ = kill_process(getpid(), Signal::STOP);
        return;
    }
    crate::notice!(
        "Supervised by systemd. Please make sure you set appropriate values for \
         TimeoutStartSec and TimeoutStopSec in your service unit."
    );
    match address(&value) {
        Ok(address) => _ = SYSTEMD.set(address),
        Err(error) => crate::warning!("Can't tell systemd: {error}"),
    }
}

/// Whom the server tells.
pub fn manager() -> Manager {
    match MANAGER.load(Ordering::Relaxed) {
        manager if manager == Manager::Systemd as u8 => Manager::Systemd,
        manager if manager == Manager::Upstart as u8 => Manager::Upstart,
        _ => Manager::Nobody,
    }
}

/// Tells systemd, if it is there. A manager that doesn't listen is no reason to do anything else.
pub fn tell(state: &str) {
    if let Some(address) = SYSTEMD.get() {
        let sent = UnixDatagram::unbound()
            .and_then(|socket| socket.send_to_addr(format!("{state}\n").as_bytes(), address));
        if let Err(error) = sent {
            crate::warning!("Can't tell systemd: {error}");
        }
    }
}

/// A path, or behind an `@` a name that is no file.
fn address(value: &OsStr) -> io::Result<SocketAddr> {
    match value.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(value),
    }
}
