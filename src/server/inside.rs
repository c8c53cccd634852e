//! Connections of the server to itself: a socket pair, of which one end is served like any connection.
//!
//! Who comes another way, through the window, comes in here, and so is what everybody is: a client that has to say who it is,
//! has its place in CLIENT LIST, and can be killed.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use super::Shared;
use super::admission::{Leaving, TOO_MANY_CLIENTS, register};
use super::session;
use crate::engine::scripting::STACK_SIZE;
use crate::system::logging::inherit;
use crate::system::stream::{Address, Stream};
use crate::system::threads::Permit;

/// A connection that everybody sees as one between these ends, the peer and ours. Returns its near end; or what a client
/// would be told that isn't let in.
pub fn connect(shared: &Arc<Shared>, ends: [SocketAddr; 2]) -> io::Result<Result<Inside, String>> {
    let Some(permit) = Permit::take(1, STACK_SIZE) else { return Ok(Err(text(TOO_MANY_CLIENTS))) };
    let (near, far) = UnixStream::pair()?;
    let stream = Arc::new(Stream::from(far));
    let registered = shared.engine.visit({
        let stream = Arc::clone(&stream);
        move |engine| {
            let ends = ends.map(|end| Some(Address::Ip(end)));
            let (client, _) = register(engine, stream, ends)?;
            let state = engine.clients.get_mut(client);
            state.name = b"window".to_vec();
            Ok((client, state.id))
        }
    });
    let (client, id) = match registered {
        Ok(registered) => registered,
        Err(refusal) => return Ok(Err(text(refusal))),
    };
    let leaving = Leaving { shared: Arc::clone(shared), client };
    let thread = std::thread::Builder::new().name("worker".into()).stack_size(STACK_SIZE);
    thread.spawn(inherit(move || {
        let (_permit, leaving) = (permit, leaving);
        session::serve(&leaving.shared, Arc::clone(&stream), client);
        let _ = stream.shutdown(Shutdown::Write); // also after SHUTDOWN: who waits is a thread of this process
    }))?;
    Ok(Ok(Inside { stream: near, id }))
}

/// The near end of a connection of the server to itself.
pub struct Inside {
    /// Requests go in here, replies come out.
    pub stream: UnixStream,
    /// The client's id.
    pub id: u64,
}

/// An error reply as a text.
fn text(refusal: &[u8]) -> String {
    String::from_utf8_lossy(refusal).trim_start_matches('-').trim_end().to_owned()
}
