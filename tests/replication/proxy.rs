//! A link that can be cut: forwards connections to a server until [`Proxy::cut`].

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::wait_until;

/// A running proxy. Its thread ends with the test's process.
pub struct Proxy {
    /// Where it listens.
    pub port: u16,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    cuts: AtomicUsize,
}

impl Proxy {
    /// A proxy in front of this port.
    pub fn start(target: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let streams = Arc::new(Mutex::new(Vec::new()));
        let open = Arc::clone(&streams);
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let mut open = open.lock().unwrap();
                for stream in [&near, &far] {
                    open.push(stream.try_clone().unwrap());
                }
                forward(near.try_clone().unwrap(), far.try_clone().unwrap());
                forward(far, near);
            }
        });
        Proxy { port, streams, cuts: AtomicUsize::new(0) }
    }

    /// Ends all connections, in the midst of whatever is on its way. If there is none, it waits for
    /// one: the other side needs some time to come back.
    pub fn cut(&self) {
        wait_until("the link is back", || !self.streams.lock().unwrap().is_empty());
        let streams = std::mem::take(&mut *self.streams.lock().unwrap());
        self.cuts.fetch_add(usize::from(!streams.is_empty()), Ordering::Relaxed);
        for stream in streams {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How often there was something to cut.
    pub fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        // Odd, so that requests are torn apart.
        let mut buffer = [0; 1021];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}
