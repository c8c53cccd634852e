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
//! | [`inside`]   | connections of the server to itself                        |
//! | [`pool`]     | the worker threads                                         |
//! | [`session`]  | one connection: read, execute, write                       |
//! | [`waiting`]  | how it waits in between                                    |
//! | [`sending`]  | how it sends replies, and reads on while nobody takes them |
//! | [`delegating`] | how it is served while a slow script holds the lock      |
//! | [`ahead`]    | what is done for requests before their turn                |
//! | [`input`]    | its reading end, which looks a few times before it sleeps  |
//! | [`builder`]  | how one is to be started                                  |
//! | [`reply`]    | replies as a client reads them                            |
//! | [`embedding`] | the server as a library: connections without a port, looks at the data |
//! | [`cron`]     | what happens by itself                                     |
//! | [`timers`]   | what happens when the clock is turned                      |
//! | [`inherited`] | sockets that a service manager has opened               |
//! | [`ephemeral`] | a server to throw away: where it is, and when it ends   |
//! | [`healthcheck`] | asking a server whether it answers                      |
//! | [`web`]      | the window: a page that shows all of this at work           |
//! | [`process`]  | signals, limits, and running as the `cacheflow` program    |

mod admission;
mod ahead;
mod builder;
pub mod cron;
pub mod delegating;
pub mod embedding;
pub mod ephemeral;
pub mod healthcheck;
pub mod inherited;
pub mod input;
mod inside;
pub mod listener;
pub mod pool;
pub mod process;
mod reply;
mod sending;
pub mod session;
mod sockets;
mod timers;
pub mod waiting;
pub mod web;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
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
use crate::resp::BufferPool;
use crate::system::clock::{Clock, Timers, machine_now};
use crate::system::logging::{self, Role, ServerLog, Sink, inherit};
use crate::system::mutex::locked;
use crate::system::pidfile::PidFile;
use crate::system::stream::Stream;
pub use builder::{Builder, Log};
use listener::{Listeners, NOWHERE};
use web::Window;

/// What the threads of a server share.
pub struct Shared {
    /// The engine behind the lock.
    pub engine: Arc<SharedEngine>,
    /// What cron has done last.
    pub rounds: Mutex<cron::Rounds>,
    /// Buffers for large requests.
    pub buffers: Arc<BufferPool>,
    /// The connections of those who have sent SHUTDOWN, if that ends a process: open as long as it.
    pub parting: Mutex<Vec<Arc<Stream>>>,
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
    clock: Clock,
    listeners: Arc<Listeners>,
    address: SocketAddr,
    _pidfile: Option<PidFile>,
    cron: Vec<JoinHandle<()>>,
    background: Option<JoinHandle<()>>,
    reaper: Option<JoinHandle<()>>,
    link: Option<JoinHandle<()>>,
    bus: Option<Bus>,
    log: ServerLog,
    window: Option<Window>,
}

/// How long a stop waits for connections to end.
const STOP_PATIENCE: Duration = Duration::from_millis(1500);
/// If there is something to load clients wait for so long at the door, and are told if it takes longer.
const UNNOTICED_LOAD: Duration = Duration::from_millis(50);
/// A stop looks that soon whether others have ended, and then more and more seldom.
const SHORTEST_PAUSE: Duration = Duration::from_micros(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);
/// How often a thread that does something else looks whether it is to stop.
const LOOK_PERIOD: Duration = Duration::from_millis(20);

impl Server {
    /// A server with the default configuration, to be changed. It neither loads nor saves anything,
    /// unless it is given a [`data_dir`](Builder::data_dir).
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder() -> Builder {
        let config = Config { save: Vec::new(), dbfilename: String::new(), ..Config::default() };
        Builder::new(config)
    }

    /// Looks whether a server could have this configuration, as far as that shows without one: its users and
    /// certificates are read.
    #[doc(hidden)]
    pub fn check(config: &Config) -> Result<(), String> {
        let (mut engine, _garbage) = Engine::new(config.clone(), command::EXECUTION);
        load_users(&mut engine)?;
        engine.configure_tls()
    }

    fn start(builder: Builder) -> io::Result<Server> {
        logging::prepare();
        let log = ServerLog::new(builder.log.clone().unwrap_or(Sink::Process));
        log.inherited(|| Server::start_logging(builder, &log))()
    }

    fn start_logging(builder: Builder, log: &ServerLog) -> io::Result<Server> {
        let Builder { config, clock, interrupted, inherited, listens, seeds, log: _ } = builder;
        let inherited = std::mem::take(&mut *locked(&inherited));
        logging::set_level(config.loglevel);
        logging::hide_user_data(config.hide_user_data_from_log);
        let (mut engine, garbage) =
            Engine::with_clock(config.clone(), command::EXECUTION, clock.clone());
        engine.ends_process = interrupted.is_some();
        load_users(&mut engine).map_err(io::Error::other)?;
        engine.configure_tls().map_err(io::Error::other)?;
        let rounds = Mutex::new(cron::Rounds::new(clock.tick()));
        let parting = Mutex::default();
        let (engine, buffers) = (SharedEngine::new(engine), Arc::default());
        let shared = Arc::new(Shared { engine, rounds, buffers, parting });
        let listeners = Arc::new(Listeners::of(inherited)?);
        let address = listeners.listen(&config)?;
        if address.is_none() && listens {
            return Err(io::Error::other("Configured to not listen anywhere, exiting."));
        }
        let pidfile = match config.pidfile.as_str() {
            "" => None,
            path => PidFile::write(path.as_ref()),
        };
        let mut engine = shared.engine.lock();
        engine.listening = Some(Box::new(Arc::clone(&listeners)));
        engine.port = listeners.plain_port();
        engine.config.port = engine.port; // the one that the system picked, if it did
        let window = Window::open(&engine)?;
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
            clock: clock.clone(),
            listeners,
            address: address.unwrap_or(NOWHERE),
            _pidfile: pidfile,
            cron: Vec::new(),
            background: None,
            reaper,
            link: None,
            bus: None,
            log: log.clone(),
            window,
        };
        let timers: Weak<dyn Timers> = Arc::downgrade(&server.shared) as Weak<Shared>;
        clock.add_timers(timers);
        let node = config.cluster_enabled.then(|| server.join_cluster()).transpose()?;
        server.shared.engine.lock().loading = true;
        let serves = server.load(&interrupted.unwrap_or_default())?;
        let shared = &server.shared;
        shared.engine.lock().loading = false;
        if let Some((file, sockets)) = node {
            cluster::adopt_loaded_keys(&mut shared.engine.lock()).map_err(io::Error::other)?;
            server.bus = Some(Bus::start(&shared.engine, file, sockets)?);
        }
        server.sow(&seeds)?;
        logging::set_role(if server.is_replica() { Role::Replica } else { Role::Master });
        if !serves {
            server.listeners.serve(shared)?;
        }
        server.window.as_mut().map_or(Ok(()), |window| window.serve(shared))?;
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

    /// Loads the data. It ends early when the server is told to stop, be it by a client. If it takes long,
    /// clients are served meanwhile, if only with -LOADING; true: they are.
    fn load(&self, interrupted: &AtomicUsize) -> io::Result<bool> {
        let engine = self.shared.engine.lock();
        if engine.config.dbfilename.is_empty() && !engine.config.appendonly {
            return Ok(false); // what starts and stops thousands of times in a test need not wait for nothing
        }
        let progress = Arc::clone(&engine.progress);
        drop(engine);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watch = scope.spawn(inherit(|| {
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
            }));
            // On a thread of its own, for whoever starts a server may have too little stack for scripts.
            let load = || start::load_at_start(&self.shared.engine, &progress);
            let loader = std::thread::Builder::new().name("loader".into()).stack_size(STACK_SIZE);
            let begun = machine_now();
            let loaded = loader.spawn_scoped(scope, inherit(load)).map(|loader| {
                let is_unnoticed = || progress.total() == 0 || begun.elapsed() < UNNOTICED_LOAD;
                while !loader.is_finished() && is_unnoticed() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                let serves = !loader.is_finished();
                let served = if serves { self.listeners.serve(&self.shared) } else { Ok(()) };
                if served.is_err() {
                    progress.stop();
                }
                (loader.join(), served.map(|()| serves))
            });
            done.store(true, Ordering::Relaxed);
            watch.thread().unpark(); // or a start would take as long as a look
            let (result, serves) = loaded?;
            let serves = serves?;
            match result.unwrap_or_else(|panic| resume_unwind(panic)) {
                Err(_) if progress.is_stopped() => Err(io::ErrorKind::Interrupted.into()),
                Err(error) => {
                    let text = format!("Fatal error loading the DB: {error}. Exiting.");
                    Err(io::Error::new(error.kind(), text))
                }
                Ok(()) => Ok(serves),
            }
        })
    }

    /// Where it listens; the first address, if there are several, and none of them of the internet if this
    /// is 0.0.0.0:0.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().bind("127.0.0.1:0").start()?;
    /// assert_ne!(server.address().port(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the window is, if it is open: the page that shows the server at work.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert_eq!(server.window(), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn window(&self) -> Option<SocketAddr> {
        self.window.as_ref().map(Window::address)
    }

    /// The clock that it goes by.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert!(!server.clock().is_frozen());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits until a client has sent SHUTDOWN, or `until` says so.
    #[doc(hidden)]
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
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.save(None)?; // does nothing: there are no save points
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn save(&self, wanted: Option<bool>) -> io::Result<()> {
        let mut engine = self.shared.engine.lock();
        if wanted.unwrap_or(!engine.config.save.is_empty()) {
            disk::save_now(&mut engine)
        } else {
            Ok(())
        }
    }

    /// Whether it follows another server.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert!(!server.is_replica());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_replica(&self) -> bool {
        self.shared.engine.lock().is_replica()
    }

    /// The configuration as it is now.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert_eq!(server.config().databases, 16);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn config(&self) -> Config {
        self.shared.engine.lock().config.clone()
    }

    /// Begins to shut down as SHUTDOWN does; see [`Server::wait`].
    #[doc(hidden)]
    pub fn begin_shutdown(&self, request: ShutdownRequest) -> Outcome {
        shutdown::begin(&mut self.shared.engine.lock(), request)
    }

    /// Whether a shutdown waits for replicas.
    #[doc(hidden)]
    pub fn is_leaving(&self) -> bool {
        self.shared.engine.lock().leaving.is_some()
    }

    /// Stops: closes the listening sockets, then the connections, and waits for their threads.
    /// Nothing is saved, unless [`Server::save`] was called before; see [`Server::disconnect`].
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.stop();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stop(mut self) {
        self.stop_now();
    }

    /// Stops, and only then closes the connections of those who have asked for it: who sees that may remove
    /// the files.
    pub(crate) fn end(mut self) {
        self.stop_now();
        let shared = Arc::clone(&self.shared);
        drop(self);
        locked(&shared.parting).clear();
    }

    /// Stops serving. The data is still there, and nothing changes it any more.
    ///
    /// ```
    /// let mut server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).set("k", "v");
    /// server.disconnect();
    /// assert!(server.connect().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn disconnect(&mut self) {
        self.stop_now();
    }

    fn stop_now(&mut self) {
        let log = self.log.clone();
        log.inherited(|| self.stop_logging())()
    }

    fn stop_logging(&mut self) {
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
        if let Some(window) = &mut self.window {
            window.close();
        }
        if let Some(bus) = self.bus.take() {
            bus.stop();
        }
        let deadline = machine_now() + STOP_PATIENCE;
        wait_until(deadline, || {
            // A connection accepted a moment ago may register only now, so it is done again each time.
            let mut engine = self.shared.engine.lock();
            let connections = engine.clients.connections();
            connections.iter().for_each(|key| engine.clients.get_mut(*key).disconnect());
            connections.is_empty()
        });
        if let Some(window) = self.window.take() {
            window.end();
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
            wait_until(deadline, || link.is_finished());
        }
        drop(self.reaper.take()); // ends by itself when the engine is gone
    }
}

/// Looks until it is so, or until the time is over: soon, and then more and more seldom.
fn wait_until(deadline: Instant, mut is_so: impl FnMut() -> bool) {
    let mut pause = SHORTEST_PAUSE;
    while !is_so() && machine_now() < deadline {
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop_now();
    }
}
