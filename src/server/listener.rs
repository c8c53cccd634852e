//! The listening sockets, and the threads that accept on them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use super::Shared;
use super::admission::Acceptor;
use super::sockets::{self, Kind, Listener, Place, Wanted, cant_listen, listen_tcp, listen_unix};
use crate::config::Config;
use crate::engine::listening::Listen;
use crate::system::service::essential;
use crate::system::stream::Address;

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
    listener: Arc<Listener>,
    place: Place,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listeners {
    /// Listens at every place of the configuration, and nowhere else. Returns the first address: if
    /// the system was to pick the port, there it tells which. None: it is to listen nowhere.
    pub fn listen(&self, config: &Config) -> io::Result<Option<SocketAddr>> {
        let open = &mut *self.lock();
        let wanted = sockets::wanted(config)?;
        let (stay, go) = std::mem::take(&mut open.sockets)
            .into_iter()
            .partition(|socket| wanted.iter().any(|wanted| wanted.place == socket.place));
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
        let acceptor = open.acceptor.insert(Acceptor::new(shared));
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
            let listener = Arc::new(listener);
            let mut socket = Listening { listener, place, closed: Arc::default(), thread: None };
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
