//! How a connection's thread sends replies, and what it does while the peer takes none.
//!
//! Many clients send all they have to say before they read a reply: a pipeline of a hundred thousand
//! requests, as one piece. Sockets hold some megabytes in each direction. When both are full, who only writes
//! waits for the peer to read, and the peer waits for the same here, for ever. So the thread reads on when a
//! reply can't be sent:
//!
//! ```text
//!                     the socket takes more
//!   reply ──> write ──────────────────────────> the rest, and so on
//!               |  ^
//!          full |  '--- bytes came: into the buffer behind the requests in hand
//!               v               |
//!             sleep ────────────'
//! ```
//!
//! What it reads is executed when its turn comes, not before: what the server keeps for a client that takes
//! nothing are the requests that it has sent, at most `client-query-buffer-limit` bytes of them, and not the
//! replies, which may be any number of times as large. Beyond that they wait in the socket, and so do those of
//! a client that has yet to log in. Nothing here waits for THE lock: somebody may have it for seconds, and a
//! reply that is there already is to be sent meanwhile.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::session::Session;
use crate::system::peers;

/// Longer replies are sent by their own thread: nobody else is to be kept from its client by them.
const LONGEST_TO_LEAVE: usize = 16 * 1024;
/// With so many bytes in the outbox, no further request is executed until some were taken.
const BACKLOG_TO_WAIT_FOR: usize = 1024 * 1024;
/// While others send what this connection gets, it looks that soon whether the peer has sent something, and
/// more and more seldom if it hasn't.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const SELDOM: Duration = Duration::from_millis(100);

impl Session<'_> {
    /// Writes what there is to the socket. Nobody may hold the lock meanwhile.
    pub(super) fn write(&mut self) -> io::Result<()> {
        let output = &self.output;
        match &output.outbox {
            Some(outbox) if output.reply.is_empty() => outbox.flush(),
            _ => output.pen.commit(),
        }
        if output.reply.is_empty() { Ok(()) } else { self.write_safe() }
    }

    /// The same, but doesn't wait for another thread that makes it safe: that one sends it. Under
    /// `appendfsync always` fifty clients may wait for one sync; their threads would all be woken when it
    /// ends, each to send a few bytes and to sleep again.
    pub(super) fn write_or_leave(&mut self) -> io::Result<()> {
        let output = &mut self.output;
        if output.reply.is_empty() || output.reply.len() > LONGEST_TO_LEAVE {
            return self.write();
        }
        if output.pen.commit_or_leave(&self.stream, output.reply.as_bytes(), &mut output.left) {
            output.forget_sent();
            return Ok(());
        }
        self.write_safe()
    }

    /// Writes what there is. Of what goes through the outbox, much may only wait in it when nothing
    /// more is added.
    pub(super) fn write_and_wait(&mut self) -> io::Result<()> {
        self.write()?;
        if let Some(outbox) = self.output.outbox.clone() {
            self.read_on_until(|at_most| outbox.wait_for_backlog(BACKLOG_TO_WAIT_FOR, at_most));
        }
        self.output.handed_over = 0;
        Ok(())
    }

    /// Waits until what was left with another thread is sent. Before that, nothing else may be executed,
    /// or its reply might overtake.
    pub(super) fn wait_for_left(&mut self) {
        if let Some(left) = self.output.left.clone() {
            self.read_on_until(|at_most| left.wait_until_sent(at_most));
        }
    }

    /// Writes replies that are safe, as far as the socket takes them, and the rest when it does.
    fn write_safe(&mut self) -> io::Result<()> {
        let len = self.output.reply.len();
        let pen = Arc::clone(&self.output.pen);
        let mut writing = pen.begin(len);
        let (mut sent, mut reads_on) = (0, true);
        loop {
            sent += writing.go_on(&self.stream, &self.output.reply.as_bytes()[sent..])?;
            if sent == len && self.stream.unsent() == 0 {
                break;
            }
            reads_on = self.wait_for_room(reads_on);
        }
        self.output.forget_sent();
        Ok(())
    }

    /// Waits until the socket takes more, or there was something to read, if that is wanted. False: there
    /// will be nothing more to read.
    fn wait_for_room(&mut self, reads_on: bool) -> bool {
        let may_read = reads_on && self.may_read_on();
        let has_sent = peers::wait_for_room(&self.stream, may_read);
        if has_sent { self.read_on() } else { reads_on }
    }

    /// Calls what waits, for a while each time, until it says that the wait is over; reads on in between.
    fn read_on_until(&mut self, wait: impl Fn(Duration) -> bool) {
        let (mut look, mut reads_on) = (FIRST_LOOK, true);
        while !wait(look) {
            look = (look * 2).min(SELDOM);
            while reads_on && self.may_read_on() && !peers::is_quiet(&self.stream) {
                reads_on = self.read_on();
                look = FIRST_LOOK;
            }
        }
    }

    /// Whether there is room for more requests, beside those that are being executed.
    fn may_read_on(&self) -> bool {
        let kept = self.reader.complete() + self.reader.incomplete();
        self.limits.authenticated && kept < self.limits.query_buffer
    }

    /// Reads what has come, behind the requests that are being executed. False: it was the end.
    fn read_on(&mut self) -> bool {
        let is_open = self.take_in();
        if self.show_input(self.reader.incomplete(), 0)
            && let Some(mut engine) = self.shared.engine.try_lock()
        {
            self.weigh(&mut engine);
        }
        is_open
    }
}
