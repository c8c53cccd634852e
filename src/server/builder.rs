//! How a server is to be started: a configuration, and what it holds when it begins.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use super::Server;
use super::embedding::seed::Seed;
use super::inherited::Inherited;
use crate::config::{Config, SetError};
use crate::system::clock::Clock;
use crate::system::logging::Sink;

/// How a server is to be started.
///
/// ```
/// use cacheflow::{Log, Server};
///
/// let server = Server::builder()
///     .no_listener()
///     .set("maxmemory", "100mb")?
///     .log(Log::Nowhere)
///     .command(["SET", "greeting", "hello"])
///     .start()?;
/// assert_eq!(server.db(0).get("greeting").as_deref(), Some(&b"hello"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Builder {
    pub(super) config: Config,
    pub(super) clock: Clock,
    pub(super) interrupted: Option<Arc<AtomicUsize>>,
    /// Sockets that are open already.
    pub(super) inherited: Arc<Mutex<Inherited>>,
    /// It may do without any.
    pub(super) listens: bool,
    /// What is loaded and executed before anybody is served.
    pub(super) seeds: Vec<Seed>,
    /// Where its log goes; None: where that of the process goes.
    pub(super) log: Option<Sink>,
}

/// Where the log of a server goes. Servers of one process don't share it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Log {
    /// Nowhere.
    Nowhere,
    /// To the output of the test that starts the server: shown if that fails, or with `--nocapture`.
    TestOutput,
    /// To the end of this file.
    File(PathBuf),
}

impl Builder {
    pub(super) fn new(config: Config) -> Self {
        Builder {
            config,
            clock: Clock::machine(),
            interrupted: None,
            inherited: Arc::default(),
            listens: true,
            seeds: Vec::new(),
            log: None,
        }
    }

    /// Starts from a whole configuration.
    ///
    /// ```
    /// let config = cacheflow::Config { databases: 4, ..Default::default() };
    /// let server = cacheflow::Server::builder().config(config).no_listener().start()?;
    /// assert_eq!(server.config().databases, 4);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Gives one parameter a value, by its name in `redis.conf`. Whoever gets it wrong is told what CONFIG SET
    /// says; parameters that can't change while a server runs may be set as well.
    ///
    /// ```
    /// let builder = cacheflow::Server::builder().set("maxmemory", "1mb")?.set("databases", "2")?;
    /// let error = builder.set("maxmemory", "much").err().unwrap();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value"
    /// );
    /// # Ok::<(), cacheflow::SetError>(())
    /// ```
    pub fn set(mut self, name: &str, value: &str) -> Result<Self, SetError> {
        self.config.set_at_start(name, value)?;
        Ok(self)
    }

    /// Listens on this address; port 0 takes a free one.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().bind("127.0.0.1:0").start()?;
    /// let _client = std::net::TcpStream::connect(server.address())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn bind(mut self, address: &str) -> Self {
        self.listens = true;
        self.config.listen_addr = address.to_owned();
        if let Some((host, port)) = crate::config::split_listen_addr(address) {
            self.config.port = port;
            self.config.bind = host.map_or_else(|| Config::default().bind, |h| vec![h.to_owned()]);
        }
        self
    }

    /// Listens nowhere: who wants to speak to the server calls [`Server::connect`]. It starts and stops faster.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert_eq!(server.address().port(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn no_listener(mut self) -> Self {
        self.listens = false;
        self.config.listen_addr.clear();
        self.config.unixsocket.clear();
        (self.config.port, self.config.tls_port) = (0, 0);
        self
    }

    /// Asks every client for this password.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().password("secret").start()?;
    /// let mut client = server.connect()?;
    /// assert!(client.call(["PING"])?.is_error());
    /// assert!(client.call(["AUTH", "secret"])?.is_ok());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn password(mut self, password: &str) -> Self {
        self.config.requirepass = password.into();
        self
    }

    /// Adds a user with these rules of ACL SETUSER. What is wrong with them, [`start`](Self::start) tells.
    ///
    /// ```
    /// let builder = cacheflow::Server::builder().no_listener();
    /// let server = builder.user("alice", &["on", ">secret", "~*", "+get"]).start()?;
    /// let mut client = server.connect()?;
    /// assert!(client.call(["AUTH", "alice", "secret"])?.is_ok());
    /// assert!(client.call(["SET", "k", "v"])?.is_error());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn user(mut self, name: &str, rules: &[&str]) -> Self {
        let words = std::iter::once(&name).chain(rules);
        self.config.users.push(words.map(|word| word.as_bytes().to_vec()).collect());
        self
    }

    /// Keeps the data in this directory: what a snapshot there holds is loaded at the start, and
    /// written again by SAVE.
    ///
    /// ```
    /// let directory = tempfile::tempdir()?;
    /// let builder = cacheflow::Server::builder().no_listener().data_dir(directory.path());
    /// let server = builder.clone().start()?;
    /// server.db(0).set("k", "v");
    /// server.save(Some(true))?;
    /// drop(server);
    /// assert_eq!(builder.start()?.db(0).get("k").as_deref(), Some(&b"v"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn data_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.config.dir = dir.into();
        self.config.dbfilename = Config::default().dbfilename;
        self
    }

    /// Loads a snapshot file (`dump.rdb`, of Redis or of cacheflow) before anybody is served. The file
    /// itself is left alone. What it holds takes the place of all data, those of seeds before it included.
    ///
    /// ```no_run
    /// let server = cacheflow::Server::builder().no_listener().load_rdb("tests/data.rdb").start()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn load_rdb(mut self, path: impl Into<PathBuf>) -> Self {
        self.seeds.push(Seed::File(path.into()));
        self
    }

    /// The same, with the file's bytes.
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let server = cacheflow::Server::builder().no_listener().data_dir(directory.path());
    /// # server.command(["SET", "k", "v"]).start()?.save(Some(true))?;
    /// # let bytes = std::fs::read(directory.path().join("dump.rdb"))?;
    /// let server = cacheflow::Server::builder().no_listener().load_rdb_bytes(bytes).start()?;
    /// assert_eq!(server.db(0).keys(), [b"k"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn load_rdb_bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.seeds.push(Seed::Bytes(bytes.into()));
        self
    }

    /// Executes a command before anybody is served. If that replies an error, so does [`start`](Self::start).
    ///
    /// ```
    /// let builder = cacheflow::Server::builder().no_listener();
    /// let server = builder.command(["RPUSH", "queue", "a", "b"]).start()?;
    /// assert_eq!(server.db(0).lrange("queue", 0, -1), [b"a", b"b"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn command<A: AsRef<[u8]>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter().map(|arg| arg.as_ref().to_vec());
        self.seeds.push(Seed::Command(args.collect()));
        self
    }

    /// Executes commands before anybody is served, one after the other.
    ///
    /// ```
    /// let builder = cacheflow::Server::builder().no_listener();
    /// let server = builder.commands([["SET", "a", "1"], ["SET", "b", "2"]]).start()?;
    /// assert_eq!(server.db(0).len(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn commands<A: AsRef<[u8]>, C: IntoIterator<Item = A>>(
        self,
        commands: impl IntoIterator<Item = C>,
    ) -> Self {
        commands.into_iter().fold(self, Builder::command)
    }

    /// Where this server's log goes. Without this, it goes where that of the process goes: to standard output.
    ///
    /// ```
    /// use cacheflow::{Log, Server};
    /// let server = Server::builder().no_listener().log(Log::TestOutput).start()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn log(mut self, log: Log) -> Self {
        self.log = Some(match log {
            Log::Nowhere => Sink::Nowhere,
            Log::TestOutput => Sink::TestOutput,
            Log::File(path) => Sink::File(path),
        });
        self
    }

    /// Changes any parameter.
    ///
    /// ```
    /// let builder = cacheflow::Server::builder().no_listener();
    /// let server = builder.configure(|config| config.databases = 1).start()?;
    /// assert_eq!(server.config().databases, 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Goes by this clock instead of the machine's, perhaps one that tests turn ([`Clock::manual`]). Servers may
    /// share one.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// let clock = cacheflow::Clock::manual(SystemTime::now());
    /// let server = cacheflow::Server::builder().no_listener().clock(clock.clone()).start()?;
    /// server.db(0).set("k", "v");
    /// server.db(0).expire("k", Duration::from_secs(60));
    /// clock.advance(Duration::from_secs(61));
    /// assert_eq!(server.db(0).get("k"), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Listens at sockets that are open already, too. They take the place of those of their kind that the
    /// configuration names. Only the first server of this builder gets them.
    #[doc(hidden)]
    pub fn listen_at(mut self, inherited: Inherited) -> Self {
        self.inherited = Arc::new(Mutex::new(inherited));
        self
    }

    /// The server is the only one of a process, and ends with it. Its start is given up when this becomes
    /// another number than 0, though not all data is loaded.
    #[doc(hidden)]
    pub fn interrupted_by(mut self, signal: Arc<AtomicUsize>) -> Self {
        self.interrupted = Some(signal);
        self
    }

    /// Starts the server; it serves until the handle is dropped.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert!(server.db(0).is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn start(self) -> io::Result<Server> {
        Server::start(self)
    }
}
