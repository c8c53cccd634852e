//! Random Lua scripts (`programs.rs`), run by both servers: replies and data have to agree.
//!
//! A script is run by EVAL, by SCRIPT LOAD and EVALSHA, or as a function by FUNCTION LOAD and FCALL. As
//! elsewhere, a round starts with no data and is minimised if it fails. `DIFF_SEED` is the seed,
//! `DIFF_SCRIPTS` how many (10000).

use std::collections::BTreeSet;

use crate::compare::Check;
use crate::generator::{Command, Random};
use crate::{Servers, programs, seed};

/// Scripts in a round.
const ROUND: usize = 200;
/// Failures that are shown before it ends.
const MOST_SHOWN: usize = 40;

#[test]
#[ignore = "needs a redis-server: make differential"]
fn random_scripts_get_the_same_replies() {
    let total = std::env::var("DIFF_SCRIPTS").map_or(10_000, |text| text.parse().unwrap());
    let seed = seed::seed();
    let mut random = Random::new(seed);
    let mut servers = Servers::start(super::REDIS).expect("both servers start");
    let mut seen = BTreeSet::new();
    let mut failures = 0;
    for round in 0..total / ROUND {
        let protocol = if round % 2 == 0 { 2 } else { 3 };
        let commands: Vec<Command> = (0..ROUND).flat_map(|_| run(&mut random)).collect();
        let Some(failure) = servers.run(&commands, protocol) else { continue };
        failures += 1;
        if seen.insert(failure.probe.argv.clone()) {
            println!("\nRound {round}, RESP{protocol}, {failure}");
            println!("\n{}", servers.reproduce(&commands, protocol, &failure));
        }
        if failures == MOST_SHOWN {
            break;
        }
    }
    assert_eq!(failures, 0, "rounds failed with DIFF_SEED={seed}");
}

/// The commands that run a random script in one of the ways there are.
fn run(random: &mut Random) -> Vec<Command> {
    let script = programs::script(random);
    let arguments = ["2", "k", "other", "12", "argument"];
    let command = |words: &[&str], more: &[&str]| Command {
        argv: words.iter().chain(more).map(|word| word.as_bytes().to_vec()).collect(),
        check: Check::Addresses,
    };
    match random.below(8) {
        0 => {
            let sha1 = sha1_hex(script.as_bytes());
            let load = command(&["SCRIPT", "LOAD", &script], &[]);
            vec![load, command(&["EVALSHA", &sha1], &arguments)]
        }
        1 => {
            let library = format!(
                "#!lua name=lib\nredis.register_function('f', function(KEYS, ARGV) {script} end)"
            );
            let load = command(&["FUNCTION", "LOAD", "REPLACE", &library], &[]);
            vec![load, command(&["FCALL", "f"], &arguments)]
        }
        2 => vec![command(&["EVAL_RO", &script], &arguments)],
        _ => vec![command(&["EVAL", &script], &arguments)],
    }
}

fn sha1_hex(text: &[u8]) -> String {
    use sha1::{Digest, Sha1};
    Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
