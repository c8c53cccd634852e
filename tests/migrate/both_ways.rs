//! Every type of value, to and from a real server; and its errors, word by word.

use crate::client::{Output, Value};
use crate::generator::Generator;
use crate::grammar::DEFAULT_FAMILIES;
use crate::seed::seed;
use crate::servers::Server;
use crate::{PATIENCE, cacheflow, call, call_on, connect, info, redis, redis_8, text};

/// Random commands that leave values of every type behind.
const COMMANDS: usize = 20_000;
/// Keys of one MIGRATE.
const BATCH: usize = 50;

fn fill(port: u16) {
    let mut client = connect(port);
    for command in Generator::new(seed(), DEFAULT_FAMILIES).commands(COMMANDS) {
        client.send(&command.argv).unwrap();
        let reply = client.read(PATIENCE).unwrap();
        assert!(matches!(reply, Output::Value(_)), "{reply:?}");
    }
    for db in (0..16).rev() {
        // The digest is of all databases, and they use some.
        call_on(&mut client, &format!("SELECT {db}"));
        if db > 0 {
            call_on(&mut client, "FLUSHDB");
        }
    }
    // What random commands hardly make: large values, each form of them, and a time to live.
    for command in [
        "SET int 12345",
        "SETRANGE big 100000 x",
        "SET dies v PX 100000000",
        "DEBUG POPULATE 3 filler 100000",
    ] {
        call_on(&mut client, command);
    }
    for (name, arity) in [("RPUSH", 1), ("SADD", 1), ("HSET", 2), ("ZADD", 2)] {
        let mut words = vec![name.to_owned(), format!("large:{name}")];
        for n in 0..3000 {
            words.push(n.to_string());
            words.extend((arity == 2).then(|| format!("{n}")));
        }
        client.call(&words, PATIENCE).unwrap();
    }
    for n in 0..500 {
        call_on(&mut client, &format!("XADD large:stream {n}-1 f {n}"));
    }
    call_on(&mut client, "XGROUP CREATE large:stream g 0");
    call_on(&mut client, "XREADGROUP GROUP g c COUNT 7 STREAMS large:stream >");
}

/// All keys of database 0.
fn keys(port: u16) -> Vec<Vec<u8>> {
    match connect(port).call(&["KEYS", "*"], PATIENCE).unwrap() {
        Value::Array(keys) => keys
            .into_iter()
            .map(|key| match key {
                Value::Bulk(key) => key,
                other => panic!("no key: {other:?}"),
            })
            .collect(),
        other => panic!("no keys: {other:?}"),
    }
}

fn move_all(source: &Server, target: &Server, options: &[&str]) {
    let port = target.port.to_string();
    let mut client = connect(source.port);
    for keys in keys(source.port).chunks(BATCH) {
        let words =
            [&["MIGRATE", "127.0.0.1", &port, "", "0", "10000"], options, &["KEYS"]].concat();
        let mut words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        words.extend(keys.iter().map(Vec::as_slice));
        let reply = text(client.call(&words, PATIENCE).unwrap());
        assert!(["OK", "NOKEY"].contains(&reply.as_str()), "{reply}");
    }
}

fn everything_arrives(source: &Server, target: &Server) {
    fill(source.port);
    call(source.port, "DEBUG SET-ACTIVE-EXPIRE 0");
    let types: std::collections::BTreeSet<String> = keys(source.port)
        .iter()
        .map(|key| text(connect(source.port).call(&[&b"TYPE"[..], key], PATIENCE).unwrap()))
        .collect();
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    assert_eq!(types, ["hash", "list", "set", "stream", "string", "zset"]);
    let (digest, size) = (call(source.port, "DEBUG DIGEST"), call(source.port, "DBSIZE"));
    move_all(source, target, &["COPY"]);
    assert_eq!(
        (call(target.port, "DEBUG DIGEST"), call(target.port, "DBSIZE")),
        (digest.clone(), size)
    );
    assert_eq!(call(source.port, "DEBUG DIGEST"), digest, "a copy leaves it here");
    let ttl: i64 = call(target.port, "PTTL dies").parse().unwrap();
    assert!((90_000_000..100_000_000).contains(&ttl), "{ttl}");
    move_all(source, target, &["REPLACE"]);
    assert_eq!(call(target.port, "DEBUG DIGEST"), digest);
    assert_eq!(call(source.port, "DBSIZE"), "0");
    assert_eq!(info(source.port, "migrate_cached_sockets"), "1");
}

#[test]
fn every_type_between_two_of_ours() {
    everything_arrives(&cacheflow(&[]), &cacheflow(&[]));
}

#[test]
#[ignore = "needs redis-server"]
fn every_type_to_redis() {
    everything_arrives(&cacheflow(&[]), &redis(&[]));
}

#[test]
#[ignore = "needs redis-server"]
fn every_type_from_redis() {
    everything_arrives(&redis(&[]), &cacheflow(&[]));
}

/// There and back, so that digests are of the same server: that of 8.2 writes scores with fewer digits.
#[test]
#[ignore = "needs redis-server 8.2"]
fn every_type_from_redis_8_and_back() {
    let (redis, ours) = (redis_8(), cacheflow(&[]));
    fill(redis.port);
    call(redis.port, "DEBUG SET-ACTIVE-EXPIRE 0");
    call(redis.port, "HPEXPIREAT large:HSET 4000000000000 FIELDS 2 1 2");
    call(redis.port, "HSETEX few PXAT 4000000000001 FIELDS 1 a b");
    let times = |port| {
        let of_large = call(port, "HPEXPIRETIME large:HSET FIELDS 3 1 2 3");
        (of_large, call(port, "HPEXPIRETIME few FIELDS 1 a"))
    };
    let (digest, expected) = (call(redis.port, "DEBUG DIGEST"), times(redis.port));
    move_all(&redis, &ours, &[]);
    assert_eq!((times(ours.port), &*call(redis.port, "DBSIZE")), (expected.clone(), "0"));
    // What a version can't say stays, and the reason is told.
    call(ours.port, "CONFIG SET rdb-version 10");
    let refused = call(ours.port, &format!("MIGRATE 127.0.0.1 {} few 0 1000", redis.port));
    assert!(
        refused.contains("fields of a hash expire, which RDB version 10 can't say"),
        "{refused}"
    );
    assert!(call(ours.port, "DUMP few").contains("RDB version 10 can't say (rdb-version)"));
    call(ours.port, "CONFIG SET rdb-version 0");
    move_all(&ours, &redis, &[]);
    assert_eq!((call(redis.port, "DEBUG DIGEST"), times(redis.port)), (digest, expected));
}

/// Requests for a source, and what it has to reply and to journal; `P` and `Q` are the ports of a target and of
/// one with a password, `N` one where nobody listens.
const TALK: &[&str] = &[
    "SET k v",
    "MIGRATE 127.0.0.1 P k 0 1000",
    "EXISTS k",
    "MIGRATE 127.0.0.1 P k 0 1000",
    "SET k w",
    "MIGRATE 127.0.0.1 P k 0 1000",
    "MIGRATE 127.0.0.1 P k 0 1000 COPY",
    "MIGRATE 127.0.0.1 P k 0 1000 COPY REPLACE",
    "GET k",
    "MIGRATE 127.0.0.1 P k 99 1000 REPLACE",
    "MIGRATE 127.0.0.1 P k -5 1000 REPLACE",
    "MIGRATE localhost P k 3 1000",
    "MSET a 1 b 2 k 3",
    "MIGRATE 127.0.0.1 P '' 0 1000 KEYS a k nosuch b",
    "MGET a b k",
    "MIGRATE 127.0.0.1 P '' 0 1000 REPLACE KEYS a k nosuch b",
    "MGET a b k",
    "MIGRATE 127.0.0.1 P '' 0 1000 KEYS a k nosuch b",
    "SET k v",
    "MIGRATE 127.0.0.1 Q k 0 1000",
    "MIGRATE 127.0.0.1 Q k 0 1000 AUTH wrong",
    "MIGRATE 127.0.0.1 Q k 0 1000 AUTH2 nobody pw",
    "MIGRATE 127.0.0.1 Q k 0 1000 AUTH2 default pw",
    "SET k v2",
    "MIGRATE 127.0.0.1 Q k 0 1000 AUTH pw REPLACE",
    "MIGRATE 127.0.0.1 P k 0 1000 AUTH pw",
    "SET k v",
    "MIGRATE 127.0.0.1 P k 0 1000 AUTH pw",
    "MIGRATE 127.0.0.1 N k 0 1000",
    "MIGRATE no.such.host.invalid 1 k 0 1000",
    "SET e v PX 100000",
    "MIGRATE 127.0.0.1 P e 0 1000",
    "MULTI",
    "MIGRATE 127.0.0.1 P k 0 1000 REPLACE",
    "MIGRATE 127.0.0.1 P k 0 1000 REPLACE",
    "SET k v",
    "MIGRATE 127.0.0.1 P k 5 1000",
    "EXEC",
    "DBSIZE",
    "INFO commandstats",
];

/// What a source says, and what its replica is told.
fn talk(source: &Server) -> Vec<String> {
    let (target, secret) = (redis(&[]), redis(&["--requirepass", "pw"]));
    let nobody = crate::servers::free_port().unwrap();
    let mut said = Vec::new();
    let mut client = connect(source.port);
    call_on(&mut client, "CONFIG SET notify-keyspace-events KEA");
    let mut listener = connect(source.port);
    call_on(&mut listener, "PSUBSCRIBE __keyevent@*");
    let mut replica = connect(source.port);
    replica.send_raw(b"SYNC\r\n").unwrap();
    for line in TALK {
        let words: Vec<String> = line
            .split(' ')
            .map(|word| match word {
                "P" => target.port.to_string(),
                "Q" => secret.port.to_string(),
                "N" => nobody.to_string(),
                word => word.to_owned(),
            })
            .collect();
        let reply = call_on(&mut client, &words.join(" "));
        let reply = match reply.lines().find(|line| line.starts_with("cmdstat_migrate")) {
            Some(stat) => stat.split(',').filter(|field| !field.contains("usec")).collect(),
            None => reply,
        };
        said.push(format!("{line}: {reply}"));
        // What was told because of it: this is the last of it.
        call(source.port, "PUBLISH __keyevent@end x");
        while let Output::Value(Value::Array(message)) = listener.read(PATIENCE).unwrap() {
            let message = text(Value::Array(message[2..].to_vec()));
            if message.contains("@end") {
                break;
            }
            said.push(format!("  {message}"));
        }
    }
    said.push(format!("there: {}", call(target.port, "MGET k a b e")));
    said.push(format!("behind the password: {}", call(secret.port, "AUTH pw")));
    said.extend(effects(&mut replica));
    said
}

/// The commands of a replication stream, without what it says by itself.
fn effects(replica: &mut crate::client::Client) -> Vec<String> {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(2);
    while std::time::Instant::now() < deadline {
        let _ = replica.fill(deadline);
    }
    let stream = String::from_utf8_lossy(replica.raw()).into_owned();
    let words: Vec<&str> = stream.lines().filter(|line| !line.starts_with(['$', '\0'])).collect();
    let dels = words.join(" ");
    dels.split('*').filter(|command| command.contains("DEL")).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs redis-server"]
fn both_say_the_same() {
    let ours = talk(&cacheflow(&["--repl-diskless-sync-delay", "0"]));
    let theirs = talk(&redis(&["--repl-diskless-sync-delay", "0"]));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len());
    assert!(theirs.iter().any(|line| line.contains("DEL")), "{theirs:#?}");
}
