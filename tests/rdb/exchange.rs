//! Files and payloads that a real server and ours give each other.

use std::fs;
use std::path::Path;
use std::process::Command;

use cacheflow::persistence::load::LoadedData;
use cacheflow::rdb::EncodingLimits;
use cacheflow::store::{Value, packed};
use redis::{Connection, cmd};

use super::data::{populate, populate_later};
use super::servers::{Server, redis_8_binary};

type Bytes = Vec<u8>;

fn start_redis(dir: &Path, args: &[&str]) -> Server {
    let dir = dir.to_str().unwrap();
    Server::redis(&[&["--dir", dir, "--enable-debug-command", "yes"], args].concat()).unwrap()
}

fn start_redis_8(dir: &Path, args: &[&str]) -> Server {
    let dir = dir.to_str().unwrap();
    let args = [&["--dir", dir, "--enable-debug-command", "yes"], args].concat();
    Server::start("redis-8.2", redis_8_binary(), &args).unwrap()
}

fn start_ours(dir: &Path, args: &[&str]) -> Server {
    let dir = dir.to_str().unwrap();
    let args = [&["--dir", dir, "--enable-debug-command", "yes"], args].concat();
    Server::cacheflow(env!("CARGO_BIN_EXE_cacheflow"), &args).unwrap()
}

fn connect(server: &Server) -> Connection {
    let url = format!("redis://127.0.0.1:{}", server.port);
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

fn digest(server: &mut Connection) -> String {
    cmd("DEBUG").arg("DIGEST").query(server).unwrap()
}

fn digest_of(server: &mut Connection, key: &[u8]) -> Vec<String> {
    cmd("DEBUG").arg("DIGEST-VALUE").arg(key).query(server).unwrap()
}

fn ok(server: &mut Connection, parts: &[&[u8]]) {
    let mut command = cmd(std::str::from_utf8(parts[0]).unwrap());
    parts[1..].iter().for_each(|part| {
        command.arg(*part);
    });
    let reply: String = command.query(server).unwrap();
    assert_eq!(reply, "OK", "{}", parts[0].escape_ascii());
}

/// EncodingLimits at which other encodings are chosen.
const LIMITS: [&[&str]; 3] = [
    &[],
    &["--hash-max-listpack-entries", "3", "--zset-max-listpack-value", "3"],
    &["--set-max-intset-entries", "2", "--stream-node-max-entries", "7", "--rdbcompression", "no"],
];

#[test]
#[ignore = "needs redis-server"]
fn payloads_are_the_same_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    for limits in LIMITS {
        let (redis, ours) = (start_redis(dir.path(), limits), start_ours(dir.path(), limits));
        let (mut redis, mut ours) = (connect(&redis), connect(&ours));
        populate(&mut redis, false);
        let keys: Vec<Bytes> = cmd("KEYS").arg("*").query(&mut redis).unwrap();
        assert!(keys.len() > 350, "only {} keys", keys.len());
        for key in keys {
            let name = key.escape_ascii();
            let theirs: Bytes = cmd("DUMP").arg(&key).query(&mut redis).unwrap();
            ok(&mut ours, &[b"RESTORE", &key, b"0", &theirs]);
            let dumped: Bytes = cmd("DUMP").arg(&key).query(&mut ours).unwrap();
            // Hash tables have an order of their own; of these only the contents can be equal.
            if !matches!(theirs[0], 2 | 4) {
                assert!(
                    dumped == theirs,
                    "{name}:\n{}\n{}",
                    dumped.escape_ascii(),
                    theirs.escape_ascii()
                );
            }
            ok(&mut redis, &[b"RESTORE", b"copy", b"0", &dumped, b"REPLACE"]);
            assert_eq!(digest_of(&mut redis, b"copy"), digest_of(&mut ours, &key), "{name}");
            let expires: i64 = cmd("PTTL").arg(&key).query(&mut redis).unwrap();
            if expires < 0 {
                assert_eq!(digest_of(&mut redis, &key), digest_of(&mut ours, &key), "{name}");
            }
        }
    }
}

#[test]
#[ignore = "needs redis-server"]
fn files_go_there_and_back() {
    for limits in LIMITS {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("dump.rdb");
        let source = start_redis(dir.path(), limits);
        let mut redis = connect(&source);
        populate(&mut redis, false);
        ok(&mut redis, &[b"SELECT", b"3"]);
        populate(&mut redis, true);
        ok(&mut redis, &[b"SAVE"]);
        let expected = digest(&mut redis);
        drop(source);

        let there = start_ours(dir.path(), limits);
        let mut ours = connect(&there);
        assert_eq!(digest(&mut ours), expected);
        fs::remove_file(&file).unwrap();
        ok(&mut ours, &[b"SAVE"]);
        drop(there);

        let check = Command::new("redis-check-rdb").arg(&file).output().unwrap();
        let report = String::from_utf8_lossy(&check.stdout);
        assert!(check.status.success() && report.contains("RDB looks OK!"), "{report}");
        let back = start_redis(dir.path(), limits);
        assert_eq!(digest(&mut connect(&back)), expected);
        drop(back);
        // What it loads, it must also be able to load with the strictest checks.
        let strict = start_redis(dir.path(), &["--sanitize-dump-payload", "yes"]);
        assert_eq!(digest(&mut connect(&strict)), expected);
    }
}

#[test]
#[ignore = "needs redis-server"]
fn usage_survives_where_it_decides_over_eviction() {
    let dir = tempfile::tempdir().unwrap();
    for (policy, ask, sets) in
        [("allkeys-lfu", "FREQ", ["FREQ", "77"]), ("allkeys-lru", "IDLETIME", ["IDLETIME", "5000"])]
    {
        let arguments = ["--maxmemory-policy", policy];
        let source = start_redis(dir.path(), &arguments);
        let mut redis = connect(&source);
        ok(&mut redis, &[b"FLUSHALL"]);
        ok(&mut redis, &[b"SET", b"k", b"v"]);
        let payload: Bytes = cmd("DUMP").arg("k").query(&mut redis).unwrap();
        let [option, value] = sets.map(str::as_bytes);
        ok(&mut redis, &[b"RESTORE", b"k", b"0", &payload, b"REPLACE", option, value]);
        let expected: i64 = cmd("OBJECT").arg(ask).arg("k").query(&mut redis).unwrap();
        ok(&mut redis, &[b"SAVE"]);
        drop(source);
        let there = start_ours(dir.path(), &arguments);
        let mut ours = connect(&there);
        let loaded: i64 = cmd("OBJECT").arg(ask).arg("k").query(&mut ours).unwrap();
        assert!((expected..=expected + 3).contains(&loaded), "{ask} {expected}, then {loaded}");
        ok(&mut ours, &[b"SAVE"]);
        drop(there);
        let back = start_redis(dir.path(), &arguments);
        let loaded: i64 = cmd("OBJECT").arg(ask).arg("k").query(&mut connect(&back)).unwrap();
        assert!((expected..=expected + 6).contains(&loaded), "{ask} {expected}, then {loaded}");
    }
}

/// A file on its way through several servers. Digests of 8.2 are others than those of 7.0 (it writes
/// scores with fewer digits), so each is compared with those of its own kind, and files in between by us.
#[test]
#[ignore = "needs redis-server 8.2"]
fn files_of_redis_8_go_there_and_back() {
    for limits in LIMITS {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("dump.rdb");
        let kept = || {
            let data = super::load(&fs::read(&file).unwrap()).unwrap();
            (super::digest(&data), times(&data))
        };
        let source = start_redis_8(dir.path(), limits);
        let mut redis = connect(&source);
        populate(&mut redis, false);
        ok(&mut redis, &[b"SELECT", b"3"]);
        populate(&mut redis, true);
        populate_later(&mut redis);
        ok(&mut redis, &[b"SAVE"]);
        let (expected, theirs) = (digest(&mut redis), kept());
        assert_eq!(theirs.1.len(), 5, "fields that expire");
        drop(source);

        let there = start_ours(dir.path(), limits);
        let mut ours = connect(&there);
        assert_eq!(digest(&mut ours), theirs.0);
        fs::remove_file(&file).unwrap();
        ok(&mut ours, &[b"SAVE"]);
        assert!(fs::read(&file).unwrap().starts_with(b"REDIS0012"));
        assert_eq!(kept(), theirs);
        drop(there);

        let back = start_redis_8(dir.path(), limits);
        let mut redis = connect(&back);
        assert_eq!(digest(&mut redis), expected);
        // Once nothing expires any more, 7.0 can have it, too, by way of us.
        ok(&mut redis, &[b"SELECT", b"3"]);
        for key in ["expiring", "expiring:long", "expiring:none left"] {
            let _: i64 = cmd("DEL").arg(key).query(&mut redis).unwrap();
        }
        ok(&mut redis, &[b"SAVE"]);
        let theirs = kept();
        drop(back);
        let there = start_ours(dir.path(), limits);
        ok(&mut connect(&there), &[b"SAVE"]);
        drop(there);
        let old = start_redis(dir.path(), &["--sanitize-dump-payload", "yes"]);
        assert_eq!((digest(&mut connect(&old)), Vec::new()), theirs);
    }
}

/// Which fields expire, and when.
fn times(data: &LoadedData) -> Vec<(Bytes, Bytes, i64)> {
    let entries = data.databases.iter().flat_map(|keyspace| keyspace.iter());
    let mut times = Vec::new();
    for entry in entries {
        let Value::Hash(hash) = &entry.value else { continue };
        for (field, _, at) in hash.iter_with_expiry() {
            times.extend(at.map(|at| (entry.key.to_vec(), field.to_vec(), at)));
        }
    }
    times.sort();
    times
}

#[test]
#[ignore = "needs redis-server 8.2"]
fn payloads_of_redis_8_are_taken_and_ours_by_it() {
    let dir = tempfile::tempdir().unwrap();
    for limits in LIMITS {
        let (redis, ours) = (start_redis_8(dir.path(), limits), start_ours(dir.path(), limits));
        let (mut redis, mut ours) = (connect(&redis), connect(&ours));
        populate(&mut redis, false);
        populate_later(&mut redis);
        let keys: Vec<Bytes> = cmd("KEYS").arg("*").query(&mut redis).unwrap();
        for key in keys {
            let name = key.escape_ascii();
            let theirs: Bytes = cmd("DUMP").arg(&key).query(&mut redis).unwrap();
            ok(&mut ours, &[b"RESTORE", &key, b"0", &theirs]);
            let dumped: Bytes = cmd("DUMP").arg(&key).query(&mut ours).unwrap();
            ok(&mut redis, &[b"RESTORE", b"copy", b"0", &dumped, b"REPLACE"]);
            let expires: i64 = cmd("PTTL").arg(&key).query(&mut redis).unwrap();
            if expires < 0 {
                assert_eq!(digest_of(&mut redis, b"copy"), digest_of(&mut redis, &key), "{name}");
            }
        }
    }
}

/// No small forms, and no compression.
const TABLES_ONLY: [&str; 8] = [
    "--hash-max-listpack-entries",
    "0",
    "--zset-max-listpack-entries",
    "0",
    "--set-max-intset-entries",
    "0",
    "--rdbcompression",
    "no",
];

/// Writes the corpus: `CACHEFLOW_WRITE_CORPUS=1 cargo test --test rdb -- --ignored corpus`.
#[test]
#[ignore = "needs redis-server"]
fn a_fresh_corpus_equals_the_one_checked_in() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rdb");
    let none = packed::PackedLimits { entries: 0, value: 0 };
    let tables = EncodingLimits { hash: none, zset: none, intset: 0 };
    for (name, is_later, arguments, limits) in [
        ("redis-7.0-small.rdb", false, &[][..], EncodingLimits::default()),
        ("redis-7.0-tables.rdb", false, &TABLES_ONLY, tables),
        ("redis-8.2-small.rdb", true, &[], EncodingLimits::default()),
        ("redis-8.2-tables.rdb", true, &TABLES_ONLY, tables),
    ] {
        let start = if is_later { start_redis_8 } else { start_redis };
        let source = start(dir.path(), arguments);
        let mut redis = connect(&source);
        populate(&mut redis, true);
        if is_later {
            populate_later(&mut redis);
        }
        cmd("FUNCTION")
            .arg("LOAD")
            .arg("#!lua name=lib\nredis.register_function('one', function() return 1 end)")
            .query::<String>(&mut redis)
            .unwrap();
        ok(&mut redis, &[b"SELECT", b"9"]);
        ok(&mut redis, &[b"SET", b"in another database", b"1"]);
        ok(&mut redis, &[b"SAVE"]);
        let fresh = fs::read(dir.path().join("dump.rdb")).unwrap();
        if std::env::var_os("CACHEFLOW_WRITE_CORPUS").is_some() {
            fs::write(corpus.join(name), &fresh).unwrap();
        }
        let kept = super::load_within(&fs::read(corpus.join(name)).unwrap(), limits).unwrap();
        // The times at which groups were read differ, but no digest looks at them.
        let fresh = super::load_within(&fresh, limits).unwrap();
        assert_eq!(super::digest(&kept), super::digest(&fresh), "{name}");
        assert_eq!(times(&kept), times(&fresh), "{name}");
        if !is_later {
            assert_eq!(super::digest(&kept), digest(&mut redis), "{name}");
        }
        drop(source);
        fs::remove_file(dir.path().join("dump.rdb")).unwrap();
    }
}
