//! Is the peer still there?
//!
//! Whoever is about to take an element for a client that waits wants to know. The thread of that client
//! will see the end of its socket ([`wakeup`](super::wakeup)), but perhaps not in time: it has to wake
//! up first. The kernel knows already: a peer that has closed its side, or the whole connection, shows
//! as `RDHUP`, even when there are bytes left to read before that. One system call, which never waits.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::stream::Stream;

/// What a closed connection shows; errors and hang-ups are reported without being asked for.
const GONE: PollFlags = PollFlags::RDHUP.union(PollFlags::HUP).union(PollFlags::ERR);

/// Whether the peer has closed it.
pub fn is_gone(stream: &Stream) -> bool {
    let mut socket = [PollFd::new(stream, PollFlags::RDHUP)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut socket, Some(&at_once)).is_ok() && socket[0].revents().intersects(GONE)
}

/// Whether nothing has been received that isn't read yet, be it the end.
pub fn is_quiet(stream: &Stream) -> bool {
    let mut socket = [PollFd::new(stream, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let is_silent = poll(&mut socket, Some(&at_once)).is_ok_and(|ready| ready == 0);
    // What encryption says for itself is nothing.
    !stream.has_received() && (is_silent || !is_gone(stream) && !stream.is_readable())
}

/// Waits until the peer takes more or, if that is asked for, has sent something. True: it takes nothing, and
/// there is something to read.
pub fn wait_for_room(stream: &Stream, or_bytes: bool) -> bool {
    if or_bytes && stream.has_received() {
        return true;
    }
    let wanted = if or_bytes { PollFlags::IN | PollFlags::OUT } else { PollFlags::OUT };
    let mut socket = [PollFd::new(stream, wanted)];
    let _ = poll(&mut socket, None); // interrupted: neither
    let seen = socket[0].revents();
    !seen.intersects(GONE | PollFlags::OUT) && seen.contains(PollFlags::IN) && stream.is_readable()
}

/// Waits until the peer takes more, at most so long.
pub fn wait_to_write(stream: &Stream, at_most: Duration) {
    let at_most = Timespec::try_from(at_most).expect("no time is so long");
    let _ = poll(&mut [PollFd::new(stream, PollFlags::OUT)], Some(&at_most)); // a write tells the rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_peer_that_hung_up_is_noticed_behind_unread_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connect = || {
            let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            (peer, Stream::from(listener.accept().unwrap().0))
        };
        let (_stays, ours) = connect();
        let (mut leaves, theirs) = connect();
        assert_eq!([&ours, &theirs].map(is_gone), [false, false]);
        leaves.write_all(b"PING\r\n").unwrap();
        drop(leaves);
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!([&ours, &theirs].map(is_gone), [false, true]);
    }
}
