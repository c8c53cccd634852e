//! What a looker costs, measured: `cargo test --release --test web -- --ignored --nocapture cost`.

use std::time::{Duration, Instant};

use super::Opened;
use super::browser::Listener;
use super::client::request;

/// GETs a second on a few connections, with and without somebody who looks, and how long a look has held the lock.
#[test]
#[ignore = "a measurement"]
fn cost_of_a_looker_with_a_million_keys() {
    let opened = Opened::start(&[]);
    opened.call("DEBUG POPULATE 1000000");
    throughput(&opened); // warm
    for round in 0..3 {
        let without = throughput(&opened);
        let listener = std::thread::spawn({
            let window = opened.window;
            move || {
                let mut listener = Listener::open(window, &[]);
                let looks = (0..12).map(|_| listener.next().1["look"].clone());
                looks.collect::<Vec<_>>()
            }
        });
        let with = throughput(&opened);
        let looks = listener.join().unwrap();
        let mut held: Vec<u64> =
            looks.iter().map(|look| look["held_us"].as_u64().unwrap()).collect();
        held.sort_unstable();
        println!("round {round}: {without:.0} GET/s, {with:.0} with a looker; held_us {held:?}");
    }
}

/// GETs a second, of pipelines of sixteen on four connections, for three seconds.
fn throughput(opened: &Opened) -> f64 {
    let begun = Instant::now();
    let counts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| gets(opened, begun))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>()
    });
    counts as f64 / begun.elapsed().as_secs_f64()
}

fn gets(opened: &Opened, begun: Instant) -> u64 {
    let mut client = opened.connect();
    let (mut count, mut key) = (0, begun.elapsed().as_nanos() as u64);
    while begun.elapsed() < Duration::from_secs(3) {
        let mut pipeline = Vec::new();
        for _ in 0..16 {
            key = key.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            pipeline.extend(request(&["GET", &format!("key:{}", (key >> 33) % 1_000_000)]));
        }
        client.send_raw(&pipeline).unwrap();
        for _ in 0..16 {
            client.read(super::PATIENCE).unwrap();
        }
        count += 16;
    }
    count
}
