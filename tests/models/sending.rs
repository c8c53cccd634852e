//! Outboxes: replies and pushes arrive whole and in order, and nobody waits in vain.
//!
//! The sockets are real ones, small enough to be full after one long message, and so is the way of the
//! bytes: a session's thread, threads that publish, two writers and the waiter.

use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::sockopt::set_socket_send_buffer_size;

use crate::check;
use crate::config::FsyncPolicy;
use crate::engine::outbox::{Outbox, Pen};
use crate::engine::writers::Writers;
use crate::journal::Sink;
use crate::journal::group_commit::{Aof, AofSink};
use crate::system::clock::Clock;
use crate::system::disk::File;
use crate::system::stream::Stream;
use crate::system::sync::Mutex;
use crate::system::sync::thread::{self, JoinHandle, yield_now};

/// Long enough for two of them to fill a socket, which takes more than 2000 bytes.
const LONG_MESSAGE: usize = 3000;
/// A wait that isn't ended by time.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// A connection, as the server has it.
#[derive(Clone)]
struct Connection {
    stream: Arc<Stream>,
    pen: Arc<Pen>,
    writers: Arc<Writers>,
    /// THE lock, with the journal behind it.
    the_lock: Arc<Mutex<AofSink>>,
    /// Looked at under THE lock only.
    sent: Arc<Mutex<Sent>>,
}

#[derive(Default)]
struct Sent {
    outbox: Option<Outbox>,
    /// Everything that was put into the outbox, in that order.
    text: String,
}

impl Connection {
    /// The only connection of a server, and its peer.
    fn new() -> (Connection, Reader) {
        Connection::several(1).pop().unwrap()
    }

    /// Connections of one server, and their peers.
    fn several(count: usize) -> Vec<(Connection, Reader)> {
        let file = File::default();
        let aof = Arc::new(Aof::new(FsyncPolicy::Always));
        aof.switch(Some(file.clone()));
        aof.commit();
        let writers = Arc::<Writers>::default();
        let the_lock = Arc::new(Mutex::new(AofSink::new(Arc::clone(&aof), Clock::machine())));
        let connection = |_| {
            let (ours, theirs) = UnixStream::pair().unwrap();
            set_socket_send_buffer_size(&ours, 1).unwrap(); // the least there is
            theirs.set_nonblocking(true).unwrap();
            let connection = Connection {
                stream: Arc::new(Stream::from(ours)),
                pen: Arc::new(Pen::new(Arc::clone(&aof), Arc::clone(&writers), Arc::default())),
                writers: Arc::clone(&writers),
                the_lock: Arc::clone(&the_lock),
                sent: Arc::default(),
            };
            (connection, Reader { socket: theirs, file: file.clone(), received: String::new() })
        };
        (0..count).map(connection).collect()
    }

    /// Lets replies and pushes go through an outbox from now on.
    fn open(&self) -> Outbox {
        let open = || Outbox::open(Arc::clone(&self.stream), Arc::clone(&self.pen)).unwrap();
        self.sent.lock().unwrap().outbox.get_or_insert_with(open).clone()
    }

    fn sent(&self) -> String {
        self.sent.lock().unwrap().text.clone()
    }

    /// A command: something is journalled, and something sent. Under THE lock, as the engine does it.
    fn execute(&self, message: &str, send: impl Fn(&Outbox, Arc<[u8]>) -> usize) -> usize {
        let mut journal = self.the_lock.lock().unwrap();
        journal.append(message.as_bytes());
        let backlog = send(&self.open(), message.as_bytes().into());
        self.sent.lock().unwrap().text.push_str(message);
        let collected = self.writers.take_collected();
        drop(journal);
        if let Some(collected) = collected {
            collected.release();
        }
        backlog
    }

    /// The session's own thread: commands whose replies go through the outbox.
    fn session(&self, messages: Vec<String>) -> JoinHandle<()> {
        let connection = self.clone();
        thread::spawn(move || {
            for message in messages {
                connection.execute(&message, Outbox::put);
                let outbox = connection.open();
                outbox.flush();
                outbox.wait_for_backlog(LONG_MESSAGE / 2, FOR_EVER);
            }
        })
    }

    /// Another connection's thread, which publishes to this one.
    fn publisher(&self, messages: Vec<String>) -> JoinHandle<()> {
        let connection = self.clone();
        thread::spawn(move || {
            for message in messages {
                connection.execute(&message, Outbox::send);
                connection.writers.help();
            }
        })
    }
}

/// The other end of a connection.
struct Reader {
    socket: UnixStream,
    file: File,
    received: String,
}

impl Reader {
    /// Reads until so many bytes are there. What has arrived whole must be on disk.
    fn read(&mut self, bytes: usize) {
        let mut buffer = [0; 2000];
        while self.received.len() < bytes {
            match self.socket.read(&mut buffer) {
                Ok(0) => panic!("closed after {} bytes", self.received.len()),
                Ok(count) => {
                    self.received.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
                    let whole = self.received.rfind('>').map_or(0, |at| at + 1);
                    for message in self.received[..whole].split_inclusive('>') {
                        let name = &message[..4];
                        assert!(self.file.safe().contains(name), "{name} came before it was safe");
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// `<a.1>`, or the same and very long.
fn message(from: &str, number: usize, is_long: bool) -> String {
    let filling = if is_long { "-".repeat(LONG_MESSAGE) } else { String::new() };
    format!("<{from}.{number}{filling}>")
}

fn messages(from: &str, long: &[bool]) -> Vec<String> {
    long.iter().enumerate().map(|(number, long)| message(from, number, *long)).collect()
}

#[test]
fn replies_and_pushes_arrive_in_the_order_in_which_they_came_about() {
    check(|| {
        let (connection, mut reader) = Connection::new();
        let all = [
            messages("a", &[false, true]),
            messages("b", &[true, false, true]),
            messages("c", &[false, true]),
        ];
        let total = all.iter().flatten().map(String::len).sum();
        let [replies, pushes, others] = all;
        let threads = [
            connection.session(replies),
            connection.publisher(pushes),
            connection.publisher(others),
        ];
        reader.read(total);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(reader.received == connection.sent(), "in another order");
        let outbox = connection.open();
        outbox.wait_for_backlog(0, FOR_EVER); // who wrote the last bytes may be about to say so
        assert_eq!((outbox.backlog(), outbox.len()), (0, 0));
    });
}

#[test]
fn each_of_several_full_sockets_gets_its_rest() {
    check(|| {
        let mut connections = Connection::several(3);
        let all = messages("a", &[true, true, false]);
        let threads: Vec<_> =
            connections.iter().map(|(connection, _)| connection.publisher(all.clone())).collect();
        let total = all.iter().map(String::len).sum();
        for (connection, reader) in &mut connections {
            reader.read(total);
            assert!(reader.received == connection.sent(), "in another order");
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn what_waits_is_counted() {
    check(|| {
        let (connection, mut reader) = Connection::new();
        let pushing = connection.clone();
        let publisher = thread::spawn(move || {
            let mut sent = 0;
            for message in messages("a", &[true, true, false, true]) {
                sent += message.len();
                let backlog = pushing.execute(&message, Outbox::send);
                assert!((message.len()..=sent).contains(&backlog), "{backlog} of {sent}");
            }
        });
        // Nobody reads: what the socket doesn't take is what waits.
        publisher.join().unwrap();
        let (outbox, sent) = (connection.open(), connection.sent().len());
        outbox.wait_for_backlog(sent - 2000, FOR_EVER);
        assert!(outbox.backlog() > 0, "the socket took it all");
        reader.read(sent - outbox.backlog());
        reader.read(sent);
        outbox.wait_for_backlog(0, FOR_EVER);
    });
}

#[test]
fn a_reader_who_leaves_is_waited_for_by_nobody() {
    check(|| {
        let (connection, mut reader) = Connection::new();
        let threads = [
            connection.session(messages("a", &[true, true, false, true])),
            connection.publisher(messages("b", &[true, true])),
        ];
        reader.read(10);
        drop(reader);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        connection.open().wait_for_backlog(0, FOR_EVER);
        assert_eq!(connection.execute(&message("c", 0, false), Outbox::send), 0);
    });
}

#[test]
fn an_outbox_that_another_thread_opens_splits_no_reply() {
    check(|| {
        let (connection, mut reader) = Connection::new();
        let replies = messages("a", &[false, false, false]);
        let pushes = messages("b", &[false, false]);
        let total = replies.iter().chain(&pushes).map(String::len).sum();
        let publisher = connection.publisher(pushes);
        let writing = connection.clone();
        let session = thread::spawn(move || {
            for reply in replies {
                writing.the_lock.lock().unwrap().append(reply.as_bytes());
                writing.pen.write(&writing.stream, reply.as_bytes()).unwrap();
            }
        });
        reader.read(total);
        [publisher, session].into_iter().for_each(|thread| thread.join().unwrap());
        for (from, count) in [("a", 3), ("b", 2)] {
            let own =
                reader.received.split_inclusive('>').filter(|part| part[1..].starts_with(from));
            let own: Vec<&str> = own.collect();
            assert_eq!(own, messages(from, &vec![false; count]), "{}", reader.received);
        }
    });
}
