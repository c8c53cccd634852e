//! What becomes of those who wait when a master steps down.

use crate::{Server, ask, is_closed, read, send, text, wait_until};

const UNBLOCKED: &str =
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

/// Steps down while these wait: all are told and closed, and nobody else is.
fn step_down(server: &Server, how: &str) {
    let commands = [
        "BLPOP q 0",
        "BZPOPMIN q 0",
        "BLMOVE q target LEFT LEFT 0",
        "XREAD BLOCK 0 STREAMS s $",
        "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
        "WAIT 2 0",
    ];
    server.ask("XGROUP CREATE s g $ MKSTREAM");
    let (mut idle, mut listens) = (server.connect(), server.connect());
    ask(&mut idle, "PING");
    ask(&mut listens, "SUBSCRIBE channel");
    ask(&mut idle, "CONFIG RESETSTAT");
    let mut clients = commands.map(|command| {
        let mut client = server.connect();
        send(&mut client, command);
        client
    });
    server.wait_for_blocked(commands.len());
    assert_eq!(text(&server.ask(how)), "OK");
    for (client, command) in clients.iter_mut().zip(commands) {
        assert_eq!(text(&read(client)), UNBLOCKED, "{command}");
        assert!(is_closed(client), "{command}");
    }
    assert_eq!(text(&ask(&mut idle, "PING")), "PONG");
    assert!(crate::is_silent(&mut listens));
    assert_eq!(server.info("errorstat_UNBLOCKED"), format!("count={}", commands.len()));
}

#[test]
fn replicaof_closes_those_who_wait_and_no_one_else() {
    let server = Server::start(&[]);
    step_down(&server, "REPLICAOF 127.0.0.1 1");
}

#[test]
fn a_failover_does_so_as_well() {
    let (server, replica) = (Server::start(&[]), Server::start(&[]));
    replica.ask(&format!("REPLICAOF 127.0.0.1 {}", server.port()));
    wait_until("the replica is there", || server.info("slave0").contains("state=online"));
    step_down(&server, "FAILOVER");
    wait_until("it has a master", || server.info("role") == "slave");
}

#[test]
fn who_was_held_learns_that_this_is_no_master_any_more() {
    let server = Server::start(&[]);
    server.ask("CLIENT PAUSE 500 WRITE");
    let mut client = server.connect();
    send(&mut client, "SET k v");
    server.wait_for_blocked(1);
    server.ask("REPLICAOF 127.0.0.1 1");
    assert_eq!(text(&read(&mut client)), "READONLY You can't write against a read only replica.");
    assert_eq!(text(&ask(&mut client, "PING")), "PONG");
}
