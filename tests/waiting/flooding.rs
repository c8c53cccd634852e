//! What is sent behind a command that waits is kept, up to a limit.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::commands::CASES;
use crate::{Server, ask, read, request, text};

#[test]
fn what_comes_meanwhile_is_executed_afterwards_and_in_order() {
    let server = Server::start(&[]);
    let mut observer = server.connect();
    for case in CASES {
        if case.command.starts_with("WAIT") {
            continue; // nothing ends it here
        }
        case.prepare(&server);
        let mut client = server.connect();
        client.send_raw(&request(case.command)).unwrap();
        server.wait_for_blocked(1);
        // Some in pieces, the end of one request with the beginning of the next.
        let many: Vec<u8> =
            (0..20_000).flat_map(|number| request(&format!("ECHO {number}"))).collect();
        for part in many.chunks(70_001) {
            client.send_raw(part).unwrap();
        }
        ask(&mut observer, case.wake);
        read(&mut client);
        let mut replies = Vec::new();
        while replies.len() < 20_000 {
            replies.push(text(&read(&mut client)));
        }
        let expected: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
        assert!(replies == expected, "after {}", case.command);
    }
}

#[test]
fn inline_requests_and_halves_of_requests_wait_as_well() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.send_raw(b"ECHO a\r\nBLPOP q 0\r\nECHO b\r\n*2\r\n$4\r\nEC").unwrap();
    assert_eq!(text(&read(&mut client)), "a");
    server.wait_for_blocked(1);
    client.send_raw(b"HO\r\n$300000\r\n").unwrap();
    client.send_raw(&[b'x'; 200_000]).unwrap();
    server.ask("RPUSH q element");
    assert_eq!(text(&read(&mut client)), "q element");
    assert_eq!(text(&read(&mut client)), "b");
    client.send_raw(&[b'x'; 100_000]).unwrap();
    client.send_raw(b"\r\n").unwrap();
    assert_eq!(text(&read(&mut client)).len(), 300_000);
}

#[test]
fn who_sends_more_than_it_may_is_closed_and_takes_nothing() {
    let server = Server::start(&["--client-query-buffer-limit", "1mb"]);
    let mut observer = server.connect();
    for case in CASES {
        case.prepare(&server);
        let mut client = server.connect();
        client.send_raw(&request(case.command)).unwrap();
        server.wait_for_blocked(1);
        let flood = request("PING").repeat(1_000);
        let mut sent = 0;
        while sent < 64 << 20 {
            match client.send_raw(&flood) {
                Ok(()) => sent += flood.len(),
                Err(error) => {
                    let is_closed = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
                    assert!(is_closed.contains(&error.kind()), "{error}");
                    break;
                }
            }
        }
        assert!(sent < 32 << 20, "{} was sent {sent} bytes", case.command);
        server.wait_for_blocked(0);
        case.assert_nobody_was_served(&mut observer, "floods");
    }
    let peak: u64 = server.info("used_memory_peak").parse().unwrap();
    assert!(peak < 32 << 20, "{peak}");
}

#[test]
fn a_flood_does_not_delay_the_end_of_the_wait() {
    let server = Server::start(&[]);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    stream.write_all(&request("BLPOP q 0.2")).unwrap();
    let flood = request("PING").repeat(100);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(400) && stream.write_all(&flood).is_ok() {}
    server.wait_for_blocked(0);
    assert!(begun.elapsed() < Duration::from_secs(20));
}
