//! A client that has gone is noticed at once, and takes nothing.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::commands::CASES;
use crate::{MOMENT, Server, ask, is_closed, request, send, text, wait_until};

/// How a peer goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Leaving {
    /// It closes the connection.
    Closes,
    /// It stops to send, and would still read.
    ClosesOneSide,
    /// Its machine forgets the connection.
    Resets,
}

const WAYS: [Leaving; 3] = [Leaving::Closes, Leaving::ClosesOneSide, Leaving::Resets];

/// Sends a command that waits, with so many others behind it in one piece, and goes.
fn go(server: &Server, command: &str, behind: usize, way: Leaving) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let bytes = [request(command), request("PING").repeat(behind)].concat();
    stream.write_all(&bytes).unwrap();
    server.wait_for_blocked(1);
    match way {
        Leaving::Closes => {}
        Leaving::ClosesOneSide => stream.shutdown(Shutdown::Write).unwrap(),
        Leaving::Resets => {
            SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
    }
    stream
}

fn leave(server: &Server, command: &str, behind: usize, way: Leaving) {
    let stream = go(server, command, behind, way);
    if way == Leaving::ClosesOneSide {
        server.wait_for_blocked(0); // it reads on, and would get an answer
    }
    drop(stream);
    server.wait_for_blocked(0);
}

#[test]
fn who_has_gone_takes_nothing() {
    let server = Server::start(&[]);
    let mut observer = server.connect();
    for case in CASES {
        for way in WAYS {
            case.prepare(&server);
            leave(&server, case.command, 0, way);
            case.assert_nobody_was_served(&mut observer, &format!("{way:?}"));
        }
    }
}

#[test]
fn nor_does_one_whose_end_lies_behind_many_requests() {
    let server = Server::start(&[]);
    let mut observer = server.connect();
    for case in CASES {
        for way in [Leaving::Closes, Leaving::ClosesOneSide] {
            case.prepare(&server);
            leave(&server, case.command, 15_000, way); // 200 KB, more than sockets keep
            case.assert_nobody_was_served(&mut observer, &format!("{way:?}, with much behind"));
        }
    }
}

#[test]
fn an_element_that_comes_right_behind_the_end_is_not_lost() {
    let server = Server::start(&[]);
    let mut observer = server.connect();
    let is_lost = |_: &u32| {
        let mut client = server.connect();
        send(&mut client, "BLPOP q 0");
        server.wait_for_blocked(1);
        drop(client);
        ask(&mut observer, "RPUSH q element");
        text(&ask(&mut observer, "LPOP q")) != "element"
    };
    // The kernel keeps the end aside while the client's thread is within a call for this socket, and that
    // thread may have lost its core there. Nobody can know then.
    let lost = (0..200).filter(is_lost).count();
    assert!(lost <= 4, "{lost} of 200");
}

#[test]
fn hanging_up_is_noticed_at_once() {
    let server = Server::start(&[]);
    let mut observer = server.connect();
    let mut took: Vec<Duration> = (0..15)
        .map(|_| {
            let mut client = server.connect();
            send(&mut client, "BLPOP q 0");
            server.wait_for_blocked(1);
            std::thread::sleep(Duration::from_millis(7)); // in step with no timer
            drop(client);
            let begun = Instant::now();
            while !text(&ask(&mut observer, "INFO clients")).contains("blocked_clients:0\r\n") {}
            begun.elapsed()
        })
        .collect();
    took.sort();
    assert!(took[7] < Duration::from_millis(15), "{took:?}");
}

#[test]
fn those_who_only_listen_are_noticed_as_well() {
    let server = Server::start(&[]);
    let mut observer = server.connect();
    ask(&mut observer, "CONFIG RESETSTAT");
    let mut connections = 0;
    for command in ["SUBSCRIBE channel", "MONITOR"] {
        for (way, behind) in [
            (Leaving::Closes, 0),
            (Leaving::ClosesOneSide, 0),
            (Leaving::Resets, 0),
            (Leaving::Closes, 15_000),
            (Leaving::ClosesOneSide, 15_000),
        ] {
            let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
            let bytes = [request(command), request("PING").repeat(behind)].concat();
            stream.write_all(&bytes).unwrap();
            match way {
                Leaving::Closes => {}
                Leaving::ClosesOneSide => stream.shutdown(Shutdown::Write).unwrap(),
                Leaving::Resets => {
                    std::thread::sleep(MOMENT / 10);
                    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                }
            }
            let _stays = (way == Leaving::ClosesOneSide).then_some(stream);
            connections += 1;
            let came = format!("total_connections_received:{connections}\r\n");
            wait_until(&format!("{command} {way:?} with {behind} behind it is over"), || {
                let info = text(&ask(&mut observer, "INFO everything"));
                info.contains(&came) && info.contains("connected_clients:1\r\n")
            });
            assert_eq!(text(&ask(&mut observer, "PUBLISH channel message")), "0");
        }
    }
}

#[test]
fn what_was_asked_before_is_answered_first() {
    let server = Server::start(&[]);
    for (command, behind) in [("BLPOP q 0", 0), ("BLPOP q 0", 15_000), ("WAIT 1 0", 0)] {
        let mut client = server.connect();
        let requests = [request("PING"), request(command), request("PING").repeat(behind)];
        client.send_raw(&requests.concat()).unwrap();
        client.half_close().unwrap();
        assert_eq!(text(&crate::read(&mut client)), "PONG");
        assert!(is_closed(&mut client));
    }
}
