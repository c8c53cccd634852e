//! Keys of a slot that moves from one node of a cluster to another.

use crate::peer::Listener;
use crate::servers::{Server, free_port};
use crate::{cacheflow, call, call_aside, call_on, connect, wait_until};

fn node() -> (Server, u16) {
    let bus = free_port().unwrap();
    (cacheflow(&["--cluster-enabled", "yes", "--cluster-port", &bus.to_string()]), bus)
}

/// Two nodes, of which the first has all slots and these keys of that of `k`, which is on its way to the other.
/// What the first then says of keys that it doesn't have.
fn moving(keys: &[String]) -> (Server, Server, String) {
    let ((a, _), (b, bus)) = (node(), node());
    assert_eq!(call(a.port, "CLUSTER ADDSLOTSRANGE 0 16383"), "OK");
    assert_eq!(call(a.port, &format!("CLUSTER MEET 127.0.0.1 {} {bus}", b.port)), "OK");
    let [id_a, id_b] = [a.port, b.port].map(|port| call(port, "CLUSTER MYID"));
    let knows = |port, id: &str| {
        let nodes = call(port, "CLUSTER NODES");
        nodes.contains(id) && !nodes.contains("handshake") && nodes.lines().count() == 2
    };
    wait_until("they know each other", || knows(a.port, &id_b) && knows(b.port, &id_a));
    let serves = |port| call(port, "CLUSTER INFO").contains("cluster_state:ok");
    wait_until("both know of the slots", || serves(a.port) && serves(b.port));
    for key in keys {
        assert_eq!(call(a.port, &format!("SET {key} {key}")), "OK");
    }
    let slot = call(a.port, "CLUSTER KEYSLOT k");
    assert_eq!(call(a.port, &format!("CLUSTER SETSLOT {slot} MIGRATING {id_b}")), "OK");
    assert_eq!(call(b.port, &format!("CLUSTER SETSLOT {slot} IMPORTING {id_a}")), "OK");
    let ask = format!("ASK {slot} 127.0.0.1:{}", b.port);
    (a, b, ask)
}

#[test]
fn keys_move_with_their_slot() {
    let keys: Vec<String> = (0..100).map(|n| format!("{{k}}{n}")).collect();
    let (a, b, ask) = moving(&keys);
    let command = format!("MIGRATE 127.0.0.1 {} '' 0 10000 KEYS {}", b.port, keys.join(" "));
    assert_eq!(call(a.port, &command), "OK");
    assert_eq!(call(a.port, &command), "NOKEY");
    let mut client = connect(b.port);
    for key in &keys {
        assert_eq!(call(a.port, &format!("GET {key}")), ask);
        assert_eq!(call_on(&mut client, "ASKING"), "OK");
        assert_eq!(call_on(&mut client, &format!("GET {key}")), *key);
    }
    assert_eq!(call(a.port, "DBSIZE"), "0");
}

#[test]
fn a_key_that_is_deleted_on_its_way_is_nowhere_until_that_has_arrived() {
    let (a, _b, ask) = moving(&["k".to_owned()]);
    let listener = Listener::new(); // plays the other node
    let migrate = call_aside(a.port, &format!("MIGRATE 127.0.0.1 {} k 0 10000", listener.port));
    let mut peer = listener.accept_selected();
    assert_eq!(peer.begins(), "RESTORE-ASKING k");
    assert_eq!(call(a.port, "GET k"), "k");
    assert_eq!(call(a.port, "DEL k"), "1");
    // Sent there now, a client would write what the DEL then takes away.
    assert_eq!(call(a.port, "SET k w"), "TRYAGAIN Multiple keys request during rehashing of slot");
    peer.answer("+OK");
    assert_eq!(peer.request(), ["ASKING"]);
    assert_eq!(peer.request(), ["DEL", "k"]);
    peer.say(b"+OK\r\n:1\r\n");
    assert_eq!(migrate.join().unwrap(), "OK");
    assert_eq!(call(a.port, "SET k w"), ask);
}
