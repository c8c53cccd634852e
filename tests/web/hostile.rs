//! Peers that dawdle, flood, or send what is no request. The data is served meanwhile, as if they weren't there.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::browser::{self, get, open, post, send};
use super::{Opened, call};

#[test]
fn what_is_no_request_or_too_much_is_refused() {
    let opened = Opened::start(&[]);
    let window = opened.window;
    let status = |text: &str| send(window, text).map(|answer| answer.status);
    assert_eq!(status("*1\r\n$4\r\nPING\r\n"), Some(400));
    assert_eq!(status("GET\r\n\r\n"), Some(400));
    assert_eq!(status("GET / HTTP/9.9\r\n\r\n"), Some(400));
    let line = format!("X: {}\r\n", "x".repeat(1000));
    assert_eq!(status(&format!("GET / HTTP/1.1\r\n{}", line.repeat(20))), Some(431));
    assert_eq!(status(&format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(100))), Some(431));
    let post = format!("POST /api/command HTTP/1.1\r\nHost: {window}\r\n");
    assert_eq!(status(&format!("{post}Content-Length: 1000000000000\r\n\r\n")), Some(413));
    assert_eq!(status(&format!("{post}Content-Length: 99999999999999999999\r\n\r\n")), Some(400));
    assert_eq!(status(&format!("{post}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")), Some(411));
    let deep = "[".repeat(100_000);
    let json =
        format!("{post}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{deep}");
    assert_eq!(status(&json), Some(400));
    assert_eq!(get(window, "/", &[]).status, 200);
}

/// Half a head, half a body, nothing at all: each is waited for as long as a person may take, and then it is over.
#[test]
fn who_dawdles_is_cut_off() {
    let opened = Opened::start(&[]);
    let begun = Instant::now();
    let post = "POST /api/command HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"l";
    let mut slow: Vec<TcpStream> =
        ["", "GET / HT", post].iter().map(|text| open(opened.window, text)).collect();
    // One sends a byte now and then: the time is for all of the request.
    let mut trickling = open(opened.window, "GET / HTTP/1.1\r\n");
    while begun.elapsed() < Duration::from_secs(4) {
        let _ = trickling.write_all(b"x");
        std::thread::sleep(Duration::from_millis(250));
    }
    for stream in slow.iter_mut().chain([&mut trickling]) {
        let _ = stream.read_to_end(&mut Vec::new()); // a reset will do, too
    }
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(4) && took < Duration::from_secs(15), "{took:?}");
}

/// More connections than there are threads for.
#[test]
fn a_thousand_connections_hurt_nobody() {
    let opened = Opened::start(&[]);
    let threads =
        || std::fs::read_dir(format!("/proc/{}/task", opened.process.pid())).unwrap().count();
    let mut client = opened.connect();
    call(&mut client, "PING"); // its thread is there
    let before = threads();
    let crowd: Vec<TcpStream> = (0..1000).map(|_| open(opened.window, "GET /")).collect();
    let begun = Instant::now();
    for _ in 0..100 {
        call(&mut client, "SET x 1");
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(threads() <= before + 50, "{} threads", threads());
    // They are told, or see the connection end: what they have sent was never read.
    let mut refused = 0;
    for mut stream in crowd {
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let end = stream.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
        refused += usize::from(matches!(end, Ok(_) | Err(ErrorKind::ConnectionReset)));
    }
    assert!(refused > 900, "{refused}");
    // When they have gone, there is room again.
    let until = Instant::now() + Duration::from_secs(10);
    let text = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", opened.window);
    while send(opened.window, &text).is_none_or(|answer| answer.status != 200) {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Who listens and doesn't read costs a thread until the socket is full, and nobody waits for it.
#[test]
fn a_listener_that_does_not_read_hurts_nobody() {
    let opened = Opened::start(&[]);
    let listen = || {
        let text = format!("GET /api/events HTTP/1.1\r\nHost: {}\r\n\r\n", opened.window);
        let mut stream = open(opened.window, &text);
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        (stream, String::from_utf8_lossy(&head[9..]).into_owned())
    };
    let asleep: Vec<_> = (0..8).map(|_| listen()).collect();
    assert!(asleep.iter().all(|(_, status)| status == "200"));
    assert_eq!(listen().1, "503");
    let mut client = opened.connect();
    let begun = Instant::now();
    for _ in 0..200 {
        call(&mut client, "SET x 1");
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    let answer = post(opened.window, "/api/command", &json!({"line": "GET x"}), &[]);
    assert_eq!(answer.json()["reply"], "\"1\"");
    drop(asleep);
    // Their places are free when the next event finds them gone.
    while listen().1 == "503" {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A page that asks while the server doesn't answer gets told so, and can go on.
#[test]
fn a_paused_server_is_told_of() {
    let opened = Opened::start(&[]);
    opened.call("CLIENT PAUSE 60000 WRITE");
    let begun = Instant::now();
    let answer = post(opened.window, "/api/command", &json!({"line": "SET x 1"}), &[]);
    assert_eq!(answer.status, 504, "{answer:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    browser::Listener::open(opened.window, &[]).next();
    opened.call("CLIENT UNPAUSE");
    let answer = post(opened.window, "/api/command", &json!({"line": "PING"}), &[]);
    assert_eq!(answer.json()["reply"], "PONG");
}

/// The state is seen in the midst of a script that holds the lock.
#[test]
fn the_events_go_on_while_a_script_is_busy() {
    let opened = Opened::start(&["--busy-reply-threshold", "50"]);
    let mut listener = browser::Listener::open(opened.window, &[]);
    let mut client = opened.connect();
    client.send(&["EVAL", "while true do end", "0"]).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let state = listener.state(|state| {
        let shown = state["clients"]["shown"].as_array().unwrap();
        shown.iter().any(|client| client["state"] == "running")
    });
    assert!(state["clients"]["total"].as_u64().unwrap() >= 1);
    opened.call("SCRIPT KILL");
}
