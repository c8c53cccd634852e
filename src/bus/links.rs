//! Connections: made or accepted, and their two threads.
//!
//! One thread reads packets and tells the state machine; another one writes what waits. Both end with the
//! connection, and a panic in one of them costs no more than that.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::Builder;
use std::time::Duration;

use crossbeam::channel::{Receiver, Sender, unbounded};

use super::reading::Packets;
use crate::cluster::key::LinkKey;
use crate::cluster::packet::Packet;
use crate::engine::SharedEngine;
use crate::engine::cluster::tell;
use crate::system::clock::machine_now;
use crate::system::cores;
use crate::system::mutex::locked;
use crate::system::outgoing;
use crate::system::stream::{Address, Stream};
use crate::system::threads::Permit;

/// The threads do little.
const STACK_SIZE: usize = 256 * 1024;
/// A connection may take the node timeout, but so long at most.
const LONGEST_CONNECT: Duration = Duration::from_secs(5);

type Bytes = Arc<[u8]>;

/// All connections, by the names that the state machine has for them.
pub struct Links {
    shared: Arc<SharedEngine>,
    peers: Mutex<HashMap<LinkKey, Peer>>,
}

/// The writing end of a connection.
struct Peer {
    packets: Sender<Bytes>,
    waiting: Arc<AtomicUsize>,
    /// The socket, once there is one, so that it can be ended.
    stream: Option<Arc<Stream>>,
}

/// What the threads of a connection have of it.
struct Line {
    links: Arc<Links>,
    key: LinkKey,
    packets: Receiver<Bytes>,
    waiting: Arc<AtomicUsize>,
}

impl Links {
    /// No connections yet.
    pub fn new(shared: Arc<SharedEngine>) -> Arc<Self> {
        Arc::new(Links { shared, peers: Mutex::default() })
    }

    fn peers(&self) -> MutexGuard<'_, HashMap<LinkKey, Peer>> {
        locked(&self.peers)
    }

    fn add(self: &Arc<Self>, key: LinkKey, stream: Option<Arc<Stream>>) -> Line {
        let ((tx, packets), waiting) = (unbounded(), Arc::default());
        let peer = Peer { packets: tx, waiting: Arc::clone(&waiting), stream };
        self.peers().insert(key, peer);
        Line { links: Arc::clone(self), key, packets, waiting }
    }

    /// Makes a connection, in a thread of its own.
    pub fn connect(self: &Arc<Self>, key: LinkKey, ip: String, port: u16) {
        let line = self.add(key, None);
        let engine = self.shared.lock();
        let timeout = Duration::from_millis(engine.config.cluster_node_timeout.max(1));
        let source = engine.config.bind_source_addr.clone();
        let tls = engine.tls_to_node();
        drop(engine);
        self.start(line, move |line| {
            let timeout = timeout.min(LONGEST_CONNECT);
            let stream = Arc::new(outgoing::connect(&ip, port, &source, timeout, tls.as_ref())?);
            line.adopt(&stream)?;
            let (local_ip, peer_ip) = addresses(&stream)?;
            tell(&mut line.links.shared.lock(), |cluster| {
                cluster.connected(line.key, local_ip, peer_ip);
            });
            line.serve(stream)
        });
    }

    /// Takes a connection that another node has made.
    pub fn accept(self: &Arc<Self>, socket: TcpStream) {
        let mut engine = self.shared.lock();
        let tls = engine.tls.clone().filter(|_| engine.config.tls_cluster);
        let stream = match tls {
            Some(tls) => tls.incoming.accept(socket),
            None => Ok(socket.into()),
        };
        let Ok(stream) = stream else { return };
        let stream = Arc::new(stream);
        let Ok((local_ip, peer_ip)) = addresses(&stream) else { return }; // gone already
        let key = tell(&mut engine, |cluster| cluster.accepted(local_ip, peer_ip));
        let Some(key) = key else { return };
        let line = self.add(key, Some(Arc::clone(&stream)));
        drop(engine);
        self.start(line, move |line| {
            stream.open(machine_now() + LONGEST_CONNECT)?;
            line.serve(stream)
        });
    }

    /// Starts the thread that lives as long as the connection.
    fn start(
        self: &Arc<Self>,
        line: Line,
        live: impl FnOnce(&Line) -> io::Result<()> + Send + 'static,
    ) {
        let thread = Builder::new().name("bus-reader".into()).stack_size(STACK_SIZE);
        let Some(permit) = Permit::take(2, STACK_SIZE) else {
            crate::warning!("The system has no threads for another connection of the cluster");
            return;
        };
        let started = cores::spawn(thread, move || {
            let _permit = permit;
            if let Err(error) = live(&line) {
                crate::debug!("Connection of the cluster's bus: {error}");
            }
        });
        if let Err(error) = started {
            crate::warning!("No thread for a connection of the cluster: {error}");
        }
    }

    /// Hands a packet to the connection's writer.
    pub fn send(&self, key: LinkKey, packet: Bytes) {
        if let Some(peer) = self.peers().get(&key) {
            peer.waiting.fetch_add(packet.len(), Ordering::Relaxed);
            let _ = peer.packets.send(packet); // fails if the connection has just ended
        }
    }

    /// Ends a connection.
    pub fn close(&self, key: LinkKey) {
        if let Some(Peer { stream: Some(stream), .. }) = self.peers().remove(&key) {
            let _ = stream.shutdown(Shutdown::Both); // fails if it has ended already
        }
    }

    /// Ends all connections.
    pub fn close_all(&self) {
        let keys: Vec<LinkKey> = self.peers().keys().copied().collect();
        keys.into_iter().for_each(|key| self.close(key));
    }

    /// How many bytes wait on each connection.
    pub fn waiting(&self) -> Vec<(LinkKey, usize)> {
        let peers = self.peers();
        peers.iter().map(|(key, peer)| (*key, peer.waiting.load(Ordering::Relaxed))).collect()
    }
}

/// The addresses of this end and of the other one.
fn addresses(stream: &Stream) -> io::Result<(String, String)> {
    let text = |address: Option<Address>| {
        let ip = address.and_then(|address| address.ip());
        ip.map(|ip| ip.to_canonical().to_string()).ok_or(io::ErrorKind::NotConnected)
    };
    Ok((text(stream.local())?, text(stream.peer())?))
}

impl Line {
    /// The connection is there. It fails if it isn't wanted any more.
    fn adopt(&self, stream: &Arc<Stream>) -> io::Result<()> {
        let mut peers = self.links.peers();
        let unwanted = || io::Error::other("it is not wanted any more");
        peers.get_mut(&self.key).ok_or_else(unwanted)?.stream = Some(Arc::clone(stream));
        Ok(())
    }

    /// Reads until the connection ends; another thread writes.
    fn serve(&self, stream: Arc<Stream>) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let (packets, waiting) = (self.packets.clone(), Arc::clone(&self.waiting));
        let out = Arc::clone(&stream);
        let thread = Builder::new().name("bus-writer".into()).stack_size(STACK_SIZE);
        cores::spawn(thread, move || write(&out, &packets, &waiting))?;
        let mut packets = Packets::new(&*stream);
        while let Some(bytes) = packets.read()? {
            let Some(packet) = Packet::parse(bytes) else { continue };
            let is_known = tell(&mut self.links.shared.lock(), |cluster| {
                cluster.understand(self.key, packet);
                cluster.knows(self.key)
            });
            if is_known == Some(true) {
                packets.trust();
            }
        }
        Ok(())
    }
}

/// However it ends, the state machine learns of it, and the writer ends, too.
impl Drop for Line {
    fn drop(&mut self) {
        self.links.close(self.key);
        tell(&mut self.links.shared.lock(), |cluster| cluster.disconnected(self.key));
    }
}

/// Writes what comes until nothing can come any more. A connection that takes nothing is ended by whoever
/// waits for an answer to what was sent.
fn write(stream: &Stream, packets: &Receiver<Bytes>, waiting: &AtomicUsize) {
    for packet in packets {
        let written = { stream }.write_all(&packet);
        waiting.fetch_sub(packet.len(), Ordering::Relaxed);
        if written.is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both); // the reader ends, too
}
