//! Writers that know what was acknowledged: nothing of it may be lost, and nothing else may be there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::nodes::text;
use super::router::{Outcome, Router};

/// Keys of each writer.
const KEYS: usize = 400;
/// Somebody serves every slot again after that long.
const PATIENCE: Duration = Duration::from_secs(40);

/// Writers at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    /// Requests that were answered.
    answered: Arc<AtomicUsize>,
    writers: Vec<JoinHandle<Ledger>>,
}

/// What one writer knows: for each key the numbers that it may hold.
struct Ledger {
    writer: usize,
    /// The last number that was acknowledged, and the last one that was sent.
    keys: Vec<(u64, u64)>,
    followed: [usize; 3],
}

impl Load {
    /// Starts writers, each with keys of its own.
    pub fn start(seeds: &[u16], writers: usize) -> Load {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let start = |writer| {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            let router = Router::new(seeds);
            std::thread::spawn(move || write(writer, router, &stop, &answered))
        };
        let writers = (0..writers).map(start).collect();
        Load { stop, answered, writers }
    }

    /// Waits until so many more requests were answered.
    pub fn go_on(&self, requests: usize) {
        let wanted = self.answered.load(Ordering::Relaxed) + requests;
        super::nodes::wait_until("the writers go on", || {
            self.answered.load(Ordering::Relaxed) >= wanted
                || self.writers.iter().any(JoinHandle::is_finished)
        });
    }

    /// Ends it, and looks at every key. Returns how many redirections of each kind were followed.
    pub fn check(self, seeds: &[u16]) -> [usize; 3] {
        self.stop.store(true, Ordering::Relaxed);
        let mut followed = [0; 3];
        let mut router = Router::new(seeds);
        for writer in self.writers {
            let ledger = writer.join().expect("a writer got a wrong answer");
            for (sum, count) in followed.iter_mut().zip(ledger.followed) {
                *sum += count;
            }
            for (key, (acknowledged, sent)) in ledger.keys.iter().enumerate() {
                let name = name(ledger.writer, key);
                let found = number(&router.ask(&["GET", &name]));
                assert!(
                    (*acknowledged..=*sent).contains(&found),
                    "{name} is {found}: {acknowledged} was acknowledged, {sent} sent"
                );
            }
        }
        followed
    }
}

fn name(writer: usize, key: usize) -> String {
    format!("load:{writer}:{key}")
}

fn number(text: &str) -> u64 {
    if text == "Nil" { 0 } else { text.parse().unwrap_or_else(|_| panic!("no number: {text}")) }
}

/// Sets and reads its keys in turn until it is stopped.
fn write(writer: usize, mut router: Router, stop: &AtomicBool, answered: &AtomicUsize) -> Ledger {
    let mut ledger = Ledger { writer, keys: vec![(0, 0); KEYS], followed: [0; 3] };
    let mut round = 0u64;
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        for key in 0..KEYS {
            let name = name(writer, key);
            let (acknowledged, sent) = &mut ledger.keys[key];
            *sent = round;
            match router.call(&["SET", &name, &round.to_string()], PATIENCE) {
                Outcome::Reply(reply) => {
                    assert_eq!(text(&reply), "OK", "SET {name}");
                    *acknowledged = round;
                }
                Outcome::Unknown => continue,
            }
            // What is read is what was written.
            if key % 4 == 0
                && let Outcome::Reply(reply) = router.call(&["GET", &name], PATIENCE)
            {
                assert_eq!(number(&text(&reply)), round, "GET {name}");
            }
            answered.fetch_add(1, Ordering::Relaxed);
            if stop.load(Ordering::Relaxed) {
                break;
            }
        }
    }
    ledger.followed = router.followed;
    ledger
}
