//! The server inside a program, spoken to by a real client from crates.io.

use std::time::Duration;

use cacheflow::Server;
use redis::{Commands, Connection, RedisResult};

fn start() -> Server {
    Server::builder().bind("127.0.0.1:0").start().unwrap()
}

fn connect(server: &Server) -> Connection {
    let client = redis::Client::open(format!("redis://{}", server.address())).unwrap();
    client.get_connection_with_timeout(Duration::from_secs(5)).unwrap()
}

#[test]
fn a_client_sets_and_gets() -> RedisResult<()> {
    let server = start();
    let mut client = connect(&server);
    let _: () = client.set("greeting", "hello")?;
    let greeting: String = client.get("greeting")?;
    assert_eq!(greeting, "hello");
    let missing: Option<String> = client.get("missing")?;
    assert_eq!(missing, None);
    let count: i64 = client.incr("count", 41)?;
    assert_eq!(count, 41);
    Ok(())
}

#[test]
fn a_pipeline_is_answered_in_order() -> RedisResult<()> {
    let server = start();
    let mut client = connect(&server);
    let mut pipeline = redis::pipe();
    (0..5000).for_each(|number| {
        pipeline.cmd("SET").arg(format!("key:{number}")).arg(number).ignore();
        pipeline.cmd("GET").arg(format!("key:{number}"));
    });
    let values: Vec<i64> = pipeline.query(&mut client)?;
    assert_eq!(values, (0..5000).collect::<Vec<i64>>());
    Ok(())
}

/// The client crate tries EVALSHA, and answers NOSCRIPT with SCRIPT LOAD.
#[test]
fn a_script_that_was_forgotten_is_sent_again() -> RedisResult<()> {
    let server = start();
    let mut client = connect(&server);
    let script = redis::Script::new("return {KEYS[1], redis.call('INCRBY', KEYS[1], ARGV[1])}");
    let call = |client: &mut Connection| script.key("count").arg(5).invoke::<(String, i64)>(client);
    assert_eq!(call(&mut client)?, ("count".into(), 5));
    let _: () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut client)?;
    assert_eq!(call(&mut client)?, ("count".into(), 10));
    let mut invocation = script.key("count");
    let invocation = invocation.arg(1);
    let mut pipeline = redis::pipe();
    pipeline
        .atomic()
        .load_script(&script)
        .ignore()
        .invoke_script(invocation)
        .invoke_script(invocation);
    let replies: Vec<(String, i64)> = pipeline.query(&mut client)?;
    assert_eq!(replies, [("count".into(), 11), ("count".into(), 12)]);
    let statistics: String = redis::cmd("INFO").arg("commandstats").query(&mut client)?;
    assert!(statistics.contains("cmdstat_evalsha:calls=6,"), "{statistics}");
    assert!(statistics.contains("cmdstat_script|load:calls=3,"), "{statistics}");
    Ok(())
}

#[test]
fn servers_do_not_share_anything() -> RedisResult<()> {
    let (one, other) = (start(), start());
    assert_ne!(one.address(), other.address());
    let _: () = connect(&one).set("k", "here")?;
    let elsewhere: Option<String> = connect(&other).get("k")?;
    assert_eq!(elsewhere, None);
    let sha: String = redis::cmd("SCRIPT").arg("LOAD").arg("return 1").query(&mut connect(&one))?;
    let known: Vec<bool> =
        redis::cmd("SCRIPT").arg("EXISTS").arg(&sha).query(&mut connect(&other))?;
    assert_eq!(known, [false]);
    Ok(())
}

#[test]
fn a_dropped_server_is_gone() {
    let server = start();
    let address = server.address();
    let mut client = connect(&server);
    drop(server);
    assert!(redis::cmd("PING").query::<String>(&mut client).is_err());
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn a_password_is_asked_for() {
    let server = Server::builder().bind("127.0.0.1:0").password("secret").start().unwrap();
    let open = redis::Client::open(format!("redis://{}", server.address())).unwrap();
    let refused = open.get_connection().and_then(|mut client| client.get::<_, Option<String>>("k"));
    assert!(refused.unwrap_err().to_string().contains("NOAUTH"));
    let with = redis::Client::open(format!("redis://:secret@{}", server.address())).unwrap();
    let value: Option<String> = with.get_connection().unwrap().get("k").unwrap();
    assert_eq!(value, None);
}

#[test]
fn large_values_come_back_whole() -> RedisResult<()> {
    let server = start();
    let mut client = connect(&server);
    let large: Vec<u8> = (0..20 << 20).map(|index| (index * 31 % 251) as u8).collect();
    let _: () = client.set("large", &large)?;
    let back: Vec<u8> = client.get("large")?;
    assert!(back == large);
    Ok(())
}

#[test]
fn many_clients_at_once_lose_no_increment() {
    let server = start();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let mut client = connect(&server);
                (0..200).for_each(|_| client.incr::<_, _, ()>("count", 1).unwrap());
            });
        }
    });
    let count: i64 = connect(&server).get("count").unwrap();
    assert_eq!(count, 4000);
}
