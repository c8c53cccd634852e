//! Memory: what a million of something costs, and what an idle connection does.
//!
//! It is the resident memory by which a fresh server grows. That doesn't vary from round to round, so
//! one round is enough.
//!
//! A connection costs the kernel memory, too: both ends of the socket, and where there is a thread for
//! it, that thread's kernel stack and page tables. That part belongs to no process, so it is the
//! growth of the whole machine's `Slab`, `KernelStack` and `PageTables`, named beside the other.

use std::io::Result;
use std::time::Duration;

use crate::cases::{Against, Case, Contestant, Scale, Section, Unit};
use crate::servers::Server;
use crate::wire::{Wire, put, sixteen};

/// How many keys or members.
const MILLION: usize = 1_000_000;
/// How many connections.
const CONNECTIONS: usize = 10_000;
/// How long the last thread gets to fall asleep.
const SETTLING: Duration = Duration::from_millis(500);

/// A kind of data: its name, how many million, and the command that adds number `n`.
type Kind = (&'static str, usize, fn(usize, &mut Vec<u8>));

const KINDS: &[Kind] = &[
    ("string, 16-byte key and value", 1, string),
    ("string, 10 million of them", 10, string),
    ("hash of 5 fields", 1, small_hash),
    ("member of a set of integers", 1, |n, out| put(out, &["SADD", "set", &n.to_string()])),
    ("member of a sorted set", 1, |n, out| {
        put(out, &["ZADD", "zset", &n.to_string(), &sixteen("m", n)]);
    }),
    ("entry of a stream", 1, |n, out| {
        put(out, &["XADD", "stream", "*", "field", &n.to_string()]);
    }),
];

fn string(number: usize, out: &mut Vec<u8>) {
    put(out, &["SET", &sixteen("key", number), &sixteen("val", number)]);
}

fn small_hash(number: usize, out: &mut Vec<u8>) {
    let value = format!("value{number}");
    let mut request = vec!["HSET".to_owned(), sixteen("hash", number)];
    (0..5).for_each(|field| request.extend([format!("field{field}"), value.clone()]));
    put(out, &request.iter().map(String::as_str).collect::<Vec<_>>());
}

/// The sections of the report.
pub fn sections(scale: Scale) -> Vec<Section> {
    let data = KINDS.iter().map(|(name, millions, command)| Case {
        rows: vec![(*name).to_owned()],
        measure: Box::new(move |contestant| {
            let count = scale.of(MILLION * millions);
            let server = contestant.fresh(&[])?;
            let before = resident(&server)?;
            Wire::open(&server)?.fill(count, command)?;
            Ok(vec![(resident(&server)? - before) / count as f64])
        }),
    });
    let connections = Case {
        rows: vec!["resident".to_owned(), "of the kernel, both ends".to_owned()],
        measure: Box::new(move |contestant| idle_connections(contestant, scale.of(CONNECTIONS))),
    };
    let section = |key: &str, title: &str, unit, cases| Section {
        key: key.to_owned(),
        title: title.to_owned(),
        unit,
        against: Against::Others,
        repeats: false,
        cases,
    };
    vec![
        section("memory", "Memory of a million", Unit::BytesEach, data.collect()),
        section(
            "connections",
            "Memory of 10,000 idle connections, after one PING each",
            Unit::KilobytesEach,
            vec![connections],
        ),
    ]
}

/// What each connection costs the server, and the kernel.
fn idle_connections(contestant: &Contestant, count: usize) -> Result<Vec<f64>> {
    let server = contestant.fresh(&["--maxclients", "20000"])?;
    // The first few warm everything up that is there once.
    let _first = (0..20).map(|_| pinged(&server)).collect::<Result<Vec<_>>>()?;
    std::thread::sleep(SETTLING);
    let before = (resident(&server)?, kernel()?);
    let _open = (0..count).map(|_| pinged(&server)).collect::<Result<Vec<_>>>()?;
    std::thread::sleep(SETTLING);
    let grown = [resident(&server)? - before.0, kernel()? - before.1];
    Ok(grown.map(|bytes| bytes / 1024.0 / count as f64).into())
}

/// A connection that has sent a PING and has its answer.
fn pinged(server: &Server) -> Result<std::net::TcpStream> {
    use std::io::{Read, Write};
    let mut stream = server.connect()?;
    stream.write_all(b"PING\r\n")?;
    stream.read_exact(&mut [0; b"+PONG\r\n".len()])?;
    Ok(stream)
}

/// Resident memory of the server in bytes.
pub fn resident(server: &Server) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id()))?;
    Ok(kilobytes(&status, "VmRSS:") * 1024.0)
}

/// Memory of the kernel in bytes, as far as it grows with sockets and threads.
fn kernel() -> Result<f64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo")?;
    let parts = ["Slab:", "KernelStack:", "PageTables:"];
    Ok(parts.map(|part| kilobytes(&meminfo, part)).iter().sum::<f64>() * 1024.0)
}

/// The value of a line `name    123 kB`.
fn kilobytes(text: &str, name: &str) -> f64 {
    let value = |line: &str| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse().ok();
    text.lines().find_map(value).unwrap_or(f64::NAN)
}
