//! How many scripts are kept: all of them, or, with `compat-version 8.2`, the five hundred that came with
//! EVAL and ran last, and what SCRIPT LOAD has brought. Recorded from redis-server 8.2.3.

use sha1::{Digest, Sha1};

use crate::{Server, ask};

const SCRIPTS: [&str; 6] = [
    "return 'loaded'",
    "return 'first'",
    "return 'second'",
    "return 'third'",
    "return 'loaded later'",
    "return 0",
];

fn sha1(script: &str) -> String {
    Sha1::digest(script).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Which of the scripts are there after more than five hundred others, and how many there are.
fn kept(flags: &[&str]) -> (Vec<String>, String) {
    let server = Server::start(flags);
    let mut client = server.connect();
    ask(&mut client, &["SCRIPT", "LOAD", SCRIPTS[0]]);
    for script in &SCRIPTS[1..5] {
        ask(&mut client, &["EVAL", script, "0"]);
    }
    ask(&mut client, &["SCRIPT", "LOAD", SCRIPTS[4]]); // it has come with EVAL all the same
    for number in 0..496 {
        ask(&mut client, &["EVAL", &format!("return {number}"), "0"]);
    }
    ask(&mut client, &["EVALSHA", &sha1(SCRIPTS[1]), "0"]);
    ask(&mut client, &["EVAL", SCRIPTS[2], "0"]);
    let there = ["1000", "1001", "1002"].map(|number| {
        ask(&mut client, &["EVAL", &format!("return {number}"), "0"]);
        let exists = |script| ask(&mut client, &["SCRIPT", "EXISTS", &sha1(script)]);
        SCRIPTS.map(exists).concat().replace(['[', ']'], "")
    });
    (there.to_vec(), server.info("number_of_cached_scripts"))
}

#[test]
fn scripts_that_have_not_run_for_long_are_forgotten_as_redis_8_does() {
    let (there, count) = kept(&["--compat-version", "8.2"]);
    assert_eq!(there, ["111011", "111001", "111000"]);
    assert_eq!(count, "501");
}

#[test]
fn no_script_is_forgotten_unless_that_is_asked_for() {
    let (there, count) = kept(&[]);
    assert_eq!(there, ["111111"; 3]);
    assert_eq!(count, "504");
}
