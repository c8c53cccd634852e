//! Lua scripts: how much it costs to run one, to call from it, to compute in it.
//!
//! redis-benchmark sends the scripts. Each row has a number of requests of its own, for some of them take
//! ten thousand times as long as others.

use std::io::{Error, Result};
use std::process::Command;

use crate::cases::{Against, Case, Scale, Section, Unit};
use crate::servers::Server;
use crate::wire::Wire;

const CLIENTS: &str = "50";

/// What is sent, and how much of it.
struct Script {
    name: &'static str,
    source: &'static str,
    /// By its text each time, as EVAL; or by its SHA1.
    by_text: bool,
    pipeline: usize,
    requests: usize,
}

const GET: &str = "return redis.call('get', KEYS[1])";
const CALLS: &str = "local r for i = 1, 10 do r = redis.call('incrby', KEYS[1], i) end return r";
const LOCK: &str =
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";
const LOOP: &str = "local x = 0 for i = 1, 1000000 do x = x + i % 7 end return x";
const JSON: &str = "local t = {} for i = 1, 150 do \
     t[i] = { id = i, name = 'item number ' .. i, tags = { 'a', 'b', 'c' }, price = i * 1.5 } end \
     return #cjson.encode(cjson.decode(cjson.encode(t)))";

const SCRIPTS: [Script; 8] = [
    Script { name: "EVAL with a GET", source: GET, by_text: true, pipeline: 1, requests: 40_000 },
    Script { name: "EVAL with a GET", source: GET, by_text: true, pipeline: 16, requests: 200_000 },
    Script {
        name: "EVALSHA of a lock's release",
        source: LOCK,
        by_text: false,
        pipeline: 1,
        requests: 40_000,
    },
    Script {
        name: "EVALSHA of a lock's release",
        source: LOCK,
        by_text: false,
        pipeline: 16,
        requests: 200_000,
    },
    Script {
        name: "EVALSHA with 10 calls",
        source: CALLS,
        by_text: false,
        pipeline: 1,
        requests: 30_000,
    },
    Script {
        name: "EVALSHA with 10 calls",
        source: CALLS,
        by_text: false,
        pipeline: 16,
        requests: 60_000,
    },
    Script {
        name: "a loop of a million steps",
        source: LOOP,
        by_text: false,
        pipeline: 1,
        requests: 100,
    },
    Script {
        name: "cjson of 10 KB: twice encoded, once decoded",
        source: JSON,
        by_text: false,
        pipeline: 1,
        requests: 1_500,
    },
];

/// The section of the report.
pub fn section(scale: Scale) -> Section {
    let case = |script: &'static Script| Case {
        rows: vec![format!("{} P={}", script.name, script.pipeline)],
        measure: Box::new(move |contestant| {
            let server = contestant.shared()?;
            let mut wire = Wire::open(&server)?;
            wire.call(&["FLUSHALL"])?;
            wire.call(&["SET", "key", "1"])?;
            let command = match script.by_text {
                true => ["EVAL".to_owned(), script.source.to_owned()],
                false => ["EVALSHA".to_owned(), wire.call(&["SCRIPT", "LOAD", script.source])?],
            };
            Ok(vec![rate(&server, script, &command, scale.of(script.requests))?])
        }),
    };
    Section {
        key: "scripts".to_owned(),
        title: "Lua scripts: 50 clients".to_owned(),
        unit: Unit::RequestsPerSecond,
        against: Against::Others,
        repeats: true,
        cases: SCRIPTS.iter().map(case).collect(),
    }
}

fn rate(server: &Server, script: &Script, command: &[String], requests: usize) -> Result<f64> {
    let output = Command::new("redis-benchmark")
        .args(["-h", "127.0.0.1", "-p", &server.port.to_string(), "--csv"])
        .args(["-c", CLIENTS, "-P", &script.pipeline.to_string(), "-n", &requests.to_string()])
        .args(command)
        .args(["1", "key", "1"])
        .output()?;
    let table = String::from_utf8_lossy(&output.stdout);
    // The name in the first column is the script, with whatever it is written in.
    let row = table.lines().last().unwrap_or_default();
    let rate = row.rsplit("\",\"").nth(6).and_then(|rate| rate.parse().ok());
    rate.ok_or_else(|| Error::other(format!("redis-benchmark printed no result:\n{table}")))
}
