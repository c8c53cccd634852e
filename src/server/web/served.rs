//! The connections to the window: a thread for each, and never more than a few.

use std::collections::HashMap;
use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use super::STACK;
use super::desk::Desk;
use crate::system::logging::inherit;
use crate::system::mutex::locked;
use crate::system::threads::Permit;

/// Connections at a time, and so threads.
const MOST_CONNECTIONS: usize = 48;
/// The connections that are being served.
#[derive(Default)]
pub struct Served(Mutex<HashMap<SocketAddr, Arc<TcpStream>>>);

/// Serves a connection in a thread of its own, if there may be another one.
pub fn admit(served: &Arc<Served>, desk: &Arc<Desk>, stream: TcpStream, peer: SocketAddr) {
    let stream = Arc::new(stream);
    let has_room = served.lock().len() < MOST_CONNECTIONS;
    let Some(permit) = has_room.then(|| Permit::take(1, STACK)).flatten() else {
        let _ = stream.set_nonblocking(true); // who is refused isn't waited for
        let _ =
            (&*stream).write_all(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
        return;
    };
    served.lock().insert(peer, Arc::clone(&stream));
    let leaving = Leaving { served: Arc::clone(served), peer };
    let desk = Arc::clone(desk);
    let thread = std::thread::Builder::new().name("window".into()).stack_size(STACK);
    let started = thread.spawn(inherit(move || {
        let _held = (permit, leaving);
        desk.serve(&stream, peer);
    }));
    if let Err(error) = started {
        crate::warning!("No thread for a connection to the window: {error}");
    }
}

impl Served {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Ends all of them.
    pub fn end(&self) {
        self.lock().values().for_each(|stream| _ = stream.shutdown(Shutdown::Both));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Arc<TcpStream>>> {
        locked(&self.0)
    }
}

/// Forgets a connection, however its thread ends.
struct Leaving {
    served: Arc<Served>,
    peer: SocketAddr,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.served.lock().remove(&self.peer);
    }
}
