//! A server inside a program: for a test that needs a Redis, without one being installed.
//!
//! ```text
//! cargo run --example embedded
//! ```
//!
//! Port 0 takes a free port, so tests can run at the same time. The server stops when the handle is
//! dropped.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

fn main() -> std::io::Result<()> {
    let server = cacheflow::Server::builder().bind("127.0.0.1:0").start()?;
    println!("a server listens on {}", server.address());

    // Any Redis client would do; two inline commands do as well.
    let mut client = TcpStream::connect(server.address())?;
    client.write_all(b"SET greeting hello\r\nGET greeting\r\n")?;
    let mut lines = BufReader::new(client).lines();
    for _ in 0..3 {
        println!("  {}", lines.next().transpose()?.unwrap_or_default());
    }

    server.stop();
    println!("and now it doesn't");
    Ok(())
}
