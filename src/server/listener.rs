//! The listening sockets, and the threads that accept on them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use super::Shared;
use super::admission::Acceptor;
use super::inherited::Inherited;
use super::pool::{GROUP_SIZE, Pool};
use super::sockets::{self, Kind, Listener, Place, Wanted, cant_listen, listen_tcp, listen_unix};
use crate::config::Config;
use crate::engine::listening::Listen;
use crate::system::mutex::locked;
use crate::system::service::essential;
use crate::system::stream::{Address, Stream};

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
    /// Whether sockets of TCP, and of this machine, were there before: then no others are opened.
    has_inherited: [bool; 2],
    /// Who accepts; None as long as nobody does.
    acceptor: Option<Acceptor>,
    /// Threads of sockets that were closed.
    leaving: Vec<JoinHandle<()>>,
}

/// One listening socket.
struct Listening {
    listener: Arc<Listener>,
    place: Place,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listeners {
    /// Begins with sockets that are open already.
    pub fn of(inherited: Inherited) -> io::Result<Listeners> {
        let has_inherited = [!inherited.tcp.is_empty(), !inherited.unix.is_empty()];
        let mut open = Open { has_inherited, ..Open::default() };
        for (listener, is_tls) in inherited.tcp {
            let kind = if is_tls { Kind::Encrypted } else { Kind::Plain };
            let place = Place { address: Address::Ip(listener.local_addr()?), kind };
            open.sockets.push(Listening::new(Listener::Tcp(listener, kind), place));
        }
        for listener in inherited.unix {
            let path = listener.local_addr()?.as_pathname().map(PathBuf::from).unwrap_or_default();
            let place = Place { address: Address::Unix(path), kind: Kind::Plain };
            open.sockets.push(Listening::new(Listener::Unix { listener, _file: None }, place));
        }
        Ok(Listeners(Mutex::new(open)))
    }

    /// Listens at every place of the configuration, and nowhere else. Returns the first address: if
    /// the system was to pick the port, there it tells which. None: it is to listen nowhere.
    pub fn listen(&self, config: &Config) -> io::Result<Option<SocketAddr>> {
        let open = &mut *self.lock();
        let [has_tcp, has_unix] = open.has_inherited;
        let is_inherited = |place: &Place| match place.address {
            Address::Ip(_) => has_tcp,
            Address::Unix(_) => has_unix,
        };
        let mut wanted = sockets::wanted(config)?;
        wanted.retain(|wanted| !is_inherited(&wanted.place));
        let (stay, go) =
            std::mem::take(&mut open.sockets).into_iter().partition(|socket: &Listening| {
                is_inherited(&socket.place)
                    || wanted.iter().any(|wanted| wanted.place == socket.place)
            });
        open.sockets = stay;
        // Two sockets can't share a port if one is for all addresses; otherwise the old ones stay until
        // the new ones are there.
        let ports = [config.port, config.tls_port].map(Some);
        let (first, last): (Vec<_>, Vec<_>) =
            go.into_iter().partition(|socket: &Listening| ports.contains(&socket.place.port()));
        open.close(first);
        let opened = open.open(&wanted, config);
        match opened {
            Ok(()) => open.close(last),
            Err(_) => open.sockets.extend(last),
        }
        opened?;
        let is_anywhere = !open.sockets.is_empty();
        Ok(is_anywhere.then(|| open.sockets.iter().find_map(Listening::ip).unwrap_or(NOWHERE)))
    }

    /// The port where no TLS is spoken; 0 if there is none.
    pub fn plain_port(&self) -> u16 {
        let open = self.lock();
        let mut plain = open.sockets.iter().filter(|socket| socket.place.kind == Kind::Plain);
        plain.find_map(|socket| socket.place.port()).unwrap_or(0)
    }

    /// Starts to accept.
    pub fn serve(&self, shared: &Arc<Shared>) -> io::Result<()> {
        let open = &mut *self.lock();
        let pool = Pool::new(if open.sockets.is_empty() { 1 } else { GROUP_SIZE });
        let acceptor = open.acceptor.insert(Acceptor::new(shared, pool));
        open.sockets.iter_mut().try_for_each(|socket| socket.accept(acceptor))
    }

    /// Lets a connection in that has come by no socket of these.
    pub fn admit(&self, stream: Stream) -> io::Result<()> {
        let acceptor = self.lock().acceptor.clone();
        let acceptor = acceptor.ok_or(io::ErrorKind::NotConnected)?; // the server has stopped
        acceptor.admit(stream);
        Ok(())
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
        locked(&self.0)
    }
}

/// The address of who listens at none, but at a file.
pub const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

impl Open {
    /// Opens what is wanted and not open.
    fn open(&mut self, wanted: &[Wanted], config: &Config) -> io::Result<()> {
        // Port 0 picks a free one; the other addresses then take the same.
        let mut picked = 0;
        for Wanted { place, text, optional } in wanted {
            if self.sockets.iter().any(|socket| socket.place == *place) {
                continue;
            }
            let opened = match &place.address {
                Address::Unix(path) => listen_unix(path, config).map(|it| (it, place.clone())),
                Address::Ip(address) => {
                    let port = if address.port() == 0 { picked } else { address.port() };
                    match listen_tcp(address.ip(), port, config) {
                        Ok(listener) => {
                            let address = listener.local_addr()?;
                            picked =
                                if place.kind == Kind::Plain { address.port() } else { picked };
                            let place = Place { address: Address::Ip(address), kind: place.kind };
                            Ok((Listener::Tcp(listener, place.kind), place))
                        }
                        Err(error) if *optional && error.kind() != io::ErrorKind::AddrInUse => {
                            continue;
                        }
                        Err(error) => Err(cant_listen(text, port, &error)),
                    }
                }
            };
            let (listener, place) = opened?;
            let mut socket = Listening::new(listener, place);
            if let Some(acceptor) = &self.acceptor {
                socket.accept(acceptor)?;
            }
            self.sockets.push(socket);
        }
        Ok(())
    }

    fn close(&mut self, sockets: Vec<Listening>) {
        for socket in sockets {
            socket.closed.store(true, Ordering::Relaxed);
            socket.listener.shut_down();
            self.leaving.extend(socket.thread);
        }
        self.leaving.retain(|thread| !thread.is_finished());
    }
}

impl Listening {
    fn new(listener: Listener, place: Place) -> Self {
        Listening { listener: Arc::new(listener), place, closed: Arc::default(), thread: None }
    }

    fn ip(&self) -> Option<SocketAddr> {
        match self.place.address {
            Address::Ip(address) => Some(address),
            Address::Unix(_) => None,
        }
    }

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
        Listeners::listen(self, config).map(|_| self.plain_port())
    }
}
