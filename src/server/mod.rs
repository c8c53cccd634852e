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
//! | [`listener`] | listening sockets, the accept loop, who is let in          |
//! | [`pool`]     | the worker threads                                         |
//! | [`session`]  | one connection: read, execute, write                       |
//! | [`client`]   | what is known about a connection                           |
//! | [`cron`]     | what happens by itself                                     |
//! | [`outbox`]   | how a connection gets what it hasn't just asked for        |
//! | [`peers`]    | is the peer still there?                                   |
//! | [`pause`]    | CLIENT PAUSE                                               |
//! | [`process`]  | signals, limits, and running as the `cacheflow` program    |

pub mod client;
pub mod cron;
pub mod listener;
pub mod outbox;
pub mod pause;
pub mod peers;
pub mod pool;
pub mod process;
pub mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::command::acl::load_users;
use crate::config::Config;
use crate::engine::{Engine, SharedEngine, ShutdownRequest};

/// What the threads of a server share.
pub struct Shared {
    /// The engine behind the lock.
    pub engine: Arc<SharedEngine>,
    /// Set when the server is about to end.
    stopping: AtomicBool,
}

impl Shared {
    /// Whether the server is about to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
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
    listeners: listener::Listeners,
    address: SocketAddr,
    cron: Option<JoinHandle<()>>,
    reaper: Option<JoinHandle<()>>,
}

/// How a server is to be started.
#[derive(Clone)]
pub struct Builder {
    config: Config,
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
        self.config.requirepass = password.to_owned();
        self
    }

    /// Changes any parameter.
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts the server; it serves until the handle is dropped.
    pub fn start(self) -> io::Result<Server> {
        Server::start(self.config)
    }
}

/// How long a stop waits for connections to end.
const STOP_PATIENCE: Duration = Duration::from_millis(1500);

impl Server {
    /// A server with the default configuration, to be changed. It saves nothing by itself.
    pub fn builder() -> Builder {
        Builder { config: Config { save: Vec::new(), ..Config::default() } }
    }

    fn start(config: Config) -> io::Result<Server> {
        let (mut engine, garbage) = Engine::new(config.clone());
        load_users(&mut engine).map_err(io::Error::other)?;
        let shared = Arc::new(Shared {
            engine: SharedEngine::new(engine),
            stopping: AtomicBool::new(false),
        });
        let listeners = listener::Listeners::bind(&config)?;
        let address = listeners.address();
        let mut engine = shared.engine.lock();
        engine.port = address.port();
        engine.config.port = address.port(); // the one that the system picked, if it did
        drop(engine);
        let reaper = cron::start_reaper(garbage)?;
        let cron = cron::start(Arc::clone(&shared))?;
        let mut server =
            Server { shared, listeners, address, cron: Some(cron), reaper: Some(reaper) };
        server.listeners.serve(&server.shared)?;
        Ok(server)
    }

    /// Where it listens; the first address, if there are several.
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
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops: closes the listening sockets, then the connections, and waits for their threads.
    pub fn stop(mut self) {
        self.stop_now();
    }

    fn stop_now(&mut self) {
        if self.shared.stopping.swap(true, Ordering::Relaxed) {
            return;
        }
        self.listeners.close();
        let deadline = Instant::now() + STOP_PATIENCE;
        loop {
            // A connection accepted a moment ago may register only now, hence the loop.
            let mut engine = self.shared.engine.lock();
            let connections = engine.clients.connections();
            connections.iter().for_each(|key| engine.clients.get_mut(*key).disconnect());
            drop(engine);
            self.shared.engine.resumed.notify_all();
            if connections.is_empty() || Instant::now() > deadline {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        if let Some(cron) = self.cron.take() {
            cron.thread().unpark();
            let _ = cron.join();
        }
        drop(self.reaper.take()); // ends by itself when the engine is gone
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop_now();
    }
}
