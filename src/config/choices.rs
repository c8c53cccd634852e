//! The enums of the configuration, and the checks of parameters that are nearly free text.
//!
//! Each enum is what one parameter can be; the names beside the variants are the configuration
//! text, listed in the order in which Redis lists them when it refuses another word.

use super::value::{Choice, choice};
use crate::system::logging::Level;

impl Choice for Level {
    const ALL: &'static [(&'static str, Self)] = &[
        ("debug", Level::Debug),
        ("verbose", Level::Verbose),
        ("notice", Level::Notice),
        ("warning", Level::Warning),
        ("nothing", Level::Nothing),
    ];
}

choice! {
    /// When the append-only file is made durable.
    FsyncPolicy {
        /// Once a second: a crash of the machine costs at most about a second of writes.
        Everysec = "everysec",
        /// Before the reply.
        Always = "always",
        /// When the kernel likes.
        No = "no",
    }
}

choice! {
    /// Which keys to evict when memory is full.
    EvictionPolicy {
        /// The least recently used of the keys that expire.
        VolatileLru = "volatile-lru",
        /// The least frequently used of the keys that expire.
        VolatileLfu = "volatile-lfu",
        /// Any of the keys that expire.
        VolatileRandom = "volatile-random",
        /// The one that expires soonest.
        VolatileTtl = "volatile-ttl",
        /// The least recently used of all keys.
        AllkeysLru = "allkeys-lru",
        /// The least frequently used of all keys.
        AllkeysLfu = "allkeys-lfu",
        /// Any key.
        AllkeysRandom = "allkeys-random",
        /// None: refuse writes instead.
        NoEviction = "noeviction",
    }
}

choice! {
    /// How a replica loads its master's snapshot.
    DisklessLoad {
        /// By way of a file.
        Disabled = "disabled",
        /// Straight from the socket, if the replica is empty.
        OnEmptyDb = "on-empty-db",
        /// Straight from the socket, keeping the old data until it worked.
        SwapDb = "swapdb",
        /// Straight from the socket, whatever there is (Valkey).
        FlushBeforeLoad = "flush-before-load",
    }
}

choice! {
    /// Who may use something dangerous.
    Allowed {
        /// Nobody.
        No = "no",
        /// Everybody.
        Yes = "yes",
        /// Connections from this machine.
        Local = "local",
    }
}

impl Allowed {
    /// Whether a connection may, given whether it comes from this machine.
    pub fn permits(self, local: bool) -> bool {
        self == Self::Yes || (self == Self::Local && local)
    }
}

choice! {
    /// The channels that a newly created user may use.
    AclPubsubDefault {
        /// All.
        AllChannels = "allchannels",
        /// None.
        ResetChannels = "resetchannels",
    }
}

choice! {
    /// What to do when a command from the master or the append-only file fails.
    PropagationErrors {
        /// Go on.
        Ignore = "ignore",
        /// Abort.
        Panic = "panic",
        /// Abort if this is a replica.
        PanicOnReplicas = "panic-on-replicas",
    }
}

choice! {
    /// How deeply payloads are verified.
    Sanitize {
        /// Not.
        No = "no",
        /// Always.
        Yes = "yes",
        /// Those that clients send.
        Clients = "clients",
    }
}

choice! {
    /// Whether the kernel's out-of-memory scores are set.
    OomScoreAdj {
        /// Leave them alone.
        No = "no",
        /// Relative to the score at the start.
        Yes = "yes",
        /// The same as yes.
        Relative = "relative",
        /// As they are.
        Absolute = "absolute",
    }
}

choice! {
    /// The service manager to talk to.
    Supervision {
        /// Upstart.
        Upstart = "upstart",
        /// Systemd.
        Systemd = "systemd",
        /// Whichever is there.
        Auto = "auto",
        /// None.
        No = "no",
    }
}

choice! {
    /// A facility of syslog.
    SyslogFacility {
        /// User programs.
        User = "user",
        /// Local use 0.
        Local0 = "local0",
        /// Local use 1.
        Local1 = "local1",
        /// Local use 2.
        Local2 = "local2",
        /// Local use 3.
        Local3 = "local3",
        /// Local use 4.
        Local4 = "local4",
        /// Local use 5.
        Local5 = "local5",
        /// Local use 6.
        Local6 = "local6",
        /// Local use 7.
        Local7 = "local7",
    }
}

choice! {
    /// What a cluster's redirections name.
    EndpointType {
        /// The address.
        Ip = "ip",
        /// The host name.
        Hostname = "hostname",
        /// Nothing.
        UnknownEndpoint = "unknown-endpoint",
    }
}

choice! {
    /// Whether TLS clients must show a certificate.
    TlsAuthClients {
        /// No.
        No = "no",
        /// Yes.
        Yes = "yes",
        /// If they have one.
        Optional = "optional",
    }
}

choice! {
    /// Which version of the format snapshots and payloads have.
    RdbVersion {
        /// The oldest that can say what there is: 10, or 12.
        AsNeeded = "0",
        /// That of Redis 7.0.
        Redis70 = "10",
        /// That of Redis 7.2, and of Valkey up to 8.1.
        Redis72 = "11",
        /// That of Redis 7.4 to 8.2.
        Redis74 = "12",
        /// That of Valkey 9.0.
        Valkey9 = "80",
    }
}

choice! {
    /// What to do about a snapshot of a version that isn't known.
    VersionCheck {
        /// Refuse it.
        Strict = "strict",
        /// Try it.
        Relaxed = "relaxed",
    }
}

choice! {
    /// How lines of the log look.
    LogFormat {
        /// As ever.
        Legacy = "legacy",
        /// Names and values.
        Logfmt = "logfmt",
    }
}

choice! {
    /// How times look in the log.
    TimestampFormat {
        /// As ever.
        Legacy = "legacy",
        /// By the standard.
        Iso8601 = "iso8601",
        /// A number.
        Milliseconds = "milliseconds",
    }
}

/// SORT ALPHA orders bytes, which is what these locales do.
pub(super) fn check_locale(name: &str) -> Result<(), String> {
    if matches!(name, "" | "C" | "POSIX") {
        return Ok(());
    }
    Err("cacheflow sorts by bytes: only the locales C and POSIX are there".to_owned())
}

pub(super) fn check_no_socket_group(group: &str) -> Result<(), String> {
    let reason = "cacheflow gives its socket to no other group: use unixsocketperm";
    if group.is_empty() { Ok(()) } else { Err(reason.to_owned()) }
}

pub(super) fn check_one_address(address: &str) -> Result<(), String> {
    let reason = "cacheflow announces the same address to nodes and clients: cluster-announce-ip";
    if address.is_empty() { Ok(()) } else { Err(reason.to_owned()) }
}

pub(super) fn check_dbfilename(name: &str) -> Result<(), String> {
    refuse_path("dbfilename", "filename", name)
}

pub(super) fn check_appendfilename(name: &str) -> Result<(), String> {
    refuse_empty("appendfilename", name)?;
    refuse_path("appendfilename", "filename", name)
}

pub(super) fn check_appenddirname(name: &str) -> Result<(), String> {
    refuse_empty("appenddirname", name)?;
    refuse_path("appenddirname", "dirname", name)
}

fn refuse_empty(parameter: &str, name: &str) -> Result<(), String> {
    if name.is_empty() { Err(format!("{parameter} can't be empty")) } else { Ok(()) }
}

fn refuse_path(parameter: &str, noun: &str, name: &str) -> Result<(), String> {
    if name.contains(['/', '\\']) {
        return Err(format!("{parameter} can't be a path, just a {noun}"));
    }
    Ok(())
}

pub(super) fn check_hostname(name: &str) -> Result<(), String> {
    if name.len() >= 256 {
        return Err("Hostnames must be less than 256 characters".to_owned());
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
        let reason = "Hostnames may only contain alphanumeric characters, hyphens or dots";
        return Err(reason.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_may_not_be_paths() {
        assert!(check_dbfilename("").is_ok());
        assert_eq!(
            check_dbfilename("a/b").unwrap_err(),
            "dbfilename can't be a path, just a filename"
        );
        assert_eq!(check_appenddirname("").unwrap_err(), "appenddirname can't be empty");
        assert_eq!(
            check_appenddirname("a/b").unwrap_err(),
            "appenddirname can't be a path, just a dirname"
        );
    }

    #[test]
    fn local_permission_needs_a_local_connection() {
        assert!(Allowed::Yes.permits(false) && Allowed::Local.permits(true));
        assert!(!Allowed::Local.permits(false) && !Allowed::No.permits(true));
    }
}
