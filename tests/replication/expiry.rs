//! Keys whose time is over, on replicas. The master says when a key goes; until it does, a replica keeps
//! it and shows it to nobody. A replica that clients write to has two more rules: for who writes, the
//! key is gone, and keys with a time to live that were written there are removed there.
//!
//! Replies and what is left are recorded from two redis-servers 7.0.15: `CACHEFLOW_BIN` runs these tests
//! on any.

use std::time::Duration;

use crate::servers::Server;
use crate::{cacheflow, call, call_on, connect, follow, info, text, wait_for_equal, wait_until};

/// How the keys are made on the master. They expire there too, but nobody looks.
const KEYS: &[(&str, &str)] = &[
    ("SET s 10", "s"),
    ("SET text hello", "text"),
    ("RPUSH list a b", "list"),
    ("SADD set a b", "set"),
    ("HSET hash f 1 g 2", "hash"),
    ("ZADD zset 1 a 2 b", "zset"),
    ("XADD stream 1-1 f v", "stream"),
    ("PFADD hll a b c", "hll"),
];

/// What a client does on the replica when the time of all these keys is over: the reply, the key that it
/// is about, and whether that is in the database afterwards (DEBUG OBJECT sees what is hidden).
const WRITES: &[(&str, &str, &str, bool)] = &[
    ("INCR s", "Integer(1)", "s", true),
    ("INCRBY s 5", "Integer(5)", "s", true),
    ("DECR s", "Integer(-1)", "s", true),
    ("INCRBYFLOAT s 1.5", "1.5", "s", true),
    ("APPEND text x", "Integer(1)", "text", true),
    ("SETRANGE text 1 x", "Integer(2)", "text", true),
    ("SETBIT text 1 1", "Integer(0)", "text", true),
    ("BITFIELD s INCRBY u8 0 1", "Array([Integer(1)])", "s", true),
    ("BITFIELD s GET u8 0", "Array([Integer(0)])", "s", true),
    ("SETNX s 1", "Integer(1)", "s", true),
    ("SET s 1 NX", "OK", "s", true),
    ("SET s 1 XX", "Nil", "s", false),
    ("SET s 1 KEEPTTL", "OK", "s", true),
    ("SET s 1 GET", "Nil", "s", true),
    ("GETSET s 1", "Nil", "s", true),
    ("GETDEL s", "Nil", "s", false),
    ("GETEX s PERSIST", "Nil", "s", true),
    ("GETEX s EX 100", "Nil", "s", true),
    ("MSETNX s 1 other 1", "Integer(1)", "s", true),
    ("PERSIST s", "Integer(0)", "s", false),
    ("EXPIRE s 100", "Integer(0)", "s", false),
    ("EXPIRE s -1", "Integer(0)", "s", false),
    ("PEXPIREAT s 1 GT", "Integer(0)", "s", false),
    ("RENAME s other", "ERR no such key", "s", false),
    ("RENAME other s", "ERR no such key", "s", true),
    ("RENAMENX s other", "ERR no such key", "s", false),
    ("COPY s other", "Integer(0)", "other", false),
    ("MOVE s 1", "Integer(0)", "s", false),
    ("DEL s", "Integer(1)", "s", false),
    ("UNLINK s", "Integer(1)", "s", false),
    ("TOUCH s", "Integer(0)", "s", true),
    ("LPUSH list x", "Integer(1)", "list", true),
    ("LPUSHX list x", "Integer(0)", "list", false),
    ("LPOP list", "Nil", "list", false),
    ("LSET list 0 x", "ERR no such key", "list", false),
    ("LREM list 0 a", "Integer(0)", "list", false),
    ("LTRIM list 0 0", "OK", "list", false),
    ("LINSERT list BEFORE a x", "Integer(0)", "list", false),
    ("RPOPLPUSH list other", "Nil", "list", false),
    ("SADD set a", "Integer(1)", "set", true),
    ("SREM set a", "Integer(0)", "set", false),
    ("SPOP set", "Nil", "set", false),
    ("SMOVE set other a", "Integer(0)", "set", false),
    ("SUNIONSTORE other set", "Integer(0)", "set", true),
    ("SINTERSTORE set set", "Integer(0)", "set", false),
    ("HINCRBY hash f 1", "Integer(1)", "hash", true),
    ("HSETNX hash f 1", "Integer(1)", "hash", true),
    ("HDEL hash f", "Integer(0)", "hash", false),
    ("ZADD zset XX 5 a", "Integer(0)", "zset", false),
    ("ZINCRBY zset 1 a", "1", "zset", true),
    ("ZREM zset a", "Integer(0)", "zset", false),
    ("ZPOPMIN zset", "Array([])", "zset", false),
    ("ZUNIONSTORE other 1 zset", "Integer(0)", "zset", true),
    ("ZRANGESTORE other zset 0 -1", "Integer(0)", "zset", true),
    ("XADD stream NOMKSTREAM * f v", "Nil", "stream", false),
    ("XADD stream 0-1 f v", "0-1", "stream", true),
    ("XDEL stream 1-1", "Integer(0)", "stream", false),
    ("XTRIM stream MAXLEN 0", "Integer(0)", "stream", false),
    (
        "XGROUP CREATE stream g $",
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
        "stream",
        false,
    ),
    ("PFADD hll a", "Integer(1)", "hll", true),
    ("PFCOUNT hll", "Integer(0)", "hll", true),
    ("PFMERGE hll", "OK", "hll", true),
    ("BITOP NOT s text", "Integer(0)", "text", true),
    ("BITOP AND s s", "Integer(0)", "s", false),
    ("SORT list STORE other", "Integer(0)", "list", true),
    ("GET s", "Nil", "s", true),
    ("EXISTS s", "Integer(0)", "s", true),
    ("TTL s", "Integer(-2)", "s", true),
    ("OBJECT ENCODING s", "Nil", "s", true),
    ("DUMP s", "Nil", "s", true),
    ("TYPE s", "none", "s", true),
    ("STRLEN text", "Integer(0)", "text", true),
    ("GEOSEARCHSTORE other zset FROMLONLAT 0 0 BYRADIUS 1 m", "Integer(0)", "zset", true),
];

/// Keys on the master, and thereby on the replica, whose time is over. Nobody has removed them.
fn expired_keys(master: u16, replica: u16) {
    for (create, name) in KEYS {
        call(master, &format!("DEL {name}"));
        call(master, create);
        call(master, &format!("PEXPIRE {name} 30"));
    }
    let offset = info(master, "master_repl_offset");
    wait_until("the keys", || info(replica, "slave_repl_offset") >= offset);
    std::thread::sleep(Duration::from_millis(40));
}

fn pair(of_replica: &[&str]) -> (Server, Server) {
    let (master, replica) = (cacheflow(&[]), cacheflow(of_replica));
    call(master.port, "DEBUG SET-ACTIVE-EXPIRE 0");
    follow(replica.port, master.port);
    wait_for_equal(&[master.port, replica.port]);
    (master, replica)
}

#[test]
fn for_who_writes_to_a_replica_a_key_whose_time_is_over_is_gone() {
    let (master, replica) = pair(&["--replica-read-only", "no"]);
    let mut client = connect(replica.port);
    let mut different = Vec::new();
    for (command, reply, key, remains) in WRITES {
        call(replica.port, "FLUSHALL");
        expired_keys(master.port, replica.port);
        let found = text(call_on(&mut client, command));
        let object = text(call_on(&mut client, &format!("DEBUG OBJECT {key}")));
        let is_there = object.starts_with("Value at");
        if (found.as_str(), is_there) != (*reply, *remains) {
            different.push(format!("    ({command:?}, {found:?}, {key:?}, {is_there}),"));
        }
    }
    assert!(different.is_empty(), "\n{}", different.join("\n"));
}

#[test]
fn what_clients_give_a_time_to_live_on_a_replica_is_removed_there() {
    let (master, replica) = pair(&["--replica-read-only", "no"]);
    let mut client = connect(replica.port);
    call(master.port, "SET of-master v PX 50");
    for command in [
        "SET own v PX 50",
        "SETEX later 100 v",
        "PEXPIRE later 50",
        "SET persisted v PX 50",
        "PERSIST persisted",
        "SET extended v PX 50",
        "EXPIRE extended 100",
        "SET renamed v PX 50",
        "RENAME renamed other",
        "SELECT 3",
        "SET own v PX 50",
        "EXPIRE own -1",
    ] {
        call_on(&mut client, command);
    }
    // Nobody asks for them.
    wait_until("they are removed", || {
        text(call(replica.port, "DBSIZE")) == "Integer(3)"
            && text(call_on(&mut client, "DBSIZE")) == "Integer(0)"
    });
    assert_eq!(info(replica.port, "expired_keys"), "4");
    let keys = text(call(replica.port, "SORT none"));
    assert_eq!(keys, "Array([])");
    for (key, there) in
        [("of-master", true), ("persisted", true), ("extended", true), ("own", false)]
    {
        let object = text(call(replica.port, &format!("DEBUG OBJECT {key}")));
        assert_eq!(object.starts_with("Value at"), there, "{key}: {object}");
    }
    assert_eq!(info(replica.port, "slave_expires_tracked_keys"), "1");
    assert_eq!(text(call(replica.port, "REPLICAOF NO ONE")), "OK");
    wait_until("a master removes the rest", || text(call(replica.port, "DBSIZE")) == "Integer(2)");
}

#[test]
fn a_replica_that_is_read_removes_nothing() {
    let (master, replica) = pair(&[]);
    expired_keys(master.port, replica.port);
    for command in
        ["GET s", "EXISTS s", "STRLEN text", "PFCOUNT hll", "TTL s", "DUMP s", "RANDOMKEY"]
    {
        call(replica.port, command);
    }
    assert_eq!(text(call(replica.port, "DBSIZE")), format!("Integer({})", KEYS.len()));
    assert_eq!(info(replica.port, "expired_keys"), "0");
    // What the master says is about keys as they were.
    call(master.port, "DEBUG SET-ACTIVE-EXPIRE 1");
    wait_until("the master says so", || text(call(replica.port, "DBSIZE")) == "Integer(0)");
}
