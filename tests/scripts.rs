//! Replays the scripts under `tests/scripts`: what every command does, in redis-cli's notation.
//!
//! One test per family, so that families run side by side, each on a server of its own. What a
//! script may say is described in `support/script.rs`, how to run them in `support/mod.rs`.

mod support;

/// One test per directory of `tests/scripts`.
macro_rules! families {
    ($($family:ident)*) => {
        $(
            #[test]
            fn $family() {
                support::replay_family(stringify!($family));
            }
        )*
        const FAMILIES: &[&str] = &[$(stringify!($family)),*];
    };
}

families! {
    acl
    bitmaps
    cluster
    connection
    geo
    hashes
    hyperloglog
    keys
    lists
    persistence
    protocol
    pubsub
    replication
    scripting
    server
    sets
    sorted_sets
    streams
    strings
    transactions
}

#[test]
fn every_directory_is_a_family() {
    let mut found: Vec<String> = std::fs::read_dir(support::scripts())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, FAMILIES);
}
