//! Every thread of a server is there while it serves, does its work, and is gone when it has stopped;
//! then a server on the same directory starts them again, in the same process.
//!
//! | thread                        | seen to work by                                           |
//! |-------------------------------|-----------------------------------------------------------|
//! | `accept`                      | a connection                                              |
//! | `cron`                        | a key that expires though nobody asks for it              |
//! | `reaper`                      | a large list that is freed                                |
//! | `background`                  | BGSAVE, BGREWRITEAOF                                      |
//! | `aof-sync`                    | the append-only file, loaded by the next round            |
//! | `writer`, `waiter`            | a message to a subscriber, one to a subscriber that doesn't read |
//! | `replication`                 | a replica, parted from its master and joined again        |
//! | `sync`, `transfer`, `feeder`  | the same replica, seen from its master                    |

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use cacheflow::Server;
use redis::{Client, Commands, Connection};

#[path = "support/tasks.rs"]
mod tasks;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Those that are there as long as the server is, or a replica.
const LASTING: [&str; 9] = [
    "accept",
    "cron",
    "reaper",
    "background",
    "aof-sync",
    "writer",
    "waiter",
    "replication",
    "feeder",
];
/// Those that come for a full synchronisation and go with it.
const PASSING: [&str; 2] = ["sync", "transfer"];

/// The names of this process' threads.
fn threads() -> BTreeSet<String> {
    let names = tasks::of_each_thread("self", "comm").into_iter();
    names.map(|name| name.trim().to_owned()).collect()
}

fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "in vain: {what}; threads: {:?}", threads());
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn start(directory: &Path) -> Server {
    let builder = Server::builder().bind("127.0.0.1:0").data_dir(directory);
    let builder = builder.configure(|config| {
        (config.appendonly, config.repl_diskless_sync_delay) = (true, 1);
    });
    builder.start().unwrap()
}

fn connect(server: &Server) -> Connection {
    Client::open(format!("redis://{}", server.address())).unwrap().get_connection().unwrap()
}

fn field(connection: &mut Connection, name: &str) -> String {
    let info: String = redis::cmd("INFO").arg("everything").query(connection).unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name}")).to_owned()
}

fn command(connection: &mut Connection, text: &str) {
    let mut words = text.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    words.for_each(|word| _ = command.arg(word));
    command.query::<()>(connection).unwrap();
}

fn cron_works(client: &mut Connection) {
    command(client, "SET passing v PX 20");
    wait_until("expiry", || redis::cmd("DBSIZE").query::<usize>(client).unwrap() == 1);
}

fn reaper_works(client: &mut Connection) {
    client.rpush::<_, _, ()>("list", vec!["x".repeat(100); 20_000]).unwrap();
    command(client, "UNLINK list");
    wait_until("freeing", || field(client, "lazyfree_pending_objects") == "0");
}

fn background_works(client: &mut Connection) {
    command(client, "BGSAVE");
    wait_until("saving", || field(client, "rdb_saves") == "1");
    command(client, "BGREWRITEAOF");
    wait_until("rewriting", || field(client, "aof_rewrites") == "1");
}

fn writers_work(server: &Server, client: &mut Connection) {
    let (mut reading, mut silent) = (connect(server), connect(server));
    let mut listening = reading.as_pubsub();
    listening.subscribe("channel").unwrap();
    let mut stalled = silent.as_pubsub();
    stalled.subscribe("channel").unwrap();
    // More than a socket takes, so that one of them has to be waited for.
    for _ in 0..64 {
        client.publish::<_, _, ()>("channel", "x".repeat(100_000)).unwrap();
        listening.get_message().unwrap();
    }
}

fn replica_works(client: &mut Connection, replica: &mut Connection, seen: &mut BTreeSet<String>) {
    let master: (String, u16) =
        ("127.0.0.1".to_owned(), field(client, "tcp_port").parse().unwrap());
    for round in ["first", "second"] {
        redis::cmd("REPLICAOF").arg(&master).query::<()>(replica).unwrap();
        client.set::<_, _, ()>("round", round).unwrap();
        wait_until("the replica", || {
            seen.extend(threads());
            let found: Result<Option<String>, _> = replica.get("round");
            found.is_ok_and(|found| found.as_deref() == Some(round))
        });
        command(replica, "REPLICAOF NO ONE");
    }
    redis::cmd("REPLICAOF").arg(&master).query::<()>(replica).unwrap();
    wait_until("the link", || field(replica, "master_link_status") == "up");
}

#[test]
fn every_thread_stops_with_its_server_and_starts_again() {
    let (of_master, of_replica) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for round in 0..3 {
        let (master, replica) = (start(of_master.path()), start(of_replica.path()));
        let (mut client, mut of_replica) = (connect(&master), connect(&replica));
        let kept: Option<usize> = client.get("kept").unwrap();
        assert_eq!(kept, (round > 0).then(|| round - 1), "what the last round has appended");
        command(&mut client, "FLUSHALL");
        client.set::<_, _, ()>("kept", round).unwrap();
        cron_works(&mut client);
        reaper_works(&mut client);
        background_works(&mut client);
        writers_work(&master, &mut client);
        let mut seen = BTreeSet::new();
        replica_works(&mut client, &mut of_replica, &mut seen);
        wait_until("a feeder", || threads().contains("feeder"));
        let now = threads();
        for name in LASTING {
            assert!(now.contains(name), "{name} is missing: {now:?}");
        }
        // A transfer of next to nothing is over before anybody can see its thread.
        assert!(seen.contains("sync"), "{seen:?}");
        assert_ne!(field(&mut client, "sync_full"), "0");
        drop((client, of_replica));
        drop((replica, master));
        wait_until("the end of all threads", || {
            let left = threads();
            LASTING.iter().chain(&PASSING).all(|name| !left.contains(*name))
        });
    }
}
