//! A thread that sleeps, and is woken by its socket or by another thread.
//!
//! A condition variable wakes a thread when another one says so, but not when bytes arrive or the
//! peer hangs up; a read does the opposite. `poll` waits for both at once, if what the other thread
//! has to say comes as something that can be read: a counter that the kernel keeps (`eventfd`), to
//! which whoever wakes adds one.
//!
//! ```text
//!   the peer sends, or hangs up ──> socket  ──┐
//!                                             ├──> poll ──> the thread looks what has happened
//!   another thread: wake() ───────> counter ──┘      ^
//!                                                    '── or the time is over
//! ```
//!
//! Nothing is missed: who is woken before it sleeps finds the counter above zero and doesn't. It may
//! be woken for nothing, so it always looks.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::{read, write};

use super::stream::Stream;

/// Without a counter (the process may not open any more files), a sleeper looks this often.
const NAP: Duration = Duration::from_millis(20);
/// No sleep is longer; any time would do. It fits every clock.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What one thread sleeps on, and others wake it by.
#[derive(Debug)]
pub struct Wakeup {
    counter: Option<OwnedFd>,
}

/// Why a sleep has ended; both may be true, and neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Woken {
    /// There is something to read from the socket, be it its end.
    pub by_socket: bool,
    /// Somebody has called [`Wakeup::wake`], or the time is over.
    pub otherwise: bool,
}

impl Default for Wakeup {
    fn default() -> Self {
        Wakeup { counter: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok() }
    }
}

impl Wakeup {
    /// Wakes the thread that sleeps, or that will.
    pub fn wake(&self) {
        if let Some(counter) = &self.counter {
            let _ = write(counter, &1u64.to_ne_bytes()); // fails at 2^64, when it is awake anyhow
        }
    }

    /// Sleeps until there is something to read from the socket, somebody wakes this thread, or the time
    /// is over.
    pub fn sleep(&self, stream: &Stream, at_most: Duration) -> Woken {
        if stream.has_received() {
            return Woken { by_socket: true, otherwise: false };
        }
        let at_most = at_most.min(if self.counter.is_some() { LONGEST } else { NAP });
        let at_most = Timespec::try_from(at_most).expect("a day fits");
        let socket = PollFd::new(stream, PollFlags::IN);
        let counter = self.counter.as_ref().map(|counter| PollFd::new(counter, PollFlags::IN));
        // Errors and hang-ups are reported without being asked for.
        let (by_socket, by_counter) = match counter {
            Some(counter) => {
                let mut both = [socket, counter];
                let _ = poll(&mut both, Some(&at_most)); // interrupted: woken for nothing
                (!both[0].revents().is_empty(), !both[1].revents().is_empty())
            }
            None => {
                let mut socket = [socket];
                let _ = poll(&mut socket, Some(&at_most));
                (!socket[0].revents().is_empty(), false)
            }
        };
        let by_socket = by_socket && stream.is_readable();
        if let (true, Some(counter)) = (by_counter, &self.counter) {
            let _ = read(counter, &mut [0; 8]); // back to zero
        }
        Woken { by_socket, otherwise: by_counter || !by_socket || self.counter.is_none() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::time::Instant;

    fn pair() -> (TcpStream, Stream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (peer, listener.accept().unwrap().0.into())
    }

    const HOUR: Duration = Duration::from_secs(3600);
    const WAKER: Woken = Woken { by_socket: false, otherwise: true };
    const SOCKET: Woken = Woken { by_socket: true, otherwise: false };

    #[test]
    fn wakes_for_the_socket_its_end_another_thread_and_the_time() {
        let (mut peer, ours) = pair();
        let wakeup = Wakeup::default();
        wakeup.wake();
        wakeup.wake();
        assert_eq!(wakeup.sleep(&ours, HOUR), WAKER);
        let begun = Instant::now();
        assert_eq!(wakeup.sleep(&ours, Duration::from_millis(30)), WAKER);
        assert!(begun.elapsed() >= Duration::from_millis(30));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(20));
                wakeup.wake();
            });
            assert_eq!(wakeup.sleep(&ours, HOUR), WAKER);
        });
        peer.write_all(b"x").unwrap();
        assert_eq!(wakeup.sleep(&ours, HOUR), SOCKET);
        wakeup.wake();
        assert_eq!(wakeup.sleep(&ours, HOUR), Woken { by_socket: true, otherwise: true });
        let (peer, ours) = pair();
        drop(peer);
        assert_eq!(wakeup.sleep(&ours, HOUR), SOCKET);
    }

    #[test]
    fn without_a_descriptor_it_looks_now_and_then() {
        let (_peer, ours) = pair();
        let wakeup = Wakeup { counter: None };
        wakeup.wake();
        let begun = Instant::now();
        assert_eq!(wakeup.sleep(&ours, HOUR), WAKER);
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}
