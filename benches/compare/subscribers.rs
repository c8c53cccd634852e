//! Publish/subscribe: one publisher, thousands of subscribers, and one that never reads.
//!
//! ```text
//! publisher ── PUBLISH x 100 ──> server ──> 10,000 sockets ──> one thread that reads them all
//! ```
//!
//! Counted is what has arrived, until the last byte. The subscriber that never reads has its buffers
//! filled before the clock starts, so that the server can't write to it any more; it must not slow
//! down the others.

use std::io::{Error, ErrorKind, Read, Result};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cases::{Against, Case, Contestant, Scale, Section, Unit};
use crate::processor;
use crate::servers::Server;
use crate::wire::{Wire, put};

/// Deliveries in one run.
const DELIVERIES: usize = 1_000_000;
/// What is published, as it arrives.
const MESSAGE: &[u8] = b"*3\r\n$7\r\nmessage\r\n$2\r\nch\r\n$5\r\nhello\r\n";
/// What fills the buffers of the one that doesn't read: more than the kernel keeps for a socket,
/// less than what ends a subscriber's connection.
const STUFFING: usize = 7 << 20;
/// Into so many messages.
const STUFFING_PARTS: usize = 70;
/// How long nothing may arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// Files that this process has open beside the connections.
const RESERVED: u64 = 500;

/// The section of the report.
pub fn section(scale: Scale) -> Section {
    let case = |row: &str, subscribers: usize, one_never_reads: bool| Case {
        rows: vec![row.to_owned()],
        measure: Box::new(move |contestant| {
            measure(contestant, scale.of(subscribers), scale.of(DELIVERIES), one_never_reads)
        }),
    };
    Section {
        key: "subscribers".to_owned(),
        title: "Subscribers of one channel".to_owned(),
        unit: Unit::DeliveriesPerSecond,
        against: Against::Others,
        repeats: true,
        cases: vec![
            case("1,000 subscribers", 1_000, false),
            case("10,000 subscribers", 10_000, false),
            case("10,000 subscribers, and one that never reads", 10_000, true),
        ],
    }
}

fn measure(
    contestant: &Contestant,
    subscribers: usize,
    deliveries: usize,
    one_never_reads: bool,
) -> Result<Vec<f64>> {
    let server = contestant.fresh(&["--maxclients", "20000"])?;
    let mut publisher = Wire::open(&server)?;
    let _silent = one_never_reads.then(|| stuffed(&server, &mut publisher)).transpose()?;
    let mut audience = Audience::subscribe(&server, subscribers)?;
    Ok(vec![audience.hear(&mut publisher, deliveries)?])
}

/// What 1,000 subscribers get in a second, and the server's processor time for each delivery; of more
/// deliveries, since that time is counted in hundredths of a second.
pub fn rate_and_cost(contestant: &Contestant, scale: Scale) -> Result<(f64, f64)> {
    let (subscribers, deliveries) = (scale.of(1_000), scale.of(5 * DELIVERIES));
    let server = contestant.fresh(&["--maxclients", "20000"])?;
    let mut publisher = Wire::open(&server)?;
    let mut audience = Audience::subscribe(&server, subscribers)?;
    let before = processor::of(server.child.id())?;
    let rate = audience.hear(&mut publisher, deliveries)?;
    let spent = processor::of(server.child.id())? - before;
    Ok((rate, spent / deliveries as f64))
}

/// A subscriber that has stopped reading, and whose buffers are full.
fn stuffed(server: &Server, publisher: &mut Wire) -> Result<Wire> {
    let mut subscriber = Wire::open(server)?;
    subscriber.call(&["SUBSCRIBE", "stuffing"])?;
    subscriber.call(&["SUBSCRIBE", "ch"])?;
    let part = "x".repeat(STUFFING / STUFFING_PARTS);
    publisher.fill(STUFFING_PARTS, |_, out| put(out, &["PUBLISH", "stuffing", &part]))?;
    Ok(subscriber)
}

/// Subscribers, all read by one thread.
struct Audience {
    streams: Vec<TcpStream>,
    epoll: rustix::fd::OwnedFd,
}

impl Audience {
    fn subscribe(server: &Server, count: usize) -> Result<Audience> {
        let mut request = Vec::new();
        put(&mut request, &["SUBSCRIBE", "ch"]);
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut streams = Vec::with_capacity(count);
        for number in 0..count {
            let mut stream = server.connect()?;
            std::io::Write::write_all(&mut stream, &request)?;
            let mut confirmation = [0; b"*3\r\n$9\r\nsubscribe\r\n$2\r\nch\r\n:1\r\n".len()];
            stream.read_exact(&mut confirmation).map_err(|error| {
                Error::other(format!("subscriber number {} was refused: {error}", number + 1))
            })?;
            stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(number as u64);
            epoll::add(&epoll, stream.as_fd(), data, epoll::EventFlags::IN)?;
            streams.push(stream);
        }
        Ok(Audience { streams, epoll })
    }

    /// Lets the publisher cause so many deliveries, and returns how many came in a second.
    fn hear(&mut self, publisher: &mut Wire, deliveries: usize) -> Result<f64> {
        let messages = (deliveries / self.streams.len()).max(1);
        let mut requests = Vec::new();
        (0..messages).for_each(|_| put(&mut requests, &["PUBLISH", "ch", "hello"]));
        let begun = Instant::now();
        publisher.send(&requests)?;
        let deliveries = self.streams.len() * messages;
        self.receive(deliveries * MESSAGE.len())?;
        Ok(deliveries as f64 / begun.elapsed().as_secs_f64())
    }

    /// Reads until so many bytes have come.
    fn receive(&mut self, mut bytes: usize) -> Result<()> {
        let mut events = Vec::with_capacity(1024);
        let mut buffer = vec![0; 64 * 1024];
        let patience = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
        while bytes > 0 {
            events.clear();
            let spare = rustix::buffer::spare_capacity(&mut events);
            epoll::wait(&self.epoll, spare, Some(&patience))?;
            if events.is_empty() {
                return Err(Error::other(format!("{bytes} bytes of messages did not come")));
            }
            for event in &events {
                match self.streams[event.data.u64() as usize].read(&mut buffer) {
                    Ok(0) => return Err(Error::other("a subscriber was disconnected")),
                    Ok(count) => bytes = bytes.saturating_sub(count),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }
}

/// Lets this process and the servers it starts have so many connections open.
pub fn allow_connections(count: u64) -> Result<()> {
    let wanted = count + RESERVED;
    let old = getrlimit(Resource::Nofile);
    if old.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let maximum = old.maximum.map(|maximum| maximum.max(wanted));
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
}
