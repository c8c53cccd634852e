//! Over TLS, as nodes of a cluster talk when `tls-cluster` says so.

use crate::certificates::Authority;
use crate::servers::{Server, free_port};
use crate::{cacheflow, call, info, redis};

/// Moves keys to a server that has a port for TLS and none for anything else, but the test's own.
fn arrives_at(start: fn(&[&str]) -> Server) {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path(), "ca");
    let issued = authority.issue("node");
    let flags = authority.flags(&issued);
    let port = free_port().unwrap().to_string();
    let target = start(&[&flags[..], &["--tls-port", &port]].concat());
    let source = cacheflow(&[&flags[..], &["--tls-cluster", "yes"]].concat());
    for number in 0..3 {
        assert_eq!(call(source.port, "SETRANGE large 3000000 x"), "3000001");
        assert_eq!(call(source.port, &format!("SET k {number}")), "OK");
        let command = format!("MIGRATE localhost {port} '' 0 10000 REPLACE KEYS k large");
        assert_eq!(call(source.port, &command), "OK");
        assert_eq!(call(source.port, "DBSIZE"), "0");
        assert_eq!(call(target.port, "GET k"), number.to_string());
        assert_eq!(call(target.port, "STRLEN large"), "3000001");
        assert_eq!(info(source.port, "migrate_cached_sockets"), "1");
    }
    // One connection has carried all of it: what TLS says for itself ends none.
    assert!(info(target.port, "cmdstat_select").starts_with("calls=1,"));
    // A port that doesn't speak it, and an authority that nobody knows.
    assert_eq!(call(source.port, "SET k v"), "OK");
    let refused = call(source.port, &format!("MIGRATE localhost {} k 0 1000", target.port));
    assert!(refused.starts_with("IOERR error or timeout"), "{refused}");
    let other = Authority::new(directory.path(), "other");
    assert_eq!(call(source.port, &format!("CONFIG SET tls-ca-cert-file {}", other.file)), "OK");
    // By another name it is another connection.
    let refused = call(source.port, &format!("MIGRATE LOCALHOST {port} k 0 1000"));
    assert!(refused.starts_with("IOERR error or timeout"), "{refused}");
    assert_eq!(call(source.port, "GET k"), "v");
    assert_eq!(info(source.port, "migrate_cached_sockets"), "1");
}

#[test]
fn between_two_of_ours() {
    arrives_at(cacheflow);
}

#[test]
#[ignore = "needs redis-server"]
fn to_redis() {
    arrives_at(redis);
}
