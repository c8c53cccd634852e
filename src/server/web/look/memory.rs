//! Memory by type: an estimate from keys that are drawn at random, a few at each look.
//!
//! Counting every key's bytes as they change would cost each command something; adding them up now would
//! hold the lock for as long as there are keys. A thousand keys tell the shares to a few hundredths.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::{Database, Visits};
use crate::command::server::memory::size_of_entry;

/// Keys that are drawn at each look.
const DRAWN: usize = 64;
/// The last so many count.
const KEPT: usize = 1024;
/// Elements of a large collection that are looked at to know its size.
const SAMPLES: usize = 5;

/// The keys that were drawn last.
#[derive(Default)]
pub struct Sampler(VecDeque<Sample>);

#[derive(Clone, Copy)]
struct Sample {
    type_name: &'static str,
    bytes: usize,
}

impl Sampler {
    /// Draws some keys, more from databases that have more.
    pub(super) fn sample(&mut self, visits: &mut Visits<'_>, databases: &[Database]) {
        let keys: usize = databases.iter().map(|database| database.keys).sum();
        for Database { number, keys: of_this, .. } in databases {
            let (number, count) = (*number, (DRAWN * of_this).div_ceil(keys.max(1)));
            let drawn = visits.visit(move |engine| {
                let draw = |_| {
                    let random = engine.random.next_u64();
                    let (entry, _) = engine.databases[number].sample(random)?;
                    let bytes = size_of_entry(entry, SAMPLES);
                    Some(Sample { type_name: entry.value.type_name(), bytes })
                };
                (0..count).filter_map(draw).collect::<Vec<_>>()
            });
            self.0.extend(drawn);
        }
        let most = if keys == 0 { 0 } else { KEPT };
        self.0.drain(..self.0.len().saturating_sub(most));
    }

    /// How many keys the estimate is made from.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Keys and bytes of each type.
    pub(super) fn estimate(&self, databases: &[Database]) -> Value {
        let keys: usize = databases.iter().map(|database| database.keys).sum();
        let each = keys as f64 / self.0.len().max(1) as f64;
        let mut types: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for sample in &self.0 {
            let (count, bytes) = types.entry(sample.type_name).or_default();
            *count += 1;
            *bytes += sample.bytes;
        }
        let scaled = |number: usize| (number as f64 * each) as u64;
        let shown = types.into_iter().map(|(name, (count, bytes))| {
            (name.to_owned(), json!({"keys": scaled(count), "bytes": scaled(bytes)}))
        });
        Value::Object(shown.collect())
    }
}
