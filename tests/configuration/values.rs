//! CONFIG SET takes back what CONFIG GET shows, for every parameter: tools save and restore them so.

use super::client::{Client, Value};
use super::server::{PATIENCE, start};

/// Names and values, as CONFIG GET shows them.
fn shown(client: &mut Client) -> Vec<(String, String)> {
    let Value::Array(words) = client.call(&["CONFIG", "GET", "*"], PATIENCE).unwrap() else {
        panic!("CONFIG GET replies pairs")
    };
    let text = |value: &Value| match value {
        Value::Bulk(text) => String::from_utf8(text.clone()).unwrap(),
        other => panic!("{other:?}"),
    };
    words.chunks_exact(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// Sets each to what it is. What only a start can set is refused for that reason.
fn set_all(client: &mut Client) {
    let mut settable = vec!["CONFIG".to_owned(), "SET".to_owned()];
    for (name, value) in shown(client) {
        match client.call(&["CONFIG", "SET", &name, &value], PATIENCE).unwrap() {
            Value::Status(_) => settable.extend([name, value]),
            Value::Error(text) => {
                let text = String::from_utf8(text).unwrap();
                assert!(text.ends_with("- can't set immutable config"), "{name} {value:?}: {text}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(settable.len() > 300, "{} words", settable.len());
    // All at once, too.
    assert_eq!(client.call(&settable, PATIENCE).unwrap(), Value::Status(b"OK".to_vec()));
}

#[test]
fn what_is_shown_can_be_set() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), &["--enable-protected-configs", "yes"]);
    let mut client = server.connect();
    set_all(&mut client);
    let before = shown(&mut client);
    for (name, value) in [
        ("bind", "127.0.0.1 -::1"),
        ("save", "900 1 300 10"),
        ("client-output-buffer-limit", "normal 1mb 2mb 3 replica 4mb 5mb 6 pubsub 7mb 8mb 9"),
        ("notify-keyspace-events", "KEAmn"),
        ("latency-tracking-info-percentiles", "50 99.95"),
        ("oom-score-adj-values", "1 2 3"),
        ("shutdown-on-sigterm", "save now"),
        ("maxmemory-clients", "5%"),
        ("masterauth", "a \"b\" \\ c"),
        ("proc-title-template", "{title} {port}"),
        ("maxmemory", "1gb"),
        ("slowlog-log-slower-than", "-1"),
    ] {
        let reply = client.call(&["CONFIG", "SET", name, value], PATIENCE).unwrap();
        assert_eq!(reply, Value::Status(b"OK".to_vec()), "{name}");
    }
    let changed = shown(&mut client);
    let differ = before.iter().zip(&changed).filter(|(one, other)| one != other).count();
    assert_eq!(differ, 14, "two have a name of Valkey's, too");
    set_all(&mut client);
    assert_eq!(shown(&mut client), changed);
    // And back, all at once.
    let back: Vec<String> = before
        .iter()
        .zip(&changed)
        .filter(|(one, other)| one != other)
        .flat_map(|((name, value), _)| [name.clone(), value.clone()])
        .collect();
    let words = [vec!["CONFIG".to_owned(), "SET".to_owned()], back].concat();
    assert_eq!(client.call(&words, PATIENCE).unwrap(), Value::Status(b"OK".to_vec()));
    assert_eq!(shown(&mut client), before);
}
