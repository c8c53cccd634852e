//! The crate as other people's tests use it: servers without a port, looked at directly, set back, and many of them.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use cacheflow::{Builder, Connection, Log, RestoreError, Server, Value};
use redis::{Commands, ConnectionLike, RedisResult};

fn quiet() -> Builder {
    Server::builder().no_listener().log(Log::Nowhere)
}

fn bulk(text: &str) -> Value {
    Value::Bulk(text.into())
}

/// All that a client of somebody else needs to speak over a connection without a port.
struct OverPair {
    connection: Connection,
    parser: redis::Parser,
    is_open: bool,
}

impl OverPair {
    fn to(server: &Server) -> Self {
        let connection = server.connect().unwrap();
        OverPair { connection, parser: redis::Parser::new(), is_open: true }
    }
}

impl ConnectionLike for OverPair {
    fn req_packed_command(&mut self, request: &[u8]) -> RedisResult<redis::Value> {
        self.connection.write_all(request)?;
        self.parser.parse_value(&mut self.connection)?.extract_error()
    }

    fn req_packed_commands(
        &mut self,
        requests: &[u8],
        skip: usize,
        count: usize,
    ) -> RedisResult<Vec<redis::Value>> {
        self.connection.write_all(requests)?;
        let replies = (0..skip + count).map(|_| self.parser.parse_value(&mut self.connection));
        let replies: RedisResult<Vec<redis::Value>> = replies.collect();
        Ok(replies?.split_off(skip))
    }

    fn get_db(&self) -> i64 {
        0
    }

    fn check_connection(&mut self) -> bool {
        self.req_packed_command(b"PING\r\n").is_ok()
    }

    fn is_open(&self) -> bool {
        self.is_open
    }
}

#[test]
fn a_client_that_takes_a_stream_speaks_over_a_pair_of_sockets() {
    let server = quiet().start().unwrap();
    let mut client = OverPair::to(&server);
    let _: () = client.set("k", "v").unwrap();
    assert_eq!(client.get::<_, String>("k").unwrap(), "v");
    let numbers: Vec<i64> =
        redis::pipe().atomic().incr("n", 1).incr("n", 2).query(&mut client).unwrap();
    assert_eq!(numbers, [1, 3]);
    let script = redis::Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    assert_eq!(script.key("n").arg(4).invoke::<i64>(&mut client).unwrap(), 7);
    assert_eq!(server.db(0).get("n").as_deref(), Some(&b"7"[..]));
}

#[test]
fn a_connection_without_a_port_is_a_client_like_others() {
    let server = quiet().set("maxclients", "2").unwrap().start().unwrap();
    let (mut one, mut two) = (server.connect().unwrap(), server.connect().unwrap());
    assert!(one.call(["HELLO", "3"]).is_ok());
    let clients = two.call(["CLIENT", "LIST"]).unwrap();
    let clients = String::from_utf8_lossy(clients.as_bytes().unwrap()).into_owned();
    assert_eq!(clients.lines().count(), 2);
    assert!(clients.lines().all(|line| line.contains(" addr=pair:0 ")), "{clients}");
    let mut refused = String::new();
    server.connect().unwrap().read_to_string(&mut refused).unwrap();
    assert_eq!(refused, "-ERR max number of clients reached\r\n");
    assert_eq!(two.call(["QUIT"]).unwrap(), Value::Simple("OK".into()));
    assert!(two.call(["PING"]).is_err());
    server.stop();
    assert!(one.call(["PING"]).is_err());
}

#[test]
fn what_a_server_holds_when_it_begins_is_there_or_is_an_error() {
    let full = quiet().commands([["SET", "a", "1"], ["LPUSH", "l", "x"]]);
    let full = full.command(["EVAL", "return redis.call('SET', 'script', 'ran')", "0"]);
    let server = full.start().unwrap();
    assert_eq!(server.db(0).keys(), ["a", "l", "script"].map(str::as_bytes));
    let failed = |builder: Builder| builder.start().err().unwrap().to_string();
    assert_eq!(failed(quiet().command(["GET"])), "ERR wrong number of arguments for 'get' command");
    assert_eq!(failed(quiet().command(["BLPOP", "nothing", "0"])), "ERR it would have to wait");
    assert_eq!(
        failed(quiet().load_rdb_bytes("no snapshot")),
        "Bad snapshot: at offset 0: Wrong signature trying to load DB from file"
    );
    assert!(failed(quiet().load_rdb("/nowhere/dump.rdb")).starts_with("/nowhere/dump.rdb: "));
    assert_eq!(
        failed(quiet().user("alice", &["nonsense"])),
        "Error loading ACL rule 'nonsense' for the user named 'alice': Syntax error"
    );
    assert_eq!(
        quiet().set("no-such-thing", "1").err().unwrap().to_string(),
        "Unknown option or number of arguments for CONFIG SET - 'no-such-thing'"
    );
}

#[test]
fn looking_leaves_no_trace() {
    let server = quiet().set("maxmemory-policy", "allkeys-lfu").unwrap().start().unwrap();
    let db = server.db(0);
    db.set("k", "v");
    db.hset("h", [("f", "v")]);
    let mut client = server.connect().unwrap();
    let frequency = client.call(["OBJECT", "FREQ", "k"]).unwrap();
    let mut hits = || {
        let info = client.call(["INFO", "stats"]).unwrap();
        let info = String::from_utf8(info.as_bytes().unwrap().to_vec()).unwrap();
        info.lines().filter(|line| line.starts_with("keyspace_")).collect::<String>()
    };
    let before = hits();
    for _ in 0..100 {
        db.get("k");
        db.get("missing");
        db.hgetall("h");
        db.dump("k");
    }
    assert_eq!(hits(), before);
    assert_eq!(client.call(["OBJECT", "FREQ", "k"]).unwrap(), frequency);
}

#[test]
fn looking_at_the_wrong_type_costs_the_test_and_not_the_server() {
    let server = quiet().start().unwrap();
    server.db(0).rpush("l", ["a"]);
    let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.db(0).get("l")));
    let text = looked.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(*text, "the key 'l' holds a list, not a string");
    let set = || server.db(0).sadd("l", ["a"]);
    let set = std::panic::catch_unwind(std::panic::AssertUnwindSafe(set));
    assert!(set.unwrap_err().downcast::<String>().unwrap().starts_with("WRONGTYPE "));
    assert_eq!(server.db(0).lrange("l", 0, -1), [b"a"]);
}

#[test]
fn ranges_are_those_of_lrange() {
    let server = quiet().start().unwrap();
    server.db(0).rpush("l", ["a", "b", "c"]);
    let mut client = server.connect().unwrap();
    for start in -5..5 {
        for stop in -5..5 {
            let reply =
                client.call(["LRANGE", "l", &start.to_string(), &stop.to_string()]).unwrap();
            let expected: Vec<&[u8]> = reply.items().iter().filter_map(Value::as_bytes).collect();
            assert_eq!(server.db(0).lrange("l", start, stop), expected, "{start} {stop}");
        }
    }
}

#[test]
fn all_data_goes_back_and_everybody_learns_of_it() {
    let server = quiet().start().unwrap();
    let db = server.db(0);
    db.set("k", "before");
    db.rpush("l", (0..1000).map(|number| number.to_string()));
    db.expire("k", Duration::from_secs(100));
    db.hset("h", [("f", "v")]);
    server.connect().unwrap().call(["HPEXPIRE", "h", "100000", "FIELDS", "1", "f"]).unwrap();
    let library = "#!lua name=lib\nredis.register_function('f', function() return 'one' end)";
    server.connect().unwrap().call(["FUNCTION", "LOAD", library]).unwrap();
    let dumped = ["k", "l", "h"].map(|key| db.dump(key));
    let saved = server.snapshot();

    let (mut watcher, mut tracker) = (server.connect().unwrap(), server.connect().unwrap());
    watcher.call(["WATCH", "k"]).unwrap();
    watcher.call(["MULTI"]).unwrap();
    watcher.call(["SET", "k", "lost"]).unwrap();
    tracker.call(["HELLO", "3"]).unwrap();
    tracker.call(["CLIENT", "TRACKING", "ON"]).unwrap();
    tracker.call(["GET", "k"]).unwrap();
    let mut client = server.connect().unwrap();
    client.call(["LPUSH", "l", "new"]).unwrap();
    client.call(["DEL", "k", "l", "h"]).unwrap();
    assert_eq!(tracker.receive().unwrap().items()[0], bulk("invalidate"));
    client.call(["SET", "other", "v"]).unwrap();
    client.call(["SELECT", "5"]).unwrap();
    client.call(["SET", "elsewhere", "v"]).unwrap();
    client.call(["FUNCTION", "FLUSH"]).unwrap();
    let mut waiter = server.connect().unwrap();
    waiter.send(["BLPOP", "l", "0"]).unwrap();
    std::thread::sleep(Duration::from_millis(20));

    server.restore(&saved).unwrap();
    assert_eq!(watcher.call(["EXEC"]).unwrap(), Value::Null);
    assert_eq!(tracker.receive().unwrap(), Value::Push(vec![bulk("invalidate"), Value::Null]));
    assert_eq!(waiter.receive().unwrap(), Value::Array(vec![bulk("l"), bulk("0")]));
    client.call(["SELECT", "0"]).unwrap();
    assert_eq!(client.call(["FCALL", "f", "0"]).unwrap(), bulk("one"));
    assert!(server.db(5).is_empty());
    assert!(db.ttl("k").unwrap() > Duration::from_secs(90));

    // What a test has changed since, the snapshot never sees, however often it is used.
    for _ in 0..3 {
        server.restore(&saved).unwrap();
        assert_eq!(db.keys(), [b"h", b"k", b"l"]);
        assert_eq!(["k", "l", "h"].map(|key| db.dump(key)), dumped);
        client.call(["LSET", "l", "500", "changed"]).unwrap();
        client.call(["HDEL", "h", "f"]).unwrap();
        client.call(["APPEND", "k", "more"]).unwrap();
    }
}

#[test]
fn what_can_not_be_told_is_refused() {
    let saved = quiet().start().unwrap().snapshot();
    let directory = tempfile::tempdir().unwrap();
    let logged = quiet().data_dir(directory.path()).set("appendonly", "yes").unwrap();
    assert_eq!(logged.start().unwrap().restore(&saved), Err(RestoreError::AppendOnly));
    let small = quiet().set("databases", "1").unwrap().start().unwrap();
    assert_eq!(small.restore(&saved), Err(RestoreError::Databases));
    let replica = quiet().command(["REPLICAOF", "127.0.0.1", "1"]).start().unwrap();
    assert_eq!(replica.restore(&saved), Err(RestoreError::Replicated));
}

/// How long it takes to keep and to set back so many keys, the shortest of a few times.
#[test]
fn going_back_takes_microseconds() {
    println!("{:>8} {:>12} {:>12}", "keys", "snapshot", "restore");
    for count in [10, 1_000, 100_000] {
        let server = quiet().start().unwrap();
        (0..count).for_each(|number| server.db(0).set(format!("key:{number}"), "a value"));
        let shortest = |work: &mut dyn FnMut()| {
            let times = (0..20).map(|_| {
                let begun = Instant::now();
                work();
                begun.elapsed()
            });
            times.min().unwrap()
        };
        let saved = server.snapshot();
        let keeping = shortest(&mut || drop(server.snapshot()));
        let going_back = shortest(&mut || server.restore(&saved).unwrap());
        println!("{count:>8} {keeping:>12.1?} {going_back:>12.1?}");
        assert_eq!(server.db(0).len(), count);
        let longest = Duration::from_micros(2000 + 20 * count as u64); // without optimisation, in company
        assert!(going_back < longest, "{going_back:?}");
    }
}

/// Who asks again and again, each time for long, and with nothing in between.
#[test]
fn a_loop_of_looks_keeps_nobody_out() {
    let server = quiet().start().unwrap();
    (0..20_000).for_each(|number| server.db(0).set(format!("key:{number}"), "v"));
    let mut client = OverPair::to(&server);
    let looks = std::thread::scope(|scope| {
        let asked = scope.spawn(move || (0..50).for_each(|_| assert!(client.check_connection())));
        let look = || server.db(0).len() == 20_000 && !asked.is_finished();
        std::iter::from_fn(|| look().then_some(())).count()
    });
    // Each PING waits for a look or two; those that are kept out, for a hundred.
    assert!(looks < 1000, "{looks} looks");
}
