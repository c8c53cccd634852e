//! Who has the page open: a session has a connection to this server, like anybody's, and the browser a cookie that names it.
//!
//! ```text
//! browser ── cookie ──> session ── socket pair ──> server/session.rs ── execute
//! ```
//!
//! So nothing about commands is decided here: AUTH and ACL, ACL LOG, CLIENT LIST and CLIENT KILL, `maxclients`, MULTI and SELECT
//! are what they are for everybody. There is no way around them, because there is no other way in.

use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::http::{Refusal, refuse};
use crate::resp::writer::encode_request;
use crate::server::Shared;
use crate::server::inside::{self, Inside};
use crate::server::reply::Reply;
use crate::system::clock::machine_now;
use crate::system::mutex::locked;
use crate::system::random::secure_hex;

/// Sessions at a time. Who was away longest loses the oldest.
const MOST_SESSIONS: usize = 32;
/// A session that nobody has used for so long is over.
const LONGEST_IDLE: Duration = Duration::from_secs(3600);
/// How long a reply is waited for: longer than a person does.
const REPLY_PATIENCE: Duration = Duration::from_secs(10);
/// Larger replies end the connection: a page can't show them anyway.
const LARGEST_REPLY: usize = 16 * 1024 * 1024;

/// All sessions, by cookie.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

/// One of them.
pub struct Session {
    /// The client that it is for the server.
    pub client: u64,
    connection: Mutex<Connection>,
    /// The same connection, for who ends it: whoever uses it then finds it ended.
    socket: UnixStream,
    used: Mutex<Instant>,
}

impl Sessions {
    /// The session of a cookie.
    pub fn find(&self, cookie: Option<&str>) -> Option<Arc<Session>> {
        let mut sessions = self.lock();
        forget_unused(&mut sessions);
        let session = Arc::clone(sessions.get(cookie?)?);
        session.renew();
        Some(session)
    }

    /// Begins a session with this connection. Returns it, and its cookie.
    pub fn begin(&self, connection: Connection) -> io::Result<(Arc<Session>, String)> {
        let (client, used) = (connection.client, Mutex::new(machine_now()));
        let socket = connection.stream.try_clone()?;
        let connection = Mutex::new(connection);
        let session = Arc::new(Session { client, connection, socket, used });
        let cookie = secure_hex(40);
        let mut sessions = self.lock();
        forget_unused(&mut sessions);
        if sessions.len() >= MOST_SESSIONS {
            let oldest = sessions.iter().min_by_key(|(_, session)| *locked(&session.used));
            let oldest = oldest.map(|(cookie, _)| cookie.clone());
            if let Some(session) = oldest.and_then(|cookie| sessions.remove(&cookie)) {
                session.end();
            }
        }
        sessions.insert(cookie.clone(), Arc::clone(&session));
        Ok((session, cookie))
    }

    /// Ends a session; its connection ends with it.
    pub fn end(&self, cookie: Option<&str>) {
        if let Some(session) = cookie.and_then(|cookie| self.lock().remove(cookie)) {
            session.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        locked(&self.0)
    }
}

impl Session {
    /// The connection. One request at a time has it.
    pub fn connection(&self) -> MutexGuard<'_, Connection> {
        locked(&self.connection)
    }

    /// Somebody uses it.
    pub fn renew(&self) {
        *locked(&self.used) = machine_now();
    }

    /// Hangs up, for everybody who has this session: another command, an open stream of events.
    fn end(&self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

/// Nobody has used these for long.
fn forget_unused(sessions: &mut HashMap<String, Arc<Session>>) {
    sessions.retain(|_, session| {
        let stays = locked(&session.used).elapsed() < LONGEST_IDLE;
        if !stays {
            session.end();
        }
        stays
    });
}

/// A connection to this server.
pub struct Connection {
    stream: UnixStream,
    reader: BufReader<UnixStream>,
    /// The client's id.
    pub client: u64,
}

impl Connection {
    /// Connects for somebody whose request has come over a connection with these ends: the peer, and ours.
    pub fn open(shared: &Arc<Shared>, ends: [SocketAddr; 2]) -> Result<Connection, Refusal> {
        let made = inside::connect(shared, ends).and_then(|let_in| {
            let_in.map_or_else(|text| Ok(Err(text)), |inside| Ok(Ok(Connection::over(inside)?)))
        });
        match made {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(text)) if text.starts_with("DENIED") => refuse(403, text),
            Ok(Err(text)) => refuse(503, text),
            Err(error) => refuse(503, error.to_string()),
        }
    }

    fn over(inside: Inside) -> io::Result<Connection> {
        let Inside { stream, id } = inside;
        stream.set_read_timeout(Some(REPLY_PATIENCE))?;
        stream.set_write_timeout(Some(REPLY_PATIENCE))?;
        let reader = BufReader::new(stream.try_clone()?);
        Ok(Connection { stream, reader, client: id })
    }

    /// Sends a command and reads its reply. An error ends the connection: a reply that comes too late would be
    /// taken for the next one's.
    pub fn call<'a>(&mut self, args: impl ExactSizeIterator<Item = &'a [u8]>) -> io::Result<Reply> {
        self.exchange(args).inspect_err(|_| {
            let _ = self.stream.shutdown(Shutdown::Both);
        })
    }

    fn exchange<'a>(&mut self, args: impl ExactSizeIterator<Item = &'a [u8]>) -> io::Result<Reply> {
        let mut request = Vec::new();
        encode_request(&mut request, args);
        self.stream.write_all(&request)?;
        loop {
            match Reply::read(&mut self.reader, LARGEST_REPLY)? {
                Reply::Push(_) => {} // CLIENT TRACKING, say: not what was asked for
                reply => return Ok(reply),
            }
        }
    }

    /// Says who it is that asks.
    pub fn log_in(&mut self, user: &str, password: &str) -> Result<(), Refusal> {
        let args = ["AUTH", user, password];
        match self.call(args.iter().map(|arg| arg.as_bytes())) {
            Ok(reply) => reply.error().map_or(Ok(()), |error| refuse(401, error)),
            Err(error) => refuse(503, error.to_string()),
        }
    }
}
