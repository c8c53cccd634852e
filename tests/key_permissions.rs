//! Access control asks which keys a request is about, the command then touches some: are they the same?
//!
//! Requests with options in any order and number are carried out by a server where every word that may
//! stand in them, the options' names among them, is also a key. Which of them were read shows by their
//! LFU counters, which were written by their digests. Whatever was touched must be in what COMMAND
//! GETKEYSANDFLAGS tells, with flags that allow it: key permissions are decided by the same list.

use std::collections::BTreeMap;

use cacheflow::Server;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use redis::{Connection, RedisError, Value};

/// Names of keys, of groups and consumers: what an option is called, and others.
const WORDS: [&str; 12] =
    ["a", "b", "STORE", "STOREDIST", "STREAMS", "GROUP", "BY", "GET", "LIMIT", "COUNT", "ASC", "1"];

fn server() -> (Server, Connection) {
    let server = Server::builder().bind("127.0.0.1:0").configure(|config| {
        config.maxmemory_policy = cacheflow::config::EvictionPolicy::AllkeysLfu;
        config.lfu_log_factor = 0; // each use counts
        config.enable_debug_command = cacheflow::config::Allowed::Yes;
    });
    let server = server.start().unwrap();
    let client = redis::Client::open(format!("redis://{}", server.address())).unwrap();
    let connection = client.get_connection().unwrap();
    (server, connection)
}

fn call(client: &mut Connection, words: &[&str]) -> Result<Value, RedisError> {
    let mut command = redis::cmd(words[0]);
    words[1..].iter().for_each(|word| _ = command.arg(*word));
    command.query(client)
}

/// What shows that a key was used: its counter, and its digest.
fn traces(client: &mut Connection) -> BTreeMap<&'static str, (Value, Value)> {
    let mut pipeline = redis::pipe();
    for word in WORDS {
        pipeline.cmd("OBJECT").arg("FREQ").arg(word);
        pipeline.cmd("DEBUG").arg("DIGEST-VALUE").arg(word);
    }
    let replies: Vec<Value> = pipeline.query(client).unwrap();
    let pairs = replies.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
    WORDS.into_iter().zip(pairs).collect()
}

/// Carries a request out and compares. False: it was refused, and nothing can be told.
fn holds(client: &mut Connection, prepare: &[Vec<&str>], request: &[&str]) -> bool {
    call(client, &["FLUSHALL"]).unwrap();
    prepare.iter().for_each(|words| _ = call(client, words).unwrap());
    let told = call(client, &[&["COMMAND", "GETKEYSANDFLAGS"], request].concat());
    let before = traces(client);
    if call(client, request).is_err() {
        return false;
    }
    let after = traces(client);
    let told: Vec<(String, Vec<String>)> = redis::from_redis_value(&told.unwrap()).unwrap();
    let may = |word: &str, flags: &[&str]| {
        let of_key = told.iter().filter(|(key, _)| key == word).flat_map(|(_, flags)| flags);
        of_key.into_iter().any(|flag| flags.contains(&flag.as_str()))
    };
    for word in WORDS {
        let (used, changed) = (before[word].0 != after[word].0, before[word].1 != after[word].1);
        assert!(!changed || may(word, &["RW", "OW", "RM"]), "{request:?} writes {word}: {told:?}");
        let allowed = may(word, &["RO", "RW", "OW", "RM"]);
        assert!(!used || allowed, "{request:?} touches {word}: {told:?}");
    }
    true
}

/// A request of these beginnings and any number of options.
fn request(
    begin: impl Strategy<Value = Vec<&'static str>>,
    options: impl Strategy<Value = Vec<&'static str>>,
) -> impl Strategy<Value = Vec<&'static str>> {
    (begin, prop::collection::vec(options, 0..5)).prop_map(|(mut request, options)| {
        request.extend(options.concat());
        request
    })
}

fn word() -> impl Strategy<Value = &'static str> {
    select(&WORDS[..])
}

/// An option with a word behind it.
fn with_word(name: &'static str) -> impl Strategy<Value = Vec<&'static str>> {
    word().prop_map(move |word| vec![name, word])
}

/// An option as it stands here.
fn plain(words: &[&'static str]) -> impl Strategy<Value = Vec<&'static str>> + use<> {
    Just(words.to_vec())
}

fn radius() -> impl Strategy<Value = Vec<&'static str>> {
    let begin = word().prop_map(|key| vec!["GEORADIUS", key, "0", "0", "900", "km"]);
    let by_member = word().prop_map(|key| vec!["GEORADIUSBYMEMBER", key, "m", "900", "km"]);
    let options = prop_oneof![
        3 => with_word("STORE"),
        3 => with_word("STOREDIST"),
        1 => plain(&["COUNT", "1"]),
        1 => plain(&["ASC"]),
        1 => word().prop_map(|word| vec![word]),
    ];
    request(prop_oneof![begin, by_member], options)
}

fn sort() -> impl Strategy<Value = Vec<&'static str>> {
    let options = prop_oneof![
        4 => with_word("STORE"),
        2 => with_word("BY"),
        2 => with_word("GET"),
        1 => plain(&["LIMIT", "0", "5"]),
        1 => plain(&["ALPHA"]),
        1 => word().prop_map(|word| vec![word]),
    ];
    request(word().prop_map(|key| vec!["SORT", key]), options)
}

fn streams() -> impl Strategy<Value = Vec<&'static str>> {
    let options = prop_oneof![
        2 => (word(), word()).prop_map(|(group, consumer)| vec!["GROUP", group, consumer]),
        1 => plain(&["COUNT", "1"]),
        1 => plain(&["NOACK"]),
    ];
    let begin = select(&["XREAD", "XREADGROUP"][..]).prop_map(|name| vec![name]);
    let keys = prop::collection::vec(word(), 1..3);
    (request(begin, options), keys).prop_map(|(mut request, keys)| {
        let id = if request[0] == "XREAD" { "0" } else { ">" };
        request.push("STREAMS");
        request.extend(&keys);
        request.extend(keys.iter().map(|_| id));
        request
    })
}

fn counted() -> impl Strategy<Value = Vec<&'static str>> {
    let begin = prop_oneof![
        word().prop_map(|to| vec!["ZUNIONSTORE", to]),
        word().prop_map(|to| vec!["ZINTERSTORE", to]),
        word().prop_map(|to| vec!["ZDIFFSTORE", to]),
        plain(&["ZUNION"]),
        plain(&["ZINTERCARD"]),
        plain(&["ZMPOP"]),
        plain(&["BZMPOP", "1"]),
    ];
    // Mostly the right one.
    let numbers =
        prop_oneof![3 => Just(None), 1 => select(&["1", "2", "+1", "01"][..]).prop_map(Some)];
    let options = prop_oneof![plain(&["WEIGHTS", "1"]), plain(&["MIN"]), plain(&["LIMIT", "1"])];
    let keys = prop::collection::vec(word(), 1..4);
    (begin, numbers, keys, prop::collection::vec(options, 0..2)).prop_map(
        |(mut request, number, keys, options)| {
            request.push(number.unwrap_or(["1", "2", "3"][keys.len() - 1]));
            request.extend(keys);
            request.extend(options.concat());
            request
        },
    )
}

fn set() -> impl Strategy<Value = Vec<&'static str>> {
    let options = prop_oneof![
        plain(&["GET"]),
        plain(&["IFEQ", "old"]),
        with_word("IFNE"),
        plain(&["EX", "9"]),
        plain(&["XX"]),
        plain(&["KEEPTTL"]),
        word().prop_map(|word| vec![word]),
    ];
    let get = word().prop_map(|key| vec!["SET", key, "GET"]);
    let without = word().prop_map(|key| vec!["SET", key, "new"]);
    request(prop_oneof![get, without], options)
}

fn removing() -> impl Strategy<Value = Vec<&'static str>> {
    let conditions =
        prop_oneof![plain(&[]), plain(&["IFEQ", "old"]), with_word("IFNE"), with_word("IFEQ")];
    (word(), conditions).prop_map(|(key, condition)| [vec!["DELEX", key], condition].concat())
}

fn many() -> impl Strategy<Value = Vec<&'static str>> {
    let options = prop_oneof![plain(&["EX", "9"]), plain(&["XX"]), plain(&["KEEPTTL"])];
    let begin = (select(&["1", "2"][..]), word(), word(), word(), word())
        .prop_map(|(count, a, b, c, d)| vec!["MSETEX", count, a, b, c, d]);
    request(begin, options)
}

fn bits() -> impl Strategy<Value = Vec<&'static str>> {
    let options = prop_oneof![
        plain(&["GET", "u8", "0"]),
        plain(&["SET", "u8", "0", "7"]),
        plain(&["INCRBY", "u8", "0", "1"]),
        plain(&["OVERFLOW", "SAT"]),
    ];
    request(word().prop_map(|key| vec!["BITFIELD", key]), options)
}

/// Tries requests, and sees to it that enough of them could be carried out.
fn try_all(
    requests: impl Strategy<Value = Vec<&'static str>>,
    prepare: impl Fn(&str) -> Vec<Vec<&'static str>>,
) {
    let (_server, mut client) = server();
    let mut runner = proptest::test_runner::TestRunner::default();
    let (mut tried, mut carried_out) = (0, 0);
    for _ in 0..400 {
        let request = requests.new_tree(&mut runner).unwrap().current();
        let name = request[0];
        tried += 1;
        carried_out += usize::from(holds(&mut client, &prepare(name), &request));
    }
    println!("{carried_out} of {tried} carried out");
    assert!(carried_out * 10 > tried, "only {carried_out} of {tried} requests were right");
}

fn each(words: impl Fn(&'static str) -> Vec<&'static str>) -> Vec<Vec<&'static str>> {
    WORDS.into_iter().map(words).collect()
}

#[test]
fn a_radius_stores_only_where_it_says() {
    try_all(radius(), |_| each(|key| vec!["GEOADD", key, "0", "0", "m"]));
}

#[test]
fn sort_stores_only_where_it_says() {
    try_all(sort(), |_| each(|key| vec!["RPUSH", key, "2", "1"]));
}

#[test]
fn streams_are_read_by_who_may() {
    try_all(streams(), |name| {
        let mut prepare = each(|key| vec!["XADD", key, "1-1", "f", "v"]);
        if name == "XREADGROUP" {
            let groups = |group| WORDS.map(|key| vec!["XGROUP", "CREATE", key, group, "0"]);
            prepare.extend(WORDS.into_iter().flat_map(groups));
        }
        prepare
    });
}

#[test]
fn numbers_of_keys_are_read_once() {
    try_all(counted(), |_| each(|key| vec!["ZADD", key, "1", key, "2", "x"]));
}

#[test]
fn strings_are_written_by_who_may() {
    try_all(set(), |_| each(|key| vec!["SET", key, "old"]));
    try_all(bits(), |_| each(|key| vec!["SET", key, "old"]));
    try_all(removing(), |_| each(|key| vec!["SET", key, "old"]));
    try_all(many(), |_| each(|key| vec!["SET", key, "old"]));
}
