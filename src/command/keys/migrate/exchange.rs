//! What MIGRATE does without the lock: a lot goes to the other server, and its answers are read.
//!
//! ```text
//! connect, or one that was kept     AUTH [user] password     +OK
//!                                   SELECT db                +OK
//! RESTORE key ttl value [REPLACE]   +OK, or an error         for each key
//! DEL key                           :1                       for each key that is gone meanwhile
//! ```
//!
//! AUTH and SELECT are answered before a key is sent: a key that is sent all the same would be in
//! another database than asked for, as it is in Redis when SELECT fails. Then all keys of the lot are sent, one
//! value in memory at a time, and the answers are read in their order.
//!
//! A connection that was kept may have been closed by the other side. If it has failed before anything was
//! answered, a new one is made, once.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::Arc;
use std::time::Duration;

use super::peer::Peer;
use crate::engine::blocking;
use crate::engine::migration::{Connection, Failure, Migration, Outcome, Parcel};
use crate::engine::{ClientKey, EngineGuard, SharedEngine};
use crate::number::format_i64;
use crate::rdb::{Style, Unwritable, dump};
use crate::resp::writer::encode_request;
use crate::system::{outgoing, peers};

/// What waits to be sent in one system call.
const SEND_BUFFER: usize = 64 * 1024;
/// Who waits for another client's keys to arrive looks so often whether that still makes sense.
const LOOK: Duration = Duration::from_millis(100);

/// Sends what the client has on its way, and takes the lock again. If that is nothing, waits until
/// another client's keys have arrived.
pub fn exchange(shared: &SharedEngine, client: ClientKey) -> EngineGuard<'_> {
    let mut engine = shared.lock();
    match engine.clients.get_mut(client).migration.take() {
        Some(migration) if migration.lot.is_empty() => {
            engine.clients.get_mut(client).migration = Some(migration);
            let landed = Arc::clone(&engine.migrations.landed);
            engine = shared.wait(&landed, engine, LOOK);
        }
        Some(migration) => {
            drop(engine);
            let mut away = Away { shared, client, migration: Some(migration) };
            let is_wanted = || !shared.is_stopping() && !shared.lock().clients.get(client).is_gone;
            if let Some(migration) = &mut away.migration {
                send(migration, &is_wanted);
            }
            drop(away);
            engine = shared.lock();
        }
        None => {}
    }
    blocking::leave(&mut engine, client);
    engine
}

/// A migration that its client's thread has. It goes back to the client whatever happens.
struct Away<'s> {
    shared: &'s SharedEngine,
    client: ClientKey,
    migration: Option<Box<Migration>>,
}

impl Drop for Away<'_> {
    fn drop(&mut self) {
        self.shared.lock().clients.get_mut(self.client).migration = self.migration.take();
    }
}

/// Sends a lot, and notes what has become of each key.
pub fn send(migration: &mut Migration, is_wanted: &dyn Fn() -> bool) {
    if migration.failure.is_some() {
        return;
    }
    loop {
        let mut connection = match connection(migration) {
            Ok(connection) => connection,
            Err(failure) => {
                migration.failure = Some(failure);
                return;
            }
        };
        let mut attempt = Attempt { migration, has_answered: false };
        let error = match attempt.run(&mut connection, is_wanted) {
            Ok(()) => {
                migration.connection = Some(connection);
                return;
            }
            Err(error) => error,
        };
        let timed_out = error.0.kind() == ErrorKind::TimedOut;
        if !connection.is_used || attempt.has_answered || timed_out || !is_wanted() {
            migration.failure = Some(error.1);
            return;
        }
        // It was closed while nobody used it. The next one is new.
    }
}

/// The connection that was kept, if it still seems to be one, or a new one.
fn connection(migration: &mut Migration) -> Result<Connection, Failure> {
    if let Some(connection) = migration.connection.take() {
        let is_as_wanted = connection.stream.is_encrypted() == migration.tls.is_some();
        let is_alive = is_as_wanted && peers::is_quiet(&connection.stream);
        // In the midst of a MIGRATE, a connection that has ended means that something has gone wrong.
        if is_alive || !connection.is_used {
            return Ok(connection);
        }
    }
    let target = &migration.target;
    let port = u16::try_from(target.port).map_err(|_| match target.port as i32 {
        ..0 => Failure::Connecting,
        _ => Failure::Writing,
    })?;
    let tls = migration.tls.as_ref();
    let stream = outgoing::connect(&target.host, port, "", migration.timeout, tls);
    let stream = stream.map_err(|error| match error.kind() {
        // Redis learns of a refusal when it writes.
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Failure::Writing,
        _ => Failure::Connecting,
    })?;
    let _ = stream.set_nodelay(true); // slower without, and no more than that
    Ok(Connection::new(target.clone(), stream))
}

/// An error, and what was being done.
type Failed = (io::Error, Failure);

/// One attempt to send a lot over one connection.
struct Attempt<'m> {
    migration: &'m mut Migration,
    /// The other server has answered to something.
    has_answered: bool,
}

impl Attempt<'_> {
    fn run(
        &mut self,
        connection: &mut Connection,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<(), Failed> {
        let timeout = self.migration.timeout;
        let mut peer = Peer { connection, timeout, is_wanted };
        if peer.connection.is_used {
            check_quiet(&peer)?;
        } // else it may say why it won't have us, and that is its answer to whatever is asked first
        if !self.introduce(&mut peer)? {
            return Ok(()); // no key was sent, and none will be
        }
        check_quiet(&peer)?; // or an answer too many would be taken for that to the first key
        self.write(&mut peer).map_err(|error| (error, Failure::Writing))?;
        self.read(&mut peer).map_err(|error| (error, Failure::Reading))?;
        // From now on it is one that works; what ends it is no matter of age.
        peer.connection.is_used = false;
        Ok(())
    }

    /// AUTH and SELECT, as far as they are needed. False: one was refused.
    fn introduce(&mut self, peer: &mut Peer<'_>) -> Result<bool, Failed> {
        let target = self.migration.target.clone();
        if let (Some(password), false) = (&target.password, peer.connection.is_introduced) {
            let words = match &target.user {
                Some(user) => vec![&b"AUTH"[..], user, password],
                None => vec![&b"AUTH"[..], password],
            };
            if !self.ask(peer, &words)? {
                return Ok(false);
            }
        }
        peer.connection.is_introduced = true;
        if peer.connection.db != Some(self.migration.db) {
            peer.connection.db = None;
            if !self.ask(peer, &[b"SELECT", format_i64(self.migration.db).as_bytes()])? {
                return Ok(false);
            }
            peer.connection.db = Some(self.migration.db);
        }
        Ok(true)
    }

    /// Asks something that is answered with `+OK`. False: it is refused, and with it all that would follow.
    fn ask(&mut self, peer: &mut Peer<'_>, words: &[&[u8]]) -> Result<bool, Failed> {
        let mut request = Vec::new();
        encode_request(&mut request, words.iter().copied());
        peer.write_all(&request).map_err(|error| (error, Failure::Writing))?;
        let accepted = self.answer(peer, b"+OK").map_err(|error| (error, Failure::Reading))?;
        if !accepted {
            self.migration.rest.start = self.migration.rest.end; // no use trying
            self.migration.lot.iter_mut().for_each(|parcel| parcel.outcome = Outcome::Refused);
        }
        Ok(accepted)
    }

    /// Whether the next answer is what says yes; an error says no, and anything else ends the connection.
    fn answer(&mut self, peer: &mut Peer<'_>, yes: &[u8]) -> io::Result<bool> {
        let line = peer.line()?;
        self.has_answered = true;
        match line.strip_prefix(b"-") {
            Some(error) => {
                self.migration.refusal.get_or_insert_with(|| error.to_vec());
                Ok(false)
            }
            None if line.starts_with(yes) => Ok(true),
            None => Err(ErrorKind::InvalidData.into()),
        }
    }

    /// Sends all keys of the lot.
    fn write(&mut self, peer: &mut Peer<'_>) -> io::Result<()> {
        let Migration { lot, style, asks, refusal, clock, .. } = &mut *self.migration;
        let now_ms = clock.unix_ms();
        let mut out = BufWriter::with_capacity(SEND_BUFFER, peer);
        for parcel in lot {
            if let Some(unwritable) = write_parcel(&mut out, parcel, *style, *asks, now_ms)? {
                parcel.outcome = Outcome::Refused;
                refusal.get_or_insert_with(|| format!("ERR {unwritable}").into_bytes());
            }
        }
        out.flush()
    }

    /// Reads what the other server says of each.
    fn read(&mut self, peer: &mut Peer<'_>) -> io::Result<()> {
        for index in 0..self.migration.lot.len() {
            let parcel = &self.migration.lot[index];
            if matches!(parcel.outcome, Outcome::Expired | Outcome::Refused) {
                continue; // it wasn't sent
            }
            let yes: &[u8] = if parcel.content.is_some() { b"+OK" } else { b":" };
            let may_go_on = !self.migration.asks || parcel.content.is_some();
            let accepted = (may_go_on || self.answer(peer, b"+OK")?) & self.answer(peer, yes)?;
            self.migration.lot[index].outcome =
                if accepted { Outcome::Accepted } else { Outcome::Refused };
        }
        Ok(())
    }
}

/// Refuses a peer that has said something it wasn't asked for.
fn check_quiet(peer: &Peer<'_>) -> Result<(), Failed> {
    match peer.is_quiet() {
        true => Ok(()),
        false => Err((ErrorKind::InvalidData.into(), Failure::Reading)),
    }
}

/// Writes the request for one key. What has no time left isn't sent, and what `rdb-version` can't say
/// neither: that is returned.
fn write_parcel(
    out: &mut impl Write,
    parcel: &mut Parcel,
    style: Style,
    asks: bool,
    now_ms: i64,
) -> io::Result<Option<Unwritable>> {
    let Some((value, deadline)) = &parcel.content else {
        if asks {
            write_request(out, &[b"ASKING"])?;
        }
        return write_request(out, &[b"DEL", &parcel.key]).map(|()| None);
    };
    // A time to live of 0 is none, so what ends in this moment has a millisecond more.
    let ttl = match deadline.map(|at| at - now_ms) {
        None => 0,
        Some(ttl @ 0..) => ttl.max(1),
        Some(_) => {
            parcel.outcome = Outcome::Expired;
            return Ok(None);
        }
    };
    parcel.outcome = Outcome::Unknown;
    let name: &[u8] = if asks { b"RESTORE-ASKING" } else { b"RESTORE" };
    let ttl = format_i64(ttl);
    let value = match dump(value, style) {
        Ok(value) => value,
        Err(unwritable) => return Ok(Some(unwritable)),
    };
    let words = [name, &parcel.key, ttl.as_bytes(), &value, b"REPLACE"];
    write_request(out, if parcel.replaces { &words } else { &words[..4] }).map(|()| None)
}

/// Writes a request without a copy of its arguments, which may be large.
fn write_request(out: &mut impl Write, words: &[&[u8]]) -> io::Result<()> {
    write!(out, "*{}\r\n", words.len())?;
    for word in words {
        write!(out, "${}\r\n", word.len())?;
        out.write_all(word)?;
        out.write_all(b"\r\n")?;
    }
    Ok(())
}
