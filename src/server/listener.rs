//! Listening sockets, the accept loop, and the checks at the door.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use super::Shared;
use super::pool::Pool;
use super::session;
use crate::command::permission::log_out;
use crate::config::Config;
use crate::engine::ClientKey;
use crate::engine::client::Client;
use crate::engine::outbox::Pen;
use crate::system::service::essential;

/// The listening sockets and the threads that accept on them.
pub struct Listeners {
    listeners: Vec<Arc<TcpListener>>,
    threads: Vec<JoinHandle<()>>,
}

impl Listeners {
    /// Binds every address of the configuration. One that begins with `-` may be missing.
    pub fn bind(config: &Config) -> io::Result<Self> {
        let mut listeners: Vec<Arc<TcpListener>> = Vec::new();
        let mut port = config.port;
        for text in config.bind.iter().filter(|_| config.listens_on_tcp()) {
            let (optional, text) = match text.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, text.as_str()),
            };
            match parse_address(text).and_then(|ip| listen(ip, port, config)) {
                // Port 0 picks a free one; the other addresses then take the same.
                Ok(listener) => {
                    port = listener.local_addr()?.port();
                    listeners.push(Arc::new(listener));
                }
                Err(error) if optional && error.kind() != io::ErrorKind::AddrInUse => {}
                Err(error) => {
                    let text = format!(
                        "Could not create server TCP listening socket {text}:{port}: bind: {}",
                        crate::config::system_text(&error)
                    );
                    return Err(io::Error::new(error.kind(), text));
                }
            }
        }
        if listeners.is_empty() {
            return Err(io::Error::other(
                "there is no address to listen on: set port or listen-addr",
            ));
        }
        Ok(Listeners { listeners, threads: Vec::new() })
    }

    /// The first address.
    pub fn address(&self) -> SocketAddr {
        let first = self.listeners.first().and_then(|listener| listener.local_addr().ok());
        first.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
    }

    /// Starts to accept.
    pub fn serve(&mut self, shared: &Arc<Shared>) -> io::Result<()> {
        let pool = Arc::new(Pool::default());
        for listener in &self.listeners {
            let door = Door {
                listener: Arc::clone(listener),
                shared: Arc::clone(shared),
                pool: Arc::clone(&pool),
            };
            let thread = std::thread::Builder::new().name("accept".into());
            self.threads.push(thread.spawn(essential(move || door.accept()))?);
        }
        Ok(())
    }

    /// Stops to accept.
    pub fn close(&mut self) {
        for listener in &self.listeners {
            // Wakes the accepting thread; the socket itself closes with its last owner.
            let _ = SockRef::from(&**listener).shutdown(Shutdown::Both);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        self.listeners.clear();
    }
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

/// One accepting thread's view.
struct Door {
    listener: Arc<TcpListener>,
    shared: Arc<Shared>,
    pool: Arc<Pool>,
}

impl Door {
    fn accept(&self) {
        while !self.shared.is_stopping() {
            match self.listener.accept() {
                Ok((stream, _)) => self.admit(stream),
                Err(_) if self.shared.is_stopping() => {}
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
        let seat = self.pool.reserve().ok_or(TOO_MANY_CLIENTS);
        match seat.and_then(|seat| Ok((seat, self.register(&stream)?))) {
            Ok((seat, (client, keepalive))) => {
                send_probes(&stream, keepalive);
                let shared = Arc::clone(&self.shared);
                seat.run(move || {
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

    fn register(&self, stream: &Arc<TcpStream>) -> Result<(ClientKey, u32), &'static [u8]> {
        let mut engine = self.shared.engine.lock();
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
        let key = engine.clients.add(|id| Client::connected(id, Arc::clone(stream)));
        let pen = Pen::new(Arc::clone(&engine.aof.writer), Arc::clone(&engine.writers));
        engine.clients.get_mut(key).pen = Arc::new(pen);
        log_out(&mut engine, key);
        Ok((key, engine.config.tcp_keepalive))
    }
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
        self.shared.engine.lock().remove_client(self.client);
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
