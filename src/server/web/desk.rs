//! What is asked for, and who answers.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::asker::{Asker, LOG_IN};
use super::command;
use super::events;
use super::guard::{self, cookie, cookie_name};
use super::http::{Answer, Refusal, Request, refuse};
use super::look::Watch;
use super::metrics;
use super::page;
use super::sessions::{Connection, Sessions};
use crate::config::VERSION;
use crate::server::Shared;

/// Those who may look at the events at a time.
const MOST_LOOKERS: usize = 8;
const JSON: &str = "application/json; charset=utf-8";

/// What all connections to the window share.
pub struct Desk {
    shared: Arc<Shared>,
    sessions: Sessions,
    watch: Watch,
    lookers: AtomicUsize,
    cookie: String,
}

/// A request, and where it came from.
struct Inquiry<'r> {
    request: &'r Request,
    stream: &'r TcpStream,
    /// The peer, and our end.
    ends: [SocketAddr; 2],
}

impl Desk {
    /// The desk of a window at this port.
    pub fn new(shared: &Arc<Shared>, port: u16) -> Desk {
        let (sessions, watch, lookers) = Default::default();
        Desk { shared: Arc::clone(shared), sessions, watch, lookers, cookie: cookie_name(port) }
    }

    /// Serves a connection: one request.
    pub fn serve(&self, stream: &TcpStream, peer: SocketAddr) {
        let (Some(request), Ok(local)) = (Request::read(stream), stream.local_addr()) else {
            return;
        };
        let canonical = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
        let ends = [canonical(peer), canonical(local)];
        let wants_body = request.as_ref().map_or(true, |request| request.method != "HEAD");
        let answer = request.and_then(|request| {
            let names = self.shared.engine.visit(|engine| engine.config.web_hosts.clone());
            guard::check(&request, &names)?;
            self.answer(&Inquiry { request: &request, stream, ends })
        });
        let answer = match answer {
            Ok(None) => return,
            Ok(Some(answer)) => answer,
            Err(Refusal { status, reason }) => error(status, &reason),
        };
        let _ = answer.send(stream, wants_body); // who has gone misses it
    }

    /// Answers, unless that has been done already.
    fn answer(&self, inquiry: &Inquiry<'_>) -> Result<Option<Answer>, Refusal> {
        let request = inquiry.request;
        let file = page::find(&request.path);
        let method = match (request.method.as_str(), request.path.as_str()) {
            ("HEAD", path) if path != "/api/events" => "GET", // but for the body, of which there is no end there
            (method, _) => method,
        };
        let answer = match (method, request.path.as_str()) {
            ("GET", _) if file.is_some() => return Ok(file),
            ("GET", "/api/session") => self.session(inquiry)?,
            ("POST", "/api/login") => self.log_in(inquiry)?,
            ("POST", "/api/logout") => {
                self.sessions.end(cookie(request, &self.cookie));
                let mut answer = Answer::ok(JSON, json!({"user": null}).to_string());
                answer.headers.push(self.no_cookie());
                answer
            }
            ("POST", "/api/command") => self.command(inquiry)?,
            ("GET", "/api/events") => return self.events(inquiry).map(|()| None),
            ("GET", "/metrics") => return self.metrics(inquiry).map(Some),
            (_, path) if file.is_some() || PATHS.contains(&path) => {
                return refuse(405, "not by this method");
            }
            _ => return refuse(404, "there is nothing of this name"),
        };
        Ok(Some(answer))
    }

    /// Who asks. A session whose connection has ended is none any more.
    fn asker(&self, inquiry: &Inquiry<'_>) -> Asker {
        let cookie = cookie(inquiry.request, &self.cookie);
        let session = self.sessions.find(cookie);
        let asker = Asker { session, peer: inquiry.ends[0] };
        match asker.user(&self.shared) {
            Err(Refusal { status: 410, .. }) => {
                self.sessions.end(cookie);
                Asker { session: None, ..asker }
            }
            _ => asker,
        }
    }

    fn session(&self, inquiry: &Inquiry<'_>) -> Result<Answer, Refusal> {
        let asker = self.asker(inquiry);
        let user = asker.user(&self.shared)?;
        let sees = user.as_ref().map(|_| asker.sees(&self.shared)).transpose()?;
        let sees: Vec<&str> = sees.map_or_else(Vec::new, |sees| {
            let all = [("info", sees.info), ("clients", sees.clients), ("slowlog", sees.slowlog)];
            all.into_iter().filter(|(_, is_seen)| *is_seen).map(|(name, _)| name).collect()
        });
        let (redis_version, address) = self.shared.engine.visit(|engine| {
            let host = engine.config.bind.first().map_or("*", |host| host.trim_start_matches('-'));
            (engine.config.compat_version.version(), format!("{host}:{}", engine.port))
        });
        let user = user.map(|user| String::from_utf8_lossy(&user).into_owned());
        let session = json!({
            "needs_login": user.is_none(), "user": user, "sees": sees,
            "server": "cacheflow", "version": VERSION, "redis_version": redis_version, "address": address,
        });
        Ok(Answer::ok(JSON, session.to_string()))
    }

    fn log_in(&self, inquiry: &Inquiry<'_>) -> Result<Answer, Refusal> {
        let body: Value = serde_json::from_slice(&inquiry.request.body).unwrap_or_default();
        let user = body["user"].as_str().unwrap_or("default");
        let Some(password) = body["password"].as_str() else {
            return refuse(400, r#"send {"user": "...", "password": "..."}"#);
        };
        let mut connection = Connection::open(&self.shared, inquiry.ends)?;
        connection.log_in(user, password)?;
        self.sessions.end(cookie(inquiry.request, &self.cookie));
        let (_, value) = self.sessions.begin(connection).map_err(unavailable)?;
        let mut answer = Answer::ok(JSON, json!({"user": user}).to_string());
        answer.headers.push(self.set_cookie(&value));
        Ok(answer)
    }

    fn set_cookie(&self, value: &str) -> String {
        format!("Set-Cookie: {}={value}; HttpOnly; SameSite=Strict; Path=/", self.cookie)
    }

    fn no_cookie(&self) -> String {
        format!("Set-Cookie: {}=; Max-Age=0; Path=/", self.cookie)
    }

    fn command(&self, inquiry: &Inquiry<'_>) -> Result<Answer, Refusal> {
        let args = command::args(&inquiry.request.body)?;
        let asker = self.asker(inquiry);
        let (session, new) = match asker.session {
            Some(session) => (session, None),
            None if asker.user(&self.shared)?.is_none() => return refuse(401, LOG_IN),
            None if cookie(inquiry.request, &self.cookie).is_some() => {
                // Executed in a new one, it would be in another database, outside of its transaction, as somebody else.
                let mut answer = error(410, SESSION_OVER);
                answer.headers.push(self.no_cookie());
                return Ok(answer);
            }
            None => {
                let connection = Connection::open(&self.shared, inquiry.ends)?;
                let (session, value) = self.sessions.begin(connection).map_err(unavailable)?;
                (session, Some(value))
            }
        };
        let executed = command::execute(&self.shared, &mut session.connection(), args);
        let value = new.as_deref().or(cookie(inquiry.request, &self.cookie));
        if executed.is_err() {
            self.sessions.end(value); // a reply that comes too late would be taken for the next one's
        }
        let mut answer = Answer::ok(JSON, executed?);
        answer.headers.extend(new.map(|value| self.set_cookie(&value)));
        Ok(answer)
    }

    fn events(&self, inquiry: &Inquiry<'_>) -> Result<(), Refusal> {
        let asker = self.asker(inquiry);
        asker.sees(&self.shared)?;
        let _looker = Looker::enter(&self.lookers)?;
        events::stream(&self.shared, &self.watch, &asker, inquiry.stream);
        Ok(())
    }

    fn metrics(&self, inquiry: &Inquiry<'_>) -> Result<Answer, Refusal> {
        match metrics::scrape(&self.shared, inquiry.ends, guard::basic(inquiry.request)) {
            Ok(text) => Ok(Answer::ok(metrics::CONTENT_TYPE, text)),
            Err(Refusal { status: 401, reason }) => {
                let mut answer = error(401, &reason);
                let line = "WWW-Authenticate: Basic realm=\"cacheflow\", charset=\"UTF-8\"";
                answer.headers.push(line.to_owned());
                Ok(answer)
            }
            Err(refusal) => Err(refusal),
        }
    }
}

/// What a command gets that was meant for a session that is over. The next one begins another.
const SESSION_OVER: &str =
    "the session is over: this was not executed; the next command begins another session";

fn unavailable(error: std::io::Error) -> Refusal {
    Refusal { status: 503, reason: error.to_string() }
}

/// Everything that is there beside the page, by some method.
const PATHS: [&str; 6] =
    ["/api/session", "/api/login", "/api/logout", "/api/command", "/api/events", "/metrics"];

fn error(status: u16, reason: &str) -> Answer {
    Answer { status, ..Answer::ok(JSON, json!({"error": reason}).to_string()) }
}

/// One of those who look at the events.
struct Looker<'d>(&'d AtomicUsize);

impl<'d> Looker<'d> {
    fn enter(lookers: &'d AtomicUsize) -> Result<Looker<'d>, Refusal> {
        let looker = Looker(lookers);
        if lookers.fetch_add(1, Ordering::Relaxed) >= MOST_LOOKERS {
            return refuse(503, "too many look already");
        }
        Ok(looker)
    }
}

impl Drop for Looker<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
