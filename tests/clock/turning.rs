//! Whatever looks at time, turned from Rust.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cacheflow::Server;

use crate::client::Client;
use crate::{
    BEGIN_MS, HOUR, SECOND, YEAR, arrived, ask, block, connect, in_no_time, manual, send, start,
    start_by,
};

#[test]
fn ten_years_an_hour_and_a_counter_that_ages() {
    let server = start();
    let (mut client, mut waiting) = (connect(&server), connect(&server));
    ask(&mut client, "CONFIG SET maxmemory-policy allkeys-lfu");
    ask(&mut client, "SET used 1");
    for _ in 0..20_000 {
        send(&mut client, "GET used");
    }
    for _ in 0..20_000 {
        crate::client::text(client_value(&mut client));
    }
    ask(&mut client, "SET key value EX 315360000"); // ten years
    block(&server, &mut waiting, "BLPOP queue 3600");
    let counter: u8 = ask(&mut client, "OBJECT FREQ used").parse().unwrap();
    assert!(counter > 20, "{counter}");

    let begun = Instant::now();
    server.clock().advance(HOUR);
    assert_eq!(arrived(&mut waiting).as_deref(), Some("nil"));
    let aged: u8 = ask(&mut client, "OBJECT FREQ used").parse().unwrap();
    assert_eq!(aged, counter.saturating_sub(60));
    server.clock().advance(10 * YEAR - HOUR);
    assert_eq!(ask(&mut client, "GET key"), "value"); // past its deadline, not at it
    server.clock().advance(Duration::from_millis(1));
    assert_eq!(ask(&mut client, "DBSIZE"), "1");
    in_no_time("ten years, an hour, and an LFU counter", begun);
}

fn client_value(client: &mut Client) -> crate::client::Value {
    match client.read(crate::PATIENCE).unwrap() {
        crate::client::Output::Value(value) => value,
        other => panic!("{other:?}"),
    }
}

/// A client that hears of keys that expire.
fn listener(server: &Server) -> Client {
    let mut client = connect(server);
    ask(&mut client, "CONFIG SET notify-keyspace-events Exh");
    ask(&mut client, "PSUBSCRIBE __keyevent@*");
    client
}

fn events(client: &mut Client) -> Vec<String> {
    let messages = std::iter::from_fn(|| arrived(client));
    messages.map(|message| message.rsplit(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn keys_go_in_the_order_of_their_deadlines_with_their_events() {
    let server = start();
    let (mut client, mut listener) = (connect(&server), listener(&server));
    let mut expected = Vec::new();
    for number in 0..500 {
        let (key, ms) = (format!("key:{number}"), 1000 + number * 7919 % 500 * 1000);
        ask(&mut client, &format!("SELECT {}", number % 3));
        ask(&mut client, &format!("SET {key} v PX {ms}"));
        expected.push((ms, key));
    }
    expected.sort();
    let expected: Vec<String> = expected.into_iter().map(|(_, key)| key).collect();
    let begun = Instant::now();
    server.clock().advance(Duration::from_millis(100_000));
    let first = events(&mut listener);
    assert_eq!(first, expected[..99], "what is due at 100,000 ms goes when they are over");
    server.clock().advance(HOUR);
    assert_eq!(events(&mut listener), expected[99..]);
    in_no_time("500 keys", begun);
    let stats = ask(&mut client, "INFO stats");
    assert!(stats.contains("expired_keys:500\r\n"), "{stats}");
}

/// All of them, at the moment at which the turn is over.
#[test]
fn everybody_who_listens_has_been_told() {
    let server = start();
    let mut client = connect(&server);
    ask(&mut client, "CONFIG SET notify-keyspace-events Ex");
    let listeners: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut listener = TcpStream::connect(server.address()).unwrap();
            listener.write_all(b"SUBSCRIBE __keyevent@0__:expired\r\n").unwrap();
            let mut reply = [0; 52];
            listener.set_read_timeout(Some(crate::PATIENCE)).unwrap();
            listener.read_exact(&mut reply).unwrap();
            assert!(reply.ends_with(b"\r\n:1\r\n"), "{}", reply.escape_ascii());
            listener.set_nonblocking(true).unwrap();
            listener
        })
        .collect();
    for round in 0..5 {
        ask(&mut client, "SET k v EX 10");
        server.clock().advance(SECOND * 11);
        let told = listeners.iter().filter(|listener| (&**listener).read(&mut [0; 99]).is_ok());
        assert_eq!(told.count(), 200, "round {round}");
    }
}

#[test]
fn waits_and_keys_take_turns() {
    let server = start();
    let (mut client, mut listener) = (connect(&server), listener(&server));
    let mut waiting: Vec<Client> = (0..6).map(|_| connect(&server)).collect();
    // Each tells of its end by what it does then, at 10, 20, ... seconds; keys end in between.
    for (number, seconds) in [30, 10, 60, 20, 50, 40].into_iter().enumerate() {
        let waiting = &mut waiting[number];
        let (push, now) = (format!("RPUSH order client:{seconds}"), seconds * 1000 + 5000);
        block(&server, waiting, &format!("BLPOP queue{number} {seconds}"));
        send(waiting, &push);
        ask(&mut client, &format!("SET key:{now} v PX {now}"));
    }
    let begun = Instant::now();
    for end in [10, 20, 30, 40, 50, 60] {
        server.clock().advance(SECOND * 10);
        let last = ask(&mut client, "LRANGE order -1 -1");
        assert_eq!(last, format!("client:{end}"));
        assert_eq!(events(&mut listener).len(), usize::from(end > 10));
    }
    in_no_time("six waits, six keys, one by one", begun);
}

/// All in one turn: each client is answered, and has gone on, before the next thing is due.
#[test]
fn who_is_answered_goes_on_before_the_next_thing_is_due() {
    let server = start();
    let mut waiting: Vec<Client> = (0..20).map(|_| connect(&server)).collect();
    for (number, client) in waiting.iter_mut().enumerate() {
        block(&server, client, &format!("BLPOP nosuch:{number} {}", 20 - number));
        send(client, &format!("RPUSH order {number}"));
    }
    let begun = Instant::now();
    server.clock().advance(HOUR);
    in_no_time("twenty waits, in one turn", begun);
    let mut client = connect(&server);
    let expected: Vec<String> = (0..20).rev().map(|number| number.to_string()).collect();
    assert_eq!(ask(&mut client, "LRANGE order 0 -1"), expected.join(" "));
    for client in &mut waiting {
        assert_eq!(arrived(client).as_deref(), Some("nil"));
        assert!(arrived(client).is_some());
    }
}

#[test]
fn who_waits_again_is_due_again() {
    let server = start();
    let mut client = connect(&server);
    block(&server, &mut client, "BLPOP a 100");
    for _ in 0..9 {
        send(&mut client, "BLPOP a 100");
    }
    server.clock().advance(SECOND * 950);
    assert_eq!((0..9).filter_map(|_| arrived(&mut client)).count(), 9);
    assert_eq!(arrived(&mut client), None);
    server.clock().advance(SECOND * 50);
    assert_eq!(arrived(&mut client).as_deref(), Some("nil"));
}

#[test]
fn every_way_to_wait_has_an_end() {
    let server = start();
    let mut client = connect(&server);
    ask(&mut client, "XADD stream 1-1 f v");
    ask(&mut client, "XGROUP CREATE stream group $");
    let begun = Instant::now();
    for command in [
        "BRPOP k 3600",
        "BLMOVE k l LEFT RIGHT 3600",
        "BLMPOP 3600 1 k LEFT",
        "BZPOPMIN k 3600",
        "BZMPOP 3600 1 k MIN",
        "XREAD BLOCK 3600000 STREAMS stream $",
        "XREADGROUP GROUP group me BLOCK 3600000 STREAMS stream >",
        "WAIT 3 3600000",
    ] {
        block(&server, &mut client, command);
        server.clock().advance(HOUR - Duration::from_millis(1));
        assert_eq!(arrived(&mut client), None, "{command}");
        server.clock().advance(Duration::from_millis(1));
        let expected = if command.starts_with("WAIT") { "0" } else { "nil" };
        assert_eq!(arrived(&mut client).as_deref(), Some(expected), "{command}");
    }
    in_no_time("eight commands that wait", begun);
}

#[test]
fn a_pause_ends_and_who_was_held_goes_on_in_order() {
    let server = start();
    let mut client = connect(&server);
    ask(&mut client, "SET k v PX 1000");
    ask(&mut client, "CLIENT PAUSE 3600000 WRITE");
    let mut held: Vec<Client> = (0..10).map(|_| connect(&server)).collect();
    for (number, client) in held.iter_mut().enumerate() {
        block(&server, client, &format!("RPUSH order {number}"));
    }
    server.clock().advance(HOUR - SECOND);
    assert_eq!(ask(&mut client, "DBSIZE"), "1"); // nothing expires in a pause
    assert!(held.iter_mut().all(|client| arrived(client).is_none()));
    let begun = Instant::now();
    server.clock().advance(SECOND);
    for (number, client) in held.iter_mut().enumerate() {
        assert_eq!(arrived(client), Some((number + 1).to_string()));
    }
    assert_eq!(ask(&mut client, "KEYS *"), "order");
    in_no_time("a pause of an hour", begun);
}

#[test]
fn a_pause_of_all_can_be_ended_by_who_turns_the_clock() {
    let server = start();
    let (mut client, mut held) = (connect(&server), connect(&server));
    ask(&mut client, "CLIENT PAUSE 60000");
    send(&mut held, "PING");
    assert_eq!(ask(&mut client, "DEBUG CLOCK ADVANCE 60000"), "OK");
    server.clock().advance(SECOND); // so that it is held, and then let go, whoever was first
    assert_eq!(ask(&mut held, "ECHO x"), "PONG");
}

#[test]
fn fields_of_hashes_expire() {
    let server = start();
    let (mut client, mut listener) = (connect(&server), listener(&server));
    ask(&mut client, "HSET h a 1 b 2 c 3");
    ask(&mut client, "HEXPIRE h 86400 FIELDS 1 a");
    ask(&mut client, "HEXPIRE h 172800 FIELDS 1 b");
    events(&mut listener);
    server.clock().advance(HOUR * 24 + SECOND);
    assert_eq!(ask(&mut client, "HKEYS h"), "b c");
    assert_eq!(ask(&mut client, "HTTL h FIELDS 1 b"), "86399");
    server.clock().advance(HOUR * 24);
    assert_eq!(ask(&mut client, "HLEN h"), "1");
    assert_eq!(events(&mut listener), ["h", "h"]);
}

#[test]
fn everything_that_shows_time_shows_the_clocks() {
    let server = start();
    let mut client = connect(&server);
    let seconds = BEGIN_MS / 1000;
    assert_eq!(ask(&mut client, "TIME"), format!("{seconds} 0"));
    assert_eq!(ask(&mut client, "XADD s * f v"), format!("{BEGIN_MS}-0"));
    assert_eq!(ask(&mut client, "XADD s * f v"), format!("{BEGIN_MS}-1"));
    ask(&mut client, "CONFIG SET slowlog-log-slower-than 0");
    ask(&mut client, "SET k v");
    server.clock().advance(HOUR);
    let seconds = seconds + 3600;
    assert_eq!(ask(&mut client, "XADD s * f v"), format!("{}-0", BEGIN_MS + 3_600_000));
    assert_eq!(ask(&mut client, "OBJECT IDLETIME k"), "3600");
    let time = "return redis.call('TIME')[1]".replace(' ', "\u{a0}");
    let words = ["EVAL".into(), time.replace('\u{a0}', " "), "0".to_owned()];
    let told = client.call(&words, crate::PATIENCE).unwrap();
    assert_eq!(crate::shown(&told), seconds.to_string());
    let slow = ask(&mut client, "SLOWLOG GET 1");
    assert!(slow.contains(&format!(" {seconds} 0 EVAL ")), "when, and in no time: {slow}");
    assert_eq!(ask(&mut client, "LASTSAVE"), (BEGIN_MS / 1000).to_string());
    let info = ask(&mut client, "INFO server");
    assert!(info.contains("uptime_in_seconds:3600\r\n"), "{info}");
    let list = ask(&mut client, "CLIENT LIST");
    assert!(list.contains(" age=3600 idle=0 "), "{list}");
    ask(&mut client, "SET t v EX 100");
    assert_eq!(ask(&mut client, "EXPIRETIME t"), (seconds + 100).to_string());
}

#[test]
fn idle_clients_are_closed() {
    let server = start();
    let mut idle = connect(&server);
    ask(&mut idle, "CONFIG SET timeout 600");
    server.clock().advance(SECOND * 599);
    assert_eq!(arrived(&mut idle), None);
    // Its thread may note only now that it has replied.
    server.clock().advance(SECOND * 601);
    assert_eq!(arrived(&mut idle).as_deref(), Some("closed"));
}

#[test]
fn points_of_saving_are_reached() {
    let dir = tempfile::tempdir().unwrap();
    let builder = Server::builder().bind("127.0.0.1:0").data_dir(dir.path()).clock(manual());
    let server = builder.start().unwrap();
    let mut client = connect(&server);
    client.call(&["CONFIG", "SET", "save", "3600 1"], crate::PATIENCE).unwrap();
    ask(&mut client, "SET k v");
    let saves = |client: &mut Client, begun: Instant| {
        let info = ask(client, "INFO persistence");
        assert!(begun.elapsed() < crate::PATIENCE, "{info}");
        info.contains("rdb_saves:1\r\n")
    };
    let begun = Instant::now();
    server.clock().advance(HOUR);
    assert!(!saves(&mut client, begun));
    server.clock().advance(SECOND);
    while !saves(&mut client, begun) {} // another thread saves
    assert_eq!(ask(&mut client, "LASTSAVE"), (BEGIN_MS / 1000 + 3601).to_string());
    in_no_time("an hour to the next save", begun);
}

#[test]
fn servers_have_a_clock_each_or_share_one() {
    let (one, other) = (start(), start());
    one.clock().advance(HOUR);
    assert_eq!(other.clock().unix_ms(), BEGIN_MS);
    assert_eq!(one.clock().unix_ms(), BEGIN_MS + 3_600_000);
    let shared = manual();
    let servers = [start_by(shared.clone()), start_by(shared.clone())];
    let mut clients = servers.each_ref().map(connect);
    block(&servers[0], &mut clients[0], "BLPOP q 10");
    block(&servers[1], &mut clients[1], "BLPOP q 20");
    shared.advance(SECOND * 10);
    assert_eq!(clients.each_mut().map(arrived), [Some("nil".to_owned()), None]);
    drop(servers);
    shared.advance(HOUR); // nobody goes by it any more
}

#[test]
fn one_that_runs_is_turned_and_runs_on() {
    let server = start_by(cacheflow::Clock::machine());
    let (mut client, mut waiting) = (connect(&server), connect(&server));
    ask(&mut client, "SET k v EX 3000");
    block(&server, &mut waiting, "BLPOP q 3600");
    server.clock().advance(HOUR - SECOND / 10);
    assert_eq!(ask(&mut client, "DBSIZE"), "0");
    // The rest passes by itself: its thread has learned that it has less to sleep.
    let begun = Instant::now();
    assert_eq!(crate::shown(&client_value(&mut waiting)), "nil");
    in_no_time("the last tenth of a second of an hour", begun);
    assert!(!server.clock().is_frozen());
}

/// One that stands is set going: who sleeps by it wakes at the right time.
#[test]
fn one_that_is_set_going_times_out_by_itself() {
    let server = start();
    let mut waiting = connect(&server);
    block(&server, &mut waiting, "BLPOP q 0.05");
    server.clock().run();
    let begun = Instant::now();
    assert_eq!(crate::shown(&client_value(&mut waiting)), "nil");
    in_no_time("the twentieth of a second", begun);
}

/// A peer that reads nothing holds no turn up for long.
#[test]
fn who_reads_nothing_holds_nobody_up() {
    let server = start();
    let (mut client, mut deaf) = (connect(&server), connect(&server));
    let large = "x".repeat(8 << 20);
    client.call(&["SET", "large", &large], crate::PATIENCE).unwrap();
    block(&server, &mut deaf, "BLPOP q 1");
    (0..4).for_each(|_| send(&mut deaf, "GET large"));
    let begun = Instant::now();
    server.clock().advance(HOUR);
    in_no_time("somebody who doesn't read", begun);
    assert_eq!(ask(&mut client, "PING"), "PONG");
}

#[test]
fn a_replica_goes_by_its_own_clock() {
    let (master, replica) = (start(), start());
    let (mut client, mut reader) = (connect(&master), connect(&replica));
    ask(&mut reader, &format!("REPLICAOF 127.0.0.1 {}", master.address().port()));
    ask(&mut client, "SET k v EX 100");
    let begun = Instant::now();
    while ask(&mut reader, "GET k") != "v" {
        assert!(begun.elapsed() < crate::PATIENCE, "the replica doesn't get it");
    }
    replica.clock().advance(SECOND * 101);
    assert_eq!(ask(&mut reader, "GET k"), "nil"); // over here, and there still
    assert_eq!(ask(&mut reader, "DBSIZE"), "1");
    assert_eq!(ask(&mut client, "GET k"), "v");
    master.clock().advance(SECOND * 101);
    assert_eq!(ask(&mut client, "DBSIZE"), "0");
    while ask(&mut reader, "DBSIZE") != "0" {
        assert!(begun.elapsed() < crate::PATIENCE, "the replica isn't told");
    }
    in_no_time("a replica", begun);
}
