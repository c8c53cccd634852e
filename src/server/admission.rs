//! Who is let in: the accepting threads, and the checks before a connection is served.
//!
//! ```text
//! accept ── a worker? ── room for one more? ── protected mode? ── registered ──> [handshake] ── session
//! ```
//!
//! A handshake is the worker's business, and so a matter of one connection: one that dawdles or lies
//! costs its own. Who fails in it is counted where those are who give a wrong password.

use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::Shared;
use super::pool::Pool;
use super::session;
use super::sockets::Listener;
use crate::command::permission::log_out;
use crate::engine::client::Client;
use crate::engine::outbox::Pen;
use crate::engine::{ClientKey, Engine};
use crate::system::clock::machine_now;
use crate::system::mutex::locked;
use crate::system::stream::{Address, Stream};

/// How long a handshake may take.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);

/// What an accepting thread needs.
#[derive(Clone)]
pub struct Acceptor {
    shared: Arc<Shared>,
    pool: Arc<Pool>,
    /// The minute of the last complaint that there are too few threads.
    complained_in: Arc<AtomicU64>,
}

impl Acceptor {
    /// Lets the connections of a server in.
    pub fn new(shared: &Arc<Shared>, pool: Pool) -> Self {
        let (shared, pool) = (Arc::clone(shared), Arc::new(pool));
        Acceptor { shared, pool, complained_in: Arc::default() }
    }

    /// Accepts until the socket is closed, or the server stops.
    pub fn accept(&self, listener: &Listener, closed: &AtomicBool) {
        let ends = || closed.load(Ordering::Relaxed) || self.shared.is_stopping();
        let tls = || {
            self.shared.engine.visit(|engine| engine.tls.as_ref().map(|tls| tls.incoming.clone()))
        };
        while !ends() {
            match listener.accept(tls) {
                Ok(stream) => self.admit(stream),
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
    pub fn admit(&self, stream: Stream) {
        let _ = stream.set_nodelay(true); // fails only if the peer is gone already
        let stream = Arc::new(stream);
        let reserved = self.pool.reserve().ok_or_else(|| self.no_thread());
        match reserved.and_then(|reserved| Ok((reserved, self.register(&stream)?))) {
            Ok((reserved, (client, keepalive))) => {
                stream.send_probes(keepalive);
                let shared = Arc::clone(&self.shared);
                reserved.run(move || {
                    let _leaving = Leaving { shared: Arc::clone(&shared), client };
                    match stream.open(machine_now() + HANDSHAKE_PATIENCE) {
                        Ok(()) => serve(&shared, stream, client),
                        Err(error) => note_failed_handshake(&shared, client, &error),
                    }
                });
            }
            Err(refusal) => {
                // A refused peer is not waited for, and one that first wants a handshake not told.
                if !stream.is_encrypted() {
                    let _ = stream.write_now(refusal);
                }
            }
        }
    }

    /// There can be no thread for another connection: the log has that once a minute, should a crowd be
    /// refused.
    #[cold]
    fn no_thread(&self) -> &'static [u8] {
        let minute = self.shared.engine.visit(|engine| {
            engine.stats.rejected_connections += 1;
            engine.clock.since(engine.started).as_secs() / 60 + 1
        });
        if self.complained_in.swap(minute, Ordering::Relaxed) != minute {
            crate::warning!(
                "Refusing connections: the system has no threads for more (see ulimit -u and -v, \
                 vm.max_map_count, and pids.max of the control group)"
            );
        }
        TOO_MANY_CLIENTS
    }

    fn register(&self, stream: &Arc<Stream>) -> Result<(ClientKey, u32), &'static [u8]> {
        let stream = Arc::clone(stream);
        let ends = [stream.peer(), stream.local()];
        self.shared.engine.visit(|engine| register(engine, stream, ends))
    }
}

/// Gives a connection between a peer and us its place among the clients, and tells how it is to be probed.
pub(super) fn register(
    engine: &mut Engine,
    stream: Arc<Stream>,
    [peer, local]: [Option<Address>; 2],
) -> Result<(ClientKey, u32), &'static [u8]> {
    let connections = engine.clients.connected() + engine.cluster_connections();
    if connections >= engine.config.maxclients as usize {
        engine.stats.rejected_connections += 1;
        return Err(match engine.cluster {
            Some(_) => TOO_MANY_WITH_NODES,
            None => TOO_MANY_CLIENTS,
        });
    }
    let open = engine.acl.default_user().needs_no_password();
    let is_local = peer.as_ref().is_some_and(Address::is_local);
    if engine.config.protected_mode && open && !is_local {
        engine.stats.rejected_connections += 1;
        return Err(PROTECTED.as_bytes());
    }
    engine.stats.total_connections_received += 1;
    let key = engine.clients.add(|id, clock| Client::connected(id, clock, stream));
    let activity = Arc::clone(&engine.clients.get(key).activity);
    let pen = Pen::new(Arc::clone(&engine.aof.writer), Arc::clone(&engine.writers), activity);
    let client = engine.clients.get_mut(key);
    (client.peer, client.local, client.pen) = (peer, local, Arc::new(pen));
    log_out(engine, key);
    Ok((key, engine.config.tcp_keepalive))
}

/// Somebody couldn't prove who it is, or doesn't know how to.
#[cold]
fn note_failed_handshake(shared: &Shared, client: ClientKey, error: &io::Error) {
    let mut engine = shared.engine.lock();
    if engine.clients.get(client).is_gone {
        return; // it was ended here
    }
    engine.stats.acl_access_denied_auth += 1;
    let peer = engine.clients.get(client).peer.clone();
    drop(engine);
    let peer = peer.map_or_else(String::new, |peer| peer.to_string());
    crate::warning!("Error accepting a client connection: {error} (addr={peer})");
}

/// Serves a connection, and closes it: with the process, if this client has ended that.
fn serve(shared: &Shared, stream: Arc<Stream>, client: ClientKey) {
    if session::serve(shared, Arc::clone(&stream), client) {
        locked(&shared.parting).push(stream);
    } else {
        let _ = stream.shutdown(Shutdown::Write);
    }
}

/// Takes the client out of the registry when its session ends, however it ends.
pub(super) struct Leaving {
    pub(super) shared: Arc<Shared>,
    pub(super) client: ClientKey,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let client = self.client;
        self.shared.engine.visit(move |engine| engine.remove_client(client));
    }
}

pub(super) const TOO_MANY_CLIENTS: &[u8] = b"-ERR max number of clients reached\r\n";
/// The same from a node of a cluster, where connections to other nodes count, too.
const TOO_MANY_WITH_NODES: &[u8] = b"-ERR max number of clients + cluster connections reached\r\n";

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
