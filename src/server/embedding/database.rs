//! Looks at the data, and changes of it, by function calls: what a test says before and after it lets a program
//! speak to the server.
//!
//! Looking takes THE lock and nothing else: it counts nowhere, wakes nobody, removes nothing that has expired (but doesn't
//! see it either), and doesn't make a key look used. Changes are commands, executed by a client that may do everything,
//! so that whoever watches, tracks, waits, listens or copies learns of them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::seed::execute;
use crate::command::args::range;
use crate::engine::Engine;
use crate::rdb;
use crate::rdb::Style;
use crate::server::Server;
use crate::store::value::Kind;
use crate::store::{Hash, Keyspace, List, Set, SortedSet, Str, Value};

/// One database of a server. See [`Server::db`].
#[derive(Clone, Copy)]
pub struct Database<'s> {
    server: &'s Server,
    number: usize,
}

impl Server {
    /// The database of this number, to look at and to fill.
    ///
    /// Looking has no side effects: no statistics, no key that counts as used. What has expired isn't seen.
    /// Changes are the commands of their names, and everybody concerned learns of them.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(3).set("k", "v");
    /// assert_eq!(server.db(3).get("k").as_deref(), Some(&b"v"[..]));
    /// assert_eq!(server.db(0).get("k"), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such database.
    #[track_caller]
    pub fn db(&self, number: usize) -> Database<'_> {
        let count = self.shared.engine.lock_in_turn().databases.len();
        assert!(number < count, "there is no database {number}, but only {count}");
        Database { server: self, number }
    }
}

/// Looking.
impl Database<'_> {
    /// The value of a string. None: there is no such key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert_eq!(server.db(0).get("k"), None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the key holds something else than a string. So do the other methods that look at one type.
    #[track_caller]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        self.typed(key.as_ref(), "string", |text: &Str, _| text.bytes().into_owned())
    }

    /// Whether there is such a key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert!(!server.db(0).exists("k"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn exists(&self, key: impl AsRef<[u8]>) -> bool {
        self.look(key.as_ref(), |_, _| ()).is_some()
    }

    /// How much longer a key will be there. None: there is none, or it stays.
    ///
    /// ```
    /// use std::time::Duration;
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).set("k", "v");
    /// assert_eq!(server.db(0).ttl("k"), None);
    /// server.db(0).expire("k", Duration::from_secs(10));
    /// assert!(server.db(0).ttl("k").unwrap() > Duration::from_secs(9));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ttl(&self, key: impl AsRef<[u8]>) -> Option<Duration> {
        let engine = self.server.shared.engine.lock_in_turn();
        let keyspace = &engine.databases[self.number];
        let deadline = keyspace.deadline(keyspace.find(key.as_ref()).ok()?)?;
        let left_ms = u64::try_from(deadline - engine.unix_ms()).ok()?;
        Some(Duration::from_millis(left_ms))
    }

    /// What TYPE says of a key. None: there is no such key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).sadd("s", ["a"]);
    /// assert_eq!(server.db(0).kind("s"), Some("set"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn kind(&self, key: impl AsRef<[u8]>) -> Option<&'static str> {
        self.look(key.as_ref(), |_, value| value.type_name())
    }

    /// What OBJECT ENCODING says of a key. None: there is no such key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).set("n", "12");
    /// assert_eq!(server.db(0).encoding("n"), Some("int"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn encoding(&self, key: impl AsRef<[u8]>) -> Option<&'static str> {
        self.look(key.as_ref(), |_, value| value.encoding())
    }

    /// All keys, sorted.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).set("b", "2");
    /// server.db(0).set("a", "1");
    /// assert_eq!(server.db(0).keys(), [b"a", b"b"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn keys(&self) -> Vec<Vec<u8>> {
        let engine = self.server.shared.engine.lock_in_turn();
        let now_ms = engine.unix_ms();
        let mut keys: Vec<Vec<u8>> =
            live(&engine.databases[self.number], now_ms).map(<[u8]>::to_vec).collect();
        drop(engine);
        keys.sort_unstable();
        keys
    }

    /// How many keys there are.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).set("k", "v");
    /// assert_eq!(server.db(0).len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        let engine = self.server.shared.engine.lock_in_turn();
        live(&engine.databases[self.number], engine.unix_ms()).count()
    }

    /// Whether there is no key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert!(server.db(0).is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fields of a hash and their values; none, if there is no such key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).hset("h", [("field", "value")]);
    /// assert_eq!(server.db(0).hgetall("h")[&b"field"[..]], b"value");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn hgetall(&self, key: impl AsRef<[u8]>) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let pairs = |hash: &Hash, now_ms| {
            let pairs = hash.live(now_ms);
            pairs.map(|(field, value)| (field.to_vec(), value.to_vec())).collect()
        };
        self.typed(key.as_ref(), "hash", pairs).unwrap_or_default()
    }

    /// The value of a field. None: there is none.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).hset("h", [("field", "value")]);
    /// assert_eq!(server.db(0).hget("h", "field").as_deref(), Some(&b"value"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn hget(&self, key: impl AsRef<[u8]>, field: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        let field = field.as_ref();
        let get = |hash: &Hash, now_ms| hash.get_live(field, now_ms).map(<[u8]>::to_vec);
        self.typed(key.as_ref(), "hash", get).flatten()
    }

    /// Elements of a list, by the numbers that LRANGE takes; none, if there is no such key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).rpush("l", ["a", "b", "c"]);
    /// assert_eq!(server.db(0).lrange("l", -2, -1), [b"b", b"c"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn lrange(&self, key: impl AsRef<[u8]>, start: i64, stop: i64) -> Vec<Vec<u8>> {
        let elements = |list: &List, _| {
            list.range(range(start, stop, list.len()))
                .map(|element| element.to_bytes().to_vec())
                .collect()
        };
        self.typed(key.as_ref(), "list", elements).unwrap_or_default()
    }

    /// The members of a set, sorted; none, if there is no such key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).sadd("s", ["b", "a"]);
    /// assert_eq!(server.db(0).smembers("s"), [b"a", b"b"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn smembers(&self, key: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        let members =
            |set: &Set, _| set.iter().map(|member| member.into_bytes().to_vec()).collect();
        let mut members: Vec<Vec<u8>> =
            self.typed(key.as_ref(), "set", members).unwrap_or_default();
        members.sort_unstable();
        members
    }

    /// Members of a sorted set and their scores, by the numbers that ZRANGE takes; none, if there is no such key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).zadd("z", [(2.0, "b"), (1.0, "a")]);
    /// assert_eq!(server.db(0).zrange("z", 0, 0), [(b"a".to_vec(), 1.0)]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn zrange(&self, key: impl AsRef<[u8]>, start: i64, stop: i64) -> Vec<(Vec<u8>, f64)> {
        let members = |zset: &SortedSet, _| {
            let members = zset.range(range(start, stop, zset.len()));
            members.map(|(member, score)| (member.to_vec(), score)).collect()
        };
        self.typed(key.as_ref(), "zset", members).unwrap_or_default()
    }

    /// What DUMP says of a key: its value as bytes that RESTORE takes. None: there is no such key.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).set("k", "v");
    /// let dumped = server.db(0).dump("k").unwrap();
    /// assert!(server.connect()?.call([&b"RESTORE"[..], b"copy", b"0", &dumped])?.is_ok());
    /// assert_eq!(server.db(0).get("copy"), server.db(0).get("k"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the value can't be written in the version that the parameter `rdb-version` asks for.
    #[track_caller]
    pub fn dump(&self, key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        let dumped = self.look(key.as_ref(), |engine, value| {
            rdb::dump(value, Style::of_config(&engine.config)).map_err(|error| error.to_string())
        });
        dumped.map(|dumped| dumped.unwrap_or_else(|error| panic!("{error}")))
    }

    fn look<T>(&self, key: &[u8], look: impl FnOnce(&Engine, &Value) -> T) -> Option<T> {
        let engine = self.server.shared.engine.lock_in_turn();
        let keyspace = &engine.databases[self.number];
        let slot = keyspace.find(key).ok()?;
        let is_over = keyspace.deadline(slot).is_some_and(|at| at < engine.unix_ms());
        (!is_over).then(|| look(&engine, &keyspace.entry(slot).value))
    }

    /// Whoever asks for the wrong type is told when THE lock is free again: a panic under it would end the process.
    #[track_caller]
    fn typed<K: Kind, T>(
        &self,
        key: &[u8],
        wanted: &str,
        look: impl FnOnce(&K, i64) -> T,
    ) -> Option<T> {
        let found = self.look(key, |engine, value| match K::of(value) {
            Ok(inner) => Ok(look(inner, engine.unix_ms())),
            Err(_) => Err(value.type_name()),
        });
        found.map(|found| {
            found.unwrap_or_else(|kind| {
                panic!("the key '{}' holds a {kind}, not a {wanted}", key.escape_ascii())
            })
        })
    }
}

/// Changing. These panic with the error's text if the server refuses the command: because of the key's type,
/// `maxmemory`, or since it is a replica.
impl Database<'_> {
    /// Sets a string, as SET does.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).set(b"k", [0, 255]);
    /// assert_eq!(server.db(0).get(b"k").as_deref(), Some(&[0, 255][..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn set(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.run(&[b"SET", key.as_ref(), value.as_ref()]);
    }

    /// Removes a key, as DEL does. False: there was none.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert!(!server.db(0).del("k"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn del(&self, key: impl AsRef<[u8]>) -> bool {
        self.run(&[b"DEL", key.as_ref()]) == b":1\r\n"
    }

    /// Gives a key a time to live, as PEXPIRE does. False: there is no such key.
    ///
    /// ```
    /// use std::time::Duration;
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// assert!(!server.db(0).expire("k", Duration::from_secs(1)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn expire(&self, key: impl AsRef<[u8]>, after: Duration) -> bool {
        let ms = after.as_millis().to_string();
        self.run(&[b"PEXPIRE", key.as_ref(), ms.as_bytes()]) == b":1\r\n"
    }

    /// Adds elements at the end of a list, as RPUSH does.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).rpush("l", ["a"]);
    /// assert_eq!(server.db(0).lrange("l", 0, -1), [b"a"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn rpush<A: AsRef<[u8]>>(
        &self,
        key: impl AsRef<[u8]>,
        elements: impl IntoIterator<Item = A>,
    ) {
        self.run_with(b"RPUSH", key.as_ref(), elements.into_iter().map(|it| it.as_ref().to_vec()));
    }

    /// Adds members to a set, as SADD does.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).sadd("s", ["a"]);
    /// assert_eq!(server.db(0).smembers("s"), [b"a"]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn sadd<A: AsRef<[u8]>>(
        &self,
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = A>,
    ) {
        self.run_with(b"SADD", key.as_ref(), members.into_iter().map(|it| it.as_ref().to_vec()));
    }

    /// Sets fields of a hash, as HSET does.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).hset("h", [("a", "1"), ("b", "2")]);
    /// assert_eq!(server.db(0).hgetall("h").len(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn hset<F: AsRef<[u8]>, V: AsRef<[u8]>>(
        &self,
        key: impl AsRef<[u8]>,
        fields: impl IntoIterator<Item = (F, V)>,
    ) {
        let fields = fields.into_iter();
        let words =
            fields.flat_map(|(field, value)| [field.as_ref().to_vec(), value.as_ref().to_vec()]);
        self.run_with(b"HSET", key.as_ref(), words);
    }

    /// Adds members to a sorted set, as ZADD does.
    ///
    /// ```
    /// let server = cacheflow::Server::builder().no_listener().start()?;
    /// server.db(0).zadd("z", [(1.5, "a")]);
    /// assert_eq!(server.db(0).zrange("z", 0, -1), [(b"a".to_vec(), 1.5)]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn zadd<A: AsRef<[u8]>>(
        &self,
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = (f64, A)>,
    ) {
        let members = members.into_iter();
        let words = members
            .flat_map(|(score, member)| [score.to_string().into_bytes(), member.as_ref().to_vec()]);
        self.run_with(b"ZADD", key.as_ref(), words);
    }

    #[track_caller]
    fn run_with(&self, command: &[u8], key: &[u8], words: impl Iterator<Item = Vec<u8>>) {
        let words: Vec<Vec<u8>> = words.collect();
        let args = [command, key].into_iter().chain(words.iter().map(Vec::as_slice));
        self.run(&args.collect::<Vec<&[u8]>>());
    }

    #[track_caller]
    fn run(&self, args: &[&[u8]]) -> Vec<u8> {
        let Database { server, number } = self;
        let execute =
            || execute(&mut server.shared.engine.lock_in_turn(), *number, args.iter().copied());
        let reply = server.log.inherited(execute)();
        if let Some(error) = reply.strip_prefix(b"-") {
            panic!("{}", String::from_utf8_lossy(error.trim_ascii_end()));
        }
        reply
    }
}

/// The keys that have not expired.
fn live(keyspace: &Keyspace, now_ms: i64) -> impl Iterator<Item = &[u8]> {
    let entries = keyspace.iter_with_deadlines();
    let alive = entries.filter(move |(_, deadline)| deadline.is_none_or(|at| at >= now_ms));
    alive.map(|(entry, _)| &entry.key[..])
}
