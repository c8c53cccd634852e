//! Thousands that wait cost those who don't nothing, and leave nothing behind.

use std::time::{Duration, Instant};

use crate::{Server, ask, request, send, wait_until};

/// The median of the times that a command takes.
fn median(server: &Server, command: &str, undo: &str) -> Duration {
    let mut client = server.connect();
    let mut times: Vec<Duration> = (0..51)
        .map(|_| {
            let begun = Instant::now();
            ask(&mut client, command);
            let took = begun.elapsed();
            ask(&mut client, undo);
            took
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

#[test]
fn who_waits_for_another_type_is_not_asked() {
    let server = Server::start(&[]);
    let alone = median(&server, "ZADD q 1 a", "DEL q");
    let mut clients: Vec<_> = (0..500).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| send(client, "BLPOP q 0"));
    server.wait_for_blocked(clients.len());
    let in_company = median(&server, "ZADD q 1 a", "DEL q");
    // Asking each of them takes ten times as long, at the least.
    assert!(in_company < 4 * alone + Duration::from_micros(500), "{alone:?}, {in_company:?}");
    // They are still there.
    ask(&mut server.connect(), "RPUSH q 1 2 3");
    server.wait_for_blocked(clients.len() - 3);
}

#[test]
fn what_was_waited_for_leaves_no_memory_behind() {
    let server = Server::start(&[]);
    let used = || server.info("used_memory").parse::<i64>().unwrap();
    ask(&mut server.connect(), "PING");
    let before = used();
    let mut clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        let keys: Vec<String> = (0..500).map(|key| format!("key:{number}:{key}")).collect();
        client.send_raw(&request(&format!("BLPOP {} 0", keys.join(" ")))).unwrap();
    }
    server.wait_for_blocked(clients.len());
    assert!(used() - before > 4 << 20, "{}", used() - before);
    drop(clients);
    server.wait_for_blocked(0);
    let mut left = 0;
    let is_back = || {
        left = used() - before;
        left < 1 << 20
    };
    wait_until("the memory is back", is_back);
}
