//! Tests of outboxes: real sockets, real writers.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::outbox::Outbox;

fn pair() -> (TcpStream, Outbox) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let ours = Arc::new(listener.accept().unwrap().0.into());
    (peer, Outbox::open(ours, Arc::default()).unwrap())
}

fn send(outbox: &Outbox, message: Arc<[u8]>) {
    outbox.send(message);
    if let Some(collected) = outbox.pen().writers().take_collected() {
        collected.release();
    }
}

/// `numbers`, each with a comma.
fn listed(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| format!("{number},")).collect()
}

#[test]
fn messages_arrive_in_order_whoever_writes_them() {
    let (mut peer, outbox) = pair();
    for number in 0..1000 {
        let message = Arc::from(format!("{number},").as_bytes());
        if number % 3 == 0 {
            _ = outbox.put(message)
        } else {
            send(&outbox, message)
        }
        if number % 7 == 0 {
            outbox.flush();
        }
    }
    outbox.flush();
    outbox.wait_for_backlog(0, Duration::from_secs(5));
    assert_eq!(outbox.backlog(), 0);
    drop(outbox);
    let mut text = String::new();
    peer.read_to_string(&mut text).unwrap();
    assert_eq!(text, listed(0..1000));
}

#[test]
fn what_a_full_socket_did_not_take_follows_when_it_is_read() {
    let (mut peer, outbox) = pair();
    let expected = listed(0..2_000_000);
    for part in expected.as_bytes().chunks(100_000) {
        send(&outbox, part.into());
    }
    outbox.wait_for_backlog(0, Duration::from_millis(50));
    assert!(outbox.backlog() > 0, "the socket took it all");
    let mut received = vec![0; expected.len()];
    peer.read_exact(&mut received).unwrap();
    assert!(received == expected.as_bytes());
}

#[test]
fn a_reader_who_never_reads_holds_nobody_up() {
    let (_silent, stuck) = pair();
    let message: Arc<[u8]> = vec![b'x'; 1 << 20].into();
    (0..64).for_each(|_| send(&stuck, Arc::clone(&message)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let ours = Arc::new(listener.accept().unwrap().0.into());
    let outbox = Outbox::open(ours, Arc::clone(stuck.pen())).unwrap();
    send(&outbox, b"hello".as_slice().into());
    let mut text = [0; 5];
    peer.read_exact(&mut text).unwrap();
    assert!(stuck.backlog() > 32 << 20, "{}", stuck.backlog());
}

#[test]
fn the_end_of_the_reader_clears_the_backlog() {
    let (peer, outbox) = pair();
    let message: Arc<[u8]> = vec![b'x'; 1 << 20].into();
    (0..64).for_each(|_| send(&outbox, Arc::clone(&message)));
    drop(peer);
    outbox.wait_for_backlog(0, Duration::from_secs(5));
    assert_eq!(outbox.backlog(), 0);
    assert_eq!(outbox.send(message), 0);
}
