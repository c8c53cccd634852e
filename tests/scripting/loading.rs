//! A slow script in the append-only file: the server isn't there yet, and can't be hurried.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::client::{Client, request};
use crate::{ask, wait_until, words};

/// Takes its time, then goes on.
const SLOW: &str = "redis.call('SET', 'key', 'value') local till = redis.call('TIME')[1] + 3 \
                    while redis.call('TIME')[1] + 0 < till do end";

struct Loading(Child);

impl Drop for Loading {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn while_a_slow_script_is_loaded_busy_comes_after_loading() {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("appendonlydir");
    fs::create_dir(&files).unwrap();
    let name = "appendonly.aof.1.incr.aof";
    fs::write(files.join(name), request(&["EVAL", SLOW, "0"])).unwrap();
    fs::write(files.join("appendonly.aof.manifest"), format!("file {name} seq 1 type i\n"))
        .unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let built = env!("CARGO_BIN_EXE_cacheflow");
    let process = Command::new(std::env::var_os("CACHEFLOW_BIN").unwrap_or_else(|| built.into()))
        .args(["--port", &port.to_string(), "--appendonly", "yes", "--busy-reply-threshold", "100"])
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let _server = Loading(process);
    let connect = || Client::connect(([127, 0, 0, 1], port).into());
    wait_until("it listens", || connect().is_ok());
    let mut client = connect().unwrap();
    let busy =
        "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
    wait_until("the script is slow", || ask(&mut client, &["INFO"]) == busy);
    let loading = "-LOADING Redis is loading the dataset in memory";
    assert_eq!(ask(&mut client, &words("GET key")), loading);
    assert_eq!(ask(&mut client, &words("FUNCTION STATS")), loading);
    // It is done with before anybody could want to end it.
    assert_eq!(ask(&mut client, &words("SCRIPT KILL")), loading);
    wait_until("it is loaded", || ask(&mut client, &words("GET key")) == "value");
}
