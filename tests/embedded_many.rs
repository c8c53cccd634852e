//! A thousand servers in one process, one after the other and at the same time: what they take, and that nothing of
//! them is left. Alone in its process, for it counts threads, descriptors and memory of all of it.

use std::time::{Duration, Instant};

use cacheflow::{Builder, Log, Server, Value};

/// What the process has.
#[derive(Clone, Copy, Debug)]
struct Holds {
    threads: usize,
    descriptors: usize,
    resident_kb: usize,
}

impl Holds {
    fn now() -> Self {
        let count = |path| std::fs::read_dir(path).unwrap().count();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let resident_kb = resident.trim().trim_end_matches(" kB").parse().unwrap();
        let (threads, descriptors) = (count("/proc/self/task"), count("/proc/self/fd"));
        Holds { threads, descriptors, resident_kb }
    }

    /// The same when threads that are on their way out are gone.
    fn after(before: Holds) -> Self {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let now = Holds::now();
            let is_settled = (now.threads, now.descriptors) == (before.threads, before.descriptors);
            if is_settled || Instant::now() > deadline {
                return now;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn quiet() -> Builder {
    Server::builder().log(Log::Nowhere)
}

fn is_used(server: &Server, number: usize) {
    let text = number.to_string();
    let mut client = server.connect().unwrap();
    assert!(client.call(["SET", "number", &text]).unwrap().is_ok());
    assert_eq!(client.call(["GET", "number"]).unwrap(), Value::Bulk(text.into_bytes()));
    assert_eq!(server.db(0).keys(), [b"number"]);
}

fn is_used_directly(server: &Server, number: usize) {
    let text = number.to_string();
    server.db(0).set("number", &text);
    assert_eq!(server.db(0).get("number"), Some(text.into_bytes()));
}

/// Starts, uses and stops so many servers, one after the other; prints a line of the table.
fn one_after_the_other(
    what: &str,
    count: usize,
    builder: &Builder,
    used: fn(&Server, usize),
) -> (Holds, Holds) {
    // The first of them bring what stays: tables of commands, heaps of the allocator.
    (0..50).for_each(|number| used(&builder.clone().start().unwrap(), number));
    std::thread::sleep(Duration::from_millis(100));
    let before = Holds::now();
    let begun = Instant::now();
    let mut times: Vec<Duration> = (0..count)
        .map(|number| {
            let begun = Instant::now();
            let server = builder.clone().start().unwrap();
            used(&server, number);
            server.stop();
            begun.elapsed()
        })
        .collect();
    let took = begun.elapsed();
    let after = Holds::after(before);
    times.sort_unstable();
    let (median, last) = (times[count / 2], times[count * 99 / 100]);
    print_line(what, took, &format!("{median:.0?} median, {last:.0?} of 99 in 100"), before, after);
    (before, after)
}

fn print_line(what: &str, took: Duration, each: &str, before: Holds, after: Holds) {
    println!(
        "{what:<38} {took:>8.2?} ({each})\n    threads {} -> {}, descriptors {} -> {}, resident {} -> {} KB",
        before.threads,
        after.threads,
        before.descriptors,
        after.descriptors,
        before.resident_kb,
        after.resident_kb
    );
}

fn nothing_is_left(what: &str, before: Holds, after: Holds) {
    assert_eq!(after.threads, before.threads, "threads: {what}");
    assert_eq!(after.descriptors, before.descriptors, "descriptors: {what}");
    // A server that were kept would have 16 databases and what else it needs, far more than this each.
    let grown = after.resident_kb.saturating_sub(before.resident_kb);
    assert!(grown < 8 * 1024, "{what}: {grown} KB more");
}

#[test]
fn of_a_thousand_servers_nothing_is_left() {
    let (alone, listening) = (quiet().no_listener(), quiet().bind("127.0.0.1:0"));
    type Round<'b> = (&'b str, usize, &'b Builder, fn(&Server, usize));
    let rounds: [Round<'_>; 3] = [
        ("1,000 looked at directly", 1000, &alone, is_used_directly),
        ("1,000 spoken to without a port", 1000, &alone, is_used),
        ("200 that listen, spoken to", 200, &listening, is_used),
    ];
    for (what, count, builder, used) in rounds {
        let (before, after) = one_after_the_other(what, count, builder, used);
        nothing_is_left(what, before, after);
    }

    let mut holds = Vec::new();
    for _ in 0..3 {
        let before = Holds::now();
        let begun = Instant::now();
        let servers: Vec<Server> = (0..200).map(|_| alone.clone().start().unwrap()).collect();
        servers.iter().enumerate().for_each(|(number, server)| is_used(server, number));
        let there = Holds::now();
        drop(servers);
        let took = begun.elapsed();
        let after = Holds::after(before);
        let each = format!(
            "{} threads, {} descriptors, {} KB more while they were there",
            there.threads - before.threads,
            there.descriptors - before.descriptors,
            there.resident_kb.saturating_sub(before.resident_kb)
        );
        print_line("200 at the same time", took, &each, before, after);
        holds.push((before, after));
    }
    let (before, after) = holds[2]; // the first two bring the heaps for so many threads
    nothing_is_left("200 at the same time", before, after);
}
