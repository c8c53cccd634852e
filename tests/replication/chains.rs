//! Chains of servers whose links are cut at random: in the end all of them have the same.
//!
//! ```text
//!   random commands ─┐
//!                    ├─> master ── proxy ──> replica ── proxy ──> replica of the replica
//!   a steady load ───┘          cut           │          cut
//!                                             '─ DEBUG DIGEST and offset: equal on all of them
//! ```
//!
//! The random commands are those of `tests/differential`, over all types. Beside them another client
//! writes to keys of its own, so that something is always on its way when a link is cut, and two
//! connections with different databases selected share one stream. The moments of the cuts are
//! random, too, and come from the same seed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::scope;
use std::time::Duration;

use crate::client::Client;
use crate::generator::Random;
use crate::later::redis_8;
use crate::proxy::Proxy;
use crate::servers::Server;
use crate::{BATCH, PATIENCE};
use crate::{cacheflow, call, call_on, connect, follow, info, load, redis, seed::seed, text};
use crate::{wait_for_equal, wait_for_link};

/// How many cuts a chain has to survive.
const CUTS: usize = 20;

/// As many as the comparison of replies takes; fewer by hand.
fn commands() -> usize {
    std::env::var("DIFF_COMMANDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

/// Writes until it is told to stop, and returns how much.
fn write_steadily(client: &mut Client, stop: &AtomicBool) -> usize {
    call_on(client, "SELECT 3");
    let mut round = 0;
    while !stop.load(Ordering::Relaxed) {
        let key = round % 100;
        let requests = [
            format!("SET load:{key} {round}"),
            format!("RPUSH load:list {round}"),
            "LTRIM load:list -1000 -1".to_owned(),
            format!("INCRBY load:sum {round}"),
        ];
        requests.iter().for_each(|request| {
            client.send(&request.split(' ').collect::<Vec<_>>()).unwrap();
        });
        requests.iter().for_each(|_| drop(client.read(PATIENCE).unwrap()));
        round += 1;
        // A load that leaves the others some of the machine.
        std::thread::sleep(Duration::from_millis(1));
    }
    round * 4
}

/// Below the master a chain of servers, with a proxy before each. In the end all of them are equal,
/// and have not been sent everything again each time.
fn survives_cuts(master: Server, replicas: Vec<Server>, commands: usize) -> Vec<Server> {
    call(master.port, "SET before 1");
    let mut proxies = Vec::new();
    let mut above = master.port;
    for replica in &replicas {
        let proxy = Proxy::start(above);
        follow(replica.port, proxy.port);
        wait_for_link(replica.port);
        proxies.push(proxy);
        above = replica.port;
    }
    let mut random = Random::new(seed());
    let mut moments = BTreeMap::new();
    while moments.len() < CUTS {
        moments.insert(random.below(commands / BATCH), random.below(proxies.len()));
    }
    let stop = AtomicBool::new(false);
    let steady = scope(|scope| {
        let steady = scope.spawn(|| write_steadily(&mut connect(master.port), &stop));
        load(master.port, commands, |batch| {
            if let Some(link) = moments.get(&batch) {
                proxies[*link].cut();
            }
        });
        stop.store(true, Ordering::Relaxed);
        steady.join().unwrap()
    });
    let ports: Vec<u16> =
        [&master].into_iter().chain(&replicas).map(|server| server.port).collect();
    wait_for_equal(&ports);
    let sum = |field| ports.iter().map(|port| info(*port, field).parse::<u32>().unwrap()).sum();
    let (partial, full): (u32, u32) = (sum("sync_partial_ok"), sum("sync_full"));
    assert!(partial > 0, "no link went on where it was");
    let cuts: usize = proxies.iter().map(Proxy::cuts).sum();
    assert_eq!(cuts, CUTS);
    println!(
        "{commands} random commands, {steady} others, {cuts} cuts: \
         {partial} partial, {full} full synchronisations"
    );
    replicas
}

#[test]
fn a_chain_of_cacheflow_survives_cuts() {
    survives_cuts(cacheflow(&[]), vec![cacheflow(&[]), cacheflow(&[])], 5_000);
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn redis_follows_cacheflow() {
    survives_cuts(cacheflow(&[]), vec![redis(&[])], commands());
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn redis_follows_cacheflow_from_a_file() {
    survives_cuts(cacheflow(&["--repl-diskless-sync", "no"]), vec![redis(&[])], 5_000);
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn cacheflow_follows_redis() {
    survives_cuts(redis(&[]), vec![cacheflow(&[])], commands());
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn cacheflow_follows_redis_from_a_file() {
    survives_cuts(redis(&["--repl-diskless-sync", "no"]), vec![cacheflow(&[])], 5_000);
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn a_mixed_chain_survives_cuts() {
    survives_cuts(cacheflow(&[]), vec![cacheflow(&[]), redis(&[])], commands());
}

#[test]
#[ignore = "needs redis-server 8.2: make differential"]
fn a_chain_with_redis_8_survives_cuts() {
    survives_cuts(redis_8(&[]), vec![cacheflow(&[]), redis_8(&[])], commands());
}

/// The way back from 8.2 to 7.0: cacheflow follows the one, takes over, and is followed by the other. Not
/// all at once, as 8.2 tells its replicas of HINCRBYFLOAT by a command that 7.0 doesn't know.
#[test]
#[ignore = "needs redis-server 8.2: make differential"]
fn from_redis_8_back_to_7_over_links_that_are_cut() {
    let mut replicas = survives_cuts(redis_8(&[]), vec![cacheflow(&[]), redis_8(&[])], commands());
    let ours = replicas.remove(0);
    assert_eq!(text(call(ours.port, "REPLICAOF NO ONE")), "OK");
    drop(replicas);
    survives_cuts(ours, vec![redis(&[])], commands());
}

#[test]
#[ignore = "needs a redis-server: make differential"]
fn a_longer_chain_survives_cuts() {
    survives_cuts(redis(&[]), vec![cacheflow(&[]), redis(&[]), cacheflow(&[])], 5_000);
}
