//! Stalls: the longest time that a client waits for its PONG while another one asks for much.
//!
//! ```text
//! one thread     PING ... PONG PING ... PONG PING ............................. PONG
//! another                      inserts, deletes, saves        '-- the longest --'
//! ```
//!
//! A server that executes one command at a time answers nobody while that one lasts, and a mean shows
//! nothing of it: one second in which nobody is served, in a minute of 10,000 requests a second, is one
//! request in 600,000. The first row is the same with nobody else asking, for what the machine does by
//! itself; what a server adds is the difference.

use std::io::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::cases::{Against, Case, Contestant, Measure, Scale, Section, Unit};
use crate::servers::Server;
use crate::wire::{Wire, put, sixteen};

/// PINGs before and after what is measured, too: threads that free memory may still be at it.
const MARGIN: Duration = Duration::from_millis(300);
/// How long the idle server is watched.
const IDLE_MS: usize = 3000;
/// From filling until the keys expire, beyond what filling takes.
const LEAD_MS: u64 = 300;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Members in one SADD.
const MEMBERS: usize = 100;
/// How often KEYS is called.
const KEYS_CALLS: usize = 20;

/// The section of the report.
pub fn section(scale: Scale) -> Section {
    let case = |rows: &[&str], measure: Measure| Case {
        rows: rows.iter().map(|row| (*row).to_owned()).collect(),
        measure,
    };
    let cases = vec![
        case(&["nothing: an idle server"], Box::new(move |c| idle(c, scale))),
        case(&["10 million keys inserted", "FLUSHALL of them"], Box::new(move |c| flush(c, scale))),
        case(&["a million keys expire at one instant"], Box::new(move |c| expire(c, scale))),
        case(&["DEL of a set of 10 million members"], Box::new(move |c| delete(c, scale))),
        case(&["KEYS * on 100,000 keys, 20 times"], Box::new(move |c| keys(c, scale))),
        case(&["BGSAVE of 2 million keys"], Box::new(move |c| save(c, scale))),
    ];
    Section {
        key: "stalls".to_owned(),
        title: "Stalls: the longest wait for a PONG".to_owned(),
        unit: Unit::Milliseconds,
        against: Against::Others,
        repeats: true,
        cases,
    }
}

/// The longest time between PING and PONG, in ms, while `action` goes on.
fn longest(server: &Server, action: impl FnOnce() -> Result<()>) -> Result<f64> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let pinging = scope.spawn(|| -> Result<f64> {
            let mut wire = Wire::open(server)?;
            let mut longest = Duration::ZERO;
            while !done.load(Ordering::Relaxed) {
                let begun = Instant::now();
                wire.call(&["PING"])?;
                longest = longest.max(begun.elapsed());
            }
            Ok(longest.as_secs_f64() * 1000.0)
        });
        std::thread::sleep(MARGIN);
        let result = action();
        std::thread::sleep(MARGIN);
        done.store(true, Ordering::Relaxed);
        let longest = pinging.join().expect("pinging does not panic");
        result.and(longest)
    })
}

fn idle(contestant: &Contestant, scale: Scale) -> Result<Vec<f64>> {
    let server = contestant.fresh(&[])?;
    let pause = Duration::from_millis(scale.of(IDLE_MS) as u64);
    longest(&server, || {
        std::thread::sleep(pause);
        Ok(())
    })
    .map(|ms| vec![ms])
}

fn flush(contestant: &Contestant, scale: Scale) -> Result<Vec<f64>> {
    let server = contestant.fresh(&[])?;
    let mut wire = Wire::open(&server)?;
    let inserting = longest(&server, || {
        wire.fill(scale.of(10_000_000), |number, out| {
            put(out, &["SET", &sixteen("key", number), &sixteen("val", number)]);
        })
    })?;
    let flushing = longest(&server, || wire.call(&["FLUSHALL"]).map(drop))?;
    Ok(vec![inserting, flushing])
}

fn expire(contestant: &Contestant, scale: Scale) -> Result<Vec<f64>> {
    let count = scale.of(1_000_000);
    let server = contestant.fresh(&[])?;
    let mut wire = Wire::open(&server)?;
    // The instant has to be far enough away that none expires while others still get their
    // deadline: twice what setting all of them takes.
    let begun = Instant::now();
    wire.fill(count, |number, out| put(out, &["SET", &sixteen("key", number), "value"]))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Error::other)?;
    let filling = begun.elapsed() * 2;
    let instant = now + filling + Duration::from_millis(LEAD_MS);
    let instant_ms = instant.as_millis().to_string();
    wire.fill(count, |number, out| put(out, &["PEXPIREAT", &sixteen("key", number), &instant_ms]))?;
    longest(&server, || {
        let deadline = Instant::now() + PATIENCE;
        while wire.call(&["DBSIZE"])? != "0" {
            if Instant::now() > deadline {
                return Err(Error::other("the keys did not expire"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    })
    .map(|ms| vec![ms])
}

fn delete(contestant: &Contestant, scale: Scale) -> Result<Vec<f64>> {
    let server = contestant.fresh(&[])?;
    let mut wire = Wire::open(&server)?;
    wire.fill(scale.of(10_000_000).div_ceil(MEMBERS), |number, out| {
        let members = (0..MEMBERS).map(|member| sixteen("m", number * MEMBERS + member));
        let request: Vec<String> =
            ["SADD".to_owned(), "set".to_owned()].into_iter().chain(members).collect();
        put(out, &request.iter().map(String::as_str).collect::<Vec<_>>());
    })?;
    longest(&server, || wire.call(&["DEL", "set"]).map(drop)).map(|ms| vec![ms])
}

fn keys(contestant: &Contestant, scale: Scale) -> Result<Vec<f64>> {
    let server = contestant.fresh(&[])?;
    let mut wire = Wire::open(&server)?;
    wire.fill(scale.of(100_000), |number, out| put(out, &["SET", &sixteen("key", number), "v"]))?;
    longest(&server, || (0..KEYS_CALLS).try_for_each(|_| wire.call(&["KEYS", "*"]).map(drop)))
        .map(|ms| vec![ms])
}

fn save(contestant: &Contestant, scale: Scale) -> Result<Vec<f64>> {
    let server = contestant.fresh(&["--enable-debug-command", "yes"])?;
    let mut wire = Wire::open(&server)?;
    wire.call(&["DEBUG", "POPULATE", &scale.of(2_000_000).to_string(), "key", "16"])?;
    longest(&server, || {
        wire.call(&["BGSAVE"])?;
        let deadline = Instant::now() + PATIENCE;
        while wire.call(&["INFO", "persistence"])?.contains("rdb_bgsave_in_progress:1") {
            if Instant::now() > deadline {
                return Err(Error::other("BGSAVE does not end"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    })
    .map(|ms| vec![ms])
}
