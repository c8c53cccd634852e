//! Who reads or sends slowly, or waits, holds nobody up and isn't idle.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use socket2::SockRef;

use crate::commands::CASES;
use crate::{MOMENT, Server, ask, is_closed, read, request, send, text};

/// Longer than `timeout`, by so much that the server has looked several times.
const LONG: Duration = Duration::from_millis(4500);

/// A server that closes who is idle for two seconds. What its timer sees in time: redis-server looks at
/// each client once a second.
fn impatient() -> Server {
    Server::start(&["--timeout", "2"])
}

#[test]
fn a_value_that_takes_long_to_come_is_no_idleness() {
    let server = impatient();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    for size in [60_000, 6_000_000] {
        let mut bytes = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${size}\r\n").into_bytes();
        bytes.extend(std::iter::repeat_n(b'x', size));
        bytes.extend(b"\r\n");
        for part in bytes.chunks(bytes.len() / 10) {
            std::thread::sleep(LONG / 10);
            stream.write_all(part).unwrap();
        }
        let mut reply = [0; 5];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"+OK\r\n");
    }
}

#[test]
fn a_reply_that_takes_long_to_be_read_is_no_idleness() {
    let server = impatient();
    server.ask("SETRANGE large 49999999 x");
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    // The kernel is to keep little of it: what is written there was read, to the server.
    SockRef::from(&stream).set_recv_buffer_size(64 * 1024).unwrap();
    stream.write_all(&request("GET large")).unwrap();
    let mut part = vec![0; 50_000_000 / 20];
    for _ in 0..20 {
        std::thread::sleep(LONG / 20);
        stream.read_exact(&mut part).unwrap();
    }
    stream.read_exact(&mut [0; 13]).unwrap(); // the header's length and the end of the last line
    stream.write_all(&request("PING")).unwrap();
    stream.read_exact(&mut part[..7]).unwrap();
    assert_eq!(&part[..7], b"+PONG\r\n");
}

#[test]
fn who_waits_is_not_idle() {
    let server = impatient();
    for case in CASES.iter().filter(|case| !case.command.starts_with("WAIT")) {
        // All at once would be another test: here each may be served.
        if !["BLPOP other q 0", "XREAD BLOCK 0 STREAMS s $", "SET held 1"].contains(&case.command) {
            continue;
        }
        case.prepare(&server);
        let mut client = server.connect();
        send(&mut client, case.command);
        std::thread::sleep(LONG);
        server.ask(case.wake);
        read(&mut client);
        assert_eq!(text(&ask(&mut client, "PING")), "PONG");
    }
}

#[test]
fn who_does_nothing_is_idle() {
    let server = impatient();
    let mut client = server.connect();
    ask(&mut client, "PING");
    std::thread::sleep(LONG);
    assert!(is_closed(&mut client));
}

#[test]
fn a_long_command_is_no_idleness() {
    if Server::is_redis() {
        return; // it closes the connection when its command has ended
    }
    let server = impatient();
    let mut client = server.connect();
    for _ in 0..2 {
        ask(&mut client, "DEBUG SLEEP 2.6");
    }
    assert_eq!(text(&ask(&mut client, "PING")), "PONG");
}

#[test]
fn what_was_not_read_yet_comes_before_the_element() {
    let server = Server::start(&[]);
    server.ask("SETRANGE large 999999 x");
    let mut client = server.connect();
    client.send_raw(&[request("GET large").repeat(40), request("BLPOP q 0")].concat()).unwrap();
    std::thread::sleep(MOMENT);
    server.ask("RPUSH q element");
    for _ in 0..40 {
        assert_eq!(text(&read(&mut client)).len(), 1_000_000);
    }
    assert_eq!(text(&read(&mut client)), "q element");
}
