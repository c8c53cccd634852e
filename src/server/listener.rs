//! Listening sockets, the accept loop, and the checks at the acceptor.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use super::Shared;
use super::pool::Pool;
use super::session;
use crate::command::permission::log_out;
use crate::config::Config;
use crate::engine::client::Client;
use crate::engine::listening::Listen;
use crate::engine::outbox::Pen;
use crate::engine::{ClientKey, Engine};
use crate::system::service::essential;

/// The listening sockets and the threads that accept on them.
///
/// ```text
/// bind, port     wanted:  127.0.0.1:7000  [::1]:7000
///                open:    127.0.0.1:7000                0.0.0.0:6379
///                         stays           is opened     is closed
/// ```
#[derive(Default)]
pub struct Listeners(Mutex<Open>);

#[derive(Default)]
struct Open {
    sockets: Vec<Listening>,
    /// Who accepts; None as long as nobody does.
    acceptor: Option<Acceptor>,
    /// Threads of sockets that were closed.
    leaving: Vec<JoinHandle<()>>,
}

/// One listening socket.
struct Listening {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listeners {
    /// Listens at every address of the configuration, and nowhere else. Returns the first address: if
    /// the system was to pick the port, there it tells which.
    pub fn listen(&self, config: &Config) -> io::Result<SocketAddr> {
        let open = &mut *self.lock();
        let wanted = wanted(config)?;
        let (stay, go) = std::mem::take(&mut open.sockets)
            .into_iter()
            .partition(|socket| wanted.iter().any(|wanted| wanted.address == socket.address));
        open.sockets = stay;
        // Two sockets can't share a port if one is for all addresses; otherwise the old ones stay until
        // the new ones are there.
        let port = config.port;
        let (first, last): (Vec<_>, Vec<_>) =
            go.into_iter().partition(|socket: &Listening| socket.address.port() == port);
        open.close(first);
        let opened = open.open(&wanted, config);
        match opened {
            Ok(()) => open.close(last),
            Err(_) => open.sockets.extend(last),
        }
        opened?;
        Ok(open.sockets.first().map_or(NOWHERE, |socket| socket.address))
    }

    /// The first address.
    pub fn address(&self) -> SocketAddr {
        self.lock().sockets.first().map_or(NOWHERE, |socket| socket.address)
    }

    /// Starts to accept.
    pub fn serve(&self, shared: &Arc<Shared>) -> io::Result<()> {
        let open = &mut *self.lock();
        let (shared, pool, complained_in) = (Arc::clone(shared), Arc::default(), Arc::default());
        let acceptor = Acceptor { shared, pool, complained_in };
        let acceptor = open.acceptor.insert(acceptor);
        open.sockets.iter_mut().try_for_each(|socket| socket.accept(acceptor))
    }

    /// Stops to accept.
    pub fn close(&self) {
        let mut open = self.lock();
        let sockets = std::mem::take(&mut open.sockets);
        open.close(sockets);
        open.acceptor = None;
        let leaving = std::mem::take(&mut open.leaving);
        drop(open); // they may be waiting for somebody who waits for us
        leaving.into_iter().for_each(|thread| _ = thread.join());
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The address of who listens nowhere.
pub const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

impl Open {
    /// Opens what is wanted and not open.
    fn open(&mut self, wanted: &[Wanted], config: &Config) -> io::Result<()> {
        // Port 0 picks a free one; the other addresses then take the same.
        let mut port = config.port;
        for Wanted { address, text, optional } in wanted {
            if self.sockets.iter().any(|socket| socket.address == *address) {
                continue;
            }
            match listen(address.ip(), port, config) {
                Ok(listener) => {
                    let address = listener.local_addr()?;
                    port = address.port();
                    let listener = Arc::new(listener);
                    let (closed, thread) = (Arc::default(), None);
                    let mut socket = Listening { listener, address, closed, thread };
                    if let Some(acceptor) = &self.acceptor {
                        socket.accept(acceptor)?;
                    }
                    self.sockets.push(socket);
                }
                Err(error) if *optional && error.kind() != io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(cant_listen(text, port, &error)),
            }
        }
        Ok(())
    }

    fn close(&mut self, sockets: Vec<Listening>) {
        for socket in sockets {
            socket.closed.store(true, Ordering::Relaxed);
            // Wakes the accepting thread; the socket itself closes with its last owner.
            let _ = SockRef::from(&*socket.listener).shutdown(Shutdown::Both);
            self.leaving.extend(socket.thread);
        }
        self.leaving.retain(|thread| !thread.is_finished());
    }
}

impl Listening {
    fn accept(&mut self, acceptor: &Acceptor) -> io::Result<()> {
        let (listener, closed) = (Arc::clone(&self.listener), Arc::clone(&self.closed));
        let acceptor = acceptor.clone();
        let thread = std::thread::Builder::new().name("accept".into());
        self.thread = Some(thread.spawn(essential(move || acceptor.accept(&listener, &closed)))?);
        Ok(())
    }
}

/// CONFIG SET's way to the sockets.
impl Listen for Arc<Listeners> {
    fn listen(&mut self, config: &Config) -> io::Result<u16> {
        Listeners::listen(self, config).map(|address| address.port())
    }
}

/// An address to listen at.
struct Wanted {
    address: SocketAddr,
    /// As the configuration has it.
    text: String,
    /// It may be missing.
    optional: bool,
}

/// What the configuration asks for. An address that begins with `-` may be missing.
fn wanted(config: &Config) -> io::Result<Vec<Wanted>> {
    let texts = config.bind.iter().filter(|_| config.listens_on_tcp());
    texts
        .filter_map(|text| {
            let (optional, text) = match text.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, text.as_str()),
            };
            match parse_address(text) {
                Ok(ip) => {
                    let address = SocketAddr::new(ip, config.port);
                    Some(Ok(Wanted { address, text: text.to_owned(), optional }))
                }
                Err(_) if optional => None,
                Err(error) => Some(Err(cant_listen(text, config.port, &error))),
            }
        })
        .collect()
}

fn cant_listen(text: &str, port: u16, error: &io::Error) -> io::Error {
    let reason = crate::config::system_text(error);
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

fn listen(ip: IpAddr, port: u16, config: &Config) -> io::Result<TcpListener> {
    let address = SocketAddr::new(ip, port);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if ip.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    if config.socket_mark_id > 0 {
        let refused = |error: io::Error| {
            let reason = crate::config::system_text(&error);
            io::Error::new(error.kind(), format!("socket-mark-id can't be set: {reason}"))
        };
        socket.set_mark(config.socket_mark_id).map_err(refused)?; // connections inherit it
    }
    socket.listen(config.tcp_backlog.min(i32::MAX as u32) as i32)?;
    Ok(socket.into())
}

/// What an accepting thread needs.
#[derive(Clone)]
struct Acceptor {
    shared: Arc<Shared>,
    pool: Arc<Pool>,
    /// The minute of the last complaint that there are too few threads.
    complained_in: Arc<AtomicU64>,
}

impl Acceptor {
    fn accept(&self, listener: &TcpListener, closed: &AtomicBool) {
        let ends = || closed.load(Ordering::Relaxed) || self.shared.is_stopping();
        while !ends() {
            match listener.accept() {
                Ok((stream, _)) => self.admit(stream),
                Err(_) if ends() => {}
                Err(error) => {
                    // Mostly "too many open files": some connection has to end first.
                    crate::warning!("Accepting client connection: {error}");
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        }
    }

    /// Lets a connection in, or tells it why not.
    fn admit(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true); // fails only if the peer is gone already
        let stream = Arc::new(stream);
        let reserved = self.pool.reserve().ok_or_else(|| self.no_thread());
        match reserved.and_then(|reserved| Ok((reserved, self.register(&stream)?))) {
            Ok((reserved, (client, keepalive))) => {
                send_probes(&stream, keepalive);
                let shared = Arc::clone(&self.shared);
                reserved.run(move || {
                    let _leaving = Leaving { shared: &shared, client };
                    session::serve(&shared, stream, client);
                });
            }
            Err(refusal) => {
                let _ = stream.set_nonblocking(true); // a refused peer is not waited for
                let _ = (&*stream).write_all(refusal);
            }
        }
    }

    /// There can be no thread for another connection: the log has that once a minute, should a crowd be
    /// refused.
    #[cold]
    fn no_thread(&self) -> &'static [u8] {
        let minute = self.shared.engine.visit(|engine| {
            engine.stats.rejected_connections += 1;
            engine.started.elapsed().as_secs() / 60 + 1
        });
        if self.complained_in.swap(minute, Ordering::Relaxed) != minute {
            crate::warning!(
                "Refusing connections: the system has no threads for more (see ulimit -u and -v, \
                 vm.max_map_count, and pids.max of the control group)"
            );
        }
        TOO_MANY_CLIENTS
    }

    fn register(&self, stream: &Arc<TcpStream>) -> Result<(ClientKey, u32), &'static [u8]> {
        let stream = Arc::clone(stream);
        self.shared.engine.visit(|engine| register(engine, stream))
    }
}

/// Gives a connection its place among the clients, and tells how it is to be probed.
fn register(
    engine: &mut Engine,
    stream: Arc<TcpStream>,
) -> Result<(ClientKey, u32), &'static [u8]> {
    if engine.clients.connected() >= engine.config.maxclients as usize {
        engine.stats.rejected_connections += 1;
        return Err(TOO_MANY_CLIENTS);
    }
    let open = engine.acl.default_user().needs_no_password();
    let peer = stream.peer_addr().map(|peer| peer.ip());
    if engine.config.protected_mode && open && !peer.is_ok_and(|ip| ip.is_loopback()) {
        engine.stats.rejected_connections += 1;
        return Err(PROTECTED.as_bytes());
    }
    engine.stats.total_connections_received += 1;
    let key = engine.clients.add(|id| Client::connected(id, stream));
    let activity = Arc::clone(&engine.clients.get(key).activity);
    let pen = Pen::new(Arc::clone(&engine.aof.writer), Arc::clone(&engine.writers), activity);
    engine.clients.get_mut(key).pen = Arc::new(pen);
    log_out(engine, key);
    Ok((key, engine.config.tcp_keepalive))
}

/// Lets the kernel notice that the peer is gone: it probes after so many seconds of silence.
fn send_probes(stream: &TcpStream, keepalive_secs: u32) {
    if keepalive_secs > 0 {
        let interval = Duration::from_secs((keepalive_secs / 3).max(1).into());
        let probes = TcpKeepalive::new()
            .with_time(Duration::from_secs(keepalive_secs.into()))
            .with_interval(interval)
            .with_retries(3);
        let _ = SockRef::from(stream).set_tcp_keepalive(&probes); // as good as it gets
    }
}

/// Takes the client out of the registry when its session ends, however it ends.
struct Leaving<'a> {
    shared: &'a Shared,
    client: ClientKey,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let client = self.client;
        self.shared.engine.visit(move |engine| engine.remove_client(client));
    }
}

const TOO_MANY_CLIENTS: &[u8] = b"-ERR max number of clients reached\r\n";

/// What a peer from another machine gets while there is no password. Clients and people look for
/// this text, so it is the one that Redis sends.
const PROTECTED: &str = "-DENIED Redis is running in protected mode because protected mode is \
    enabled and no password is set for the default user. In this mode connections are only \
    accepted from the loopback interface. If you want to connect from external computers to Redis \
    you may adopt one of the following solutions: 1) Just disable protected mode sending the \
    command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from \
    the same host the server is running, however MAKE SURE Redis is not publicly accessible from \
    internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you \
    can just disable the protected mode by editing the Redis configuration file, and setting the \
    protected mode option to 'no', and then restarting the server. 3) If you started the server \
    manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an \
    authentication password for the default user. NOTE: You only need to do one of the above \
    things in order for the server to start accepting connections from the outside.\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    /// Only who may administer the network can set a mark; others must not go on without.
    #[test]
    fn a_socket_has_its_mark_or_is_none() {
        let config = Config { socket_mark_id: 7, ..Config::default() };
        match listen(Ipv4Addr::LOCALHOST.into(), 0, &config) {
            Ok(listener) => assert_eq!(SockRef::from(&listener).mark().unwrap(), 7),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
                assert!(error.to_string().starts_with("socket-mark-id can't be set"), "{error}");
            }
        }
    }
}
