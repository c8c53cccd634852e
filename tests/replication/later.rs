//! Peers of later versions: Redis 8.2 on either side, fields that expire in snapshot and stream, and
//! replicas that don't know of that.
//!
//! ```text
//! 8.2 ──> cacheflow ──> 8.2          equal, also when links are cut
//! cacheflow ──> 7.0, or nobody knows what    refused while fields expire, and told why on both sides
//! 8.2 ──> cacheflow, a command that isn't here    the link goes down, and INFO says for what
//! ```

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::servers::{Server, redis_8_binary};
use crate::{
    PATIENCE, USUAL, cacheflow, call, call_on, connect, follow, info, redis, text, wait_for_equal,
    wait_for_link, wait_until,
};

/// Milliseconds, in 2096.
const FAR: &str = "4000000000000";

pub fn redis_8(args: &[&str]) -> Server {
    Server::start("redis-8.2", redis_8_binary(), &[&USUAL[..], args].concat()).unwrap()
}

/// Hashes whose fields expire, small and large, late and at once; and what is done to them.
fn change_hashes(port: u16, name: &str) {
    let mut client = connect(port);
    let mut run = |command: String| {
        let reply = text(call_on(&mut client, &command));
        assert!(!reply.starts_with("ERR") && !reply.starts_with("WRONGTYPE"), "{command}: {reply}");
    };
    run(format!("HSET {name} a 1 b 2 c 3 d 4 e 5"));
    run(format!("HPEXPIREAT {name} {FAR} FIELDS 2 a b"));
    run(format!("HEXPIRE {name} 100000 NX FIELDS 2 b c"));
    run(format!("HPERSIST {name} FIELDS 1 b"));
    run(format!("HPEXPIRE {name} 1 FIELDS 1 d"));
    run(format!("HSETEX {name} EX 1000 FIELDS 2 e 6 f 7"));
    run(format!("HGETEX {name} PX 500000 FIELDS 1 e"));
    run(format!("HSET {name}:copy x y"));
    run(format!("COPY {name} {name}:copy REPLACE"));
    run(format!("HGETDEL {name}:copy FIELDS 1 a"));
    for number in 0..600 {
        run(format!("HSET {name}:large f{number} {number}"));
        if number % 3 == 0 {
            run(format!("HPEXPIREAT {name}:large {FAR} FIELDS 1 f{number}"));
        }
    }
    run(format!("HPEXPIRE {name}:large 1 FIELDS 2 f1 f2"));
    run(format!("HSET {name}:gone f v"));
    run(format!("HPEXPIRE {name}:gone 1 FIELDS 1 f"));
}

/// What a server knows of the hash: its fields, and when they expire.
fn fields(port: u16, name: &str) -> Vec<String> {
    let mut client = connect(port);
    let mut ask = |command: String| text(call_on(&mut client, &command));
    vec![
        ask(format!("HPEXPIRETIME {name} FIELDS 6 a b c d e f")),
        ask(format!("HPEXPIRETIME {name}:copy FIELDS 6 a b c d e f")),
        ask(format!("HPEXPIRETIME {name}:large FIELDS 5 f0 f1 f2 f3 f4")),
        ask(format!("HLEN {name}")),
        ask(format!("HLEN {name}:large")),
        ask(format!("EXISTS {name}:gone")),
    ]
}

/// Before and after a full synchronisation, and after a link was cut.
fn have_the_same(servers: &[&Server]) {
    let ports: Vec<u16> = servers.iter().map(|server| server.port).collect();
    change_hashes(ports[0], "before");
    for pair in ports.windows(2) {
        follow(pair[1], pair[0]);
        wait_for_link(pair[1]);
    }
    change_hashes(ports[0], "after");
    for name in ["before", "after"] {
        wait_until("what has expired is gone", || {
            ports.iter().all(|port| {
                fields(*port, name)[3..] == ["Integer(5)", "Integer(598)", "Integer(0)"]
            })
        });
    }
    wait_for_equal(&ports);
    for name in ["before", "after"] {
        let expected = fields(ports[0], name);
        ports.iter().for_each(|port| assert_eq!(fields(*port, name), expected, "{name}"));
    }
}

#[test]
fn fields_expire_on_replicas_of_replicas() {
    have_the_same(&[&cacheflow(&[]), &cacheflow(&[]), &cacheflow(&["--repl-diskless-sync", "no"])]);
}

#[test]
#[ignore = "needs redis-server 8.2: make differential"]
fn fields_expire_between_cacheflow_and_redis_8() {
    have_the_same(&[&redis_8(&[]), &cacheflow(&[]), &redis_8(&[])]);
    have_the_same(&[&cacheflow(&[]), &redis_8(&[]), &cacheflow(&[])]);
    have_the_same(&[&redis_8(&["--repl-rdb-channel", "no"]), &cacheflow(&[])]);
}

/// What a master answers to PSYNC of a replica that says this of itself, and how its snapshot begins.
fn answer_to(master: u16, introduction: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", master)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for words in introduction {
        stream.write_all(b"REPLCONF ").unwrap();
        stream.write_all(words).unwrap();
        stream.write_all(b"\r\n").unwrap();
        let mut ok = [0; 5];
        stream.read_exact(&mut ok).unwrap();
        assert_eq!(&ok, b"+OK\r\n");
    }
    stream.write_all(b"PSYNC ? -1\r\n").unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
    // Through the header of the snapshot.
    while !answer.starts_with(b"-") && !answer.windows(9).any(|w| w.starts_with(b"redis-ver")) {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            count => answer.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_snapshot_is_of_a_version_that_the_replica_reads() {
    let master = cacheflow(&[]);
    let capas: [&[&[u8]]; 4] = [
        &[b"capa eof capa psync2"],
        &[b"capa eof capa psync2 capa rdb-channel-repl"],
        &[b"capa eof capa psync2 capa rdb-12"],
        &[b"capa eof capa psync2", b"version 9.0.1"],
    ];
    let answers = |versions: [&str; 4]| {
        for (capa, version) in capas.iter().zip(versions) {
            let answer = answer_to(master.port, capa);
            assert!(answer.contains(version), "{version}: {answer}");
        }
    };
    call(master.port, "HSET h f v");
    answers(["REDIS0010"; 4]);
    call(master.port, &format!("HPEXPIREAT h {FAR} FIELDS 1 f"));
    answers(["-NOMASTERLINK fields of hashes expire here", "REDIS0012", "REDIS0012", "VALKEY080"]);
    assert!(
        answer_to(master.port, &[b"capa eof", b"version 8.1.0"])
            .starts_with("-NOMASTERLINK fields of")
    );
    assert!(answer_to(master.port, &[b"capa eof", b"rdb-only 1"]).contains("REDIS0012"));
    call(master.port, "CONFIG SET rdb-version 12");
    answers(["REDIS0012"; 4]);
    call(master.port, "CONFIG SET rdb-version 10");
    answers(["-NOMASTERLINK fields of hashes expire here"; 4]);
    call(master.port, "HPERSIST h FIELDS 1 f");
    answers(["-NOMASTERLINK commands are in use here", "REDIS0010", "REDIS0010", "REDIS0010"]);
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn an_older_replica_is_refused_while_fields_expire() {
    let (master, old) = (cacheflow(&[]), redis(&[]));
    call(old.port, "SET its own");
    call(master.port, "HSET h f v");
    call(master.port, &format!("HPEXPIREAT h {FAR} FIELDS 1 f"));
    follow(old.port, master.port);
    wait_until("it is told", || old.log().contains("fields of hashes expire here"));
    assert!(master.log().contains("is refused: fields of hashes expire here"), "{}", master.log());
    assert_eq!((&*info(master.port, "sync_full"), &*text(call(old.port, "GET its"))), ("0", "own"));
    // It keeps asking, and is let in once nothing expires.
    call(master.port, "HPERSIST h FIELDS 1 f");
    wait_for_link(old.port);
    wait_for_equal(&[master.port, old.port]);
    // And it is sent away when something does, and stays away until nothing has for a while.
    call(master.port, &format!("HPEXPIREAT h {FAR} FIELDS 1 f"));
    wait_until("it is sent away", || info(old.port, "master_link_status") == "down");
    assert!(
        master.log().contains("it was sent a command that it may not know"),
        "{}",
        master.log()
    );
    let requests = || old.log().matches("partial resynchronization (request").count();
    let before = requests();
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(info(master.port, "sync_full"), "1", "no snapshot after snapshot");
    assert!(requests() - before < 10, "it asks once a second, and no more often");
    call(master.port, "DEL h");
    wait_for_link(old.port);
    wait_for_equal(&[master.port, old.port]);
}

/// A replica that has said nothing of itself, and has everything.
fn old_replica(master: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", master)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"REPLCONF capa psync2\r\nPSYNC ? -1\r\n").unwrap();
    wait_until("it is online", || info(master, "slave0").contains("state=online"));
    stream
}

#[test]
fn who_can_not_know_a_command_is_parted_with() {
    let (master, middle) = (cacheflow(&[]), cacheflow(&[]));
    follow(middle.port, master.port);
    wait_for_link(middle.port);
    // What it is sent may be our own effects, or a master's stream.
    for server in [&master, &middle] {
        let mut old = old_replica(middle.port);
        call(server.port, "SET k v");
        call(master.port, "HSET h f v");
        call(master.port, "HGETDEL h FIELDS 1 f"); // an HDEL to others
        assert!(info(middle.port, "slave0").contains("state=online"));
        call(master.port, "HSETEX h EX 100 FIELDS 1 f v");
        let mut everything = Vec::new();
        let _ = old.read_to_end(&mut everything); // it ends
        assert!(middle.log().contains("it was sent a command that it may not know"));
        call(master.port, "DEL h");
        wait_for_equal(&[master.port, middle.port]);
        let answer = answer_to(middle.port, &[b"capa psync2"]);
        assert!(
            answer.starts_with("-NOMASTERLINK commands are in use here that Redis 7.0"),
            "{answer}"
        );
        if server.port == master.port {
            call(middle.port, "CONFIG SET rdb-version 12");
            assert!(answer_to(middle.port, &[b"capa psync2"]).starts_with("+FULLRESYNC"));
            call(middle.port, "CONFIG SET rdb-version 0");
            std::thread::sleep(std::time::Duration::from_secs(11));
        }
    }
}

#[test]
#[ignore = "needs redis-server 8.2: make differential"]
fn what_is_not_known_here_ends_the_link() {
    let (master, replica) = (redis_8(&[]), cacheflow(&[]));
    follow(replica.port, master.port);
    wait_for_link(replica.port);
    call(master.port, "SET k 1");
    wait_for_equal(&[master.port, replica.port]);
    call(master.port, "VADD vectors VALUES 2 0.5 1 one");
    wait_until("the link is down", || {
        info(replica.port, "master_link_status") == "down"
            && info(replica.port, "master_link_down_reason").contains("vectorset")
    });
    assert!(replica.log().contains("whose command 'VADD' failed here"), "{}", replica.log());
    assert_eq!(info(replica.port, "master_stream_errors"), "1");
    assert_eq!(text(call(replica.port, "GET k")), "1", "the old data is served");
    let asked = info(master.port, "sync_full");
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(
        info(master.port, "sync_full").parse::<u32>().unwrap() <= asked.parse::<u32>().unwrap() + 1
    );
    call(master.port, "DEL vectors");
    wait_for_equal(&[master.port, replica.port]);
}
