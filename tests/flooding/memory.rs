//! Memory of clients: CLIENT LIST tells what each has, at once, and `maxmemory-clients` counts it.

use std::time::{Duration, Instant};

use super::{PATIENCE, Server, Value, ask, ends, eventually, named};
use crate::client::Client;

/// Bytes of CLIENT LIST that a client takes as a whole.
fn total(server: &Server, name: &str) -> i64 {
    server.number(name, "tot-mem")
}

#[test]
fn an_incomplete_request_is_seen_as_it_arrives() {
    let server = Server::start(&[]);
    let mut client = named(&server, "slow");
    let before = total(&server, "slow");
    client.send_raw(b"*2\r\n$1000000\r\n").unwrap();
    let mut sent = 0;
    for part in [100_000, 50_000, 1, 300_000] {
        client.send_raw(&vec![b'x'; part]).unwrap();
        sent += part as i64;
        eventually("all is seen", || server.number("slow", "qbuf") == sent);
        let more = total(&server, "slow") - before;
        assert!(more >= sent - 30_000, "{more} of {sent}");
    }
}

#[test]
fn arguments_of_an_incomplete_request_are_told_apart() {
    let server = Server::start(&[]);
    let mut client = named(&server, "slow");
    let large = "x".repeat(100_000);
    client
        .send_raw(format!("*3\r\n$3\r\nSET\r\n$100000\r\n{large}\r\n$10\r\nabc").as_bytes())
        .unwrap();
    eventually("it has arrived", || server.number("slow", "qbuf") == 3);
    let arguments = server.number("slow", "argv-mem");
    assert!((100_003..100_100).contains(&arguments), "{arguments}");
    client.send_raw(b"1234567\r\n").unwrap();
    assert!(matches!(client.read(PATIENCE).unwrap(), crate::client::Output::Value(_)));
    eventually("it is forgotten", || server.number("slow", "argv-mem") == 0);
    assert_eq!(server.number("slow", "qbuf"), 0);
    // Who asks sees what is being executed.
    let info = super::text(&ask(&mut client, "CLIENT INFO"));
    assert!(info.contains(" argv-mem=10 ") && info.contains(" qbuf=26 "), "{info}");
}

/// What the buffers that connections lend each other take, and whatever else there is once only.
const ONCE: i64 = 8_000_000;
/// What a connection may keep for itself that has sent much.
const EACH: i64 = 100_000;

#[test]
fn who_has_sent_a_large_value_and_waits_holds_little() {
    let server = Server::start(&[]);
    let value = "x".repeat(1_000_000);
    let before = server.info("used_memory");
    let mut clients: Vec<Client> =
        (0..100).map(|number| named(&server, &number.to_string())).collect();
    for _ in 0..2 {
        for client in &mut clients {
            ask(client, &format!("SET key {value}"));
            ask(client, &format!("MSET key {value} other x"));
        }
    }
    let idle = |number: i64| total(&server, &number.to_string()) < EACH;
    eventually("all wait", || (0..100).step_by(10).all(idle));
    let kept = server.info("used_memory") - before;
    assert!(server.is_redis() || kept < ONCE + 100 * EACH, "{kept}");
}

#[test]
fn a_length_that_was_only_announced_takes_no_memory() {
    let server = Server::start(&[]);
    let begun = "x".repeat(20_000);
    for announced in [100_000, 1_000_000, 500_000_000] {
        let before = server.info("used_memory");
        let mut liars: Vec<Client> = (0..300).map(|_| server.connect()).collect();
        for liar in &mut liars {
            let request = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${announced}\r\n{begun}");
            liar.send_raw(request.as_bytes()).unwrap();
        }
        eventually("all has arrived", || {
            let list = super::text(&server.ask("CLIENT LIST"));
            list.lines().filter(|line| line.contains(" qbuf=20000 ")).count() == liars.len()
        });
        let taken = server.info("used_memory") - before;
        assert!(server.is_redis() || taken < ONCE + 300 * EACH, "{announced}: {taken}");
    }
}

/// A connection that asks for something many times, and how much each of these took.
fn each(server: &Server, what: &str, command: impl Fn(usize) -> String) -> i64 {
    const TIMES: usize = 1000;
    let mut client = named(server, what);
    let before = total(server, what);
    for number in 0..TIMES {
        ask(&mut client, &command(number));
    }
    (total(server, what) - before) / TIMES as i64
}

#[test]
fn what_a_client_has_asked_to_be_told_of_is_counted() {
    let server = Server::start(&[]);
    let long = "x".repeat(100);
    let kinds: [(&str, &dyn Fn(usize) -> String); 5] = [
        ("WATCH", &|number| format!("WATCH key:{number}")),
        ("SUBSCRIBE", &|number| format!("SUBSCRIBE channel:{number}")),
        ("PSUBSCRIBE", &|number| format!("PSUBSCRIBE channel:{number}*")),
        ("SSUBSCRIBE", &|number| format!("SSUBSCRIBE channel:{number}")),
        ("prefixes", &|number| format!("CLIENT TRACKING on BCAST PREFIX {number:09}")),
    ];
    for (what, command) in kinds {
        let each = each(&server, what, command);
        assert!((16..400).contains(&each), "{what}: {each}");
    }
    // In Redis names are shared with the index, and so their length isn't the client's.
    if !server.is_redis() {
        let longer = each(&server, "longer", |number| format!("SUBSCRIBE {long}:{number}"));
        assert!(longer > 200, "{longer}");
    }
}

#[test]
fn what_is_queued_and_what_is_waited_for_is_counted() {
    let server = Server::start(&[]);
    let mut client = named(&server, "queueing");
    let before = total(&server, "queueing");
    ask(&mut client, "MULTI");
    for _ in 0..10 {
        ask(&mut client, &format!("SET key {}", "x".repeat(10_000)));
    }
    let (multi, all) = (server.number("queueing", "multi-mem"), total(&server, "queueing"));
    assert!(multi > 100_000 && all - before > multi, "{multi} {all} {before}");
    assert!(matches!(ask(&mut client, "DISCARD"), Value::Status(_)));
    assert_eq!(server.number("queueing", "multi-mem"), 0);
    let mut client = named(&server, "waiting");
    client.send(&["BLPOP", &"x".repeat(100_000), "0"]).unwrap();
    eventually("it waits", || server.field("waiting", "flags").as_deref() == Some("b"));
    assert!(total(&server, "waiting") > 100_000);
}

#[test]
fn a_reply_that_is_not_taken_is_seen() {
    let server = Server::start(&[]);
    server.ask(&format!("SET key {}", "x".repeat(20_000_000)));
    let mut client = named(&server, "silent");
    client.send(&["GET", "key"]).unwrap();
    // The sockets take some of it.
    eventually("it waits", || server.number("silent", "omem") > 10_000_000);
    assert!(server.number("silent", "oll") > 0);
    assert!(total(&server, "silent") > 10_000_000);
    eventually("it is known", || server.info("client_recent_max_output_buffer") > 10_000_000);
    assert!(matches!(client.read(PATIENCE).unwrap(), crate::client::Output::Value(_)));
    eventually("all is taken", || server.number("silent", "omem") == 0);
}

#[test]
fn memory_of_many_arguments_is_given_back() {
    let server = Server::start(&[]);
    let mut client = named(&server, "greedy");
    let request = format!("*1000001\r\n$3\r\nDEL\r\n{}", "$1\r\nk\r\n".repeat(1_000_000));
    client.send_raw(request.as_bytes()).unwrap();
    assert!(matches!(client.read(PATIENCE).unwrap(), crate::client::Output::Value(_)));
    let before = server.info("used_memory");
    drop(client);
    eventually("it is gone", || server.field("greedy", "id").is_none());
    let kept = before - server.info("used_memory");
    assert!(kept < 300_000, "{kept}");
}

/// Sends something until the connection is ended, or for a number of times.
fn until_evicted(mut client: Client, command: impl Fn(usize) -> String) -> bool {
    (0..20_000).any(|number| {
        let command = command(number);
        let words: Vec<&str> = command.split(' ').collect();
        client.call(&words, PATIENCE).is_err()
    })
}

#[test]
fn whatever_a_client_has_much_of_evicts_it() {
    let server = Server::start(&["--maxmemory-clients", "300000"]);
    let mut admin = server.connect();
    ask(&mut admin, "CLIENT NO-EVICT on");
    let kinds: [&dyn Fn(usize) -> String; 5] = [
        &|number| format!("WATCH {number}"),
        &|number| format!("PSUBSCRIBE {number}"),
        &|number| format!("SUBSCRIBE {number}"),
        &|number| format!("SSUBSCRIBE {number}"),
        &|number| format!("CLIENT TRACKING on PREFIX a{number:09} PREFIX b{number:09} BCAST"),
    ];
    for (evicted, command) in kinds.into_iter().enumerate() {
        assert!(until_evicted(server.connect(), command), "{}", command(0));
        assert_eq!(server.info("evicted_clients"), evicted as i64 + 1);
    }
    // A transaction, and before that one which is not too large.
    let mut client = server.connect();
    let quarter = format!("SET key {}", "x".repeat(75_000));
    for command in ["MULTI", &quarter, "EXEC", "MULTI", &quarter] {
        assert!(!matches!(ask(&mut client, command), Value::Error(_)));
    }
    assert!(until_evicted(client, |_| quarter.clone()));
}

#[test]
fn a_request_that_is_too_large_is_not_executed() {
    let server = Server::start(&["--maxmemory-clients", "3000000"]);
    let mut client = named(&server, "large");
    assert!(matches!(
        ask(&mut client, &format!("SET k {}", "x".repeat(1_000_000))),
        Value::Status(_)
    ));
    client.send(&["SET", "k", &"y".repeat(3_000_000)]).unwrap_or(());
    assert!(ends(&mut client));
    assert_eq!(server.field("large", "id"), None);
    assert_eq!(server.ask("STRLEN k"), Value::Integer(1_000_000));
    // Nor need it be complete.
    let mut client = named(&server, "endless");
    let part = vec![b'x'; 500_000];
    let begun = Instant::now();
    let begin = client.send_raw(b"*2\r\n$400000000\r\n");
    assert!(begin.is_ok() && (0..100).any(|_| client.send_raw(&part).is_err()));
    assert!(begun.elapsed() < Duration::from_secs(10), "it learned of it late");
    assert_eq!(server.field("endless", "id"), None);
}

/// Connections that have sent so much of a request.
fn holding(server: &Server, name: &str, count: usize, bytes: usize) -> Vec<Client> {
    let one = |_| {
        let mut client = named(server, name);
        let request = format!("*2\r\n${}\r\n{}", bytes + 1, "x".repeat(bytes));
        let _ = client.send_raw(request.as_bytes()); // fails if that is too much
        client
    };
    (0..count).map(one).collect()
}

fn count(server: &Server, name: &str) -> usize {
    super::text(&server.ask("CLIENT LIST")).matches(&format!("name={name} ")).count()
}

#[test]
fn a_lower_limit_evicts_from_large_to_small_and_no_more_than_it_must() {
    let server = Server::start(&[]);
    let mut admin = named(&server, "admin");
    ask(&mut admin, "CLIENT NO-EVICT on");
    let sizes = [("small", 200_000), ("medium", 1_000_000), ("large", 4_000_000)];
    let mut held = Vec::new();
    for (name, size) in sizes {
        held.extend(holding(&server, name, 3, size));
        eventually("all is there", || {
            let list = super::text(&server.ask("CLIENT LIST"));
            let sizes = list.lines().filter(|line| line.contains(&format!("name={name} ")));
            sizes.filter(|line| line.contains(&format!(" qbuf={size} "))).count() == 3
        });
    }
    for (limit, left) in [(7_000_000, [3, 3, 0]), (1_500_000, [3, 0, 0]), (200_000, [0, 0, 0])] {
        ask(&mut admin, &format!("CONFIG SET maxmemory-clients {limit}"));
        assert_eq!(sizes.map(|(name, _)| count(&server, name)), left, "{limit}");
    }
}

#[test]
fn a_percentage_is_of_maxmemory() {
    let server = Server::start(&["--maxmemory", "100mb", "--maxmemory-clients", "3%"]);
    let _held = holding(&server, "half", 1, 1_000_000);
    eventually("half is there", || server.number("half", "qbuf") == 1_000_000);
    let _more = holding(&server, "rest", 1, 3_000_000);
    eventually("the larger one is gone", || server.field("rest", "id").is_none());
    assert_eq!(count(&server, "half"), 1);
    // A lower maxmemory lowers it, too.
    server.ask("CONFIG SET maxmemory 20mb");
    eventually("the other one is gone", || server.field("half", "id").is_none());
}

#[test]
fn messages_that_pile_up_count_for_who_does_not_read_them() {
    let server = Server::start(&["--maxmemory-clients", "10000000"]);
    let mut silent = named(&server, "silent");
    ask(&mut silent, "SUBSCRIBE channel");
    let mut publisher = server.connect();
    let message = format!("PUBLISH channel {}", "x".repeat(200_000));
    let mut published = 0;
    while server.field("silent", "id").is_some() {
        let omem = server.number("silent", "omem");
        assert!(omem < 11_000_000, "{omem}");
        ask(&mut publisher, &message);
        published += 1;
        assert!(published < 1000);
    }
    assert_eq!(server.info("evicted_clients"), 1);
}

#[test]
#[ignore = "takes 10 GB of memory"]
fn offsets_of_a_request_may_be_larger_than_32_bits() {
    let limits = ["--proto-max-bulk-len", "6gb", "--client-query-buffer-limit", "12gb"];
    let server = Server::start(&limits);
    server.ask("SET a x");
    let mut client = server.connect();
    let part = vec![b'x'; 1 << 20];
    let parts = (1usize << 32 >> 20) + 5;
    client.send_raw(format!("*3\r\n$6\r\nEXISTS\r\n${}\r\n", parts << 20).as_bytes()).unwrap();
    (0..parts).for_each(|_| client.send_raw(&part).unwrap());
    client.send_raw(b"\r\n$1\r\na\r\n").unwrap();
    let crate::client::Output::Value(reply) = client.read(10 * PATIENCE).unwrap() else { panic!() };
    assert_eq!(reply, Value::Integer(1));
    assert_eq!(ask(&mut client, "GET a"), Value::Bulk(b"x".to_vec()));
}
