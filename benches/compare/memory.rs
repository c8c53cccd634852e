//! Memory of idle connections.
//!
//! It is the resident memory by which a fresh server grows. That doesn't vary from round to round, so
//! one round is enough. What data takes: `data.rs`.
//!
//! A connection costs the kernel memory, too: both ends of the socket, and where there is a thread for
//! it, that thread's kernel stack and page tables. That part belongs to no process, so it is the
//! growth of the whole machine's `Slab`, `KernelStack` and `PageTables`, named beside the other.

use std::io::Result;
use std::time::Duration;

use crate::cases::{Against, Case, Contestant, Scale, Section, Unit};
use crate::servers::Server;

/// How many connections.
const CONNECTIONS: usize = 10_000;
/// How long the last thread gets to fall asleep.
const SETTLING: Duration = Duration::from_millis(500);

/// The sections of the report.
pub fn sections(scale: Scale) -> Vec<Section> {
    let connections = Case {
        rows: vec!["resident".to_owned(), "of the kernel, both ends".to_owned()],
        measure: Box::new(move |contestant| idle_connections(contestant, scale.of(CONNECTIONS))),
    };
    vec![Section {
        key: "connections".to_owned(),
        title: "Memory of 10,000 idle connections, after one PING each".to_owned(),
        unit: Unit::KilobytesEach,
        against: Against::Others,
        repeats: false,
        cases: vec![connections],
    }]
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
