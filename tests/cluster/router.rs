//! A client of a cluster: it knows whose each slot is, and follows redirections as the specification
//! says. Small enough to be trusted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::time::{Duration, Instant};

use cacheflow::store::hash_slot::hash_slot;

use super::client::{Client, Value};
use super::nodes::{connect, text};

/// How long one answer may take; a node that was killed takes until others have replaced it.
const ANSWER: Duration = Duration::from_secs(5);

/// What came of a request.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// The reply.
    Reply(Value),
    /// The connection broke after the request was sent: it may have been executed.
    Unknown,
}

/// A client that finds its way.
pub struct Router {
    seeds: Vec<u16>,
    slots: HashMap<u16, u16>,
    connections: HashMap<u16, Client>,
    /// Redirections followed: MOVED, ASK, TRYAGAIN.
    pub followed: [usize; 3],
}

impl Router {
    pub fn new(seeds: &[u16]) -> Router {
        Router {
            seeds: seeds.to_vec(),
            slots: HashMap::new(),
            connections: HashMap::new(),
            followed: [0; 3],
        }
    }

    /// Sends a request that is about one slot, until somebody answers it, for at most `patience`.
    pub fn call(&mut self, args: &[&str], patience: Duration) -> Outcome {
        let slot = hash_slot(args[1].as_bytes());
        let deadline = Instant::now() + patience;
        let (mut turn, mut ask) = (0, None);
        loop {
            assert!(Instant::now() < deadline, "nobody serves {args:?}");
            let known = self.slots.get(&slot).copied();
            let port = ask.or(known).unwrap_or(self.seeds[turn % self.seeds.len()]);
            turn += 1;
            let reply = match self.send(port, args, ask.take().is_some()) {
                Ok(reply) => reply,
                Err(Sent::No) => {
                    self.slots.remove(&slot);
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                }
                Err(Sent::Perhaps) => {
                    self.slots.remove(&slot);
                    return Outcome::Unknown;
                }
            };
            let Value::Error(error) = &reply else { return Outcome::Reply(reply) };
            let error = String::from_utf8_lossy(error).into_owned();
            let words: Vec<&str> = error.split(' ').collect();
            let target = || words[2].rsplit(':').next().unwrap().parse().unwrap();
            match words[0] {
                "MOVED" => {
                    assert_eq!(words[1], slot.to_string(), "{error}");
                    self.followed[0] += 1;
                    self.slots.insert(slot, target());
                }
                "ASK" => {
                    assert_eq!(words[1], slot.to_string(), "{error}");
                    self.followed[1] += 1;
                    ask = Some(target());
                }
                "TRYAGAIN" => {
                    self.followed[2] += 1;
                    std::thread::sleep(Duration::from_millis(2));
                }
                "CLUSTERDOWN" | "LOADING" | "MASTERDOWN" | "READONLY" => {
                    self.slots.remove(&slot);
                    std::thread::sleep(Duration::from_millis(20));
                }
                _ => return Outcome::Reply(reply),
            }
        }
    }

    /// A reply that has to come, as text. The request may be sent twice.
    pub fn ask(&mut self, args: &[&str]) -> String {
        loop {
            if let Outcome::Reply(reply) = self.call(args, Duration::from_secs(30)) {
                return text(&reply);
            }
        }
    }

    fn send(&mut self, port: u16, args: &[&str], asking: bool) -> Result<Value, Sent> {
        let client = match self.connections.entry(port) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(connect(port).map_err(|_| Sent::No)?),
        };
        let mut call = || -> io::Result<Value> {
            if asking {
                assert_eq!(text(&client.call(&["ASKING"], ANSWER)?), "OK");
            }
            client.call(args, ANSWER)
        };
        call().map_err(|_| {
            self.connections.remove(&port);
            Sent::Perhaps
        })
    }
}

/// Whether a request that failed was sent.
enum Sent {
    No,
    Perhaps,
}
