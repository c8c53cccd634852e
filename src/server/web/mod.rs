//! The window: a page that shows the server at work, and figures for Prometheus.
//!
//! `--web 127.0.0.1:8001` opens it; without that nothing of this exists, not even a thread. What is served:
//!
//! | request                          | answer                                                       |
//! |----------------------------------|--------------------------------------------------------------|
//! | `GET /`, `/app.js`, `/app.css`, ... | the page: files that are part of the program (`page`)     |
//! | `GET /api/session`               | who the asker is, and what of the state it may see           |
//! | `POST /api/login`, `/api/logout` | AUTH; the session's end                                      |
//! | `POST /api/command`              | a command's reply, and its journey                           |
//! | `GET /api/events`                | the state of the server, four times a second                 |
//! | `GET /metrics`                   | figures by the names of `redis_exporter`                     |
//!
//! One connection is one request (`Connection: close`), and one thread. Every answer of `/api` is JSON; an error has
//! the status that fits and `{"error": "text for people"}`. What a browser sends has to come from this page: the Host is an
//! address or `localhost` (or one of `web-hosts`), Origin and `Sec-Fetch-Site`, where they are sent, say "the same", and a POST
//! is `Content-Type: application/json`. The page may load scripts and styles of its own, images of its own or `data:`, and ask
//! `/api/...`: its Content-Security-Policy refuses everything else, inline scripts and `style` attributes in HTML included
//! (`element.style.x = ...` from a script is allowed).
//!
//! # `GET /api/session`
//!
//! ```json
//! {"user": "default", "needs_login": false, "sees": ["info", "clients", "slowlog"],
//!  "server": "cacheflow", "version": "0.1.0", "redis_version": "7.0.15", "address": "127.0.0.1:6379"}
//! ```
//!
//! `user` is null and `needs_login` true where the default user needs a password and nobody has logged in. `sees` are parts of
//! the state that this user may see: who may run INFO, CLIENT LIST, SLOWLOG GET. Parts that it may not are `null` in `state`.
//!
//! # `POST /api/login` with `{"user": "default", "password": "..."}`
//!
//! `{"user": "default"}` and a cookie (HttpOnly, SameSite=Strict), or 401 `{"error": "WRONGPASS ..."}`. It is AUTH on a
//! connection of its own: what is refused is in ACL LOG. `user` may be left out: `default`. `POST /api/logout` with `{}` ends the session: `{"user": null}`.
//!
//! # `POST /api/command` with `{"line": "SET x 1"}` or `{"args": ["SET", "x", "1"]}`
//!
//! A line is split as redis-cli does it. Each session has a connection of its own, which CLIENT LIST shows; SELECT, MULTI
//! and so on last until the next command. A session begins with the first command (or login).
//!
//! ```json
//! {"reply": "OK", "is_error": false, "took_us": 140, "db": 0, "in_multi": false, "user": "default",
//!  "journey": {"request": ["SET", "x", "1"], "reply": "+OK\\r\\n", "steps": [
//!     {"step": "gate", "text": "authentication passed: the client is user default", "place": "src/command/gates.rs:130",
//!      "name": "authentication", "passed": true, "why": "the client is user default"},
//!     {"step": "handler", "text": "...", "place": "...", "function": "command::strings::set", "took_ns": 900, "inside": []}]}}
//! ```
//!
//! `reply` is what redis-cli prints on a terminal, with line feeds between lines; more than 64 KB are cut off, and
//! the text says so. `journey` is what EXPLAIN JSON replies, byte by byte (see `command/server/explain`); null for commands that
//! it doesn't show and that are executed without it (MULTI, WATCH: whatever can't stand in a transaction), and for errors of EXPLAIN itself and
//! redirections. 400: the line's quotes don't match; 401: no session, and the default user needs a password; 410: the
//! session is over (CLIENT KILL, a deleted user, SHUTDOWN, an hour unused), and the command was not executed: the next one begins
//! another; 504: no reply within ten seconds (CLIENT PAUSE, a slow script), which ends the session, too.
//!
//! # `GET /api/events`
//!
//! Server-Sent Events. `event: state` with the data below, on one line; `event: end` with `{"error": "why"}` when the session is over. At most
//! eight lookers at a time (503). Counters count from the server's start; rates are differences of two events, by `at_ms`.
//!
//! ```json
//! {"at_ms": 1795896441123, "look": {"held_us": 85, "waited_us": 0},
//!  "server": {"version": "0.1.0", "role": "master", "loading": false, "uptime_s": 12, "commands": 123456, "ops_per_s": 1000,
//!     "net_in": 1, "net_out": 2, "expired": 3, "evicted": 0, "hits": 10, "misses": 2, "expired_fields": 0},
//!  "keyspace": [{"db": 0, "keys": 1000000, "expiring": 2000, "tables": 1024, "per_bucket": 4,
//!     "buckets": [[3906, 7168, 8], [3900, 7168, 9]]}],
//!  "lock": {"waiting": 0, "waits": [[0.064, 900], [0.128, 40]], "holds": [[1.024, 5000], [2.048, 70]]},
//!  "journal": {"offset": 4711, "backlog_first": 1, "backlog_bytes": 4710, "backlog_size": 1048576,
//!     "aof": {"on": true, "size": 100, "base_size": 0, "buffered": 0, "syncing": false, "appended": 900, "synced": 880, "rewriting": false},
//!     "saving": {"running": false, "dirty": 7, "last_save_s": 1795896000, "ok": true},
//!     "replicas": [{"address": "127.0.0.1:7001", "state": "online", "offset": 4700, "lag_s": 0}],
//!     "master": null},
//!  "memory": {"used": 1, "peak": 2, "rss": 3, "max": 0, "clients": 4, "backlog": 5, "startup": 6, "sampled": 1024,
//!     "types": {"string": {"keys": 900000, "bytes": 64000000}, "hash": {"keys": 100000, "bytes": 50000000}}},
//!  "latency": [{"command": "get", "calls": 10, "usec": 9, "rejected": 0, "failed": 0, "p50": 0.9, "p99": 2.1, "p999": 5.0,
//!     "histogram": [[1, 6], [2, 3], [4, 1]]}],
//!  "clients": {"total": 3, "blocked": 0, "shown": [
//!     {"id": 3, "address": "127.0.0.1:50312", "name": "", "user": "default", "db": 0, "command": "get", "state": "asleep",
//!      "kind": "normal", "age_s": 3, "idle_s": 0, "commands": 10, "received": 100, "sent": 100, "in_multi": false, "is_you": false}]},
//!  "slowlog": {"threshold_us": 10000, "entries": [
//!     {"id": 1, "at_s": 1795896441, "took_us": 12000, "waited_us": 3, "args": ["keys", "*"], "client": "127.0.0.1:50312", "name": ""}]}}
//! ```
//!
//! * `look` is what this event itself took of THE lock: the longest that it was held at one time, and how long it was waited for in all.
//! * `keyspace`: databases with keys, 16 at most. A bucket is `per_bucket` neighbouring sub-tables, as `[keys, capacity, keys that expire]`;
//!   there are 1024 of all databases at most, fewer while there are few keys, and their number changes as the keyspace grows.
//! * `lock`: threads that wait for it at this moment; `waits` and `holds` are `[[microseconds, count], ...]`, counted from the server's start: so many took
//!   up to so many microseconds, and more than the pair before. They are those of INFO lock.
//! * `journal.master` on a replica: `{"address": "...", "link": "up", "lag_s": 0}`; the offset is then what was read of it. `aof.appended` and
//!   `synced` are bytes of the stream that were handed to the file's writer, and are safe as `appendfsync` has it.
//! * `memory.types` is an estimate from the last `sampled` keys that were drawn at random.
//! * `latency`: the 24 commands of the most calls, at most, in that order; percentiles in microseconds, null with `latency-tracking no`. A pair of
//!   `histogram` is "so many calls took up to so many microseconds, and more than the pair before". Renewed once a second, as are `memory` and `slowlog`.
//! * `clients`: 128 at most are shown, those that were busy last. `state` is what the connection's thread does at the moment of the look:
//!   `running`, `lock` (waits for THE lock), `blocked` (BLPOP and its like), `sending`, `syncing` (waits for the file), `asleep`, or `unknown` where the
//!   system doesn't tell.

mod asker;
mod command;
mod desk;
mod events;
mod guard;
mod http;
mod look;
mod metrics;
mod page;
mod served;
mod sessions;
mod terminal;

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::SockRef;

use super::{Shared, wait_until};
use crate::config::web_address;
use crate::engine::Engine;
use crate::system::clock::machine_now;
use crate::system::service::essential;
use desk::Desk;
use served::{Served, admit};

/// A thread's stack. Commands have another one, of the connection that they are executed for.
const STACK: usize = 512 * 1024;

/// How long the end of a server waits for the last answers.
const ANSWERS_PATIENCE: Duration = Duration::from_millis(500);

/// The window: its socket, and who is served.
pub struct Window {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    served: Arc<Served>,
    thread: Option<JoinHandle<()>>,
}

impl Window {
    /// Opens the window where `web` has it, if it has. Not where others can look in, as long as nobody is asked for a password.
    pub fn open(engine: &Engine) -> io::Result<Option<Window>> {
        let Some(address) = web_address(&engine.config.web) else { return Ok(None) };
        let is_open = engine.acl.default_user().is_open();
        if !address.ip().is_loopback() && is_open && engine.config.protected_mode {
            return Err(io::Error::other(format!(
                "Refusing to open the window at {address}, where other machines could look in: there is no password. \
                 Set requirepass, or choose an address of this machine, or set protected-mode to no"
            )));
        }
        let listener = TcpListener::bind(address).map_err(|error| {
            io::Error::new(error.kind(), format!("Can't open the window at {address}: {error}"))
        })?;
        let address = listener.local_addr()?;
        let listener = Arc::new(listener);
        Ok(Some(Window { listener, address, served: Arc::default(), thread: None }))
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to serve.
    pub fn serve(&mut self, shared: &Arc<Shared>) -> io::Result<()> {
        let desk = Arc::new(Desk::new(shared, self.address.port()));
        let (listener, served) = (Arc::clone(&self.listener), Arc::clone(&self.served));
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new().name("window".into()).stack_size(STACK);
        self.thread = Some(thread.spawn(essential(move || {
            while !shared.is_stopping() {
                match listener.accept() {
                    Ok((stream, peer)) => admit(&served, &desk, stream, peer),
                    Err(_) if shared.is_stopping() => {}
                    Err(error) => {
                        crate::warning!("Accepting a connection to the window: {error}");
                        std::thread::sleep(std::time::Duration::from_millis(10));
                    }
                }
            }
        }))?);
        Ok(())
    }

    /// Lets nobody in any more, when the server is about to end.
    pub fn close(&mut self) {
        let _ = SockRef::from(&*self.listener).shutdown(Shutdown::Both); // wakes the thread that accepts
        self.thread.take().map(JoinHandle::join);
    }

    /// Ends the connections, once those who have asked for something have been told what came of it, if that
    /// doesn't take long.
    pub fn end(self) {
        wait_until(machine_now() + ANSWERS_PATIENCE, || self.served.is_empty());
        self.served.end();
    }
}
