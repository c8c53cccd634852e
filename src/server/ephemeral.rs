//! `--ephemeral`: a server to throw away, for tests and scripts in any language.
//!
//! It says on standard output where it is, one line of JSON as soon as it can be used, and goes when whoever
//! started it goes, however that happens:
//!
//! ```text
//! {"host":"127.0.0.1","port":40123,"pid":4711,"url":"redis://127.0.0.1:40123"}
//! ```
//!
//! If standard input is a pipe, a socket or a terminal, its end is the server's end. In any case it ends when its
//! parent has changed, which is what happens to a process whose parent dies. (Linux can send a signal then. It does
//! so when the *thread* ends that has started the process, which is too early for many a test runner.) Who has
//! lost its parent before it could look finds nobody who reads its line, and ends as well.

use std::io::{self, IsTerminal, Read, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::fs::{FileType, fstat};
use rustix::process::getppid;
use signal_hook::consts::SIGTERM;

use super::Server;
use super::listener::NOWHERE;
use crate::config::Config;
use crate::system::service::essential;

/// How often it is looked whether the parent is there.
const LOOK_PERIOD: Duration = Duration::from_millis(100);
/// How long the server may take to end by itself. A script may be holding the lock, forever.
const LAST_PATIENCE: Duration = Duration::from_millis(500);

/// Looks whether there can be such a server, and begins to watch who has started it.
pub fn begin(config: &Config, signal: &Arc<AtomicUsize>) -> Result<(), String> {
    if config.cluster_enabled {
        let reason = "cluster-enabled: a node of a cluster writes a file, an ephemeral server none";
        return Err(reason.to_owned());
    }
    end_with_parent(signal).map_err(|error| format!("Can't watch who started this server: {error}"))
}

/// Sets the signal to SIGTERM when whoever started this process has gone, and ends the process if that doesn't.
fn end_with_parent(signal: &Arc<AtomicUsize>) -> io::Result<()> {
    let parent = getppid();
    let watch = |name: &str, gone: fn(Option<rustix::process::Pid>)| {
        let signal = Arc::clone(signal);
        std::thread::Builder::new().name(name.into()).spawn(essential(move || {
            gone(parent);
            signal.store(SIGTERM as usize, Ordering::Relaxed);
            std::thread::sleep(LAST_PATIENCE);
            std::process::exit(0);
        }))
    };
    watch("parent", |parent| {
        while getppid() == parent {
            std::thread::sleep(LOOK_PERIOD);
        }
    })?;
    if is_watched(io::stdin()) {
        watch("stdin", |_| {
            let mut buffer = [0; 512];
            while matches!(io::stdin().read(&mut buffer), Ok(1..)) {}
        })?;
    }
    Ok(())
}

/// Whether the end of this input says anything. That of a file or of /dev/null doesn't.
fn is_watched(input: io::Stdin) -> bool {
    let kind = fstat(&input).map(|stat| FileType::from_raw_mode(stat.st_mode));
    matches!(kind, Ok(FileType::Fifo | FileType::Socket)) || input.is_terminal()
}

/// Forgets the files that it was told by: CONFIG REWRITE and ACL SAVE would write them as they are here, for whoever
/// uses them next.
pub fn forget_files(server: &Server) {
    let config = &mut server.shared.engine.lock().config;
    config.config_file = None;
    config.aclfile.clear();
}

/// Says where the server is, in a form that a client can use.
pub fn announce(server: &Server) -> io::Result<()> {
    let (mut address, pid) = (server.address(), std::process::id());
    if address == NOWHERE {
        return Err(io::Error::other("there is no port to tell of"));
    }
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into()); // all addresses, so this one, too
    }
    let (host, port) = (address.ip(), address.port());
    let mut out = io::stdout().lock();
    writeln!(out, r#"{{"host":"{host}","port":{port},"pid":{pid},"url":"redis://{address}"}}"#)?;
    out.flush()
}
