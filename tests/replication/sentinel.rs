//! Debian's redis-sentinel watches a cacheflow master and two replicas, and replaces the master when
//! it is killed. What was acknowledged with WAIT 1 is still there afterwards.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{cacheflow, call, call_on, connect, follow, info, text, wait_for_link, wait_until};

struct Sentinel {
    child: Child,
    port: u16,
    _dir: tempfile::TempDir,
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sentinel(master: u16) -> Sentinel {
    let dir = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = dir.path().join("sentinel.conf");
    let text = format!(
        "port {port}\nsentinel monitor mymaster 127.0.0.1 {master} 1\n\
         sentinel down-after-milliseconds mymaster 1000\n\
         sentinel failover-timeout mymaster 10000\n"
    );
    std::fs::write(&config, text).unwrap();
    let child = Command::new("redis-sentinel")
        .arg(&config)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-sentinel is not installed");
    let sentinel = Sentinel { child, port, _dir: dir };
    wait_until("sentinel answers", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    sentinel
}

#[test]
#[ignore = "needs redis-sentinel: make differential"]
fn sentinel_replaces_a_killed_master() {
    let (master, first, second) = (cacheflow(&[]), cacheflow(&[]), cacheflow(&[]));
    for replica in [&first, &second] {
        follow(replica.port, master.port);
        wait_for_link(replica.port);
    }
    let sentinel = sentinel(master.port);
    wait_until("sentinel knows both replicas", || {
        text(call(sentinel.port, "INFO sentinel")).contains("slaves=2")
    });
    let mut client = connect(master.port);
    let mut acknowledged = 0;
    for number in 0..500 {
        call_on(&mut client, &format!("SET key:{number} {number}"));
        if text(call_on(&mut client, "WAIT 1 1000")) == "Integer(0)" {
            break;
        }
        acknowledged = number;
    }
    let old = master.port;
    drop(master);
    let mut new = 0;
    wait_until("there is a new master", || {
        let found =
            format!("{:?}", call(sentinel.port, "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"));
        let port = [first.port, second.port].into_iter();
        new = port.filter(|port| info(*port, "role") == "master").max().unwrap_or(0);
        std::thread::sleep(Duration::from_millis(100));
        new != 0 && !found.contains(&old.to_string())
    });
    for number in 0..=acknowledged {
        assert_eq!(text(call(new, &format!("GET key:{number}"))), number.to_string());
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
