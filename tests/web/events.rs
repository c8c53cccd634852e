//! The state of the server, as it changes.

use serde_json::{Value, json};

use super::browser::{Listener, get, post};
use super::client::text;
use super::{Opened, call};

/// The names in what the contract shows (`src/server/web/mod.rs`) are those that come, each part for itself.
#[test]
fn every_part_has_what_the_contract_shows() {
    let opened = Opened::start(&["--appendonly", "yes"]);
    let replica = Opened::start(&["--replicaof", "127.0.0.1", &port(&opened)]);
    let mut client = opened.connect();
    call(&mut client, "CONFIG SET slowlog-log-slower-than 0");
    for command in ["SET a 1", "HSET h f v", "EXPIRE a 100", "GET a"] {
        call(&mut client, command);
    }
    let mut listener = Listener::open(opened.window, &[]);
    let state = listener.state(|state| {
        state["journal"]["replicas"].as_array().is_some_and(|replicas| !replicas.is_empty())
            && state["memory"]["types"]["hash"].is_object()
            && state["latency"].as_array().is_some_and(|latency| !latency.is_empty())
    });
    let following = Listener::open(replica.window, &[])
        .state(|state| state["journal"]["master"]["link"] == "up");
    assert_eq!(following["server"]["role"], "replica");

    let source = include_str!("../../src/server/web/mod.rs");
    let example = source.split("# `GET /api/events`").nth(1).unwrap().split("```").nth(1).unwrap();
    let example: String = example.trim_start_matches("json").replace("\n//!", "\n");
    let mut example: Value = serde_json::from_str(&example).unwrap();
    assert_eq!(names(&example["journal"]["master"]), names(&Value::Null));
    example["memory"]["types"] = json!(null);
    let mut seen = state.clone();
    seen["memory"]["types"] = json!(null);
    assert_eq!(names(&seen), names(&example), "{state}");
    assert_eq!(names(&following["journal"]["master"]), ["address", "lag_s", "link"]);
}

fn port(opened: &Opened) -> String {
    opened.process.address.port().to_string()
}

/// The names in a value, with those that lead there; of a list, those of the first.
fn names(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let inside = |name: &str, value: &Value, found: &mut Vec<String>| {
        found.extend(names(value).into_iter().map(|inner| format!("{name}.{inner}")));
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push(name.clone());
                inside(name, value, &mut found);
            }
        }
        Value::Array(items) => items.iter().take(1).for_each(|item| inside("0", item, &mut found)),
        _ => {}
    }
    found.sort();
    found
}

#[test]
fn the_keyspace_fills_and_expires() {
    let opened = Opened::start(&[]);
    let mut listener = Listener::open(opened.window, &[]);
    let (_, empty) = listener.next();
    assert_eq!(empty["keyspace"], json!([]));
    let mut client = opened.connect();
    call(&mut client, "DEBUG POPULATE 20000");
    let full = listener.state(|state| state["keyspace"][0]["keys"] == 20_000);
    let database = &full["keyspace"][0];
    let buckets = database["buckets"].as_array().unwrap();
    assert!(buckets.len() <= 1024 && !buckets.is_empty());
    let per_bucket = database["per_bucket"].as_u64().unwrap() as usize;
    assert_eq!(database["tables"].as_u64().unwrap() as usize, buckets.len() * per_bucket);
    let sum = |figure: usize| -> u64 {
        buckets.iter().map(|bucket| bucket[figure].as_u64().unwrap()).sum()
    };
    assert_eq!((sum(0), sum(2)), (20_000, 0));
    assert!(sum(1) >= 20_000);
    assert!(full["memory"]["used"].as_u64() > empty["memory"]["used"].as_u64());
    let strings = &full["memory"]["types"]["string"];
    assert_eq!(strings["keys"], 20_000);
    assert!(strings["bytes"].as_u64().unwrap() > 20_000 * 50, "{strings}");

    call(&mut client, "PEXPIRE key:1 300");
    call(&mut client, "SELECT 5");
    call(&mut client, "SET five 5");
    let two = listener.state(|state| state["keyspace"].as_array().unwrap().len() == 2);
    assert_eq!((&two["keyspace"][1]["db"], &two["keyspace"][1]["keys"]), (&json!(5), &json!(1)));
    let expired = listener.state(|state| state["server"]["expired"] == 1);
    assert_eq!(expired["keyspace"][0]["keys"], 19_999);
    call(&mut client, "FLUSHALL");
    let flushed = listener.state(|state| state["keyspace"] == json!([]));
    assert_eq!(flushed["memory"]["types"], json!({}));
}

#[test]
fn each_connection_is_seen_in_what_it_does() {
    let opened = Opened::start(&[]);
    let (mut waiting, mut asleep) = (opened.connect(), opened.connect());
    call(&mut asleep, "CLIENT SETNAME sleeper");
    call(&mut waiting, "CLIENT SETNAME waiter");
    waiting.send(&["BLPOP", "nothing", "0"]).unwrap();
    let cookie = post(opened.window, "/api/command", &json!({"line": "PING"}), &[]).cookie();
    let mut listener = Listener::open(opened.window, &[&cookie.unwrap()]);
    let find = |state: &Value, name: &str| {
        let shown = state["clients"]["shown"].as_array().unwrap().clone();
        shown.into_iter().find(|client| client["name"] == name).unwrap_or_default()
    };
    let state = listener.state(|state| {
        find(state, "waiter")["state"] == "blocked" && find(state, "sleeper")["state"] == "asleep"
    });
    assert_eq!((&state["clients"]["total"], &state["clients"]["blocked"]), (&json!(3), &json!(1)));
    assert_eq!(find(&state, "waiter")["command"], "blpop");
    assert_eq!(find(&state, "sleeper")["is_you"], false);
    assert_eq!(find(&state, "window")["is_you"], true);
    let local = asleep.local_address().unwrap().to_string();
    assert_eq!(find(&state, "sleeper")["address"], local.as_str());
}

/// Many more connections than are shown: those that were busy last are.
#[test]
fn a_crowd_is_counted_and_the_busy_are_shown() {
    let opened = Opened::start(&[]);
    let mut first = opened.connect();
    call(&mut first, "CLIENT SETNAME early");
    let _crowd: Vec<_> = (0..300).map(|_| opened.connect()).collect();
    let mut listener = Listener::open(opened.window, &[]);
    listener.state(|state| {
        opened.call("PING");
        state["clients"]["total"].as_u64().unwrap() >= 301
    });
    call(&mut first, "PING");
    let state = listener.state(|state| {
        let shown = state["clients"]["shown"].as_array().unwrap();
        shown.iter().any(|client| client["name"] == "early")
    });
    assert_eq!(state["clients"]["shown"].as_array().unwrap().len(), 128);
}

#[test]
fn latency_and_slow_log_and_journal_follow_what_is_done() {
    let opened = Opened::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let mut client = opened.connect();
    call(&mut client, "CONFIG SET slowlog-log-slower-than 0");
    for _ in 0..50 {
        call(&mut client, "SET a value");
    }
    let mut listener = Listener::open(opened.window, &[]);
    let state = listener.state(|state| state["latency"].as_array().is_some_and(|l| !l.is_empty()));
    let set = &state["latency"][0];
    assert_eq!((&set["command"], &set["calls"]), (&json!("set"), &json!(50)));
    let steps = set["histogram"].as_array().unwrap();
    let calls: u64 = steps.iter().map(|step| step[1].as_u64().unwrap()).sum();
    assert_eq!(calls, 50);
    assert!(steps.windows(2).all(|two| two[0][0].as_u64() < two[1][0].as_u64()), "{steps:?}");
    let at = |name: &str| set[name].as_f64().unwrap();
    assert!(at("p50") > 0.0 && at("p50") <= at("p99") && at("p99") <= at("p999"));
    let entry = &state["slowlog"]["entries"][0];
    assert_eq!(entry["args"], json!(["SET", "a", "value"]));
    assert_eq!(state["slowlog"]["threshold_us"], 0);
    let aof = &state["journal"]["aof"];
    assert_eq!((&aof["on"], &aof["appended"]), (&json!(true), &aof["synced"]));
    assert!(aof["size"].as_u64().unwrap() > 50 * 30, "{aof}");
    call(&mut client, "SET b value");
    let more = listener.state(|state| state["journal"]["aof"]["appended"] != aof["appended"]);
    assert!(more["at_ms"].as_i64() > state["at_ms"].as_i64());
}

/// What a look has cost is told with it.
#[test]
fn a_look_holds_the_lock_for_a_moment() {
    let opened = Opened::start(&[]);
    opened.call("DEBUG POPULATE 50000");
    let mut listener = Listener::open(opened.window, &[]);
    let looks = (0..8).map(|_| listener.next().1["look"]["held_us"].as_u64().unwrap());
    // This is not a release build, and other tests run beside it.
    assert!(looks.min().unwrap() < 20_000);
    let session = get(opened.window, "/api/session", &[]).json();
    assert_eq!(session["sees"], json!(["info", "clients", "slowlog"]));
    assert!(!text(opened.call("CLIENT LIST")).contains("window"), "a looker is no client");
}
