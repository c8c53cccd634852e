//! Debian's redis-sentinel watches a cacheflow master and two replicas, and replaces the master when
//! it is killed in the midst of writes. What was acknowledged with WAIT 1 is still there afterwards.
//!
//! Three of them, with the configuration that docs/scaling.md shows; only addresses and times are
//! the test's.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::client::{Client, Value};
use crate::documents::{Process, block};
use crate::servers::free_port;
use crate::{PATIENCE, cacheflow, call, call_on, connect, follow, info, text};
use crate::{wait_for_link, wait_until};

struct Sentinel {
    port: u16,
    _process: Process,
    _dir: tempfile::TempDir,
}

fn sentinel(master: u16) -> Sentinel {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let config = dir.path().join("sentinel.conf");
    let shown = block("docs/scaling.md", "sentinel monitor");
    let text = shown
        .replace("10.0.0.1 5001", &format!("127.0.0.1 {master}"))
        .replace("down-after-milliseconds mymaster 5000", "down-after-milliseconds mymaster 1000")
        .replace("failover-timeout mymaster 60000", "failover-timeout mymaster 4000");
    std::fs::write(&config, format!("port {port}\n{text}")).unwrap();
    let process = Process::start(Command::new("redis-sentinel").arg(&config));
    wait_until("sentinel answers", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    Sentinel { port, _process: process, _dir: dir }
}

/// Where Sentinel says that the master is.
fn master_port(sentinel: &Sentinel) -> Option<u16> {
    let found = call(sentinel.port, "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster");
    let Value::Array(words) = found else { return None };
    text(words.into_iter().nth(1)?).parse().ok()
}

/// Writes one number after another, each to a key of its own, until the server is gone. `written`
/// is how many were acknowledged with WAIT 1.
fn write_until_it_breaks(client: &mut Client, written: &AtomicUsize) {
    for number in 0.. {
        let set = ["SET".to_owned(), format!("key:{number}"), number.to_string()];
        let Ok(Value::Status(_)) = client.call(&set, PATIENCE) else { return };
        match client.call(&["WAIT", "1", "1000"], PATIENCE) {
            Ok(Value::Integer(1..)) => written.store(number + 1, Ordering::Relaxed),
            _ => return,
        }
    }
}

#[test]
#[ignore = "needs redis-sentinel: make differential"]
fn sentinel_replaces_a_killed_master() {
    let (master, first, second) = (cacheflow(&[]), cacheflow(&[]), cacheflow(&[]));
    for replica in [&first, &second] {
        follow(replica.port, master.port);
        wait_for_link(replica.port);
    }
    let sentinels = [(); 3].map(|()| sentinel(master.port));
    for sentinel in &sentinels {
        wait_until("sentinels know each other and both replicas", || {
            text(call(sentinel.port, "INFO sentinel")).contains("slaves=2,sentinels=3")
        });
    }
    let old = master.port;
    let written = AtomicUsize::new(0);
    let killed = std::thread::scope(|scope| {
        scope.spawn(|| write_until_it_breaks(&mut connect(old), &written));
        wait_until("a thousand writes", || written.load(Ordering::Relaxed) >= 1000);
        drop(master);
        Instant::now()
    });
    let new = |sentinel: &Sentinel| master_port(sentinel).filter(|port| *port != old);
    wait_until("the new master takes writes", || {
        let port = new(&sentinels[0]);
        port.is_some_and(|port| text(call(port, "SET after failover")) == "OK")
    });
    let acknowledged = written.load(Ordering::Relaxed);
    let seconds = killed.elapsed().as_secs_f32();
    println!("{acknowledged} writes acknowledged by WAIT 1; writes again after {seconds:.1} s");
    let new = new(&sentinels[0]).unwrap();
    let mut client = connect(new);
    for number in 0..acknowledged {
        assert_eq!(text(call_on(&mut client, &format!("GET key:{number}"))), number.to_string());
    }
    let other = if new == first.port { second.port } else { first.port };
    wait_until("the other replica follows it", || {
        info(other, "master_port") == new.to_string() && info(other, "master_link_status") == "up"
    });
    let back =
        cacheflow(&["--port", &old.to_string(), "--listen-addr", &format!("127.0.0.1:{old}")]);
    wait_until("the old master rejoins", || {
        info(back.port, "master_port") == new.to_string()
            && info(back.port, "master_link_status") == "up"
    });
    assert_eq!(text(call(back.port, "GET key:0")), "0");
}
