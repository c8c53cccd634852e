//! One thread of our own client, with some of its connections.
//!
//! ```text
//! closed:  send to all ──> wait until one has replies ──> count them; all in? send it the next
//! open:    send what is due ──> wait for replies, or until the next is due ──> count them
//! ```
//!
//! It waits for all of its connections at once, so that a reply is counted when it comes and not when
//! its turn comes. Sockets are blocking: one is only read when something has come, and requests are
//! small beside what the kernel keeps for a socket, or few.

use std::collections::VecDeque;
use std::io::{Error, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU64;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::thread::set_current_timer_slack;

use super::latencies::{Latencies, Schedule};
use super::replies::Replies;
use super::requests::Requests;
use super::{Pace, Plan};

/// How long nothing may come, and by how much an open loop may be late at its end.
const PATIENCE: Duration = Duration::from_secs(30);
/// By how many ns the kernel may wake a thread of an open loop late, to wake others with it. It would
/// be 50 µs otherwise, as much as a reply takes.
const PUNCTUAL: NonZeroU64 = NonZeroU64::MIN;
/// Connections that are looked at after one wait, and requests that are sent before one.
const EVENTS: usize = 256;
/// What is read at once.
const BUFFER_SIZE: usize = 64 * 1024;

/// A connection to the server, with requests under way.
pub struct Connection {
    stream: TcpStream,
    /// When each request that waits for its reply was sent, or was due.
    begun: VecDeque<Instant>,
    replies: Replies,
}

impl Connection {
    /// Connects.
    pub fn open(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, begun: VecDeque::new(), replies: Replies::new() })
    }
}

/// A thread's connections, and what it has counted.
pub struct Driver {
    connections: Vec<Connection>,
    requests: Requests,
    epoll: OwnedFd,
    /// Requests that wait for their replies, on all connections.
    waiting: usize,
    latencies: Latencies,
    /// Reused for every write and read.
    out: Vec<u8>,
    buffer: Vec<u8>,
}

impl Driver {
    /// Prepares to wait for these connections.
    pub fn new(connections: Vec<Connection>, requests: Requests) -> Result<Driver> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (number, connection) in connections.iter().enumerate() {
            let data = epoll::EventData::new_u64(number as u64);
            epoll::add(&epoll, connection.stream.as_fd(), data, epoll::EventFlags::IN)?;
        }
        let (out, buffer) = (Vec::new(), vec![0; BUFFER_SIZE]);
        let latencies = Latencies::new();
        Ok(Driver { connections, requests, epoll, waiting: 0, latencies, out, buffer })
    }

    /// Sends from `start` on for as long as the plan says, and waits for what it has asked for.
    pub fn drive(mut self, plan: &Plan, start: Instant) -> Result<Latencies> {
        let end = start + plan.duration;
        match plan.pace {
            Pace::Closed => self.closed(plan.pipeline, end)?,
            // Each thread asks for its share.
            Pace::Open { rate } => {
                set_current_timer_slack(Some(PUNCTUAL))?;
                let share = self.connections.len() as f64 / plan.clients as f64;
                self.open(Schedule::new(start, end, rate * share), end + PATIENCE)?;
            }
        }
        match self.connections.iter().find_map(|connection| connection.replies.error()) {
            Some(error) => Err(Error::other(format!("the server answers {error}"))),
            None => Ok(self.latencies),
        }
    }

    fn closed(&mut self, pipeline: usize, end: Instant) -> Result<()> {
        for number in 0..self.connections.len() {
            self.send(number, pipeline, Instant::now())?;
        }
        while self.waiting > 0 {
            for number in self.wait(PATIENCE)? {
                self.receive(number)?;
                let now = Instant::now();
                if self.connections[number].begun.is_empty() && now < end {
                    self.send(number, pipeline, now)?;
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, mut schedule: Schedule, deadline: Instant) -> Result<()> {
        let mut turn = (0..self.connections.len()).cycle();
        loop {
            // Not all at once if it is late: replies have to be read, or nobody can send any more.
            for _ in 0..EVENTS {
                let Some(due) = schedule.take(Instant::now()) else { break };
                self.send(turn.next().expect("there is a connection"), 1, due)?;
            }
            if Instant::now() > deadline {
                return Err(Error::other("nobody keeps up with so many requests a second"));
            }
            let come = match schedule.due() {
                None if self.waiting == 0 => return Ok(()),
                None => self.wait(PATIENCE)?,
                Some(due) => self.wait_precisely(due.saturating_duration_since(Instant::now()))?,
            };
            come.into_iter().try_for_each(|number| self.receive(number))?;
        }
    }

    /// Sends requests that count from `begun`.
    fn send(&mut self, number: usize, count: usize, begun: Instant) -> Result<()> {
        self.out.clear();
        (0..count).for_each(|_| self.requests.put(&mut self.out));
        let connection = &mut self.connections[number];
        connection.begun.extend(std::iter::repeat_n(begun, count));
        self.waiting += count;
        connection.stream.write_all(&self.out)
    }

    /// Reads what has come, and counts the requests that it answers.
    fn receive(&mut self, number: usize) -> Result<()> {
        let connection = &mut self.connections[number];
        let count = connection.stream.read(&mut self.buffer)?;
        if count == 0 {
            return Err(Error::other("the server has closed the connection"));
        }
        let now = Instant::now();
        for _ in 0..connection.replies.take(&self.buffer[..count])? {
            let begun = connection.begun.pop_front();
            let begun = begun.ok_or_else(|| Error::other("a reply that nobody asked for"))?;
            self.latencies.record(now - begun);
            self.waiting -= 1;
        }
        Ok(())
    }

    /// Which connections have something to read, as soon as one has.
    fn wait(&self, patience: Duration) -> Result<Vec<usize>> {
        let mut events = Vec::with_capacity(EVENTS);
        epoll::wait(
            &self.epoll,
            rustix::buffer::spare_capacity(&mut events),
            Some(&time(patience)),
        )?;
        if events.is_empty() && !patience.is_zero() {
            return Err(Error::other(format!("{} replies did not come", self.waiting)));
        }
        Ok(events.iter().map(|event| event.data.u64() as usize).collect())
    }

    /// The same, or none after so long. Waiting for epoll itself counts in milliseconds, which is too
    /// coarse for the clock of an open loop; `poll` does not.
    fn wait_precisely(&self, longest: Duration) -> Result<Vec<usize>> {
        poll(&mut [PollFd::new(&self.epoll, PollFlags::IN)], Some(&time(longest)))?;
        self.wait(Duration::ZERO)
    }
}

fn time(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as i64, tv_nsec: duration.subsec_nanos().into() }
}
