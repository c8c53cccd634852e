//! Whole clusters in one thread: a hundred state machines, a clock and a network that are only pretended, and
//! everything that can go wrong going wrong, in an order that a seed decides.
//!
//! ```text
//!   formation ── trouble: crashes, power failures, pauses, partitions, manual failovers ── calm ── checks
//!                         slots that move, replicas and hosts that move
//! ```
//!
//! What it assumes:
//!
//! * Connections are TCP's: what arrives does so in order and unchanged, or the connection ends. A partition
//!   swallows packets without ending anything; a host that stops or starts again ends its connections.
//! * A disk keeps what was synced, and what was only written unless the power fails. It never lies.
//! * All clocks run equally fast. A host can stand still, and find that time has passed.
//! * Replication is instant between hosts that reach each other; only its offsets are simulated.
//! * Nobody lies: hostile packets have tests of their own (`src/cluster/hostile_tests.rs`).
//!
//! What it checks, always: no node votes twice in an epoch, whatever it has forgotten; no two nodes win the
//! same epoch, unless some replica has taken over without asking (it votes before others know that the
//! one whose place it has taken doesn't). And in the end, when all hosts are up and reach each other: all agree whose each slot is, every
//! slot has an owner that knows of it, all serve, no two masters have the same epoch, and every replica
//! copies a master.
//!
//! `SIMULATION_RUNS` makes it longer (`make simulation`), `SIMULATION_SEED` repeats a run.

mod checks;
mod host;
mod trouble;
mod world;

use cacheflow::cluster::manual::Manner;
use trouble::Trouble;
use world::World;

/// Trouble lasts so long.
const TROUBLE_MS: u64 = 60_000;
/// After that everything has to be in order within this time.
const CALM_MS: u64 = 120_000;

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// One life of a cluster.
fn run(seed: u64, masters: usize, replicas: usize, has_administrators: bool) {
    let mut world = World::new(seed, masters, replicas, 3000);
    world.form();
    world.run_for(10_000);
    world.expect_order("after its formation", CALM_MS);
    let mut trouble = Trouble::new(seed, has_administrators);
    let end = world.now_ms + TROUBLE_MS;
    while world.now_ms < end {
        trouble.make(&mut world);
        world.run_for(500);
    }
    world.heal();
    world.expect_order("after trouble", CALM_MS);
}

fn seeds(runs: u64) -> std::ops::Range<u64> {
    let first = from_environment("SIMULATION_SEED", 1);
    first..first + from_environment("SIMULATION_RUNS", runs)
}

/// Three to six masters, with one replica or two for each.
#[test]
fn small_clusters_survive_trouble() {
    for seed in seeds(4) {
        println!("SIMULATION_SEED={seed}");
        run(seed, 3 + seed as usize % 4, 1 + seed as usize % 2, false);
    }
}

/// A slot that was given away, and forgotten by who got it when its power failed.
const ONCE_FAILED: [u64; 1] = [18];

/// And meanwhile slots move, replicas are given other masters, and hosts other addresses.
#[test]
fn small_clusters_survive_administrators() {
    for seed in seeds(3).chain(ONCE_FAILED) {
        println!("SIMULATION_SEED={seed}");
        run(seed, 3 + seed as usize % 4, 1 + seed as usize % 2, true);
    }
}

/// Takes minutes, so it is only done if asked for.
#[test]
#[ignore = "takes minutes: make simulation"]
fn a_hundred_nodes_survive_trouble() {
    for seed in seeds(1) {
        println!("SIMULATION_SEED={seed}");
        run(seed, 34, 2, false);
    }
}

/// Nodes get to know each other, and lose some masters at once.
fn lose_masters(masters: usize, lost: usize) {
    let mut world = World::new(from_environment("SIMULATION_SEED", 1), masters, 1, 15_000);
    world.form();
    world.run_for(5_000);
    world.expect_order("after its formation", CALM_MS);
    (0..lost).for_each(|host| world.stop(host, false));
    world.run_for(30_000);
    world.expect_new_masters(lost);
}

#[test]
fn forty_nodes_replace_three_masters() {
    lose_masters(20, 3);
}

#[test]
#[ignore = "takes half a minute: make simulation"]
fn a_hundred_nodes_replace_ten_masters() {
    lose_masters(50, 10);
}

/// A master that loses its only replica gets one of another master's, and only one.
#[test]
fn a_replica_moves_to_a_master_without_any() {
    let mut world = World::new(1, 3, 2, 3000);
    world.form();
    world.run_for(5_000);
    world.expect_order("after its formation", CALM_MS);
    // Hosts 3 and 6 copy host 0, 4 and 7 host 1.
    world.stop(3, false);
    world.stop(6, false);
    world.run_for(30_000);
    let ip = world.hosts[0].ip.clone();
    let copies = world.hosts.iter().filter(|host| host.node.is_some());
    let copies = copies.filter(|host| host.master.as_ref() == Some(&ip)).count();
    assert_eq!(copies, 1);
}

/// Two masters that were given the same epoch: one of them takes another one.
#[test]
fn masters_with_the_same_epoch_end_with_two() {
    let mut world = World::new(1, 4, 1, 3000);
    world.same_epochs = true;
    world.form();
    world.expect_order("after its formation", CALM_MS);
}

/// Master and replica exchange their roles, again and again, each time in a new epoch.
#[test]
fn roles_are_exchanged_again_and_again() {
    let mut world = World::new(1, 3, 1, 3000);
    world.form();
    world.run_for(5_000);
    world.expect_order("after its formation", CALM_MS);
    let mut epoch = 0;
    for round in 0..6 {
        // Hosts 0 and 3 have the same slots.
        let replica = [3, 0][round % 2];
        world.tell(replica, |node| node.fail_over(Manner::Agreed)).unwrap().unwrap();
        world.run_for(1_000);
        let node = world.hosts[replica].running();
        assert!(!node.is_replica(), "round {round}");
        assert!(node.myself().config_epoch > epoch, "round {round}");
        epoch = node.myself().config_epoch;
        world.expect_order("after the exchange", 5_000);
        world.run_for(6_000); // masters vote for replicas of the same master once in two node timeouts
    }
}
