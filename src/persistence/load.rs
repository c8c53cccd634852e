//! A file as keyspaces.
//!
//! The file is read into fresh keyspaces, which the caller puts in the place of its own when all of it
//! was right, checksum included: a damaged file never leaves half of itself behind.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use crate::engine::debugging::Delays;
use crate::engine::progress::Progress;
use crate::rdb::decode::{Decoder, Item, Key};
use crate::rdb::source::damaged;
use crate::rdb::{EncodingLimits, Error, Reason, Result, Usage};
use crate::store::Keyspace;
use crate::system::logging::UserData;

/// The size of the read buffer: few system calls, and it still fits the cache.
const BUFFER: usize = 64 * 1024;

/// The fact that names the history that the data belongs to: replicas may share it.
pub const HISTORY: &str = "repl-id";

/// How to load.
pub struct Options<'a> {
    /// How many databases there are; a key of another one is an error.
    pub databases: usize,
    /// Whether the keys of each slot are to be known: the server is a node of a cluster.
    pub indexes_slots: bool,
    /// The forms of collections.
    pub limits: EncodingLimits,
    /// Keys that expire before this moment (Unix milliseconds) are skipped; None keeps them, as a
    /// replica does, whose master tells it what to remove.
    pub now_ms: Option<i64>,
    /// Whether a checksum has to be right.
    pub verifies: bool,
    /// Pauses that tests ask for.
    pub delays: &'a Delays,
    /// An entry's access bits for how the key was used.
    pub access: &'a dyn Fn(Option<Usage>) -> u32,
}

/// What was in a file.
#[derive(Debug, Default)]
pub struct LoadedData {
    /// The databases.
    pub databases: Vec<Keyspace>,
    /// The libraries of functions, as their sources.
    pub functions: Vec<Vec<u8>>,
    /// The facts about the file.
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    /// How many keys were loaded.
    pub keys: u64,
    /// How many had expired.
    pub expired: u64,
    /// Those keys, with their databases, if the file tells of replicas that still have them.
    pub gone: Vec<(usize, Vec<u8>)>,
    /// How many were collections without elements, and left out.
    pub empty: u64,
}

impl LoadedData {
    /// A fact about the file.
    pub fn fact(&self, name: &str) -> Option<&[u8]> {
        let found = self.aux.iter().find(|(key, _)| key == name.as_bytes());
        found.map(|(_, value)| &value[..])
    }
}

/// Loads the file at `path`, which must hold nothing else.
pub fn load(path: &Path, progress: &Progress, options: &Options<'_>) -> Result<LoadedData> {
    let file = File::open(path).map_err(|error| Error { offset: 0, reason: Reason::Io(error) })?;
    let input = BufReader::with_capacity(BUFFER, progress.watch(file));
    let mut decoder = Decoder::new(input, options.limits)?;
    let data = load_from(&mut decoder, options)?;
    if decoder.is_at_end()? {
        Ok(data)
    } else {
        let text = "there is something behind the end (an append-only file, perhaps?)";
        Err(damaged(decoder.offset(), text))
    }
}

/// Loads everything up to the end that the decoder finds.
pub fn load_from<R: std::io::BufRead>(
    decoder: &mut Decoder<R>,
    options: &Options<'_>,
) -> Result<LoadedData> {
    let mut data = LoadedData {
        databases: (0..options.databases).map(|_| Keyspace::default()).collect(),
        ..LoadedData::default()
    };
    if options.indexes_slots {
        data.databases[0].index_slots();
    }
    if !options.verifies {
        decoder.ignore_checksum();
    }
    let mut db = 0;
    loop {
        let offset = decoder.offset();
        match decoder.next_item()? {
            Item::Aux { name, value } => data.aux.push((name, value)),
            Item::Function(library) => data.functions.push(library),
            Item::ResizeDb => {} // a claim; our tables grow at no great cost
            Item::Key(key) => {
                add(&mut data, db, key, options)?;
                options.delays.loaded(1);
            }
            Item::End => return Ok(data),
            Item::SelectDb(number) => {
                db = usize::try_from(number).unwrap_or(usize::MAX);
                if db >= options.databases {
                    let text =
                        format!("database {number}, but only {} are configured", options.databases);
                    return Err(Error { offset, reason: Reason::Unsupported(text.into()) });
                }
            }
        }
    }
}

fn add(data: &mut LoadedData, db: usize, key: Key, options: &Options<'_>) -> Result<()> {
    let Some(value) = key.value else {
        data.empty += 1;
        return Ok(());
    };
    if key.expire_ms.zip(options.now_ms).is_some_and(|(at, now)| at < now) {
        data.expired += 1;
        if data.fact(HISTORY).is_some() {
            data.gone.push((db, key.name));
        }
        return Ok(());
    }
    let keyspace = data
        .databases
        .get_mut(db)
        .ok_or_else(|| damaged(key.offset, "a key before its database"))?;
    let Err(vacant) = keyspace.find(&key.name) else {
        let name = UserData(&key.name);
        return Err(damaged(key.offset, format!("the key '{name}' is twice in database {db}")));
    };
    let slot = keyspace.insert(vacant, &key.name, value, (options.access)(key.usage));
    if let Some(at) = key.expire_ms {
        keyspace.set_deadline(slot, at);
    }
    data.keys += 1;
    Ok(())
}
