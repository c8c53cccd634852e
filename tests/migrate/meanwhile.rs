//! What others do while a key is on its way: the other server answers when the test wants it to.

use crate::peer::{Listener, Peer};
use crate::servers::Server;
use crate::{cacheflow, call, call_aside, call_on, connect, is_waiting};

/// A server with the key `k`, and a MIGRATE of it on its way: RESTORE has been sent.
fn begun(options: &str) -> (Server, Listener, Peer, std::thread::JoinHandle<String>) {
    begun_with("a", options)
}

/// The same, of a list of these elements.
fn begun_with(
    elements: &str,
    options: &str,
) -> (Server, Listener, Peer, std::thread::JoinHandle<String>) {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    call(server.port, &format!("RPUSH k {elements}"));
    let command = format!("MIGRATE 127.0.0.1 {} k 0 10000{options}", listener.port);
    let migrate = call_aside(server.port, &command);
    let mut peer = listener.accept_selected();
    let replaces = options.contains("REPLACE");
    let request = peer.request();
    assert_eq!(request[..3], ["RESTORE", "k", "0"]);
    assert_eq!(request.get(4).map(String::as_str), replaces.then_some("REPLACE"));
    (server, listener, peer, migrate)
}

#[test]
fn others_are_served() {
    let (server, _listener, mut peer, migrate) = begun("");
    for _ in 0..100 {
        assert_eq!(call(server.port, "SET other v"), "OK");
        assert_eq!(call(server.port, "LRANGE k 0 -1"), "a");
    }
    assert!(!migrate.is_finished());
    assert!(call(server.port, "CLIENT LIST").contains("flags=b "));
    peer.answer("+OK");
    assert_eq!(migrate.join().unwrap(), "OK");
    assert_eq!(call(server.port, "EXISTS k"), "0");
}

#[test]
fn a_key_that_has_changed_is_sent_again() {
    let changes =
        ["RPUSH k b", "SET k v", "LSET k 0 x", "LPOP k", "EXPIRE k 100", "COPY other k REPLACE"];
    for (change, found) in changes.iter().zip(["a b", "v", "x", "", "a", "o"]) {
        let (server, _listener, mut peer, migrate) = begun("");
        call(server.port, "RPUSH other o");
        call(server.port, change);
        let now = call(server.port, "DUMP k");
        peer.answer("+OK");
        if found.is_empty() {
            assert_eq!(peer.request(), ["DEL", "k"], "{change}");
            peer.answer(":1");
        } else {
            let request = peer.raw_request();
            assert_eq!(String::from_utf8_lossy(&request[3]), now, "{change}");
            assert_eq!(request.len(), 5, "{change}: it replaces what was sent before");
            assert_eq!(request[2] != b"0", change.starts_with("EXPIRE"), "{change}");
            peer.answer("+OK");
        }
        assert_eq!(migrate.join().unwrap(), "OK", "{change}");
        assert_eq!(call(server.port, "EXISTS k"), "0", "{change}");
    }
}

#[test]
fn a_small_value_that_is_as_before_has_been_sent() {
    let (server, _listener, mut peer, migrate) = begun("");
    call(server.port, "RPUSH k b");
    call(server.port, "RPOP k");
    peer.answer("+OK");
    assert_eq!(migrate.join().unwrap(), "OK");
    assert_eq!(call(server.port, "EXISTS k"), "0");
}

#[test]
fn a_large_value_that_looks_as_before_is_not_taken_for_it() {
    let (server, _listener, mut peer, migrate) = begun_with(&"a ".repeat(1000), "");
    call(server.port, "RPUSH k b");
    call(server.port, "RPOP k"); // equal, but another value: cheaper to send than to compare
    peer.answer("+OK");
    assert_eq!(peer.begins(), "RESTORE k");
    peer.answer("+OK");
    assert_eq!(migrate.join().unwrap(), "OK");
}

#[test]
fn a_key_that_has_gone_goes_there_too() {
    for change in
        ["DEL k", "UNLINK k", "FLUSHALL", "FLUSHDB", "RENAME k k2", "MOVE k 3", "SWAPDB 0 5"]
    {
        let (server, _listener, mut peer, migrate) = begun(" REPLACE");
        call(server.port, change);
        peer.answer("+OK");
        assert_eq!(peer.request(), ["DEL", "k"], "{change}");
        peer.answer(":1");
        assert_eq!(migrate.join().unwrap(), "OK", "{change}");
    }
}

#[test]
fn a_key_whose_time_is_over_is_left_to_that() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    call(server.port, "SET k v PX 300");
    let migrate =
        call_aside(server.port, &format!("MIGRATE 127.0.0.1 {} k 0 10000", listener.port));
    let mut peer = listener.accept_selected();
    let ttl: i64 = peer.request()[2].parse().unwrap();
    assert!((1..=300).contains(&ttl), "{ttl}");
    std::thread::sleep(std::time::Duration::from_millis(350));
    peer.answer("+OK");
    assert_eq!(migrate.join().unwrap(), "OK");
    // Nothing more was said: the connection is as it was.
    call(server.port, "SET k2 v");
    let migrate =
        call_aside(server.port, &format!("MIGRATE 127.0.0.1 {} k2 0 10000", listener.port));
    assert_eq!(peer.begins(), "RESTORE k2");
    peer.answer("+OK");
    assert_eq!(migrate.join().unwrap(), "OK");
}

#[test]
fn a_copy_is_what_the_key_was() {
    let (server, _listener, mut peer, migrate) = begun(" COPY");
    call(server.port, "RPUSH k b");
    peer.answer("+OK");
    assert_eq!(migrate.join().unwrap(), "OK");
    assert_eq!(call(server.port, "LRANGE k 0 -1"), "a b");
}

/// Changes the key whenever it has been sent, until it is sent for the last time.
fn change_each_time(server: &Server, peer: &mut Peer) {
    for element in ["b", "c", "d"] {
        call(server.port, &format!("RPUSH k {element}"));
        peer.answer("+OK");
        assert_eq!(peer.begins(), "RESTORE k");
    }
}

#[test]
fn writes_wait_when_a_key_changes_each_time() {
    let (server, _listener, mut peer, migrate) = begun("");
    change_each_time(&server, &mut peer);
    let write = call_aside(server.port, "RPUSH k e");
    let another = call_aside(server.port, "SET x y");
    assert!(is_waiting(&write) && is_waiting(&another));
    assert_eq!(call(server.port, "LRANGE k 0 -1"), "a b c d", "who reads is served");
    peer.answer("+OK");
    assert_eq!(migrate.join().unwrap(), "OK");
    assert_eq!((write.join().unwrap(), another.join().unwrap()), ("1".into(), "OK".into()));
    assert_eq!(call(server.port, "LRANGE k 0 -1"), "e", "a new key");
}

#[test]
fn a_refusal_in_the_last_round_lets_writes_go_on() {
    let (server, _listener, mut peer, migrate) = begun("");
    change_each_time(&server, &mut peer);
    let write = call_aside(server.port, "RPUSH k e");
    assert!(is_waiting(&write));
    drop(peer);
    assert!(migrate.join().unwrap().starts_with("IOERR error or timeout reading"));
    assert_eq!(write.join().unwrap(), "5");
    assert_eq!(call(server.port, "LRANGE k 0 -1"), "a b c d e");
}

#[test]
fn a_key_is_on_its_way_once() {
    let (server, listener, mut peer, migrate) = begun(" REPLACE");
    let command = format!("MIGRATE 127.0.0.1 {} k 0 10000 REPLACE", listener.port);
    let second = call_aside(server.port, &command);
    assert!(is_waiting(&second));
    assert!(listener.is_left_alone());
    // A transaction can't wait for somebody who waits for it.
    let mut client = connect(server.port);
    call_on(&mut client, "MULTI");
    call_on(&mut client, &command);
    let refused = "TRYAGAIN A key is on its way to another server already";
    assert_eq!(call_on(&mut client, "EXEC"), refused);
    peer.answer("+OK");
    assert_eq!(migrate.join().unwrap(), "OK");
    assert_eq!(second.join().unwrap(), "NOKEY");
}

#[test]
fn the_same_key_twice_is_sent_once() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    call(server.port, "MSET a 1 b 2");
    let keys = "KEYS a b a b a";
    let command = format!("MIGRATE 127.0.0.1 {} '' 0 10000 REPLACE {keys}", listener.port);
    let migrate = call_aside(server.port, &command);
    let mut peer = listener.accept_selected();
    for key in ["RESTORE a", "RESTORE b"] {
        assert_eq!(peer.begins(), key);
        peer.answer("+OK");
    }
    assert_eq!(migrate.join().unwrap(), "OK");
    assert_eq!(call(server.port, "DBSIZE"), "0");
}

#[test]
fn a_transaction_is_one_unit() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    call(server.port, "MSET a 1 b 2");
    let (port, target) = (server.port, listener.port);
    let exec = std::thread::spawn(move || {
        let mut client = connect(port);
        call_on(&mut client, "MULTI");
        call_on(&mut client, &format!("MIGRATE 127.0.0.1 {target} a 0 10000"));
        call_on(&mut client, "EXISTS a b");
        call_on(&mut client, "EXEC")
    });
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE a");
    let other = call_aside(server.port, "EXISTS a");
    assert!(is_waiting(&other), "nobody sees the middle of it");
    peer.answer("+OK");
    assert_eq!(exec.join().unwrap(), "OK 1");
    assert_eq!(other.join().unwrap(), "0");
}

#[test]
fn to_ourselves() {
    let server = cacheflow(&[]);
    let port = server.port;
    call(port, "SET k v");
    assert_eq!(
        call(port, &format!("MIGRATE 127.0.0.1 {port} k 0 1000 COPY")),
        "ERR Target instance replied with error: BUSYKEY Target key name already exists."
    );
    assert_eq!(call(port, &format!("MIGRATE 127.0.0.1 {port} k 5 1000")), "OK");
    assert_eq!(call(port, "EXISTS k"), "0");
    let mut client = connect(port);
    call_on(&mut client, "SELECT 5");
    assert_eq!(call_on(&mut client, "GET k"), "v");
    // What replaces itself never stays the same, and then waits for itself.
    let replaced = call_on(&mut client, &format!("MIGRATE 127.0.0.1 {port} k 5 300 REPLACE"));
    assert_eq!(replaced, "IOERR error or timeout reading to target instance");
    assert_eq!(call_on(&mut client, "GET k"), "v");
}
