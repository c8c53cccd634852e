//! The server: sockets, threads, and the life of a process.
//!
//! ```text
//!  listener ── accept ──> pool ── a worker per connection ──> session ── requests ──> execute
//!  cron ── ten times a second: expiry, statistics, idle clients
//!  reaper ── frees what is large
//! ```
//!
//! | file         | what it is                                                |
//! |--------------|-----------------------------------------------------------|
//! | [`listener`] | the listening sockets and their threads                    |
//! | [`sockets`]  | one of them: TCP, TLS, a file of this machine              |
//! | [`admission`] | who is let in                                             |
//! | [`pool`]     | the worker threads                                         |
//! | [`session`]  | one connection: read, execute, write                       |
//! | [`waiting`]  | how it waits in between                                    |
//! | [`delegating`] | how it is served while a slow script holds the lock      |
//! | [`ahead`]    | what is done for requests before their turn                |
//! | [`input`]    | its reading end, which looks a few times before it sleeps  |
//! | [`cron`]     | what happens by itself                                     |
//! | [`healthcheck`] | asking a server whether it answers                      |
//! | [`process`]  | signals, limits, and running as the `cacheflow` program    |

mod admission;
mod ahead;
pub mod cron;
pub mod delegating;
pub mod healthcheck;
pub mod input;
pub mod listener;
pub mod pool;
pub mod process;
pub mod session;
mod sockets;
pub mod waiting;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::bus::file::NodesFile;
use crate::bus::{self, Bus};
use crate::command::{self, acl::load_users};
use crate::config::{Config, title};
use crate::engine::append_only::AofState;
use crate::engine::cluster;
use crate::engine::role;
use crate::engine::scripting::STACK_SIZE;
use crate::engine::shutdown::ShutdownRequest;
use crate::engine::{Engine, SharedEngine};
use crate::persistence::shutdown::{self, Outcome};
use crate::persistence::{background, disk, start};
use crate::replication;
use crate::system::pidfile::PidFile;
use listener::Listeners;

/// What the threads of a server share.
pub struct Shared {
    /// The engine behind the lock.
    pub engine: Arc<SharedEngine>,
}

impl Shared {
    /// Whether the server is about to end.
    pub fn is_stopping(&self) -> bool {
        self.engine.is_stopping()
    }
}

/// A running server. Dropping it stops it.
///
/// ```
/// let server = cacheflow::Server::builder().bind("127.0.0.1:0").start()?;
/// println!("listening on {}", server.address());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Server {
    shared: Arc<Shared>,
    listeners: Arc<Listeners>,
    address: SocketAddr,
    _pidfile: Option<PidFile>,
    cron: Vec<JoinHandle<()>>,
    background: Option<JoinHandle<()>>,
    reaper: Option<JoinHandle<()>>,
    link: Option<JoinHandle<()>>,
    bus: Option<Bus>,
}

/// How a server is to be started.
#[derive(Clone)]
pub struct Builder {
    config: Config,
    interrupted: Arc<AtomicUsize>,
}

impl Builder {
    /// Starts from a whole configuration.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Listens on this address; port 0 takes a free one.
    pub fn bind(mut self, address: &str) -> Self {
        self.config.listen_addr = address.to_owned();
        if let Some((host, port)) = crate::config::split_listen_addr(address) {
            self.config.port = port;
            self.config.bind = host.map_or_else(|| Config::default().bind, |h| vec![h.to_owned()]);
        }
        self
    }

    /// Asks every client for this password.
    pub fn password(mut self, password: &str) -> Self {
        self.config.requirepass = password.into();
        self
    }

    /// Keeps the data in this directory: what a snapshot there holds is loaded at the start, and
    /// written again by SAVE.
    pub fn data_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.config.dir = dir.into();
        self.config.dbfilename = Config::default().dbfilename;
        self
    }

    /// Changes any parameter.
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Gives the start up when this becomes another number than 0, though not all data is loaded.
    pub fn interrupted_by(mut self, signal: Arc<AtomicUsize>) -> Self {
        self.interrupted = signal;
        self
    }

    /// Starts the server; it serves until the handle is dropped.
    pub fn start(self) -> io::Result<Server> {
        Server::start(self.config, &self.interrupted)
    }
}

/// How long a stop waits for connections to end.
const STOP_PATIENCE: Duration = Duration::from_millis(1500);
/// How often a thread that does something else looks whether it is to stop.
const LOOK_PERIOD: Duration = Duration::from_millis(20);

impl Server {
    /// A server with the default configuration, to be changed. It neither loads nor saves anything,
    /// unless it is given a [`data_dir`](Builder::data_dir).
    pub fn builder() -> Builder {
        let config = Config { save: Vec::new(), dbfilename: String::new(), ..Config::default() };
        Builder { config, interrupted: Arc::default() }
    }

    fn start(config: Config, interrupted: &AtomicUsize) -> io::Result<Server> {
        crate::system::logging::prepare();
        let (mut engine, garbage) = Engine::new(config.clone(), command::EXECUTION);
        load_users(&mut engine).map_err(io::Error::other)?;
        engine.configure_tls().map_err(io::Error::other)?;
        let shared = Arc::new(Shared { engine: SharedEngine::new(engine) });
        let listeners = Arc::new(Listeners::default());
        let address = listeners.listen(&config)?;
        let address = address
            .ok_or_else(|| io::Error::other("Configured to not listen anywhere, exiting."))?;
        let pidfile = match config.pidfile.as_str() {
            "" => None,
            path => PidFile::write(path.as_ref()),
        };
        let mut engine = shared.engine.lock();
        engine.listening = Some(Box::new(Arc::clone(&listeners)));
        engine.port = listeners.plain_port();
        engine.config.port = engine.port; // the one that the system picked, if it did
        title::show(&engine.config);
        engine.adjust_oom_score().map_err(|error| {
            let text = format!("Failed to set current oom_score_adj: {error}");
            io::Error::new(error.kind(), text)
        })?;
        drop(engine);
        crate::notice!("Server initialized");
        let reaper = Some(cron::start_reaper(garbage, &config)?);
        let mut server = Server {
            shared,
            listeners,
            address,
            _pidfile: pidfile,
            cron: Vec::new(),
            background: None,
            reaper,
            link: None,
            bus: None,
        };
        let node = config.cluster_enabled.then(|| server.join_cluster()).transpose()?;
        // Clients are served while the data is loaded, if only with -LOADING.
        server.shared.engine.lock().loading = true;
        server.listeners.serve(&server.shared)?;
        server.load(interrupted)?;
        let shared = &server.shared;
        shared.engine.lock().loading = false;
        if let Some((file, sockets)) = node {
            cluster::adopt_loaded_keys(&mut shared.engine.lock()).map_err(io::Error::other)?;
            server.bus = Some(Bus::start(&shared.engine, file, sockets)?);
        }
        server.background = Some(background::start(&shared.engine)?);
        server.link = Some(replication::link::start(Arc::clone(&shared.engine))?);
        server.cron =
            vec![cron::start(Arc::clone(shared))?, cron::start_syncer(Arc::clone(shared))?];
        Ok(server)
    }

    /// Becomes the node that it was when it was here last. It speaks to others when it has its data.
    fn join_cluster(&self) -> io::Result<(NodesFile, Vec<TcpListener>)> {
        let config = self.config();
        let highest = u16::MAX - cluster::BUS_PORT_OFFSET;
        if config.cluster_port == 0 && cluster::client_port(&config) > highest {
            let text = format!(
                "Redis port number too high for cluster mode. The bus needs the port + {}.",
                cluster::BUS_PORT_OFFSET
            );
            return Err(io::Error::other(text));
        }
        if config.replicaof.is_some() {
            return Err(io::Error::other("replicaof directive not allowed in cluster mode"));
        }
        let file = bus::driver::remember(&self.shared.engine)?;
        Ok((file, sockets::listen_apart(&config, cluster::bus_port(&config))?))
    }

    /// Loads the data. It ends early when the server is told to stop, be it by a client.
    fn load(&self, interrupted: &AtomicUsize) -> io::Result<()> {
        let progress = Arc::clone(&self.shared.engine.lock().progress);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::thread::park_timeout(LOOK_PERIOD);
                    let is_interrupted = interrupted.load(Ordering::Relaxed) != 0;
                    let asked = self.shared.engine.visit(move |engine| {
                        if is_interrupted && engine.scripting.is_slow() {
                            engine.shutdown.get_or_insert_default(); // cuts it off
                        }
                        engine.shutdown.is_some()
                    });
                    if asked || is_interrupted {
                        progress.stop();
                    }
                }
            });
            // On a thread of its own, for whoever starts a server may have too little stack for scripts.
            let load = || start::load_at_start(&self.shared.engine, &progress);
            let loader = std::thread::Builder::new().name("loader".into()).stack_size(STACK_SIZE);
            let loaded = loader.spawn_scoped(scope, load).map(|loader| loader.join());
            done.store(true, Ordering::Relaxed);
            let result = loaded?.unwrap_or_else(|panic| resume_unwind(panic));
            match result {
                Err(_) if progress.is_stopped() => Err(io::ErrorKind::Interrupted.into()),
                Err(error) => {
                    let text = format!("Fatal error loading the DB: {error}. Exiting.");
                    Err(io::Error::new(error.kind(), text))
                }
                Ok(()) => Ok(()),
            }
        })
    }

    /// Where it listens; the first address, if there are several, and none of them of the internet if this
    /// is 0.0.0.0:0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until a client has sent SHUTDOWN, or `until` says so.
    pub fn wait(&self, mut until: impl FnMut() -> bool) -> Option<ShutdownRequest> {
        loop {
            if let Some(request) = self.shared.engine.lock().shutdown {
                return Some(request);
            }
            if until() {
                return None;
            }
            std::thread::sleep(LOOK_PERIOD);
        }
    }

    /// Saves the data if `wanted`, or if that is not said and there are save points.
    pub fn save(&self, wanted: Option<bool>) -> io::Result<()> {
        let mut engine = self.shared.engine.lock();
        if wanted.unwrap_or(!engine.config.save.is_empty()) {
            disk::save_now(&mut engine)
        } else {
            Ok(())
        }
    }

    /// Whether it follows another server.
    pub fn is_replica(&self) -> bool {
        self.shared.engine.lock().is_replica()
    }

    /// The configuration as it is now.
    pub fn config(&self) -> Config {
        self.shared.engine.lock().config.clone()
    }

    /// Begins to shut down as SHUTDOWN does; see [`Server::wait`].
    pub fn begin_shutdown(&self, request: ShutdownRequest) -> Outcome {
        shutdown::begin(&mut self.shared.engine.lock(), request)
    }

    /// Whether a shutdown waits for replicas.
    pub fn is_leaving(&self) -> bool {
        self.shared.engine.lock().leaving.is_some()
    }

    /// Stops: closes the listening sockets, then the connections, and waits for their threads.
    /// Nothing is saved, unless [`Server::save`] was called before; see [`Server::disconnect`].
    pub fn stop(mut self) {
        self.stop_now();
    }

    /// Stops serving. The data is still there, and nothing changes it any more.
    pub fn disconnect(&mut self) {
        self.stop_now();
    }

    fn stop_now(&mut self) {
        if !self.shared.engine.begin_to_stop() {
            return;
        }
        self.shared.engine.visit(|engine| {
            engine.listening = None;
            if engine.scripting.is_slow() {
                engine.shutdown.get_or_insert_default(); // cuts it off
            }
        });
        self.listeners.close();
        if let Some(bus) = self.bus.take() {
            bus.stop();
        }
        let deadline = Instant::now() + STOP_PATIENCE;
        loop {
            // A connection accepted a moment ago may register only now, hence the loop.
            let mut engine = self.shared.engine.lock();
            let connections = engine.clients.connections();
            connections.iter().for_each(|key| engine.clients.get_mut(*key).disconnect());
            drop(engine);
            if connections.is_empty() || Instant::now() > deadline {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        background::stop(&mut self.shared.engine.lock());
        for thread in self.cron.drain(..).chain(self.background.take()) {
            thread.thread().unpark();
            let _ = thread.join();
        }
        let engine = self.shared.engine.lock();
        let (aof, is_on) = (Arc::clone(&engine.aof.writer), engine.aof.state != AofState::Off);
        drop(engine);
        if is_on {
            crate::notice!("Calling fsync() on the AOF file.");
        }
        if let Err(error) = aof.finish() {
            crate::warning!("The end of the append-only file could not be written: {error}");
        }
        if let Some(link) = self.link.take() {
            let mut engine = self.shared.engine.lock();
            role::hang_up(&mut engine);
            engine.replication.role_changed.notify_all();
            drop(engine);
            // It may be waiting for a machine that doesn't answer; it ends by itself then.
            while !link.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        drop(self.reaper.take()); // ends by itself when the engine is gone
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop_now();
    }
}
