//! What a service manager is told, and what it asks for.

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

use redis::{Client, cmd};
use rustix::process::Signal;

use super::{PATIENCE, signal, start_logging, text, wait_until};

#[test]
fn a_log_that_was_moved_away_is_begun_anew_and_sighup_ends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (log, moved) = (directory.path().join("log"), directory.path().join("log.1"));
    let mut server = start_logging(directory.path(), &[], &[]);
    let has = |path: &Path, text: &str| fs::read_to_string(path).unwrap_or_default().contains(text);
    wait_until("it is ready", || has(&log, "Ready to accept connections"));
    fs::rename(&log, &moved).unwrap();
    signal(&server, Signal::HUP);
    std::thread::sleep(Duration::from_millis(100));
    assert!(server.0.try_wait().unwrap().is_none());
    signal(&server, Signal::TERM);
    assert!(server.0.wait().unwrap().success());
    assert!(has(&log, "Received SIGTERM") && !has(&moved, "Received SIGTERM"));
}
/// What Redis 7.0.15 tells, in its order.
#[test]
fn systemd_is_told_of_the_start_and_of_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let next = || {
        let mut buffer = [0; 512];
        let len = socket.recv(&mut buffer).unwrap();
        text(&buffer[..len])
    };
    for how in ["systemd", "auto"] {
        let environment = [("NOTIFY_SOCKET", path.to_str().unwrap())];
        let args = ["--supervised", how, "--save", "60 1"];
        let mut server = start_logging(directory.path(), &args, &environment);
        assert_eq!(next(), "STATUS=Redis is loading...\n");
        assert_eq!(next(), "STATUS=Ready to accept connections\n");
        assert_eq!(next(), "READY=1\n");
        signal(&server, Signal::TERM);
        assert_eq!(next(), "STOPPING=1\n");
        assert_eq!(next(), "STATUS=Saving the final RDB snapshot\n");
        assert!(server.0.wait().unwrap().success());
    }
    let environment = [("NOTIFY_SOCKET", path.to_str().unwrap())];
    let server = start_logging(directory.path(), &["--supervised", "no"], &environment);
    let log = directory.path().join("log");
    let ready = "Ready to accept connections";
    wait_until("it is ready", || fs::read_to_string(&log).unwrap().matches(ready).count() == 3);
    drop(server);
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut [0; 512]).is_err(), "nobody was to be told");
}

/// What Redis 7.0.15 tells of a replica: that it waits, that it has all, and that it has caught up.
#[test]
fn systemd_is_told_of_synchronisations_by_a_name_that_is_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let name = format!("cacheflow-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let next = || {
        let mut buffer = [0; 512];
        let len = socket.recv(&mut buffer).unwrap();
        text(&buffer[..len])
    };
    let builder = cacheflow::Server::builder().bind("127.0.0.1:0");
    let master = builder.configure(|config| config.repl_diskless_sync_delay = 0).start().unwrap();
    let address = master.address();
    let master_is = format!("{} {}", address.ip(), address.port());
    let args = ["--supervised", "systemd", "--save", "", "--replicaof", &master_is];
    let notify = [("NOTIFY_SOCKET", &*format!("@{name}"))];
    let _server = start_logging(directory.path(), &args, &notify);
    assert_eq!(next(), "STATUS=Redis is loading...\n");
    let mut told = [next(), next(), next()];
    // The synchronisation may be over before the start is.
    told.sort();
    let sync = "MASTER <-> REPLICA sync";
    let write = "Ready to accept connections in read-write mode.";
    let wait =
        format!("STATUS=Ready to accept connections in read-only mode. Waiting for {sync}\n");
    let whole = format!("STATUS={sync}: Finished with success. {write}\n");
    assert_eq!(told, ["READY=1\n", &*whole, &*wait]);
    let mut client = Client::open(format!("redis://{address}")).unwrap().get_connection().unwrap();
    cmd("CLIENT").arg("KILL").arg("TYPE").arg("replica").exec(&mut client).unwrap();
    let part = format!("STATUS={sync}: Partial Resynchronization accepted. {write}\n");
    assert_eq!(next(), part);
}
