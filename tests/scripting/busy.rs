//! While a script takes long: what others are told, what they may do, and how it ends.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::{Server, THRESHOLD, answer, ask, wait_until, words};

const LOOP: &str = "while true do end";
const BUSY: &str =
    "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
const BUSY_FUNCTION: &str =
    "-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
const NOT_BUSY: &str = "-NOTBUSY No scripts in execution right now.";

/// The number that was promised. A machine that does something else in between may miss it once.
#[test]
fn fifty_clients_are_told_in_time_and_the_script_is_killed() {
    const CLIENTS: usize = 50;
    const IN_TIME: Duration = Duration::from_millis(200);
    let server = Server::start(&[]);
    let mut slowest = Duration::MAX;
    for _ in 0..5 {
        let mut caller = server.connect();
        let barrier = Barrier::new(CLIENTS + 1);
        let took: Vec<Duration> = std::thread::scope(|scope| {
            let waiting = |_| {
                scope.spawn(|| {
                    let mut client = server.connect();
                    assert_eq!(ask(&mut client, &["SET", "key", "value"]), "OK");
                    barrier.wait();
                    let begun = Instant::now();
                    while ask(&mut client, &["GET", "key"]) != BUSY {}
                    begun.elapsed()
                })
            };
            let clients: Vec<_> = (0..CLIENTS).map(waiting).collect();
            barrier.wait();
            caller.send(&["EVAL", LOOP, "0"]).unwrap();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let earliest = THRESHOLD.mul_f64(0.9); // their clocks start a bit later than the script's
        assert!(took.iter().all(|took| *took >= earliest), "too early: {took:?}");
        assert_eq!(server.ask("SCRIPT KILL"), "OK");
        assert!(answer(&mut caller).starts_with("-ERR Script killed by user with SCRIPT KILL..."));
        assert_eq!(server.ask("GET key"), "value");
        slowest = slowest.min(took.into_iter().max().unwrap());
        println!("the last of {CLIENTS} was told after {slowest:?}");
        if slowest < THRESHOLD + IN_TIME {
            return;
        }
    }
    panic!("the last of {CLIENTS} was told after {slowest:?}");
}

/// What each command is answered while something loops. `BUSY` stands for the error.
const ALLOWED: &[(&str, &str)] = &[
    ("PING", "BUSY"),
    ("GET x", "BUSY"),
    ("GET", "-ERR wrong number of arguments for 'get' command"),
    ("NOSUCH", "-ERR unknown command 'NOSUCH', with args beginning with: "),
    ("EVAL 1 0", "BUSY"),
    ("FCALL f 0", "BUSY"),
    ("SCRIPT EXISTS x", "BUSY"),
    ("SCRIPT FLUSH", "BUSY"),
    ("FUNCTION LIST", "BUSY"),
    ("AUTH default x", "OK"),
    ("MULTI", "OK"),
    ("SET a b", "BUSY"),
    ("EXEC", "-EXECABORT Transaction discarded because of: BUSY"),
    ("MULTI", "OK"),
    ("DISCARD", "OK"),
    ("WATCH a", "OK"),
    ("UNWATCH", "OK"),
    ("RESET", "RESET"),
    ("CLIENT ID", "BUSY"),
    ("INFO", "BUSY"),
    ("CONFIG GET maxmemory", "BUSY"),
    ("REPLCONF listening-port 1", "OK"),
    ("PSYNC ? -1", "BUSY"),
    ("SUBSCRIBE x", "BUSY"),
    ("PUBLISH x y", "BUSY"),
    ("COMMAND COUNT", "BUSY"),
    ("SELECT 1", "BUSY"),
    ("ACL WHOAMI", "BUSY"),
    ("WAIT 0 0", "BUSY"),
    ("SHUTDOWN", "BUSY"),
    ("SHUTDOWN SAVE", "BUSY"),
    ("SHUTDOWN ABORT", "-ERR No shutdown in progress."),
    ("SHUTDOWN NOSAVE SAVE", "-ERR syntax error"),
    ("QUIT", "OK"),
];

#[test]
fn little_is_allowed_beside_a_script() {
    let server = Server::start(&[]);
    let mut subscriber = server.connect();
    ask(&mut subscriber, &["SUBSCRIBE", "channel"]);
    let mut queued = server.connect();
    ask(&mut queued, &["MULTI"]);
    ask(&mut queued, &["SET", "key", "value"]);
    let mut caller = server.begin(LOOP);
    look_around(&server, BUSY);
    assert_eq!(ask(&mut subscriber, &["PING"]), BUSY);
    let aborted = format!("-EXECABORT Transaction discarded because of: {}", &BUSY[1..]);
    assert_eq!(ask(&mut queued, &["EXEC"]), aborted);
    assert_eq!(server.ask("FUNCTION STATS"), BUSY);
    assert_eq!(server.ask("FUNCTION KILL"), BUSY);
    assert_eq!(server.ask("SCRIPT KILL"), "OK");
    let killed = "-ERR Script killed by user with SCRIPT KILL... script: \
                  694a5fe1ddb97a4c6a1bf299d9537c7d3d0f84e7, on @user_script:1.";
    assert_eq!(answer(&mut caller), killed);
    assert_eq!(server.ask("PING"), "PONG");
    assert_eq!(server.ask("SCRIPT KILL"), NOT_BUSY);
    assert_eq!(server.ask("FUNCTION KILL"), NOT_BUSY);
}

#[test]
fn little_is_allowed_beside_a_function() {
    let server = Server::start(&[]);
    let library =
        "#!lua name=lib\nredis.register_function('loop', function() while true do end end)";
    assert_eq!(ask(&mut server.connect(), &["FUNCTION", "LOAD", library]), "lib");
    let mut caller = server.begin_with(&["FCALL", "loop", "0"]);
    look_around(&server, BUSY_FUNCTION);
    let stats = server.ask("FUNCTION STATS");
    assert!(stats.starts_with("[running_script [name loop command [FCALL loop 0] duration_ms "));
    assert!(stats.ends_with("] engines [LUA [libraries_count 1 functions_count 1]]]"), "{stats}");
    assert_eq!(server.ask("SCRIPT KILL"), BUSY_FUNCTION);
    assert_eq!(server.ask("FUNCTION KILL"), "OK");
    let killed =
        "-ERR Script killed by user with SCRIPT KILL... script: loop, on @user_function:2.";
    assert_eq!(answer(&mut caller), killed);
    assert_eq!(server.ask("FUNCTION KILL"), NOT_BUSY);
}

fn look_around(server: &Server, busy: &str) {
    let mut client = server.connect();
    for (command, expected) in ALLOWED {
        let expected = match *expected {
            "BUSY" => busy.to_owned(),
            other => other.replace(": BUSY", &format!(": {}", &busy[1..])),
        };
        assert_eq!(ask(&mut client, &words(command)), expected, "{command}");
    }
    assert_eq!(answer(&mut client), "closed");
    let mut pipelined = server.connect();
    pipelined.send_raw(b"MULTI\r\nSET k v\r\nEXEC\r\nPING\r\n").unwrap();
    let replies: Vec<String> = (0..4).map(|_| answer(&mut pipelined)).collect();
    assert_eq!(replies[0], "OK");
    assert_eq!(replies[1], busy);
    assert!(replies[2].starts_with("-EXECABORT Transaction discarded because of: BUSY"));
    assert_eq!(replies[3], busy);
    let mut garbage = server.connect();
    garbage.send_raw(b"*1\r\n:5\r\n").unwrap();
    assert_eq!(answer(&mut garbage), "-ERR Protocol error: expected '$', got ':'");
    assert_eq!(answer(&mut garbage), "closed");
    let mut resp3 = server.connect();
    assert!(ask(&mut resp3, &["HELLO", "3"]).starts_with("{server=redis version=7.0.15 proto=3"));
    assert_eq!(ask(&mut resp3, &["PING"]), busy);
}

#[test]
fn clients_that_leave_meanwhile_are_forgotten() {
    let server = Server::start(&[]);
    let mut caller = server.begin(LOOP);
    for _ in 0..20 {
        assert_eq!(server.ask("PING"), BUSY);
    }
    assert_eq!(server.ask("SCRIPT KILL"), "OK");
    answer(&mut caller);
    wait_until("only two are connected", || server.info("connected_clients") == "2");
}

#[test]
fn a_script_that_has_written_goes_on() {
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "no"]);
    assert_eq!(server.ask("SET before 1"), "OK");
    let script = format!("redis.call('SET', 'key', 'value') {LOOP}");
    let mut caller = server.begin(&script);
    let unkillable = "-UNKILLABLE Sorry the script already executed write commands against the \
                      dataset. You can either wait the script termination or kill the server in a \
                      hard way using the SHUTDOWN NOSAVE command.";
    assert_eq!(server.ask("SCRIPT KILL"), unkillable);
    assert_eq!(server.ask("FUNCTION KILL"), unkillable);
    assert_eq!(server.ask("SHUTDOWN NOSAVE"), "closed");
    assert_eq!(answer(&mut caller), "closed");
    // Half of what it does is not kept.
    let server = Server(server.0.restart(&["--appendonly", "yes"]).unwrap());
    assert_eq!(server.ask("GET before"), "1");
    assert_eq!(server.ask("GET key"), "nil");
}

#[test]
fn what_a_slow_script_has_written_is_one_unit() {
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "no"]);
    let script = "redis.call('RPUSH', 'list', 'a') \
                  while redis.call('TIME')[1] + 0 < ARGV[1] + 2 do end \
                  redis.call('RPUSH', 'list', 'b') return 'done'";
    let mut popper = server.connect();
    popper.send(&["BLPOP", "list", "0"]).unwrap();
    wait_until("it waits", || server.info("blocked_clients") == "1");
    let time = server.ask("TIME");
    let seconds = time.trim_start_matches('[').split(' ').next().unwrap();
    let mut caller = server.begin_with(&["EVAL", script, "0", seconds]);
    // Others' commands in between end no unit, and serve nobody.
    let mut other = server.connect();
    for command in ["WATCH list", "MULTI", "DISCARD"] {
        assert_eq!(ask(&mut other, &words(command)), "OK");
    }
    assert_eq!(answer(&mut caller), "done");
    assert_eq!(answer(&mut popper), "[list a]");
    let directory = server.0.directory().join("appendonlydir");
    let file = std::fs::read(directory.join("appendonly.aof.1.incr.aof")).unwrap();
    let file = String::from_utf8(file).unwrap();
    let is_word = |word: &&str| !word.is_empty() && !word.starts_with(['*', '$']);
    let words: Vec<&str> = file.split("\r\n").filter(is_word).collect();
    let words = words.join(" ");
    assert!(words.ends_with("MULTI RPUSH list a RPUSH list b EXEC LPOP list"), "{words}");
}

#[test]
fn a_kill_ends_the_script_and_not_the_transaction() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for command in [&["MULTI"][..], &["SET", "a", "1"], &["EVAL", LOOP, "0"], &["SET", "b", "2"]] {
        ask(&mut client, command);
    }
    client.send(&["EXEC"]).unwrap();
    wait_until("it is slow", || server.ask("PING") == BUSY);
    assert_eq!(server.ask("SCRIPT KILL"), "OK");
    let replies = answer(&mut client);
    assert!(replies.starts_with("[OK -ERR Script killed by user"), "{replies}");
    assert!(replies.ends_with(" OK]"), "{replies}");
    assert_eq!(server.ask("MGET a b"), "[1 2]");
}

/// The system asks politely, and is heard when the script has ended.
#[test]
fn a_signal_waits_for_the_script() {
    let mut server = Server::start(&[]);
    let mut caller = server.begin(LOOP);
    let pid = server.0.child.id().to_string();
    assert!(std::process::Command::new("kill").arg(&pid).status().unwrap().success());
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.ask("PING"), BUSY);
    server.ask("SCRIPT KILL");
    assert!(server.0.child.wait().unwrap().success());
    answer(&mut caller);
}
