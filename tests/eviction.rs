//! Memory limits, against the program: only there does an allocator count.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{Connection, FromRedisValue, RedisResult};

struct Program {
    child: Child,
    address: String,
}

impl Program {
    fn start() -> Program {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cacheflow"))
            .args(["--listen-addr", "127.0.0.1:0", "--save", ""])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut ready = lines.map_while(Result::ok).filter_map(|line| {
            line.split_once("Ready to accept connections on ").map(|(_, a)| a.trim().to_owned())
        });
        let address = ready.next().unwrap();
        Program { child, address }
    }

    fn connect(&self) -> Connection {
        let url = format!("redis://{}/", self.address);
        redis::Client::open(url).unwrap().get_connection().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask<T: FromRedisValue>(connection: &mut Connection, request: &str) -> RedisResult<T> {
    let mut words = request.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    words.for_each(|word| _ = command.arg(word));
    command.query(connection)
}

fn call<T: FromRedisValue>(connection: &mut Connection, request: &str) -> T {
    ask(connection, request).unwrap_or_else(|error| panic!("{request}: {error}"))
}

fn info(connection: &mut Connection, field: &str) -> u64 {
    let text: String = call(connection, "INFO everything");
    let value = text.lines().find_map(|line| line.strip_prefix(&format!("{field}:")));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {field}"))
}

const VALUE_LEN: usize = 1000;
const KEYS: u64 = 2000;

/// Lets there be room for about `KEYS` keys.
fn limit(connection: &mut Connection, policy: &str) -> u64 {
    let limit = info(connection, "used_memory") + KEYS * (VALUE_LEN as u64 + 100);
    call::<()>(connection, &format!("CONFIG SET maxmemory-policy {policy}"));
    call::<()>(connection, &format!("CONFIG SET maxmemory {limit}"));
    limit
}

/// Sets keys `k<number>`, each with what `options` says; returns how many were refused.
fn fill(
    connection: &mut Connection,
    numbers: std::ops::Range<u64>,
    options: impl Fn(u64) -> String,
) -> usize {
    let value = "x".repeat(VALUE_LEN);
    let set = |number| format!("SET k{number} {value}{}", options(number));
    let refused = numbers.map(|number| ask::<()>(connection, &set(number)));
    let errors: Vec<String> = refused.filter_map(|r| r.err().map(|e| e.to_string())).collect();
    assert!(errors.iter().all(|error| error.contains("OOM")), "{errors:?}");
    errors.len()
}

fn forever(_: u64) -> String {
    String::new()
}

/// How many of the keys are there.
fn count(connection: &mut Connection, numbers: impl Iterator<Item = u64>) -> usize {
    numbers.filter(|number| call::<bool>(connection, &format!("EXISTS k{number}"))).count()
}

#[test]
fn without_eviction_what_needs_memory_is_refused() {
    let program = Program::start();
    let mut client = program.connect();
    let limit = limit(&mut client, "noeviction");
    let refused = fill(&mut client, 0..2 * KEYS, forever);
    assert!((KEYS as usize / 2..2 * KEYS as usize).contains(&refused), "{refused}");
    // Above the limit for sure: threads may have given something back meanwhile.
    call::<()>(&mut client, &format!("CONFIG SET maxmemory {}", limit / 10 * 9));
    let error = ask::<()>(&mut client, "LPUSH l x").unwrap_err();
    assert_eq!(error.code(), Some("OOM"));
    assert_eq!(error.detail(), Some("command not allowed when used memory > 'maxmemory'."));
    // What reads or removes goes on; a transaction that would write doesn't.
    call::<()>(&mut client, "GET k0");
    call::<()>(&mut client, "MULTI");
    assert!(ask::<()>(&mut client, "GET k0").is_err());
    assert_eq!(ask::<()>(&mut client, "EXEC").unwrap_err().code(), Some("EXECABORT"));
    let none = call::<u64>(&mut client, "DBSIZE");
    assert_eq!(info(&mut client, "evicted_keys"), 0);
    // Room again, at once, although the reaper has not freed anything yet.
    call::<()>(&mut client, "FLUSHALL");
    assert_eq!(fill(&mut client, 0..none / 2, forever), 0);
}

#[test]
fn a_transaction_is_judged_by_what_it_has_queued() {
    let program = Program::start();
    let (mut client, mut other) = (program.connect(), program.connect());
    fill(&mut client, 0..100, forever);
    call::<()>(&mut client, "MULTI");
    call::<()>(&mut client, "SET a x");
    call::<()>(&mut other, "CONFIG SET maxmemory 1");
    let error = ask::<()>(&mut client, "EXEC").unwrap_err().to_string();
    assert!(error.contains("OOM"), "{error}");
}

#[test]
fn every_policy_makes_room_from_what_it_may() {
    let program = Program::start();
    let mut client = program.connect();
    for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
        call::<()>(&mut client, "FLUSHALL");
        call::<()>(&mut client, "CONFIG SET maxmemory 0");
        wait_for_reaper(&mut client);
        let limit = limit(&mut client, policy);
        assert_eq!(fill(&mut client, 0..2 * KEYS, forever), 0, "{policy}");
        let left = call::<u64>(&mut client, "DBSIZE");
        assert!((KEYS / 2..KEYS * 3 / 2).contains(&left), "{policy}: {left}");
        assert!(info(&mut client, "used_memory") < limit + 100_000, "{policy}");
    }
    for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] {
        call::<()>(&mut client, "FLUSHALL");
        call::<()>(&mut client, "CONFIG SET maxmemory 0");
        wait_for_reaper(&mut client);
        limit(&mut client, policy);
        // Half of the keys stay, and there is room for them.
        let options = |number| match number % 4 {
            0 => String::new(),
            _ => format!(" EX {}", 1000 + number),
        };
        assert_eq!(fill(&mut client, 0..2 * KEYS, options), 0, "{policy}");
        let stay = count(&mut client, (0..2 * KEYS).step_by(4));
        assert_eq!(stay as u64, KEYS / 2, "{policy}");
        if policy == "volatile-ttl" {
            let [sooner, later] =
                [1..KEYS, KEYS..2 * KEYS].map(|numbers| count(&mut client, numbers));
            assert!(later > 3 * (sooner - KEYS as usize / 4), "{sooner} {later}");
        }
    }
}

fn wait_for_reaper(client: &mut Connection) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while info(client, "lazyfree_pending_objects") > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(50));
}

#[test]
fn what_is_used_stays() {
    let program = Program::start();
    let mut client = program.connect();
    limit(&mut client, "allkeys-lfu");
    for number in 0..2 * KEYS {
        fill(&mut client, number..number + 1, forever);
        // A few keys are read all the time.
        call::<()>(&mut client, &format!("GET k{}", number % 50));
    }
    let hot = count(&mut client, 0..50);
    assert!(hot >= 45, "{hot} of 50");
}

#[test]
fn a_lower_limit_is_in_force_at_once() {
    let program = Program::start();
    let mut client = program.connect();
    let mut listener = program.connect();
    call::<()>(&mut client, "CONFIG SET notify-keyspace-events Ee maxmemory-policy allkeys-random");
    fill(&mut client, 0..KEYS, forever);
    let mut events = listener.as_pubsub();
    events.subscribe("__keyevent@0__:evicted").unwrap();
    let used = info(&mut client, "used_memory");
    let limit = used - KEYS * VALUE_LEN as u64 / 2;
    call::<()>(&mut client, &format!("CONFIG SET maxmemory {limit}"));
    // The cron thread goes on where the command left off.
    let deadline = Instant::now() + Duration::from_secs(5);
    while info(&mut client, "used_memory") > limit && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    let evicted = info(&mut client, "evicted_keys");
    assert!(evicted > KEYS / 4 && evicted < KEYS, "{evicted}");
    assert_eq!(call::<u64>(&mut client, "DBSIZE"), KEYS - evicted);
    assert!(events.get_message().unwrap().get_payload::<String>().unwrap().starts_with('k'));
}

#[test]
fn the_largest_client_goes_first_unless_it_is_spared() {
    let program = Program::start();
    let [mut admin, mut small, mut large, mut spared] = [(); 4].map(|()| program.connect());
    call::<()>(&mut spared, "CLIENT NO-EVICT on");
    for (client, len) in [(&mut small, 1000), (&mut large, 2_000_000), (&mut spared, 2_000_000)] {
        call::<()>(client, "MULTI");
        call::<()>(client, &format!("SET k {}", "x".repeat(len)));
    }
    call::<()>(&mut admin, "CONFIG SET maxmemory-clients 3mb");
    let deadline = Instant::now() + Duration::from_secs(5);
    while info(&mut admin, "evicted_clients") == 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(info(&mut admin, "evicted_clients"), 1);
    assert!(ask::<()>(&mut large, "EXEC").is_err());
    assert!(ask::<()>(&mut small, "EXEC").is_ok());
    assert!(ask::<()>(&mut spared, "EXEC").is_ok());
}

/// With 100 KB more than the empty server has, Redis holds some 750 such keys.
#[test]
fn a_small_limit_is_for_keys_and_not_for_tables() {
    let program = Program::start();
    let mut client = program.connect();
    let set = |client: &mut Connection, number: u64| {
        ask::<()>(client, &format!("SETEX key:{number} 1000 x")).is_ok()
    };
    // What each command's first call allocates for its statistics is not the data's.
    assert!(set(&mut client, 0));
    call::<()>(&mut client, "DEL key:0");
    call::<()>(&mut client, "DBSIZE");
    call::<()>(&mut client, "CONFIG SET maxmemory 0");
    info(&mut client, "used_memory");
    let start = info(&mut client, "used_memory");
    for policy in ["noeviction", "allkeys-lru", "allkeys-random", "volatile-ttl"] {
        call::<()>(&mut client, &format!("CONFIG SET maxmemory-policy {policy}"));
        call::<()>(&mut client, &format!("CONFIG SET maxmemory {}", start + 100 * 1024));
        let accepted = (0..1000).filter(|number| set(&mut client, *number)).count();
        assert!(
            accepted == 1000 || policy == "noeviction" && accepted > 500,
            "{policy}: {accepted}"
        );
        let kept = call::<usize>(&mut client, "DBSIZE");
        assert!(kept > 250, "{policy}: {kept}");
        assert!(info(&mut client, "used_memory") < start + 104 * 1024, "{policy}");
        for number in 0..1000 {
            call::<()>(&mut client, &format!("DEL key:{number}"));
        }
        let emptied = info(&mut client, "used_memory");
        assert!(emptied < start + 10 * 1024, "{policy}: {emptied} {start}");
    }
}
