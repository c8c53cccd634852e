//! Tracking: whose keys are remembered, who goes when there are too many, and who is told.

use super::*;
use crate::config::Config;
use crate::engine::client::Client;
use crate::engine::execution::Execution;

/// An engine that remembers so many keys, and a client that tracks.
fn tracking(limit: u64) -> (Engine, ClientKey) {
    let config = Config { tracking_table_max_keys: limit, ..Config::default() };
    let (mut engine, _) = Engine::new(config, Execution::none());
    let client = engine.clients.add(Client::internal);
    enable(&mut engine, client, Mode::default());
    (engine, client)
}

/// Reads keys with these numbers, one by one.
fn read(engine: &mut Engine, client: ClientKey, numbers: std::ops::Range<u32>) {
    for number in numbers {
        remember(engine, client, [number.to_le_bytes().as_slice()].into_iter());
        send_invalidations(engine);
    }
}

fn remembered(engine: &Engine, numbers: std::ops::Range<u32>) -> usize {
    let is_there = |number: &u32| engine.tracking.keys.get(&number.to_le_bytes()).is_some();
    numbers.filter(is_there).count()
}

#[test]
fn which_keys_are_forgotten_is_left_to_chance() {
    let (mut engine, client) = tracking(1000);
    read(&mut engine, client, 0..2000);
    assert_eq!((engine.tracking.keys(), engine.tracking.items()), (1000, 1000));
    // Each of a thousand victims was one of 1001: of the first thousand 1/e are left.
    let left = remembered(&engine, 0..1000);
    assert!((310..430).contains(&left), "{left}");
}

#[test]
fn a_lowered_limit_is_reached_in_steps_that_grow() {
    let (mut engine, client) = tracking(0);
    read(&mut engine, client, 0..1000);
    engine.config.tracking_table_max_keys = 10;
    let mut sizes = Vec::new();
    for _ in 0..5 {
        send_invalidations(&mut engine);
        sizes.push(engine.tracking.keys());
    }
    assert_eq!(sizes, [900, 700, 400, 10, 10]);
    read(&mut engine, client, 1000..1001);
    assert_eq!(engine.tracking.keys(), 10);
}

#[test]
fn a_key_is_forgotten_once_for_all_its_readers() {
    let (mut engine, client) = tracking(0);
    let other = engine.clients.add(Client::internal);
    enable(&mut engine, other, Mode::default());
    read(&mut engine, client, 0..3);
    read(&mut engine, other, 1..4);
    assert_eq!((engine.tracking.keys(), engine.tracking.items()), (4, 6));
    key_changed(&mut engine, &1u32.to_le_bytes(), None);
    assert_eq!((engine.tracking.keys(), engine.tracking.items()), (3, 4));
    flushed(&mut engine);
    assert_eq!((engine.tracking.keys(), engine.tracking.items()), (0, 0));
    assert!(engine.tracking.is_on());
    disable(&mut engine, client);
    disable(&mut engine, other);
    assert!(!engine.tracking.is_on());
}
