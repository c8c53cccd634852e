//! Targets that lie, close, trickle or say nothing: the keys stay, and the next MIGRATE starts afresh.

use std::time::{Duration, Instant};

use crate::generator::Random;
use crate::peer::{Listener, Peer};
use crate::seed::seed;
use crate::servers::Server;
use crate::{cacheflow, call, call_aside, call_on, connect, info};

const READING: &str = "IOERR error or timeout reading to target instance";
const WRITING: &str = "IOERR error or timeout writing to target instance";

/// Moves `k`, and a test plays the target.
fn against(server: &Server, timeout_ms: u64, play: impl FnOnce(Peer)) -> String {
    let listener = Listener::new();
    call(server.port, "SET k v");
    let command = format!("MIGRATE 127.0.0.1 {} k 0 {timeout_ms}", listener.port);
    let migrate = call_aside(server.port, &command);
    play(listener.accept());
    migrate.join().unwrap()
}

#[test]
fn only_ok_says_that_it_has_a_key() {
    let server = cacheflow(&[]);
    let long = "+".repeat(5000);
    let endless = "x".repeat(1 << 20);
    let lies = [
        ":1", "$2", "+", "+QUEUED", "*1", "", "garbage", "\0", "+O K", " +OK", "_", &long, &endless,
    ];
    for lie in lies {
        let reply = against(&server, 1000, |mut peer| {
            assert_eq!(peer.request(), ["SELECT", "0"]);
            peer.answer("+OK");
            assert_eq!(peer.begins(), "RESTORE k");
            peer.answer(lie);
            assert!(peer.request().is_empty(), "hangs up after {:.20}", lie);
        });
        assert_eq!(reply, READING, "{lie:.20}");
        assert_eq!(call(server.port, "GET k"), "v", "{lie:.20}");
    }
    assert_eq!(info(server.port, "migrate_cached_sockets"), "0");
}

#[test]
fn an_endless_line_takes_no_memory() {
    let server = cacheflow(&[]);
    let begun = Instant::now();
    let reply = against(&server, 10_000, |mut peer| {
        assert_eq!(peer.request(), ["SELECT", "0"]);
        for _ in 0..1000 {
            peer.say(&[b'+'; 100_000]);
        }
    });
    assert_eq!(reply, READING);
    assert!(begun.elapsed() < Duration::from_secs(9), "it isn't listened to to its end");
}

#[test]
fn a_refusal_is_told_in_its_words() {
    let server = cacheflow(&[]);
    let target = "ERR Target instance replied with error: ";
    for (asked, refusal) in [(0, "NOAUTH who are you"), (1, "-x\ty"), (1, "")] {
        let reply = against(&server, 1000, |mut peer| {
            for _ in 0..asked {
                peer.request();
                peer.answer("+OK");
            }
            peer.request();
            peer.answer(&format!("-{refusal}"));
        });
        assert_eq!(reply, format!("{target}{refusal}"));
        assert_eq!(call(server.port, "GET k"), "v");
    }
}

#[test]
fn who_is_not_let_in_is_told_why() {
    let server = cacheflow(&[]);
    let reply = against(&server, 1000, |mut peer| peer.answer("-DENIED you are a stranger"));
    assert_eq!(reply, "ERR Target instance replied with error: DENIED you are a stranger");
    let target = cacheflow(&["--maxclients", "1"]);
    let _only = connect(target.port);
    call(server.port, "SET k v");
    let reply = call(server.port, &format!("MIGRATE 127.0.0.1 {} k 0 1000", target.port));
    let full = "ERR Target instance replied with error: ERR max number of clients reached";
    assert_eq!(reply, full);
}

#[test]
fn no_key_is_sent_to_who_refuses_auth_or_select() {
    let server = cacheflow(&[]);
    let listener = Listener::new();
    call(server.port, "MSET a 1 b 2");
    let command = |options: &str| {
        format!("MIGRATE 127.0.0.1 {} '' 7 10000 {options} KEYS a b", listener.port)
    };
    let migrate = call_aside(server.port, &command("AUTH2 joe secret"));
    let mut peer = listener.accept();
    assert_eq!(peer.request(), ["AUTH", "joe", "secret"]);
    peer.answer("-WRONGPASS no");
    assert_eq!(migrate.join().unwrap(), "ERR Target instance replied with error: WRONGPASS no");
    // The connection is kept, and this is another user's.
    let migrate = call_aside(server.port, &command("AUTH secret"));
    let mut second = listener.accept();
    assert_eq!(second.request(), ["AUTH", "secret"]);
    second.answer("+OK");
    assert_eq!(second.request(), ["SELECT", "7"]);
    second.answer("-ERR DB index is out of range");
    let refused = "ERR Target instance replied with error: ERR DB index is out of range";
    assert_eq!(migrate.join().unwrap(), refused);
    assert_eq!(call(server.port, "EXISTS a b"), "2");
    assert_eq!(info(server.port, "migrate_cached_sockets"), "2");
}

#[test]
fn connections_are_used_again() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    let migrate = |key: &str, db: usize, auth: &str| {
        call(server.port, &format!("SET {key} v"));
        let target = format!("127.0.0.1 {}", listener.port);
        call_aside(server.port, &format!("MIGRATE {target} {key} {db} 10000{auth}"))
    };
    let mut peer: Option<Peer> = None;
    let steps: [(usize, &str, &[&str]); 5] = [
        (0, " AUTH pw", &["AUTH pw", "SELECT 0", "RESTORE k0"]),
        (0, " AUTH pw", &["AUTH pw", "RESTORE k1"]),
        (3, " AUTH pw", &["AUTH pw", "SELECT 3", "RESTORE k2"]),
        (3, " AUTH pw", &["AUTH pw", "RESTORE k3"]),
        (3, " AUTH pw", &["AUTH pw", "RESTORE k4"]),
    ];
    for (index, (db, auth, requests)) in steps.into_iter().enumerate() {
        let call = migrate(&format!("k{index}"), db, auth);
        let peer = peer.get_or_insert_with(|| listener.accept());
        for request in requests {
            assert_eq!(peer.begins(), *request);
            peer.answer("+OK");
        }
        assert_eq!(call.join().unwrap(), "OK");
        assert_eq!(info(server.port, "migrate_cached_sockets"), "1");
    }
    // Who doesn't know the password doesn't profit by a connection of somebody who does.
    let call = migrate("k", 3, "");
    assert_eq!(listener.accept().request(), ["SELECT", "3"]);
    assert_eq!(call.join().unwrap(), READING);
}

#[test]
fn a_connection_that_was_closed_meanwhile_is_replaced_once() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    let migrate = || {
        call(server.port, "SET k v");
        call_aside(server.port, &format!("MIGRATE 127.0.0.1 {} k 0 10000", listener.port))
    };
    let take = |peer: &mut Peer| {
        assert_eq!(peer.begins(), "RESTORE k");
        peer.answer("+OK");
    };
    let call = migrate();
    let mut peer = listener.accept_selected();
    take(&mut peer);
    assert_eq!(call.join().unwrap(), "OK");
    // Closed while it was idle.
    drop(peer);
    let call = migrate();
    let mut peer = listener.accept_selected();
    take(&mut peer);
    assert_eq!(call.join().unwrap(), "OK");
    // Closed when the next request came.
    let call = migrate();
    assert_eq!(peer.begins(), "RESTORE k");
    drop(peer);
    let mut peer = listener.accept_selected();
    take(&mut peer);
    assert_eq!(call.join().unwrap(), "OK");
    // And the new one, too: that is an error.
    let call = migrate();
    assert_eq!(peer.begins(), "RESTORE k");
    drop(peer);
    drop(listener.accept_selected());
    assert_eq!(call.join().unwrap(), READING);
    assert!(listener.is_left_alone());
}

#[test]
fn what_was_not_asked_for_is_no_answer() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    let migrate = |timeout_ms: usize| {
        call(server.port, "SET k v");
        call_aside(server.port, &format!("MIGRATE 127.0.0.1 {} k 0 {timeout_ms}", listener.port))
    };
    let call_1 = migrate(10_000);
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE k");
    peer.say(b"+OK\r\n+OK\r\n+OK\r\n");
    assert_eq!(call_1.join().unwrap(), "OK");
    let call_2 = migrate(10_000);
    let mut peer = listener.accept_selected(); // the one with answers left over is not used again
    assert_eq!(peer.begins(), "RESTORE k");
    peer.answer("+OK");
    assert_eq!(call_2.join().unwrap(), "OK");
    // Said while it was idle.
    peer.say(b"+OK\r\n");
    std::thread::sleep(Duration::from_millis(50));
    let call_3 = migrate(200);
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE k");
    // An answer that comes too late is no answer to the next question.
    assert_eq!(call_3.join().unwrap(), READING);
    peer.answer("+OK");
    let call_4 = migrate(200);
    let mut last = listener.accept_selected();
    assert_eq!(last.begins(), "RESTORE k");
    assert_eq!(call_4.join().unwrap(), READING);
    assert_eq!(call(server.port, "GET k"), "v");
    // And what comes before the question is not taken for what follows it.
    let call_5 = migrate(10_000);
    let mut peer = listener.accept();
    peer.say(b"+OK\r\n+OK\r\n");
    assert!(["OK", READING].contains(&call_5.join().unwrap().as_str()));
}

#[test]
fn silence_and_trickles_are_timed() {
    let server = cacheflow(&[]);
    let begun = Instant::now();
    assert_eq!(against(&server, 300, |peer| keep(peer, 600)), READING);
    assert!(begun.elapsed() < Duration::from_secs(5));
    // A line is one line, however many bytes of it come in time.
    let reply = against(&server, 300, |mut peer| {
        for _ in 0..20 {
            peer.say(b"+");
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    assert_eq!(reply, READING);
    // Who doesn't read has its time, too.
    let listener = Listener::new();
    call(server.port, "CONFIG SET rdbcompression no");
    call(server.port, "SETRANGE large 50000000 x");
    let command = format!("MIGRATE 127.0.0.1 {} large 0 300", listener.port);
    let migrate = call_aside(server.port, &command);
    let peer = listener.accept_selected();
    assert_eq!(migrate.join().unwrap(), WRITING);
    drop(peer);
    assert_eq!(call(server.port, "EXISTS k large"), "2");
}

#[test]
fn keys_that_were_answered_for_are_gone_and_the_others_stay() {
    let (server, listener) = (cacheflow(&["--appendonly", "yes"]), Listener::new());
    call(server.port, "MSET a 1 b 2 c 3 d 4");
    let command = format!("MIGRATE 127.0.0.1 {} '' 0 10000 KEYS a b c d", listener.port);
    let migrate = call_aside(server.port, &command);
    let mut peer = listener.accept_selected();
    for answer in ["+OK", "-BUSYKEY no", "+OK"] {
        assert!(peer.begins().starts_with("RESTORE"));
        peer.answer(answer);
    }
    drop(peer);
    assert_eq!(migrate.join().unwrap(), "ERR Target instance replied with error: BUSYKEY no");
    let left = |port| call(port, "MGET a b c d");
    assert_eq!(left(server.port), "Nil 2 Nil 4");
    let server = server.restart(&["--appendonly", "yes"]).unwrap();
    assert_eq!(left(server.port), "Nil 2 Nil 4");
}

#[test]
fn a_crowd_of_keys_needs_no_buffers() {
    // Nobody reads answers while keys are sent: they have to fit, or both sides wait.
    let (server, target) = (cacheflow(&[]), cacheflow(&[]));
    call(server.port, "DEBUG POPULATE 20000 key 3");
    let keys: Vec<String> = (0..20_000).map(|n| format!("key:{n}")).collect();
    let port = target.port.to_string();
    let mut command = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "10000", "KEYS"];
    command.extend(keys.iter().map(String::as_str));
    let mut client = connect(server.port);
    let reply = client.call(&command, crate::PATIENCE).unwrap();
    assert_eq!(crate::text(reply), "OK");
    assert_eq!(
        (call(server.port, "DBSIZE"), call(target.port, "DBSIZE")),
        ("0".into(), "20000".into())
    );
    // All are there already: as many refusals, each longer than an OK.
    call(server.port, "DEBUG POPULATE 20000 key 3");
    let refused = crate::text(client.call(&command, crate::PATIENCE).unwrap());
    assert!(refused.contains("BUSYKEY"), "{refused}");
    assert_eq!(call_on(&mut client, "DBSIZE"), "20000");
}

#[test]
fn a_key_goes_if_and_only_if_it_was_answered_for() {
    let (server, listener) = (cacheflow(&[]), Listener::new());
    let port = server.port;
    let command = format!("MIGRATE 127.0.0.1 {} k 0 100", listener.port);
    // Answers at random, and tells what it has said to RESTORE.
    let (say_tx, said_rx) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut random = Random::new(seed());
        loop {
            let mut peer = listener.accept();
            while let Some(name) = peer.request().first() {
                let answers = ["+OK", "+OK", "+OK", "+OK", "-ERR no", ":1", "+NO", "\u{1}", "$-1"];
                let answer = answers[random.below(answers.len())];
                if name == "RESTORE" {
                    let _ = say_tx.send(answer == "+OK");
                }
                match random.below(12) {
                    0 => break,
                    1 => peer.say(&answer.as_bytes()[..answer.len() - 1]),
                    2 => peer.say(format!("{answer}\r\n+OK\r\n").as_bytes()),
                    _ => peer.answer(answer),
                }
            }
        }
    });
    let mut replies = std::collections::BTreeMap::new();
    for _ in 0..400 {
        call(port, "SET k v");
        let reply = call(port, &command);
        let is_gone = call(port, "EXISTS k") == "0";
        assert_eq!(is_gone, reply == "OK", "{reply}");
        let says_yes = said_rx.try_iter().last().unwrap_or(false); // perhaps on a second connection
        assert!(says_yes || !is_gone, "{reply}: nobody has said that it is there");
        *replies.entry(reply).or_insert(0) += 1;
    }
    assert!(replies.len() >= 3, "{replies:?}");
    assert!(replies["OK"] > 50 && replies[READING] > 50, "{replies:?}");
}

/// Keeps a connection open for a while, and says nothing.
fn keep(peer: Peer, millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
    drop(peer);
}
