//! The benchmark's own arithmetic: what it says about servers is worth no more than this.
//!
//! `benches/compare` is a program without a test harness, so what can be checked without a server is
//! included here.

#[path = "../benches/compare/load/latencies.rs"]
mod latencies;
#[path = "../benches/compare/model.rs"]
mod model;
#[allow(dead_code)] // all but the sum needs a process
#[path = "../benches/compare/processor.rs"]
mod processor;
#[path = "../benches/compare/ratios.rs"]
mod ratios;
#[path = "../benches/compare/load/replies.rs"]
mod replies;
#[path = "../benches/compare/load/requests.rs"]
mod requests;

use std::time::{Duration, Instant};

use latencies::{Latencies, Schedule};
use replies::Replies;
use requests::{Random, Requests, Workload};

fn is_near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= expected / 1000.0
}

#[test]
fn percentiles_are_those_of_the_sorted_values() {
    // In any order, on two threads: 1 to 10,000 µs.
    let (mut odd, mut even) = (Latencies::new(), Latencies::new());
    for number in (1..=10_000).rev() {
        let half = if number % 2 == 0 { &mut even } else { &mut odd };
        half.record(Duration::from_micros(number));
    }
    odd.add(&even);
    assert_eq!(odd.count(), 10_000);
    for percent in [50.0, 99.0, 99.9] {
        let found = odd.percentile(percent);
        assert!(is_near(found, percent * 100.0), "p{percent} is {found}");
    }
    assert!(is_near(odd.longest(), 10_000.0));
}

#[test]
fn what_is_out_of_bounds_counts_as_the_bound() {
    let mut latencies = Latencies::new();
    latencies.record(Duration::ZERO);
    latencies.record(Duration::from_secs(3600));
    assert_eq!(latencies.count(), 2);
    assert!(latencies.longest() >= 100e6, "{}", latencies.longest());
}

/// A server that stalls for a second has let everybody wait who wanted something meanwhile.
#[test]
fn a_stall_counts_for_all_that_was_due_meanwhile() {
    let start = Instant::now();
    let mut schedule = Schedule::new(start, start + Duration::from_secs(2), 1000.0);
    let mut latencies = Latencies::new();
    // The client gets to send after 1 s, and the answers come at once.
    let now = start + Duration::from_millis(999);
    while let Some(due) = schedule.take(now) {
        latencies.record(now - due);
    }
    assert_eq!(latencies.count(), 1000);
    let longest = latencies.longest();
    assert!(is_near(longest, 999_000.0), "the longest is {longest}");
    let median = latencies.percentile(50.0);
    assert!(is_near(median, 499_000.0), "the median is {median}");
    // Afterwards it is as punctual as before.
    assert_eq!(schedule.due(), Some(start + Duration::from_secs(1)));
    assert_eq!(schedule.take(now), None);
    let next = now + Duration::from_millis(1);
    assert_eq!(schedule.take(next), Some(next));
}

#[test]
fn a_period_that_is_no_whole_number_does_not_drift() {
    let start = Instant::now();
    let minute = start + Duration::from_secs(60);
    let mut schedule = Schedule::new(start, minute, 30_000.0);
    let count = std::iter::from_fn(|| schedule.take(minute)).count();
    assert_eq!(count, 60 * 30_000);
    // The time is over.
    assert_eq!(schedule.due(), None);
}

#[test]
fn replies_are_counted_however_they_are_cut() {
    let all = b"+OK\r\n:12\r\n$5\r\na\r\nbc\r\n$-1\r\n$0\r\n\r\n*0\r\n*-1\r\n\
                *2\r\n*2\r\n$1\r\nx\r\n*1\r\n:1\r\n$-1\r\n-ERR no\r\n+OK\r\n-ERR never\r\n";
    for size in 1..=all.len() {
        let mut replies = Replies::new();
        let ended: usize = all.chunks(size).map(|piece| replies.take(piece).unwrap()).sum();
        assert_eq!(ended, 11, "in pieces of {size}");
        assert_eq!(replies.error(), Some("-ERR no"), "in pieces of {size}");
    }
}

#[test]
fn half_a_reply_is_none() {
    let mut replies = Replies::new();
    assert_eq!(replies.take(b"*2\r\n$3\r\nabc\r\n:").unwrap(), 0);
    assert_eq!(replies.take(b"1\r\n+O").unwrap(), 1);
    assert_eq!(replies.take(b"K\r\n").unwrap(), 1);
    assert_eq!(replies.error(), None);
    assert!(replies.take(b"what is that\r\n").is_err());
}

const WORKLOAD: Workload =
    Workload { keys: 1000, writes: 10, value: 7, lifetime: 0, is_skewed: false };

#[test]
fn requests_are_what_clients_send() {
    let one = |workload| {
        let mut out = Vec::new();
        Requests::new(workload, 0).put(&mut out);
        String::from_utf8(out).unwrap()
    };
    let get = one(Workload { keys: 1, writes: 0, ..WORKLOAD });
    assert_eq!(get, "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000000\r\n");
    let set = one(Workload { keys: 1, writes: 100, lifetime: 60, ..WORKLOAD });
    let tail = "$7\r\nxxxxxxx\r\n$2\r\nEX\r\n$2\r\n60\r\n";
    assert_eq!(set, format!("*5\r\n$3\r\nSET\r\n$16\r\nkey:000000000000\r\n{tail}"));
    let mut fill = Vec::new();
    Requests::new(WORKLOAD, 0).put_set(1234, &mut fill);
    let tail = "$16\r\nkey:000000001234\r\n$7\r\nxxxxxxx\r\n";
    assert_eq!(String::from_utf8(fill).unwrap(), format!("*3\r\n$3\r\nSET\r\n{tail}"));
}

#[test]
fn a_tenth_are_writes_and_skew_prefers_low_numbers() {
    let sample = |workload| {
        let mut requests = Requests::new(workload, 1);
        let request = |_| {
            let mut out = Vec::new();
            requests.put(&mut out);
            String::from_utf8(out).unwrap()
        };
        (0..10_000).map(request).collect::<Vec<String>>()
    };
    let writes = sample(WORKLOAD).iter().filter(|request| request.contains("SET")).count();
    assert!((900..1100).contains(&writes), "{writes} of 10,000");
    let in_first_quarter = |request: &&String| {
        let digits = &request[request.find("key:").unwrap() + 4..][..12];
        digits.parse::<u64>().unwrap() < 250
    };
    let even = sample(WORKLOAD).iter().filter(in_first_quarter).count();
    assert!((2300..2700).contains(&even), "{even} of 10,000");
    let skewed = Workload { is_skewed: true, ..WORKLOAD };
    let skewed = sample(skewed).iter().filter(in_first_quarter).count();
    assert!((4800..5200).contains(&skewed), "{skewed} of 10,000");
}

#[test]
fn threads_ask_for_different_keys() {
    let numbers = |seed| {
        let mut random = Random(seed);
        (0..100).map(|_| random.below(1_000_000)).collect::<Vec<u64>>()
    };
    assert_eq!(numbers(0), numbers(0));
    let (one, other) = (numbers(0), numbers(1));
    let shared = one.iter().filter(|number| other.contains(number)).count();
    assert!(shared < 10, "{shared} of 100 are the same");
}

/// Fields count from behind the name, which may look like fields itself.
#[test]
fn processor_time_is_that_of_code_and_kernel() {
    let stat =
        "42 (a) R 1 (b) S 1 42 42 0 -1 4194560 100 200 0 3 700 50 9 4 20 0 3 0 12345 1000 20";
    assert_eq!(processor::ticks(stat, processor::OWN), Ok(750.0));
    assert_eq!(processor::ticks(stat, processor::OF_CHILDREN), Ok(13.0));
    assert!(processor::ticks("42 (a) R one two three", 1).is_err());
    // A thread that works is seen, and not after it has ended only.
    let before = processor::of(std::process::id()).unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        if processor::of(std::process::id()).unwrap() - before >= 100_000.0 {
            return;
        }
    }
    panic!("ten seconds of work are not a tenth of a second");
}

#[test]
fn ratios_are_of_the_same_round() {
    // A slow second round of the machine: each server halves, and the ratio stays.
    let (ours, theirs) = ([100.0, 50.0, 120.0], [200.0, 100.0, 120.0]);
    assert_eq!(ratios::ratios(&ours, &theirs), [0.5, 0.5, 1.0]);
    assert_eq!(ratios::cell(ratios::ratios(&ours, &theirs)), "**0.50** 0.50–1.00");
    // A round that failed on one side counts for none.
    assert_eq!(ratios::ratios(&[f64::NAN, 3.0], &[1.0, 2.0]), [1.5]);
    assert_eq!(ratios::ratios(&[1.0], &[0.0]), [0.0; 0]);
    assert_eq!(ratios::cell(vec![1.5]), "**1.50**");
    assert_eq!(ratios::cell(Vec::new()), "–");
}

#[test]
fn medians_and_numbers() {
    assert_eq!(ratios::median(vec![3.0, 1.0, f64::NAN, 2.0]), 2.0);
    assert_eq!(ratios::median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    assert!(ratios::median(vec![f64::NAN]).is_nan());
    assert_eq!(ratios::number(1_234_567.8), "1,234,568");
    assert_eq!(ratios::number(99.994), "99.99");
    assert_eq!(ratios::number(f64::NAN), "–");
}

#[test]
fn one_lock_is_one_at_a_time() {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    assert!(near(model::at_worst(1, 3.0, 1.0), 0.25) && near(model::at_best(1, 3.0, 1.0), 0.25));
    assert!(near(model::at_worst(2, 0.0, 1.0), 1.0), "nothing but the lock");
    // Two workers, each of whom finds the other at the lock with probability 1/4.
    assert!(near(model::at_worst(2, 3.0, 1.0), 2.0 / 4.25));
    assert!(near(model::at_best(3, 3.0, 1.0), 0.75) && near(model::at_best(64, 3.0, 1.0), 1.0));
    let worst = [1, 2, 4, 8, 16, 64].map(|cores| model::at_worst(cores, 3.0, 1.0));
    assert!(worst.is_sorted() && worst[3] < 1.0 && worst[5] > 0.99);
}
