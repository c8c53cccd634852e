//! Values as the commands that create them: the base of an append-only file without a snapshot
//! (`aof-use-rdb-preamble no`), which people can read and other programs can execute.
//!
//! | value      | commands                                                              |
//! |------------|-----------------------------------------------------------------------|
//! | string     | `SET`                                                                 |
//! | list       | `RPUSH`                                                               |
//! | set        | `SADD`                                                                |
//! | hash       | `HMSET`, and `HPEXPIREAT` for fields that expire                      |
//! | sorted set | `ZADD`                                                                |
//! | stream     | `XADD` for each entry, `XSETID`, and for each group `XGROUP`, `XCLAIM`|
//! | expiry     | `PEXPIREAT`                                                           |
//! | functions  | `FUNCTION LOAD` for each library, before all keys                     |
//!
//! A collection comes in commands of 64 items each, as from Redis: neither the writer nor the loader
//! ever holds a large one as a request.

use std::io::{self, Write};

use crate::number::{format_i64, push_f64};
use crate::resp::writer::encode_request;
use crate::store::snapshot::Saved;
use crate::store::stream::{Group, StreamId};
use crate::store::{Hash, Stream, Value};

/// Items in one command.
const ITEMS: usize = 64;
/// Bytes that are written at once.
const BUFFER: usize = 64 * 1024;

/// Writes keys as commands.
pub struct CommandWriter<W> {
    writer: W,
    buffer: Vec<u8>,
}

impl<W: Write> CommandWriter<W> {
    /// Writes to `writer`, in large pieces.
    pub fn new(writer: W) -> Self {
        CommandWriter { writer, buffer: Vec::new() }
    }

    /// When the file is begun; nothing that is executed (`aof-timestamp-enabled`).
    pub fn annotate(&mut self, unix_time_s: i64) {
        self.buffer.extend_from_slice(format!("#TS:{unix_time_s}\r\n").as_bytes());
    }

    /// A library of functions, by its source.
    pub fn function(&mut self, source: &[u8]) -> io::Result<()> {
        self.command(&[b"FUNCTION", b"LOAD", source])
    }

    /// The next keys belong to this database.
    pub fn select(&mut self, db: usize) -> io::Result<()> {
        self.command(&[b"SELECT", format_i64(db as i64).as_bytes()])
    }

    /// A key, its value, and when it expires.
    pub fn key(&mut self, saved: &Saved) -> io::Result<()> {
        let key: &[u8] = &saved.key;
        match &saved.value {
            Value::Str(text) => self.command(&[b"SET", key, &text.bytes()])?,
            Value::List(list) => self.items(
                b"RPUSH",
                key,
                1,
                list.iter().map(|element| element.to_bytes().to_vec()),
            )?,
            Value::Set(set) => self.items(b"SADD", key, 1, set.iter().map(|it| it.to_vec()))?,
            Value::Hash(hash) => {
                let items = hash.iter().flat_map(|(field, value)| [field.to_vec(), value.to_vec()]);
                self.items(b"HMSET", key, 2, items)?;
                self.field_times(key, hash)?;
            }
            Value::SortedSet(zset) => {
                let items = zset.iter().flat_map(|(member, score)| {
                    let mut digits = Vec::new();
                    push_f64(&mut digits, score);
                    [digits, member.to_vec()]
                });
                self.items(b"ZADD", key, 2, items)?;
            }
            Value::Stream(stream) => self.stream(key, stream)?,
        }
        match saved.deadline {
            Some(at) => self.command(&[b"PEXPIREAT", key, format_i64(at).as_bytes()]),
            None => Ok(()),
        }
    }

    /// Ends the file and returns the writer, flushed.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.writer.flush()?;
        Ok(self.writer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn command(&mut self, args: &[&[u8]]) -> io::Result<()> {
        encode_request(&mut self.buffer, args.iter().copied());
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Commands of 64 items each, an item being so many words.
    fn items(
        &mut self,
        name: &[u8],
        key: &[u8],
        words: usize,
        items: impl Iterator<Item = Vec<u8>>,
    ) -> io::Result<()> {
        let mut items = items.peekable();
        while items.peek().is_some() {
            let batch: Vec<Vec<u8>> = items.by_ref().take(ITEMS * words).collect();
            let args: Vec<&[u8]> =
                [name, key].into_iter().chain(batch.iter().map(|word| &word[..])).collect();
            self.command(&args)?;
        }
        Ok(())
    }

    /// Fields that expire at the same time, and stand side by side, share a command.
    fn field_times(&mut self, key: &[u8], hash: &Hash) -> io::Result<()> {
        if hash.next_expiry().is_none() {
            return Ok(());
        }
        let mut pending: Vec<&[u8]> = Vec::new();
        let mut moment = None;
        for (field, _, at) in hash.iter_with_expiry() {
            if at != moment || pending.len() == ITEMS {
                self.expire_fields(key, moment, &pending)?;
                pending.clear();
                moment = at;
            }
            pending.push(field);
        }
        self.expire_fields(key, moment, &pending)
    }

    fn expire_fields(&mut self, key: &[u8], at: Option<i64>, fields: &[&[u8]]) -> io::Result<()> {
        let Some(at) = at else { return Ok(()) };
        let (at, number) = (format_i64(at), format_i64(fields.len() as i64));
        let head = [b"HPEXPIREAT", key, at.as_bytes(), b"FIELDS", number.as_bytes()];
        self.command(&[&head, fields].concat())
    }

    fn stream(&mut self, key: &[u8], stream: &Stream) -> io::Result<()> {
        for entry in stream.range(StreamId::MIN, StreamId::MAX) {
            let id = entry.id.to_string();
            let mut args: Vec<&[u8]> = vec![b"XADD", key, id.as_bytes()];
            args.extend(entry.fields.clone().flat_map(|(field, value)| [field, value]));
            self.command(&args)?;
        }
        let last_id = stream.last_id.to_string();
        if stream.is_empty() {
            // An entry that is trimmed away at once leaves an empty stream. 0-0 is no entry's ID.
            let id = if stream.last_id == StreamId::MIN { "0-1" } else { &last_id };
            self.command(&[b"XADD", key, b"MAXLEN", b"0", id.as_bytes(), b"x", b"y"])?;
        }
        let added = stream.entries_added.to_string();
        let deleted = stream.max_deleted_id.to_string();
        let words: [&[u8]; 7] = [
            b"XSETID",
            key,
            last_id.as_bytes(),
            b"ENTRIESADDED",
            added.as_bytes(),
            b"MAXDELETEDID",
            deleted.as_bytes(),
        ];
        self.command(&words)?;
        for (name, group) in stream.groups() {
            self.group(key, name, group)?;
        }
        Ok(())
    }

    fn group(&mut self, key: &[u8], name: &[u8], group: &Group) -> io::Result<()> {
        let last_id = group.last_id.to_string();
        let read = group.entries_read.map_or("-1".to_owned(), |read| read.to_string());
        let create: [&[u8]; 7] =
            [b"XGROUP", b"CREATE", key, name, last_id.as_bytes(), b"ENTRIESREAD", read.as_bytes()];
        self.command(&create)?;
        for consumer in group.consumers().keys() {
            self.command(&[b"XGROUP", b"CREATECONSUMER", key, name, consumer])?;
        }
        for (id, pending) in group.pending().iter() {
            let (id, consumer) = (id.to_string(), &pending.consumer);
            let time = format_i64(pending.delivery_time_ms);
            let count = pending.delivery_count.to_string();
            let claim: [&[u8]; 12] = [
                b"XCLAIM",
                key,
                name,
                consumer,
                b"0",
                id.as_bytes(),
                b"TIME",
                time.as_bytes(),
                b"RETRYCOUNT",
                count.as_bytes(),
                b"JUSTID",
                b"FORCE",
            ];
            self.command(&claim)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::list::End;
    use crate::store::{Bytes, List, Str};

    #[test]
    fn collections_come_in_commands_of_64_items() {
        let mut list = List::default();
        (0..130).for_each(|number: i32| list.push(End::Back, number.to_string().as_bytes()));
        let saved = |key: &str, value: Value, deadline| Saved {
            key: Bytes::new(key.as_bytes()),
            value,
            deadline,
            access: 0,
        };
        let mut writer = CommandWriter::new(Vec::new());
        writer.select(3).unwrap();
        writer.key(&saved("s", Value::Str(Str::new(b"12")), Some(99))).unwrap();
        writer.key(&saved("l", crate::store::value::Kind::into_value(list), None)).unwrap();
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        let heads: Vec<&str> =
            text.split('*').skip(1).map(|it| it.split('\r').next().unwrap()).collect();
        assert_eq!(heads, ["2", "3", "3", "66", "66", "4"]);
        assert!(text.contains("$9\r\nPEXPIREAT\r\n$1\r\ns\r\n$2\r\n99\r\n"), "{text}");
    }
}
