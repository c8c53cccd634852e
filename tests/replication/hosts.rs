//! Hosts of a network of the test's own: namespaces, joined by a switch whose ports go down.
//!
//! ```text
//!   namespace "switch":      bridge ─┬─ p0 ─┬─ p1 ─┬─ p2         `ip link set p1 down` parts host 1
//!                                    │      │      │             from the others, and tells nobody
//!   one namespace for each host:   eth0   eth0   eth0
//!                              10.77.0.1     .2     .3
//! ```
//!
//! What a proxy can't imitate is silence. When it closes a connection both sides are told; when a
//! cable is pulled neither is, and only time shows. So each server lives on a host that has a
//! network stack for itself, and the test pulls cables.
//!
//! A thread belongs to a namespace, and so do the sockets and processes that it makes. So
//! [`Host::inside`] is all that is needed: what connects or starts there is on that host for good,
//! and the loopback of a host reaches its server while the cable is out. Nothing of this touches
//! the machine's own network.
//!
//! Making namespaces takes root and `ip` (iproute2). Who may not make any is told so in a line that
//! the test harness doesn't swallow, and the test ends there.

use std::fs::File;
use std::io::{Write, stderr};
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What the names of all namespaces begin with; the number of the test's process follows.
const PREFIX: &str = "cacheflow-test-";

/// One at a time: the tests of a process are run side by side, and namespaces are named after the process.
static ALONE: Mutex<()> = Mutex::new(());

/// A switch and the hosts on it. They are gone when this is dropped.
pub struct Network {
    hosts: u8,
    _alone: MutexGuard<'static, ()>,
}

/// A host.
pub struct Host {
    /// Where the others find it.
    pub address: Ipv4Addr,
    namespace: File,
    port: String,
}

impl Network {
    /// A network without hosts. None: this user may not make one.
    pub fn new() -> Option<Network> {
        let alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        delete_leftovers();
        let (network, switch) = (Network { hosts: 0, _alone: alone }, namespace("switch"));
        let bridge = || ip(&format!("-n {switch} link add bridge type bridge"));
        if let Err(error) = ip(&format!("netns add {switch}")).and_then(|_| bridge()) {
            // Anything else, such as a kernel without bridges, is a failure and not an excuse.
            assert!(error.contains("not permitted") || error.contains("ermission"), "{error}");
            let _ = writeln!(stderr(), "SKIPPED, no network namespaces for this user: {error}");
            return None;
        }
        network.switch("link set bridge up");
        Some(network)
    }

    /// Adds a host.
    pub fn host(&mut self) -> Host {
        self.hosts += 1;
        let address = Ipv4Addr::new(10, 77, 0, self.hosts);
        let (port, name) = (format!("p{}", self.hosts), namespace(&self.hosts.to_string()));
        ip(&format!("netns add {name}")).unwrap();
        self.switch(&format!("link add {port} type veth peer name eth0 netns {name}"));
        self.switch(&format!("link set {port} master bridge up"));
        for command in
            ["link set lo up", &format!("address add {address}/24 dev eth0"), "link set eth0 up"]
        {
            ip(&format!("-n {name} {command}")).unwrap();
        }
        let namespace = File::open(Path::new("/run/netns").join(name)).unwrap();
        Host { address, namespace, port }
    }

    /// Pulls the cables of these hosts, at once.
    pub fn cut(&self, hosts: &[&Host]) {
        hosts.iter().for_each(|host| self.switch(&format!("link set {} down", host.port)));
    }

    /// Plugs them in again.
    pub fn heal(&self, hosts: &[&Host]) {
        hosts.iter().for_each(|host| self.switch(&format!("link set {} up", host.port)));
    }

    fn switch(&self, command: &str) {
        ip(&format!("-n {} {command}", namespace("switch"))).unwrap();
    }
}

impl Drop for Network {
    /// Also after a panic. The virtual cables go with the namespaces.
    fn drop(&mut self) {
        let hosts = (1..=self.hosts).map(|number| number.to_string());
        for name in hosts.chain(["switch".to_owned()]) {
            let _ = ip(&format!("netns delete {}", namespace(&name))); // may never have come to be
        }
    }
}

impl Host {
    /// Does something on this host.
    pub fn inside<T: Send>(&self, action: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let kind = Some(LinkNameSpaceType::Network);
                move_into_link_name_space(self.namespace.as_fd(), kind).unwrap();
                action()
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

fn namespace(name: &str) -> String {
    format!("{PREFIX}{}-{name}", std::process::id())
}

/// A test that was killed has cleaned nothing up.
fn delete_leftovers() {
    for name in ip("netns list").unwrap_or_default().lines() {
        let name = name.split(' ').next().unwrap_or_default();
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let process = rest.split('-').next().unwrap_or_default();
        if !Path::new("/proc").join(process).exists() {
            let _ = ip(&format!("netns delete {name}")); // another test may be doing the same
        }
    }
}

/// Runs `ip`. An error is what it said.
fn ip(arguments: &str) -> Result<String, String> {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.expect("`ip` is not installed: apt-get install iproute2");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(format!("ip {arguments}: {}", text(&output.stderr)))
    }
}
