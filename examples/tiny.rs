//! Redis in one file: the whole idea, to be typed in and understood in an afternoon.
//!
//! ```text
//!            1               2               2                6         5           4
//! client ──> TcpListener ──> worker of  ──> read_request ──> serve ──> execute ──> Mutex<Data>
//!    ^                       a ThreadPool                      │
//!    └─────────────────────────────── Reply::write (3) <───────┘
//! ```
//!
//! A connection gets a thread of its own, which does one thing after the other: read a request, lock
//! the data, do what it says, unlock, reply. What happens under the lock happens at once for
//! everybody else: that is all there is to "atomic".
//!
//! ```console
//! $ cargo run --release --example tiny -- 127.0.0.1:6379
//! $ redis-cli SET greeting hello EX 60
//! $ redis-benchmark -q -P 16 -t ping,set,get,incr,lpush,rpush,lpop,rpop,lrange
//! ```
//!
//! It shares no code with cacheflow, which is what becomes of it when nothing may be lost, nobody may
//! be kept waiting, and everything has to be as in Redis. Where that is done is said on the way.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use threadpool::ThreadPool;

// ---- 1. The listener: a worker for each connection ---------------------------------------------

/// A worker stays with its connection until that ends; further clients wait for one who leaves.
/// (cacheflow's pool grows with the crowd: `src/server/pool.rs`.)
const WORKERS: usize = 128;
/// Who reads nothing for so long is cut off: whoever publishes waits for it, with the lock in hand.
/// (There, nobody waits: `src/engine/outbox.rs`.)
const PATIENCE: Duration = Duration::from_secs(1);

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:6379".into());
    let listener = TcpListener::bind(address)?;
    println!("Ready to accept connections on {}", listener.local_addr()?);
    let data = Arc::new(Mutex::new(Data::default()));
    let workers = ThreadPool::new(WORKERS);
    for socket in listener.incoming() {
        let (socket, data) = (socket?, Arc::clone(&data));
        workers.execute(move || _ = serve(socket, &data)); // what ends it concerns nobody else
    }
    Ok(())
}

// ---- 2. Requests: from bytes to words ----------------------------------------------------------

/// Redis knows nothing but bytes: keys and values may be pictures.
type Bytes = Vec<u8>;

/// Reads `*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n`, or from somebody who types: `ECHO hello\r\n`. Who says
/// anything else is hung up on. (Politely, and without copies: `src/resp/reader.rs`.)
fn read_request(input: &mut impl BufRead) -> io::Result<Vec<Bytes>> {
    let line = read_line(input)?;
    if let Some(count) = line.strip_prefix(b"*") {
        let count = integer(count).map_err(io::Error::other)?;
        return (0..count).map(|_| read_argument(input)).collect();
    }
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    Ok(words.map(<[u8]>::to_vec).collect())
}

/// Reads `$5\r\nhello\r\n`. Memory grows with the bytes that come, not with the number that announces
/// them: or else twenty bytes could have us allocate half a gigabyte.
fn read_argument(input: &mut impl BufRead) -> io::Result<Bytes> {
    let line = read_line(input)?;
    let length = line.strip_prefix(b"$").ok_or(io::ErrorKind::InvalidData)?;
    let length = integer(length).map_err(io::Error::other)?.clamp(0, 512 << 20) as usize;
    let mut argument = Bytes::new();
    match input.take(length as u64 + 2).read_to_end(&mut argument)? == length + 2 {
        true => argument.truncate(length), // without the \r\n behind it
        false => return Err(io::ErrorKind::UnexpectedEof.into()),
    }
    Ok(argument)
}

fn read_line(input: &mut impl BufRead) -> io::Result<Bytes> {
    let mut line = Bytes::new();
    match input.read_until(b'\n', &mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_ascii_end().to_vec()),
    }
}

/// A number, if it is written as Redis would write it: neither `+1` nor `007`.
fn integer(text: &[u8]) -> Result<i64, String> {
    let number = str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
    let number = number.filter(|number| number.to_string().as_bytes() == text);
    number.ok_or("ERR value is not an integer or out of range".into())
}

// ---- 3. Replies: from values to bytes ----------------------------------------------------------

/// What a command answers.
enum Reply {
    Simple(&'static str),
    Error(String),
    Integer(i64),
    Bulk(Bytes),
    Nil,
    Array(Vec<Reply>),
}

use Reply::{Array, Bulk, Error, Integer, Nil, Simple};

impl Reply {
    fn write(&self, out: &mut Bytes) -> io::Result<()> {
        match self {
            Simple(text) => write!(out, "+{text}\r\n"),
            Error(text) => write!(out, "-{text}\r\n"),
            Integer(number) => write!(out, ":{number}\r\n"),
            Bulk(bytes) => {
                write!(out, "${}\r\n", bytes.len())?;
                out.write_all(&[bytes, &b"\r\n"[..]].concat())
            }
            Nil => write!(out, "$-1\r\n"),
            Array(items) => {
                write!(out, "*{}\r\n", items.len())?;
                items.iter().try_for_each(|item| item.write(out))
            }
        }
    }
}

// ---- 4. The data: maps behind a lock -----------------------------------------------------------

/// Everything that clients share. (cacheflow's is in `src/engine`, its map `src/store/keyspace.rs`.)
#[derive(Default)]
struct Data {
    keys: HashMap<Bytes, Entry>,
    /// Who listens to a channel: their sockets, as long as `serve` holds on to them.
    channels: HashMap<Bytes, Vec<Weak<Mutex<TcpStream>>>>,
}

struct Entry {
    value: Value,
    deadline: Option<Instant>,
}

enum Value {
    Text(Bytes),
    List(VecDeque<Bytes>),
}

use Value::{List, Text};

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

impl Value {
    fn text(&mut self) -> Result<&mut Bytes, String> {
        if let Text(text) = self { Ok(text) } else { Err(WRONG_TYPE.into()) }
    }

    fn list(&mut self) -> Result<&mut VecDeque<Bytes>, String> {
        if let List(list) = self { Ok(list) } else { Err(WRONG_TYPE.into()) }
    }
}

impl Data {
    /// Looks a key up. If its time is over, it goes now that somebody looks. (And if nobody ever does?
    /// `src/engine/expiry.rs`.)
    fn find(&mut self, key: &Bytes) -> Option<&mut Entry> {
        let is_over = |entry: &Entry| entry.deadline.is_some_and(|at| at <= Instant::now());
        if self.keys.get(key).is_some_and(is_over) {
            self.keys.remove(key);
        }
        self.keys.get_mut(key)
    }

    /// The same; a key that isn't there is added with this value.
    fn find_or_add(&mut self, key: &Bytes, value: Value) -> &mut Value {
        self.find(key);
        &mut self.keys.entry(key.clone()).or_insert(Entry { value, deadline: None }).value
    }
}

// ---- 5. Commands: one match --------------------------------------------------------------------

/// How many words a request has, its name included; -2 means at least 2. (cacheflow's table knows
/// much more about each: `src/catalogue/table.rs`.)
#[rustfmt::skip]
const COMMANDS: [(&str, isize); 21] = [
    ("ping", -1), ("echo", 2), ("set", -3), ("get", 2), ("del", -2), ("incr", 2), ("type", 2),
    ("keys", 2), ("expire", 3), ("ttl", 2), ("lpush", -3), ("rpush", -3), ("lpop", 2), ("rpop", 2),
    ("lrange", 4), ("llen", 2), ("multi", 1), ("exec", 1), ("discard", 1), ("subscribe", -2),
    ("publish", 3),
];

fn name_of(request: &[Bytes]) -> String {
    String::from_utf8_lossy(&request[0]).to_ascii_lowercase()
}

/// Executes a request. Whoever calls has the lock.
fn execute(data: &mut Data, request: &[Bytes]) -> Reply {
    try_to(data, request).unwrap_or_else(Error)
}

fn try_to(data: &mut Data, request: &[Bytes]) -> Result<Reply, String> {
    Ok(match (name_of(request).as_str(), &request[1..]) {
        ("ping", []) => Simple("PONG"),
        ("ping" | "echo", [text]) => Bulk(text.clone()),
        ("get", [key]) => {
            let Some(entry) = data.find(key) else { return Ok(Nil) };
            Bulk(entry.value.text()?.clone())
        }
        ("set", [key, value, options @ ..]) => {
            let entry = Entry { value: Text(value.clone()), deadline: deadline(options)? };
            data.keys.insert(key.clone(), entry);
            Simple("OK")
        }
        ("del", keys) => {
            keys.iter().for_each(|key| _ = data.find(key)); // what is over doesn't count
            Integer(keys.iter().filter_map(|key| data.keys.remove(key)).count() as i64)
        }
        ("incr", [key]) => {
            let text = data.find_or_add(key, Text(b"0".into())).text()?;
            let next = integer(text)?.checked_add(1);
            let next = next.ok_or("ERR increment or decrement would overflow")?;
            *text = next.to_string().into();
            Integer(next)
        }
        ("type", [key]) => Simple(match data.find(key).map(|entry| &entry.value) {
            Some(Text(_)) => "string",
            Some(List(_)) => "list",
            None => "none",
        }),
        ("keys", [pattern]) => {
            let mut keys: Vec<Bytes> = data.keys.keys().cloned().collect();
            keys.retain(|key| matches(pattern, key) && data.find(key).is_some());
            Array(keys.into_iter().map(Bulk).collect())
        }
        ("expire", [key, seconds]) => {
            let seconds = integer(seconds)?.max(0) as u64; // what was in the past is now
            let Some(entry) = data.find(key) else { return Ok(Integer(0)) };
            entry.deadline = Instant::now().checked_add(Duration::from_secs(seconds));
            Integer(1)
        }
        ("ttl", [key]) => Integer(match data.find(key).map(|entry| entry.deadline) {
            None => -2,
            Some(None) => -1,
            Some(Some(at)) => at.duration_since(Instant::now()).as_secs_f64().round() as i64,
        }),
        (name @ ("lpush" | "rpush"), [key, values @ ..]) => {
            let list = data.find_or_add(key, List(VecDeque::new())).list()?;
            let add = if name == "lpush" { VecDeque::push_front } else { VecDeque::push_back };
            values.iter().for_each(|value| add(list, value.clone()));
            Integer(list.len() as i64)
        }
        (name @ ("lpop" | "rpop"), [key]) => {
            let Some(entry) = data.find(key) else { return Ok(Nil) };
            let list = entry.value.list()?;
            let value = if name == "lpop" { list.pop_front() } else { list.pop_back() };
            if list.is_empty() {
                data.keys.remove(key); // there are no empty lists
            }
            value.map_or(Nil, Bulk)
        }
        ("llen", [key]) => {
            let Some(entry) = data.find(key) else { return Ok(Integer(0)) };
            Integer(entry.value.list()?.len() as i64)
        }
        ("lrange", [key, first, last]) => {
            let (first, last) = (integer(first)?, integer(last)?);
            let Some(entry) = data.find(key) else { return Ok(Array(Vec::new())) };
            let list = entry.value.list()?;
            let length = list.len() as i64;
            let from_start = |at: i64| if at < 0 { at.saturating_add(length) } else { at };
            let end = from_start(last).saturating_add(1).clamp(0, length);
            let range = from_start(first).clamp(0, end) as usize..end as usize;
            Array(list.range(range).map(|value| Bulk(value.clone())).collect())
        }
        ("publish", [channel, text]) => {
            let parts = [b"message", channel.as_slice(), text].map(|part| Bulk(part.to_vec()));
            let mut message = Bytes::new();
            let _ = Array(parts.into()).write(&mut message); // memory takes everything
            let send = |to: Arc<Mutex<TcpStream>>| to.lock().unwrap().write_all(&message).is_ok();
            let Some(listeners) = data.channels.get_mut(channel) else { return Ok(Integer(0)) };
            listeners.retain(|socket| socket.upgrade().is_some_and(send));
            Integer(listeners.len() as i64)
        }
        (name, _) => return Err(format!("ERR wrong number of arguments for '{name}' command")),
    })
}

/// What may follow the value of SET: `EX seconds` or `PX milliseconds`.
fn deadline(options: &[Bytes]) -> Result<Option<Instant>, String> {
    let (time, factor) = match options {
        [] => return Ok(None),
        [unit, time] if unit.eq_ignore_ascii_case(b"EX") => (integer(time)?, 1000),
        [unit, time] if unit.eq_ignore_ascii_case(b"PX") => (integer(time)?, 1),
        _ => return Err("ERR syntax error".into()),
    };
    let time_ms = time.checked_mul(factor).filter(|time_ms| *time_ms > 0);
    let time_ms = time_ms.ok_or("ERR invalid expire time in 'set' command")?;
    Ok(Instant::now().checked_add(Duration::from_millis(time_ms as u64)))
}

/// `*` stands for anything, `?` for one byte. (Why many stars are no trap there: `src/number/glob.rs`.)
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], []) => matches(rest, text),
        ([b'*', rest @ ..], [_, more @ ..]) => matches(rest, text) || matches(pattern, more),
        ([b'?', rest @ ..], [_, more @ ..]) => matches(rest, more),
        ([one, rest @ ..], [other, more @ ..]) => one == other && matches(rest, more),
        _ => false,
    }
}

// ---- 6. A client: transactions and subscriptions -----------------------------------------------

/// Serves a client, from its first byte to its last.
fn serve(socket: TcpStream, data: &Mutex<Data>) -> io::Result<()> {
    socket.set_write_timeout(Some(PATIENCE))?;
    let mut input = BufReader::new(socket.try_clone()?);
    let output = Arc::new(Mutex::new(socket)); // messages come from others: one writes at a time
    let mut replies = Bytes::new();
    let mut queue: Option<Vec<Vec<Bytes>>> = None; // since MULTI
    let mut is_doomed = false; // a request was refused since then: EXEC will do nothing
    let mut channels = HashSet::new();
    loop {
        // A read brings as many requests as there are. When all are answered, one write will do.
        if input.buffer().is_empty() || replies.len() > 64 * 1024 {
            output.lock().unwrap().write_all(&replies)?;
            replies.clear();
        }
        let request = read_request(&mut input)?;
        if request.is_empty() {
            continue;
        }
        let mut data = data.lock().unwrap();
        let reply = match (check(&request), name_of(&request).as_str(), &mut queue) {
            (Err(error), ..) => {
                is_doomed = true;
                Error(error)
            }
            (_, "multi", None) => {
                (queue, is_doomed) = (Some(Vec::new()), false);
                Simple("OK")
            }
            (_, "multi", _) => Error("ERR MULTI calls can not be nested".into()),
            (_, "exec", None) => Error("ERR EXEC without MULTI".into()),
            (_, "discard", None) => Error("ERR DISCARD without MULTI".into()),
            (_, "discard", _) => {
                queue = None;
                Simple("OK")
            }
            (_, "exec", queue) => match queue.take().filter(|_| !is_doomed) {
                // All under one lock: nobody sees a part of it.
                Some(queue) => {
                    Array(queue.iter().map(|request| execute(&mut data, request)).collect())
                }
                None => Error("EXECABORT Transaction discarded because of previous errors.".into()),
            },
            (_, "subscribe", _) => {
                for channel in &request[1..] {
                    if channels.insert(channel.clone()) {
                        let listeners = data.channels.entry(channel.clone()).or_default();
                        listeners.push(Arc::downgrade(&output));
                    }
                    let count = Integer(channels.len() as i64);
                    let parts = vec![Bulk(b"subscribe".into()), Bulk(channel.clone()), count];
                    Array(parts).write(&mut replies)?;
                }
                // Under the lock, so that the first message comes behind it.
                output.lock().unwrap().write_all(&std::mem::take(&mut replies))?;
                continue;
            }
            (_, _, Some(queue)) => {
                queue.push(request);
                Simple("QUEUED")
            }
            _ => execute(&mut data, &request),
        };
        reply.write(&mut replies)?;
    }
}

/// What is wrong with a request that can be told before it is executed.
fn check(request: &[Bytes]) -> Result<(), String> {
    let (name, words) = (name_of(request), request.len() as isize);
    match COMMANDS.iter().find(|(known, _)| *known == name) {
        Some((_, arity)) if words == *arity || *arity < 0 && words >= -arity => Ok(()),
        Some(_) => Err(format!("ERR wrong number of arguments for '{name}' command")),
        None => {
            let mut words = request.iter().map(|word| String::from_utf8_lossy(word));
            let name = words.next().unwrap_or_default();
            let args: String = words.map(|arg| format!("'{arg}' ")).collect();
            Err(format!("ERR unknown command '{name}', with args beginning with: {args}"))
        }
    }
}
