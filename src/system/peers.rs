//! Is the peer still there?
//!
//! A thread that waits for a key does not read from its socket, so nobody would notice that the
//! peer has hung up, and a key's element could be taken for a client that will never get it. The
//! kernel knows, though: a peer that has closed its side, or the whole connection, shows as
//! `RDHUP`, even when there are bytes left to read before that. One system call answers for any
//! number of sockets, and it never waits.

use std::net::TcpStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What a closed connection shows; errors and hang-ups are reported without being asked for.
const GONE: PollFlags = PollFlags::RDHUP.union(PollFlags::HUP).union(PollFlags::ERR);

/// For each socket, whether the peer has closed it.
pub fn are_gone<'s>(streams: impl IntoIterator<Item = &'s TcpStream>) -> Vec<bool> {
    let watched = streams.into_iter().map(|stream| PollFd::new(stream, PollFlags::RDHUP));
    let mut watched: Vec<PollFd<'_>> = watched.collect();
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut watched, Some(&at_once)) {
        Ok(_) => watched.iter().map(|socket| socket.revents().intersects(GONE)).collect(),
        Err(_) => vec![false; watched.len()], // out of memory: asked again soon
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    #[test]
    fn a_peer_that_hung_up_is_noticed_behind_unread_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connect = || {
            let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            (peer, listener.accept().unwrap().0)
        };
        let (_stays, ours) = connect();
        let (mut leaves, theirs) = connect();
        assert_eq!(are_gone([&ours, &theirs]), [false, false]);
        leaves.write_all(b"PING\r\n").unwrap();
        drop(leaves);
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(are_gone([&ours, &theirs]), [false, true]);
    }
}
