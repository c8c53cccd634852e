//! Servers inside a program: for tests that need a Redis, without one being installed.
//!
//! ```text
//! cargo run --example embedded
//! ```
//!
//! Port 0 takes a free port, so tests can run at the same time. A server stops when its handle is dropped.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cacheflow::{Log, Server, Value};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    with_a_port()?;
    without_a_port()?;
    from_test_to_test()
}

fn with_a_port() -> Result<()> {
    let server = Server::builder().bind("127.0.0.1:0").start()?;
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

fn without_a_port() -> Result<()> {
    let begun = Instant::now();
    let server = Server::builder()
        .no_listener()
        .set("maxmemory", "100mb")?
        .user("alice", &["on", ">secret", "~*", "+@read"])
        .command(["SET", "greeting", "hello"])
        .log(Log::Nowhere)
        .start()?;
    let mut client = server.connect()?;
    assert!(client.call(["AUTH", "alice", "secret"])?.is_ok());
    assert_eq!(client.call(["GET", "greeting"])?, Value::Bulk(b"hello".to_vec()));
    println!("alice reads, and may not write: {:?}", client.call(["DEL", "greeting"])?);
    assert!(server.db(0).exists("greeting"));
    println!("all that took {:?}", begun.elapsed());
    Ok(())
}

fn from_test_to_test() -> Result<()> {
    let server = Server::builder().no_listener().log(Log::Nowhere).start()?;
    server.db(0).rpush("queue", ["one", "two"]);
    let clean = server.snapshot();
    for _ in 0..3 {
        assert_eq!(server.connect()?.call(["LPOP", "queue"])?, Value::Bulk(b"one".to_vec()));
        server.db(0).expire("queue", Duration::from_secs(60));
        let begun = Instant::now();
        server.restore(&clean)?;
        println!("as it was, {:?} later: {:?}", begun.elapsed(), server.db(0).ttl("queue"));
    }
    Ok(())
}
