//! Clients that are killed or hang up, servers that stop, pause or become replicas, while keys are on their way.

use std::time::{Duration, Instant};

use crate::client::request;
use crate::peer::Listener;
use crate::{cacheflow, call, call_aside, call_on, connect, info, is_waiting, wait_until};

fn migrate(port: u16, patience_ms: u64) -> String {
    format!("MIGRATE 127.0.0.1 {port} k 0 {patience_ms}")
}

#[test]
fn a_client_that_is_killed_is_not_waited_for() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    call(server.port, "SET k v");
    let mut client = connect(server.port);
    let id = call_on(&mut client, "CLIENT ID");
    client
        .send(&["MIGRATE", "127.0.0.1", &listener.port.to_string(), "k", "0", "3600000"])
        .unwrap();
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE k");
    assert_eq!(call(server.port, &format!("CLIENT UNBLOCK {id}")), "0");
    assert_eq!(call(server.port, &format!("CLIENT KILL ID {id}")), "1");
    assert!(peer.request().is_empty(), "the connection ends");
    assert_eq!(call(server.port, "GET k"), "v");
    // Nothing of it is left: the key can go now.
    let again = call_aside(server.port, &migrate(listener.port, 10_000));
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE k");
    peer.answer("+OK");
    assert_eq!(again.join().unwrap(), "OK");
}

#[test]
fn what_has_arrived_goes_though_nobody_hears_of_it() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    call(server.port, "SET k v");
    let mut client = connect(server.port);
    client.send(&["MIGRATE", "127.0.0.1", &listener.port.to_string(), "k", "0", "10000"]).unwrap();
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE k");
    drop(client);
    assert_eq!(call(server.port, "EXISTS k"), "1");
    peer.answer("+OK");
    wait_until("the key is gone", || call(server.port, "EXISTS k") == "0");
}

#[test]
fn a_replica_deletes_nothing() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    call(server.port, "SET k v");
    let migrate = call_aside(server.port, &migrate(listener.port, 10_000));
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE k");
    call(server.port, "REPLICAOF 127.0.0.1 1");
    peer.answer("+OK");
    assert_eq!(migrate.join().unwrap(), "READONLY You can't write against a read only replica.");
    assert_eq!(call(server.port, "GET k"), "v");
}

#[test]
fn a_master_moves_no_keys_of_its_replicas() {
    const EMPTY: &[u8] = b"$18\r\nREDIS0010\xff\x00\x00\x00\x00\x00\x00\x00\x00";
    let (server, master, target) = (cacheflow(&[]), Listener::new(), Listener::new());
    call(server.port, &format!("REPLICAOF 127.0.0.1 {}", master.port));
    let mut peer = master.accept();
    while peer.request()[0] != "PSYNC" {
        peer.answer("+OK");
    }
    peer.answer(&format!("+FULLRESYNC {} 0", "0123456789".repeat(4)));
    peer.say(EMPTY);
    peer.say(&request(&["SET", "k", "v"]));
    let port = target.port.to_string();
    peer.say(&request(&["MIGRATE", "127.0.0.1", &port, "k", "0", "3600000"]));
    wait_until("it was refused", || info(server.port, "master_stream_errors") == "1");
    assert!(target.is_left_alone());
    assert_eq!(call(server.port, "GET k"), "v");
}

#[test]
fn a_pause_holds_the_deletion() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    call(server.port, "SET k v");
    let migrate = call_aside(server.port, &migrate(listener.port, 10_000));
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE k");
    call(server.port, "CLIENT PAUSE 100000 WRITE");
    peer.answer("+OK");
    assert!(is_waiting(&migrate));
    assert_eq!(call(server.port, "GET k"), "v");
    call(server.port, "CLIENT UNPAUSE");
    assert_eq!(migrate.join().unwrap(), "OK");
    assert_eq!(call(server.port, "EXISTS k"), "0");
}

#[test]
fn a_pause_in_the_last_round_ends() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    call(server.port, "RPUSH k a");
    let migrate = call_aside(server.port, &migrate(listener.port, 10_000));
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE k");
    for element in ["b", "c", "d"] {
        call(server.port, &format!("RPUSH k {element}"));
        peer.answer("+OK");
        assert_eq!(peer.begins(), "RESTORE k");
    }
    let write = call_aside(server.port, "RPUSH k e"); // waits for the MIGRATE
    call(server.port, "CLIENT PAUSE 100000 WRITE"); // which waits for this
    peer.answer("+OK");
    assert!(is_waiting(&migrate) && !write.is_finished());
    call(server.port, "CLIENT UNPAUSE");
    // One of them is first, and if it is the write, the key is sent once more.
    let again = std::thread::spawn(move || {
        while !peer.request().is_empty() {
            peer.answer("+OK");
        }
    });
    assert_eq!(migrate.join().unwrap(), "OK");
    assert!(["1", "5"].contains(&write.join().unwrap().as_str()));
    drop(server);
    again.join().unwrap();
}

#[test]
fn a_server_stops_though_somebody_is_silent() {
    let (mut server, listener) = (cacheflow(&["--save", "3600 1"]), Listener::new());
    call(server.port, "SET k v");
    let port = server.port;
    let command = migrate(listener.port, 3_600_000);
    let migrate = std::thread::spawn(move || {
        let words: Vec<&str> = command.split(' ').collect();
        connect(port).call(&words, crate::PATIENCE).is_err()
    });
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE k");
    let begun = Instant::now();
    let _ = connect(server.port).call(&["SHUTDOWN"], crate::PATIENCE);
    assert!(migrate.join().unwrap(), "closed without a reply");
    assert!(server.child.wait().unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let server = server.restart(&[]).unwrap();
    assert_eq!(call(server.port, "GET k"), "v", "what was not said to have moved is here");
}
