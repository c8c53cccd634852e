//! Figures for Prometheus, read strictly: as its documentation of the text format has them.

use std::collections::{BTreeMap, BTreeSet};

use super::browser::{get, post};
use super::{Opened, call};
use base64ct::{Base64, Encoding};
use serde_json::json;

/// The labels of a figure, by name.
type Labels = BTreeMap<String, String>;

/// A metric: its type, and its figures with their own names.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    figures: Vec<(String, Labels, f64)>,
}

/// Reads the text format: HELP, then TYPE, then the figures of this metric, all of them together, none twice.
fn parse(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut current = String::new();
    let mut lines = text.lines().peekable();
    assert!(text.ends_with('\n'));
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect(line);
            assert!(is_name(name) && !help.trim().is_empty(), "{line}");
            let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE ")).expect(line);
            let (again, kind) = kind.split_once(' ').expect(line);
            assert_eq!(name, again);
            assert!(["gauge", "counter", "summary", "histogram"].contains(&kind), "{line}");
            current = name.to_owned();
            let family = Family { kind: kind.to_owned(), figures: Vec::new() };
            assert!(families.insert(current.clone(), family).is_none(), "{name} comes twice");
            assert!(
                lines.peek().is_some_and(|line| !line.starts_with('#')),
                "{name} has no figure"
            );
            continue;
        }
        let (name, labels, value) = figure(line);
        let family = families.get_mut(&current).expect(line);
        let part = name.strip_prefix(current.as_str()).expect(line);
        let parts: &[&str] = match family.kind.as_str() {
            "summary" => &["", "_sum", "_count"],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        assert!(parts.contains(&part), "{line}");
        assert!(family.kind != "counter" || value >= 0.0, "{line}");
        assert!(seen.insert((name.clone(), labels.clone())), "{line} comes twice");
        family.figures.push((name, labels, value));
    }
    families
}

fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// `name{label="value",...} number`
fn figure(line: &str) -> (String, Labels, f64) {
    let end = line.find(['{', ' ']).expect(line);
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = Labels::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect(line);
            assert!(is_name(label), "{line}");
            let mut value = String::new();
            let mut chars = after.char_indices();
            let end = loop {
                match chars.next().expect(line) {
                    (at, '"') => break at,
                    (_, '\\') => match chars.next().expect(line).1 {
                        'n' => value.push('\n'),
                        c @ ('\\' | '"') => value.push(c),
                        _ => panic!("{line}"),
                    },
                    (_, c) => value.push(c),
                }
            };
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = &after[end + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').expect(line);
    }
    let number = rest.strip_prefix(' ').expect(line);
    (name.to_owned(), labels, number.parse().expect(line))
}

fn scrape(opened: &Opened) -> BTreeMap<String, Family> {
    let answer = get(opened.window, "/metrics", &[]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    parse(&answer.body)
}

/// A figure with such labels.
fn value(families: &BTreeMap<String, Family>, name: &str, labels: &[(&str, &str)]) -> f64 {
    let family = name.strip_suffix("_count").filter(|short| families.contains_key(*short));
    let family = &families.get(family.unwrap_or(name)).unwrap_or_else(|| panic!("{name}"));
    let matches = |(own, found, _): &&(String, Labels, f64)| {
        own == name
            && labels.iter().all(|(label, value)| found.get(*label).is_some_and(|v| v == value))
    };
    family.figures.iter().find(matches).unwrap_or_else(|| panic!("{name} {labels:?}")).2
}

#[test]
fn figures_have_the_names_that_dashboards_know() {
    let opened = Opened::start(&["--appendonly", "yes"]);
    let port = opened.process.address.port().to_string();
    let replica = Opened::start(&["--replicaof", "127.0.0.1", &port]);
    let mut client = opened.connect();
    for command in ["SET a 1", "SET b 1 EX 100", "GET a", "GET none", "LPUSH a x", "SELECT 3"] {
        call(&mut client, command);
    }
    call(&mut client, "SET c 1");
    call(&mut client, "CONFIG SET slowlog-log-slower-than 0");
    call(&mut client, "CONFIG SET latency-monitor-threshold 1");
    call(&mut client, "DEBUG SLEEP 0.01");
    let families = scrape(&opened);
    let at = |name: &str, labels: &[(&str, &str)]| value(&families, name, labels);
    assert_eq!(at("redis_up", &[]), 1.0);
    assert_eq!(at("redis_db_keys", &[("db", "db0")]), 2.0);
    assert_eq!(at("redis_db_keys_expiring", &[("db", "db0")]), 1.0);
    assert!(at("redis_db_avg_ttl_seconds", &[("db", "db0")]) > 90.0);
    assert_eq!(at("redis_db_keys", &[("db", "db3")]), 1.0);
    assert_eq!(at("redis_keyspace_hits_total", &[]), 1.0);
    assert_eq!(at("redis_keyspace_misses_total", &[]), 1.0);
    assert_eq!(at("redis_commands_total", &[("cmd", "set")]), 3.0);
    assert_eq!(at("redis_commands_failed_calls_total", &[("cmd", "lpush")]), 1.0);
    assert!(at("redis_commands_duration_seconds_total", &[("cmd", "set")]) > 0.0);
    assert_eq!(at("redis_errors_total", &[("err", "WRONGTYPE")]), 1.0);
    let p50 = at("redis_latency_percentiles_usec", &[("cmd", "set"), ("quantile", "50")]);
    assert!(p50 > 0.0);
    assert_eq!(at("redis_latency_percentiles_usec_count", &[("cmd", "set")]), 3.0);
    assert_eq!(at("redis_commands_latencies_usec_count", &[("cmd", "set")]), 3.0);
    assert!(at("redis_slowlog_length", &[]) >= 1.0);
    assert!(at("redis_slowlog_last_id", &[]) >= 1.0);
    assert!(at("redis_latency_spike_duration_seconds", &[("event_name", "command")]) >= 0.01);
    assert_eq!(at("redis_aof_enabled", &[]), 1.0);
    assert_eq!(at("redis_aof_last_write_status", &[]), 1.0);
    assert!(at("redis_memory_used_bytes", &[]) > 100_000.0);
    assert_eq!(at("redis_config_maxclients", &[]), 10_000.0);
    assert_eq!(at("redis_instance_info", &[("role", "master"), ("tcp_port", &port)]), 1.0);
    assert!(at("redis_start_time_seconds", &[]) > 1.7e9);
    assert_eq!(families["redis_connected_clients"].kind, "gauge");
    assert_eq!(families["redis_commands_total"].kind, "counter");

    // Buckets are counted from the beginning, and the last is all.
    let histogram = &families["redis_commands_latencies_usec"];
    let mut last: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (name, labels, count) in &histogram.figures {
        if name.ends_with("_bucket") {
            let le: f64 = labels["le"].parse().unwrap();
            let before = last.insert(&labels["cmd"], (le, *count)).unwrap_or_default();
            assert!(before.0 < le && before.1 <= *count, "{labels:?}");
        } else if name.ends_with("_count") {
            assert_eq!(last[&*labels["cmd"]], (f64::INFINITY, *count), "{labels:?}");
        }
    }

    let until = std::time::Instant::now() + super::PATIENCE;
    loop {
        let [master, following] = [&opened, &replica].map(scrape);
        let has_offset = master.contains_key("redis_connected_slave_offset_bytes");
        if has_offset && value(&following, "redis_master_link_up", &[]) == 1.0 {
            let offset = value(&master, "redis_master_repl_offset", &[]);
            assert!(value(&master, "redis_connected_slave_offset_bytes", &[]) <= offset);
            assert_eq!(value(&master, "redis_connected_slaves", &[]), 1.0);
            assert_eq!(value(&following, "redis_slave_info", &[("master_port", &port)]), 1.0);
            break;
        }
        assert!(std::time::Instant::now() < until);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Whatever a client calls its errors or itself.
#[test]
fn labels_hold_any_text() {
    let opened = Opened::start(&[]);
    let mut client = opened.connect();
    let script = "return redis.error_reply('A\"B\\\\C x')";
    client.call(&["EVAL", script, "0"], super::PATIENCE).unwrap();
    let families = scrape(&opened);
    let found = &families["redis_errors_total"].figures;
    assert!(found.iter().any(|(_, labels, _)| labels["err"] == "A\"B\\C"), "{found:?}");
}

#[test]
fn figures_need_the_password_that_clients_need() {
    let opened = Opened::start(&["--requirepass", "secret"]);
    let ask = |login: &str| {
        let header = format!("Authorization: Basic {}", Base64::encode_string(login.as_bytes()));
        get(opened.window, "/metrics", &[&header])
    };
    let refused = get(opened.window, "/metrics", &[]);
    assert_eq!(refused.status, 401);
    assert!(refused.header("WWW-Authenticate").unwrap().starts_with("Basic realm="));
    assert_eq!(ask("default:wrong").status, 401);
    assert_eq!(ask("nobody:secret").status, 401);
    let answer = ask("default:secret");
    assert_eq!(answer.status, 200);
    parse(&answer.body);

    let login = json!({"user": "default", "password": "secret"});
    let cookie = post(opened.window, "/api/login", &login, &[]).cookie().unwrap();
    let run = |line: &str| {
        let answer = post(opened.window, "/api/command", &json!({"line": line}), &[&cookie]);
        answer.json()["reply"].as_str().unwrap().to_owned()
    };
    run("ACL SETUSER prometheus on >p +info");
    run("ACL SETUSER nobody on >n +get ~*");
    run("ACL LOG RESET");
    let families = parse(&ask("prometheus:p").body);
    assert_eq!(value(&families, "redis_up", &[]), 1.0);
    assert!(!families.contains_key("redis_slowlog_length"));
    assert_eq!(run("ACL LOG"), "(empty array)", "what it may not ask for it wasn't asked for");
    let refused = ask("nobody:n");
    assert_eq!((refused.status, refused.error().starts_with("NOPERM ")), (403, true));
}
