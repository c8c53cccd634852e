//! One encrypted stream, between two threads or more, over a wire that does what it likes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cacheflow::engine::outbox::Outbox;
use cacheflow::system::stream::Stream;
use cacheflow::system::wakeup::{Wakeup, Woken};

use super::certificates::Authority;

const SOON: Duration = Duration::from_secs(10);

fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

/// Both ends of an encrypted connection over these sockets: the client's, the server's.
fn encrypted(client: TcpStream, server: TcpStream, protocols: &str) -> (Stream, Stream) {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "ca");
    let tls = authority.tls_of(&authority.issue("both"), protocols).unwrap();
    let until = Instant::now() + SOON;
    let server = tls.incoming.accept(server).unwrap();
    let client = thread::scope(|scope| {
        let opened = scope.spawn(|| server.open(until));
        let client = tls.outgoing.connect(client, "localhost", until).unwrap();
        opened.join().unwrap().unwrap();
        client
    });
    (client, server)
}

fn pair() -> (Stream, Stream) {
    let (client, server) = sockets();
    encrypted(client, server, "")
}

/// Passes on what comes, `size` bytes at a time: whoever reads the other end sees each chop.
fn chop(mut from: TcpStream, mut to: TcpStream, size: usize) {
    to.set_nodelay(true).unwrap();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        for part in buffer[..count].chunks(size) {
            if to.write_all(part).is_err() {
                return;
            }
            if size < 8 {
                thread::yield_now();
            }
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Both ends of a connection through somebody who passes on so many bytes at a time.
fn chopped(size: usize) -> (TcpStream, TcpStream) {
    let ((client, near), (far, server)) = (sockets(), sockets());
    for (from, to) in [(&near, &far), (&far, &near)] {
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        thread::spawn(move || chop(from, to, size));
    }
    (client, server)
}

/// Something that shows where it was cut.
fn text(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 7 + index / 251) as u8).collect()
}

#[test]
fn a_stream_that_is_chopped_at_every_byte_is_the_same_stream() {
    for protocols in ["TLSv1.2", "TLSv1.3"] {
        for size in [1, 2, 3, 5, 16, 17, 1000] {
            let (client, server) = chopped(size);
            let (client, server) = encrypted(client, server, protocols);
            let length = if size < 16 { 5_000 } else { 60_000 };
            let expected = text(length);
            thread::scope(|scope| {
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let expected = &expected;
                    scope.spawn(move || {
                        let mut from = from;
                        from.write_all(&expected[..length / 2]).unwrap();
                        from.write_all(&expected[length / 2..]).unwrap();
                        from.shutdown(Shutdown::Write).unwrap();
                    });
                    scope.spawn(move || {
                        let (mut to, mut received) = (to, Vec::new());
                        to.read_to_end(&mut received).unwrap();
                        assert!(received == *expected, "{protocols}, {size} bytes at a time");
                    });
                }
            });
        }
    }
}

#[test]
fn who_waits_for_bytes_keeps_nobody_from_writing() {
    let (client, server) = pair();
    let (client, server) = (Arc::new(client), Arc::new(server));
    let reading = {
        let server = Arc::clone(&server);
        thread::spawn(move || {
            let mut byte = [0];
            (&*server).read_exact(&mut byte).unwrap();
            byte
        })
    };
    thread::sleep(Duration::from_millis(30)); // it waits
    let mut answer = [0; 4];
    (&*server).write_all(b"push").unwrap();
    (&*client).read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"push");
    (&*client).write_all(b"x").unwrap();
    assert_eq!(reading.join().unwrap(), *b"x");
}

#[test]
fn who_waits_for_a_slow_reader_keeps_nobody_from_reading() {
    let (client, server) = pair();
    let server = Arc::new(server);
    let expected = text(8 << 20);
    let writing = {
        let (server, expected) = (Arc::clone(&server), expected.clone());
        thread::spawn(move || (&*server).write_all(&expected).unwrap())
    };
    thread::sleep(Duration::from_millis(50)); // the socket is full
    assert!(!writing.is_finished());
    (&client).write_all(b"still here").unwrap();
    let mut heard = [0; 10];
    (&*server).read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"still here");
    let mut received = vec![0; expected.len()];
    (&client).read_exact(&mut received).unwrap();
    assert!(received == expected);
    writing.join().unwrap();
}

#[test]
fn what_does_not_fit_is_unsent_and_goes_first() {
    let (client, server) = pair();
    let expected = text(16 << 20);
    let mut written = 0;
    loop {
        match server.write_now(&expected[written..]) {
            Ok(count) => written += count,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                break;
            }
        }
    }
    assert!(server.unsent() > 0 && written < expected.len(), "{written}");
    client.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut received = Vec::new();
    let error = (&client).read_to_end(&mut received).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "no more was sent");
    assert!(received.len() < written);
    assert_eq!(server.write_now(b"").unwrap(), 0);
    assert_eq!(server.unsent(), 0);
    let _ = (&client).read_to_end(&mut received).unwrap_err();
    assert!(received == expected[..written]);
}

/// What is encrypted counts as written, but a reply of which the socket hasn't taken all isn't sent.
#[test]
fn an_outbox_is_sent_when_the_socket_has_all_of_it() {
    let (client, server) = pair();
    let server = Arc::new(server);
    let outbox = Outbox::open(Arc::clone(&server), Arc::default()).unwrap();
    let message = text(10_000);
    let mut expected = 0;
    while server.unsent() == 0 {
        outbox.put(message.as_slice().into());
        outbox.flush();
        expected += message.len();
    }
    assert_eq!(outbox.backlog(), 0, "nothing is left that isn't encrypted");
    let waiting = thread::spawn(move || outbox.wait_until_sent(Duration::from_secs(60)));
    thread::sleep(Duration::from_millis(50));
    assert!(!waiting.is_finished());
    let mut received = vec![0; expected];
    (&client).read_exact(&mut received).unwrap();
    assert!(received.chunks(message.len()).all(|each| each == message));
    waiting.join().unwrap();
    assert_eq!(server.unsent(), 0);
}

#[test]
fn a_sleeper_is_woken_by_text_and_not_by_a_part_of_it() {
    let ((client, near), (mut far, server)) = (sockets(), sockets());
    // Until the handshake is over everything is passed on; then record by record, by hand.
    let (from, to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
    thread::spawn(move || chop(from, to, 4096));
    let (mut from, mut to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    from.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let passing = thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            to.write_all(&buffer[..count]).unwrap();
        }
        from
    });
    let (client, server) = encrypted(client, server, "TLSv1.3");
    let mut near = passing.join().unwrap();
    near.set_read_timeout(None).unwrap();
    let wakeup = Wakeup::default();
    let sleep = |ms| wakeup.sleep(&server, Duration::from_millis(ms));
    (&client).write_all(b"hello").unwrap();
    let mut record = [0; 256];
    let length = near.read(&mut record).unwrap();
    far.write_all(&record[..length - 1]).unwrap();
    assert!(!sleep(50).by_socket, "there is nothing to read yet");
    far.write_all(&record[length - 1..length]).unwrap();
    assert_eq!(sleep(5000), Woken { by_socket: true, otherwise: false });
    let mut two = [0; 2];
    (&server).read_exact(&mut two).unwrap();
    assert_eq!(sleep(5000), Woken { by_socket: true, otherwise: false }, "the rest, decrypted");
    let mut rest = [0; 3];
    (&server).read_exact(&mut rest).unwrap();
    assert_eq!(&rest, b"llo");
    assert!(!sleep(20).by_socket);
    client.shutdown(Shutdown::Write).unwrap();
    let length = near.read(&mut record).unwrap();
    far.write_all(&record[..length]).unwrap();
    assert!(sleep(5000).by_socket, "the end is to be read as well");
    assert_eq!((&server).read(&mut two).unwrap(), 0);
}

#[test]
fn a_read_does_not_wait_longer_than_it_may() {
    let (_client, server) = pair();
    server.set_read_timeout(Some(Duration::from_millis(30))).unwrap();
    let begun = Instant::now();
    let error = (&server).read(&mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert!((30..5000).contains(&begun.elapsed().as_millis()));
}
