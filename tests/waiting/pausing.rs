//! What is answered before a pause, who goes first after it, and who is never held.

use std::time::{Duration, Instant};

use crate::{MOMENT, Server, Stopped, ask, is_silent, read, request, send, text, wait_until};

#[test]
fn what_was_answered_before_a_wait_is_sent_before_it() {
    let server = Server::start(&[]);
    for waits in ["PING", "BLPOP q 3", "WAIT 1 3000"] {
        let mut client = server.connect();
        let pause: &[&str] = if waits == "PING" { &["CLIENT PAUSE 3000"] } else { &["ECHO OK"] };
        let requests: Vec<u8> = pause.iter().chain([&waits]).flat_map(|c| request(c)).collect();
        let begun = Instant::now();
        client.send_raw(&requests).unwrap();
        assert_eq!(text(&read(&mut client)), "OK");
        assert!(begun.elapsed() < Duration::from_secs(2), "{waits}: {:?}", begun.elapsed());
        read(&mut client);
        assert!(begun.elapsed() >= Duration::from_millis(2900), "{waits}: {:?}", begun.elapsed());
    }
}

/// The order in which twelve clients go on that came one after the other.
fn order_after(server: &Server, resume: impl FnOnce()) -> Vec<String> {
    let mut clients: Vec<_> = (0..12).map(|_| server.connect()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        // Two each: who goes first does all that it has asked for.
        let requests = [format!("RPUSH k {number}"), format!("RPUSH k {number}")];
        client.send_raw(&requests.map(|command| request(&command)).concat()).unwrap();
        server.wait_for_blocked(number + 1);
    }
    resume();
    clients.iter_mut().for_each(|client| _ = read(client));
    server.wait_for_blocked(0);
    text(&server.ask("LRANGE k 0 -1")).split(' ').map(str::to_owned).collect()
}

#[test]
fn those_who_were_held_go_on_in_order() {
    let server = Server::start(&[]);
    let expected: Vec<String> = (0..12).flat_map(|n| [n.to_string(), n.to_string()]).collect();
    for round in 0..5 {
        server.ask("FLUSHALL");
        server.ask("CLIENT PAUSE 60000 WRITE");
        let order = order_after(&server, || _ = server.ask("CLIENT UNPAUSE"));
        assert_eq!(order, expected, "round {round}, unpaused");
        server.ask("FLUSHALL");
        server.ask("CLIENT PAUSE 1000 WRITE");
        assert_eq!(order_after(&server, || ()), expected, "round {round}, when the time was over");
    }
}

#[test]
fn who_is_held_and_gone_leaves_the_others_their_turn() {
    let server = Server::start(&[]);
    server.ask("CLIENT PAUSE 60000 WRITE");
    let mut clients: Vec<_> = (0..6).map(|_| server.connect()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        send(client, &format!("RPUSH k {number}"));
        server.wait_for_blocked(number + 1);
    }
    drop(clients.remove(3));
    drop(clients.remove(0));
    server.wait_for_blocked(4);
    server.ask("CLIENT UNPAUSE");
    clients.iter_mut().for_each(|client| _ = read(client));
    assert_eq!(text(&server.ask("LRANGE k 0 -1")), "1 2 4 5");
}

#[test]
fn a_failover_that_is_given_up_executes_nothing_for_who_has_gone() {
    let server = Server::start(&[]);
    let _replica = server.stopped_replica();
    server.ask("SET ahead of-the-replica");
    assert_eq!(text(&server.ask("FAILOVER")), "OK");
    let (mut stays, mut goes) = (server.connect(), server.connect());
    goes.send_raw(&request("INCR gone").repeat(5)).unwrap();
    server.wait_for_blocked(1);
    send(&mut stays, "INCR stays");
    server.wait_for_blocked(2);
    drop(goes);
    server.wait_for_blocked(1);
    assert_eq!(text(&server.ask("FAILOVER ABORT")), "OK");
    assert_eq!(text(&read(&mut stays)), "1");
    assert_eq!(text(&server.ask("GET gone")), "nil");
}

#[test]
fn replicas_are_never_held() {
    let (server, replica) = (Server::start(&["--repl-timeout", "2"]), Server::start(&[]));
    replica.ask(&format!("REPLICAOF 127.0.0.1 {}", server.port()));
    wait_until("the replica is there", || server.info("slave0").contains("state=online"));
    server.ask("CLIENT PAUSE 5000");
    std::thread::sleep(Duration::from_millis(4500));
    assert_eq!(replica.info("master_link_status"), "up");
    assert_eq!(replica.info("sync_full"), "0");
    // This waits for the end of the pause.
    assert_eq!(
        (server.info("sync_full"), server.info("sync_partial_ok")),
        ("1".into(), "0".into())
    );
}

#[test]
fn a_shutdown_that_was_given_up_can_be_asked_for_again() {
    // The real server ends with a failed assertion when the same connection asks twice.
    if Server::is_redis() {
        return;
    }
    let mut server = Server::start(&["--shutdown-timeout", "3"]);
    let _replica: Stopped = server.stopped_replica();
    server.ask("SET ahead of-the-replica");
    let mut client = server.connect();
    send(&mut client, "SHUTDOWN NOSAVE");
    server.wait_for_blocked(1);
    assert_eq!(text(&server.ask("SHUTDOWN ABORT")), "OK");
    assert_eq!(text(&read(&mut client)), "ERR Errors trying to SHUTDOWN. Check logs.");
    let begun = Instant::now();
    send(&mut client, "SHUTDOWN NOSAVE");
    server.wait_for_blocked(1);
    assert!(is_silent(&mut client));
    wait_until("it ends", || server.0.child.try_wait().unwrap().is_some());
    assert!(begun.elapsed() > Duration::from_secs(3) - MOMENT, "{:?}", begun.elapsed());
    assert!(server.0.child.try_wait().unwrap().unwrap().success());
}

#[test]
fn who_reads_nothing_does_not_hold_up_those_who_were_paused_with_it() {
    let server = Server::start(&[]);
    server.ask("SETRANGE large 1000000 x");
    server.ask("CLIENT PAUSE 60000 WRITE");
    let mut deaf = server.connect();
    let requests = [request("GET large").repeat(60), request("SET k deaf")].concat();
    deaf.send_raw(&requests).unwrap();
    std::thread::sleep(MOMENT);
    let mut client = server.connect();
    send(&mut client, "SET k heard");
    wait_until("one is held", || server.info("blocked_clients") != "0");
    server.ask("CLIENT UNPAUSE");
    assert_eq!(text(&read(&mut client)), "OK");
    assert_eq!(text(&ask(&mut client, "EXISTS k")), "1");
}
