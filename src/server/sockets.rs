//! Listening sockets, one at a time: for TCP, for TLS over it, and for clients of this machine.
//!
//! A Unix socket is a file, and what is done with files has to be thought of: one that a server left
//! behind is replaced, one that somebody answers at is not, and a file that is no socket never. At the
//! end only our own is removed. Whoever may not open it can't connect: unless `unixsocketperm` says
//! otherwise, that is everybody but the user of the server.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};

use crate::config::{Config, system_text};
use crate::system::stream::{Address, Stream};
use crate::system::tls::Incoming;

/// What is spoken at a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The protocol itself.
    Plain,
    /// The protocol in TLS.
    Encrypted,
}

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    /// Of the internet.
    Tcp(TcpListener, Kind),
    /// Of this machine.
    Unix {
        /// The socket.
        listener: UnixListener,
        /// Removes it at the end, if it is ours.
        _file: Option<SocketFile>,
    },
}

impl Listener {
    /// Waits for a connection. Nothing is read from it, so an encrypted one is still to be
    /// [opened](Stream::open); `tls` tells how, and is asked at that moment.
    pub fn accept(&self, tls: impl FnOnce() -> Option<Incoming>) -> io::Result<Stream> {
        match self {
            Listener::Tcp(listener, Kind::Plain) => Ok(listener.accept()?.0.into()),
            Listener::Tcp(listener, Kind::Encrypted) => {
                let (socket, _) = listener.accept()?;
                let missing = || io::Error::other("TLS is not configured");
                tls().ok_or_else(missing)?.accept(socket)
            }
            Listener::Unix { listener, .. } => Ok(listener.accept()?.0.into()),
        }
    }

    /// Wakes who accepts; the socket itself closes with its last owner.
    pub fn shut_down(&self) {
        let _ = match self {
            Listener::Tcp(listener, _) => SockRef::from(listener).shutdown(Shutdown::Both),
            Listener::Unix { listener, .. } => SockRef::from(listener).shutdown(Shutdown::Both),
        };
    }
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address.
    pub address: Address,
    /// What is spoken there.
    pub kind: Kind,
}

impl Place {
    /// The port, if it is one of TCP.
    pub fn port(&self) -> Option<u16> {
        match self.address {
            Address::Ip(address) => Some(address.port()),
            Address::Unix(_) => None,
        }
    }
}

/// A place where the configuration asks to listen.
#[derive(Debug)]
pub struct Wanted {
    /// The place.
    pub place: Place,
    /// As the configuration has it.
    pub text: String,
    /// It may be missing.
    pub optional: bool,
}

/// What the configuration asks for. An address that begins with `-` may be missing.
pub fn wanted(config: &Config) -> io::Result<Vec<Wanted>> {
    let mut wanted = Vec::new();
    let plain = config.listens_on_tcp().then_some((config.port, Kind::Plain));
    let encrypted = (config.tls_port != 0).then_some((config.tls_port, Kind::Encrypted));
    for (port, kind) in plain.into_iter().chain(encrypted) {
        for text in &config.bind {
            let (optional, text) = match text.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, text.as_str()),
            };
            match parse_address(text) {
                Ok(ip) => {
                    let address = Address::Ip(SocketAddr::new(ip, port));
                    let place = Place { address, kind };
                    wanted.push(Wanted { place, text: text.to_owned(), optional });
                }
                Err(_) if optional => {}
                Err(error) => return Err(cant_listen(text, port, &error)),
            }
        }
    }
    if !config.unixsocket.is_empty() {
        let address = Address::Unix(PathBuf::from(&config.unixsocket));
        let place = Place { address, kind: Kind::Plain };
        wanted.push(Wanted { place, text: config.unixsocket.clone(), optional: false });
    }
    Ok(wanted)
}

/// Sockets that listen on another port at every address of the configuration, for who accepts on them
/// itself.
pub fn listen_apart(config: &Config, port: u16) -> io::Result<Vec<TcpListener>> {
    let unixsocket = String::new();
    let config = Config { port, tls_port: 0, unixsocket, ..config.clone() };
    let mut sockets = Vec::new();
    for Wanted { place, text, optional } in wanted(&config)? {
        let Address::Ip(address) = place.address else { continue };
        match listen_tcp(address.ip(), port, &config) {
            Ok(socket) => sockets.push(socket),
            Err(error) if optional && error.kind() != io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(cant_listen(&text, port, &error)),
        }
    }
    Ok(sockets)
}

/// What Redis says about an address where nobody can listen.
pub fn cant_listen(text: &str, port: u16, error: &io::Error) -> io::Error {
    let reason = system_text(error);
    let text =
        format!("Could not create server TCP listening socket {text}:{port}: bind: {reason}");
    io::Error::new(error.kind(), text)
}

fn parse_address(text: &str) -> io::Result<IpAddr> {
    match text {
        "*" => Ok(Ipv4Addr::UNSPECIFIED.into()),
        "::*" => Ok(Ipv6Addr::UNSPECIFIED.into()),
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        other => other.parse().map_err(|_| {
            io::Error::new(io::ErrorKind::AddrNotAvailable, format!("no such address: {other}"))
        }),
    }
}

/// Listens at an address of the internet.
pub fn listen_tcp(ip: IpAddr, port: u16, config: &Config) -> io::Result<TcpListener> {
    let address = SocketAddr::new(ip, port);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if ip.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    if config.socket_mark_id > 0 {
        let refused = |error: io::Error| {
            let reason = system_text(&error);
            io::Error::new(error.kind(), format!("socket-mark-id can't be set: {reason}"))
        };
        socket.set_mark(config.socket_mark_id).map_err(refused)?; // connections inherit it
    }
    socket.listen(backlog(config))?;
    Ok(socket.into())
}

fn backlog(config: &Config) -> i32 {
    config.tcp_backlog.min(i32::MAX as u32) as i32
}

/// The path of a Unix socket has to be shorter: the system has no room for more.
const LONGEST_PATH: usize = 108;
/// The permissions of a Unix socket of which nothing else is said.
const OWNER_ONLY: u32 = 0o700;

/// Listens at a file of this machine.
pub fn listen_unix(path: &Path, config: &Config) -> io::Result<Listener> {
    let refused = |error: io::Error| {
        let reason = system_text(&error);
        io::Error::new(error.kind(), format!("Failed opening Unix socket: bind: {reason}"))
    };
    let length = path.as_os_str().len();
    if length >= LONGEST_PATH {
        let reason = format!("unix socket path too long ({length}), must be under {LONGEST_PATH}");
        return Err(io::Error::other(format!("Failed opening Unix socket: {reason}")));
    }
    remove_stale(path).map_err(refused)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    let address = SockAddr::unix(path).map_err(refused)?;
    socket.bind(&address).map_err(refused)?;
    let file = SocketFile::of(path).map_err(refused)?;
    // Until it listens nobody can connect, so nobody slips in before the permissions are set.
    let mode = if config.unixsocketperm == 0 { OWNER_ONLY } else { config.unixsocketperm };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(refused)?;
    socket.listen(backlog(config)).map_err(refused)?;
    Ok(Listener::Unix { listener: socket.into(), _file: Some(file) })
}

/// Removes what a server has left that is no more.
fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type().is_socket(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    // Without waiting: whoever listens there may be too busy to accept, and is there all the same.
    let answers = || -> io::Result<bool> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&SockAddr::unix(path)?) {
            Err(error) => Ok(error.kind() != io::ErrorKind::ConnectionRefused),
            Ok(()) => Ok(true),
        }
    };
    if !is_socket || answers()? {
        return Err(io::Error::from_raw_os_error(rustix::io::Errno::ADDRINUSE.raw_os_error()));
    }
    fs::remove_file(path)
}

/// The file of a Unix socket. It goes with its owner, unless another has taken its place.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    /// Device and number of the file.
    id: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        // Absolute, since CONFIG SET dir goes elsewhere.
        let path = std::path::absolute(path)?;
        Ok(SocketFile { path, id: (metadata.dev(), metadata.ino()) })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.id);
        if is_ours {
            crate::notice!("Removing the unix socket file.");
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only who may administer the network can set a mark; others must not go on without.
    #[test]
    fn a_socket_has_its_mark_or_is_none() {
        let config = Config { socket_mark_id: 7, ..Config::default() };
        match listen_tcp(Ipv4Addr::LOCALHOST.into(), 0, &config) {
            Ok(listener) => assert_eq!(SockRef::from(&listener).mark().unwrap(), 7),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
                assert!(error.to_string().starts_with("socket-mark-id can't be set"), "{error}");
            }
        }
    }

    #[test]
    fn a_path_has_to_fit() {
        let path = |length: usize| PathBuf::from("/".repeat(length));
        let refused = |length| listen_unix(&path(length), &Config::default()).unwrap_err();
        assert_eq!(
            refused(108).to_string(),
            "Failed opening Unix socket: unix socket path too long (108), must be under 108"
        );
        assert!(refused(107).to_string().ends_with("Address already in use"), "it's the root");
    }

    #[test]
    fn what_is_no_stale_socket_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let config = Config { tcp_backlog: 3, ..Config::default() };
        let in_use = "Failed opening Unix socket: bind: Address already in use";
        let first = listen_unix(&path, &config).unwrap();
        assert_eq!(listen_unix(&path, &config).unwrap_err().to_string(), in_use, "it answers");
        // Until the backlog is full, and the next one would have to wait.
        let waiting: Vec<_> = std::iter::from_fn(|| {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket.connect(&SockAddr::unix(&path).unwrap()).is_ok().then_some(socket)
        })
        .collect();
        assert!(!waiting.is_empty());
        assert_eq!(listen_unix(&path, &config).unwrap_err().to_string(), in_use, "it is busy");
        drop(first);
        assert!(!path.exists(), "removed at the end");

        drop(UnixListener::bind(&path).unwrap()); // leaves its file
        let second = listen_unix(&path, &config).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "somebody's").unwrap();
        drop(second);
        assert_eq!(fs::read(&path).unwrap(), b"somebody's");
        assert_eq!(listen_unix(&path, &config).unwrap_err().to_string(), in_use, "no socket");
        assert_eq!(fs::read(&path).unwrap(), b"somebody's");
    }
}
