//! Thousands of hostile scripts, and a server that has lived through them.
//!
//! `HOSTILE_SCRIPTS` says how many (`make hostile` tries 10,000), `HOSTILE_SEED` where they begin. One client
//! runs them, another ends what takes too long. From time to time it is asked whether the server is as
//! it was: what other scripts get, what commands do, how much memory there is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Client, Output};
use crate::{Server, ask, generator, words};

const SCRIPTS: u64 = 150;
/// What an interpreter may take here.
const LIMIT_MB: u64 = 64;
/// What the process may take beside its two interpreters: buffers of connections, twice the limit for
/// texts that are put together outside of the interpreter and copied into it, what the allocator keeps.
const BESIDE_MB: u64 = 3 * LIMIT_MB + 64;
/// After so many scripts the server is looked at.
const LOOK_EVERY: u64 = 25;
/// A script that has written can't be killed; but it must end.
const LONGEST: Duration = Duration::from_secs(60);

#[test]
fn hostile_scripts_end_before_the_server_does() {
    let count = std::env::var("HOSTILE_SCRIPTS").map_or(SCRIPTS, |text| text.parse().unwrap());
    let seed: u64 = std::env::var("HOSTILE_SEED").map_or(1, |text| text.parse().unwrap());
    let limit = (LIMIT_MB << 20).to_string();
    let mut server = Server::start(&["--lua-memory-limit", &limit, "--busy-reply-threshold", "20"]);
    let begun = Instant::now();
    let mut tally = BTreeMap::<String, u64>::new();
    let done = AtomicBool::new(false);
    let mut slowest = (Duration::ZERO, 0);
    std::thread::scope(|scope| {
        let (address, done) = (([127, 0, 0, 1], server.0.port).into(), &done);
        let killer = scope.spawn(move || kill_slow_scripts(address, done));
        let mut client = server.connect();
        for number in seed..seed + count {
            let script = generator::script(number);
            let started = Instant::now();
            client.send(&["EVAL", &script, "1", "key", "arg"]).unwrap();
            let ended = client.read(LONGEST);
            let what = match ended {
                Ok(Output::Value(value)) => kind(&crate::text(&value)),
                other => {
                    done.store(true, Ordering::Relaxed);
                    panic!("script {number}: {other:?}\n{script}\n{}", server.0.log());
                }
            };
            *tally.entry(what.into()).or_default() += 1;
            slowest = slowest.max((started.elapsed(), number));
            if number % LOOK_EVERY == 0 {
                look(&mut server, number);
            }
        }
        done.store(true, Ordering::Relaxed);
        let killed = killer.join().unwrap();
        tally.insert("kills".into(), killed);
    });
    look(&mut server, seed + count);
    println!("{count} scripts in {:?}: {tally:?}", begun.elapsed());
    println!("the slowest, {}, took {:?}; memory: {:?}", slowest.1, slowest.0, memory(&server));
}

/// Ends what takes long, as an administrator would.
fn kill_slow_scripts(address: std::net::SocketAddr, done: &AtomicBool) -> u64 {
    let mut killed = 0;
    let mut client = Client::connect(address).unwrap();
    while !done.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
        let Ok(Output::Value(reply)) =
            client.send(&["SCRIPT", "KILL"]).and_then(|()| client.read(LONGEST))
        else {
            continue; // the test itself will say so
        };
        killed += u64::from(crate::text(&reply) == "OK");
    }
    killed
}

/// What ended a script.
fn kind(reply: &str) -> &'static str {
    match reply {
        reply if !reply.starts_with('-') => "replied",
        reply if reply.contains("Script killed by user") => "killed: time",
        reply if reply.contains("not enough memory") => "failed: memory",
        reply if reply.contains("stack overflow") => "failed: stack",
        _ => "failed otherwise",
    }
}

/// The server is as it was: other scripts find their globals, commands work, and memory is limited.
fn look(server: &mut Server, number: u64) {
    let mut client = server.connect();
    let script = "local names = {} for name in pairs(_G) do names[#names + 1] = name end \
                  for _, library in ipairs({'string', 'table', 'math', 'redis', 'cjson', 'cmsgpack', \
                  'struct', 'bit', 'coroutine'}) do for name in pairs(_G[library]) do \
                  names[#names + 1] = library .. '.' .. name end end table.sort(names) \
                  return redis.sha1hex(table.concat(names, ' ')) .. #names";
    let globals = ask(&mut client, &["EVAL", script, "0"]);
    assert_eq!(globals, globals_of_a_fresh_server(script), "globals, after script {number}");
    let works = "return {tostring(1e15), ('x'):rep(3), #ARGV, (pcall(error)), cjson.encode({1, {a = 2}}), \
                 redis.call('SET', KEYS[1], 'v'), redis.call('GET', KEYS[1]), cjson.decode('[[1]]')[1][1]}";
    let found = ask(&mut client, &["EVAL", works, "1", "probe"]);
    assert_eq!(found, "[1e+15 xxx 0 nil [1,{\"a\":2}] OK v 1]", "after script {number}");
    assert_eq!(ask(&mut client, &words("DEL probe")), "1");
    let used: u64 = server.info("used_memory_vm_eval").parse().unwrap();
    assert!(used <= LIMIT_MB << 20, "{used} bytes in the interpreter after script {number}");
    let (resident, peak) = memory(server);
    let most = LIMIT_MB + BESIDE_MB;
    assert!(peak < most, "{peak} MB at the most, {resident} MB now, after script {number}");
}

fn globals_of_a_fresh_server(script: &str) -> String {
    static FRESH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let ask = || ask(&mut Server::start(&[]).connect(), &["EVAL", script, "0"]);
    FRESH.get_or_init(ask).clone()
}

/// Megabytes that the process has now, and had at the most.
pub fn memory(server: &Server) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.0.child.id())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}
