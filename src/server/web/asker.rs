//! Who asks, for what is no command: the client of a session, or whoever may come without a password.

use std::net::SocketAddr;
use std::sync::Arc;

use super::http::{Refusal, refuse};
use super::sessions::Session;
use crate::command::permission::might_run;
use crate::engine::Engine;
use crate::resp::Request;
use crate::server::Shared;

/// Somebody who asks.
pub struct Asker {
    /// The session, if there is one.
    pub session: Option<Arc<Session>>,
    /// Who has sent the request.
    pub peer: SocketAddr,
}

/// What somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sees {
    /// May run INFO.
    pub info: bool,
    /// May run CLIENT LIST.
    pub clients: bool,
    /// May run SLOWLOG GET.
    pub slowlog: bool,
}

impl Asker {
    /// The client's id.
    pub fn client(&self) -> Option<u64> {
        self.session.as_ref().map(|session| session.client)
    }

    /// The name of the user; None: nobody has logged in, and somebody has to.
    pub fn user(&self, shared: &Shared) -> Result<Option<Vec<u8>>, Refusal> {
        let client = self.client();
        let is_local = self.peer.ip().to_canonical().is_loopback();
        shared.engine.visit(move |engine| user(engine, client, is_local))
    }

    /// What the asker may see. It is asked anew each time, for users change.
    pub fn sees(&self, shared: &Shared) -> Result<Sees, Refusal> {
        let Some(user) = self.user(shared)? else { return refuse(401, LOG_IN) };
        shared.engine.visit(move |engine| {
            let may = |words: &[&str]| {
                let request = Request::new(words.iter().map(|word| word.as_bytes()));
                might_run(engine, &user, request.args())
            };
            Ok(Sees {
                info: may(&["INFO"]),
                clients: may(&["CLIENT", "LIST"]),
                slowlog: may(&["SLOWLOG", "GET"]),
            })
        })
    }
}

/// Why nothing is shown.
pub const LOG_IN: &str = "log in first: the default user needs a password";

fn user(engine: &Engine, client: Option<u64>, is_local: bool) -> Result<Option<Vec<u8>>, Refusal> {
    let is_open = engine.acl.default_user().is_open();
    if is_open && engine.config.protected_mode && !is_local {
        return refuse(
            403,
            "protected mode: set a password before others than this machine may look",
        );
    }
    match client {
        Some(id) => match engine.clients.by_id(id) {
            Some(key) if engine.must_log_in(key) => Ok(None),
            Some(key) if !engine.clients.get(key).is_gone => {
                Ok(Some(engine.clients.get(key).user.to_vec()))
            }
            _ => refuse(410, "the session's connection was ended"),
        },
        None => Ok(is_open.then(|| b"default".to_vec())),
    }
}
